#pragma once

#include "common/example.h"

namespace tilewright::examples {

/// The softmax of 160 chunks of 2048 numbers, from the definition in double precision.
Problem all_meet_problem(uint64_t seed);

}  // namespace tilewright::examples
