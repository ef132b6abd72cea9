// Elementwise arithmetic and row reductions on runs. Floating point in explicit vectors; integers in plain loops that the
// compiler vectorises for each instruction set.
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

template <BinaryOp kOp>
HWY_INLINE VF apply(VF a, VF b) {
  if constexpr (kOp == BinaryOp::kAdd) return hn::Add(a, b);
  if constexpr (kOp == BinaryOp::kSub) return hn::Sub(a, b);
  if constexpr (kOp == BinaryOp::kMul) return hn::Mul(a, b);
  if constexpr (kOp == BinaryOp::kDiv) return hn::Div(a, b);
  if constexpr (kOp == BinaryOp::kMax) return maximum_number(a, b);
  if constexpr (kOp == BinaryOp::kMin) return minimum_number(a, b);
  if constexpr (kOp == BinaryOp::kExpDif) return exp_f32(hn::Sub(a, b));
}

template <BinaryOp kOp, typename T>
HWY_INLINE T apply_integer(T a, T b) {
  using U = std::make_unsigned_t<T>;
  using Wide = std::common_type_t<U, unsigned>;  // keeps u16 * u16 out of signed int
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
}

template <class L, BinaryOp kOp, BinaryForm kForm>
void binary_float(void* dst, const void* a, const void* b, int64_t n) {
  using E = typename L::Element;
  auto* out = static_cast<E*>(dst);
  auto* x = static_cast<const E*>(a);
  auto* y = static_cast<const E*>(b);
  if constexpr (kForm == BinaryForm::kRunRun) {
    map_run<L>(out, x, y, n, [](VF p, VF q) HWY_ATTR { return apply<kOp>(p, q); });
  } else if constexpr (kForm == BinaryForm::kRunScalar) {
    const VF scalar = hn::Set(DF(), L::to_float(*y));
    map_run<L>(out, x, n, [scalar](VF p) HWY_ATTR { return apply<kOp>(p, scalar); });
  } else {
    const VF scalar = hn::Set(DF(), L::to_float(*x));
    map_run<L>(out, y, n, [scalar](VF q) HWY_ATTR { return apply<kOp>(scalar, q); });
  }
}

template <typename T, BinaryOp kOp, BinaryForm kForm>
void binary_integer(void* dst, const void* a, const void* b, int64_t n) {
  T* out = static_cast<T*>(dst);
  const T* x = static_cast<const T*>(a);
  const T* y = static_cast<const T*>(b);
  const T x0 = *x, y0 = *y;
#if defined(__clang__)
#pragma clang loop vectorize(assume_safety)
#else
#pragma GCC ivdep
#endif
  for (int64_t i = 0; i < n; ++i) {
    if constexpr (kForm == BinaryForm::kRunRun) out[i] = apply_integer<kOp>(x[i], y[i]);
    if constexpr (kForm == BinaryForm::kRunScalar) out[i] = apply_integer<kOp>(x[i], y0);
    if constexpr (kForm == BinaryForm::kScalarRun) out[i] = apply_integer<kOp>(x0, y[i]);
  }
}

template <BinaryOp kOp, BinaryForm kForm>
BinaryKernel binary_for_element(PtoElement element) {
  switch (element) {
    case kPtoF32: return binary_float<LanesF32, kOp, kForm>;
    case kPtoF16: return binary_float<LanesF16, kOp, kForm>;
    case kPtoBf16: return binary_float<LanesBf16, kOp, kForm>;
    default: break;
  }
  if constexpr (kOp == BinaryOp::kExpDif) {
    return nullptr;
  } else {
    switch (element) {
      case kPtoI8: return binary_integer<int8_t, kOp, kForm>;
      case kPtoU8: return binary_integer<uint8_t, kOp, kForm>;
      case kPtoI16: return binary_integer<int16_t, kOp, kForm>;
      case kPtoU16: return binary_integer<uint16_t, kOp, kForm>;
      case kPtoI32: return binary_integer<int32_t, kOp, kForm>;
      case kPtoU32: return binary_integer<uint32_t, kOp, kForm>;
      case kPtoI64: return binary_integer<int64_t, kOp, kForm>;
      case kPtoU64: return binary_integer<uint64_t, kOp, kForm>;
      default: return nullptr;
    }
  }
}

template <BinaryForm kForm>
BinaryKernel binary_for_op(BinaryOp op, PtoElement element) {
  switch (op) {
    case BinaryOp::kAdd: return binary_for_element<BinaryOp::kAdd, kForm>(element);
    case BinaryOp::kSub: return binary_for_element<BinaryOp::kSub, kForm>(element);
    case BinaryOp::kMul: return binary_for_element<BinaryOp::kMul, kForm>(element);
    case BinaryOp::kDiv: return binary_for_element<BinaryOp::kDiv, kForm>(element);
    case BinaryOp::kMax: return binary_for_element<BinaryOp::kMax, kForm>(element);
    case BinaryOp::kMin: return binary_for_element<BinaryOp::kMin, kForm>(element);
    case BinaryOp::kExpDif: return binary_for_element<BinaryOp::kExpDif, kForm>(element);
  }
  return nullptr;
}

