// Elementwise arithmetic and bit operations on strips. Floating point in explicit vectors; integers in plain loops that the compiler
// vectorises for each instruction set.
#include <cmath>
#include <limits>
#include <type_traits>

#include "isa/kernels.h"
#include "isa/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "isa/kernels_elementwise.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "isa/kernels_math-inl.h"
#include "isa/simd_lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tilewright::isa::HWY_NAMESPACE {

#if defined(__clang__)
#define TW_ISA_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define TW_ISA_INDEPENDENT _Pragma("GCC ivdep")
#endif

/// a * b + c, rounded once.
HWY_INLINE VF multiply_add(VF a, VF b, VF c) {
#if HWY_NATIVE_FMA
  return hn::MulAdd(a, b, c);
#else
  const DF d;
  HWY_ALIGN float x[HWY_MAX_BYTES / sizeof(float)], y[HWY_MAX_BYTES / sizeof(float)], z[HWY_MAX_BYTES / sizeof(float)];
  hn::Store(a, d, x);
  hn::Store(b, d, y);
  hn::Store(c, d, z);
  for (size_t i = 0; i < lanes(); ++i) x[i] = std::fma(x[i], y[i], z[i]);
  return hn::Load(d, x);
#endif
}

/// C's fmod, which is exact. Where the quotient is small, a - trunc(a / b) * b has no rounding error in one multiply-addition: the rounded
/// quotient is at most one too large, and then the result is off by one b, which is exact to mend. The rest goes to the C library.
HWY_INLINE VF remainder_of(VF a, VF b) {
  const DF d;
  const VF divisor = hn::Abs(b), quotient = hn::Trunc(hn::Div(a, b));
#if HWY_NATIVE_FMA
  const auto small = hn::And(hn::Lt(hn::Abs(quotient), hn::Set(d, 4194304.0f)), hn::Lt(divisor, hn::Set(d, HUGE_VALF)));
  if (HWY_LIKELY(hn::AllTrue(d, small))) {
    const VF rest = hn::NegMulAdd(quotient, b, a);
    const auto wrong = hn::Lt(hn::Mul(hn::CopySign(hn::Set(d, 1.0f), rest), hn::CopySign(hn::Set(d, 1.0f), a)), hn::Zero(d));
    const auto mend = hn::And(wrong, hn::Ne(rest, hn::Zero(d)));
    return hn::CopySign(hn::IfThenElse(mend, hn::Add(rest, hn::CopySign(divisor, a)), rest), a);
  }
#else
  (void)divisor, (void)quotient;
#endif
  HWY_ALIGN float x[HWY_MAX_BYTES / sizeof(float)], y[HWY_MAX_BYTES / sizeof(float)];
  hn::Store(a, d, x);
  hn::Store(b, d, y);
  for (size_t i = 0; i < lanes(); ++i) x[i] = std::fmod(x[i], y[i]);
  return hn::Load(d, x);
}

template <BinaryOp kOp>
HWY_INLINE VF apply(VF a, VF b) {
  const DF d;
  if constexpr (kOp == BinaryOp::kAdd) return hn::Add(a, b);
  if constexpr (kOp == BinaryOp::kSub) return hn::Sub(a, b);
  if constexpr (kOp == BinaryOp::kMul) return hn::Mul(a, b);
  if constexpr (kOp == BinaryOp::kDiv) return hn::Div(a, b);
  if constexpr (kOp == BinaryOp::kMax) return maximum_number(a, b);
  if constexpr (kOp == BinaryOp::kMin) return minimum_number(a, b);
  if constexpr (kOp == BinaryOp::kExpDif) return exp_f32(hn::Sub(a, b));
  if constexpr (kOp == BinaryOp::kSubRelu) return maximum_number(hn::Sub(a, b), hn::Zero(d));
  if constexpr (kOp == BinaryOp::kLeaky) return hn::IfThenElse(hn::Gt(a, hn::Zero(d)), a, hn::Mul(a, b));
  if constexpr (kOp == BinaryOp::kFmod) return remainder_of(a, b);
  if constexpr (kOp == BinaryOp::kRem) {
    const VF rest = remainder_of(a, b);
    const auto differ = hn::Ne(hn::CopySign(hn::Set(d, 1.0f), rest), hn::CopySign(hn::Set(d, 1.0f), b));
    return hn::IfThenElse(hn::And(differ, hn::Ne(rest, hn::Zero(d))), hn::Add(rest, b), rest);
  }
}

