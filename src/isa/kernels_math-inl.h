// exp and log of f32 vectors, with IEEE behaviour at the edges. Included once per instruction set.
#if defined(TW_ISA_KERNELS_MATH_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef TW_ISA_KERNELS_MATH_INL_H
#undef TW_ISA_KERNELS_MATH_INL_H
#else
#define TW_ISA_KERNELS_MATH_INL_H
#endif

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include <limits>

#include "isa/simd_lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tilewright::isa::HWY_NAMESPACE {

/// At most 1 ulp (Highway's polynomial, whose range ends at 104; exp(104) is infinite already).
HWY_INLINE VF exp_f32(VF x) {
  const DF d;
  const VF y = hn::Exp(d, hn::Min(x, hn::Set(d, 104.0f)));
  return hn::IfThenElse(hn::IsNaN(x), x, y);
}

HWY_INLINE VF log_f32(VF x) {
  const DF d;
  const float infinity = std::numeric_limits<float>::infinity();
  VF y = hn::Log(d, x);
  y = hn::IfThenElse(hn::Eq(x, hn::Set(d, infinity)), x, y);
  y = hn::IfThenElse(hn::Eq(x, hn::Zero(d)), hn::Set(d, -infinity), y);
  return hn::IfThenElse(hn::Ge(x, hn::Zero(d)), y, hn::Set(d, std::numeric_limits<float>::quiet_NaN()));
}

}  // namespace tilewright::isa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
