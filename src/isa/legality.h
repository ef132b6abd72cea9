// What a chip generation does not have, refused where an instruction executes. The table is pto/common/legality.hpp.
#pragma once

#include <string>

#include "isa/execution.h"

namespace tilewright::isa {

/// Ends the kernel if the core's generation does not have the instruction, or not in this form. Operands need not have been checked.
void check_generation(const Execution& execution);

/// "TADD", or "TMOV from Acc to Vec": an operation as kernels know it.
std::string instruction_name(pto::Op op);

}  // namespace tilewright::isa
