// Reads back what was planned: a kernel with addresses and flags is executed, all ways, on pipes with vector clocks, and each pair of accesses to
// the same bytes of which one writes must be ordered. It knows nothing of how plans are made and shares nothing with what makes them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tilewright::plan {

/// A kernel as it would be executed.
struct Listed {
  enum class Kind : uint8_t {
    kInstruction,
    kDefine,  ///< what lies at `accesses` is the slots' from now on, without being written
    kAssign,  ///< each slot of `assigned` gets the value of another, all at once: what loops and branches hand on
    kSetFlag,
    kWaitFlag,
    kBarrier,  ///< of all pipes
    kLoop,  ///< `first`, min_trips to max_trips times
    kWhile,  ///< `first`, then for each turn `second` and `first`
    kBranch,  ///< `first` or `second`
  };
  /// Bytes [begin, end) of a memory. A read expects there what was last written for its slot; a write makes a new value of the slot.
  struct Access {
    int memory = 0;
    int64_t begin = 0, end = 0;
    int slot = -1;  ///< or -1: whatever is there
    bool write = false;
  };
  struct Assigned {
    int to, from;
  };

  Kind kind = Kind::kInstruction;
  int id = -1;  ///< what faults name it by
  int pipe = 0, to_pipe = 0, event = 0;
  std::vector<Access> accesses;  ///< reads before writes
  std::vector<Assigned> assigned;
  std::vector<Listed> first, second;
  int64_t min_trips = 0, max_trips = 0;
};
using Listing = std::vector<Listed>;

constexpr int kListedPipes = 8;
constexpr int kListedScalar = 0;  ///< the pipe that issues all others

struct PlanFault {
  enum class Kind : uint8_t {
    kUnordered,  ///< `second` touches bytes that `first` may not be done with
    kOverwritten,  ///< `second` reads what `first` has overwritten
    kSetTwice,  ///< `second` sets a flag that `first` has set and nothing has waited for
    kWaitWithoutSet,
    kLeftSet,  ///< at the end
  };
  Kind kind;
  int first = -1, second = -1;  ///< ids
  std::string text;  ///< "mte2 and v are unordered at bytes 0 to 4096 of memory 0"
};

/// Executes the kernel with each loop taking 0 to 3 turns, as far as its bounds allow, and both ways of each branch: all combinations up to `most`
/// runs, beyond that a mix that is always the same. The faults of the first run that has any, at most one for a pair of instructions.
std::vector<PlanFault> validate(const Listing& listing, int most = 400);

}  // namespace tilewright::plan
