// What the small element types are, written from the descriptions of their formats: the value of every bit pattern by exact
// double arithmetic, and the pattern that a real number rounds to by looking for its neighbours. Nothing of the library is used.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "pto/common/element_types.hpp"

namespace tilewright::isa_test {

/// Value of a pattern of `exponent_bits` and `mantissa_bits` whose largest exponent is a number like any other.
inline double plain_value(uint32_t bits, int exponent_bits, int mantissa_bits, int bias) {
  const double mantissa = static_cast<double>(bits & ((1u << mantissa_bits) - 1));
  const int exponent = static_cast<int>(bits >> mantissa_bits & ((1u << exponent_bits) - 1));
  const bool negative = (bits >> (exponent_bits + mantissa_bits) & 1) != 0;
  const double value = exponent == 0 ? std::ldexp(mantissa, 1 - bias - mantissa_bits)
                                     : std::ldexp(mantissa + std::ldexp(1.0, mantissa_bits), exponent - bias - mantissa_bits);
  return negative ? -value : value;
}

/// The same where the largest exponent holds infinity and NaNs.
inline double ieee_value(uint32_t bits, int exponent_bits, int mantissa_bits) {
  const uint32_t magnitude = bits & ((1u << (exponent_bits + mantissa_bits)) - 1), infinity = ((1u << exponent_bits) - 1) << mantissa_bits;
  const bool negative = bits != magnitude;
  if (magnitude > infinity) return std::nan("");
  if (magnitude == infinity) return negative ? -HUGE_VAL : HUGE_VAL;
  return plain_value(bits, exponent_bits, mantissa_bits, (1 << (exponent_bits - 1)) - 1);
}

/// HiFloat8 bit by bit: sign, prefix, exponent in sign and magnitude with a leading one that is not stored, mantissa.
inline double hif8_value(uint32_t bits) {
  std::vector<int> rest;
  for (int i = 6; i >= 0; --i) rest.push_back(static_cast<int>(bits >> i & 1));
  const bool negative = (bits & 0x80) != 0;
  if ((bits & 0x7f) == 0) return negative ? std::nan("") : 0;
  if ((bits & 0x7f) == 0x6f) return negative ? -HUGE_VAL : HUGE_VAL;
  size_t at = 0;
  const auto take = [&](int n) {
    int value = 0;
    while (n-- > 0) value = 2 * value + rest[at++];
    return value;
  };
  int exponent_bits = -1;
  if (rest[0] == 1) {
    exponent_bits = take(2) == 3 ? 4 : 3;
  } else if (rest[1] == 1) {
    exponent_bits = take(2), exponent_bits = 2;
  } else if (rest[2] == 1) {
    exponent_bits = take(3), exponent_bits = 1;
  } else if (rest[3] == 1) {
    exponent_bits = take(4), exponent_bits = 0;
  }
  double value;
  if (exponent_bits < 0) {  // prefix 0000: three bits M stand for 2^(M - 23)
    take(4);
    value = std::ldexp(1.0, take(3) - 23);
  } else {
    int exponent = 0;
    if (exponent_bits > 0) {
      const bool below_one = take(1) == 1;
      exponent = (1 << (exponent_bits - 1)) + take(exponent_bits - 1);
      if (below_one) exponent = -exponent;
    }
    const int mantissa_bits = static_cast<int>(rest.size() - at);
    value = std::ldexp(1.0 + std::ldexp(take(mantissa_bits), -mantissa_bits), exponent);
  }
  return negative ? -value : value;
}

/// What a format is. value(pattern); how many bits a pattern has; where the sign is (0: none); what the first value too large
/// would be, were it in the format, and the pattern that stands for all values from there on; NaN's; whether ties go to the even pattern
/// (else away from zero).
template <typename T>
struct Format;

template <>
struct Format<half> {
  static constexpr int kBits = 16, kDigits = 11;
  static constexpr uint32_t kSign = 0x8000, kOverflow = 0x7c00;
  static constexpr bool kTiesToEven = true, kHasNan = true;
  static double value(uint32_t bits) { return ieee_value(bits, 5, 10); }
  static double beyond() { return 65536; }
};
template <>
struct Format<bfloat16_t> {
  static constexpr int kBits = 16, kDigits = 8;
  static constexpr uint32_t kSign = 0x8000, kOverflow = 0x7f80;
  static constexpr bool kTiesToEven = true, kHasNan = true;
  static double value(uint32_t bits) { return ieee_value(bits, 8, 7); }
  static double beyond() { return std::ldexp(1.0, 128); }
};
template <>
struct Format<pto::float8_e4m3_t> {
  static constexpr int kBits = 8, kDigits = 4;
  static constexpr uint32_t kSign = 0x80, kOverflow = 0x7f;
  static constexpr bool kTiesToEven = true, kHasNan = true;
  static double value(uint32_t bits) { return (bits & 0x7f) == 0x7f ? std::nan("") : plain_value(bits, 4, 3, 7); }
  static double beyond() { return 480; }
};
template <>
struct Format<pto::float8_e5m2_t> {
  static constexpr int kBits = 8, kDigits = 3;
  static constexpr uint32_t kSign = 0x80, kOverflow = 0x7c;
  static constexpr bool kTiesToEven = true, kHasNan = true;
  static double value(uint32_t bits) { return ieee_value(bits, 5, 2); }
  static double beyond() { return 65536; }
};
template <>
struct Format<pto::float8_e8m0_t> {
  static constexpr int kBits = 8, kDigits = 1;
  static constexpr uint32_t kSign = 0, kOverflow = 0xff;
  static constexpr bool kTiesToEven = true, kHasNan = true;
  static double value(uint32_t bits) { return bits == 0xff ? std::nan("") : std::ldexp(1.0, static_cast<int>(bits) - 127); }
  static double beyond() { return std::ldexp(1.0, 128); }
};
template <>
struct Format<pto::hifloat8_t> {
  static constexpr int kBits = 8, kDigits = 4;
  static constexpr uint32_t kSign = 0x80, kOverflow = 0x6f;
  static constexpr bool kTiesToEven = false, kHasNan = true;
  static double value(uint32_t bits) { return hif8_value(bits); }
  static double beyond() { return 1.5 * 32768; }
};
template <>
struct Format<pto::float4_e2m1x2_t> {
  static constexpr int kBits = 4, kDigits = 2;
  static constexpr uint32_t kSign = 8, kOverflow = 7;
  static constexpr bool kTiesToEven = true, kHasNan = false;
  static double value(uint32_t bits) { return plain_value(bits, 2, 1, 1); }
  static double beyond() { return 8; }
};
template <>
struct Format<pto::float4_e1m2x2_t> {
  static constexpr int kBits = 4, kDigits = 3;
  static constexpr uint32_t kSign = 8, kOverflow = 7;
  static constexpr bool kTiesToEven = true, kHasNan = false;
  static double value(uint32_t bits) { return plain_value(bits, 1, 2, 1); }
  static double beyond() { return 2; }
};

/// A type's element as it is written and read; of a twin the even one, while the odd one is checked to do the same.
template <typename T>
uint32_t encoded(float value) {
  if constexpr (Format<T>::kBits == 4) {
    const uint32_t bits = T(value, value).bits;
    return (bits & 15) == bits >> 4 ? bits & 15 : ~0u;
  } else {
    return T(value).bits;
  }
}
template <typename T>
float decoded(uint32_t bits) {
  if constexpr (Format<T>::kBits == 4) {
    const float even = T::FromRaw(static_cast<uint8_t>(bits)).even(), odd = T::FromRaw(static_cast<uint8_t>(bits << 4)).odd();
    return even == odd ? even : std::nanf("");
  } else {
    return T::FromRaw(static_cast<decltype(T::bits)>(bits));
  }
}

/// The magnitudes of a format in order, the last being what stands beyond the largest.
template <typename T>
class Neighbours {
 public:
  Neighbours() {
    using F = Format<T>;
    for (uint32_t bits = 0; bits < (F::kSign != 0 ? F::kSign : 1u << F::kBits); ++bits) {
      if (std::isfinite(F::value(bits))) points_.push_back({F::value(bits), bits});
    }
    points_.push_back({F::beyond(), F::kOverflow});
    std::sort(points_.begin(), points_.end(), [](const Point& a, const Point& b) { return a.value < b.value; });
  }

