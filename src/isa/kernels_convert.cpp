// Conversions between element types.
#include <cmath>
#include <cstring>
#include <limits>

#include "isa/kernels.h"
#include "isa/simd_targets.h"
#include "isa/target_range.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "isa/kernels_convert.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "isa/simd_lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tilewright::isa::HWY_NAMESPACE {

template <class From, class To>
void convert_float(void* dst, const void* src, int64_t count) {
  auto* out = static_cast<typename To::Element*>(dst);
  const auto* in = static_cast<const typename From::Element*>(src);
  const size_t n = static_cast<size_t>(count), width = lanes();
  size_t i = 0;
  for (; i + width <= n; i += width) To::store(From::load(in + i), out + i);
  for (; i < n; ++i) out[i] = To::from_float(From::to_float(in[i]));
}

template <typename From, typename To>
void convert_plain(void* dst, const void* src, int64_t n) {
  const From* in = static_cast<const From*>(src);
  To* out = static_cast<To*>(dst);
  for (int64_t i = 0; i < n; ++i) out[i] = static_cast<To>(in[i]);
}

template <int kBytes>
void convert_same(void* dst, const void* src, int64_t n) {
  std::memmove(dst, src, static_cast<size_t>(n) * kBytes);
}

template <class From>
ConvertKernel convert_from_float(PtoElement to) {
  switch (to) {
    case kPtoF32: return convert_float<From, LanesF32>;
    case kPtoF16: return convert_float<From, LanesF16>;
    case kPtoBf16: return convert_float<From, LanesBf16>;
    default: return nullptr;
  }
}

ConvertKernel select_convert(PtoElement from, PtoElement to) {
  constexpr int kBytes[] = {4, 2, 2, 1, 1, 2, 2, 4, 4, 8, 8};
  if (from > kPtoU64 || to > kPtoU64) return nullptr;
  if (from == to) {
    const int bytes = kBytes[from];
    return bytes == 1 ? convert_same<1> : bytes == 2 ? convert_same<2> : bytes == 4 ? convert_same<4> : convert_same<8>;
  }
  if (from == kPtoI8 && to == kPtoI32) return convert_plain<int8_t, int32_t>;
  if (from >= kPtoI8 && to != kPtoF32) return nullptr;
  switch (from) {
    case kPtoF32: return convert_from_float<LanesF32>(to);
    case kPtoF16: return convert_from_float<LanesF16>(to);
    case kPtoBf16: return convert_from_float<LanesBf16>(to);
    case kPtoI8: return convert_plain<int8_t, float>;
    case kPtoU8: return convert_plain<uint8_t, float>;
    case kPtoI16: return convert_plain<int16_t, float>;
    case kPtoU16: return convert_plain<uint16_t, float>;
    case kPtoI32: return convert_plain<int32_t, float>;
    case kPtoU32: return convert_plain<uint32_t, float>;
    default: return nullptr;
  }
}

using DD = hn::ScalableTag<double>;
using VD = hn::Vec<DD>;

/// Nearest integer in the sense of the mode.
template <pto::RoundMode kMode, class V>
HWY_INLINE V round_to_integer(V x) {
  const hn::DFromV<V> d;
  using T = hn::TFromD<decltype(d)>;
  if constexpr (kMode == pto::RoundMode::CAST_FLOOR) return hn::Floor(x);
  if constexpr (kMode == pto::RoundMode::CAST_CEIL) return hn::Ceil(x);
  if constexpr (kMode == pto::RoundMode::CAST_TRUNC) return hn::Trunc(x);
  if constexpr (kMode == pto::RoundMode::CAST_ROUND) {  // ties away from zero
    constexpr T kBelowHalf = T(0.5) - std::numeric_limits<T>::epsilon() / 4;
    return hn::Trunc(hn::Add(x, hn::CopySign(hn::Set(d, kBelowHalf), x)));
  }
  if constexpr (kMode == pto::RoundMode::CAST_ODD) {  // of the two neighbours, the odd one, unless exact
    const V t = hn::Trunc(x);
    const V halved = hn::Mul(t, hn::Set(d, T(0.5)));
    const auto move = hn::AndNot(hn::Eq(t, x), hn::Eq(hn::Trunc(halved), halved));
    return hn::IfThenElse(move, hn::Add(t, hn::CopySign(hn::Set(d, T(1)), x)), t);
  }
  return hn::Round(x);
}

