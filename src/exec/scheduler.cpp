#include "exec/scheduler.h"

#include <fmt/format.h>

#include <chrono>
#include <iterator>

#include "base/error.h"
#include "exec/monotonic.h"
#include "pto_orchestration_api.h"
#include "task/status.h"

namespace tilewright {
namespace {

constexpr size_t kWorkerStackBytes = 512 << 10;
constexpr size_t kOrchestrationStackBytes = 8 << 20;
/// How often a carrier that ran out of work looks again before it sleeps, and how many pauses lie between two looks. Bounded,
/// and only while a run is active: a wake-up costs the submitter more than this costs the machine. The pauses let a handful of
/// tasks gather: a carrier that follows the submitter task by task has every line cross the processors on its own.
constexpr int kLooks = 24;
constexpr int kFirstLooks = 4;  // before others are told that this carrier has nothing to do
constexpr int kPauses = 24;
/// Tasks that take less than kWorthSharingNs, all told, cost more on another processor than they save: each brings its lines along, and
/// who waits for them takes the submitter's from it. A carrier that sees such rows leaves tasks alone for a while, twice as long after each.
constexpr uint64_t kWorthSharingNs = 50;
constexpr uint32_t kRow = 4;
constexpr uint64_t kShortestNapNs = 20'000, kLongestNapNs = 1'000'000;
constexpr uint64_t kBatchNs = 2000;  // a batch of completions or claims is worth about this much kernel time
/// A full ring is refilled in portions of so many tasks, or what takes so long, whichever is less.
constexpr uint64_t kRefill = 64;
constexpr uint64_t kRefillNs = 50'000;

void relax() {
#if defined(__x86_64__)
  asm volatile("pause");
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

Scheduler::Scheduler(TaskTable& table, KernelRunner& runner, int32_t threads, int32_t aic_cores)
    : table_(table), runner_(runner), dispatch_(table, runner, aic_cores), orchestration_(new Fiber(kOrchestrationStackBytes)) {
  for (int32_t i = 0; i < threads; ++i) carriers_.push_back(std::make_unique<Carrier>());
  for (uint32_t i = 1; i < carriers_.size(); ++i) threads_.emplace_back([this, i] { thread_main(i); });
  watcher_ = std::thread([this] { watch(); });
}

Scheduler::~Scheduler() {
  {
    const std::lock_guard lock(spare_mutex_);
    shutdown_.store(true);
  }
  wake();
  watch_wanted_.notify_all();
  spare_wanted_.notify_all();
  watcher_.join();
  for (std::thread& thread : threads_) thread.join();
}

// noipa: the compiler must not learn that the result depends on the thread alone, and keep it across a switch.
#if defined(__clang__)
__attribute__((noinline))
#else
__attribute__((noipa))
#endif
Scheduler::ThreadState&
Scheduler::this_thread() {
  static thread_local ThreadState state;
  asm volatile("" ::: "memory");
  return state;
}

uint64_t Scheduler::done_by_all() const {
  uint64_t done = 0;
  // Sequentially consistent: of two carriers that add to it at once and look whether that was the last of it, one sees both.
  for (const auto& carrier : carriers_) done += carrier->done.load(std::memory_order_seq_cst);
  return done;
}

// ---- a run ----------------------------------------------------------------------------------------------

void Scheduler::run(std::function<void()> orchestrate, const RunLimits& limits, const SimSeed& seed) {
  seeded_.reset();
  for (const auto& carrier : carriers_) {
    carrier->done.store(0, std::memory_order_relaxed);
    carrier->claimed_next = carrier->claimed_end = carrier->completed_count = 0;
    carrier->ready = kNoSlot;
    carrier->warm = {};
    carrier->nap_ns = 0;
    carrier->nap_due = false;
    carrier->row_ns.store(0, std::memory_order_relaxed);
    carrier->taken_from = {};
  }
  dispatch_.reset();
  shared_ready_.store(0);
  stop_.store(false);
  async_.reset();
  timing_.reset();
  if (seed.seed != 0) return run_seeded(orchestrate, limits, seed);
  run_start_ns_ = now_ns();
  failure_ = {};
  limits_ = limits;
  if (limits_.device_ns != 0) limit_start_ns_ = limits_.clock();
  paused_ns_.store(0, std::memory_order_relaxed);
  past_deadline_.store(false, std::memory_order_relaxed);
  published_ = 0;
  orchestration_done_.store(false);
  orchestration_waits_.store(false);

  orchestration_started_ = false;
  stuck_ns_.store(kFirstStuckNs, std::memory_order_relaxed);
  carrier_0_done_.store(false);

  Carrier& carrier = *carriers_[0];
  const ThreadState outer = std::exchange(this_thread(), ThreadState{&carrier, nullptr, false});
  orchestration_->start([this, &orchestrate] {
    orchestrate();
    leave(Leave::kFinished);
  });
  join_run();
  active_.store(true);
  start_watching();
  if (!run_carrier_0(carrier)) {  // a spare goes on with it
    waiting_callers_.store(1);
    carrier_0_done_.wait(false);
    waiting_callers_.store(0);
  }
  active_.store(false);
  if (participants_.load() != 0) wake();
  for (int32_t others = participants_.load(); others != 0; others = participants_.load()) participants_.wait(others);
  leave_run(carrier);
  for (const auto& each : carriers_) each->suspended.abandon(each->abandoned_fibers);  // given back when its carrier had left
  this_thread() = outer;
}

// The orchestration, and tasks. False if the carrier goes on with another thread.
bool Scheduler::run_carrier_0(Carrier& carrier) {
  set_cpu_clock(carrier);
  for (;;) {
    if (!orchestration_done_.load(std::memory_order_relaxed) && (!orchestration_started_ || orchestration_may_continue())) {
      orchestration_started_ = true;
      orchestration_waits_.store(false, std::memory_order_relaxed);
      this_thread().fiber = orchestration_.get();
      runner_.on_orchestration();
      orchestration_->resume();
      this_thread().fiber = nullptr;
      if (carrier.leave == Leave::kFinished) {
        published_total_.store(published_, std::memory_order_relaxed);
        orchestration_done_.store(true, std::memory_order_seq_cst);
      }
      carrier.batch_start = now_ns();
      continue;
    }
    if (finished() || (stopped() && orchestration_done_.load())) return true;
    if (stopped() || !step(carrier)) idle(carrier);
    if (this_thread().lost) return false;
  }
}

void Scheduler::run_seeded(const std::function<void()>& orchestrate, const RunLimits& limits, const SimSeed& seed) {
  run_start_ns_ = 0;
  seeded_ =
      std::make_unique<SeededRun>(SeededRun::Engine{table_, runner_, async_, timing_, stop_, dispatch_.cores().aic_cores()}, seed, limits);
  sleep_epoch_.store(epoch_.load());  // so that published() comes to published_to_sleepers()
  seeded_->run(orchestrate);
}

// Out of line, and for runs under a seed too: published() has no test of its own for them.
void Scheduler::published_to_sleepers() { seeded_ != nullptr ? seeded_->published() : wake(); }

// The life of a thread that runs a carrier other than 0. False if the carrier goes on with another thread. An adopted carrier
// takes part in a run already.
bool Scheduler::be_helper(size_t index, bool adopted) {
  Carrier& carrier = *carriers_[index];
  this_thread() = {&carrier, nullptr, false};
  set_cpu_clock(carrier);
  while (adopted || !shutdown_.load()) {
    if (adopted || active_.load()) {
      if (!adopted) participants_.fetch_add(1);
      bool kept = true;
      if (adopted || active_.load()) {
        adopted ? hand_over_taken(carrier) : join_run();
        kept = participate(carrier);
      }
      adopted = false;
      participants_.fetch_sub(1);
      participants_.notify_all();
      if (!kept) return false;
    }
    sleep_unless([&] { return shutdown_.load() || (active_.load() && !finished() && !stopped()); });
  }
  return true;
}

bool Scheduler::participate(Carrier& carrier) {
  carrier.batch_start = now_ns();
  while (active_.load(std::memory_order_acquire) && !stopped() && !finished()) {
    if (!step(carrier) && !idle(carrier)) break;
    if (this_thread().lost) return false;
  }
  leave_run(carrier);
  return true;
}

bool Scheduler::finished() {
  return orchestration_done_.load(std::memory_order_acquire) && done_by_all() == published_total_.load(std::memory_order_relaxed);
}

void Scheduler::stop() {
  stop_.store(true, std::memory_order_seq_cst);
  if (seeded_ != nullptr) return;
  wake();
}

// Sleeps until woken. Whoever makes something wanted does so first and then looks at someone_sleeps(); we say that we sleep
// first and then look at what is wanted.
template <typename Wanted>
void Scheduler::sleep_unless(Wanted&& wanted, uint64_t timeout_ns) {
  const uint32_t epoch = epoch_.load();
  uint32_t newest = sleep_epoch_.load();
  while (static_cast<int32_t>(epoch - newest) > 0 && !sleep_epoch_.compare_exchange_weak(newest, epoch)) {
  }
  AsymmetricFence::heavy();
  if (!wanted()) epoch_.wait(epoch, timeout_ns);
}

// One turn of a carrier: new work and suspended kernels that can run take turns. False if there is neither.
bool Scheduler::step(Carrier& carrier) {
  if (dispatch_.cores_wanted()) wake_if(dispatch_.release_warm(carrier.warm));
  if (async_.any()) complete_async(carrier);
  carrier.suspended.look(notifications_.load(std::memory_order_acquire));
  if (carrier.suspended.any()) carrier.nap_due = false;  // its kernels may wait for tasks, and nobody wakes it from a nap
  const bool work = has_work(carrier);
  if (carrier.suspended.can_run() && (carrier.prefer_suspended || !work)) {
    carrier.prefer_suspended = false;
    if (!work && carrier.suspended.only_polls()) {
      pause(carrier);
    } else {
      carrier.backoff.reset();
    }
    switch_to(carrier, carrier.suspended.next());
    return true;
  }
  if (!work) return false;
  carrier.prefer_suspended = true;
  carrier.backoff.reset();
  switch_to(carrier, worker_fiber(carrier));
  return true;
}

// A fiber in worker_main, at its start or where it became idle.
std::unique_ptr<Fiber> Scheduler::worker_fiber(Carrier& carrier) {
  const auto take = [](std::vector<std::unique_ptr<Fiber>>& fibers) {
    std::unique_ptr<Fiber> fiber = std::move(fibers.back());
    fibers.pop_back();
    return fiber;
  };
  if (!carrier.idle_fibers.empty()) return take(carrier.idle_fibers);
  std::unique_ptr<Fiber> fiber =
      carrier.abandoned_fibers.empty() ? std::make_unique<Fiber>(kWorkerStackBytes) : take(carrier.abandoned_fibers);
  fiber->start([this] { worker_main(); });
  return fiber;
}

void Scheduler::switch_to(Carrier& carrier, std::unique_ptr<Fiber> fiber) {
  ThreadState& thread = this_thread();
  thread.fiber = fiber.get();
  carrier.current.store(fiber.get(), std::memory_order_release);
  fiber->resume();
  thread.fiber = nullptr;
  if (thread.lost) [[unlikely]]
    return give_back(carrier, std::move(fiber));
  carrier.current.store(nullptr, std::memory_order_release);
  flush(carrier);
  switch (carrier.leave) {
    case Leave::kYielded: return carrier.suspended.add_polling(std::move(fiber), carrier.wait);
    case Leave::kKernelWaits: return carrier.suspended.add_waiting(std::move(fiber), *carrier.wait);
    case Leave::kAbandoned: return carrier.abandoned_fibers.push_back(std::move(fiber));
    default: carrier.idle_fibers.push_back(std::move(fiber)); carrier.backoff.reset();
  }
}

void Scheduler::leave(Leave why) {
  const ThreadState& thread = this_thread();
  thread.carrier->leave = why;
  thread.fiber->suspend();
}

// Whether a carrier that has nothing to run has reason to go on.
bool Scheduler::wanted(Carrier& carrier) {
  return has_work(carrier) || carrier.suspended.any_ready() || async_.any_complete() || finished() || stopped() ||
         !active_.load(std::memory_order_acquire) || (&carrier == carriers_[0].get() && orchestration_may_continue());
}

// Leaves the tasks to others for a moment. Not asleep, so that submissions do not wake it; the end of the run does.
void Scheduler::nap(Carrier& carrier) {
  carrier.nap_due = false;
  const uint32_t epoch = epoch_.load();
  if (active_.load() && !stopped() && !finished()) epoch_.wait(epoch, carrier.nap_ns);
}

// Out of work: looks again for a moment, then sleeps until woken. False if the run is over for this carrier.
bool Scheduler::idle(Carrier& carrier) {
  const auto wanted = [&] { return this->wanted(carrier); };
  if (carrier.nap_due) nap(carrier);
  int looks = 0;
  const auto look_until = [&](int last) {
    for (; looks < last; ++looks) {
      if (wanted()) return true;
      for (int i = 0; i < kPauses; ++i) relax();
    }
    return wanted();
  };
  if (!look_until(kFirstLooks)) {
    wake_if(dispatch_.release_warm(carrier.warm));
    idle_carriers_.fetch_add(1);
    if (!look_until(kLooks) && rest_unless_wanted(carrier)) {
      while (!wanted()) sleep_unless(wanted);
      end_rest(carrier);
    }
    idle_carriers_.fetch_sub(1);
  }
  carrier.suspended.collect_ready();
  carrier.batch_start = now_ns();
  return active_.load(std::memory_order_acquire);
}

// Nothing but kernels that poll: sleeps a little, the longer this lasts.
void Scheduler::pause(Carrier& carrier) {
  const uint64_t pause_ns = carrier.backoff.pause_before_turn(now_ns());
  if (pause_ns == 0 && !carrier.backoff.starts_another_burst()) return;
  // What these kernels poll for may depend on a task that is held back, or on a kernel that waits for what they have written.
  wake_if(dispatch_.release_warm(carrier.warm));
  if (dispatch_.cores_wanted() && dispatch_.ignore_reservations()) return wake_if(true);
  look_for_resting();
  if (pause_ns == 0) return check_deadline(0);
  idle_carriers_.fetch_add(1);
  pausing_carriers_.fetch_add(1);
  sleep_unless([&] { return wanted(carrier); }, pause_ns);
  check_deadline(pause_ns);
  pausing_carriers_.fetch_sub(1);
  idle_carriers_.fetch_sub(1);
  carrier.suspended.collect_ready();
  carrier.batch_start = now_ns();
}

bool Scheduler::has_work(const Carrier& carrier) const {
  return carrier.ready != kNoSlot || carrier.claimed_next != carrier.claimed_end || dispatch_.has_jobs() ||
         shared_ready_.load(std::memory_order_acquire) != 0 || (!carrier.nap_due && table_.has_unclaimed());
}

// ---- the orchestration ----------------------------------------------------------------------------------

bool Scheduler::orchestration_may_continue() { return orchestration_waits_.load(std::memory_order_relaxed) && (stopped() || condition_()); }

void Scheduler::wait_until(std::function<bool()> condition) {
  condition_ = std::move(condition);
  orchestration_waits_.store(true, std::memory_order_seq_cst);
  leave(Leave::kWaiting);
}

void Scheduler::wait_done(TaskRef task) {
  if (seeded_ != nullptr) return seeded_->wait_until([this, task] { return table_.is_done(task); });
  wait_for_completions(task, 0, 0);
}

// A wake-up costs both sides more than a short task, so the submitter waits for room for many as long as others work. When the last of them
// rests, polls or keeps its thread, any room is enough (take_any_room).
void Scheduler::wait_for_room(TaskRef task) {
  if (seeded_ != nullptr) return wait_done(task);
  const uint64_t done = done_by_all();
  uint64_t task_ns = 1;
  for (const auto& carrier : carriers_) task_ns = std::max<uint64_t>(task_ns, carrier->row_ns.load(std::memory_order_relaxed));
  wait_for_completions(task, 0, done + std::clamp<uint64_t>(std::min(kRefillNs / task_ns, (published_ - done) / 2), 1, kRefill));
}

void Scheduler::take_any_room() { preferred_count_.store(0, std::memory_order_relaxed); }

void Scheduler::wait_all() {
  if (seeded_ != nullptr) return seeded_->wait_until([this] { return seeded_->all_done(); });
  wait_for_completions({kNoSlot, 0}, published_, 0);
}

void Scheduler::wait_for_completions(TaskRef task, uint64_t count, uint64_t preferred_count) {
  awaited_task_.store(task, std::memory_order_relaxed);
  awaited_count_.store(count, std::memory_order_relaxed);
  preferred_count_.store(preferred_count, std::memory_order_relaxed);
  wait_until([this] { return awaited_completions_are_there(); });
}

bool Scheduler::awaited_completions_are_there() const {
  const uint64_t done = done_by_all();
  if (done < awaited_count_.load(std::memory_order_relaxed) || done < preferred_count_.load(std::memory_order_relaxed)) return false;
  const TaskRef task = awaited_task_.load(std::memory_order_relaxed);
  return task.slot == kNoSlot || table_.is_done(task);
}

// Whether the orchestration's carrier should run tasks: there are many, or it does not know yet how long they take.
bool Scheduler::has_backlog(uint64_t limit) const {
  return published_ - done_by_all() >= limit || (carriers_.size() > 1 && carriers_[0]->row_ns.load(std::memory_order_relaxed) == 0);
}

void Scheduler::run_backlog() {
  if (seeded_ != nullptr) return;
  wait_until([this] { return !has_work(*carriers_[0]) || !has_backlog(kBacklog / 2); });
}

// ---- kernels --------------------------------------------------------------------------------------------

void Scheduler::yield(const KernelWait* who) {
  if (seeded_ != nullptr) return seeded_->yield(who);
  Fiber* const fiber = this_thread().fiber;
  if (fiber == nullptr || fiber == orchestration_.get()) return;
  leave_kernel(*fiber);
  Carrier& carrier = *this_thread().carrier;
  hand_over_suspended(carrier);
  carrier.wait = who;
  leave(Leave::kYielded);
  if (past_deadline_.load(std::memory_order_relaxed)) [[unlikely]]
    end_at_deadline(who);
  enter_kernel(*fiber);
}

void Scheduler::wait(const KernelWait& condition) {
  if (seeded_ != nullptr) return seeded_->wait(condition);
  while (!condition.ready(condition.data)) {
    Fiber* const fiber = this_thread().fiber;
    leave_kernel(*fiber);
    Carrier& carrier = *this_thread().carrier;
    hand_over_suspended(carrier);
    carrier.wait = &condition;
    leave(Leave::kKernelWaits);
    enter_kernel(*fiber);
  }
}

bool Scheduler::notify() {
  if (seeded_ != nullptr) return seeded_->notify();
  notifications_.fetch_add(1, std::memory_order_release);
  AsymmetricFence::light();
  if (someone_sleeps()) wake();
  return false;
}

void Scheduler::fail_kernel(std::string text, int32_t status) {
  if (seeded_ != nullptr) seeded_->fail_kernel({RunFailure::Kind::kKernel, status, 0, std::move(text)});
  leave_kernel(*this_thread().fiber);
  fail({RunFailure::Kind::kKernel, status, 0, std::move(text)});
  leave(Leave::kAbandoned);
  std::terminate();  // an abandoned fiber is never resumed
}

// `lines` are added to the text of a deadline that was there before.
void Scheduler::fail(RunFailure failure, const std::string& lines) {
  {
    const std::lock_guard lock(failure_mutex_);
    if (failure_.kind == RunFailure::Kind::kNone && !stopped()) {
      failure_ = std::move(failure);
    } else if (failure_.kind == RunFailure::Kind::kDeadline) {
      failure_.text += lines;
    }
  }
  stop();
}

// ---- worker fibers --------------------------------------------------------------------------------------

// A fiber that has started stays on its carrier, so the carrier is the same after every kernel, if not the thread.
void Scheduler::worker_main() {
  Carrier& carrier = *this_thread().carrier;
  const bool first = &carrier == carriers_[0].get();
  for (;;) {
    if (stopped() || !run_one(carrier)) {
      flush(carrier);
      if (!stopped() && has_work(carrier)) continue;
      leave(Leave::kIdle);
      continue;
    }
    if (async_.any() && ++carrier.async_turn % 16 == 0) [[unlikely]]
      complete_async(carrier);
    if (carrier.suspended.wants_turn(notifications_.load(std::memory_order_relaxed))) leave(Leave::kIdle);
    // The orchestration waits for completions, which count from the flush on.
    if (first && carrier.completed_count == 0 && orchestration_may_continue()) leave(Leave::kIdle);
  }
}

[[gnu::always_inline]] inline bool Scheduler::run_one(Carrier& carrier) {
  if (dispatch_.cores_wanted()) [[unlikely]]
    wake_if(dispatch_.release_warm(carrier.warm));
  if (dispatch_.has_jobs() && run_job(carrier)) return true;
  const uint32_t slot = next_task(carrier);
  if (slot == kNoSlot) return false;
  start(carrier, slot);
  return true;
}

[[gnu::always_inline]] inline uint32_t Scheduler::next_task(Carrier& carrier) {
  if (carrier.ready == kNoSlot && shared_ready_.load(std::memory_order_relaxed) != 0) [[unlikely]] {
    const uint32_t list = shared_ready_.exchange(0, std::memory_order_acq_rel) - 1;
    if (list != kNoSlot) add_ready(carrier, list);
  }
  if (carrier.ready != kNoSlot) {
    const uint32_t slot = carrier.ready;
    carrier.ready = table_.next_in_list(slot);
    return slot;
  }
  if (carrier.claimed_next == carrier.claimed_end) [[unlikely]] {
    if (carrier.nap_due) return kNoSlot;
    carrier.claimed_next = 0;
    carrier.claimed_end = table_.claim(carrier.claimed, carrier.batch_limit);
    if (carrier.claimed_end == 0) return kNoSlot;
    for (uint32_t i = 0; i < carrier.claimed_end; ++i) __builtin_prefetch(&table_.record(carrier.claimed[i]));
  }
  return carrier.claimed[carrier.claimed_next++];
}

// Whether all predecessors are complete. If not, the task is parked: it comes back when the one it waits for is.
[[gnu::always_inline]] inline bool Scheduler::is_ready(Carrier& carrier, uint32_t slot) {
  if (table_.is_ready(table_.record(slot))) [[likely]]
    return true;
  return !park(carrier, slot);
}

// False if there is no reason to: all predecessors are complete.
bool Scheduler::park(Carrier& carrier, uint32_t slot) {
  const TaskSlot& task = table_.record(slot);
  const TaskRef undone = table_.undone_predecessor(task);
  if (undone.slot == kNoSlot) return false;
  if ((task.flags & TaskSlot::kMayStage) != 0) [[unlikely]]
    dispatch_.offer(slot);
  if (const uint32_t list = table_.park(slot, undone); list != kNoSlot) add_ready(carrier, list);
  return true;
}

[[gnu::always_inline]] inline void Scheduler::start(Carrier& carrier, uint32_t slot) {
  if (!is_ready(carrier, slot)) return;
  const TaskSlot& task = table_.record(slot);
  if ((task.flags & TaskSlot::kPlain) != 0) return run_row(carrier, slot);
  if ((task.flags & TaskSlot::kHints) != 0) [[unlikely]]
    return start_hinted(carrier, slot);
  if (task.lanes == 0) return complete(carrier, slot);
  if (task.block_num != 1 || (task.lanes & (task.lanes - 1)) != 0) return open(slot);
  start_single(carrier, slot);
}

[[gnu::always_inline]] inline void Scheduler::start_single(Carrier& carrier, uint32_t slot) {
  const TaskSlot& task = table_.record(slot);
  const CoreType kind = task.lanes == PTO2_SUBTASK_MASK_AIC ? CoreType::AIC : CoreType::AIV;
  const int32_t core = dispatch_.take_core(carrier.warm, kind);
  if (core == CorePool::kNone) return open(slot);
  if (carrier.completed_count != 0 && idle_carriers_.load(std::memory_order_relaxed) != 0) flush(carrier);
  const bool over = run_kernel(carrier, {&task, kind, core, kind == CoreType::AIC ? 0 : 1, 0});
  wake_if(dispatch_.give_core(carrier.warm, kind, core));
  if (over) [[likely]]
    return complete(carrier, slot);
  kernels_returned(carrier, slot);
}

// ---- rows of plain tasks: what runs them keeps its core and its bearings from one to the next ----

class Scheduler::PlainRow final : public TaskRow {
 public:
  PlainRow(Scheduler& scheduler, Carrier& carrier, CoreType kind, uint32_t slot)
      : scheduler_(scheduler), carrier_(carrier), fiber_(*carrier.current.load(std::memory_order_relaxed)), kind_(kind), slot_(slot) {
    scheduler_.enter_kernel(fiber_);
  }
  const TaskSlot* next() override {
    const bool moved = scheduler_.leave_kernel(fiber_);
    scheduler_.complete_task(carrier_, slot_);
    // What the runner made ready for the row belongs to the thread where the row began.
    slot_ = moved ? kNoSlot : scheduler_.next_plain(carrier_, kind_);
    if (slot_ == kNoSlot) return nullptr;
    scheduler_.enter_kernel(fiber_);
    return &scheduler_.table_.record(slot_);
  }
  /// The kernel of the last task has returned, and its task is not over.
  void leave() { scheduler_.leave_kernel(fiber_); }
  uint32_t slot() const { return slot_; }

 private:
  Scheduler& scheduler_;
  Carrier& carrier_;
  Fiber& fiber_;
  const CoreType kind_;
  uint32_t slot_;
};

void Scheduler::run_row(Carrier& carrier, uint32_t slot) {
  const CoreType kind = table_.record(slot).lanes == PTO2_SUBTASK_MASK_AIC ? CoreType::AIC : CoreType::AIV;
  const int32_t core = dispatch_.take_core(carrier.warm, kind);
  if (core == CorePool::kNone) return open(slot);
  if (carrier.completed_count != 0 && idle_carriers_.load(std::memory_order_relaxed) != 0) flush(carrier);
  PlainRow row(*this, carrier, kind, slot);
  const TaskSlot* const unfinished = runner_.run_row(kind, core, &table_.record(slot), row);
  if (unfinished != nullptr) row.leave();
  wake_if(dispatch_.give_core(carrier.warm, kind, core));
  if (unfinished != nullptr) kernels_returned(carrier, row.slot());
}

// Whether there is something else to do than to run the next task.
bool Scheduler::wants_attention(Carrier& carrier) {
  return dispatch_.cores_wanted() || dispatch_.has_jobs() || async_.any() ||
         carrier.suspended.wants_turn(notifications_.load(std::memory_order_relaxed)) ||
         (&carrier == carriers_[0].get() && orchestration_may_continue());
}

// The next plain task for a core of this kind; kNoSlot if worker_main has something else to do or to look at first.
[[gnu::always_inline]] inline uint32_t Scheduler::next_plain(Carrier& carrier, CoreType kind) {
  for (;;) {
    // As often as completions are flushed, which is after each kernel unless they are short.
    if (stopped() || (carrier.completed_count == 0 && wants_attention(carrier))) [[unlikely]]
      return kNoSlot;
    const uint32_t slot = next_task(carrier);
    if (slot == kNoSlot) [[unlikely]]
      return kNoSlot;
    if (!is_ready(carrier, slot)) continue;
    const TaskSlot& task = table_.record(slot);
    if ((task.flags & TaskSlot::kPlain) == 0 || (task.lanes == PTO2_SUBTASK_MASK_AIC) != (kind == CoreType::AIC)) [[unlikely]] {
      table_.set_next_in_list(slot, carrier.ready);
      carrier.ready = slot;
      return kNoSlot;
    }
    if (carrier.completed_count != 0 && idle_carriers_.load(std::memory_order_relaxed) != 0) [[unlikely]]
      flush(carrier);
    return slot;
  }
}

// A task with a predicate or a hint, or a recorded graph.
void Scheduler::start_hinted(Carrier& carrier, uint32_t slot) {
  const TaskSlot& task = table_.record(slot);
  if ((task.flags & TaskSlot::kMayStage) != 0 && dispatch_.start_staged(slot)) return wake_if(true);
  if ((task.flags & TaskSlot::kGraph) != 0) return start_graph(carrier, slot);
  const bool skipped = (task.flags & TaskSlot::kHasPredicate) != 0 && !task.predicate().pass();
  if (skipped) return complete(carrier, slot);
  if (task.lanes == 0) {
    if (task.timing_slot() >= 0) {
      const uint64_t now = now_ns();
      timing_.add(task.timing_slot(), now, now);
    }
    return complete(carrier, slot);
  }
  if (task.block_num != 1 || (task.lanes & (task.lanes - 1)) != 0) return open(slot);
  start_single(carrier, slot);
}

bool Scheduler::run_hinted_kernel(const KernelCall& call) {
  const TaskSlot& task = *call.task;
  const bool one_block = task.block_num == 1 && (task.lanes & (task.lanes - 1)) == 0;
  if ((task.flags & TaskSlot::kEarlyResolve) != 0 && one_block) dispatch_.dispatched(task);
  if ((task.flags & TaskSlot::kTimed) == 0) return runner_.run(call);
  const uint64_t dispatch_ns = now_ns();
  const bool over = runner_.run(call);
  timing_.add(task.timing_slot(), dispatch_ns, now_ns());
  return over;
}

TimingSlots::Span Scheduler::timing(int32_t slot) const {
  TimingSlots::Span span = timing_.span(slot);
  if (!span.used()) return span;
  return {span.first_dispatch_ns - run_start_ns_, span.last_finish_ns - run_start_ns_};
}

// The task's last kernel has returned; is it complete?
void Scheduler::kernels_returned(Carrier& carrier, uint32_t slot) {
  if (!async_.kernels_returned(slot)) return complete(carrier, slot);
  complete_async(carrier);
}

void Scheduler::complete_async(Carrier& carrier) {
  std::vector<uint32_t> slots;
  async_.take_complete(slots);
  for (const uint32_t slot : slots) complete(carrier, slot);
  if (!slots.empty()) flush(carrier);
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
  if (someone_sleeps() && (orchestration_waits_.load() ? awaited_completions_are_there() : finished())) wake();

  const uint64_t now = now_ns();
  const uint64_t each = (now - carrier.batch_start) / count;
  carrier.batch_start = now;
  if (count >= kRow || each >= kWorthSharingNs) {
    carrier.row_ns.store(static_cast<uint32_t>(std::min<uint64_t>(each, UINT32_MAX)), std::memory_order_relaxed);
    if (&carrier != carriers_[0].get()) decide_on_nap(carrier);
  }
  if (each * carrier.batch_limit * 2 <= kBatchNs) {
    carrier.batch_limit = std::min(carrier.batch_limit * 2, Carrier::kMaxBatch);
  } else if (each * carrier.batch_limit > 2 * kBatchNs) {
    carrier.batch_limit = std::max(carrier.batch_limit / 2, 1u);
  }
}

// After a row of tasks on a carrier that is not the submitter's. What a task takes there, whose lines come from another processor, says
// little about its kernel; what it takes on the submitter's carrier says it best.
void Scheduler::decide_on_nap(Carrier& carrier) {
  const uint32_t here = carrier.row_ns.load(std::memory_order_relaxed);
  const uint32_t there = carriers_[0]->row_ns.load(std::memory_order_relaxed);
  carrier.nap_due = (there == 0 ? here : std::min(here, there)) < kWorthSharingNs;
  carrier.nap_ns = carrier.nap_due ? std::clamp(2 * carrier.nap_ns, kShortestNapNs, kLongestNapNs) : 0;
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

void Scheduler::open(uint32_t slot) {
  dispatch_.open(slot);
  wake_if(true);
}

bool Scheduler::run_job(Carrier& carrier) {
  wake_if(dispatch_.release_warm(carrier.warm));  // a cluster may need them
  BlockDispatch::Job job;
  if (!dispatch_.take_job(job)) return false;
  run_kernel(carrier, job.call);
  wake_if(dispatch_.give_core(carrier.warm, job.call.kind, job.call.core));
  if (const uint32_t slot = dispatch_.finish_job(job); slot != kNoSlot) kernels_returned(carrier, slot);
  return true;
}

}  // namespace tilewright
