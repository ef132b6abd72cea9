#include "exec/epoch.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <ctime>

namespace tilewright {

void Epoch::advance() {
  value_.fetch_add(1);
  ::syscall(SYS_futex, &value_, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

void Epoch::wait(uint32_t epoch, uint64_t timeout_ns) const {
  const timespec timeout{static_cast<time_t>(timeout_ns / 1'000'000'000), static_cast<long>(timeout_ns % 1'000'000'000)};
  ::syscall(SYS_futex, &value_, FUTEX_WAIT_PRIVATE, epoch, timeout_ns == kForever ? nullptr : &timeout, nullptr, 0);
}

}  // namespace tilewright
