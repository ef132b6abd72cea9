// Spare carriers: a kernel that never yields keeps its thread, but not its carrier. A watcher looks now and then how much CPU time a
// thread has spent in one kernel; after a while the carrier, with all that is suspended or claimed there, goes on with another thread.
// The kernel's thread gives its fiber back when the kernel yields or returns, and is a spare from then on.
#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "exec/monotonic.h"
#include "exec/scheduler.h"

namespace tilewright {
namespace {

uint64_t cpu_ns(clockid_t clock) {
  timespec time{};
  if (::clock_gettime(clock, &time) != 0) return 0;
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

}  // namespace

void Scheduler::set_cpu_clock(Carrier& carrier) {
  clockid_t clock{};
  ::pthread_getcpuclockid(::pthread_self(), &clock);
  carrier.cpu_clock.store(clock);
}

// ---- threads --------------------------------------------------------------------------------------------

void Scheduler::thread_main(uint32_t carrier) {
  runner_.on_thread_start();
  for (bool adopted = false;;) {
    if (carrier == kNoCarrier) {
      carrier = next_carrier();
      adopted = true;
      if (carrier == kNoCarrier) return;
    }
    if (carrier == 0) {
      adopt_carrier_0();
    } else if (be_helper(carrier, adopted)) {
      return;
    }
    carrier = kNoCarrier;
  }
}

// Waits for a carrier that has no thread; kNoCarrier at the end of the scheduler.
uint32_t Scheduler::next_carrier() {
  std::unique_lock lock(spare_mutex_);
  this_thread() = {};
  ++idle_spares_;
  spare_wanted_.wait(lock, [&] { return shutdown_.load() || !given_up_.empty(); });
  --idle_spares_;
  if (given_up_.empty()) return kNoCarrier;
  const uint32_t carrier = given_up_.back();
  given_up_.pop_back();
  return carrier;
}

// Goes on as the caller of run() did, to the end of the run.
void Scheduler::adopt_carrier_0() {
  Carrier& carrier = *carriers_[0];
  this_thread() = {&carrier, nullptr, false};
  carrier.batch_start = now_ns();
  hand_over_taken(carrier);
  const bool done = run_carrier_0(carrier);
  if (done) {
    carrier_0_done_.store(true);
    carrier_0_done_.notify_all();
  }
  participants_.fetch_sub(1);
  participants_.notify_all();
}

// ---- the fiber of a kernel whose carrier was taken --------------------------------------------------------

// The mark said so when the fiber left its kernel. Returns on the thread that runs the carrier.
bool Scheduler::rejoin(Fiber& fiber) {
  {
    const std::lock_guard lock(spare_mutex_);
    if (!fiber.mark().is_taken()) return false;  // the watcher was late
  }
  this_thread().lost = true;
  fiber.suspend();  // to give_back()
  return true;
}

// On the thread that ran the kernel, which does not touch the carrier any more.
void Scheduler::give_back(Carrier& carrier, std::unique_ptr<Fiber> fiber) {
  {
    const std::lock_guard lock(spare_mutex_);
    fiber->mark().give_back();
  }
  // Kernels that take long by themselves need no spare: such a one shows what is long here.
  const uint64_t stuck = stuck_ns_.load(std::memory_order_relaxed);
  stuck_ns_.store(std::min(2 * stuck, kMaxStuckNs), std::memory_order_relaxed);
  carrier.suspended.give_back(std::move(fiber));
  notify();
  const std::lock_guard lock(stall_mutex_);
  --lost_;
  if (--busy_ == 0) check_stalled();  // the carrier may have taken the fiber, run it to its end and come to rest already
}

// ---- the watcher ----------------------------------------------------------------------------------------

// At the start of a run.
void Scheduler::start_watching() {
  if (!watcher_sleeps_.load()) return;
  const std::lock_guard lock(spare_mutex_);
  watcher_sleeps_.store(false);
  watch_wanted_.notify_all();
}

void Scheduler::watch() {
  std::vector<Observation> seen(carriers_.size());
  WatchPace pace;
  std::unique_lock lock(spare_mutex_);
  while (!shutdown_.load()) {
    if (!sleep_for_a_tick(lock, pace.tick_ns())) pace = {};
    if (!active_.load()) {
      pace.looked_between_runs();
      continue;
    }
    WatchPace::Found found = WatchPace::Found::kNobody;
    for (uint32_t i = 0; i < carriers_.size(); ++i) found = std::max(found, look_at(i, seen[i]));
    pace.looked(found);
    look_for_resting();
  }
}

// False if start_watching() ended it, which it does to sleeps that are longer than usual.
bool Scheduler::sleep_for_a_tick(std::unique_lock<std::mutex>& lock, uint64_t ns) {
  if (ns <= WatchPace::kTickNs) {
    watch_wanted_.wait_for(lock, std::chrono::nanoseconds(ns), [&] { return shutdown_.load(); });
    return true;
  }
  watcher_sleeps_.store(true);
  const auto wanted = [&] { return shutdown_.load() || !watcher_sleeps_.load(); };
  if (ns != WatchPace::kForever) {
    watch_wanted_.wait_for(lock, std::chrono::nanoseconds(ns), wanted);
  } else if (active_.load()) {  // a run began before it could know that we sleep
    watcher_sleeps_.store(false);
  } else {
    watch_wanted_.wait(lock, wanted);
  }
  return watcher_sleeps_.exchange(false);
}

// With spare_mutex_ held, as take_over().
WatchPace::Found Scheduler::look_at(uint32_t index, Observation& seen) {
  const Carrier& carrier = *carriers_[index];
  Fiber* const fiber = carrier.current.load(std::memory_order_acquire);
  const uint32_t state = fiber != nullptr ? fiber->mark().state() : 0;
  if (!KernelMark::is_inside(state)) {
    seen = {};
    return WatchPace::Found::kNobody;
  }
  const uint64_t now = cpu_ns(carrier.cpu_clock.load());
  if (fiber != seen.fiber || state != seen.state) {
    seen = {fiber, state, now, now};
    return WatchPace::Found::kSomebody;
  }
  if (now >= seen.first_cpu_ns + stuck_ns_.load(std::memory_order_relaxed)) {
    take_over(index, seen);
    seen = {};
    return WatchPace::Found::kSomebodyStays;
  }
  return std::exchange(seen.last_cpu_ns, now) != now ? WatchPace::Found::kSomebodyStays : WatchPace::Found::kNobody;
}

void Scheduler::take_over(uint32_t index, const Observation& seen) {
  if (idle_spares_ <= given_up_.size()) {
    try {
      threads_.emplace_back([this] { thread_main(kNoCarrier); });
    } catch (const std::system_error& error) {
      log(LogLevel::kWarn, "scheduler", "no thread for a spare carrier: {}", error.what());
      return;
    }
  }
  {
    // Before the kernel can leave: its thread counts from now on beside the carrier, until it gives the fiber back.
    const std::lock_guard lock(stall_mutex_);
    ++busy_;
    ++lost_;
  }
  participants_.fetch_add(1);
  if (!seen.fiber->mark().take(seen.state)) {
    {
      // Whoever rested meanwhile took us for somebody who can change something. The run may be over, too.
      const std::lock_guard lock(stall_mutex_);
      --lost_;
      if (--busy_ == 0 && active_.load()) check_stalled();
    }
    participants_.fetch_sub(1);
    participants_.notify_all();
    return;
  }
  if (Replay* const replay = static_cast<Replay*>(seen.fiber->attachment()); replay != nullptr && !replay->nodes.handed_over.load()) {
    // What it attached cannot change: it is inside its kernel, or waits in rejoin() until we are done.
    if (const uint32_t node = replay->nodes.take_rest(); node != replay->nodes.end) carriers_[index]->taken_from = {replay->context, node};
  }
  // Nothing runs there until the spare begins: on a busy host the watcher may look again before.
  carriers_[index]->current.store(nullptr, std::memory_order_release);
  given_up_.push_back(index);
  spare_wanted_.notify_one();
}

}  // namespace tilewright