template <BinaryOp kOp, typename T>
HWY_INLINE T apply_integer(T a, T b) {
  using U = std::make_unsigned_t<T>;
  using Wide = std::common_type_t<U, unsigned>;  // keeps u16 * u16 out of signed int
  constexpr U kWidth = static_cast<U>(8 * sizeof(T));
  if constexpr (kOp == BinaryOp::kAdd) return static_cast<T>(static_cast<U>(a) + static_cast<U>(b));
  if constexpr (kOp == BinaryOp::kSub) return static_cast<T>(static_cast<U>(a) - static_cast<U>(b));
  if constexpr (kOp == BinaryOp::kMul) return static_cast<T>(static_cast<Wide>(static_cast<U>(a)) * static_cast<Wide>(static_cast<U>(b)));
  if constexpr (kOp == BinaryOp::kDiv) {
    if (b == 0) return 0;
    if (std::is_signed_v<T> && b == static_cast<T>(-1)) return static_cast<T>(static_cast<U>(0) - static_cast<U>(a));
    return static_cast<T>(a / b);
  }
  if constexpr (kOp == BinaryOp::kMax) return a > b ? a : b;
  if constexpr (kOp == BinaryOp::kMin) return a < b ? a : b;
  if constexpr (kOp == BinaryOp::kRem || kOp == BinaryOp::kFmod) {
    if (b == 0 || (std::is_signed_v<T> && b == static_cast<T>(-1))) return 0;
    const T rest = static_cast<T>(a % b);
    return kOp == BinaryOp::kRem && rest != 0 && (rest < 0) != (b < 0) ? static_cast<T>(rest + b) : rest;
  }
  if constexpr (kOp == BinaryOp::kAnd) return static_cast<T>(a & b);
  if constexpr (kOp == BinaryOp::kOr) return static_cast<T>(a | b);
  if constexpr (kOp == BinaryOp::kXor) return static_cast<T>(a ^ b);
  // A negative amount is a large one.
  const U amount = static_cast<U>(b), within = static_cast<U>(amount & (kWidth - 1));
  if constexpr (kOp == BinaryOp::kShl) return amount < kWidth ? static_cast<T>(static_cast<U>(a) << within) : T{0};
  if constexpr (kOp == BinaryOp::kShr)
    return static_cast<T>(a >> (amount < kWidth ? within : static_cast<U>(kWidth - 1))) &
           (std::is_signed_v<T> || amount < kWidth ? static_cast<T>(-1) : T{0});
}

/// Calls line(dst, a, b, c) for each line.
template <typename T, class Line>
HWY_INLINE void for_lines(const Strips& s, Line line) {
  uint8_t* dst = s.dst;
  const uint8_t *a = s.a, *b = s.b, *c = s.c;
  for (int64_t left = s.lines; left > 0; --left) {
    line(reinterpret_cast<T*>(dst), reinterpret_cast<const T*>(a), reinterpret_cast<const T*>(b), reinterpret_cast<const T*>(c));
    dst += s.dst_step;
    a += s.a_step;
    b += s.b_step;
    c += s.c_step;
  }
}

template <class L, BinaryOp kOp, BinaryForm kForm>
void binary_float(const Strips& s) {
  using E = typename L::Element;
  const int64_t n = s.n;
  for_lines<E>(s, [n](E* out, const E* x, const E* y, const E*) HWY_ATTR {
    if constexpr (kForm == BinaryForm::kRunRun) {
      map_run<L>(out, n, [](VF p, VF q) HWY_ATTR { return apply<kOp>(p, q); }, x, y);
    } else if constexpr (kForm == BinaryForm::kRunScalar) {
      const VF scalar = hn::Set(DF(), L::to_float(*y));
      map_run<L>(out, n, [scalar](VF p) HWY_ATTR { return apply<kOp>(p, scalar); }, x);
    } else {
      const VF scalar = hn::Set(DF(), L::to_float(*x));
      map_run<L>(out, n, [scalar](VF q) HWY_ATTR { return apply<kOp>(scalar, q); }, y);
    }
  });
}