BinaryKernel select_binary(BinaryOp op, PtoElement element, BinaryForm form) {
  switch (form) {
    case BinaryForm::kRunRun: return binary_for_op<BinaryForm::kRunRun>(op, element);
    case BinaryForm::kRunScalar: return binary_for_op<BinaryForm::kRunScalar>(op, element);
    case BinaryForm::kScalarRun: return binary_for_op<BinaryForm::kScalarRun>(op, element);
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
void unary_float(void* dst, const void* src, int64_t n) {
  using E = typename L::Element;
  map_run<L>(static_cast<E*>(dst), static_cast<const E*>(src), n, [](VF x) HWY_ATTR { return apply<kOp>(x); });
}

template <typename T, UnaryOp kOp>
void unary_integer(void* dst, const void* src, int64_t n) {
  using U = std::make_unsigned_t<T>;
  T* out = static_cast<T*>(dst);
  const T* in = static_cast<const T*>(src);
#if defined(__clang__)
#pragma clang loop vectorize(assume_safety)
#else
#pragma GCC ivdep
#endif
  for (int64_t i = 0; i < n; ++i) {
    const T x = in[i];
    const T negated = static_cast<T>(static_cast<U>(0) - static_cast<U>(x));
    if constexpr (kOp == UnaryOp::kAbs) out[i] = x < 0 ? negated : x;
    if constexpr (kOp == UnaryOp::kNeg) out[i] = negated;
    if constexpr (kOp == UnaryOp::kRelu) out[i] = x > 0 ? x : T{0};
  }
}

template <UnaryOp kOp>
UnaryKernel unary_for_element(PtoElement element) {
  constexpr bool kOnIntegers = kOp == UnaryOp::kAbs || kOp == UnaryOp::kNeg || kOp == UnaryOp::kRelu;
  switch (element) {
    case kPtoF32: return unary_float<LanesF32, kOp>;
    case kPtoF16: return unary_float<LanesF16, kOp>;
    case kPtoBf16: return unary_float<LanesBf16, kOp>;
    default: break;
  }
  if constexpr (kOnIntegers) {
    switch (element) {
      case kPtoI8: return unary_integer<int8_t, kOp>;
      case kPtoI16: return unary_integer<int16_t, kOp>;
      case kPtoI32: return unary_integer<int32_t, kOp>;
      case kPtoI64: return unary_integer<int64_t, kOp>;
      default: break;
    }
  }
  return nullptr;
}

UnaryKernel select_unary(UnaryOp op, PtoElement element) {
  switch (op) {
    case UnaryOp::kAbs: return unary_for_element<UnaryOp::kAbs>(element);
    case UnaryOp::kNeg: return unary_for_element<UnaryOp::kNeg>(element);
    case UnaryOp::kExp: return unary_for_element<UnaryOp::kExp>(element);
    case UnaryOp::kLog: return unary_for_element<UnaryOp::kLog>(element);
    case UnaryOp::kSqrt: return unary_for_element<UnaryOp::kSqrt>(element);
    case UnaryOp::kRsqrt: return unary_for_element<UnaryOp::kRsqrt>(element);
    case UnaryOp::kRecip: return unary_for_element<UnaryOp::kRecip>(element);
    case UnaryOp::kRelu: return unary_for_element<UnaryOp::kRelu>(element);
  }
  return nullptr;
}

template <ReduceOp kOp>
HWY_INLINE VF combine(VF a, VF b) {
  if constexpr (kOp == ReduceOp::kSum) return hn::Add(a, b);
  if constexpr (kOp == ReduceOp::kMax) return maximum_number(a, b);
  if constexpr (kOp == ReduceOp::kMin) return minimum_number(a, b);
}

/// The value that changes nothing: -0 for a sum (0 would turn a row of -0 into 0), NaN for the others.
template <ReduceOp kOp>
HWY_INLINE VF neutral() {
  return hn::Set(DF(), kOp == ReduceOp::kSum ? -0.0f : std::numeric_limits<float>::quiet_NaN());
}

template <ReduceOp kOp>
HWY_INLINE float combine_lanes(VF v) {
  const DF d;
  HWY_ALIGN float values[HWY_MAX_BYTES / sizeof(float)];
  hn::Store(v, d, values);
  float result = values[0];
  for (size_t i = 1; i < lanes(); ++i) {
    const float x = values[i];
    if constexpr (kOp == ReduceOp::kSum) result += x;
    if constexpr (kOp == ReduceOp::kMax) result = (x > result || result != result) ? x : result;
    if constexpr (kOp == ReduceOp::kMin) result = (x < result || result != result) ? x : result;
  }
  return result;
}

template <class L, ReduceOp kOp>
HWY_INLINE float reduce_run(const typename L::Element* p, size_t n) {
  const size_t width = lanes();
  VF acc0 = neutral<kOp>(), acc1 = acc0, acc2 = acc0, acc3 = acc0;
  size_t i = 0;
  for (; i + 4 * width <= n; i += 4 * width) {
    acc0 = combine<kOp>(acc0, L::load(p + i));
    acc1 = combine<kOp>(acc1, L::load(p + i + width));
    acc2 = combine<kOp>(acc2, L::load(p + i + 2 * width));
    acc3 = combine<kOp>(acc3, L::load(p + i + 3 * width));
  }
  for (; i + width <= n; i += width) acc0 = combine<kOp>(acc0, L::load(p + i));
  if (i < n) {
    const DF d;
    HWY_ALIGN typename L::Element rest[HWY_MAX_BYTES / sizeof(float)] = {};
    for (size_t k = i; k < n; ++k) rest[k - i] = p[k];
    acc1 = combine<kOp>(acc1, hn::IfThenElse(hn::FirstN(d, n - i), L::load(rest), neutral<kOp>()));
  }
  return combine_lanes<kOp>(combine<kOp>(combine<kOp>(acc0, acc1), combine<kOp>(acc2, acc3)));
}

template <class L, ReduceOp kOp>
void row_reduce_float(void* out, const void* src, int64_t row_step, int64_t rows, int64_t n) {
  using E = typename L::Element;
  for (int64_t r = 0; r < rows; ++r) {
    const auto* row = reinterpret_cast<const E*>(static_cast<const uint8_t*>(src) + r * row_step);
    static_cast<E*>(out)[r] = L::from_float(reduce_run<L, kOp>(row, static_cast<size_t>(n)));
  }
}

template <typename T, ReduceOp kOp>
void row_reduce_integer(void* out, const void* src, int64_t row_step, int64_t rows, int64_t n) {
  constexpr BinaryOp kStep = kOp == ReduceOp::kSum ? BinaryOp::kAdd : kOp == ReduceOp::kMax ? BinaryOp::kMax : BinaryOp::kMin;
  for (int64_t r = 0; r < rows; ++r) {
    const T* row = reinterpret_cast<const T*>(static_cast<const uint8_t*>(src) + r * row_step);
    T acc = row[0];
    for (int64_t i = 1; i < n; ++i) acc = apply_integer<kStep>(acc, row[i]);
    static_cast<T*>(out)[r] = acc;
  }
}

template <ReduceOp kOp>
RowReduceKernel row_reduce_for_element(PtoElement element) {
  switch (element) {
    case kPtoF32: return row_reduce_float<LanesF32, kOp>;
    case kPtoF16: return row_reduce_float<LanesF16, kOp>;
    case kPtoBf16: return row_reduce_float<LanesBf16, kOp>;
    case kPtoI8: return row_reduce_integer<int8_t, kOp>;
    case kPtoU8: return row_reduce_integer<uint8_t, kOp>;
    case kPtoI16: return row_reduce_integer<int16_t, kOp>;
    case kPtoU16: return row_reduce_integer<uint16_t, kOp>;
    case kPtoI32: return row_reduce_integer<int32_t, kOp>;
    case kPtoU32: return row_reduce_integer<uint32_t, kOp>;
    case kPtoI64: return row_reduce_integer<int64_t, kOp>;
    case kPtoU64: return row_reduce_integer<uint64_t, kOp>;
    default: return nullptr;
  }
}

RowReduceKernel select_row_reduce(ReduceOp op, PtoElement element) {
  switch (op) {
    case ReduceOp::kSum: return row_reduce_for_element<ReduceOp::kSum>(element);
    case ReduceOp::kMax: return row_reduce_for_element<ReduceOp::kMax>(element);
    case ReduceOp::kMin: return row_reduce_for_element<ReduceOp::kMin>(element);
  }
  return nullptr;
}

template <class L>
void accumulate(float* acc, const void* src, int64_t count) {
  const auto* p = static_cast<const typename L::Element*>(src);
  const size_t n = static_cast<size_t>(count), width = lanes();
  size_t i = 0;
  for (; i + width <= n; i += width) hn::StoreU(hn::Add(hn::LoadU(DF(), acc + i), L::load(p + i)), DF(), acc + i);
  for (; i < n; ++i) acc[i] += L::to_float(p[i]);
}

AccumulateKernel select_accumulate(PtoElement element) {
  return element == kPtoF32 ? accumulate<LanesF32> : element == kPtoF16 ? accumulate<LanesF16> : accumulate<LanesBf16>;
}

}  // namespace tilewright::isa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tilewright::isa {

HWY_EXPORT(select_binary);
HWY_EXPORT(select_unary);
HWY_EXPORT(select_row_reduce);
HWY_EXPORT(select_accumulate);

BinaryKernel binary_kernel(BinaryOp op, PtoElement element, BinaryForm form) {
  return HWY_DYNAMIC_DISPATCH(select_binary)(op, element, form);
}
UnaryKernel unary_kernel(UnaryOp op, PtoElement element) { return HWY_DYNAMIC_DISPATCH(select_unary)(op, element); }
RowReduceKernel row_reduce_kernel(ReduceOp op, PtoElement element) { return HWY_DYNAMIC_DISPATCH(select_row_reduce)(op, element); }
AccumulateKernel accumulate_kernel(PtoElement element) { return HWY_DYNAMIC_DISPATCH(select_accumulate)(element); }

}  // namespace tilewright::isa
#endif
