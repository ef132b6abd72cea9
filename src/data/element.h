// Element types as code: how each DataType is stored, and what number its bits are. Internal to the data layer.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "data/small_float.h"
#include "data_type.h"

namespace tilewright {

// Each type has Storage (the bits), Value (double, or the integer itself), and load; those that generators can fill
// have store, which rounds to nearest even.
struct Float32Element {
  using Storage = float;
  using Value = double;
  static double load(float bits) { return bits; }
  static float store(double value) { return static_cast<float>(value); }
};
struct Float16Element {
  using Storage = uint16_t;
  using Value = double;
  static double load(uint16_t bits) { return half_to_float(bits); }
  static uint16_t store(double value) { return float_to_half(static_cast<float>(value)); }
};
struct BFloat16Element {
  using Storage = uint16_t;
  using Value = double;
  static double load(uint16_t bits) { return bfloat16_to_float(bits); }
  static uint16_t store(double value) { return float_to_bfloat16(static_cast<float>(value)); }
};
template <float (*Decode)(uint8_t)>
struct ByteFloatElement {
  using Storage = uint8_t;
  using Value = double;
  static double load(uint8_t bits) { return Decode(bits); }
};
template <typename T>
struct IntegerElement {
  using Storage = T;
  using Value = T;
  static T load(T bits) { return bits; }
  static T store(T value) { return value; }
};
/// Any byte but 0 is true.
struct BoolElement {
  using Storage = uint8_t;
  using Value = uint8_t;
  static uint8_t load(uint8_t bits) { return bits != 0; }
  static uint8_t store(uint8_t value) { return value != 0; }
};

/// Calls `visitor` with an object of the element type of `dtype`.
template <typename Visitor>
decltype(auto) visit_element_type(DataType dtype, Visitor&& visitor) {
  switch (dtype) {
    case DataType::FLOAT32: return visitor(Float32Element{});
    case DataType::FLOAT16: return visitor(Float16Element{});
    case DataType::BFLOAT16: return visitor(BFloat16Element{});
    case DataType::INT8: return visitor(IntegerElement<int8_t>{});
    case DataType::INT16: return visitor(IntegerElement<int16_t>{});
    case DataType::INT32: return visitor(IntegerElement<int32_t>{});
    case DataType::INT64: return visitor(IntegerElement<int64_t>{});
    case DataType::UINT8: return visitor(IntegerElement<uint8_t>{});
    case DataType::UINT16: return visitor(IntegerElement<uint16_t>{});
    case DataType::UINT32: return visitor(IntegerElement<uint32_t>{});
    case DataType::UINT64: return visitor(IntegerElement<uint64_t>{});
    case DataType::BOOL: return visitor(BoolElement{});
    case DataType::FP8E4M3FN: return visitor(ByteFloatElement<fp8e4m3fn_to_float>{});
    case DataType::FP8E8M0: return visitor(ByteFloatElement<fp8e8m0_to_float>{});
    case DataType::FP4E2M1: return visitor(ByteFloatElement<fp4e2m1_to_float>{});
    case DataType::DATA_TYPE_NUM: break;
  }
  throw Error(ErrorCode::kInternal, "a tensor without a data type");
}

}  // namespace tilewright