template <typename T, BinaryOp kOp, BinaryForm kForm>
void binary_integer(const Strips& s) {
  const int64_t n = s.n;
  for_lines<T>(s, [n](T* out, const T* x, const T* y, const T*) HWY_ATTR {
    const T x0 = *x, y0 = *y;
    TW_ISA_INDEPENDENT
    for (int64_t i = 0; i < n; ++i) {
      if constexpr (kForm == BinaryForm::kRunRun) out[i] = apply_integer<kOp>(x[i], y[i]);
      if constexpr (kForm == BinaryForm::kRunScalar) out[i] = apply_integer<kOp>(x[i], y0);
      if constexpr (kForm == BinaryForm::kScalarRun) out[i] = apply_integer<kOp>(x0, y[i]);
    }
  });
}

constexpr bool is_for_floats(BinaryOp op) { return op < BinaryOp::kAnd; }
constexpr bool is_for_integers(BinaryOp op) { return op != BinaryOp::kExpDif && op != BinaryOp::kSubRelu && op != BinaryOp::kLeaky; }
constexpr bool has_form(BinaryOp op, BinaryForm form) { return form != BinaryForm::kScalarRun || op <= BinaryOp::kExpDif; }

template <BinaryOp kOp, BinaryForm kForm>
StripKernel binary_for_element(PtoElement element) {
  if constexpr (has_form(kOp, kForm) && is_for_floats(kOp)) {
    switch (element) {
      case kPtoF32: return binary_float<LanesF32, kOp, kForm>;
      case kPtoF16: return binary_float<LanesF16, kOp, kForm>;
      case kPtoBf16: return binary_float<LanesBf16, kOp, kForm>;
      default: break;
    }
  }
  if constexpr (has_form(kOp, kForm) && is_for_integers(kOp)) {
    switch (element) {
      case kPtoI8: return binary_integer<int8_t, kOp, kForm>;
      case kPtoU8: return binary_integer<uint8_t, kOp, kForm>;
      case kPtoI16: return binary_integer<int16_t, kOp, kForm>;
      case kPtoU16: return binary_integer<uint16_t, kOp, kForm>;
      case kPtoI32: return binary_integer<int32_t, kOp, kForm>;
      case kPtoU32: return binary_integer<uint32_t, kOp, kForm>;
      case kPtoI64: return binary_integer<int64_t, kOp, kForm>;
      case kPtoU64: return binary_integer<uint64_t, kOp, kForm>;
      default: break;
    }
  }
  return nullptr;
}

template <BinaryForm kForm>
StripKernel binary_for_op(BinaryOp op, PtoElement element) {
  switch (op) {
    case BinaryOp::kAdd: return binary_for_element<BinaryOp::kAdd, kForm>(element);
    case BinaryOp::kSub: return binary_for_element<BinaryOp::kSub, kForm>(element);
    case BinaryOp::kMul: return binary_for_element<BinaryOp::kMul, kForm>(element);
    case BinaryOp::kDiv: return binary_for_element<BinaryOp::kDiv, kForm>(element);
    case BinaryOp::kMax: return binary_for_element<BinaryOp::kMax, kForm>(element);
    case BinaryOp::kMin: return binary_for_element<BinaryOp::kMin, kForm>(element);
    case BinaryOp::kExpDif: return binary_for_element<BinaryOp::kExpDif, kForm>(element);
    case BinaryOp::kSubRelu: return binary_for_element<BinaryOp::kSubRelu, kForm>(element);
    case BinaryOp::kLeaky: return binary_for_element<BinaryOp::kLeaky, kForm>(element);
    case BinaryOp::kRem: return binary_for_element<BinaryOp::kRem, kForm>(element);
    case BinaryOp::kFmod: return binary_for_element<BinaryOp::kFmod, kForm>(element);
    case BinaryOp::kAnd: return binary_for_element<BinaryOp::kAnd, kForm>(element);
    case BinaryOp::kOr: return binary_for_element<BinaryOp::kOr, kForm>(element);
    case BinaryOp::kXor: return binary_for_element<BinaryOp::kXor, kForm>(element);
    case BinaryOp::kShl: return binary_for_element<BinaryOp::kShl, kForm>(element);
    case BinaryOp::kShr: return binary_for_element<BinaryOp::kShr, kForm>(element);
    case BinaryOp::kCount: break;
  }
  return nullptr;
}

