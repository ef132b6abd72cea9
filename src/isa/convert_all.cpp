#include "isa/convert_all.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "pto/common/element_types.hpp"

namespace tilewright::isa {
namespace {

using pto::RoundMode;

constexpr int64_t kChunk = 256;

bool is_integer(PtoElement e) { return (e >= kPtoI8 && e <= kPtoU64) || e == kPtoI4; }

// ---- small floats ---------------------------------------------------------------------------------------

float decode(PtoElement element, uint8_t code) {
  switch (element) {
    case kPtoF8E4M3: return pto::float8_e4m3_t::FromRaw(code);
    case kPtoF8E5M2: return pto::float8_e5m2_t::FromRaw(code);
    case kPtoF8E8M0: return pto::float8_e8m0_t::FromRaw(code);
    case kPtoHif8: return pto::hifloat8_t::FromRaw(code);
    case kPtoF4E2M1x2: return pto::float4_e2m1x2_t::FromRaw(code).even();
    default: return pto::float4_e1m2x2_t::FromRaw(code).even();
  }
}

/// A float format of at most 8 bits as a list of its magnitudes.
struct SmallFormat {
  struct Point {
    double value;
    uint8_t code;
  };
  std::vector<Point> points;  ///< finite magnitudes, ascending
  double beyond;              ///< the magnitude that would come next
  uint8_t overflow;           ///< code of what is too large: infinity, NaN or the largest value
  uint8_t sign;               ///< bit of the sign, 0 if there is none
  uint8_t nan, negative_zero;
  bool ties_away;  ///< CAST_NONE

  SmallFormat(PtoElement element, double beyond, uint8_t overflow, uint8_t sign, uint8_t nan, bool has_negative_zero, bool ties_away)
      : beyond(beyond),
        overflow(overflow),
        sign(sign),
        nan(nan),
        negative_zero(has_negative_zero ? sign : uint8_t{0}),
        ties_away(ties_away) {
    const int codes = sign != 0 ? sign : 256;
    for (int code = 0; code < codes; ++code) {
      const double value = static_cast<double>(decode(element, static_cast<uint8_t>(code)));
      if (std::isfinite(value)) points.push_back({value, static_cast<uint8_t>(code)});
    }
    std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.value < b.value; });
  }
};

const SmallFormat& format_of(PtoElement element) {
  static const std::array<SmallFormat, 6> formats = {SmallFormat{kPtoF8E4M3, 480, 0x7f, 0x80, 0x7f, true, false},
                                                     SmallFormat{kPtoF8E5M2, 65536, 0x7c, 0x80, 0x7e, true, false},
                                                     SmallFormat{kPtoF8E8M0, 0x1p128, 0xff, 0, 0xff, false, false},
                                                     SmallFormat{kPtoHif8, 49152, 0x6f, 0x80, 0x80, false, true},
                                                     SmallFormat{kPtoF4E2M1x2, 8, 7, 8, 7, true, false},
                                                     SmallFormat{kPtoF4E1M2x2, 2, 7, 8, 7, true, false}};
  return formats[static_cast<size_t>(element - kPtoF8E4M3)];
}

/// Whether a magnitude between two neighbours becomes the larger one.
bool rounds_up(double magnitude, double low, double high, bool low_is_odd, bool negative, RoundMode mode, bool ties_away) {
  const double to_low = magnitude - low, to_high = high - magnitude;
  switch (mode) {
    case RoundMode::CAST_TRUNC: return false;
    case RoundMode::CAST_FLOOR: return negative;
    case RoundMode::CAST_CEIL: return !negative;
    case RoundMode::CAST_ODD: return !low_is_odd;
    case RoundMode::CAST_ROUND: return to_high <= to_low;
    case RoundMode::CAST_NONE:
      if (ties_away) return to_high <= to_low;
      [[fallthrough]];
    default: return to_high < to_low || (to_high == to_low && low_is_odd);
  }
}

