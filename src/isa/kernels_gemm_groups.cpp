// Products of groups of four bytes with the instructions that multiply and sum a group in each lane: four bytes (AVX-512 VNNI) or two bf16
// (AVX-512 BF16). Highway 1.0.3 cannot say them, so this file of the SIMD layer uses the intrinsics. The first takes unsigned by signed bytes:
// A comes with 128 added, and 128 times the column sums of B are taken off again, exactly modulo 2^32.
#include <hwy/highway.h>

#include "isa/kernels.h"

#if HWY_ARCH_X86_64
#include <immintrin.h>
#define TW_ISA_VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
#define TW_ISA_BF16 __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))
#endif

namespace tilewright::isa {

#if HWY_ARCH_X86_64

namespace {

/// A group of A in every lane.
inline int32_t group_at(const uint8_t* a) {
  int32_t group;
  __builtin_memcpy(&group, a, 4);
  return group;
}

template <int kRows>
TW_ISA_VNNI inline void byte_rows(const GroupPanelProduct& p, int64_t m, __m512i offset) {
  __m512i acc[kRows];
#pragma GCC unroll 12
  for (int r = 0; r < kRows; ++r) acc[r] = _mm512_setzero_si512();
  const uint8_t* a = p.a + m * p.a_stride;
  for (int64_t g = 0; g < p.groups; ++g) {
    const __m512i b = _mm512_loadu_si512(p.b + g * 64);
#pragma GCC unroll 12
    for (int r = 0; r < kRows; ++r) acc[r] = _mm512_dpbusd_epi32(acc[r], _mm512_set1_epi32(group_at(a + r * p.a_stride + g * 4)), b);
  }
  int32_t* c = static_cast<int32_t*>(p.c) + m * kPanelCols;
#pragma GCC unroll 12
  for (int r = 0; r < kRows; ++r) {
    __m512i sum = _mm512_sub_epi32(acc[r], offset);
    if (p.accumulate) sum = _mm512_add_epi32(sum, _mm512_loadu_si512(c + r * kPanelCols));
    _mm512_storeu_si512(c + r * kPanelCols, sum);
  }
}

TW_ISA_VNNI void multiply_bytes(const GroupPanelProduct& p) {
  __m512i offset = _mm512_setzero_si512();  // 128 times the sums of the columns
  const __m512i factor = _mm512_set1_epi8(static_cast<char>(128));
  for (int64_t g = 0; g < p.groups; ++g) offset = _mm512_dpbusd_epi32(offset, factor, _mm512_loadu_si512(p.b + g * 64));
  int64_t m = 0;
  for (; m + 12 <= p.rows; m += 12) byte_rows<12>(p, m, offset);
  for (; m + 4 <= p.rows; m += 4) byte_rows<4>(p, m, offset);
  for (; m < p.rows; ++m) byte_rows<1>(p, m, offset);
}

template <int kRows>
TW_ISA_BF16 inline void bf16_rows(const GroupPanelProduct& p, int64_t m) {
  __m512 acc[kRows];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) acc[r] = _mm512_setzero_ps();
  const uint8_t* a = p.a + m * p.a_stride;
  for (int64_t g = 0; g < p.groups; ++g) {
    const __m512bh b = (__m512bh)_mm512_loadu_si512(p.b + g * 64);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      acc[r] = _mm512_dpbf16_ps(acc[r], (__m512bh)_mm512_set1_epi32(group_at(a + r * p.a_stride + g * 4)), b);
    }
  }
  float* c = static_cast<float*>(p.c) + m * kPanelCols;
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    _mm512_storeu_ps(c + r * kPanelCols, p.accumulate ? _mm512_add_ps(acc[r], _mm512_loadu_ps(c + r * kPanelCols)) : acc[r]);
  }
}

TW_ISA_BF16 void multiply_bf16(const GroupPanelProduct& p) {
  int64_t m = 0;
  for (; m + 16 <= p.rows; m += 16) bf16_rows<16>(p, m);
  for (; m + 4 <= p.rows; m += 4) bf16_rows<4>(p, m);
  for (; m < p.rows; ++m) bf16_rows<1>(p, m);
}

/// The processor's answers; Highway's is asked as well, so that a test that takes instruction sets away takes these.
bool has(bool instruction) { return instruction && (hwy::SupportedTargets() & HWY_AVX3) != 0; }

}  // namespace

GroupKernel group_kernel(PtoElement element) {
  static const bool matrix_unit = has_matrix_unit(), bytes = has(__builtin_cpu_supports("avx512vnni")),
                    bf16 = has(__builtin_cpu_supports("avx512bf16"));
  if (element == kPtoI8) return matrix_unit ? GroupKernel{group_product_i8, 0} : bytes ? GroupKernel{multiply_bytes, 0x80} : GroupKernel{};
  if (element != kPtoBf16) return {};
  return matrix_unit ? GroupKernel{group_product_bf16, 0} : bf16 ? GroupKernel{multiply_bf16, 0} : GroupKernel{};
}

#else

GroupKernel group_kernel(PtoElement) { return {}; }

#endif

}  // namespace tilewright::isa