/// Rounds values to a float format; values beyond its range become what IEEE 754 (section 7.4) says for the mode, or saturate.
template <pto::RoundMode kMode>
HWY_INLINE VD round_to_format(VD x, const TargetRange& range, bool saturate) {
  const DD d;
  const hn::RebindToUnsigned<DD> du;
  const VD infinity = hn::Set(d, HUGE_VAL);
  const VD binade = hn::BitCast(d, hn::And(hn::BitCast(du, x), hn::Set(du, uint64_t{0x7ff} << 52)));
  const VD quantum = hn::Mul(hn::Max(binade, hn::Set(d, range.min_normal)), hn::Set(d, range.epsilon));
  const VD rounded = hn::Mul(round_to_integer<kMode>(hn::Div(x, quantum)), quantum);
  const auto finite = hn::Lt(hn::Abs(x), infinity);
  VD y = hn::IfThenElse(finite, rounded, x);
  const VD highest = hn::Set(d, range.highest), lowest = hn::Set(d, range.lowest);
  constexpr bool kUpToInfinity =
      kMode != pto::RoundMode::CAST_FLOOR && kMode != pto::RoundMode::CAST_TRUNC && kMode != pto::RoundMode::CAST_ODD;
  constexpr bool kDownToInfinity =
      kMode != pto::RoundMode::CAST_CEIL && kMode != pto::RoundMode::CAST_TRUNC && kMode != pto::RoundMode::CAST_ODD;
  const auto over = saturate ? hn::Gt(y, highest) : hn::And(hn::Gt(y, highest), finite);
  const auto under = saturate ? hn::Lt(y, lowest) : hn::And(hn::Lt(y, lowest), finite);
  y = hn::IfThenElse(over, saturate || !kUpToInfinity ? highest : infinity, y);
  return hn::IfThenElse(under, saturate || !kDownToInfinity ? lowest : hn::Neg(infinity), y);
}

template <pto::RoundMode kMode>
void round_run(double* values, size_t padded, const TargetRange& range, bool saturate) {
  const DD d;
  for (size_t i = 0; i < padded; i += hn::Lanes(d)) {
    const VD x = hn::Load(d, values + i);
    VD y;
    if (range.is_float) {
      y = round_to_format<kMode>(x, range, saturate);
    } else {
      y = round_to_integer<kMode>(x);
      if (saturate) y = hn::Min(hn::Max(y, hn::Set(d, range.lowest)), hn::Set(d, range.highest));
      y = hn::IfThenElse(hn::IsNaN(x), hn::Zero(d), y);
    }
    hn::Store(y, d, values + i);
  }
}

void round_values(double* values, size_t padded, const TargetRange& range, pto::RoundMode mode, bool saturate) {
  switch (mode) {
    case pto::RoundMode::CAST_ROUND: return round_run<pto::RoundMode::CAST_ROUND>(values, padded, range, saturate);
    case pto::RoundMode::CAST_FLOOR: return round_run<pto::RoundMode::CAST_FLOOR>(values, padded, range, saturate);
    case pto::RoundMode::CAST_CEIL: return round_run<pto::RoundMode::CAST_CEIL>(values, padded, range, saturate);
    case pto::RoundMode::CAST_TRUNC: return round_run<pto::RoundMode::CAST_TRUNC>(values, padded, range, saturate);
    case pto::RoundMode::CAST_ODD: return round_run<pto::RoundMode::CAST_ODD>(values, padded, range, saturate);
    default: return round_run<pto::RoundMode::CAST_RINT>(values, padded, range, saturate);
  }
}

/// Rounds floats to integers; false (and out is undefined) unless all results fit 32 bits.
template <pto::RoundMode kMode>
bool round_floats_in_mode(int32_t* out, const float* values, size_t padded) {
  const DF d;
  const hn::RebindToSigned<DF> di;
  for (size_t i = 0; i < padded; i += hn::Lanes(d)) {
    const VF x = round_to_integer<kMode>(hn::LoadU(d, values + i));
    if (!hn::AllTrue(d, hn::Lt(hn::Abs(x), hn::Set(d, 2147483648.0f)))) return false;
    hn::StoreU(hn::ConvertTo(di, x), di, out + i);
  }
  return true;
}

bool round_floats(int32_t* out, const float* values, size_t padded, pto::RoundMode mode) {
  switch (mode) {
    case pto::RoundMode::CAST_ROUND: return round_floats_in_mode<pto::RoundMode::CAST_ROUND>(out, values, padded);
    case pto::RoundMode::CAST_FLOOR: return round_floats_in_mode<pto::RoundMode::CAST_FLOOR>(out, values, padded);
    case pto::RoundMode::CAST_CEIL: return round_floats_in_mode<pto::RoundMode::CAST_CEIL>(out, values, padded);
    case pto::RoundMode::CAST_TRUNC: return round_floats_in_mode<pto::RoundMode::CAST_TRUNC>(out, values, padded);
    case pto::RoundMode::CAST_ODD: return round_floats_in_mode<pto::RoundMode::CAST_ODD>(out, values, padded);
    default: return round_floats_in_mode<pto::RoundMode::CAST_RINT>(out, values, padded);
  }
}

