// The one place where others watch instructions: checkers, race detection, traces, virtual time.
#pragma once

#include "isa/core.h"

namespace tilewright {

/// Called for every instruction that passed its checks, on the core's stack, before it executes or after it has executed. The
/// instruction is valid for the call only; core.issued_from is where the kernel issued it. Must not throw or yield; may end the
/// kernel (CoreContext::fail).
using PtoInstructionHook = void (*)(const PtoInstruction& instruction, CoreContext& core);

/// Sets the process's hook, null to switch it off. `after` may be null; what ends the kernel while it executes has no `after`. An
/// instruction that waits for other cores has waited between the two. Scalar accesses to tiles are reported (SCALAR_GET, SCALAR_SET)
/// while a hook is set. Cores that run at that moment may miss the change for one instruction.
void set_instruction_hook(PtoInstructionHook before, PtoInstructionHook after = nullptr);

/// Called when the default core of a thread, on which a host test program runs kernels, ends with its thread. Null to switch it off.
void set_core_end_hook(void (*hook)(CoreContext& core));
/// Calls that hook, if there is one, for a core of a host test program.
void report_core_end(CoreContext& core);
PtoInstructionHook instruction_hook();

/// Whether this simulator executes the instruction with this number.
bool executes(uint16_t op);

/// "TADD", ...; "?" for a number that names no instruction.
const char* op_name(uint16_t op);

/// "f32", "i8", ...
const char* element_name(uint8_t element);

}  // namespace tilewright
