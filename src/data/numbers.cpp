#include "data/numbers.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "data/element.h"

namespace tilewright {

std::vector<double> to_numbers(const HostTensor& tensor) {
  std::vector<double> numbers;
  numbers.reserve(tensor.element_count());
  visit_element_type(tensor.dtype(), [&](auto element) {
    using Element = decltype(element);
    for (const auto bits : tensor.elements<typename Element::Storage>()) numbers.push_back(static_cast<double>(Element::load(bits)));
  });
  return numbers;
}

HostTensor from_numbers(DataType dtype, std::vector<uint32_t> shape, std::span<const double> numbers) {
  HostTensor tensor(dtype, std::move(shape));
  if (tensor.element_count() != numbers.size()) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{} numbers for {}", numbers.size(), tensor.description()));
  }
  visit_element_type(dtype, [&](auto element) {
    using Element = decltype(element);
    if constexpr (requires { Element::store({}); }) {
      const auto elements = tensor.elements<typename Element::Storage>();
      for (size_t i = 0; i < numbers.size(); ++i) {
        using Value = typename Element::Value;
        if constexpr (std::is_integral_v<Value>) {
          // The bounds are powers of two, or one less: exact in double but for those of 64 bits, where < keeps the conversion defined.
          const double most = dtype == DataType::BOOL ? 2 : std::ldexp(1.0, std::numeric_limits<Value>::digits);
          const double least = std::is_signed_v<Value> ? -most : 0;
          if (!(numbers[i] >= least && numbers[i] < most) || numbers[i] != std::floor(numbers[i])) {
            throw Error(ErrorCode::kInvalidArgument, fmt::format("{} is no {}", numbers[i], short_dtype_name(dtype)));
          }
        }
        elements[i] = Element::store(static_cast<Value>(numbers[i]));
      }
    } else {
      throw Error(ErrorCode::kUnsupported, fmt::format("numbers are not rounded to {}", short_dtype_name(dtype)));
    }
  });
  return tensor;
}

}  // namespace tilewright