uint8_t round_small(const SmallFormat& f, double x, RoundMode mode, bool saturate) {
  if (std::isnan(x)) return f.nan;
  const bool negative = std::signbit(x);
  const double magnitude = std::abs(x);
  if (f.sign == 0 && negative && x != 0) return f.nan;
  const uint8_t sign = negative ? f.sign : uint8_t{0};
  const SmallFormat::Point &lowest = f.points.front(), &highest = f.points.back();
  if (magnitude <= lowest.value) return magnitude == 0 && negative ? f.negative_zero : lowest.code;  // e8m0 has no zero
  if (magnitude > highest.value) {
    const bool up =
        std::isinf(magnitude) ||
        (magnitude >= f.beyond && mode != RoundMode::CAST_TRUNC && mode != RoundMode::CAST_ODD &&
         mode != (negative ? RoundMode::CAST_CEIL : RoundMode::CAST_FLOOR)) ||
        (magnitude < f.beyond && rounds_up(magnitude, highest.value, f.beyond, highest.code % 2 != 0, negative, mode, f.ties_away) &&
         mode != RoundMode::CAST_ODD);
    return static_cast<uint8_t>(sign | (up && !saturate ? f.overflow : highest.code));
  }
  const auto high = std::lower_bound(f.points.begin(), f.points.end(), magnitude,
                                     [](const SmallFormat::Point& p, double value) { return p.value < value; });
  if (high->value == magnitude) return static_cast<uint8_t>(sign | high->code);
  const auto low = high - 1;
  const bool up = rounds_up(magnitude, low->value, high->value, low->code % 2 != 0, negative, mode, f.ties_away);
  const uint8_t code = up ? high->code : low->code;
  return code == 0 && negative ? f.negative_zero : static_cast<uint8_t>(sign | code);
}

/// The types' own conversion, which rounds to nearest; not for a type whose ties the mode would treat otherwise.
template <typename T>
void encode_run(uint8_t* dst, const float* src, int64_t n, bool saturate) {
  const float highest = static_cast<float>(std::numeric_limits<T>::max()), lowest = static_cast<float>(std::numeric_limits<T>::lowest());
  for (int64_t i = 0; i < n; ++i) {
    float x = src[i];
    if (saturate) x = x > highest ? highest : x < lowest ? lowest : x;  // NaN stays
    dst[i] = T(x).bits;
  }
}

bool encode_nearest(const Conversion& c, uint8_t* dst, const float* src, int64_t n) {
  const bool none = c.mode == RoundMode::CAST_NONE, nearest = none || c.mode == RoundMode::CAST_RINT;
  switch (c.to) {
    case kPtoF8E4M3: return nearest ? encode_run<pto::float8_e4m3_t>(dst, src, n, c.saturate), true : false;
    case kPtoF8E5M2: return nearest ? encode_run<pto::float8_e5m2_t>(dst, src, n, c.saturate), true : false;
    case kPtoHif8: return none || c.mode == RoundMode::CAST_ROUND ? encode_run<pto::hifloat8_t>(dst, src, n, c.saturate), true : false;
    default: return false;
  }
}

// ---- integers -------------------------------------------------------------------------------------------

/// A 64-bit integer of either sign.
struct Wide {
  bool negative;
  uint64_t magnitude;
};

template <typename T>
void read_integers(Wide* dst, const void* src, int64_t n) {
  const T* in = static_cast<const T*>(src);
  for (int64_t i = 0; i < n; ++i) {
    const uint64_t bits = static_cast<uint64_t>(in[i]);
    const bool negative = std::is_signed_v<T> && in[i] < T(0);
    dst[i] = {negative, negative ? 0 - bits : bits};
  }
}

void load_integers(PtoElement from, Wide* dst, const void* src, int64_t n) {
  switch (from) {
    case kPtoI8: return read_integers<int8_t>(dst, src, n);
    case kPtoU8: return read_integers<uint8_t>(dst, src, n);
    case kPtoI16: return read_integers<int16_t>(dst, src, n);
    case kPtoU16: return read_integers<uint16_t>(dst, src, n);
    case kPtoI32: return read_integers<int32_t>(dst, src, n);
    case kPtoU32: return read_integers<uint32_t>(dst, src, n);
    case kPtoI64: return read_integers<int64_t>(dst, src, n);
    case kPtoU64: return read_integers<uint64_t>(dst, src, n);
    default: {  // int4
      int8_t values[kChunk];
      for (int64_t i = 0; i < n; ++i) values[i] = static_cast<int8_t>(((static_cast<const uint8_t*>(src)[i] & 15) ^ 8) - 8);
      return read_integers<int8_t>(dst, values, n);
    }
  }
}

