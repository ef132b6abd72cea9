// A program of a seed.
#pragma once

#include "coverage.h"
#include "program.h"

namespace tilewright::oracle {

/// The same program each time. Each has, beside what chance gives it, one cell of the table of coverage, one after another: as many seeds as
/// there are cells leave none out.
Program generate(uint64_t seed);

}  // namespace tilewright::oracle
