// Products of bytes with the instruction that multiplies four pairs and adds them to an i32 (AVX-512 VNNI). Highway 1.0.3 cannot say it, so
// this file of the SIMD layer uses the intrinsic itself. The instruction takes unsigned by signed bytes: A comes with 128 added, and 128
// times the column sums of B are taken off again, exactly modulo 2^32.
#include <hwy/highway.h>

#include "isa/kernels.h"

#if HWY_ARCH_X86_64
#include <immintrin.h>
#define TW_ISA_VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
#endif

namespace tilewright::isa {

#if HWY_ARCH_X86_64

namespace {

template <int kRows>
TW_ISA_VNNI inline void block(const BytePanelProduct& p, int64_t m, __m512i offset) {
  __m512i acc[kRows];
#pragma GCC unroll 12
  for (int r = 0; r < kRows; ++r) acc[r] = _mm512_setzero_si512();
  const uint8_t* a = p.a + m * p.a_stride;
  for (int64_t k = 0; k < p.depth; k += 4) {
    const __m512i b = _mm512_loadu_si512(p.b + k * kPanelCols);
#pragma GCC unroll 12
    for (int r = 0; r < kRows; ++r) {
      int32_t four;
      __builtin_memcpy(&four, a + r * p.a_stride + k, 4);
      acc[r] = _mm512_dpbusd_epi32(acc[r], _mm512_set1_epi32(four), b);
    }
  }
  int32_t* c = p.c + m * kPanelCols;
#pragma GCC unroll 12
  for (int r = 0; r < kRows; ++r) {
    __m512i sum = _mm512_sub_epi32(acc[r], offset);
    if (p.accumulate) sum = _mm512_add_epi32(sum, _mm512_loadu_si512(c + r * kPanelCols));
    _mm512_storeu_si512(c + r * kPanelCols, sum);
  }
}

TW_ISA_VNNI void multiply(const BytePanelProduct& p) {
  __m512i offset = _mm512_setzero_si512();  // 128 times the sums of the columns
  const __m512i factor = _mm512_set1_epi8(static_cast<char>(128));
  for (int64_t k = 0; k < p.depth; k += 4) offset = _mm512_dpbusd_epi32(offset, factor, _mm512_loadu_si512(p.b + k * kPanelCols));
  int64_t m = 0;
  for (; m + 12 <= p.rows; m += 12) block<12>(p, m, offset);
  for (; m + 4 <= p.rows; m += 4) block<4>(p, m, offset);
  for (; m < p.rows; ++m) block<1>(p, m, offset);
}

}  // namespace

bool has_byte_products() {
  // Highway's answer is asked as well, so that a test that takes instruction sets away takes this one.
  static const bool supported = __builtin_cpu_supports("avx512vnni") && (hwy::SupportedTargets() & HWY_AVX3) != 0;
  return supported;
}

void panel_product(const BytePanelProduct& product) { multiply(product); }

#else

bool has_byte_products() { return false; }
void panel_product(const BytePanelProduct&) {}

#endif

}  // namespace tilewright::isa
