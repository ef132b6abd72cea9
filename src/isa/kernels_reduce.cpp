// Reductions of rows and columns. Floating point in explicit vectors; integers in plain loops that the compiler vectorises.
#include <algorithm>
#include <limits>
#include <type_traits>

#include "isa/kernels.h"
#include "isa/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "isa/kernels_reduce.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "isa/simd_lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tilewright::isa::HWY_NAMESPACE {

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
  if constexpr (kOp == ReduceOp::kSum) return hn::GetLane(hn::SumOfLanes(d, v));
  const auto nan = hn::IsNaN(v);
  if (hn::AllTrue(d, nan)) return std::numeric_limits<float>::quiet_NaN();
  const VF infinity = hn::Set(d, std::numeric_limits<float>::infinity());
  if constexpr (kOp == ReduceOp::kMax) return hn::GetLane(hn::MaxOfLanes(d, hn::IfThenElse(nan, hn::Neg(infinity), v)));
  if constexpr (kOp == ReduceOp::kMin) return hn::GetLane(hn::MinOfLanes(d, hn::IfThenElse(nan, infinity, v)));
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

template <ReduceOp kOp, typename T>
HWY_INLINE T combine_integers(T a, T b) {
  using U = std::make_unsigned_t<T>;
  if constexpr (kOp == ReduceOp::kSum) return static_cast<T>(static_cast<U>(a) + static_cast<U>(b));
  if constexpr (kOp == ReduceOp::kMax) return a > b ? a : b;
  if constexpr (kOp == ReduceOp::kMin) return a < b ? a : b;
}

template <typename T, ReduceOp kOp>
void row_reduce_integer(void* out, const void* src, int64_t row_step, int64_t rows, int64_t n) {
  for (int64_t r = 0; r < rows; ++r) {
    const T* row = reinterpret_cast<const T*>(static_cast<const uint8_t*>(src) + r * row_step);
    T acc = row[0];
    for (int64_t i = 1; i < n; ++i) acc = combine_integers<kOp>(acc, row[i]);
    static_cast<T*>(out)[r] = acc;
  }
}

/// kVectors vectors of columns from `src` on, all rows, in registers.
template <class L, ReduceOp kOp, int kVectors>
HWY_INLINE void reduce_columns(typename L::Element* out, const uint8_t* src, int64_t row_step, int64_t rows) {
  using E = typename L::Element;
  const size_t width = lanes();
  const auto at = [src, row_step](int64_t r) HWY_ATTR { return reinterpret_cast<const E*>(src + r * row_step); };
  VF acc[kVectors];
  for (size_t v = 0; v < kVectors; ++v) acc[v] = L::load(at(0) + v * width);
  for (int64_t r = 1; r < rows; ++r) {
    for (size_t v = 0; v < kVectors; ++v) acc[v] = combine<kOp>(acc[v], L::load(at(r) + v * width));
  }
  for (size_t v = 0; v < kVectors; ++v) L::store(acc[v], out + v * width);
}

template <class L, ReduceOp kOp>
void col_reduce_float(void* dst, const void* src, int64_t row_step, int64_t rows, int64_t n) {
  using E = typename L::Element;
  const size_t count = static_cast<size_t>(n), width = lanes();
  const auto* from = static_cast<const E*>(src);
  E* out = static_cast<E*>(dst);
  const auto bytes = [from](size_t c) HWY_ATTR { return reinterpret_cast<const uint8_t*>(from + c); };
  size_t c = 0;
  for (; c + 4 * width <= count; c += 4 * width) reduce_columns<L, kOp, 4>(out + c, bytes(c), row_step, rows);
  for (; c + width <= count; c += width) reduce_columns<L, kOp, 1>(out + c, bytes(c), row_step, rows);
  if (c == count) return;
  // The rest of the columns, gathered into rows of one vector.
  HWY_ALIGN E rest[HWY_MAX_BYTES / sizeof(float)] = {};
  const auto load = [&](int64_t r) HWY_ATTR {
    const E* row = reinterpret_cast<const E*>(bytes(c) + r * row_step);
    for (size_t k = 0; k < count - c; ++k) rest[k] = row[k];
    return L::load(rest);
  };
  VF acc = load(0);
  for (int64_t r = 1; r < rows; ++r) acc = combine<kOp>(acc, load(r));
  L::store(acc, rest);
  for (size_t k = 0; k < count - c; ++k) out[c + k] = rest[k];
}

