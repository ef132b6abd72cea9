#include "exec/scheduler.h"

#include <chrono>

#include "base/error.h"

namespace tilewright {
namespace {

constexpr size_t kWorkerStackBytes = 512 << 10;
constexpr size_t kOrchestrationStackBytes = 8 << 20;
/// How long a carrier that ran out of work looks again before it sleeps. Bounded, and only while a run is active: a wake-up
/// costs the submitter more than this costs the machine.
constexpr std::chrono::microseconds kLookAgain{20};
constexpr uint64_t kBatchNs = 2000;  // a batch of completions or claims is worth about this much kernel time
constexpr uint64_t kRefill = 64;     // a full ring is refilled in portions of this many tasks

uint64_t now_ns() {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count());
}

void relax() {
#if defined(__x86_64__)
  asm volatile("pause");
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

/// A task of several blocks or lanes.
struct Scheduler::MultiTask {
  uint32_t slot;
  uint8_t lanes;
  int32_t next_block = 0;
  int32_t blocks;
  std::atomic<int32_t> remaining;  ///< blocks x lanes not finished
};

Scheduler::Scheduler(TaskTable& table, KernelRunner& runner, int32_t threads, int32_t aic_cores)
    : table_(table), runner_(runner), cores_(aic_cores), orchestration_(new Fiber(kOrchestrationStackBytes)) {
  for (int32_t i = 0; i < threads; ++i) carriers_.push_back(std::make_unique<Carrier>());
  for (size_t i = 1; i < carriers_.size(); ++i) helpers_.emplace_back([this, i] { helper_main(i); });
}

Scheduler::~Scheduler() {
  shutdown_.store(true);
  wake();
  for (std::thread& helper : helpers_) helper.join();
}

// Never inlined: after a switch, the thread's own variable must be looked up again.
__attribute__((noinline)) Scheduler::Carrier*& Scheduler::carrier_of_thread() {
  static thread_local Carrier* carrier = nullptr;
  return carrier;
}

uint64_t Scheduler::done_by_all() const {
  uint64_t done = 0;
  for (const auto& carrier : carriers_) done += carrier->done.load(std::memory_order_acquire);
  return done;
}

// ---- a run ----------------------------------------------------------------------------------------------

void Scheduler::run(std::function<void()> orchestrate) {
  for (const auto& carrier : carriers_) {
    carrier->done.store(0, std::memory_order_relaxed);
    carrier->claimed_next = carrier->claimed_end = carrier->completed_count = 0;
    carrier->ready = kNoSlot;
    carrier->held[0] = carrier->held[1] = CorePool::kNone;
  }
  cores_.reset();
  open_.clear();
  jobs_.clear();
  running_multi_.clear();
  starved_.clear();
  shared_ready_.store(0);
  multi_work_.store(false);
  cores_wanted_.store(false);
  stop_.store(false);
  error_.clear();
  published_ = 0;
  orchestration_done_.store(false);
  orchestration_waits_.store(false);

  Carrier& carrier = *carriers_[0];
  Carrier* const outer = carrier_of_thread();
  carrier_of_thread() = &carrier;
  orchestration_->start([this, &orchestrate] {
    orchestrate();
    leave(Leave::kFinished);
  });
  active_.store(true);
  bool started = false;
  for (;;) {
    if (!orchestration_done_.load(std::memory_order_relaxed) && (!started || orchestration_may_continue())) {
      started = true;
      orchestration_waits_.store(false, std::memory_order_relaxed);
      carrier.current = orchestration_.get();
      orchestration_->resume();
      carrier.current = nullptr;
      if (carrier.leave == Leave::kFinished) {
        published_total_.store(published_, std::memory_order_relaxed);
        orchestration_done_.store(true, std::memory_order_seq_cst);
      }
      carrier.batch_start = now_ns();
      continue;
    }
    if (finished() || (stopped() && orchestration_done_.load())) break;
    if (stopped() || !step(carrier)) idle(carrier);
  }
  active_.store(false);
  if (participants_.load() != 0) wake();
  for (int32_t others = participants_.load(); others != 0; others = participants_.load()) participants_.wait(others);
  for (auto& fiber : carrier.yielded_fibers) carrier.idle_fibers.push_back(std::move(fiber));
  carrier.yielded_fibers.clear();
  carrier_of_thread() = outer;
}

void Scheduler::helper_main(size_t index) {
  Carrier& carrier = *carriers_[index];
  carrier_of_thread() = &carrier;
  runner_.on_thread_start();
  while (!shutdown_.load()) {
    if (active_.load()) {
      participants_.fetch_add(1);
      if (active_.load()) participate(carrier);
      participants_.fetch_sub(1);
      participants_.notify_all();
    }
    sleep_unless([&] { return shutdown_.load() || (active_.load() && !finished() && !stopped()); });
  }
}

void Scheduler::participate(Carrier& carrier) {
  carrier.batch_start = now_ns();
  while (active_.load(std::memory_order_acquire) && !stopped() && !finished()) {
    if (!step(carrier) && !idle(carrier)) break;
  }
  for (auto& fiber : carrier.yielded_fibers) carrier.idle_fibers.push_back(std::move(fiber));
  carrier.yielded_fibers.clear();
}

bool Scheduler::finished() {
  return orchestration_done_.load(std::memory_order_acquire) && done_by_all() == published_total_.load(std::memory_order_relaxed);
}

void Scheduler::stop() {
  stop_.store(true, std::memory_order_seq_cst);
  wake();
}

void Scheduler::wake() {
  epoch_.fetch_add(1);
  epoch_.notify_all();
}

// Sleeps until woken. Whoever makes something wanted does so first and then looks at someone_sleeps(); we say that we sleep
// first and then look at what is wanted.
template <typename Wanted>
void Scheduler::sleep_unless(Wanted&& wanted) {
  const uint32_t epoch = epoch_.load();
  uint32_t newest = sleep_epoch_.load();
  while (static_cast<int32_t>(epoch - newest) > 0 && !sleep_epoch_.compare_exchange_weak(newest, epoch)) {
  }
  AsymmetricFence::heavy();
  if (!wanted()) epoch_.wait(epoch);
}

// One turn of a carrier: new work and yielded kernels take turns. False if there is neither.
bool Scheduler::step(Carrier& carrier) {
  if (cores_wanted_.load()) release_held(carrier);
  const bool work = has_work(carrier);
  if (!carrier.yielded_fibers.empty() && (carrier.prefer_yielded || !work)) {
    carrier.prefer_yielded = false;
    std::unique_ptr<Fiber> fiber = std::move(carrier.yielded_fibers.front());
    carrier.yielded_fibers.pop_front();
    switch_to(carrier, std::move(fiber));
    return true;
  }
  if (!work) return false;
  carrier.prefer_yielded = true;
  std::unique_ptr<Fiber> fiber;
  if (carrier.idle_fibers.empty()) {
    fiber = std::make_unique<Fiber>(kWorkerStackBytes);
  } else {
    fiber = std::move(carrier.idle_fibers.back());
    carrier.idle_fibers.pop_back();
  }
  fiber->start([this] { worker_main(); });
  switch_to(carrier, std::move(fiber));
  return true;
}

void Scheduler::switch_to(Carrier& carrier, std::unique_ptr<Fiber> fiber) {
  carrier.current = fiber.get();
  fiber->resume();
  carrier.current = nullptr;
  flush(carrier);
  if (carrier.leave == Leave::kYielded) {
    carrier.yielded_fibers.push_back(std::move(fiber));
  } else {
    carrier.idle_fibers.push_back(std::move(fiber));
  }
}

void Scheduler::leave(Leave why) {
  Carrier* carrier = carrier_of_thread();
  carrier->leave = why;
  carrier->current->suspend();
}

// Out of work: looks again for a moment, then sleeps until woken. False if the run is over for this carrier.
bool Scheduler::idle(Carrier& carrier) {
  release_held(carrier);
  const bool first = &carrier == carriers_[0].get();
  const auto wanted = [&] {
    return has_work(carrier) || finished() || stopped() || !active_.load(std::memory_order_acquire) ||
           (first && orchestration_may_continue());
  };
  idle_carriers_.fetch_add(1);
  const auto until = std::chrono::steady_clock::now() + kLookAgain;
  while (!wanted() && std::chrono::steady_clock::now() < until) {
    for (int i = 0; i < 32; ++i) relax();
  }
  while (!wanted()) sleep_unless(wanted);
  idle_carriers_.fetch_sub(1);
  carrier.batch_start = now_ns();
  return active_.load(std::memory_order_acquire);
}

bool Scheduler::has_work(const Carrier& carrier) const {
  return carrier.ready != kNoSlot || carrier.claimed_next != carrier.claimed_end || multi_work_.load(std::memory_order_acquire) ||
         shared_ready_.load(std::memory_order_acquire) != 0 || table_.has_unclaimed();
}

// ---- the orchestration ----------------------------------------------------------------------------------

bool Scheduler::orchestration_may_continue() { return orchestration_waits_.load(std::memory_order_relaxed) && (stopped() || condition_()); }

void Scheduler::wait_until(std::function<bool()> condition) {
  condition_ = std::move(condition);
  orchestration_waits_.store(true, std::memory_order_seq_cst);
  leave(Leave::kWaiting);
}

void Scheduler::wait_done(TaskRef task) {
  const uint64_t target = done_by_all() + kRefill;
  wait_until([this, task, target] { return table_.is_done(task) && (done_by_all() >= target || !has_work(*carriers_[0])); });
}

void Scheduler::wait_all() {
  wait_until([this] { return done_by_all() == published_; });
}

void Scheduler::run_backlog() {
  wait_until([this] { return !has_work(*carriers_[0]); });
}

// ---- kernels --------------------------------------------------------------------------------------------

void Scheduler::yield() {
  Carrier* carrier = carrier_of_thread();
  if (carrier == nullptr || carrier->current == nullptr || carrier->current == orchestration_.get()) return;
  leave(Leave::kYielded);
}

void Scheduler::fail_kernel(std::string text) {
  {
    const std::lock_guard lock(error_mutex_);
    if (error_.empty()) error_ = std::move(text);
  }
  stop();
  leave(Leave::kAbandoned);
  std::terminate();  // an abandoned fiber is never resumed
}

// ---- worker fibers --------------------------------------------------------------------------------------

void Scheduler::worker_main() {
  for (;;) {
    const bool found = !stopped() && run_one();
    Carrier& carrier = *carrier_of_thread();  // looked up again: kernels switch
    if (!found) {
      flush(carrier);
      if (!stopped() && has_work(carrier)) continue;
      leave(Leave::kIdle);
      return;
    }
    const bool orchestration_next = &carrier == carriers_[0].get() && orchestration_may_continue();
    if (orchestration_next || !carrier.yielded_fibers.empty()) leave(Leave::kIdle);
  }
}

bool Scheduler::run_one() {
  if (cores_wanted_.load(std::memory_order_relaxed)) release_held(*carrier_of_thread());
  if (multi_work_.load(std::memory_order_acquire) && run_job()) return true;
  const uint32_t slot = next_task(*carrier_of_thread());
  if (slot == kNoSlot) return false;
  start(slot);
  return true;
}

uint32_t Scheduler::next_task(Carrier& carrier) {
  if (carrier.ready == kNoSlot && shared_ready_.load(std::memory_order_relaxed) != 0) {
    const uint32_t list = shared_ready_.exchange(0, std::memory_order_acq_rel) - 1;
    if (list != kNoSlot) add_ready(carrier, list);
  }
  if (carrier.ready != kNoSlot) {
    const uint32_t slot = carrier.ready;
    carrier.ready = table_.next_in_list(slot);
    return slot;
  }
  if (carrier.claimed_next == carrier.claimed_end) {
    carrier.claimed_next = 0;
    carrier.claimed_end = table_.claim(carrier.claimed, carrier.batch_limit);
    if (carrier.claimed_end == 0) return kNoSlot;
  }
  return carrier.claimed[carrier.claimed_next++];
}

void Scheduler::start(uint32_t slot) {
  const TaskSlot& task = table_.record(slot);
  Carrier* carrier = carrier_of_thread();
  if (const TaskRef undone = table_.undone_predecessor(task); undone.slot != kNoSlot) {
    const uint32_t list = table_.park(slot, undone);
    if (list != kNoSlot) add_ready(*carrier, list);
    return;
  }
  const bool skipped = (task.flags & TaskSlot::kHasPredicate) != 0 && !task.predicate().pass();
  if (task.lanes == 0 || skipped) return complete(slot);
  if (task.block_num != 1 || (task.lanes & (task.lanes - 1)) != 0) return open_multi(slot);

  const CoreType kind = task.lanes == PTO2_SUBTASK_MASK_AIC ? CoreType::AIC : CoreType::AIV;
  const int32_t core = take_core(*carrier, kind);
  if (core == CorePool::kNone) {
    {
      const std::lock_guard lock(multi_mutex_);
      starved_.push_back(slot);
      cores_wanted_.store(true);
    }
    const int32_t freed = cores_.acquire(kind);  // between our look and our wish
    if (freed != CorePool::kNone) {
      cores_.release(kind, freed);
      cores_released(*carrier);
    }
    return;
  }
  if (carrier->completed_count != 0 && idle_carriers_.load(std::memory_order_relaxed) != 0) flush(*carrier);
  runner_.run({&task, kind, core, kind == CoreType::AIC ? 0 : 1, 0});
  carrier = carrier_of_thread();
  give_core(*carrier, kind, core);
  complete(slot);
}

void Scheduler::complete(uint32_t slot) {
  Carrier& carrier = *carrier_of_thread();
  table_.mark_done({slot, table_.record(slot).id});
  carrier.completed[carrier.completed_count++] = slot;
  if (carrier.completed_count >= carrier.batch_limit) flush(carrier);
}

void Scheduler::flush(Carrier& carrier) {
  const uint32_t count = carrier.completed_count;
  if (count == 0) return;
  std::atomic_thread_fence(std::memory_order_seq_cst);  // against TaskTable::park
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t list = table_.take_waiters(carrier.completed[i]);
    if (list != kNoSlot) add_ready(carrier, list);
  }
  carrier.completed_count = 0;
  carrier.done.store(carrier.done.load(std::memory_order_relaxed) + count, std::memory_order_seq_cst);
  if (someone_sleeps() && (orchestration_waits_.load() || orchestration_done_.load())) wake();

  const uint64_t now = now_ns();
  const uint64_t each = (now - carrier.batch_start) / count;
  carrier.batch_start = now;
  if (each * carrier.batch_limit * 2 <= kBatchNs) {
    carrier.batch_limit = std::min(carrier.batch_limit * 2, Carrier::kMaxBatch);
  } else if (each * carrier.batch_limit > 2 * kBatchNs) {
    carrier.batch_limit = std::max(carrier.batch_limit / 2, 1u);
  }
}

// Puts a list in front of the carrier's; gives all but its first to others if they have nothing to do.
void Scheduler::add_ready(Carrier& carrier, uint32_t list) {
  const uint32_t rest = table_.next_in_list(list);
  if (rest != kNoSlot && idle_carriers_.load(std::memory_order_relaxed) != 0) {
    table_.set_next_in_list(list, carrier.ready);
    carrier.ready = list;
    return share(rest);
  }
  uint32_t last = list;
  for (uint32_t next = rest; next != kNoSlot; next = table_.next_in_list(next)) last = next;
  table_.set_next_in_list(last, carrier.ready);
  carrier.ready = list;
}

void Scheduler::share(uint32_t list) {
  uint32_t last = list;
  for (uint32_t next = table_.next_in_list(last); next != kNoSlot; next = table_.next_in_list(next)) last = next;
  uint32_t head = shared_ready_.load(std::memory_order_relaxed);
  do {
    table_.set_next_in_list(last, head - 1);
  } while (!shared_ready_.compare_exchange_weak(head, list + 1, std::memory_order_seq_cst, std::memory_order_relaxed));
  if (someone_sleeps()) wake();
}

// ---- cores ----------------------------------------------------------------------------------------------

int32_t Scheduler::take_core(Carrier& carrier, CoreType kind) {
  int32_t& held = carrier.held[static_cast<size_t>(kind)];
  if (held != CorePool::kNone) return std::exchange(held, CorePool::kNone);
  return cores_.acquire(kind);
}

void Scheduler::give_core(Carrier& carrier, CoreType kind, int32_t core) {
  int32_t& held = carrier.held[static_cast<size_t>(kind)];
  if (held == CorePool::kNone && !cores_wanted_.load(std::memory_order_relaxed)) {
    held = core;
    return;
  }
  cores_.release(kind, core);
  cores_released(carrier);
}

void Scheduler::release_held(Carrier& carrier) {
  bool released = false;
  for (CoreType kind : {CoreType::AIC, CoreType::AIV}) {
    int32_t& held = carrier.held[static_cast<size_t>(kind)];
    if (held == CorePool::kNone) continue;
    cores_.release(kind, std::exchange(held, CorePool::kNone));
    released = true;
  }
  if (released) cores_released(carrier);
}

// Lets those who found no free core try again.
void Scheduler::cores_released(Carrier& carrier) {
  if (!cores_wanted_.load()) return;
  std::vector<uint32_t> again;
  {
    const std::lock_guard lock(multi_mutex_);
    again.swap(starved_);
    cores_wanted_.store(false);
    multi_work_.store(!jobs_.empty() || !open_.empty());
  }
  for (uint32_t slot : again) {
    table_.set_next_in_list(slot, kNoSlot);
    add_ready(carrier, slot);
  }
  if (someone_sleeps()) wake();
}

// ---- tasks of several blocks or lanes -------------------------------------------------------------------

void Scheduler::open_multi(uint32_t slot) {
  const TaskSlot& task = table_.record(slot);
  auto multi = std::make_unique<MultiTask>();
  multi->slot = slot;
  multi->lanes = task.lanes;
  multi->blocks = task.block_num;
  multi->remaining.store(task.block_num * __builtin_popcount(task.lanes));
  {
    const std::lock_guard lock(multi_mutex_);
    open_.push_back(std::move(multi));
    multi_work_.store(true);
  }
  if (someone_sleeps()) wake();
}

bool Scheduler::run_job() {
  Job job;
  if (!take_job(job)) return false;
  runner_.run(job.call);
  give_core(*carrier_of_thread(), job.call.kind, job.call.core);
  finish_job(job);
  return true;
}

// A kernel with its core: one whose core is assigned already, or the next block of an open task. All lanes of a block
// get the cores of one cluster at once, so that they can run side by side.
bool Scheduler::take_job(Job& job) {
  Carrier& carrier = *carrier_of_thread();
  release_held(carrier);  // a cluster may need them
  const std::lock_guard lock(multi_mutex_);
  if (jobs_.empty() && !open_.empty()) {
    cores_wanted_.store(true);  // before looking: whoever frees a core afterwards sees it
    for (auto at = open_.begin(); at != open_.end(); ++at) {
      if (!start_block(**at)) continue;
      if ((*at)->next_block == (*at)->blocks) {
        running_multi_.push_back(std::move(*at));
        open_.erase(at);
      }
      break;
    }
  }
  cores_wanted_.store((jobs_.empty() && !open_.empty()) || !starved_.empty());
  if (jobs_.empty()) {
    multi_work_.store(false);
    return false;
  }
  job = jobs_.front();
  jobs_.pop_front();
  multi_work_.store(!jobs_.empty() || !open_.empty());
  return true;
}

bool Scheduler::start_block(MultiTask& multi) {
  const TaskSlot& task = table_.record(multi.slot);
  if ((multi.lanes & (multi.lanes - 1)) == 0) {
    const CoreType kind = multi.lanes == PTO2_SUBTASK_MASK_AIC ? CoreType::AIC : CoreType::AIV;
    const int32_t core = cores_.acquire(kind);
    if (core == CorePool::kNone) return false;
    jobs_.push_back({&multi, {&task, kind, core, kind == CoreType::AIC ? 0 : 1, multi.next_block++}});
    return true;
  }
  const int32_t cluster = cores_.acquire_cluster(multi.lanes);
  if (cluster == CorePool::kNone) return false;
  if ((multi.lanes & PTO2_SUBTASK_MASK_AIC) != 0) jobs_.push_back({&multi, {&task, CoreType::AIC, cluster, 0, multi.next_block}});
  if ((multi.lanes & PTO2_SUBTASK_MASK_AIV0) != 0) jobs_.push_back({&multi, {&task, CoreType::AIV, 2 * cluster, 1, multi.next_block}});
  if ((multi.lanes & PTO2_SUBTASK_MASK_AIV1) != 0) jobs_.push_back({&multi, {&task, CoreType::AIV, 2 * cluster + 1, 2, multi.next_block}});
  ++multi.next_block;
  return true;
}

void Scheduler::finish_job(const Job& job) {
  if (job.multi->remaining.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  const uint32_t slot = job.multi->slot;
  {
    const std::lock_guard lock(multi_mutex_);
    std::erase_if(running_multi_, [&](const auto& multi) { return multi.get() == job.multi; });
  }
  complete(slot);
}

}  // namespace tilewright
