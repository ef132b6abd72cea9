// An instruction on its way through the backend: what handlers get, and how they refuse.
#pragma once

#include <string>

#include "isa/core.h"
#include "isa/launch.h"
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
Handler fifo_handler(pto::Op op);
Handler sync_handler(pto::Op op);
Handler select_handler(pto::Op op);
Handler gather_handler(pto::Op op);
Handler sort_handler(pto::Op op);
Handler print_handler(pto::Op op);
Handler generate_handler(pto::Op op);

/// TLOAD and TTRANS of convolution tiles.
void load_conv(const Execution& execution);
void transpose_conv(const Execution& execution);
inline bool is_conv_tile(const PtoOperand& operand) { return operand.tile != nullptr && operand.global != nullptr; }

/// What every instruction asks of its operands: that they have an address and a valid shape within the physical one.
void check_operands(const Execution& execution);

/// "operand 1, a Vec tile f32 128x128 (valid 64x128)"
std::string describe_operand(const Execution& execution, int index);

/// Ends the kernel: "TADD: <problem>; <advice>".
[[noreturn]] void fail(const Execution& execution, int code, const std::string& problem, const std::string& advice);

/// Requires rows x cols, starting at (row, col), to lie within the physical extent of a tile operand.
void require_region(const Execution& execution, int index, int64_t row, int64_t col, int64_t rows, int64_t cols);

/// What the core's task shares. Fails on a core that belongs to no task.
Launch& launch_of(const Execution& execution);

/// Takes over what the cube core has written into this core's UB; every instruction that waits for other cores calls it at its end.
void take_deposits(const Execution& execution);

/// Suspends the core until ready() is true; other cores run meanwhile. Both functions are called on other threads: `ready` looks at
/// atomic values only, `describe` completes "kernel K on AIC 3 waits for ...".
template <typename Ready, typename Describe>
void wait_until(const Execution& execution, const Ready& ready, const Describe& describe) {
  if (ready()) return;
  struct Both {
    const Ready& ready;
    const Describe& describe;
  };
  const Both both{ready, describe};
  execution.core.host->wait({[](const void* data) { return static_cast<const Both*>(data)->ready(); }, &both,
                             [](const void* data) -> std::string { return static_cast<const Both*>(data)->describe(); }});
}

}  // namespace tilewright::isa
