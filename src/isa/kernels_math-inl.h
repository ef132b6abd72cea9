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

/// 2^n of integers n in [-126, 127].
HWY_INLINE VF power_of_two(hn::Vec<hn::RebindToSigned<DF>> n) {
  const hn::RebindToSigned<DF> di;
  return hn::BitCast(DF(), hn::ShiftLeft<23>(hn::Add(n, hn::Set(di, 127))));
}

/// exp by x = n ln 2 + r with ln 2 in two parts, and the Cephes polynomial (expf) for |r| <= ln 2 / 2; at most 1 ulp.
HWY_INLINE VF exp_f32(VF x) {
  const DF d;
  const hn::RebindToSigned<DF> di;
  // Outside of this range, and for NaN, the exponent needs two steps and the argument a bound.
  const bool plain = hn::AllTrue(d, hn::Lt(hn::Abs(x), hn::Set(d, 87.0f)));
  const VF bounded = plain ? x : hn::Min(hn::Max(x, hn::Set(d, -110.0f)), hn::Set(d, 100.0f));
  const VF n = hn::Round(hn::Mul(bounded, hn::Set(d, 1.44269504088896341f)));
  VF r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), bounded);
  r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), r);
  VF p = hn::MulAdd(hn::Set(d, 1.9875691500e-4f), r, hn::Set(d, 1.3981999507e-3f));
  p = hn::MulAdd(p, r, hn::Set(d, 8.3334519073e-3f));
  p = hn::MulAdd(p, r, hn::Set(d, 4.1665795894e-2f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.6666665459e-1f));
  p = hn::MulAdd(p, r, hn::Set(d, 5.0000001201e-1f));
  const VF y = hn::Add(hn::MulAdd(p, hn::Mul(r, r), r), hn::Set(d, 1.0f));
  const auto exponent = hn::ConvertTo(di, n);
  if (plain) return hn::Mul(y, power_of_two(exponent));
  const auto first = hn::ShiftRight<1>(exponent);
  const VF scaled = hn::Mul(hn::Mul(y, power_of_two(first)), power_of_two(hn::Sub(exponent, first)));
  return hn::IfThenElse(hn::IsNaN(x), x, scaled);
}

/// At most 2 ulp (measured over all binades): Highway's polynomial, and the values that it does not define.
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
