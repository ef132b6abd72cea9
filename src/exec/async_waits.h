// Tasks that complete later than their kernels: when counters in memory have reached what the kernels asked for.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace tilewright {

/// A condition that a kernel registered (spec/api.md, B). The counter may be written by anybody, atomically.
struct CounterCondition {
  const uint32_t* counter;
  uint32_t expected;
  bool holds() const { return __atomic_load_n(counter, __ATOMIC_ACQUIRE) >= expected; }
};

/// Thread safe. Any number of tasks and conditions.
class AsyncWaits {
 public:
  /// Before a run.
  void reset();
  /// Of task `slot`, one of whose kernels is about to return. `who` names the kernel in reports.
  void add(uint32_t slot, std::span<const CounterCondition> conditions, std::string who);
  /// All kernels of task `slot` have returned. False if none of them registered a condition: the task is complete.
  bool kernels_returned(uint32_t slot);

  /// Whether there is any task here. Free to ask.
  bool any() const { return any_.load(std::memory_order_relaxed); }
  /// Whether a task whose kernels have returned has all it waits for.
  bool any_complete() const;
  /// Moves the slots of such tasks to `slots`.
  void take_complete(std::vector<uint32_t>& slots);

  /// Appends a line for each condition that does not hold; returns the number of tasks.
  uint32_t describe(std::string& lines) const;

 private:
  struct Condition {
    CounterCondition counter;
    uint32_t kernel;  ///< index into Task::kernels
  };
  struct Task {
    bool returned = false;
    std::vector<Condition> conditions;
    std::vector<std::string> kernels;
    bool complete() const;
  };

  mutable std::mutex mutex_;
  std::map<uint32_t, Task> tasks_;  ///< by slot, so that reports have an order
  std::atomic<bool> any_{false};
};

}  // namespace tilewright
