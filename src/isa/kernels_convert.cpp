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

constexpr int64_t kChunk = 256;  ///< values that are converted at a time where they need buffers

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

/// The low bits of integers, sign- or zero-extended.
template <typename From>
ConvertKernel convert_integers_to(PtoElement to) {
  switch (to) {
    case kPtoI8: return convert_plain<From, int8_t>;
    case kPtoU8: return convert_plain<From, uint8_t>;
    case kPtoI16: return convert_plain<From, int16_t>;
    case kPtoU16: return convert_plain<From, uint16_t>;
    case kPtoI32: return convert_plain<From, int32_t>;
    case kPtoU32: return convert_plain<From, uint32_t>;
    case kPtoF32: return convert_plain<From, float>;
    default: return nullptr;
  }
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
  switch (from) {
    case kPtoF32: return convert_from_float<LanesF32>(to);
    case kPtoF16: return convert_from_float<LanesF16>(to);
    case kPtoBf16: return convert_from_float<LanesBf16>(to);
    case kPtoI8: return convert_integers_to<int8_t>(to);
    case kPtoU8: return convert_integers_to<uint8_t>(to);
    case kPtoI16: return convert_integers_to<int16_t>(to);
    case kPtoU16: return convert_integers_to<uint16_t>(to);
    case kPtoI32: return convert_integers_to<int32_t>(to);
    case kPtoU32: return convert_integers_to<uint32_t>(to);
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

/// Rounds values to a float format; values beyond its range become what IEEE 754 (section 7.4) says for the mode, or saturate. Steps are
/// powers of two, so that only the rounding to an integer rounds.
template <pto::RoundMode kMode, class V>
HWY_INLINE V round_to_format(V x, const TargetRange& range, bool saturate) {
  const hn::DFromV<V> d;
  using T = hn::TFromD<decltype(d)>;
  const hn::RebindToUnsigned<decltype(d)> du;
  using Bits = hn::TFromD<decltype(du)>;
  constexpr Bits kExponent = sizeof(T) == 8 ? static_cast<Bits>(uint64_t{0x7ff} << 52) : static_cast<Bits>(0x7f800000u);
  const V infinity = hn::Set(d, std::numeric_limits<T>::infinity());
  const V binade = hn::BitCast(d, hn::And(hn::BitCast(du, x), hn::Set(du, kExponent)));
  const V quantum = hn::Mul(hn::Max(binade, hn::Set(d, static_cast<T>(range.min_normal))), hn::Set(d, static_cast<T>(range.epsilon)));
  const V rounded = hn::Mul(round_to_integer<kMode>(hn::Div(x, quantum)), quantum);
  const auto finite = hn::Lt(hn::Abs(x), infinity);
  V y = hn::IfThenElse(finite, rounded, x);
  const V highest = hn::Set(d, static_cast<T>(range.highest)), lowest = hn::Set(d, static_cast<T>(range.lowest));
  constexpr bool kUpToInfinity =
      kMode != pto::RoundMode::CAST_FLOOR && kMode != pto::RoundMode::CAST_TRUNC && kMode != pto::RoundMode::CAST_ODD;
  constexpr bool kDownToInfinity =
      kMode != pto::RoundMode::CAST_CEIL && kMode != pto::RoundMode::CAST_TRUNC && kMode != pto::RoundMode::CAST_ODD;
  const auto over = saturate ? hn::Gt(y, highest) : hn::And(hn::Gt(y, highest), finite);
  const auto under = saturate ? hn::Lt(y, lowest) : hn::And(hn::Lt(y, lowest), finite);
  y = hn::IfThenElse(over, saturate || !kUpToInfinity ? highest : infinity, y);
  return hn::IfThenElse(under, saturate || !kDownToInfinity ? lowest : hn::Neg(infinity), y);
}

/// Calls function.template operator()<kMode>() for the mode at hand.
template <class Function>
HWY_INLINE auto with_mode(pto::RoundMode mode, Function function) {
  using enum pto::RoundMode;
  switch (mode) {
    case CAST_ROUND: return function.template operator()<CAST_ROUND>();
    case CAST_FLOOR: return function.template operator()<CAST_FLOOR>();
    case CAST_CEIL: return function.template operator()<CAST_CEIL>();
    case CAST_TRUNC: return function.template operator()<CAST_TRUNC>();
    case CAST_ODD: return function.template operator()<CAST_ODD>();
    default: return function.template operator()<CAST_RINT>();
  }
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
  with_mode(mode, [&]<pto::RoundMode kMode>() HWY_ATTR { round_run<kMode>(values, padded, range, saturate); });
}

/// Between f32, f16 and bf16 in any mode: f32 holds every value on the way. To f32 nothing rounds.
template <class From, class To, pto::RoundMode kMode>
void round_floats_run(void* dst, const void* src, int64_t n, const TargetRange& range, bool saturate) {
  using E = typename From::Element;
  const auto* in = static_cast<const E*>(src);
  auto* out = static_cast<typename To::Element*>(dst);
  const int64_t width = static_cast<int64_t>(lanes());
  const auto step = [&](const E* from) HWY_ATTR { return round_to_format<kMode>(From::load(from), range, saturate); };
  int64_t i = 0;
  for (; i + width <= n; i += width) To::store(step(in + i), out + i);
  if (i == n) return;
  HWY_ALIGN E rest[HWY_MAX_BYTES / sizeof(float)] = {};
  HWY_ALIGN typename To::Element result[HWY_MAX_BYTES / sizeof(float)];
  for (int64_t k = i; k < n; ++k) rest[k - i] = in[k];
  To::store(step(rest), result);
  for (int64_t k = i; k < n; ++k) out[k] = result[k - i];
}

template <class From, class To>
void round_floats_of(const Conversion& c, const TargetRange& range, void* dst, const void* src, int64_t n) {
  with_mode(c.mode, [&]<pto::RoundMode kMode>() HWY_ATTR { round_floats_run<From, To, kMode>(dst, src, n, range, c.saturate); });
}

/// False for other types.
bool round_floats(const Conversion& c, const TargetRange& range, void* dst, const void* src, int64_t n) {
  const auto to = [&]<class From>() HWY_ATTR {
    if (c.to == kPtoF16) return round_floats_of<From, LanesF16>(c, range, dst, src, n), true;
    if (c.to == kPtoBf16) return round_floats_of<From, LanesBf16>(c, range, dst, src, n), true;
    return false;
  };
  switch (c.from) {
    case kPtoF32: return to.template operator()<LanesF32>();
    case kPtoF16: return to.template operator()<LanesF16>();
    case kPtoBf16: return to.template operator()<LanesBf16>();
    default: return false;
  }
}

/// Whether all values, rounded in any way, are integers of 32 bits.
bool all_small(const float* values, int64_t count) {
  const DF d;
  const VF limit = hn::Set(d, 2147483520.0f);  // the next value below 2^31; everything of this size is an integer
  const int64_t width = static_cast<int64_t>(lanes());
  auto good = hn::Eq(limit, limit);
  int64_t i = 0;
  for (; i + width <= count; i += width) good = hn::And(good, hn::Le(hn::Abs(hn::LoadU(d, values + i)), limit));
  bool all = hn::AllTrue(d, good);
  for (; i < count; ++i) all = all && std::abs(values[i]) <= 2147483520.0f;
  return all;
}

template <pto::RoundMode kMode>
void round_to_i32(int32_t* out, const float* values, int64_t count) {
  const DF d;
  const hn::RebindToSigned<DF> di;
  const int64_t width = static_cast<int64_t>(lanes());
  int64_t i = 0;
  for (; i + width <= count; i += width) hn::StoreU(hn::ConvertTo(di, round_to_integer<kMode>(hn::LoadU(d, values + i))), di, out + i);
  if (i == count) return;
  HWY_ALIGN float rest[HWY_MAX_BYTES / sizeof(float)] = {};
  HWY_ALIGN int32_t result[HWY_MAX_BYTES / sizeof(float)];
  for (int64_t k = i; k < count; ++k) rest[k - i] = values[k];
  hn::Store(hn::ConvertTo(di, round_to_integer<kMode>(hn::Load(d, rest))), di, result);
  for (int64_t k = i; k < count; ++k) out[k] = result[k - i];
}

/// i32 to an integer type: its low bits, or clamped.
template <typename T>
void finish_integers(void* dst, const int32_t* values, int64_t n, bool saturate) {
  T* out = static_cast<T*>(dst);
  constexpr int64_t kLowest = std::numeric_limits<T>::lowest(), kHighest = std::numeric_limits<T>::max();
  constexpr int32_t kLow = kLowest < INT32_MIN ? INT32_MIN : static_cast<int32_t>(kLowest);
  constexpr int32_t kHigh = kHighest > INT32_MAX ? INT32_MAX : static_cast<int32_t>(kHighest);
  if (!saturate) {
    for (int64_t i = 0; i < n; ++i) out[i] = static_cast<T>(values[i]);
    return;
  }
  for (int64_t i = 0; i < n; ++i) out[i] = static_cast<T>(values[i] < kLow ? kLow : values[i] > kHigh ? kHigh : values[i]);
}

/// Floats to integers where all values fit 32 bits; false, and nothing is written, where they do not. At most kChunk values.
bool round_to_integers(const Conversion& c, void* dst, const void* src, int64_t n) {
  HWY_ALIGN float buffer[kChunk];
  int32_t integers[kChunk];
  const float* values = static_cast<const float*>(src);
  if (c.from != kPtoF32) {
    select_convert(c.from, kPtoF32)(buffer, src, n);
    values = buffer;
  }
  if (!all_small(values, n)) return false;
  const bool direct = c.to == kPtoI32 || (c.to == kPtoU32 && !c.saturate);
  int32_t* const rounded = direct ? static_cast<int32_t*>(dst) : integers;
  with_mode(c.mode, [&]<pto::RoundMode kMode>() HWY_ATTR { round_to_i32<kMode>(rounded, values, n); });
  if (direct) return true;
  switch (c.to) {
    case kPtoI8: finish_integers<int8_t>(dst, integers, n, c.saturate); return true;
    case kPtoU8: finish_integers<uint8_t>(dst, integers, n, c.saturate); return true;
    case kPtoI16: finish_integers<int16_t>(dst, integers, n, c.saturate); return true;
    case kPtoU16: finish_integers<uint16_t>(dst, integers, n, c.saturate); return true;
    default: finish_integers<uint32_t>(dst, integers, n, c.saturate); return true;
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

using HWY_NAMESPACE::kChunk;

HWY_EXPORT(select_convert);
HWY_EXPORT(round_values);
HWY_EXPORT(narrow_all);
HWY_EXPORT(round_floats);
HWY_EXPORT(round_to_integers);

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

/// Whether f32 holds every value of the type.
bool exact_in_f32(PtoElement element) { return element <= kPtoU16; }

/// Whether convert_kernel does what the mode asks for.
bool rounds_alike(const Conversion& c) {
  if (c.from >= kPtoI8 && c.to >= kPtoI8) return !c.saturate || c.from == c.to;
  if (c.from == c.to) return !c.saturate;
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
  if (HWY_DYNAMIC_DISPATCH(round_floats)(conversion, range, dst, src, n)) return;
  const bool to_integer = conversion.from <= kPtoBf16 && conversion.to >= kPtoI8;
  alignas(64) double values[kChunk];  // for vectors of any target
  for (int64_t i = 0; i < n; i += kChunk) {
    const int64_t count = n - i < kChunk ? n - i : kChunk;
    uint8_t* const out = static_cast<uint8_t*>(dst) + i * kBytes[conversion.to];
    const uint8_t* const in = static_cast<const uint8_t*>(src) + i * kBytes[conversion.from];
    if (to_integer && HWY_DYNAMIC_DISPATCH(round_to_integers)(conversion, out, in, count)) continue;
    widen_elements(conversion.from, values, in, count);
    int64_t padded = count;
    while (padded % 8 != 0) values[padded++] = 0;
    HWY_DYNAMIC_DISPATCH(round_values)(values, static_cast<size_t>(padded), range, conversion.mode, conversion.saturate);
    narrow_elements(conversion.to, out, values, count);
  }
}

}  // namespace tilewright::isa
#endif
