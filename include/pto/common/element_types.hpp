// Element types that C++ lacks: half and bfloat16_t with arithmetic through float, and the storage of the small formats.
#pragma once

#include <stdint.h>

#include <limits>
#include <type_traits>

#pragma GCC visibility push(hidden)

namespace pto::detail {

/// IEEE 754 binary16 from binary32, to nearest, ties to even.
constexpr uint16_t float_to_half_bits(float value) {
  const uint32_t bits = __builtin_bit_cast(uint32_t, value);
  const uint32_t sign = bits >> 16 & 0x8000u;
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return static_cast<uint16_t>(sign | 0x7e00u | (magnitude >> 13 & 0x3ffu));
  if (magnitude >= 0x47800000u) return static_cast<uint16_t>(sign | 0x7c00u);
  if (magnitude >= 0x38800000u) {  // normal: rebias the exponent; rounding may carry into it, up to infinity
    const uint32_t rebased = magnitude - 0x38000000u;
    return static_cast<uint16_t>(sign | (rebased + 0xfffu + (rebased >> 13 & 1)) >> 13);
  }
  if (magnitude < 0x33000000u) return static_cast<uint16_t>(sign);  // below half of the smallest subnormal
  const uint32_t shift = 126u - (magnitude >> 23);                  // 14 .. 24
  const uint32_t mantissa = (magnitude & 0x7fffffu) | 0x800000u;
  const uint32_t kept = mantissa >> shift;
  const uint32_t rest = mantissa & ((1u << shift) - 1);
  const uint32_t half = 1u << (shift - 1);
  return static_cast<uint16_t>(sign | (kept + (rest > half || (rest == half && (kept & 1)) ? 1 : 0)));
}

constexpr float half_bits_to_float(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  const uint32_t exponent = half >> 10 & 0x1fu;
  const uint32_t mantissa = half & 0x3ffu;
  if (exponent == 0x1f) return __builtin_bit_cast(float, sign | 0x7f800000u | mantissa << 13);
  if (exponent != 0) return __builtin_bit_cast(float, sign | (exponent + 112) << 23 | mantissa << 13);
  const float magnitude = static_cast<float>(mantissa) * 5.9604644775390625e-8f;  // 2^-24
  return sign != 0 ? -magnitude : magnitude;
}

/// bfloat16 from binary32, to nearest, ties to even. NaN stays NaN.
constexpr uint16_t float_to_bfloat16_bits(float value) {
  const uint32_t bits = __builtin_bit_cast(uint32_t, value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>(bits >> 16 | 0x40u);
  return static_cast<uint16_t>((bits + 0x7fffu + (bits >> 16 & 1)) >> 16);
}

constexpr float bfloat16_bits_to_float(uint16_t bits) { return __builtin_bit_cast(float, static_cast<uint32_t>(bits) << 16); }

/// The operators that a 16-bit float needs beside its conversions; everything else happens in float.
template <typename T>
struct FloatAssignment {
  friend constexpr T& operator+=(T& a, float b) { return a = T(static_cast<float>(a) + b); }
  friend constexpr T& operator-=(T& a, float b) { return a = T(static_cast<float>(a) - b); }
  friend constexpr T& operator*=(T& a, float b) { return a = T(static_cast<float>(a) * b); }
  friend constexpr T& operator/=(T& a, float b) { return a = T(static_cast<float>(a) / b); }
  friend constexpr T& operator++(T& a) { return a = T(static_cast<float>(a) + 1.0f); }
  friend constexpr T& operator--(T& a) { return a = T(static_cast<float>(a) - 1.0f); }
};

}  // namespace pto::detail

/// IEEE 754 binary16. Converts from float implicitly (kernels pass float scalars to half tiles), rounding to nearest even, and to
/// float exactly; arithmetic on it is float arithmetic.
struct half : pto::detail::FloatAssignment<half> {
  uint16_t bits;

  half() = default;
  constexpr half(float value) : bits(pto::detail::float_to_half_bits(value)) {}
  constexpr operator float() const { return pto::detail::half_bits_to_float(bits); }