/// out[i] = values[i] for values that are integers; false (and out is undefined) unless all of them fit 32 bits.
bool narrow_all(int32_t* out, const double* values, int64_t count) {
  const DD d;
  const hn::Rebind<int32_t, DD> di;
  const size_t n = static_cast<size_t>(count), width = hn::Lanes(d);
  size_t i = 0;
  for (; i + width <= n; i += width) {
    const VD x = hn::LoadU(d, values + i);
    if (!hn::AllTrue(d, hn::Lt(hn::Abs(x), hn::Set(d, 2147483648.0)))) return false;
    hn::StoreU(hn::DemoteTo(di, x), di, out + i);
  }
  for (; i < n; ++i) {
    if (!(std::abs(values[i]) < 2147483648.0)) return false;
    out[i] = static_cast<int32_t>(values[i]);
  }
  return true;
}

}  // namespace tilewright::isa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tilewright::isa {
namespace {

HWY_EXPORT(select_convert);
HWY_EXPORT(round_values);
HWY_EXPORT(narrow_all);
HWY_EXPORT(round_floats);

template <typename T>
constexpr TargetRange integer_range() {
  return {false, static_cast<double>(std::numeric_limits<T>::lowest()), static_cast<double>(std::numeric_limits<T>::max()), 0, 0};
}

TargetRange target_range(PtoElement element) {
  switch (element) {
    case kPtoF32: return {true, -3.4028234663852886e38, 3.4028234663852886e38, 0x1p-126, 0x1p-23};
    case kPtoF16: return {true, -65504.0, 65504.0, 0x1p-14, 0x1p-10};
    case kPtoBf16: return {true, -3.3895313892515355e38, 3.3895313892515355e38, 0x1p-126, 0x1p-7};
    case kPtoI8: return integer_range<int8_t>();
    case kPtoU8: return integer_range<uint8_t>();
    case kPtoI16: return integer_range<int16_t>();
    case kPtoU16: return integer_range<uint16_t>();
    case kPtoI32: return integer_range<int32_t>();
    default: return integer_range<uint32_t>();
  }
}

constexpr int64_t kChunk = 256;

template <typename T>
void widen(double* dst, const void* src, int64_t n) {
  const T* in = static_cast<const T*>(src);
  for (int64_t i = 0; i < n; ++i) dst[i] = static_cast<double>(in[i]);
}

/// The low bits of the integer that the value is; 0 if even 64 bits cannot hold it.
template <typename T>
void narrow(void* dst, const double* src, int64_t n) {
  T* out = static_cast<T*>(dst);
  int32_t small[kChunk];
  if (HWY_DYNAMIC_DISPATCH(narrow_all)(small, src, n)) {
    for (int64_t i = 0; i < n; ++i) out[i] = static_cast<T>(small[i]);
    return;
  }
  for (int64_t i = 0; i < n; ++i) {
    const bool fits = src[i] >= -9223372036854775808.0 && src[i] < 9223372036854775808.0;
    out[i] = static_cast<T>(fits ? static_cast<int64_t>(src[i]) : 0);
  }
}

void widen_elements(PtoElement from, double* dst, const void* src, int64_t n) {
  switch (from) {
    case kPtoF32: return widen<float>(dst, src, n);
    case kPtoF16:
    case kPtoBf16: {
      float values[kChunk];
      convert_kernel(from, kPtoF32)(values, src, n);
      return widen<float>(dst, values, n);
    }
    case kPtoI8: return widen<int8_t>(dst, src, n);
    case kPtoU8: return widen<uint8_t>(dst, src, n);
    case kPtoI16: return widen<int16_t>(dst, src, n);
    case kPtoU16: return widen<uint16_t>(dst, src, n);
    case kPtoI32: return widen<int32_t>(dst, src, n);
    default: return widen<uint32_t>(dst, src, n);
  }
}

/// Values are representable in the target already, or integers that wrap.
void narrow_elements(PtoElement to, void* dst, const double* src, int64_t n) {
  switch (to) {
    case kPtoF32:
    case kPtoF16:
    case kPtoBf16: {
      float values[kChunk];
      for (int64_t i = 0; i < n; ++i) values[i] = static_cast<float>(src[i]);
      return convert_kernel(kPtoF32, to)(dst, values, n);
    }
    case kPtoI8: return narrow<int8_t>(dst, src, n);
    case kPtoU8: return narrow<uint8_t>(dst, src, n);
    case kPtoI16: return narrow<int16_t>(dst, src, n);
    case kPtoU16: return narrow<uint16_t>(dst, src, n);
    case kPtoI32: return narrow<int32_t>(dst, src, n);
    default: return narrow<uint32_t>(dst, src, n);
  }
}

/// i32 to an integer type: its low bits, or clamped.
template <typename T>
void finish_integers(void* dst, const int32_t* values, int64_t n, bool saturate) {
  T* out = static_cast<T*>(dst);
  constexpr int64_t kLowest = std::numeric_limits<T>::lowest(), kHighest = std::numeric_limits<T>::max();
  constexpr int32_t kLow = kLowest < INT32_MIN ? INT32_MIN : static_cast<int32_t>(kLowest);
  constexpr int32_t kHigh = kHighest > INT32_MAX ? INT32_MAX : static_cast<int32_t>(kHighest);
  for (int64_t i = 0; i < n; ++i) {
    const int32_t clamped = values[i] < kLow ? kLow : values[i] > kHigh ? kHigh : values[i];
    out[i] = static_cast<T>(saturate ? clamped : values[i]);
  }
}

/// The short way from floats to integers for a chunk whose values all fit 32 bits; false if they do not.
bool round_small(const Conversion& c, void* dst, const void* src, int64_t n) {
  float values[kChunk];
  int32_t integers[kChunk];
  convert_kernel(c.from, kPtoF32)(values, src, n);
  int64_t padded = n;
  while (padded % 16 != 0) values[padded++] = 0;
  if (!HWY_DYNAMIC_DISPATCH(round_floats)(integers, values, static_cast<size_t>(padded), c.mode)) return false;
  switch (c.to) {
    case kPtoI8: finish_integers<int8_t>(dst, integers, n, c.saturate); return true;
    case kPtoU8: finish_integers<uint8_t>(dst, integers, n, c.saturate); return true;
    case kPtoI16: finish_integers<int16_t>(dst, integers, n, c.saturate); return true;
    case kPtoU16: finish_integers<uint16_t>(dst, integers, n, c.saturate); return true;
    case kPtoI32: finish_integers<int32_t>(dst, integers, n, c.saturate); return true;
    default: finish_integers<uint32_t>(dst, integers, n, c.saturate); return true;
  }
}

/// Whether f32 holds every value of the type.
bool exact_in_f32(PtoElement element) { return element <= kPtoU16; }

/// Whether convert_kernel does what the mode asks for.
bool rounds_alike(const Conversion& c) {
  if (c.from == c.to) return !c.saturate || c.from >= kPtoI8;
  if (c.to == kPtoF32 && exact_in_f32(c.from)) return !c.saturate || c.from >= kPtoI8;
  const bool nearest = c.mode == pto::RoundMode::CAST_NONE || c.mode == pto::RoundMode::CAST_RINT;
  return nearest && !c.saturate && c.to <= kPtoBf16;
}

}  // namespace

