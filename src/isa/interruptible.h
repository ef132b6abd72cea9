// For whoever decides the schedule of simulated cores: a place to switch before every instruction, and memories as they were at first.
#pragma once

#include "isa/core.h"

namespace tilewright {

/// A host that wants to know of instructions before they execute.
class InterruptibleHost : public CoreHost {
 public:
  /// A kernel that was bound to interruptible_sim_table() is about to execute an instruction. Lets other cores run if the host wishes.
  virtual void interrupt() = 0;
};

/// sim_table() or strict_sim_table(), with a call of InterruptibleHost::interrupt() before each instruction: the hosts of all cores whose kernels are bound
/// to it are InterruptibleHosts. Costs nothing where kernels are bound to sim_table().
const PtoSimTable* interruptible_sim_table(bool strict);

/// Makes all memories of a core zero, and gives their pages back. No kernel may run there.
void clear_memory(const CoreMemory& memory);

}  // namespace tilewright
