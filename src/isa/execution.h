// An instruction on its way through the backend: what handlers get, and how they refuse.
#pragma once

#include <string>

#include "isa/core.h"
#include "pto/common/type.hpp"

namespace tilewright::isa {

struct Execution {
  const PtoInstruction& instruction;
  CoreContext& core;

  const PtoOperand& operand(int i) const { return instruction.operands[i]; }
  const PtoAttributes& attributes() const { return instruction.attributes; }
  pto::Op op() const { return static_cast<pto::Op>(instruction.op); }
};

/// Executes one instruction whose operands passed check_operands.
using Handler = void (*)(const Execution& execution);

// Handlers by family; null if the family does not have the operation.
Handler move_handler(pto::Op op);
Handler elementwise_handler(pto::Op op);
Handler reduce_handler(pto::Op op);
Handler matmul_handler(pto::Op op);

/// What every instruction asks of its operands: that they have an address and a valid shape within the physical one.
void check_operands(const Execution& execution);

/// "operand 1, a Vec tile f32 128x128 (valid 64x128)"
std::string describe_operand(const Execution& execution, int index);

/// Ends the kernel: "TADD: <problem>; <advice>".
[[noreturn]] void fail(const Execution& execution, int code, const std::string& problem, const std::string& advice);

/// Requires rows x cols, starting at (row, col), to lie within the physical extent of a tile operand.
void require_region(const Execution& execution, int index, int64_t row, int64_t col, int64_t rows, int64_t cols);

}  // namespace tilewright::isa
