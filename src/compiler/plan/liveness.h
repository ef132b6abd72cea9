// When buffers hold what is still needed, in moments of the text (structure.h).
#pragma once

#include <vector>

#include "compiler/plan/structure.h"

namespace tilewright::plan {

/// From the first to the last moment, both included. A buffer that a later turn of a loop may need is alive in all of the loop.
struct Life {
  int begin = -1, end = -1;
  bool used() const { return begin >= 0; }
  bool meets(const Life& other) const { return used() && other.used() && begin <= other.end && other.begin <= end; }
};

/// By buffer.
std::vector<Life> lives_of(const Structure& structure, const Program& program);

/// Places of the accesses of each buffer: (instruction, use), in the order of instructions' numbers.
struct BufferUse {
  int instruction;
  Use use;
};
std::vector<std::vector<BufferUse>> uses_of(const Program& program);

}  // namespace tilewright::plan
