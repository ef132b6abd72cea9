// Atomic combination of single elements in device memory, which other cores and other processes may combine at the same time.
#pragma once

#include <cstdint>

#include "pto/common/type.hpp"

namespace tilewright::isa {

/// *target = *target op *source, for one aligned element. Maximum and minimum ignore a NaN.
using Combine = void (*)(uint8_t* target, const uint8_t* source, pto::ScatterAtomicOp op);

/// For the elements that have arithmetic (PtoElement).
Combine combine_for(uint8_t element);

}  // namespace tilewright::isa
