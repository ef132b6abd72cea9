// The inner product of panels, register-blocked: up to 16 rows (6 with vectors of 8) by 16 columns of the result stay in registers while k
// runs. A is read from boxes, in which the rows of a block have a constant distance.
#include <type_traits>

#include "isa/kernels.h"
#include "isa/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "isa/kernels_gemm.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "isa/simd_lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tilewright::isa::HWY_NAMESPACE {

template <typename T, class V>
HWY_INLINE V multiply_add(V a, V b, V c) {
  if constexpr (std::is_same_v<T, float>) {
    return hn::MulAdd(a, b, c);
  } else {
    return hn::Add(hn::Mul(a, b), c);
  }
}

/// How a row of B comes.
struct RowI32 {
  using Element = int32_t;
  using D = hn::CappedTag<int32_t, kPanelCols>;
  static HWY_INLINE hn::Vec<D> load(const Element* p) { return hn::LoadU(D(), p); }
};
struct RowF32 {
  using Element = float;
  using D = hn::CappedTag<float, kPanelCols>;
  static HWY_INLINE hn::Vec<D> load(const Element* p) { return hn::LoadU(D(), p); }
};
template <class L>
struct RowHalf {
  using Element = typename L::Element;
  using D = DF;
  static_assert(hn::MaxLanes(DF()) <= kPanelCols);
  static HWY_INLINE VF load(const Element* p) { return L::load(p); }
};

/// What a block does beside its products, in the shade of the multiply-additions: nothing, or a line of a box of the next rows of A is
/// widened for each k.
struct NoNext {
  HWY_INLINE void line(int64_t) {}
  HWY_INLINE void end_box(int64_t) {}
};
template <class L>
struct NextRows {
  static constexpr int64_t kSide = 16;  ///< of a box
  const typename L::Element* from;
  int64_t from_step;
  float* to;

  HWY_INLINE void line(int64_t i) {
    for (int64_t j = 0; j < kSide; j += static_cast<int64_t>(lanes())) {
      hn::StoreU(L::load(from + i * kSide + j), DF(), to + i * kSide + j);
    }
  }
  /// After `done` lines.
  HWY_INLINE void end_box(int64_t done) {
    for (int64_t i = done; i < kSide; ++i) line(i);
    from += from_step, to += kSide * kSide;
  }
};

/// kRows rows of the result; a points to the first of them in its box.
template <typename T, class Row, int kInner, int kRows, class Next = NoNext>
HWY_INLINE void panel_block(const PanelProduct<T>& p, const T* a, T* c, Next next = {}) {
  const typename Row::D d;
  using V = hn::Vec<decltype(d)>;
  constexpr int kWidth = static_cast<int>(hn::MaxLanes(decltype(d)()));
  constexpr int kVectors = kPanelCols / kWidth;
  V acc[kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) acc[r][v] = hn::Zero(d);
  }
  const auto* b = static_cast<const typename Row::Element*>(p.b);
  for (int64_t k = 0; k < p.depth; k += kInner, a += p.a_box_step) {
    const int64_t depth = p.depth - k < kInner ? p.depth - k : kInner;
    for (int64_t i = 0; i < depth; ++i, b += kPanelCols) {
      V row[kVectors];
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) row[v] = Row::load(b + v * kWidth);
#pragma GCC unroll 16
      for (int r = 0; r < kRows; ++r) {
        const V factor = hn::Set(d, a[r * kInner + i]);
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v) acc[r][v] = multiply_add<T>(factor, row[v], acc[r][v]);
      }
      next.line(i);
    }
    next.end_box(depth);
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
      T* out = c + r * kPanelCols + v * kWidth;
      hn::StoreU(p.accumulate ? hn::Add(acc[r][v], hn::LoadU(d, out)) : acc[r][v], d, out);
    }
  }
}

template <typename T, class Row, int kInner>
void panel(const PanelProduct<T>& p) {
  constexpr bool kOneVector = hn::MaxLanes(hn::CappedTag<T, kPanelCols>()) == kPanelCols;
  for (int64_t m = 0; m < p.rows; m += 16) {
    const T* box = p.a + m / 16 * p.a_row_step;
    const int64_t rows = p.rows - m < 16 ? p.rows - m : 16;
    int64_t r = 0;
    const auto block = [&]<int kRows>() HWY_ATTR {
      panel_block<T, Row, kInner, kRows>(p, box + r * kInner, p.c + (m + r) * kPanelCols);
      r += kRows;
    };
    if constexpr (kOneVector) {
      if (rows == 16) {
        block.template operator()<16>();
        continue;
      }
      if (r + 8 <= rows) block.template operator()<8>();
    } else {
      while (r + 6 <= rows) block.template operator()<6>();
    }
    if (r + 4 <= rows) block.template operator()<4>();
    if (r + 2 <= rows) block.template operator()<2>();
    if (r < rows) block.template operator()<1>();
  }
}

