#include "common/example.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace tilewright::examples {

Comparison compare(std::span<const float> got, std::span<const double> want, std::span<const double> bound) {
  Comparison result;
  double largest_value = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    double error = std::abs(static_cast<double>(got[i]) - want[i]);
    if (std::isnan(error)) error = std::numeric_limits<double>::infinity();
    if (!(error <= bound[i])) result.within = false;
    const double of_bound = error == 0 ? 0 : error / bound[i];
    if (of_bound > result.of_bound) {
      result.of_bound = of_bound;
      result.worst = i;
      result.got = got[i];
      result.want = want[i];
    }
    result.largest_error = std::max(result.largest_error, error);
    largest_value = std::max(largest_value, std::abs(want[i]));
  }
  result.relative_error = result.largest_error == 0 ? 0 : result.largest_error / largest_value;
  return result;
}

std::string describe(const Comparison& comparison) {
  std::string text = fmt::format("largest error {:.2e}, {:.2e} of the largest value, {:.2f} of what rounding allows",
                                 comparison.largest_error, comparison.relative_error, comparison.of_bound);
  if (!comparison.within) text += fmt::format("; element {} is {:.9g}, not {:.9g}", comparison.worst, comparison.got, comparison.want);
  return text;
}

void* Problem::add_tensor(const std::vector<uint32_t>& shape, DataType dtype, ArgDirection direction) {
  ChipTensor tensor = make_tensor_external(nullptr, shape.data(), static_cast<uint32_t>(shape.size()), dtype);
  char* memory = buffers_.emplace_back(new char[tensor.nbytes()]).get();
  tensor.buffer.addr = reinterpret_cast<uint64_t>(memory);
  args_.add_tensor(tensor);
  directions_.push_back(direction);
  return memory;
}

void Problem::output(std::string name, const std::vector<uint32_t>& shape, std::vector<double> want, std::vector<double> bound) {
  auto* values = static_cast<float*>(add_tensor(shape, DataType::FLOAT32, ArgDirection::OUT));
  std::fill_n(values, want.size(), std::numeric_limits<float>::quiet_NaN());
  outputs_.push_back({std::move(name), values, std::move(want), std::move(bound)});
}

void Problem::inout(std::string name, const std::vector<uint32_t>& shape, const std::vector<float>& before, std::vector<double> want,
                    std::vector<double> bound) {
  auto* values = static_cast<float*>(add_tensor(shape, DataType::FLOAT32, ArgDirection::INOUT));
  std::copy(before.begin(), before.end(), values);
  outputs_.push_back({std::move(name), values, std::move(want), std::move(bound)});
}

}  // namespace tilewright::examples