StripKernel select_binary(BinaryOp op, PtoElement element, BinaryForm form) {
  switch (form) {
    case BinaryForm::kRunRun: return binary_for_op<BinaryForm::kRunRun>(op, element);
    case BinaryForm::kRunScalar: return binary_for_op<BinaryForm::kRunScalar>(op, element);
    case BinaryForm::kScalarRun: return binary_for_op<BinaryForm::kScalarRun>(op, element);
    case BinaryForm::kCount: break;
  }
  return nullptr;
}

template <UnaryOp kOp>
HWY_INLINE VF apply(VF x) {
  const DF d;
  if constexpr (kOp == UnaryOp::kAbs) return hn::Abs(x);
  if constexpr (kOp == UnaryOp::kNeg) return hn::Neg(x);
  if constexpr (kOp == UnaryOp::kExp) return exp_f32(x);
  if constexpr (kOp == UnaryOp::kLog) return log_f32(x);
  if constexpr (kOp == UnaryOp::kSqrt) return hn::Sqrt(x);
  if constexpr (kOp == UnaryOp::kRsqrt) return hn::Div(hn::Set(d, 1.0f), hn::Sqrt(x));
  if constexpr (kOp == UnaryOp::kRecip) return hn::Div(hn::Set(d, 1.0f), x);
  if constexpr (kOp == UnaryOp::kRelu) return maximum_number(x, hn::Zero(d));
}

template <class L, UnaryOp kOp>
void unary_float(const Strips& s) {
  using E = typename L::Element;
  const int64_t n = s.n;
  for_lines<E>(
      s, [n](E* out, const E* x, const E*, const E*) HWY_ATTR { map_run<L>(out, n, [](VF v) HWY_ATTR { return apply<kOp>(v); }, x); });
}

template <typename T, UnaryOp kOp>
void unary_integer(const Strips& s) {
  using U = std::make_unsigned_t<T>;
  const int64_t n = s.n;
  for_lines<T>(s, [n](T* out, const T* in, const T*, const T*) HWY_ATTR {
    TW_ISA_INDEPENDENT
    for (int64_t i = 0; i < n; ++i) {
      const T x = in[i];
      const T negated = static_cast<T>(static_cast<U>(0) - static_cast<U>(x));
      if constexpr (kOp == UnaryOp::kAbs) out[i] = x < 0 ? negated : x;
      if constexpr (kOp == UnaryOp::kNeg) out[i] = negated;
      if constexpr (kOp == UnaryOp::kRelu) out[i] = x > 0 ? x : T{0};
      if constexpr (kOp == UnaryOp::kNot) out[i] = static_cast<T>(~x);
    }
  });
}

template <UnaryOp kOp>
StripKernel unary_for_element(PtoElement element) {
  if constexpr (kOp != UnaryOp::kNot) {
    switch (element) {
      case kPtoF32: return unary_float<LanesF32, kOp>;
      case kPtoF16: return unary_float<LanesF16, kOp>;
      case kPtoBf16: return unary_float<LanesBf16, kOp>;
      default: break;
    }
  }
  if constexpr (kOp == UnaryOp::kAbs || kOp == UnaryOp::kNeg || kOp == UnaryOp::kRelu || kOp == UnaryOp::kNot) {
    switch (element) {
      case kPtoI8: return unary_integer<int8_t, kOp>;
      case kPtoI16: return unary_integer<int16_t, kOp>;
      case kPtoI32: return unary_integer<int32_t, kOp>;
      case kPtoI64: return unary_integer<int64_t, kOp>;
      default: break;
    }
  }
  if constexpr (kOp == UnaryOp::kNot) {
    switch (element) {
      case kPtoU8: return unary_integer<uint8_t, kOp>;
      case kPtoU16: return unary_integer<uint16_t, kOp>;
      case kPtoU32: return unary_integer<uint32_t, kOp>;
      case kPtoU64: return unary_integer<uint64_t, kOp>;
      default: break;
    }
  }
  return nullptr;
}

