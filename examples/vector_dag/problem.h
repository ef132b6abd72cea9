#pragma once

#include "common/example.h"

namespace tilewright::examples {

/// (a + b + 1)(a + b + 2) + (a + b) in five tasks for every 32 of 256 rows; from the definition in double precision.
Problem vector_dag_problem(uint64_t seed);

}  // namespace tilewright::examples
