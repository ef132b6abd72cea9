// The interface of a system under measurement in bench/task_overhead. One program per system:
//
//   class Mine : public System { ... };
//   int main(int argc, char** argv) { Mine system; return system_main(argc, argv, system); }
//
// named tw-bench-task_overhead-<name>, in the directory of the driver, which lists it in driver.cpp.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "harness/row.h"
#include "task_overhead/shapes.h"

namespace tilewright::bench {

using Clock = std::chrono::steady_clock;

/// Threads that work on tasks, the submitting one included.
inline constexpr int kThreads = 2;

/// Times of one run.
struct RunTimes {
  Clock::duration elapsed{};               ///< from just before the first submit to when the last completion is known
  std::optional<Clock::duration> build{};  ///< the part of it before anything ran, for systems that first build a graph
};

/// One system. Called from one thread: prepare once, then describe, then run as often as asked.
class System {
 public:
  virtual ~System() = default;

  /// The name in rows and in the program's name.
  virtual std::string name() const = 0;

  /// Whether tasks are described by the memory they use. If not, the only layout is Layout::kAny.
  virtual bool sees_memory() const = 0;

  /// Everything before the first submit that a long-running program does once: start threads, allocate, register data, load
  /// kernels. Not timed. `workload` and `order` outlive the system. The slots of the workload lie as `layout` says; use
  /// SlotMemory unless the system has memory of its own, and then the same sizes. Only a system that must be told edges
  /// (sees_memory() false) may look at `order`. Throws Error if the system cannot do it (kUnsupported, kLimitExceeded, ...).
  virtual void prepare(const Workload& workload, const Order& order, Layout layout) = 0;

  /// Constant facts of the row, known after prepare. All systems: "discovery" ("data": found from the accesses, "edges":
  /// told), "threads", "version". Where it has them: "rings" (sizes), "cores". Where it helps a reader: "note".
  virtual std::vector<Field> describe() const = 0;

  /// Submits the workload's tasks in order from this thread; task i does board.stamp(i) and nothing else, reached the way
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

/// The whole program of a system: options --shape --n --layout --runs --stamp --seed --budget. One warm-up run with order
/// checked, then the timed runs, each checked too; prints one JSON row on stdout. Returns the exit code.
int system_main(int argc, char** argv, System& system);

}  // namespace tilewright::bench
