// Element types that C++ lacks: 16-bit floats, the 8- and 4-bit formats, and 4-bit integers, as value types. Each converts to float
// exactly and from float correctly rounded, in integer arithmetic alone, so that every compiler and machine agrees.
#pragma once

#include <stdint.h>

#include <limits>
#include <type_traits>

#pragma GCC visibility push(hidden)

namespace pto::detail {

/// The magnitude (binary32 bits without sign, no NaN) rounded to nearest, ties to even, to a binary format of kMantissa explicit
/// mantissa bits and exponent bias kBias, subnormals included: the format's bits, as if its exponents went on without end.
template <int kMantissa, int kBias>
constexpr uint32_t round_magnitude(uint32_t magnitude) {
  constexpr int kLowest = 1 - kBias;  // exponent of the subnormals and of the smallest normal value
  const int field = static_cast<int>(magnitude >> 23);
  const int exponent = (field == 0 ? 1 : field) - 127;
  const uint32_t mantissa = (magnitude & 0x7fffffu) | (field == 0 ? 0u : 0x800000u);
  const int to = exponent < kLowest ? kLowest : exponent;
  const int shift = to - exponent + 23 - kMantissa;
  if (shift > 24) return 0;  // below half of the smallest value
  const uint32_t kept = mantissa >> shift, half = 1u << (shift - 1), rest = mantissa & (2 * half - 1);
  // The leading bit and a carry count into the exponent.
  return (static_cast<uint32_t>(to - kLowest) << kMantissa) + kept + (rest > half || (rest == half && (kept & 1) != 0) ? 1 : 0);
}

/// Value of the bits (without sign) of a binary format; what it keeps for infinities and NaNs is up to the caller.
template <int kMantissa, int kBias>
constexpr float magnitude_value(uint32_t bits) {
  const uint32_t field = bits >> kMantissa, mantissa = bits & ((1u << kMantissa) - 1);
  if (field != 0) return __builtin_bit_cast(float, (field + static_cast<uint32_t>(127 - kBias)) << 23 | mantissa << (23 - kMantissa));
  // A subnormal is a multiple of 2^(1 - kBias - kMantissa).
  return static_cast<float>(mantissa) * __builtin_bit_cast(float, static_cast<uint32_t>(128 - kBias - kMantissa) << 23);
}

constexpr uint32_t float_magnitude(float value) { return __builtin_bit_cast(uint32_t, value) & 0x7fffffffu; }
constexpr bool float_sign(float value) { return __builtin_bit_cast(uint32_t, value) >> 31 != 0; }
constexpr bool is_nan_magnitude(uint32_t magnitude) { return magnitude > 0x7f800000u; }
constexpr float with_sign(float magnitude, bool sign) { return sign ? -magnitude : magnitude; }
constexpr float quiet_nan(bool sign) { return __builtin_bit_cast(float, sign ? 0xffc00000u : 0x7fc00000u); }

/// IEEE 754 binary16 from binary32, to nearest, ties to even. NaN stays NaN.
constexpr uint16_t float_to_half_bits(float value) {
  const uint32_t magnitude = float_magnitude(value), sign = float_sign(value) ? 0x8000u : 0;
  if (is_nan_magnitude(magnitude)) return static_cast<uint16_t>(sign | 0x7e00u | (magnitude >> 13 & 0x3ffu));
  const uint32_t rounded = round_magnitude<10, 15>(magnitude);
  return static_cast<uint16_t>(sign | (rounded < 0x7c00u ? rounded : 0x7c00u));
}

constexpr float half_bits_to_float(uint16_t half) {
  const uint32_t magnitude = half & 0x7fffu;
  if (magnitude >= 0x7c00u)
    return __builtin_bit_cast(float, static_cast<uint32_t>(half & 0x8000u) << 16 | 0x7f800000u | (magnitude & 0x3ffu) << 13);
  return with_sign(magnitude_value<10, 15>(magnitude), (half & 0x8000u) != 0);
}

/// bfloat16 from binary32, to nearest, ties to even. NaN stays NaN.
constexpr uint16_t float_to_bfloat16_bits(float value) {
  const uint32_t bits = __builtin_bit_cast(uint32_t, value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>(bits >> 16 | 0x40u);
  return static_cast<uint16_t>((bits + 0x7fffu + (bits >> 16 & 1)) >> 16);
}

constexpr float bfloat16_bits_to_float(uint16_t bits) { return __builtin_bit_cast(float, static_cast<uint32_t>(bits) << 16); }

/// The operators that a small float needs beside its conversions; everything else happens in float.
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

namespace detail {

constexpr uint8_t float_to_e4m3_bits(float value) {
  const uint32_t magnitude = float_magnitude(value), sign = float_sign(value) ? 0x80u : 0;
  const uint32_t rounded = is_nan_magnitude(magnitude) ? 0x7fu : round_magnitude<3, 7>(magnitude);
  return static_cast<uint8_t>(sign | (rounded < 0x7fu ? rounded : 0x7fu));
}
constexpr float e4m3_bits_to_float(uint8_t bits) {
  const bool sign = (bits & 0x80u) != 0;
  return (bits & 0x7fu) == 0x7fu ? quiet_nan(sign) : with_sign(magnitude_value<3, 7>(bits & 0x7fu), sign);
}

constexpr uint8_t float_to_e5m2_bits(float value) {
  const uint32_t magnitude = float_magnitude(value), sign = float_sign(value) ? 0x80u : 0;
  if (is_nan_magnitude(magnitude)) return static_cast<uint8_t>(sign | 0x7eu | (magnitude >> 21 & 3u));
  const uint32_t rounded = round_magnitude<2, 15>(magnitude);
  return static_cast<uint8_t>(sign | (rounded < 0x7cu ? rounded : 0x7cu));
}
/// e5m2 is the upper half of a binary16.
constexpr float e5m2_bits_to_float(uint8_t bits) { return half_bits_to_float(static_cast<uint16_t>(bits << 8)); }

constexpr uint8_t float_to_e8m0_bits(float value) {
  const uint32_t magnitude = float_magnitude(value);
  if (float_sign(value) && magnitude != 0) return 0xff;
  if (magnitude < 0x00800000u) return magnitude > 0x00600000u ? 1 : 0;  // up to 2^-126; halfway from 2^-127 goes to the even 0
  const uint32_t field = magnitude >> 23, rest = magnitude & 0x7fffffu;
  if (field == 0xff) return 0xff;
  return static_cast<uint8_t>(field + (rest > 0x400000u || (rest == 0x400000u && (field & 1) != 0) ? 1 : 0));  // 255 is NaN
}
constexpr float e8m0_bits_to_float(uint8_t bits) {
  if (bits == 0xff) return quiet_nan(false);
  return __builtin_bit_cast(float, bits == 0 ? 0x00400000u : static_cast<uint32_t>(bits) << 23);
}

/// One element of an fp4 twin: no infinity, no NaN.
template <int kMantissa>
constexpr uint8_t float_to_fp4_bits(float value) {
  const uint32_t magnitude = float_magnitude(value);
  if (is_nan_magnitude(magnitude)) return 7;
  const uint32_t rounded = round_magnitude<kMantissa, 1>(magnitude);
  return static_cast<uint8_t>((float_sign(value) ? 8u : 0u) | (rounded < 7 ? rounded : 7u));
}
template <int kMantissa>
constexpr float fp4_bits_to_float(uint8_t bits) {
  return with_sign(magnitude_value<kMantissa, 1>(bits & 7u), (bits & 8u) != 0);
}

/// HiFloat8 with exponent e = +-(2^(n-1) .. 2^n - 1) has n exponent bits behind the prefix: sign, then the magnitude without its leading
/// one; the mantissa has what is left.
struct HifLayout {
  uint32_t prefix;
  int exponent_bits, mantissa_bits;
};
constexpr HifLayout hif8_layout(int exponent) {
  const int e = exponent < 0 ? -exponent : exponent;
  return e == 0   ? HifLayout{0x08, 0, 3}
         : e == 1 ? HifLayout{0x10, 1, 3}
         : e < 4  ? HifLayout{0x20, 2, 3}
         : e < 8  ? HifLayout{0x40, 3, 2}
                  : HifLayout{0x60, 4, 1};
}

constexpr uint8_t float_to_hif8_bits(float value) {
  const uint32_t magnitude = float_magnitude(value), sign = float_sign(value) ? 0x80u : 0;
  if (is_nan_magnitude(magnitude)) return 0x80;
  int exponent = static_cast<int>(magnitude >> 23) - 127;
  if (exponent < -23) return 0;  // below half of the smallest value; there is one zero
  if (exponent > 15) return static_cast<uint8_t>(sign | 0x6fu);
  uint32_t mantissa = 0;
  if (exponent < -15) {  // powers of two only
    const int power = exponent == -23 ? -22 : exponent + ((magnitude & 0x400000u) != 0 ? 1 : 0);
    if (power < -15) return static_cast<uint8_t>(sign | static_cast<uint32_t>(power + 23));
    exponent = power;
  } else {
    const int bits = hif8_layout(exponent).mantissa_bits;
    const uint32_t rounded = (magnitude & 0x7fffffu) + (1u << (22 - bits));
    exponent += static_cast<int>(rounded >> 23);
    mantissa = rounded >> 23 != 0 ? 0 : rounded >> (23 - bits);
    if (exponent > 15) return static_cast<uint8_t>(sign | 0x6fu);
  }
  const HifLayout layout = hif8_layout(exponent);
  uint32_t code = layout.prefix | mantissa;
  if (layout.exponent_bits > 0) {
    const uint32_t low = static_cast<uint32_t>(exponent < 0 ? -exponent : exponent) & ((1u << (layout.exponent_bits - 1)) - 1);
    code |= ((exponent < 0 ? 1u : 0u) << (layout.exponent_bits - 1) | low) << layout.mantissa_bits;
  }
  return static_cast<uint8_t>(sign | code);
}
constexpr float hif8_bits_to_float(uint8_t bits) {
  const uint32_t code = bits & 0x7fu;
  const bool sign = (bits & 0x80u) != 0;
  if (code == 0) return sign ? quiet_nan(false) : 0.0f;
  if (code == 0x6f) return __builtin_bit_cast(float, sign ? 0xff800000u : 0x7f800000u);
  if (code < 0x08) return with_sign(__builtin_bit_cast(float, (code + 127 - 23) << 23), sign);
  const int n = code >= 0x60 ? 4 : code >= 0x40 ? 3 : code >= 0x20 ? 2 : code >= 0x10 ? 1 : 0;
  const int mantissa_bits = n == 4 ? 1 : n == 3 ? 2 : 3;
  int exponent = 0;
  if (n > 0) {
    const uint32_t field = code >> mantissa_bits & ((1u << n) - 1), top = 1u << (n - 1);
    const int magnitude = static_cast<int>(top | (field & (top - 1)));
    exponent = (field & top) != 0 ? -magnitude : magnitude;
  }
  const uint32_t mantissa = (code & ((1u << mantissa_bits) - 1)) << (23 - mantissa_bits);
  return with_sign(__builtin_bit_cast(float, static_cast<uint32_t>(exponent + 127) << 23 | mantissa), sign);
}

/// A value type of one byte: implicit conversion from float, rounded by Encode, and to float by Decode, as half has them.
template <uint8_t (*Encode)(float), float (*Decode)(uint8_t), typename Self>
struct ByteFloat {
  uint8_t bits;

  ByteFloat() = default;
  constexpr ByteFloat(float value) : bits(Encode(value)) {}
  constexpr operator float() const { return Decode(bits); }
  static constexpr Self FromRaw(uint8_t raw) {
    Self result(0.0f);
    result.bits = raw;
    return result;
  }
};

/// Two elements of four bits in a byte; the even one is the low nibble.
template <int kMantissa, typename Self>
struct Fp4Twin {
  uint8_t bits;

  Fp4Twin() = default;
  /// Both elements.
  constexpr Fp4Twin(float even, float odd)
      : bits(static_cast<uint8_t>(float_to_fp4_bits<kMantissa>(even) | float_to_fp4_bits<kMantissa>(odd) << 4)) {}
  constexpr float even() const { return fp4_bits_to_float<kMantissa>(bits & 15u); }
  constexpr float odd() const { return fp4_bits_to_float<kMantissa>(static_cast<uint8_t>(bits >> 4)); }
  static constexpr Self FromRaw(uint8_t raw) {
    Self result(0.0f, 0.0f);
    result.bits = raw;
    return result;
  }
};

}  // namespace detail

// Formats of the OCP 8-bit and microscaling specifications (OFP8 1.0, MX 1.0). Conversion from float rounds to nearest, ties to even. What
// is too large becomes an infinity where there is one, else NaN, else the largest value.

/// 4 exponent bits, bias 7, no infinity; the largest value is 448.
struct float8_e4m3_t : detail::ByteFloat<detail::float_to_e4m3_bits, detail::e4m3_bits_to_float, float8_e4m3_t>,
                       detail::FloatAssignment<float8_e4m3_t> {
  using ByteFloat::ByteFloat;
};
/// 5 exponent bits, bias 15, with infinities; the largest value is 57344.
struct float8_e5m2_t : detail::ByteFloat<detail::float_to_e5m2_bits, detail::e5m2_bits_to_float, float8_e5m2_t>,
                       detail::FloatAssignment<float8_e5m2_t> {
  using ByteFloat::ByteFloat;
};
/// A scale: the powers of two from 2^-127 to 2^127. There is no zero (0 becomes 2^-127) and no sign (below 0 is NaN).
struct float8_e8m0_t : detail::ByteFloat<detail::float_to_e8m0_bits, detail::e8m0_bits_to_float, float8_e8m0_t> {
  using ByteFloat::ByteFloat;
};
/// HiFloat8 (Luo et al., Ascend HiFloat8 Format for Deep Learning, arXiv:2409.16626): 1 to 3 mantissa bits, fewer away from 1; to 2^15 and
/// infinity on one side, to 2^-22 on the other. One zero, one NaN. Rounds to nearest, ties away from zero, as that paper has it.
struct hifloat8_t : detail::ByteFloat<detail::float_to_hif8_bits, detail::hif8_bits_to_float, hifloat8_t>,
                    detail::FloatAssignment<hifloat8_t> {
  using ByteFloat::ByteFloat;
};
/// Twins of e2m1: 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives. NaN becomes 6.
struct float4_e2m1x2_t : detail::Fp4Twin<1, float4_e2m1x2_t> {
  using Fp4Twin::Fp4Twin;
};
/// Twins of e1m2: multiples of 0.25 up to 1.75. NaN becomes 1.75.
struct float4_e1m2x2_t : detail::Fp4Twin<2, float4_e1m2x2_t> {
  using Fp4Twin::Fp4Twin;
};

/// A 4-bit integer, in the low nibble of a byte. Construction keeps the low bits.
struct int4b_t {
  uint8_t storage;

  int4b_t() = default;
  constexpr explicit int4b_t(int32_t value) : storage(static_cast<uint8_t>(value & 15)) {}
  constexpr operator int8_t() const { return static_cast<int8_t>(((storage & 15) ^ 8) - 8); }
};

static_assert(sizeof(float8_e4m3_t) == 1 && sizeof(float8_e5m2_t) == 1 && sizeof(float8_e8m0_t) == 1 && sizeof(hifloat8_t) == 1 &&
                  sizeof(float4_e2m1x2_t) == 1 && sizeof(float4_e1m2x2_t) == 1 && sizeof(int4b_t) == 1,
              "small formats have one byte in memory");
static_assert(std::is_trivial_v<float8_e4m3_t> && std::is_trivial_v<float8_e5m2_t> && std::is_trivial_v<float8_e8m0_t> &&
                  std::is_trivial_v<hifloat8_t> && std::is_trivial_v<float4_e2m1x2_t> && std::is_trivial_v<float4_e1m2x2_t> &&
                  std::is_trivial_v<int4b_t>,
              "tiles are copied as bytes");

}  // namespace pto

#pragma GCC visibility pop

namespace pto::detail {

/// numeric_limits of a small float from what its format is.
template <typename T, class Format>
struct SmallFloatLimits {
  static constexpr bool is_specialized = true, is_integer = false, is_exact = false, is_bounded = true, is_modulo = false;
  static constexpr bool is_signed = Format::kLowest != 0, is_iec559 = Format::kIec559;
  static constexpr bool has_infinity = Format::kInfinity != 0, has_quiet_NaN = Format::kNan != 0;
  static constexpr bool has_signaling_NaN = Format::kSignalingNan != 0, traps = false, tinyness_before = false;
  static constexpr std::float_denorm_style has_denorm = Format::kDenormMin != 0 ? std::denorm_present : std::denorm_absent;
  static constexpr bool has_denorm_loss = false;
  static constexpr std::float_round_style round_style = std::round_to_nearest;
  static constexpr int radix = 2, digits = Format::kDigits, digits10 = (digits - 1) * 30103 / 100000;
  static constexpr int max_digits10 = digits * 30103 / 100000 + 2;
  static constexpr int max_exponent = Format::kMaxExponent, min_exponent = Format::kMinExponent;
  static constexpr int max_exponent10 = (max_exponent - 1) * 30103 / 100000, min_exponent10 = -((1 - min_exponent) * 30103 / 100000);
  static constexpr T min() noexcept { return T::FromRaw(Format::kMin); }
  static constexpr T max() noexcept { return T::FromRaw(Format::kMax); }
  static constexpr T lowest() noexcept { return T::FromRaw(Format::kLowest); }
  static constexpr T epsilon() noexcept { return T::FromRaw(Format::kEpsilon); }
  static constexpr T round_error() noexcept { return T::FromRaw(Format::kHalf); }
  static constexpr T infinity() noexcept { return T::FromRaw(Format::kInfinity); }
  static constexpr T quiet_NaN() noexcept { return T::FromRaw(Format::kNan); }
  static constexpr T signaling_NaN() noexcept { return T::FromRaw(Format::kSignalingNan); }
  static constexpr T denorm_min() noexcept { return T::FromRaw(Format::kDenormMin); }
};

// Bit patterns; 0 for an infinity or a NaN that the format lacks. Exponents as numeric_limits counts them: of values below 2^n.
struct HalfFormat {
  static constexpr bool kIec559 = true;
  static constexpr int kDigits = 11, kMinExponent = -13, kMaxExponent = 16;
  static constexpr uint16_t kMin = 0x0400, kMax = 0x7bff, kLowest = 0xfbff, kDenormMin = 1, kEpsilon = 0x1400, kHalf = 0x3800;
  static constexpr uint16_t kInfinity = 0x7c00, kNan = 0x7e00, kSignalingNan = 0x7c01;
};
struct Bfloat16Format {
  static constexpr bool kIec559 = false;
  static constexpr int kDigits = 8, kMinExponent = -125, kMaxExponent = 128;
  static constexpr uint16_t kMin = 0x0080, kMax = 0x7f7f, kLowest = 0xff7f, kDenormMin = 1, kEpsilon = 0x3c00, kHalf = 0x3f00;
  static constexpr uint16_t kInfinity = 0x7f80, kNan = 0x7fc0, kSignalingNan = 0x7f81;
};
struct E4m3Format {
  static constexpr bool kIec559 = false;
  static constexpr int kDigits = 4, kMinExponent = -5, kMaxExponent = 9;
  static constexpr uint8_t kMin = 0x08, kMax = 0x7e, kLowest = 0xfe, kDenormMin = 1, kEpsilon = 0x20, kHalf = 0x30;
  static constexpr uint8_t kInfinity = 0, kNan = 0x7f, kSignalingNan = 0;
};
struct E5m2Format {
  static constexpr bool kIec559 = false;
  static constexpr int kDigits = 3, kMinExponent = -13, kMaxExponent = 16;
  static constexpr uint8_t kMin = 0x04, kMax = 0x7b, kLowest = 0xfb, kDenormMin = 1, kEpsilon = 0x34, kHalf = 0x38;
  static constexpr uint8_t kInfinity = 0x7c, kNan = 0x7e, kSignalingNan = 0x7d;
};
struct E8m0Format {
  static constexpr bool kIec559 = false;
  static constexpr int kDigits = 1, kMinExponent = -126, kMaxExponent = 128;
  static constexpr uint8_t kMin = 0, kMax = 0xfe, kLowest = 0, kDenormMin = 0, kEpsilon = 0x7f, kHalf = 0x7e;
  static constexpr uint8_t kInfinity = 0, kNan = 0xff, kSignalingNan = 0;
};
struct Hif8Format {  // 4 digits around 1, fewer elsewhere
  static constexpr bool kIec559 = false;
  static constexpr int kDigits = 4, kMinExponent = -14, kMaxExponent = 16;
  static constexpr uint8_t kMin = 0x7e, kMax = 0x6e, kLowest = 0xee, kDenormMin = 1, kEpsilon = 0x38, kHalf = 0x18;
  static constexpr uint8_t kInfinity = 0x6f, kNan = 0x80, kSignalingNan = 0;
};
// Twins: one element in the low nibble. The smallest value is the subnormal one, which is also what kernels know as min.
struct E2m1Format {
  static constexpr bool kIec559 = false;
  static constexpr int kDigits = 2, kMinExponent = 1, kMaxExponent = 3;
  static constexpr uint8_t kMin = 1, kMax = 7, kLowest = 0xf, kDenormMin = 1, kEpsilon = 1, kHalf = 1;
  static constexpr uint8_t kInfinity = 0, kNan = 0, kSignalingNan = 0;
};
struct E1m2Format {
  static constexpr bool kIec559 = false;
  static constexpr int kDigits = 3, kMinExponent = 1, kMaxExponent = 1;
  static constexpr uint8_t kMin = 1, kMax = 7, kLowest = 0xf, kDenormMin = 1, kEpsilon = 1, kHalf = 2;
  static constexpr uint8_t kInfinity = 0, kNan = 0, kSignalingNan = 0;
};

}  // namespace pto::detail

template <>
class std::numeric_limits<half> : public pto::detail::SmallFloatLimits<half, pto::detail::HalfFormat> {};
template <>
class std::numeric_limits<bfloat16_t> : public pto::detail::SmallFloatLimits<bfloat16_t, pto::detail::Bfloat16Format> {};
template <>
class std::numeric_limits<pto::float8_e4m3_t> : public pto::detail::SmallFloatLimits<pto::float8_e4m3_t, pto::detail::E4m3Format> {};
template <>
class std::numeric_limits<pto::float8_e5m2_t> : public pto::detail::SmallFloatLimits<pto::float8_e5m2_t, pto::detail::E5m2Format> {};
template <>
class std::numeric_limits<pto::float8_e8m0_t> : public pto::detail::SmallFloatLimits<pto::float8_e8m0_t, pto::detail::E8m0Format> {};
template <>
class std::numeric_limits<pto::hifloat8_t> : public pto::detail::SmallFloatLimits<pto::hifloat8_t, pto::detail::Hif8Format> {};
template <>
class std::numeric_limits<pto::float4_e2m1x2_t> : public pto::detail::SmallFloatLimits<pto::float4_e2m1x2_t, pto::detail::E2m1Format> {};
template <>
class std::numeric_limits<pto::float4_e1m2x2_t> : public pto::detail::SmallFloatLimits<pto::float4_e1m2x2_t, pto::detail::E1m2Format> {};
template <>
class std::numeric_limits<pto::int4b_t> {
 public:
  static constexpr bool is_specialized = true, is_signed = true, is_integer = true, is_exact = true, is_bounded = true;
  static constexpr bool is_modulo = false, is_iec559 = false, has_infinity = false, has_quiet_NaN = false, has_signaling_NaN = false;
  static constexpr int radix = 2, digits = 3, digits10 = 0, max_digits10 = 0;
  static constexpr pto::int4b_t min() noexcept { return pto::int4b_t(-8); }
  static constexpr pto::int4b_t lowest() noexcept { return pto::int4b_t(-8); }
  static constexpr pto::int4b_t max() noexcept { return pto::int4b_t(7); }
};
