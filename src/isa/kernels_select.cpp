// Selection by packed bits.
#include <cstring>

#include "isa/kernels.h"
#include "isa/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "isa/kernels_select.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tilewright::isa::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// n <= 256. `bits` may be read up to 8 bytes beyond the last one that counts.
template <typename T, bool kScalarB>
HWY_INLINE void select_run(T* dst, const uint8_t* bits, const T* a, const T* b, size_t n) {
  const hn::ScalableTag<T> d;
  const size_t width = hn::Lanes(d);
  size_t i = 0;
  if (width % 8 == 0) {  // whole bytes of bits
    for (; i + width <= n; i += width) {
      const auto mask = hn::LoadMaskBits(d, bits + i / 8);
      hn::StoreU(hn::IfThenElse(mask, hn::LoadU(d, a + i), kScalarB ? hn::Set(d, *b) : hn::LoadU(d, b + i)), d, dst + i);
    }
  }
  for (; i < n; ++i) dst[i] = (bits[i / 8] >> i % 8 & 1) != 0 ? a[i] : b[kScalarB ? 0 : i];
}

template <typename T, bool kScalarB>
void select_lines(const Strips& s) {
  constexpr int64_t kChunk = 256;
  uint8_t bits[kChunk / 8 + 8] = {};
  for (int64_t line = 0; line < s.lines; ++line) {
    T* dst = reinterpret_cast<T*>(s.dst + line * s.dst_step);
    const T* a = reinterpret_cast<const T*>(s.a + line * s.a_step);
    const T* b = reinterpret_cast<const T*>(s.b + line * s.b_step);
    for (int64_t i = 0; i < s.n; i += kChunk) {
      const int64_t n = s.n - i < kChunk ? s.n - i : kChunk;
      std::memcpy(bits, s.c + line * s.c_step + i / 8, static_cast<size_t>(n + 7) / 8);
      select_run<T, kScalarB>(dst + i, bits, a + i, kScalarB ? b : b + i, static_cast<size_t>(n));
    }
  }
}

template <bool kScalarB>
StripKernel select_for(int element_bytes) {
  switch (element_bytes) {
    case 1: return select_lines<uint8_t, kScalarB>;
    case 2: return select_lines<uint16_t, kScalarB>;
    case 4: return select_lines<uint32_t, kScalarB>;
    default: return select_lines<uint64_t, kScalarB>;
  }
}

StripKernel select_selection(int element_bytes, bool b_is_scalar) {
  return b_is_scalar ? select_for<true>(element_bytes) : select_for<false>(element_bytes);
}

}  // namespace tilewright::isa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tilewright::isa {

HWY_EXPORT(select_selection);

StripKernel selection_kernel(int element_bytes, bool b_is_scalar) {
  return HWY_DYNAMIC_DISPATCH(select_selection)(element_bytes, b_is_scalar);
}

}  // namespace tilewright::isa
#endif
