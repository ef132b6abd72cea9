#include "exec/asymmetric_fence.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tilewright {

bool AsymmetricFence::register_process() {
#if defined(__SANITIZE_THREAD__)
  return false;  // ThreadSanitizer does not know membarrier
#else
  return ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
#endif
}

const bool AsymmetricFence::expedited_ = register_process();

void AsymmetricFence::heavy() {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (expedited_) ::syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}

}  // namespace tilewright