StripKernel select_unary(UnaryOp op, PtoElement element) {
  switch (op) {
    case UnaryOp::kAbs: return unary_for_element<UnaryOp::kAbs>(element);
    case UnaryOp::kNeg: return unary_for_element<UnaryOp::kNeg>(element);
    case UnaryOp::kExp: return unary_for_element<UnaryOp::kExp>(element);
    case UnaryOp::kLog: return unary_for_element<UnaryOp::kLog>(element);
    case UnaryOp::kSqrt: return unary_for_element<UnaryOp::kSqrt>(element);
    case UnaryOp::kRsqrt: return unary_for_element<UnaryOp::kRsqrt>(element);
    case UnaryOp::kRecip: return unary_for_element<UnaryOp::kRecip>(element);
    case UnaryOp::kRelu: return unary_for_element<UnaryOp::kRelu>(element);
    case UnaryOp::kNot: return unary_for_element<UnaryOp::kNot>(element);
    case UnaryOp::kCount: break;
  }
  return nullptr;
}

template <TernaryOp kOp>
HWY_INLINE VF apply(VF a, VF b, VF c) {
  if constexpr (kOp == TernaryOp::kAddAdd) return hn::Add(hn::Add(a, b), c);
  if constexpr (kOp == TernaryOp::kSubAdd) return hn::Add(hn::Sub(a, b), c);
  if constexpr (kOp == TernaryOp::kMulAdd) return multiply_add(a, b, c);
  if constexpr (kOp == TernaryOp::kMulAddRelu) return maximum_number(multiply_add(a, b, c), hn::Zero(DF()));
}

template <class L, TernaryOp kOp, bool kScalarB>
void ternary_float(const Strips& s) {
  using E = typename L::Element;
  const int64_t n = s.n;
  for_lines<E>(s, [n](E* out, const E* x, const E* y, const E* z) HWY_ATTR {
    if constexpr (kScalarB) {
      const VF scalar = hn::Set(DF(), L::to_float(*y));
      map_run<L>(out, n, [scalar](VF a, VF c) HWY_ATTR { return apply<kOp>(a, scalar, c); }, x, z);
    } else {
      map_run<L>(out, n, [](VF a, VF b, VF c) HWY_ATTR { return apply<kOp>(a, b, c); }, x, y, z);
    }
  });
}

template <typename T, TernaryOp kOp, bool kScalarB>
void ternary_integer(const Strips& s) {
  const int64_t n = s.n;
  constexpr BinaryOp kFirst = kOp == TernaryOp::kAddAdd ? BinaryOp::kAdd : BinaryOp::kSub;
  for_lines<T>(s, [n](T* out, const T* x, const T* y, const T* z) HWY_ATTR {
    const T y0 = *y;
    TW_ISA_INDEPENDENT
    for (int64_t i = 0; i < n; ++i) out[i] = apply_integer<BinaryOp::kAdd>(apply_integer<kFirst>(x[i], kScalarB ? y0 : y[i]), z[i]);
  });
}

template <TernaryOp kOp, bool kScalarB>
StripKernel ternary_for_element(PtoElement element) {
  switch (element) {
    case kPtoF32: return ternary_float<LanesF32, kOp, kScalarB>;
    case kPtoF16: return ternary_float<LanesF16, kOp, kScalarB>;
    case kPtoBf16: return ternary_float<LanesBf16, kOp, kScalarB>;
    default: break;
  }
  if constexpr (kOp == TernaryOp::kAddAdd || kOp == TernaryOp::kSubAdd) {
    switch (element) {  // sums wrap alike whatever the sign
      case kPtoI8:
      case kPtoU8: return ternary_integer<uint8_t, kOp, kScalarB>;
      case kPtoI16:
      case kPtoU16: return ternary_integer<uint16_t, kOp, kScalarB>;
      case kPtoI32:
      case kPtoU32: return ternary_integer<uint32_t, kOp, kScalarB>;
      case kPtoI64:
      case kPtoU64: return ternary_integer<uint64_t, kOp, kScalarB>;
      default: break;
    }
  }
  return nullptr;
}

