// Conversions between any two element types. The fast kernels (kernels.h) know pairs of floats and integers of 16 and 32 bits; here are
// 64-bit integers, the small floats and int4.
#pragma once

#include <cstdint>

#include "isa/kernels.h"

namespace tilewright::isa {

/// dst[i] = src[i] converted, as TCVT says. An fp4 element lies in the low nibble of a byte of its own here. Thread safe.
void convert_elements(const Conversion& conversion, void* dst, const void* src, int64_t n);

/// dst[i] = src[i] for a float type of 8 bits or less, exactly.
void widen_small_float(PtoElement from, float* dst, const uint8_t* src, int64_t n);

constexpr bool is_small_float(uint8_t element) { return element >= kPtoF8E4M3 && element <= kPtoF4E1M2x2; }
constexpr bool is_fp4(uint8_t element) { return element == kPtoF4E2M1x2 || element == kPtoF4E1M2x2; }

}  // namespace tilewright::isa
