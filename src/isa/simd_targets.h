// The instruction sets that the backend is compiled for: AVX2 (what kernels are compiled for by default) and AVX-512, and the
// plain baseline, so that the library still runs elsewhere. More targets cost build time and gain little. Include before
// Highway.
#pragma once

#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL)
