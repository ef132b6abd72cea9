#pragma once

#include "common/example.h"

namespace tilewright::examples {

/// silu(x * w1) * w2 for 100 tiles of 32 rows, in one task of three lanes; from the definition in double precision.
Problem pipeline_problem(uint64_t seed);

}  // namespace tilewright::examples
