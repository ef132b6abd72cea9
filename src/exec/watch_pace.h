// How often the watcher of spare carriers looks at them.
#pragma once

#include <algorithm>
#include <cstdint>

namespace tilewright {

/// While kernels run it looks every few milliseconds. The longer nobody is inside a kernel, because all of them wait or pause between
/// polls, the more seldom it looks, so that a device that waits for the host uses next to no processor time; who polls in a plain loop
/// after such a time is noticed that much later. Without runs it sleeps.
class WatchPace {
 public:
  static constexpr uint64_t kTickNs = 4'000'000;
  static constexpr uint64_t kShortTickNs = 1'000'000;  ///< while a thread runs on in the kernel where it was seen before
  static constexpr uint64_t kMaxTickNs = 128'000'000;  ///< under 0.02 % of a processor
  static constexpr uint64_t kQuietShare = 16;          ///< a tick is at most this part of the quiet time
  static constexpr uint64_t kForever = UINT64_MAX;
  /// Runs that follow each other end no sleep. Few, since these looks are all that an idle device does, 50 us each on a busy host.
  static constexpr uint32_t kLooksWithoutRun = 4;

  /// What a look found; the greatest of what it found of each carrier. A thread that is inside a kernel but used no CPU time since the
  /// last look counts as nobody: the host does not run it.
  enum class Found : uint8_t { kNobody, kSomebody, kSomebodyStays };

  /// To sleep before the next look.
  uint64_t tick_ns() const { return tick_ns_; }
  void looked_between_runs() {
    tick_ns_ = ++without_run_ < kLooksWithoutRun ? kTickNs : kForever;
    quiet_ns_ = 0;
  }
  void looked(Found found) {
    without_run_ = 0;
    if (found == Found::kNobody) {
      quiet_ns_ += tick_ns_;
      tick_ns_ = std::clamp(quiet_ns_ / kQuietShare, kTickNs, kMaxTickNs);
    } else {
      quiet_ns_ /= 2;  // now and then a look meets a kernel that polls
      tick_ns_ = found == Found::kSomebody ? kTickNs : kShortTickNs;
    }
  }

 private:
  uint64_t tick_ns_ = kTickNs;
  uint64_t quiet_ns_ = 0;
  uint32_t without_run_ = 0;
};

}  // namespace tilewright