  static constexpr half FromRaw(uint16_t raw) {
    half result(0.0f);
    result.bits = raw;
    return result;
  }
};

/// bfloat16: the upper half of a binary32. Same conversions as half.
struct bfloat16_t : pto::detail::FloatAssignment<bfloat16_t> {
  uint16_t bits;

  bfloat16_t() = default;
  constexpr bfloat16_t(float value) : bits(pto::detail::float_to_bfloat16_bits(value)) {}
  constexpr operator float() const { return pto::detail::bfloat16_bits_to_float(bits); }

  static constexpr bfloat16_t FromRaw(uint16_t raw) {
    bfloat16_t result(0.0f);
    result.bits = raw;
    return result;
  }
};
static_assert(sizeof(half) == 2 && sizeof(bfloat16_t) == 2, "16-bit floats have two bytes in memory");
static_assert(std::is_trivially_copyable_v<half> && std::is_trivially_copyable_v<bfloat16_t>, "tiles are copied as bytes");

/// Largest finite half.
#ifndef F16_MAX
#define F16_MAX 65504
#endif

namespace pto {

/// Formats of one byte or less. They can be stored and moved; arithmetic and conversion come with the quantisation instructions.
template <int Tag>
struct RawByteElement {
  uint8_t raw;
  static constexpr RawByteElement FromRaw(uint8_t value) { return {value}; }
};
using float8_e4m3_t = RawByteElement<0>;
using float8_e5m2_t = RawByteElement<1>;
using float8_e8m0_t = RawByteElement<2>;
using hifloat8_t = RawByteElement<3>;

}  // namespace pto

#pragma GCC visibility pop

namespace pto::detail {

/// numeric_limits of a binary floating-point format of 16 bits, from its parameters and bit patterns.
template <typename T, int Digits, int MaxExponent, uint16_t Min, uint16_t Max, uint16_t Infinity, uint16_t Nan>
struct Float16Limits {
  static constexpr bool is_specialized = true, is_signed = true, is_integer = false, is_exact = false;
  static constexpr bool has_infinity = true, has_quiet_NaN = true, has_signaling_NaN = true, is_iec559 = Digits == 11;
  static constexpr bool is_bounded = true, is_modulo = false, traps = false, tinyness_before = false;
  static constexpr std::float_denorm_style has_denorm = std::denorm_present;
  static constexpr bool has_denorm_loss = false;
  static constexpr std::float_round_style round_style = std::round_to_nearest;
  static constexpr int radix = 2, digits = Digits, digits10 = (Digits - 1) * 30103 / 100000;
  static constexpr int max_digits10 = Digits * 30103 / 100000 + 2;
  static constexpr int max_exponent = MaxExponent, min_exponent = 3 - MaxExponent;
  static constexpr int max_exponent10 = MaxExponent * 30103 / 100000, min_exponent10 = -((MaxExponent - 2) * 30103 / 100000);
  static constexpr T min() noexcept { return T::FromRaw(Min); }
  static constexpr T max() noexcept { return T::FromRaw(Max); }
  static constexpr T lowest() noexcept { return T::FromRaw(static_cast<uint16_t>(Max | 0x8000u)); }
  static constexpr T epsilon() noexcept { return T(1.0f / static_cast<float>(1 << (Digits - 1))); }
  static constexpr T round_error() noexcept { return T(0.5f); }
  static constexpr T infinity() noexcept { return T::FromRaw(Infinity); }
  static constexpr T quiet_NaN() noexcept { return T::FromRaw(Nan); }
  static constexpr T signaling_NaN() noexcept { return T::FromRaw(static_cast<uint16_t>(Infinity | 1)); }
  static constexpr T denorm_min() noexcept { return T::FromRaw(1); }
};

}  // namespace pto::detail

template <>
class std::numeric_limits<half> : public pto::detail::Float16Limits<half, 11, 16, 0x0400, 0x7bff, 0x7c00, 0x7e00> {};
template <>
class std::numeric_limits<bfloat16_t> : public pto::detail::Float16Limits<bfloat16_t, 8, 128, 0x0080, 0x7f7f, 0x7f80, 0x7fc0> {};
