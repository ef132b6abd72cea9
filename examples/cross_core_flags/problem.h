#pragma once

#include "common/example.h"

namespace tilewright::examples {

/// x * w less its column means over 32 rows, for 90 tiles; from the definition in double precision.
Problem cross_core_flags_problem(uint64_t seed);

}  // namespace tilewright::examples
