#include "exec/suspended_kernels.h"

#include <algorithm>

namespace tilewright {

void SuspendedKernels::give_back(std::unique_ptr<Fiber> fiber) {
  const std::lock_guard lock(mutex_);
  given_back_.push_back(std::move(fiber));
  given_back_count_.fetch_add(1);
}

void SuspendedKernels::take_given_back() {
  const std::lock_guard lock(mutex_);
  for (std::unique_ptr<Fiber>& fiber : given_back_) ready_.push_back({std::move(fiber), nullptr});
  count_ += given_back_.size();
  given_back_.clear();
  given_back_count_.store(0);
}

void SuspendedKernels::collect_ready() {
  if (any_given_back()) take_given_back();
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
  return any_given_back() ||
         std::any_of(waiting_.begin(), waiting_.end(), [](const Kernel& kernel) { return kernel.wait->ready(kernel.wait->data); });
}

std::unique_ptr<Fiber> SuspendedKernels::next() {
  std::deque<Kernel>& from = ready_.empty() ? polling_ : ready_;
  std::unique_ptr<Fiber> fiber = std::move(from.front().fiber);
  from.pop_front();
  --count_;
  return fiber;
}

void SuspendedKernels::abandon(std::vector<std::unique_ptr<Fiber>>& idle) {
  take_given_back();
  for (auto* kernels : {&ready_, &polling_, &waiting_}) {
    for (Kernel& kernel : *kernels) idle.push_back(std::move(kernel.fiber));
    kernels->clear();
  }
  count_ = 0;
}

uint64_t PollBackoff::pause_before_turn(uint64_t now_ns) {
  const bool begins = since_ == 0;
  if (begins) {
    since_ = now_ns;
    bursts_ = 0;
  }
  if (begins || paused_) return begin_burst(now_ns);
  ++turns_;
  if (now_ns - last_turn_ > kWorkNs) ++long_turns_;
  last_turn_ = now_ns;
  if (now_ns < burst_end_) return 0;
  // A thread that is interrupted has a long turn among many, seldom as the first of a burst, and hardly twice in a row.
  work_bursts_ = 2 * long_turns_ > turns_ ? work_bursts_ + 1 : 0;
  if (work_bursts_ == 1) since_ = now_ns - (now_ns - since_) / 2;
  if (work_bursts_ > 1) since_ = now_ns;
  if (now_ns - since_ < kBurstNs) return begin_burst(now_ns);
  paused_ = true;
  return std::min((now_ns - since_) / kPauseShare, kMaxPauseNs);
}

// The turn after a pause is not counted: what it takes includes the pause.
uint64_t PollBackoff::begin_burst(uint64_t now_ns) {
  paused_ = false;
  last_turn_ = now_ns;
  burst_end_ = now_ns + kBurstNs;
  turns_ = long_turns_ = 0;
  ++bursts_;
  return 0;
}

}  // namespace tilewright
