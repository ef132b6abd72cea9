#pragma once

#include "common/example.h"

namespace tilewright::examples {

/// c + a * b for a batch of 3, M = 128, N = 64, K = 256; from the definition in double precision.
Problem bgemm_problem(uint64_t seed);

}  // namespace tilewright::examples
