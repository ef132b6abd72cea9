#pragma once

#include "common/example.h"

namespace tilewright::examples {

/// blocks that say who they are: 20, 200 and 60 x 3 lanes; from the definition in double precision.
Problem spmd_problem(uint64_t seed);

}  // namespace tilewright::examples
