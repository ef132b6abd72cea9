// The one place where others watch instructions: checkers, race detection, traces, virtual time.
#pragma once

#include "isa/core.h"

namespace tilewright {

/// Called for every instruction that passed its checks, on the core's stack, before it executes. The instruction is valid for
/// the call only. Must not throw or yield.
using PtoInstructionHook = void (*)(const PtoInstruction& instruction, CoreContext& core);

/// Sets the process's hook, null to switch it off. Scalar accesses to tiles are reported (SCALAR_GET, SCALAR_SET) while one is
/// set. Cores that run at that moment may miss the change for one instruction.
void set_instruction_hook(PtoInstructionHook hook);
PtoInstructionHook instruction_hook();

/// "TADD", ...; "?" for a number that names no instruction.
const char* op_name(uint16_t op);

/// "f32", "i8", ...
const char* element_name(uint8_t element);

}  // namespace tilewright
