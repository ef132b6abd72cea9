#include "data/host_tensor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "tensor.h"

namespace tilewright {
namespace {

constexpr const char* kShortNames[] = {"f32", "f16", "i32", "i16",  "i8",      "u8",      "bf16",   "i64",
                                       "u64", "u16", "u32", "bool", "fp8e4m3", "fp8e8m0", "fp4e2m1"};
constexpr uint8_t kTypeCount = static_cast<uint8_t>(DataType::DATA_TYPE_NUM);
static_assert(std::size(kShortNames) == kTypeCount);

constexpr size_t kAlignment = 64;

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

/// What could be allocated at all: a system that overcommits gives more, and kills when it is used.
uint64_t physical_memory() { return static_cast<uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(::sysconf(_SC_PAGE_SIZE)); }

uint64_t count_elements(DataType dtype, std::span<const uint32_t> shape) {
  const uint64_t element_size = get_element_size(dtype);
  if (element_size == 0) throw Error(ErrorCode::kInvalidArgument, fmt::format("{} is no data type", static_cast<int>(dtype)));
  if (shape.size() > MAX_TENSOR_DIMS) {
    throw Error(ErrorCode::kLimitExceeded,
                fmt::format("{} has {} dimensions; a tensor has at most {}", describe(dtype, shape), shape.size(), MAX_TENSOR_DIMS),
                "merge neighbouring dimensions");
  }
  uint64_t count = 1;
  uint64_t bytes = 0;
  bool too_large = false;
  for (const uint32_t dimension : shape) too_large = __builtin_mul_overflow(count, uint64_t{dimension}, &count) || too_large;
  for (const uint32_t dimension : shape) {
    if (dimension == 0) return 0;
  }
  if (too_large || __builtin_mul_overflow(count, element_size, &bytes)) {
    throw Error(ErrorCode::kLimitExceeded, fmt::format("{} has more than 2^64 bytes", describe(dtype, shape)));
  }
  return count;
}

}  // namespace

const char* short_dtype_name(DataType dtype) {
  return static_cast<uint8_t>(dtype) < kTypeCount ? kShortNames[static_cast<uint8_t>(dtype)] : "?";
}

DataType parse_dtype(std::string_view name) {
  for (uint8_t i = 0; i < kTypeCount; ++i) {
    const DataType dtype = static_cast<DataType>(i);
    if (equal_ignoring_case(name, kShortNames[i]) || equal_ignoring_case(name, get_dtype_name(dtype))) return dtype;
  }
  throw Error(ErrorCode::kInvalidArgument, fmt::format("unknown data type '{}'", name),
              fmt::format("use one of {}", fmt::join(kShortNames, ", ")));
}

void HostTensor::Free::operator()(std::byte* bytes) const { std::free(bytes); }

HostTensor::HostTensor(DataType dtype, std::vector<uint32_t> shape)
    : dtype_(dtype), shape_(std::move(shape)), element_count_(count_elements(dtype_, shape_)) {
  const uint64_t bytes = byte_count();
  // An empty tensor has an address too, so that callers need no special case.
  const uint64_t padded = bytes == 0 ? kAlignment : (bytes + kAlignment - 1) / kAlignment * kAlignment;
  bytes_.reset(padded < bytes || padded > physical_memory() ? nullptr : static_cast<std::byte*>(std::aligned_alloc(kAlignment, padded)));
  if (!bytes_) {
    throw Error(ErrorCode::kLimitExceeded, fmt::format("{} needs {} bytes, more host memory than the system gives", description(), bytes));
  }
  std::memset(bytes_.get(), 0, padded);
}

HostTensor HostTensor::clone() const {
  HostTensor copy(dtype_, shape_);
  std::memcpy(copy.data(), data(), byte_count());
  return copy;
}

std::string HostTensor::description() const { return describe(dtype_, shape_); }

uint64_t HostTensor::checked_count(size_t size) const {
  if (size != get_element_size(dtype_)) {
    throw Error(ErrorCode::kInternal, fmt::format("{} accessed as elements of {} bytes", description(), size));
  }
  return element_count_;
}

std::string describe(DataType dtype, std::span<const uint32_t> shape) {
  return fmt::format("{}[{}]", short_dtype_name(dtype), fmt::join(shape, ","));
}

std::vector<uint32_t> unflatten(uint64_t flat, std::span<const uint32_t> shape) {
  std::vector<uint32_t> index(shape.size());
  for (size_t i = shape.size(); i-- > 0;) {
    index[i] = static_cast<uint32_t>(flat % shape[i]);
    flat /= shape[i];
  }
  return index;
}

}  // namespace tilewright
