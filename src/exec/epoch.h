// A counter that threads sleep on until it changes.
#pragma once

#include <atomic>
#include <cstdint>

namespace tilewright {

/// Thread safe. std::atomic::wait has no timeout, hence futex(2).
class Epoch {
 public:
  static constexpr uint64_t kForever = UINT64_MAX;

  uint32_t load(std::memory_order order = std::memory_order_seq_cst) const { return value_.load(order); }
  /// Ends the epoch and wakes everybody.
  void advance();
  /// Sleeps while the value is `epoch`, for at most `timeout_ns`; may return early.
  void wait(uint32_t epoch, uint64_t timeout_ns = kForever) const;

 private:
  std::atomic<uint32_t> value_{1};
};

}  // namespace tilewright
