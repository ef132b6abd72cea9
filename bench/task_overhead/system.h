// The interface of a system under measurement in bench/task_overhead. One program per system:
//
//   class Mine : public System { ... };
//   int main(int argc, char** argv) { Mine system; return system_main(argc, argv, system); }
//
// named tw-bench-task_overhead-<name>, in the directory of the driver, which lists it in plan.cpp.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "harness/row.h"
#include "task_overhead/shapes.h"
#include "task_overhead/slot_memory.h"
#include "task_overhead/stamps.h"

namespace tilewright::bench {

using Clock = std::chrono::steady_clock;

/// What a workload is run under.
struct Conditions {
  Layout layout = Layout::kAny;
  /// Threads that work, the submitting one included. A system that has but one whatever it is told (uses_threads()
  /// false) gets 1.
  int threads = 2;
  /// Time that each task works after its stamp; StampBoard does it. A system may choose its settings by it.
  uint32_t kernel_ns = 0;
};

/// Times of one run.
struct RunTimes {
  Clock::duration elapsed{};               ///< from just before the first submit to when the last completion is known
  std::optional<Clock::duration> build{};  ///< the part of it before anything ran, for systems that first build a graph
};

/// One system. Called from one thread: prepare once, then run as often as asked, then describe.
class System {
 public:
  virtual ~System() = default;

  /// The name in rows and in the program's name.
  virtual std::string name() const = 0;

  /// Whether tasks are described by the memory they use. If not, the only layout is Layout::kAny.
  virtual bool sees_memory() const = 0;

  /// Whether the number of threads makes a difference to it. If not, its rows stand beside those of any number.
  virtual bool uses_threads() const { return true; }

  /// Everything before the first submit that a long-running program does once: start threads, allocate, register data, load
  /// kernels. Not timed. `workload` and `order` outlive the system. The slots of the workload lie as `conditions.layout`
  /// says; use SlotMemory unless the system has memory of its own, and then the same sizes. Only a system that must be told
  /// edges (sees_memory() false) may look at `order`. Throws Error(kUnsupported) if the system cannot work under these
  /// conditions, which is a fact about it and no failure, and any other Error if it fails.
  virtual void prepare(const Workload& workload, const Order& order, const Conditions& conditions) = 0;

  /// Facts of the row, the same for every run. All systems: "discovery" ("data": found from the accesses, "edges":
  /// told), "version". Where it has them: "rings" (sizes), "cores". Where it helps a reader: "note".
  virtual std::vector<Field> describe() const = 0;

  /// Submits the workload's tasks in order from this thread; task i does board.run_task(i) and nothing else, reached the way
  /// this system reaches any task. Returns when all have completed and their stamps are visible in `board`, which
  /// arrives cleared. Task results that lie elsewhere are copied into board.cells() and set_stamped() after the clock
  /// stopped. A run leaves nothing that makes a later one faster than the first, beyond warm caches and pools.
  virtual RunTimes run(StampBoard& board) = 0;
};

/// The compiler of the translation unit that calls it.
inline std::string compiler_version() {
#ifdef __clang__
  return __VERSION__;
#else
  return "g++ " __VERSION__;
#endif
}

/// The whole program of a system: options --shape --n --layout --threads --kernel-ns --runs --stamp --seed --budget. One
/// warm-up run that proves that no task began before its predecessors had ended, then the timed runs, each checked too;
/// prints one JSON row on stdout, without a value if the system says that it cannot (Absence::kNotApplicable). Returns the exit code.
int system_main(int argc, char** argv, System& system);

}  // namespace tilewright::bench
