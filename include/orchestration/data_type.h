// Element types of tensors as orchestration, kernels and host programs name them (spec/api.md, A.6).
#pragma once

#include <stdint.h>

#include <type_traits>

/// Marks what kernels call as well as hosts, for a device compiler that keeps the two apart.
#if defined(__CUDACC__)
#define PTO2_SHARED_FN __host__ __device__
#else
#define PTO2_SHARED_FN
#endif

enum class DataType : uint8_t {
  FLOAT32 = 0,
  FLOAT16,
  INT32,
  INT16,
  INT8,
  UINT8,
  BFLOAT16,
  INT64,
  UINT64,
  UINT16,
  UINT32,
  BOOL,
  FP8E4M3FN,
  FP8E8M0,
  FP4E2M1,  ///< one element a byte in device memory, as in the programming model
  DATA_TYPE_NUM = 15
};

/// Bytes of one element; 0 for a value that names no type.
constexpr uint64_t get_element_size(DataType dtype) {
  constexpr uint64_t kSizes = 0x111142882112424ull;  // four bits a type, the first lowest: no table to load
  return static_cast<uint8_t>(dtype) < static_cast<uint8_t>(DataType::DATA_TYPE_NUM) ? kSizes >> (4 * static_cast<uint8_t>(dtype)) & 15 : 0;
}

/// "FLOAT32", ...; "UNKNOWN" for a value that names no type.
constexpr const char *get_dtype_name(DataType dtype) {
  constexpr const char *kNames[] = {"FLOAT32", "FLOAT16", "INT32",  "INT16", "INT8",      "UINT8",   "BFLOAT16", "INT64",
                                    "UINT64",  "UINT16",  "UINT32", "BOOL",  "FP8E4M3FN", "FP8E8M0", "FP4E2M1"};
  return static_cast<uint8_t>(dtype) < static_cast<uint8_t>(DataType::DATA_TYPE_NUM) ? kNames[static_cast<uint8_t>(dtype)] : "UNKNOWN";
}

/// The DataType (as its number) of a C++ scalar type; DATA_TYPE_NUM for a type that has none.
template <typename T>
constexpr uint8_t dtype_of() {
  using U = std::remove_cv_t<std::remove_reference_t<T>>;
  DataType dtype = DataType::DATA_TYPE_NUM;
  if constexpr (std::is_same_v<U, float>) {
    dtype = DataType::FLOAT32;
  } else if constexpr (std::is_same_v<U, bool>) {
    dtype = DataType::BOOL;
  } else if constexpr (std::is_integral_v<U> && std::is_signed_v<U>) {
    dtype = sizeof(U) == 1 ? DataType::INT8 : sizeof(U) == 2 ? DataType::INT16 : sizeof(U) == 4 ? DataType::INT32 : DataType::INT64;
  } else if constexpr (std::is_integral_v<U>) {
    dtype = sizeof(U) == 1 ? DataType::UINT8 : sizeof(U) == 2 ? DataType::UINT16 : sizeof(U) == 4 ? DataType::UINT32 : DataType::UINT64;
  }
  return static_cast<uint8_t>(dtype);
}

/// The object's bytes in the low end of a 64-bit word, the rest zero.
template <typename T>
PTO2_SHARED_FN inline uint64_t to_u64(T value) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(uint64_t), "a scalar argument has at most 8 bytes");
  uint64_t bits = 0;
  __builtin_memcpy(&bits, &value, sizeof(T));
  return bits;
}

/// The inverse of to_u64.
template <typename T>
PTO2_SHARED_FN inline T from_u64(uint64_t bits) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(uint64_t), "a scalar argument has at most 8 bytes");
  T value;
  __builtin_memcpy(&value, &bits, sizeof(T));
  return value;
}