/// The same where A is to be widened and is one box deep: without loops between the widening and the products, which take longer than the
/// widening of so little.
template <class L>
void widening_panel_of_one_box(const PanelProduct<float>& p) {
  constexpr int kSide = 16;
  const DF d;
  for (int64_t m = 0; m < p.rows; m += kSide) {
    const auto* const from = static_cast<const typename L::Element*>(p.source.boxes) + m / kSide * p.source.row_step;
    const float* a = p.a + m / kSide * p.a_row_step;
#pragma GCC unroll 16
    for (int r = 0; r < kSide; ++r) hn::StoreU(L::load(from + r * kSide), d, const_cast<float*>(a) + r * kSide);
    asm("" : "+r"(a) : : "memory");  // factors come from memory; compilers would permute the registers just stored, which is slower
    VF acc[kSide];
#pragma GCC unroll 16
    for (int r = 0; r < kSide; ++r) acc[r] = hn::Zero(d);
    const auto* b = static_cast<const typename L::Element*>(p.b);
#pragma GCC unroll 16
    for (int k = 0; k < kSide; ++k, b += kPanelCols) {
      const VF row = L::load(b);
#pragma GCC unroll 16
      for (int r = 0; r < kSide; ++r) acc[r] = hn::MulAdd(hn::Set(d, a[r * kSide + k]), row, acc[r]);
    }
    float* const c = p.c + m * kPanelCols;
#pragma GCC unroll 16
    for (int r = 0; r < kSide; ++r) {
      float* const out = c + r * kPanelCols;
      hn::StoreU(p.accumulate ? hn::Add(acc[r], hn::LoadU(d, out)) : acc[r], d, out);
    }
  }
}

/// The same where A is to be widened: the first 16 rows before, the others on the way.
template <class L>
void widening_panel(const PanelProduct<float>& p) {
  using Row = RowHalf<L>;
  constexpr bool kOneVector = hn::MaxLanes(DF()) == kPanelCols;
  if constexpr (kOneVector) {
    if (p.depth == 16) return widening_panel_of_one_box<L>(p);
  }
  constexpr int kRows = kOneVector ? 16 : 6;
  PanelProduct<float> rest = p;
  rest.source = {};
  const auto* const boxes = static_cast<const typename L::Element*>(p.source.boxes);
  NextRows<L> first{boxes, p.source.box_step, const_cast<float*>(p.a)};
  for (int64_t k = 0; k < p.depth; k += 16) first.end_box(0);
  for (int64_t m = 0; m < p.rows; m += 16) {
    rest.a = p.a + m / 16 * p.a_row_step, rest.c = p.c + m * kPanelCols, rest.rows = 16;
    float* const behind = const_cast<float*>(rest.a) + p.a_row_step;
    if (m + 16 == p.rows) {
      panel<float, Row, 16>(rest);
      return;
    }
    // Rows are taken as `panel` takes them; the first of them widen.
    panel_block<float, Row, 16, kRows>(rest, rest.a, rest.c,
                                       NextRows<L>{boxes + (m / 16 + 1) * p.source.row_step, p.source.box_step, behind});
    if constexpr (!kOneVector) {
      panel_block<float, Row, 16, 6>(rest, rest.a + 6 * 16, rest.c + 6 * kPanelCols);
      panel_block<float, Row, 16, 4>(rest, rest.a + 12 * 16, rest.c + 12 * kPanelCols);
    }
  }
}

/// A's boxes have as many columns as fill 32 bytes of the type that the tile had.
void panel_f32(const PanelProduct<float>& p) {
  if (p.b_element == kPtoF16) return p.source.boxes != nullptr ? widening_panel<LanesF16>(p) : panel<float, RowHalf<LanesF16>, 16>(p);
  if (p.b_element == kPtoBf16) return p.source.boxes != nullptr ? widening_panel<LanesBf16>(p) : panel<float, RowHalf<LanesBf16>, 16>(p);
  if (p.inner == 8) return panel<float, RowF32, 8>(p);
  p.inner == 16 ? panel<float, RowF32, 16>(p) : panel<float, RowF32, 32>(p);
}
void panel_i32(const PanelProduct<int32_t>& p) { panel<int32_t, RowI32, 32>(p); }

/// Zero is the largest when one is taken off.
uint16_t smallest(const uint16_t* elements, int64_t n) {
  const hn::ScalableTag<uint16_t> d;
  const int64_t width = static_cast<int64_t>(hn::Lanes(d));
  auto least = hn::Set(d, 0xffff);
  const auto magnitude = hn::Set(d, 0x7fff), one = hn::Set(d, 1);
  int64_t i = 0;
  for (; i + width <= n; i += width) least = hn::Min(least, hn::Sub(hn::And(hn::LoadU(d, elements + i), magnitude), one));
  HWY_ALIGN uint16_t lanes_of_least[HWY_MAX_BYTES / sizeof(uint16_t)];
  hn::Store(least, d, lanes_of_least);
  uint16_t result = 0xffff;
  for (int64_t k = 0; k < width; ++k) result = lanes_of_least[k] < result ? lanes_of_least[k] : result;
  for (; i < n; ++i) {
    const uint16_t value = static_cast<uint16_t>((elements[i] & 0x7fff) - 1);
    result = value < result ? value : result;
  }
  return result == 0xffff ? result : static_cast<uint16_t>(result + 1);
}

}  // namespace tilewright::isa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tilewright::isa {

HWY_EXPORT(panel_f32);
HWY_EXPORT(panel_i32);
HWY_EXPORT(smallest);

void panel_product(const PanelProduct<float>& product) { HWY_DYNAMIC_DISPATCH(panel_f32)(product); }
void panel_product(const PanelProduct<int32_t>& product) { HWY_DYNAMIC_DISPATCH(panel_i32)(product); }
uint16_t smallest_magnitude(const uint16_t* elements, int64_t n) { return HWY_DYNAMIC_DISPATCH(smallest)(elements, n); }

}  // namespace tilewright::isa
#endif
