// Which bytes an instruction reads and writes: what its handler in src/isa does, said in ranges of bytes.
#pragma once

#include <cstdint>
#include <vector>

#include "check/shadow.h"
#include "isa/core.h"

namespace tilewright::check {

/// What an instruction does with one operand. Ranges are addresses of this process, in order, apart from each other.
struct Access {
  uint8_t operand;
  bool write;
  bool atomic = false;
  bool remote = false;  ///< in memory of another chip, which is no tensor of the task
  uint8_t lanes = 0;    ///< not 0: in the memories of these lanes of the block (a mask) instead, at the same offsets
  std::vector<ByteRange> ranges;
};

/// Reads come first. Indices (TGATHER, MSCATTER, ...) are read where they lie, so this is called before the instruction executes,
/// and for TPOP after it. Instructions that only order others, or that only name memory (TRESHAPE, TSUBVIEW), have none. An
/// instruction that this file does not know counts as elementwise if all its operands are tiles.
std::vector<Access> accesses_of(const PtoInstruction& instruction, const CoreContext& core);

/// Whether accesses_of has a rule for the instruction.
bool has_access_rule(uint16_t op);

}  // namespace tilewright::check
