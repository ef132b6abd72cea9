#pragma once

#include "common/example.h"

namespace tilewright::examples {

/// y = x * w and silu(gate) for 96 rows of 128, from the definitions in double precision.
Problem mixed_problem(uint64_t seed);

}  // namespace tilewright::examples
