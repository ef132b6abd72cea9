// What a task of bench/task_overhead does when it runs - a stamp that proves when it ran, then work that takes time - and the
// check that a run kept its order. Kernels compile it, so it is small.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tilewright::bench {

struct Order;

/// What a task leaves behind.
enum class StampMode {
  kSequence,  ///< takes the next number of a counter that all tasks share: shows order, costs 3 to 13 ns
  kCount,     ///< adds one to its own cell: shows only that it ran once, costs well under 1 ns
  kSpan,      ///< takes a number when it begins and one when it has ended: shows that no task began before its predecessor's end
};

/// Multiplications each of which needs the one before, so that they take the same time whatever compiler built them and
/// whatever else the processor could do meanwhile. It is work and not a wait for the clock: a thread that is preempted
/// has its work still before it. Nothing after it begins before its end: without the fence, the chains of short tasks that
/// follow each other would overlap inside the processor.
inline void multiply_chain(uint64_t steps) {
  if (steps == 0) return;
  uint64_t product = 0x9e3779b97f4a7c15;
  for (; steps != 0; --steps) {
    product *= 0x2545f4914f6cdd1d;
    asm volatile("" : "+r"(product));  // or the compiler would leave out what nobody reads
  }
#if defined(__x86_64__)
  asm volatile("lfence" : "+r"(product));
#elif defined(__aarch64__)
  asm volatile("isb" : "+r"(product));
#endif
}

/// One cell per task, written by the task and by nothing else while a run lasts.
class StampBoard {
 public:
  /// `work_steps` of multiply_chain follow every stamp.
  StampBoard(uint32_t task_count, StampMode mode, uint64_t work_steps = 0)
      : cells_(task_count), begins_(mode == StampMode::kSpan ? task_count : 0), work_steps_(work_steps), mode_(mode) {}
  StampBoard(const StampBoard&) = delete;
  StampBoard& operator=(const StampBoard&) = delete;

  /// The whole body of a task; the same for every system. Thread safe for different tasks. No fence beyond the
  /// counter's coherence: if the system orders two tasks, their numbers are ordered.
  void run_task(uint32_t task) {
    if (mode_ == StampMode::kSequence) {
      cells_[task] = next_.fetch_add(1, std::memory_order_relaxed) + 1;
    } else if (mode_ == StampMode::kCount) {
      ++cells_[task];
    } else {
      begins_[task] = next_.fetch_add(1, std::memory_order_relaxed) + 1;
    }
    multiply_chain(work_steps_);
    if (mode_ == StampMode::kSpan) cells_[task] = next_.fetch_add(1, std::memory_order_relaxed) + 1;
  }

  /// Back to the start, between runs.
  void clear();

  StampMode mode() const { return mode_; }
  /// [task] for kSequence the task's number from 1, for kSpan that of its end, for kCount how often it ran; 0 before it
  /// ran. Writable for systems whose tasks run in another process: they copy their cells here after the clock has stopped.
  std::span<uint32_t> cells() { return cells_; }
  std::span<const uint32_t> cells() const { return cells_; }
  /// [task] the number it began with; empty but for kSpan.
  std::span<uint32_t> begins() { return begins_; }
  std::span<const uint32_t> begins() const { return begins_; }
  /// Numbers given out (kSequence: one a task; kSpan: two).
  uint32_t stamped() const { return next_.load(std::memory_order_relaxed); }
  void set_stamped(uint32_t count) { next_.store(count, std::memory_order_relaxed); }

 private:
  alignas(64) std::atomic<uint32_t> next_{0};
  alignas(64) std::vector<uint32_t> cells_;
  std::vector<uint32_t> begins_;
  uint64_t work_steps_;
  StampMode mode_;
};

/// Checks that every task ran exactly once and, but for kCount, that each began after all its predecessors: after they
/// began (kSequence), after they had ended (kSpan). Throws Error(kMismatch) that names the first task that is wrong.
void check_stamps(const Order& order, const StampBoard& board);

}  // namespace tilewright::bench
