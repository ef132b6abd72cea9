// Loading and storing runs of floating-point elements as f32 vectors. Included once per instruction set.
#if defined(TW_ISA_SIMD_LANES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef TW_ISA_SIMD_LANES_INL_H
#undef TW_ISA_SIMD_LANES_INL_H
#else
#define TW_ISA_SIMD_LANES_INL_H
#endif

#include <hwy/highway.h>

#include "pto/common/element_types.hpp"

HWY_BEFORE_NAMESPACE();
namespace tilewright::isa::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using DF = hn::ScalableTag<float>;
using VF = hn::Vec<DF>;

HWY_INLINE size_t lanes() { return hn::Lanes(DF()); }

struct LanesF32 {
  using Element = float;
  static HWY_INLINE VF load(const Element* p) { return hn::LoadU(DF(), p); }
  static HWY_INLINE void store(VF v, Element* p) { hn::StoreU(v, DF(), p); }
  static HWY_INLINE float to_float(Element e) { return e; }
  static HWY_INLINE Element from_float(float f) { return f; }
};

struct LanesF16 {
  using Element = uint16_t;
  using D = hn::Rebind<hwy::float16_t, DF>;
  static HWY_INLINE float to_float(Element e) { return pto::detail::half_bits_to_float(e); }
  static HWY_INLINE Element from_float(float f) { return pto::detail::float_to_half_bits(f); }
#if HWY_TARGET <= HWY_AVX2
  static HWY_INLINE VF load(const Element* p) { return hn::PromoteTo(DF(), hn::LoadU(D(), reinterpret_cast<const hwy::float16_t*>(p))); }
  static HWY_INLINE void store(VF v, Element* p) { hn::StoreU(hn::DemoteTo(D(), v), D(), reinterpret_cast<hwy::float16_t*>(p)); }
#else  // without a conversion instruction, Highway's own is not exact for all inputs
  static HWY_INLINE VF load(const Element* p) {
    HWY_ALIGN float values[HWY_MAX_BYTES / sizeof(float)];
    for (size_t i = 0; i < lanes(); ++i) values[i] = to_float(p[i]);
    return hn::Load(DF(), values);
  }
  static HWY_INLINE void store(VF v, Element* p) {
    HWY_ALIGN float values[HWY_MAX_BYTES / sizeof(float)];
    hn::Store(v, DF(), values);
    for (size_t i = 0; i < lanes(); ++i) p[i] = from_float(values[i]);
  }
#endif
};

struct LanesBf16 {
  using Element = uint16_t;
  using D = hn::Rebind<uint16_t, DF>;
  using D32 = hn::RebindToUnsigned<DF>;
  static HWY_INLINE VF load(const Element* p) { return hn::BitCast(DF(), hn::ShiftLeft<16>(hn::PromoteTo(D32(), hn::LoadU(D(), p)))); }
  static HWY_INLINE void store(VF v, Element* p) {
    const D32 d;
    const hn::RebindToSigned<DF> di;
    const auto bits = hn::BitCast(d, v);
    const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(d, 1));
    const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(hn::Set(d, 0x7fff), odd)));
    const auto nan = hn::Or(hn::ShiftRight<16>(bits), hn::Set(d, 0x40));
    const auto chosen = hn::IfThenElse(hn::RebindMask(d, hn::IsNaN(v)), nan, rounded);
    hn::StoreU(hn::DemoteTo(D(), hn::BitCast(di, chosen)), D(), p);
  }
  static HWY_INLINE float to_float(Element e) { return pto::detail::bfloat16_bits_to_float(e); }
  static HWY_INLINE Element from_float(float f) { return pto::detail::float_to_bfloat16_bits(f); }
};

/// dst[i] = step(sources[i]...) for i < count: whole vectors, then the rest through buffers of one vector, so that every element sees the
/// same arithmetic. `step` maps vectors to a vector.
template <class L, class Step, class... Sources>
HWY_INLINE void map_run(typename L::Element* dst, int64_t count, Step step, const Sources*... sources) {
  using E = typename L::Element;
  const size_t n = static_cast<size_t>(count), width = lanes();
  size_t i = 0;
  for (; i + width <= n; i += width) L::store(step(L::load(sources + i)...), dst + i);
  if (i == n) return;
  const size_t rest = n - i;
  const auto load_rest = [rest](const E* from) HWY_ATTR {
    HWY_ALIGN E buffer[HWY_MAX_BYTES / sizeof(float)] = {};
    for (size_t k = 0; k < rest; ++k) buffer[k] = from[k];
    return L::load(buffer);
  };
  HWY_ALIGN E result[HWY_MAX_BYTES / sizeof(float)];
  L::store(step(load_rest(sources + i)...), result);
  for (size_t k = 0; k < rest; ++k) dst[i + k] = result[k];
}

/// Greater (or smaller) of two, or the one that is a number.
HWY_INLINE VF maximum_number(VF a, VF b) { return hn::IfThenElse(hn::IsNaN(a), b, hn::IfThenElse(hn::IsNaN(b), a, hn::Max(a, b))); }
HWY_INLINE VF minimum_number(VF a, VF b) { return hn::IfThenElse(hn::IsNaN(a), b, hn::IfThenElse(hn::IsNaN(b), a, hn::Min(a, b))); }

}  // namespace tilewright::isa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
