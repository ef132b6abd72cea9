// A memory fence of which one side is free: the hot side pays a compiler barrier, the cold side a system call.
#pragma once

#include <atomic>

namespace tilewright {

/// For a Dekker-style handshake between a hot thread (store A; light_fence; load B) and a cold one (store B; heavy_fence;
/// load A): at least one of them sees the other's store. Uses membarrier(2); where the kernel lacks it both are full
/// fences.
class AsymmetricFence {
 public:
  static void light() {
    if (expedited_) {
      std::atomic_signal_fence(std::memory_order_seq_cst);
    } else {
      std::atomic_thread_fence(std::memory_order_seq_cst);
    }
  }
  static void heavy();
  /// Whether light() is no more than a compiler barrier.
  static bool light_is_free() { return expedited_; }

 private:
  static bool register_process();
  static const bool expedited_;
};

}  // namespace tilewright
