#pragma once

#include "common/example.h"

namespace tilewright::examples {

/// c = max(a * b + bias, 0) for M = 128, N = 256, K = 384, from the definition in double precision.
Problem matmul_bias_problem(uint64_t seed);

}  // namespace tilewright::examples
