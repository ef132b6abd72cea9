#include "exec/schedule_policy.h"

#include <algorithm>

namespace tilewright {

SchedulePolicy::SchedulePolicy(uint64_t seed) : state_(seed), walks_(seed % 2 == 0), inherits_(seed % 4 == 3) {
  constexpr uint64_t kWalk[] = {2, 8, 32, 128}, kFall[] = {4, 32, 256, 2048};
  interval_ = walks_ ? kWalk[below(4)] : kFall[below(4)];
}

// SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
uint64_t SchedulePolicy::next() {
  uint64_t z = state_ += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

// The bias of the remainder is below count / 2^64.
size_t SchedulePolicy::below(size_t count) { return static_cast<size_t>(next() % count); }

uint64_t SchedulePolicy::priority() { return next() | uint64_t{1} << 63; }

size_t SchedulePolicy::choose(std::span<const uint64_t> priorities) {
  if (walks_) return below(priorities.size());
  return static_cast<size_t>(std::max_element(priorities.begin(), priorities.end()) - priorities.begin());
}

bool SchedulePolicy::interrupts(bool& falls) {
  falls = !walks_;
  return one_in(interval_);
}

// By priorities the highest always goes on: whether it still is the running one is for choose() to say.
bool SchedulePolicy::looks_up() { return !walks_ || one_in(2); }

}  // namespace tilewright
