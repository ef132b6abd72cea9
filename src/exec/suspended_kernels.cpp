#include "exec/suspended_kernels.h"

#include <algorithm>

namespace tilewright {

void SuspendedKernels::collect_ready() {
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    if (at->wait->ready(at->wait->data)) {
      ready_.push_back(std::move(*at));
      at = waiting_.erase(at);
    } else {
      ++at;
    }
  }
}

bool SuspendedKernels::any_ready() const {
  return std::any_of(waiting_.begin(), waiting_.end(), [](const Kernel& kernel) { return kernel.wait->ready(kernel.wait->data); });
}

std::unique_ptr<Fiber> SuspendedKernels::next() {
  std::deque<Kernel>& from = ready_.empty() ? polling_ : ready_;
  std::unique_ptr<Fiber> fiber = std::move(from.front().fiber);
  from.pop_front();
  return fiber;
}

void SuspendedKernels::abandon(std::vector<std::unique_ptr<Fiber>>& idle) {
  for (auto* kernels : {&ready_, &polling_, &waiting_}) {
    for (Kernel& kernel : *kernels) idle.push_back(std::move(kernel.fiber));
    kernels->clear();
  }
}

uint64_t PollBackoff::pause_before_turn(uint64_t now_ns) {
  const bool worked = !paused_ && now_ns - last_turn_ > kWorkNs;
  last_turn_ = now_ns;
  if (since_ == 0) {
    since_ = now_ns;
    burst_end_ = now_ns + kBurstNs;
  } else if (worked) {
    // A turn may be long because the thread was interrupted in it; only many of them in a row are work.
    since_ = now_ns - (now_ns - since_) / 2;
    if (now_ns - since_ < kBurstNs) burst_end_ = now_ns + kBurstNs;
  } else if (paused_) {
    burst_end_ = now_ns + kBurstNs;
  }
  paused_ = false;
  if (now_ns < burst_end_) return 0;
  paused_ = true;
  return std::min((now_ns - since_) / kPauseShare, kMaxPauseNs);
}

}  // namespace tilewright
