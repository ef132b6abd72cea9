// Generated tensors: the same bytes for the same text on every machine. Formulas: docs/design/data.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "data/host_tensor.h"

namespace tilewright {

/// Fills `tensor` as `generator` says:
///
///   zeros                  all bytes zero; the only one for fp8 and fp4
///   full:VALUE             every element VALUE; "nan", "inf", "-inf" for floating point
///   randn:SEED             normal with mean 0 and deviation 1; floating point only
///   uniform:LO:HI:SEED     LO <= x < HI (after rounding, x may equal HI); for integers every one of LO, ..., HI - 1
///   arange[:START[:STEP]]  START + i * STEP over the row-major index i; default 0 and 1
///
/// Floating-point values are computed in double and rounded to float, then to the type, to nearest even. Numbers for
/// integer types are integers within the type's range. Throws Error(kInvalidArgument) that says what is wrong and
/// shows the forms; kUnsupported for fp8 and fp4.
void generate(HostTensor& tensor, std::string_view generator);

// The random numbers by index, for references that need the same values.

/// Number `n` of the stream that SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) yields from this state.
uint64_t splitmix64(uint64_t state, uint64_t n);
/// Number `n` of the stream of `seed` in [0, 1): the upper 53 bits of splitmix64(splitmix64(seed, 0), n).
double uniform_number(uint64_t seed, uint64_t n);
/// Normal numbers 2n and 2n + 1 of `seed` (Box and Muller, 1958), by additions, multiplications, divisions and square
/// roots only, which IEEE 754 defines to the bit.
std::pair<double, double> normal_numbers(uint64_t seed, uint64_t n);

}  // namespace tilewright
