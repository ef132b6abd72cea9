// When the tasks of a timing slot ran: earliest dispatch and latest finish over all their blocks and lanes.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace tilewright {

/// Thread safe.
class TimingSlots {
 public:
  static constexpr int32_t kCount = 16;
  struct Span {
    uint64_t first_dispatch_ns = UINT64_MAX;
    uint64_t last_finish_ns = 0;
    bool used() const { return last_finish_ns != 0; }
  };

  void reset() {
    for (Times& times : slots_) {
      times.dispatch.store(UINT64_MAX, std::memory_order_relaxed);
      times.finish.store(0, std::memory_order_relaxed);
    }
  }
  /// A kernel of the slot ran in [dispatch_ns, finish_ns].
  void add(int32_t slot, uint64_t dispatch_ns, uint64_t finish_ns) {
    Times& times = slots_[static_cast<size_t>(slot)];
    uint64_t old = times.dispatch.load(std::memory_order_relaxed);
    while (dispatch_ns < old && !times.dispatch.compare_exchange_weak(old, dispatch_ns, std::memory_order_relaxed)) {
    }
    old = times.finish.load(std::memory_order_relaxed);
    while (finish_ns > old && !times.finish.compare_exchange_weak(old, finish_ns, std::memory_order_relaxed)) {
    }
  }
  Span span(int32_t slot) const {
    const Times& times = slots_[static_cast<size_t>(slot)];
    return {times.dispatch.load(std::memory_order_relaxed), times.finish.load(std::memory_order_relaxed)};
  }

 private:
  struct Times {
    std::atomic<uint64_t> dispatch{UINT64_MAX}, finish{0};
  };
  std::array<Times, kCount> slots_;
};

}  // namespace tilewright
