#include "data/tensor_spec.h"

#include <fmt/format.h>

#include <charconv>
#include <cstring>

#include "base/error.h"
#include "data/generate.h"
#include "data/npy.h"
#include "tensor.h"

namespace tilewright {
namespace {

[[noreturn]] void refuse(std::string_view text, std::string_view reason) {
  throw Error(ErrorCode::kInvalidArgument, fmt::format("tensor '{}': {}", text, reason),
              "write DTYPE[SHAPE], DTYPE[SHAPE]=GENERATOR, @FILE.npy or DTYPE@FILE.npy, for example f32[256,512]=randn:7");
}

std::vector<uint32_t> parse_shape(std::string_view text, std::string_view whole) {
  std::vector<uint32_t> shape;
  while (!text.empty()) {
    const size_t end = std::min(text.find(','), text.size());
    const std::string_view part = text.substr(0, end);
    uint32_t dimension = 0;
    const auto [stop, error] = std::from_chars(part.data(), part.data() + part.size(), dimension);
    if (error != std::errc() || stop != part.data() + part.size()) {
      refuse(whole, fmt::format("'{}' is no dimension from 0 to 2^32 - 1", part));
    }
    shape.push_back(dimension);
    if (end == text.size()) break;
    text.remove_prefix(end + 1);
    if (text.empty()) refuse(whole, "a dimension is missing after the last ','");
  }
  return shape;
}

}  // namespace

TensorSpec parse_tensor_spec(std::string_view text) {
  TensorSpec spec;
  // File names may hold any character, so what comes first decides.
  const size_t mark = text.find_first_of("@[");
  if (mark == std::string_view::npos) refuse(text, "has neither a shape in [] nor a @FILE");
  if (mark != 0) spec.dtype = parse_dtype(text.substr(0, mark));
  if (text[mark] == '@') {
    spec.file = text.substr(mark + 1);
    if (spec.file.empty()) refuse(text, "no file name after '@'");
    return spec;
  }
  if (!spec.dtype) refuse(text, "no data type before '['");
  const size_t close = text.find(']', mark);
  if (close == std::string_view::npos) refuse(text, "']' is missing");
  spec.shape = parse_shape(text.substr(mark + 1, close - mark - 1), text);
  if (spec.shape.size() > MAX_TENSOR_DIMS) {
    throw Error(ErrorCode::kLimitExceeded,
                fmt::format("tensor '{}': {} dimensions; a tensor has at most {}", text, spec.shape.size(), MAX_TENSOR_DIMS));
  }
  const std::string_view rest = text.substr(close + 1);
  if (!rest.empty() && rest[0] != '=') refuse(text, fmt::format("'{}' after the shape; a generator is written '=NAME'", rest));
  spec.generator = rest.empty() ? "zeros" : rest.substr(1);
  return spec;
}

HostTensor make_tensor(const TensorSpec& spec) {
  if (!spec.file.empty()) return read_npy(spec.file, spec.dtype);
  HostTensor tensor(spec.dtype.value(), spec.shape);
  generate(tensor, spec.generator);
  return tensor;
}

ScalarSpec parse_scalar_spec(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("scalar '{}' has no ':'", text),
                "write DTYPE:VALUE, for example i32:5 or f32:1.5");
  }
  // A scalar is a tensor of one element: the same types, numbers and messages.
  HostTensor element(parse_dtype(text.substr(0, colon)), {});
  try {
    generate(element, fmt::format("full:{}", text.substr(colon + 1)));
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("scalar '{}': {}", text, error.message()), "write DTYPE:VALUE, for example i32:5 or f32:1.5");
  }
  uint64_t bits = 0;
  std::memcpy(&bits, element.data(), element.byte_count());
  return {element.dtype(), bits};
}

}  // namespace tilewright