template <typename T, ReduceOp kOp>
void col_reduce_integer(void* dst, const void* src, int64_t row_step, int64_t rows, int64_t n) {
  constexpr int64_t kChunk = 256;
  T acc[kChunk];
  for (int64_t first = 0; first < n; first += kChunk) {
    const int64_t count = n - first < kChunk ? n - first : kChunk;
    const auto row = [&](int64_t r)
                         HWY_ATTR { return reinterpret_cast<const T*>(static_cast<const uint8_t*>(src) + r * row_step) + first; };
    std::copy_n(row(0), count, acc);
    for (int64_t r = 1; r < rows; ++r) {
      const T* from = row(r);
      for (int64_t c = 0; c < count; ++c) acc[c] = combine_integers<kOp>(acc[c], from[c]);
    }
    std::copy_n(acc, count, static_cast<T*>(dst) + first);
  }
}

template <ReduceOp kOp, bool kColumns>
ReduceKernel reduce_for_element(PtoElement element) {
#define TW_ISA_REDUCE(KIND, TYPE) (kColumns ? col_reduce_##KIND<TYPE, kOp> : row_reduce_##KIND<TYPE, kOp>)
  switch (element) {
    case kPtoF32: return TW_ISA_REDUCE(float, LanesF32);
    case kPtoF16: return TW_ISA_REDUCE(float, LanesF16);
    case kPtoBf16: return TW_ISA_REDUCE(float, LanesBf16);
    case kPtoI8: return TW_ISA_REDUCE(integer, int8_t);
    case kPtoU8: return TW_ISA_REDUCE(integer, uint8_t);
    case kPtoI16: return TW_ISA_REDUCE(integer, int16_t);
    case kPtoU16: return TW_ISA_REDUCE(integer, uint16_t);
    case kPtoI32: return TW_ISA_REDUCE(integer, int32_t);
    case kPtoU32: return TW_ISA_REDUCE(integer, uint32_t);
    case kPtoI64: return TW_ISA_REDUCE(integer, int64_t);
    case kPtoU64: return TW_ISA_REDUCE(integer, uint64_t);
    default: return nullptr;
  }
#undef TW_ISA_REDUCE
}

template <bool kColumns>
ReduceKernel reduce_for_op(ReduceOp op, PtoElement element) {
  switch (op) {
    case ReduceOp::kSum: return reduce_for_element<ReduceOp::kSum, kColumns>(element);
    case ReduceOp::kMax: return reduce_for_element<ReduceOp::kMax, kColumns>(element);
    case ReduceOp::kMin: return reduce_for_element<ReduceOp::kMin, kColumns>(element);
  }
  return nullptr;
}

ReduceKernel select_row_reduce(ReduceOp op, PtoElement element) { return reduce_for_op<false>(op, element); }
ReduceKernel select_col_reduce(ReduceOp op, PtoElement element) { return reduce_for_op<true>(op, element); }

}  // namespace tilewright::isa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tilewright::isa {

HWY_EXPORT(select_row_reduce);
HWY_EXPORT(select_col_reduce);

ReduceKernel row_reduce_kernel(ReduceOp op, PtoElement element) { return HWY_DYNAMIC_DISPATCH(select_row_reduce)(op, element); }
ReduceKernel col_reduce_kernel(ReduceOp op, PtoElement element) { return HWY_DYNAMIC_DISPATCH(select_col_reduce)(op, element); }

}  // namespace tilewright::isa
#endif