/// Largest magnitudes of an integer type below and above 0.
struct IntegerRange {
  uint64_t below, above;
  int bytes;
};
IntegerRange integer_range(PtoElement element) {
  switch (element) {
    case kPtoI8: return {0x80, 0x7f, 1};
    case kPtoU8: return {0, 0xff, 1};
    case kPtoI16: return {0x8000, 0x7fff, 2};
    case kPtoU16: return {0, 0xffff, 2};
    case kPtoI32: return {0x80000000u, 0x7fffffffu, 4};
    case kPtoU32: return {0, 0xffffffffu, 4};
    case kPtoI64: return {uint64_t{1} << 63, INT64_MAX, 8};
    case kPtoU64: return {0, UINT64_MAX, 8};
    default: return {8, 7, 1};
  }
}

/// Clamped, or the low bits.
void store_integers(const Conversion& c, void* dst, const Wide* values, int64_t n) {
  const IntegerRange range = integer_range(c.to);
  uint8_t* out = static_cast<uint8_t*>(dst);
  for (int64_t i = 0; i < n; ++i) {
    const Wide& v = values[i];
    const uint64_t limit = v.negative ? range.below : range.above;
    const uint64_t magnitude = c.saturate && v.magnitude > limit ? limit : v.magnitude;
    uint64_t bits = v.negative ? 0 - magnitude : magnitude;
    if (c.to == kPtoI4) bits &= 15;
    std::memcpy(out + i * range.bytes, &bits, static_cast<size_t>(range.bytes));
  }
}

/// The double that rounds as the integer does to every format of up to 51 bits: what a double cannot hold becomes its last bit.
double round_to_odd(const Wide& v) {
  uint64_t magnitude = v.magnitude;
  int shift = 0;
  while (magnitude >> 53 != 0) magnitude = magnitude >> 1 | (magnitude & 1), ++shift;
  const double value = std::ldexp(static_cast<double>(magnitude), shift);
  return v.negative ? -value : value;
}

double round_to_integer(double x, RoundMode mode) {
  switch (mode) {
    case RoundMode::CAST_FLOOR: return std::floor(x);
    case RoundMode::CAST_CEIL: return std::ceil(x);
    case RoundMode::CAST_TRUNC: return std::trunc(x);
    case RoundMode::CAST_ROUND: return std::round(x);
    case RoundMode::CAST_ODD: {
      const double t = std::trunc(x);
      return t != x && std::fmod(t, 2) == 0 ? t + std::copysign(1.0, x) : t;
    }
    default: return std::nearbyint(x);
  }
}

/// A float as a 64-bit integer; NaN, and without saturation what 64 bits cannot hold, is 0.
Wide to_integer(double x, RoundMode mode, bool saturate) {
  if (std::isnan(x)) return {false, 0};
  const double rounded = round_to_integer(x, mode), magnitude = std::abs(rounded);
  const bool negative = rounded < 0;
  if (magnitude < (negative ? 0x1p63 : 0x1p64) || (negative && magnitude == 0x1p63)) return {negative, static_cast<uint64_t>(magnitude)};
  return {negative, saturate ? UINT64_MAX : 0};
}

// ---- wide floats ----------------------------------------------------------------------------------------

struct FloatFormat {
  int mantissa, min_exponent;
  double highest;
};
FloatFormat float_format(PtoElement element) {
  switch (element) {
    case kPtoF16: return {10, -14, 65504.0};
    case kPtoBf16: return {7, -126, 0x1.fep127};
    default: return {23, -126, 0x1.fffffep127};
  }
}

/// IEEE 754 rounding of a finite value; beyond the range what section 7.4 says for the mode, or the limit.
double round_to_format(const FloatFormat& f, double x, RoundMode mode, bool saturate) {
  if (x == 0 || !std::isfinite(x)) return saturate && std::isinf(x) ? std::copysign(f.highest, x) : x;
  const double quantum = std::ldexp(1.0, std::max(std::ilogb(x), f.min_exponent) - f.mantissa);
  const double rounded = std::copysign(round_to_integer(x / quantum, mode) * quantum, x);
  if (std::abs(rounded) <= f.highest) return rounded;
  const bool toward_zero =
      mode == RoundMode::CAST_TRUNC || mode == RoundMode::CAST_ODD || mode == (x < 0 ? RoundMode::CAST_CEIL : RoundMode::CAST_FLOOR);
  return std::copysign(saturate || toward_zero ? f.highest : HUGE_VAL, x);
}