  /// The pattern that `magnitude` (0 or more) rounds to. Quick if it is not less than the one of the call before.
  uint32_t nearest(double magnitude) {
    if (magnitude < points_[at_].value) at_ = 0;
    while (at_ + 1 < points_.size() && points_[at_ + 1].value <= magnitude) ++at_;
    if (at_ + 1 == points_.size() || magnitude <= points_[at_].value) return points_[at_].bits;
    const Point &low = points_[at_], &high = points_[at_ + 1];
    const double to_low = magnitude - low.value, to_high = high.value - magnitude;
    if (to_low != to_high) return to_low < to_high ? low.bits : high.bits;
    return Format<T>::kTiesToEven && low.bits % 2 == 0 ? low.bits : high.bits;
  }

  /// The pattern of T(value); any NaN will do where it is one.
  uint32_t rounded(float value) {
    using F = Format<T>;
    const bool negative = std::signbit(value);
    if (F::kSign == 0 && negative) return value == 0 ? nearest(0) : F::kOverflow;
    const uint32_t bits = nearest(std::fabs(static_cast<double>(value)));
    return negative && (bits != 0 || F::value(F::kSign) == 0) ? bits | F::kSign : bits;
  }

  struct Point {
    double value;
    uint32_t bits;
  };
  const std::vector<Point>& points() const { return points_; }

 private:
  std::vector<Point> points_;
  size_t at_ = 0;
};

/// Whether a pattern is a NaN of the type; of a type without one, the pattern that a NaN becomes.
template <typename T>
bool is_nan_pattern(uint32_t bits) {
  return Format<T>::kHasNan ? std::isnan(Format<T>::value(bits)) : bits == Format<T>::kOverflow;
}

}  // namespace tilewright::isa_test
