// Kernels that gave up their carrier before their end: those that wait for a condition, and those that poll memory.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "exec/fiber.h"

namespace tilewright {

/// What a kernel waits for. Lives on the waiting kernel's stack; `ready` is called on other stacks and threads too.
struct KernelWait {
  bool (*ready)(const void* data);
  const void* data;
  std::string (*describe)(const void* data);  ///< who waits for what, for deadlock reports
};

/// The suspended kernels of one carrier; only its thread calls this, but for give_back().
class SuspendedKernels {
 public:
  /// Calls between two looks at conditions that nobody announced.
  static constexpr uint32_t kLookInterval = 64;

  /// `who`, which may be null, says who polls.
  void add_polling(std::unique_ptr<Fiber> fiber, const KernelWait* who = nullptr) {
    polling_.push_back({std::move(fiber), who});
    ++count_;
  }
  void add_waiting(std::unique_ptr<Fiber> fiber, const KernelWait& wait) {
    waiting_.push_back({std::move(fiber), &wait});
    ++count_;
  }

  /// A kernel that went on without its carrier (spare carriers) and is to be resumed there now. Any thread.
  void give_back(std::unique_ptr<Fiber> fiber);

  /// Whether a carrier with other work should look here now: a kernel can run, or may after one of `notifications`.
  bool wants_turn(uint32_t notifications) {
    if (any_given_back()) return true;
    if (count_ == 0) return false;
    if (!ready_.empty() || !polling_.empty()) return true;
    return !waiting_.empty() && (notifications != seen_ || ++skipped_ >= kLookInterval);
  }
  /// Finds kernels whose condition holds, if something was announced since the last time or that is long ago.
  void look(uint32_t notifications) {
    if (any_given_back()) take_given_back();
    if (waiting_.empty() || (notifications == seen_ && ++skipped_ < kLookInterval)) return;
    seen_ = notifications;
    skipped_ = 0;
    collect_ready();
  }
  /// The same at once.
  void collect_ready();
  /// Whether a waiting kernel's condition holds.
  bool any() const { return !waiting_.empty() || can_run(); }
  bool any_ready() const;

  bool can_run() const { return !ready_.empty() || !polling_.empty(); }
  bool only_polls() const { return ready_.empty(); }
  /// The next kernel to resume: one whose condition holds, else those that poll in turn. can_run() must hold.
  std::unique_ptr<Fiber> next();

  /// Calls visit(const KernelWait*) for every kernel; null for one that polls and did not say who it is.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (const auto* kernels : {&ready_, &polling_, &waiting_}) {
      for (const Kernel& kernel : *kernels) visit(kernel.wait);
    }
  }
  /// Gives up all kernels; their fibers go to `idle`.
  void abandon(std::vector<std::unique_ptr<Fiber>>& idle);

 private:
  bool any_given_back() const { return given_back_count_.load(std::memory_order_acquire) != 0; }
  void take_given_back();

  struct Kernel {
    std::unique_ptr<Fiber> fiber;
    const KernelWait* wait;
  };
  size_t count_ = 0;  ///< of kernels in the lists below
  std::deque<Kernel> ready_;
  std::deque<Kernel> polling_;
  std::deque<Kernel> waiting_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Fiber>> given_back_;  ///< guarded by mutex_
  std::atomic<uint32_t> given_back_count_{0};
  uint32_t seen_ = 0;
  uint32_t skipped_ = 0;
};

/// How a carrier whose kernels all poll keeps from burning the processor: it polls for a while, then pauses between rounds,
/// the longer the longer nothing else happens. Kernels that work between two yields do not count as polling.
class PollBackoff {
 public:
  static constexpr uint64_t kBurstNs = 20'000;       ///< polled without a pause
  static constexpr uint64_t kWorkNs = 2'000;         ///< a burst is work if most of its turns are longer
  static constexpr uint64_t kMaxPauseNs = 128'000'000;  ///< under 0.1 % of a processor
  static constexpr uint64_t kPauseShare = 16;        ///< a pause is at most this part of the time polled so far

  /// Whether the turn to be made begins a burst, and not the first one since something else happened.
  bool starts_another_burst() const { return turns_ == 0 && bursts_ > 1; }
  /// Something other than polling happened.
  void reset() { since_ = 0; }
  /// Called at `now_ns` before each turn of a polling kernel; the pause to make first, 0 for none.
  uint64_t pause_before_turn(uint64_t now_ns);

 private:
  uint64_t begin_burst(uint64_t now_ns);

  uint64_t since_ = 0;  ///< when polling began; 0: it has not
  uint64_t last_turn_ = 0;
  uint64_t burst_end_ = 0;
  uint32_t bursts_ = 0;
  uint32_t turns_ = 0;  ///< of this burst
  uint32_t long_turns_ = 0;
  uint32_t work_bursts_ = 0;  ///< in a row
  bool paused_ = false;
};

}  // namespace tilewright
