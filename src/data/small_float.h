// Floating-point formats shorter than 32 bits, by their bit patterns. Written for files, generators and comparison
// alone, so that they can serve as a reference for the instruction set's own conversions.
#pragma once

#include <cstdint>

namespace tilewright {

/// IEEE 754 binary16. To the nearest value, ties to even; too large becomes infinity; NaN stays NaN (quiet, its upper
/// payload bits and sign kept).
uint16_t float_to_half(float value);
float half_to_float(uint16_t bits);

/// bfloat16: the upper half of a binary32. Rounding and NaN as float_to_half.
uint16_t float_to_bfloat16(float value);
float bfloat16_to_float(uint16_t bits);

/// OCP 8-bit E4M3 (bias 7, no infinities, 0x7f and 0xff are NaN).
float fp8e4m3fn_to_float(uint8_t bits);
/// OCP MX scale E8M0: 2^(bits - 127); 0xff is NaN.
float fp8e8m0_to_float(uint8_t bits);
/// OCP 4-bit E2M1 in the low four bits of a byte: 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives. High bits are ignored.
float fp4e2m1_to_float(uint8_t bits);

}  // namespace tilewright