template <bool kScalarB>
StripKernel ternary_for_op(TernaryOp op, PtoElement element) {
  switch (op) {
    case TernaryOp::kAddAdd: return ternary_for_element<TernaryOp::kAddAdd, kScalarB>(element);
    case TernaryOp::kSubAdd: return ternary_for_element<TernaryOp::kSubAdd, kScalarB>(element);
    case TernaryOp::kMulAdd: return ternary_for_element<TernaryOp::kMulAdd, kScalarB>(element);
    case TernaryOp::kMulAddRelu: return ternary_for_element<TernaryOp::kMulAddRelu, kScalarB>(element);
    case TernaryOp::kCount: break;
  }
  return nullptr;
}

StripKernel select_ternary(TernaryOp op, PtoElement element, bool b_is_scalar) {
  return b_is_scalar ? ternary_for_op<true>(op, element) : ternary_for_op<false>(op, element);
}

template <typename T>
void spread(const Strips& s) {
  const hn::ScalableTag<T> d;
  const size_t n = static_cast<size_t>(s.n), width = hn::Lanes(d);
  for_lines<T>(s, [=](T* out, const T* x, const T*, const T*) HWY_ATTR {
    const T value = *x;
    const auto all = hn::Set(d, value);
    size_t i = 0;
    for (; i + width <= n; i += width) hn::StoreU(all, d, out + i);
    for (; i < n; ++i) out[i] = value;
  });
}

StripKernel select_spread(int element_bytes) {
  return element_bytes == 1   ? spread<uint8_t>
         : element_bytes == 2 ? spread<uint16_t>
         : element_bytes == 4 ? spread<uint32_t>
                              : spread<uint64_t>;
}

}  // namespace tilewright::isa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tilewright::isa {

HWY_EXPORT(select_binary);
HWY_EXPORT(select_unary);
HWY_EXPORT(select_ternary);
HWY_EXPORT(select_spread);

namespace {

constexpr int kElements = kPtoU64 + 1;

/// The kernels that this processor gets, so that an instruction finds its own by one look.
struct Kernels {
  StripKernel binary[static_cast<int>(BinaryOp::kCount)][kElements][static_cast<int>(BinaryForm::kCount)];
  StripKernel unary[static_cast<int>(UnaryOp::kCount)][kElements];
  StripKernel ternary[static_cast<int>(TernaryOp::kCount)][kElements][2];
  StripKernel spread[4];

  Kernels() {
    for (int e = 0; e < kElements; ++e) {
      const PtoElement element = static_cast<PtoElement>(e);
      for (int op = 0; op < static_cast<int>(BinaryOp::kCount); ++op) {
        for (int form = 0; form < static_cast<int>(BinaryForm::kCount); ++form) {
          binary[op][e][form] = HWY_DYNAMIC_DISPATCH(select_binary)(static_cast<BinaryOp>(op), element, static_cast<BinaryForm>(form));
        }
      }
      for (int op = 0; op < static_cast<int>(UnaryOp::kCount); ++op) {
        unary[op][e] = HWY_DYNAMIC_DISPATCH(select_unary)(static_cast<UnaryOp>(op), element);
      }
      for (int op = 0; op < static_cast<int>(TernaryOp::kCount); ++op) {
        for (int scalar = 0; scalar < 2; ++scalar) {
          ternary[op][e][scalar] = HWY_DYNAMIC_DISPATCH(select_ternary)(static_cast<TernaryOp>(op), element, scalar != 0);
        }
      }
    }
    for (int power = 0; power < 4; ++power) spread[power] = HWY_DYNAMIC_DISPATCH(select_spread)(1 << power);
  }
};

const Kernels& kernels() {
  static const Kernels all;
  return all;
}

}  // namespace

StripKernel binary_kernel(BinaryOp op, PtoElement element, BinaryForm form) {
  return element < kElements ? kernels().binary[static_cast<int>(op)][element][static_cast<int>(form)] : nullptr;
}
StripKernel unary_kernel(UnaryOp op, PtoElement element) {
  return element < kElements ? kernels().unary[static_cast<int>(op)][element] : nullptr;
}
StripKernel ternary_kernel(TernaryOp op, PtoElement element, bool b_is_scalar) {
  return element < kElements ? kernels().ternary[static_cast<int>(op)][element][b_is_scalar ? 1 : 0] : nullptr;
}
StripKernel spread_kernel(int element_bytes) {
  return kernels().spread[element_bytes == 1 ? 0 : element_bytes == 2 ? 1 : element_bytes == 4 ? 2 : 3];
}

}  // namespace tilewright::isa
#endif
