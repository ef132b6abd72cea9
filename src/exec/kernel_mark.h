// Whether a fiber is inside a kernel, so that its carrier can be taken away meanwhile (docs/design/exec.md, spare carriers).
#pragma once

#include <atomic>
#include <cstdint>

#include "exec/asymmetric_fence.h"

namespace tilewright {

/// The fiber enters and leaves; the watcher takes. Either the watcher sees that the fiber has left, or the fiber sees that it was
/// taken. Entering and leaving cost a store each, and a load.
class KernelMark {
 public:
  void enter() { state_.store(state_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }
  /// True if somebody took the carrier, or is trying to.
  bool leave() {
    state_.store(state_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    return attention_.load(std::memory_order_relaxed) != 0 && look();
  }

  // ---- for the watcher, and for the fiber once leave() has said true; one at a time ----

  /// Changes whenever the fiber enters or leaves; odd within a kernel. Acquires what the fiber did before it entered.
  uint32_t state() const { return state_.load(std::memory_order_acquire); }
  static bool is_inside(uint32_t state) { return (state & 1) != 0; }
  /// Takes the carrier of a fiber that has been in the same kernel since state() was `state`. False if it has left.
  bool take(uint32_t state) {
    attention_.fetch_or(kTaken, std::memory_order_relaxed);
    AsymmetricFence::heavy();
    if (this->state() == state) return true;
    give_back();
    return false;
  }
  bool is_taken() const { return (attention_.load(std::memory_order_relaxed) & kTaken) != 0; }
  void give_back() { attention_.fetch_and(static_cast<uint8_t>(~kTaken), std::memory_order_relaxed); }

 private:
  static constexpr uint8_t kTaken = 1;
  static constexpr uint8_t kFences = 2;  ///< leaving takes a fence: AsymmetricFence::light() is not free

  bool look() const {
    AsymmetricFence::light();
    return is_taken();
  }

  std::atomic<uint32_t> state_{0};
  std::atomic<uint8_t> attention_{AsymmetricFence::light_is_free() ? uint8_t{0} : kFences};
};

}  // namespace tilewright
