// The inner product of panels, register-blocked: up to 6 rows by 16 columns of the result stay in registers while k runs.
#include <type_traits>

#include "isa/kernels.h"
#include "isa/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "isa/kernels_gemm.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tilewright::isa::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <typename T, class V>
HWY_INLINE V multiply_add(V a, V b, V c) {
  if constexpr (std::is_same_v<T, float>) {
    return hn::MulAdd(a, b, c);
  } else {
    return hn::Add(hn::Mul(a, b), c);
  }
}

template <typename T, int kRows>
HWY_INLINE void panel_block(const PanelProduct<T>& p, int64_t m) {
  const hn::CappedTag<T, kPanelCols> d;
  using V = hn::Vec<decltype(d)>;
  constexpr int kWidth = static_cast<int>(hn::MaxLanes(decltype(d)()));
  constexpr int kVectors = kPanelCols / kWidth;
  V acc[kRows][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) acc[r][v] = hn::Zero(d);
  }
  const T* a = p.a + m * p.a_stride;
  const T* b = p.b;
  for (int64_t k = 0; k < p.depth; ++k, b += kPanelCols) {
    V row[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) row[v] = hn::LoadU(d, b + v * kWidth);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const V factor = hn::Set(d, a[r * p.a_stride + k]);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) acc[r][v] = multiply_add<T>(factor, row[v], acc[r][v]);
    }
  }
  T* c = p.c + m * kPanelCols;
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      T* out = c + r * kPanelCols + v * kWidth;
      hn::StoreU(p.accumulate ? hn::Add(acc[r][v], hn::LoadU(d, out)) : acc[r][v], d, out);
    }
  }
}

template <typename T>
void panel(const PanelProduct<T>& p) {
  int64_t m = 0;
  for (; m + 6 <= p.rows; m += 6) panel_block<T, 6>(p, m);
  switch (p.rows - m) {
    case 5: return panel_block<T, 5>(p, m);
    case 4: return panel_block<T, 4>(p, m);
    case 3: return panel_block<T, 3>(p, m);
    case 2: return panel_block<T, 2>(p, m);
    case 1: return panel_block<T, 1>(p, m);
    default: return;
  }
}

void panel_f32(const PanelProduct<float>& p) { panel(p); }
void panel_i32(const PanelProduct<int32_t>& p) { panel(p); }

}  // namespace tilewright::isa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tilewright::isa {

HWY_EXPORT(panel_f32);
HWY_EXPORT(panel_i32);

void panel_product(const PanelProduct<float>& product) { HWY_DYNAMIC_DISPATCH(panel_f32)(product); }
void panel_product(const PanelProduct<int32_t>& product) { HWY_DYNAMIC_DISPATCH(panel_i32)(product); }

}  // namespace tilewright::isa
#endif