/// From any type as doubles that round like the values themselves.
void load_doubles(PtoElement from, double* dst, const void* src, int64_t n) {
  if (is_integer(from)) {
    Wide values[kChunk];
    load_integers(from, values, src, n);
    for (int64_t i = 0; i < n; ++i) dst[i] = round_to_odd(values[i]);
    return;
  }
  float values[kChunk];
  if (is_small_float(from)) {
    widen_small_float(from, values, static_cast<const uint8_t*>(src), n);
  } else {
    convert_kernel(from, kPtoF32)(values, src, n);
  }
  for (int64_t i = 0; i < n; ++i) dst[i] = static_cast<double>(values[i]);
}

void convert_chunk(const Conversion& c, void* dst, const void* src, int64_t n) {
  if (is_integer(c.to)) {
    Wide values[kChunk];
    if (is_integer(c.from)) {
      load_integers(c.from, values, src, n);
    } else {
      double reals[kChunk];
      load_doubles(c.from, reals, src, n);
      for (int64_t i = 0; i < n; ++i) values[i] = to_integer(reals[i], c.mode, c.saturate);
    }
    return store_integers(c, dst, values, n);
  }
  double reals[kChunk];
  load_doubles(c.from, reals, src, n);
  if (is_small_float(c.to)) {
    const SmallFormat& format = format_of(c.to);
    for (int64_t i = 0; i < n; ++i) static_cast<uint8_t*>(dst)[i] = round_small(format, reals[i], c.mode, c.saturate);
    return;
  }
  const FloatFormat format = float_format(c.to);
  float values[kChunk];
  for (int64_t i = 0; i < n; ++i) values[i] = static_cast<float>(round_to_format(format, reals[i], c.mode, c.saturate));
  convert_kernel(kPtoF32, c.to)(dst, values, n);
}

int64_t bytes_of(PtoElement element) {
  constexpr uint8_t kBytes[] = {4, 2, 2, 1, 1, 2, 2, 4, 4, 8, 8};
  return element <= kPtoU64 ? kBytes[element] : 1;
}

}  // namespace

void widen_small_float(PtoElement from, float* dst, const uint8_t* src, int64_t n) {
  static const auto tables = [] {
    std::array<std::array<float, 256>, 6> values;
    for (int e = 0; e < 6; ++e) {
      for (int code = 0; code < 256; ++code) {
        values[static_cast<size_t>(e)][static_cast<size_t>(code)] =
            decode(static_cast<PtoElement>(kPtoF8E4M3 + e), static_cast<uint8_t>(code));
      }
    }
    return values;
  }();
  const std::array<float, 256>& table = tables[static_cast<size_t>(from - kPtoF8E4M3)];
  for (int64_t i = 0; i < n; ++i) dst[i] = table[src[i]];
}

void convert_elements(const Conversion& c, void* dst, const void* src, int64_t n) {
  if (c.from <= kPtoU32 && c.to <= kPtoU32) return convert_rounded(c, dst, src, n);
  if (c.from == c.to && (!c.saturate || is_integer(c.to))) {
    std::memmove(dst, src, static_cast<size_t>(n * bytes_of(c.to)));
    return;
  }
  const int64_t dst_bytes = bytes_of(c.to), src_bytes = bytes_of(c.from);
  for (int64_t i = 0; i < n; i += kChunk) {
    const int64_t count = std::min(kChunk, n - i);
    uint8_t* const out = static_cast<uint8_t*>(dst) + i * dst_bytes;
    const uint8_t* const in = static_cast<const uint8_t*>(src) + i * src_bytes;
    float values[kChunk];
    if (is_small_float(c.from) && c.to <= kPtoU32) {  // exact in f32
      widen_small_float(c.from, values, in, count);
      convert_rounded({kPtoF32, c.to, c.mode, c.saturate}, out, values, count);
    } else if (c.from <= kPtoBf16 && is_small_float(c.to)) {
      convert_kernel(c.from, kPtoF32)(values, in, count);
      if (!encode_nearest(c, out, values, count)) convert_chunk(c, out, in, count);
    } else {
      convert_chunk(c, out, in, count);
    }
  }
}

}  // namespace tilewright::isa