ConvertKernel convert_kernel(PtoElement from, PtoElement to) { return HWY_DYNAMIC_DISPATCH(select_convert)(from, to); }

void convert_rounded(const Conversion& conversion, void* dst, const void* src, int64_t n) {
  if (rounds_alike(conversion)) {
    if (const ConvertKernel kernel = convert_kernel(conversion.from, conversion.to)) return kernel(dst, src, n);
  }
  constexpr int64_t kBytes[] = {4, 2, 2, 1, 1, 2, 2, 4, 4};
  const TargetRange range = target_range(conversion.to);
  const bool to_integer = conversion.from <= kPtoBf16 && conversion.to >= kPtoI8;
  alignas(64) double values[kChunk];  // for vectors of any target
  for (int64_t i = 0; i < n; i += kChunk) {
    const int64_t count = n - i < kChunk ? n - i : kChunk;
    uint8_t* const out = static_cast<uint8_t*>(dst) + i * kBytes[conversion.to];
    const uint8_t* const in = static_cast<const uint8_t*>(src) + i * kBytes[conversion.from];
    if (to_integer && round_small(conversion, out, in, count)) continue;
    widen_elements(conversion.from, values, in, count);
    int64_t padded = count;
    while (padded % 8 != 0) values[padded++] = 0;
    HWY_DYNAMIC_DISPATCH(round_values)(values, static_cast<size_t>(padded), range, conversion.mode, conversion.saturate);
    narrow_elements(conversion.to, out, values, count);
  }
}

}  // namespace tilewright::isa
#endif
