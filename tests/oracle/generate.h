// A program of a seed.
#pragma once

#include "coverage.h"
#include "program.h"

namespace tilewright::oracle {

/// The same program each time. Two of three have, beside what chance gives them, one cell of the table of coverage, one after another; the
/// third is one that a compiler can know exactly (Text::exact), where precision is measured.
Program generate(uint64_t seed);

}  // namespace tilewright::oracle
