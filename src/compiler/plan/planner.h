// Memory and flags of a kernel, decided together. docs/design/compiler.md.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "compiler/plan/flags.h"
#include "compiler/plan/liveness.h"

namespace tilewright::plan {

struct Plan {
  std::vector<int64_t> addresses;  ///< by buffer, in bytes; -1 for tensors and for buffers that nothing uses
  std::vector<Flag> flags;         ///< with events; FlagSteps says where they stand
};

/// A memory is too small.
struct DoesNotFit {
  int memory = 0;
  int buffer = 0;          ///< the one for which there was no room
  int64_t bytes = 0;       ///< of all that is alive at the peak
  std::vector<int> alive;  ///< at the peak, largest first
};

/// The same program gets the same plan. Throws std::logic_error for a program that cannot be: a bug of whoever made it.
std::variant<Plan, DoesNotFit> plan(const Program& program);

/// What must happen in order, given where buffers lie: accesses to the same bytes of which one writes.
std::vector<Order> orders_of(const Structure& structure, const Program& program, const std::vector<int64_t>& addresses);

/// Whether `later` can be executed after `earlier`, in this turn of their loops or in a later one.
bool can_follow(const Structure& structure, int earlier, int later);

}  // namespace tilewright::plan
