// Products of a row with a matrix that lies in the boxes of a Right tile, where the elements of a column are contiguous within a box: sums
// over k run in vectors and are folded once per column.
#include <type_traits>

#include "isa/kernels.h"
#include "isa/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "isa/kernels_gemv.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "isa/simd_lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tilewright::isa::HWY_NAMESPACE {

/// f32 boxes are 8 rows high, which may be less than a vector.
struct ColumnsF32 {
  using Element = float;
  using Sum = float;
  static constexpr int kInner = 8;
  using D = hn::CappedTag<float, kInner>;
  static HWY_INLINE hn::Vec<D> load(const Element* p) { return hn::LoadU(D(), p); }
  static HWY_INLINE hn::Vec<D> add_product(hn::Vec<D> a, hn::Vec<D> b, hn::Vec<D> sum) { return hn::MulAdd(a, b, sum); }
};

template <class L>
struct ColumnsHalf {
  using Element = typename L::Element;
  using Sum = float;
  static constexpr int kInner = 16;
  using D = DF;
  static HWY_INLINE VF load(const Element* p) { return L::load(p); }
  static HWY_INLINE VF add_product(VF a, VF b, VF sum) { return hn::MulAdd(a, b, sum); }
};

struct ColumnsI8 {
  using Element = int8_t;
  using Sum = int32_t;
  static constexpr int kInner = 32;
  using D = hn::ScalableTag<int32_t>;
  static HWY_INLINE hn::Vec<D> load(const Element* p) { return hn::PromoteTo(D(), hn::LoadU(hn::Rebind<int8_t, D>(), p)); }
  static HWY_INLINE hn::Vec<D> add_product(hn::Vec<D> a, hn::Vec<D> b, hn::Vec<D> sum) { return hn::Add(hn::Mul(a, b), sum); }
};

/// sums[j] = sum over k < depth of a[k] b(k, j), j < 16.
template <class C>
HWY_INLINE void panel_sums(const typename C::Sum* a, const uint8_t* b, int64_t box_step, int64_t depth, typename C::Sum* sums) {
  using T = typename C::Sum;
  using E = typename C::Element;
  const typename C::D d;
  constexpr size_t kWidth = hn::MaxLanes(typename C::D()), kVectors = C::kInner / kWidth;
  static_assert(C::kInner % kWidth == 0);
  HWY_ALIGN E rest[C::kInner] = {};
  HWY_ALIGN T rest_a[C::kInner] = {};
  const int64_t whole = depth / C::kInner * C::kInner;
  for (int64_t k = whole; k < depth; ++k) rest_a[k - whole] = a[k];
  // Four columns at a time keep their sums in registers.
  for (int64_t j = 0; j < kPanelCols; j += 4) {
    hn::Vec<typename C::D> sum[4] = {hn::Zero(d), hn::Zero(d), hn::Zero(d), hn::Zero(d)};
    const auto add = [&](const T* factors, const E* column, int c) HWY_ATTR {
      for (size_t v = 0; v < kVectors; ++v)
        sum[c] = C::add_product(hn::LoadU(d, factors + v * kWidth), C::load(column + v * kWidth), sum[c]);
    };
    const uint8_t* box = b;
    for (int64_t k = 0; k < whole; k += C::kInner, box += box_step) {
      const E* columns = reinterpret_cast<const E*>(box) + j * C::kInner;
      for (int c = 0; c < 4; ++c) add(a + k, columns + c * C::kInner, c);
    }
    if (whole < depth) {  // what a box holds below the last valid row may be anything, so it is not multiplied, not even by 0
      for (int c = 0; c < 4; ++c) {
        const E* column = reinterpret_cast<const E*>(box) + (j + c) * C::kInner;
        for (int64_t k = 0; k < depth - whole; ++k) rest[k] = column[k];
        add(rest_a, rest, c);
      }
    }
    for (int c = 0; c < 4; ++c) sums[j + c] = hn::GetLane(hn::SumOfLanes(d, sum[c]));
  }
}

template <class C>
void multiply_row(const RowProduct& p) {
  using T = typename C::Sum;
  uint8_t* c = p.c;
  const uint8_t* b = p.b;
  for (int64_t n = 0; n < p.cols; n += kPanelCols) {
    HWY_ALIGN T sums[kPanelCols];
    panel_sums<C>(static_cast<const T*>(p.a), b, p.box_step, p.depth, sums);
    T* out = reinterpret_cast<T*>(c);
    const int64_t count = p.cols - n < kPanelCols ? p.cols - n : kPanelCols;
    for (int64_t j = 0; j < count; ++j) {
      if constexpr (std::is_same_v<T, float>) {
        out[j] = p.accumulate ? out[j] + sums[j] : sums[j];
      } else {  // wraps
        out[j] = static_cast<T>((p.accumulate ? static_cast<uint32_t>(out[j]) : 0u) + static_cast<uint32_t>(sums[j]));
      }
    }
    c += p.c_step;
    b += int64_t{kPanelCols} * C::kInner * static_cast<int64_t>(sizeof(typename C::Element));
  }
}

void multiply_row_of(PtoElement element, const RowProduct& p) {
  switch (element) {
    case kPtoI8: return multiply_row<ColumnsI8>(p);
    case kPtoF16: return multiply_row<ColumnsHalf<LanesF16>>(p);
    case kPtoBf16: return multiply_row<ColumnsHalf<LanesBf16>>(p);
    default: return multiply_row<ColumnsF32>(p);
  }
}

}  // namespace tilewright::isa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tilewright::isa {

HWY_EXPORT(multiply_row_of);

void row_product(PtoElement element, const RowProduct& product) { HWY_DYNAMIC_DISPATCH(multiply_row_of)(element, product); }

}  // namespace tilewright::isa
#endif
