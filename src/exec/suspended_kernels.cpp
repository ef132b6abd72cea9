#include "exec/suspended_kernels.h"

#include <algorithm>
#include <iterator>

namespace tilewright {

void SuspendedKernels::collect_ready() {
  const auto holds = [](const Waiting& waiting) { return waiting.wait->ready(waiting.wait->data); };
  const auto first = std::stable_partition(waiting_.begin(), waiting_.end(), [&](const Waiting& waiting) { return !holds(waiting); });
  for (auto at = first; at != waiting_.end(); ++at) ready_.push_back(std::move(at->fiber));
  waiting_.erase(first, waiting_.end());
}

bool SuspendedKernels::any_ready() const {
  return std::any_of(waiting_.begin(), waiting_.end(), [](const Waiting& waiting) { return waiting.wait->ready(waiting.wait->data); });
}

std::unique_ptr<Fiber> SuspendedKernels::next() {
  std::deque<std::unique_ptr<Fiber>>& from = ready_.empty() ? polling_ : ready_;
  std::unique_ptr<Fiber> fiber = std::move(from.front());
  from.pop_front();
  return fiber;
}

void SuspendedKernels::abandon(std::vector<std::unique_ptr<Fiber>>& idle) {
  std::move(ready_.begin(), ready_.end(), std::back_inserter(idle));
  std::move(polling_.begin(), polling_.end(), std::back_inserter(idle));
  for (Waiting& waiting : waiting_) idle.push_back(std::move(waiting.fiber));
  ready_.clear();
  polling_.clear();
  waiting_.clear();
}

uint64_t PollBackoff::pause_before_turn(uint64_t now_ns) {
  const bool worked = !paused_ && now_ns - last_turn_ > kWorkNs;
  last_turn_ = now_ns;
  if (since_ == 0 || worked) {
    since_ = now_ns;
    burst_end_ = now_ns + kBurstNs;
  } else if (paused_) {
    burst_end_ = now_ns + kBurstNs;
  }
  paused_ = false;
  if (now_ns < burst_end_) return 0;
  paused_ = true;
  return std::min((now_ns - since_) / kPauseShare, kMaxPauseNs);
}

}  // namespace tilewright
