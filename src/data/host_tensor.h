// HostTensor: a tensor in the memory of the host, as files, generators and comparisons handle it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data_type.h"

namespace tilewright {

/// "f32", "bf16", "i64", "bool", "fp8e4m3", ...: the name on command lines and in reports; "?" for no type.
const char* short_dtype_name(DataType dtype);
/// A short name, or the long one ("FLOAT32", in any case). Throws Error(kInvalidArgument) that lists the names.
DataType parse_dtype(std::string_view name);

/// A contiguous, row-major tensor that owns its bytes: 64-byte aligned, zero at first. Rank 0 is a single element; a
/// dimension of 0 makes it empty. Movable; copies are explicit. Concurrent reads are safe.
class HostTensor {
 public:
  /// Throws Error: kInvalidArgument for a dtype that is none, kLimitExceeded for more than 5 dimensions (the limit of
  /// ChipTensor), an element count past 2^64 bytes, or memory that the system does not give.
  HostTensor(DataType dtype, std::vector<uint32_t> shape);

  HostTensor clone() const;

  DataType dtype() const { return dtype_; }
  const std::vector<uint32_t>& shape() const { return shape_; }
  uint64_t element_count() const { return element_count_; }
  uint64_t byte_count() const { return element_count_ * get_element_size(dtype_); }
  /// "f32[256,512]".
  std::string description() const;

  std::byte* data() { return bytes_.get(); }
  const std::byte* data() const { return bytes_.get(); }

  /// All elements. T is the storage type and must have the element's size (uint16_t for f16 and bf16).
  template <typename T>
  std::span<T> elements() {
    return {reinterpret_cast<T*>(bytes_.get()), checked_count(sizeof(T))};
  }
  template <typename T>
  std::span<const T> elements() const {
    return {reinterpret_cast<const T*>(bytes_.get()), checked_count(sizeof(T))};
  }

 private:
  struct Free {
    void operator()(std::byte* bytes) const;
  };
  /// Throws Error(kInternal) if `size` is not the element's.
  uint64_t checked_count(size_t size) const;

  DataType dtype_;
  std::vector<uint32_t> shape_;
  uint64_t element_count_;
  std::unique_ptr<std::byte, Free> bytes_;
};

/// "f32[256,512]" for any shape.
std::string describe(DataType dtype, std::span<const uint32_t> shape);

/// Row-major coordinates of element `flat` of a tensor of that shape.
std::vector<uint32_t> unflatten(uint64_t flat, std::span<const uint32_t> shape);

}  // namespace tilewright
