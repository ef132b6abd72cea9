// The scheduler: feeds the tasks of a TaskTable to simulated cores, on few threads. See docs/design/exec.md.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <ctime>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "exec/asymmetric_fence.h"
#include "exec/async_waits.h"
#include "exec/block_dispatch.h"
#include "exec/epoch.h"
#include "exec/fiber.h"
#include "exec/kernel_runner.h"
#include "exec/run_failure.h"
#include "exec/seeded_run.h"
#include "exec/suspended_kernels.h"
#include "exec/timing_slots.h"
#include "exec/watch_pace.h"
#include "graph/task_table.h"

namespace tilewright {

/// Carrier threads take tasks in submission order and run each kernel on the worker fiber they are on. A kernel that
/// yields or waits leaves its fiber suspended with its core, and the carrier goes on with another; a kernel that does
/// neither costs no switch. The orchestration is a fiber too, on carrier 0, which is the thread that calls run().
class Scheduler {
 public:
  /// threads >= 1 carriers in all, the caller of run() included.
  Scheduler(TaskTable& table, KernelRunner& runner, int32_t threads, int32_t aic_cores);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /// Cores used in the last run.
  uint32_t cores_used(CoreType kind) const { return seeded_ != nullptr ? seeded_->cores_used(kind) : dispatch_.cores().used(kind); }

  /// Runs `orchestrate` and every task it publishes, to the last completion; or until stop() or a failure. Not reentrant. With a
  /// seed everything happens on the calling thread, in an order that the seed alone decides (exec/seeded_run.h); throws
  /// Error(kIoError) if its log cannot be written.
  void run(std::function<void()> orchestrate, const RunLimits& limits = {}, const SimSeed& seed = {});
  /// The run under a seed that was the last run; else null.
  const SeededRun* seeded() const { return seeded_.get(); }

  // ---- for the orchestration, on its fiber ----

  /// After each publish: wakes carriers that sleep; runs tasks when many have not been looked at.
  void published() {
    ++published_;
    AsymmetricFence::light();
    if (someone_sleeps()) published_to_sleepers();
    if (published_ % kBacklogInterval == 0 && has_backlog(kBacklog)) run_backlog();
  }
  /// Returns when `task` has completed, or after stop().
  void wait_done(TaskRef task);
  /// The same for a task that keeps a ring full. While other carriers work it returns later, when there is room for many tasks.
  void wait_for_room(TaskRef task);
  /// Returns when every published task has completed, or after stop().
  void wait_all();

  // ---- for kernels, on their fiber ----

  /// Lets other cores run. Does nothing outside a kernel. For kernels that poll memory: with nothing else to do, the carrier
  /// resumes them ever more seldom, at least every 128 milliseconds.
  /// `who` is described in reports of the deadline; its `ready` is not used.
  void yield(const KernelWait* who = nullptr);
  /// Returns once the condition holds; the kernel is not resumed before. Must not be called outside a kernel.
  void wait(const KernelWait& condition);
  /// A kernel is about to execute an instruction: a place where a seed may let others go on. True if it did.
  bool instruction() { return seeded_ != nullptr && seeded_->instruction(); }
  /// A condition that a kernel waits for may hold now. Any thread. Without it the condition is looked at now and then, and when
  /// nothing else is left to do. True if others went on meanwhile, which happens under a seed.
  bool notify();
  /// The calling kernel's task is not complete before all conditions hold. `who` names the kernel. Conditions are looked at
  /// while anything runs, after each notify(), and when nothing else is left to do.
  void complete_later(const KernelCall& call, std::span<const CounterCondition> conditions, std::string who) {
    async_.add(table_.slot_of(*call.task), conditions, std::move(who));
  }
  /// Ends the run with an error and abandons the calling kernel. The first error counts. `status` is a PTO2_ERROR_* or 0.
  [[noreturn]] void fail_kernel(std::string text, int32_t status = 0);

  /// Ends the run: no further kernel starts, suspended ones are abandoned. Any thread.
  void stop();
  bool stopped() const { return stop_.load(std::memory_order_acquire); }
  /// Threads that this scheduler has started so far, helpers and spares.
  size_t thread_count() const {
    const std::lock_guard lock(spare_mutex_);
    return threads_.size();
  }
  /// Complete after run(); during a run, from what stop() ended on, for the orchestration.
  const RunFailure& failure() const { return seeded_ != nullptr ? seeded_->failure() : failure_; }
  /// Of the tasks with a timing slot in this run, in nanoseconds since its start. Valid after run().
  TimingSlots::Span timing(int32_t slot) const;
  /// Tasks of this run that started on cores they were staged on.
  uint64_t staged_early() const { return dispatch_.staged_early(); }

 private:
  enum class Leave : uint8_t { kIdle, kYielded, kWaiting, kKernelWaits, kFinished, kAbandoned };
  /// A recorded graph's instance whose node keeps a thread while the carrier goes on with another.
  struct TakenNodes {
    ReplayContext* context = nullptr;  ///< null: none
    uint32_t node = 0;
  };
  struct alignas(64) Carrier {
    static constexpr uint32_t kMaxBatch = 64;
    uint32_t claimed[kMaxBatch];  ///< tasks taken from the stream, not looked at yet
    uint32_t claimed_next = 0, claimed_end = 0;
    uint32_t ready = kNoSlot;  ///< list of woken tasks to look at
    uint32_t completed[kMaxBatch];  ///< tasks done whose waiters have not been taken
    uint32_t completed_count = 0;
    uint32_t batch_limit = 1;  ///< adapts to what kernels take
    uint64_t batch_start = 0;
    uint64_t nap_ns = 0;   ///< how long to leave tasks alone: the last row of them was too short to be worth another processor
    bool nap_due = false;  ///< before it takes another row; never on carrier 0
    WarmCores warm;
    std::atomic<Fiber*> current{nullptr};  ///< runs now; the watcher reads it
    std::atomic<clockid_t> cpu_clock{};  ///< of the thread that runs this carrier
    Leave leave = Leave::kIdle;
    std::vector<std::unique_ptr<Fiber>> idle_fibers;  ///< go on in worker_main when resumed
    std::vector<std::unique_ptr<Fiber>> abandoned_fibers;  ///< hold a kernel that was given up: to be started anew
    SuspendedKernels suspended;
    const KernelWait* wait = nullptr;  ///< with kYielded and kKernelWaits
    PollBackoff backoff;
    bool prefer_suspended = false;
    bool rests = false;       ///< has no reason to go on, as far as it knows; guarded by stall_mutex_
    uint32_t async_turn = 0;  ///< counts turns between looks at conditions of async_
    TakenNodes taken_from;    ///< with a carrier that was given up; guarded by spare_mutex_ until it has a thread
    alignas(64) std::atomic<uint64_t> done{0};  ///< tasks completed in this run; written by this carrier only
    std::atomic<uint32_t> row_ns{0};            ///< what each task of the last row took; 0: no row in this run yet
  };

  /// How many tasks may be incomplete before the orchestration's carrier runs some, if any can: enough to keep other carriers
  /// busy, few enough that what a task touches is still in the cache when its turn comes. Looked at once in kBacklogInterval.
  static constexpr uint64_t kBacklog = 512;
  static constexpr uint64_t kBacklogInterval = 64;

  /// An instance of a recorded graph that runs on a worker fiber, node by node.
  struct Replay {
    ReplayContext* context;
    NodeRun nodes;
  };

  void run_seeded(const std::function<void()>& orchestrate, const RunLimits& limits, const SimSeed& seed);
  void published_to_sleepers();

  /// What a thread runs. Looked up anew after every switch.
  struct ThreadState {
    Carrier* carrier = nullptr;
    Fiber* fiber = nullptr;
    bool lost = false;  ///< its carrier goes on with another thread
  };
  static ThreadState& this_thread();
  uint64_t done_by_all() const;

  bool run_carrier_0(Carrier& carrier);
  bool be_helper(size_t index, bool adopted);
  bool participate(Carrier& carrier);
  // spare_carriers.cpp: threads that take over where a kernel keeps one busy
  static constexpr uint32_t kNoCarrier = UINT32_MAX;
  static constexpr uint64_t kFirstStuckNs = 2'000'000;  ///< CPU time in one kernel after which its carrier is taken
  static constexpr uint64_t kMaxStuckNs = 64'000'000;
  /// A kernel that the watcher has seen.
  struct Observation {
    Fiber* fiber = nullptr;
    uint32_t state = 0;
    uint64_t first_cpu_ns = 0;  ///< CPU time of its thread when it was first seen there
    uint64_t last_cpu_ns = 0;   ///< and last
  };
  static void set_cpu_clock(Carrier& carrier);
  void thread_main(uint32_t carrier);
  uint32_t next_carrier();
  void adopt_carrier_0();
  void start_watching();
  void watch();
  bool sleep_for_a_tick(std::unique_lock<std::mutex>& lock, uint64_t ns);
  WatchPace::Found look_at(uint32_t index, Observation& seen);
  void take_over(uint32_t index, const Observation& seen);
  void enter_kernel(Fiber& fiber) { fiber.mark().enter(); }
  /// True if the calling fiber goes on on another thread.
  bool leave_kernel(Fiber& fiber) { return fiber.mark().leave() && rejoin(fiber); }
  bool rejoin(Fiber& fiber);
  void give_back(Carrier& carrier, std::unique_ptr<Fiber> fiber);
  bool step(Carrier& carrier);
  std::unique_ptr<Fiber> worker_fiber(Carrier& carrier);
  void switch_to(Carrier& carrier, std::unique_ptr<Fiber> fiber);
  void leave(Leave why);
  void worker_main();
  bool run_one(Carrier& carrier);
  uint32_t next_task(Carrier& carrier);
  void start(Carrier& carrier, uint32_t slot);
  void start_hinted(Carrier& carrier, uint32_t slot);
  void start_single(Carrier& carrier, uint32_t slot);
  class PlainRow;
  void run_row(Carrier& carrier, uint32_t slot);
  uint32_t next_plain(Carrier& carrier, CoreType kind);
  bool is_ready(Carrier& carrier, uint32_t slot);
  [[gnu::noinline]] bool park(Carrier& carrier, uint32_t slot);
  bool wants_attention(Carrier& carrier);
  bool run_kernel(Carrier& carrier, const KernelCall& call);
  bool run_hinted_kernel(const KernelCall& call);
  void kernels_returned(Carrier& carrier, uint32_t slot);
  void complete_async(Carrier& carrier);
  bool run_job(Carrier& carrier);
  void complete(Carrier& carrier, uint32_t slot);
  void complete_task(Carrier& carrier, uint32_t slot);
  // replay.cpp: recorded graphs
  void start_graph(Carrier& carrier, uint32_t slot);
  void run_nodes(Carrier& carrier, Replay& replay);
  bool run_stretch(Carrier& carrier, Replay& replay, uint32_t end);
  void hand_over(Carrier& carrier, ReplayContext& context, uint32_t first, bool first_runs);
  void hand_over_suspended(Carrier& carrier);
  void hand_over_taken(Carrier& carrier);
  void complete_node(Carrier& carrier, uint32_t slot);
  void share_some(Carrier& carrier);
  void finish_graph(Carrier& carrier, ReplayContext& context);
  void flush(Carrier& carrier);
  void add_ready(Carrier& carrier, uint32_t list);
  void share(uint32_t list);
  void wake_if(bool useful) {
    if (useful && someone_sleeps()) wake();
  }
  void open(uint32_t slot);
  bool has_work(const Carrier& carrier) const;
  bool finished();
  bool orchestration_may_continue();
  void wait_for_completions(TaskRef task, uint64_t count, uint64_t preferred_count);
  bool awaited_completions_are_there() const;
  void take_any_room();
  void wait_until(std::function<bool()> condition);
  bool has_backlog(uint64_t limit) const;
  void run_backlog();
  bool idle(Carrier& carrier);
  void nap(Carrier& carrier);
  void decide_on_nap(Carrier& carrier);
  bool wanted(Carrier& carrier);
  void pause(Carrier& carrier);
  void join_run();
  bool rest_unless_wanted(Carrier& carrier);
  void end_rest(Carrier& carrier);
  void look_for_resting();
  void check_stalled();
  void check_deadline(uint64_t pause_ns);
  void end_at_deadline(const KernelWait* who);
  void leave_run(Carrier& carrier);
  void fail(RunFailure failure, const std::string& lines = {});
  template <typename Wanted>
  void sleep_unless(Wanted&& wanted, uint64_t timeout_ns = Epoch::kForever);
  /// Whether a carrier sleeps that nobody has woken yet: a woken one may take its time to run on a busy host.
  bool someone_sleeps() const { return sleep_epoch_.load(std::memory_order_relaxed) == epoch_.load(std::memory_order_relaxed); }
  void wake() { epoch_.advance(); }

  TaskTable& table_;
  KernelRunner& runner_;
  BlockDispatch dispatch_;
  std::vector<std::unique_ptr<Carrier>> carriers_;
  std::vector<std::thread> threads_;  ///< helpers and spares; guarded by spare_mutex_ once the constructor has returned

  bool orchestration_started_ = false;
  std::unique_ptr<Fiber> orchestration_;
  std::function<bool()> condition_;  ///< what the orchestration waits for

  // Grouped by who writes how often, a line each: what every task reads must not lie beside what every task writes.
  alignas(64) uint64_t published_ = 0;  ///< in this run; written by the orchestration

  alignas(64) std::atomic<bool> orchestration_waits_{false};
  std::atomic<bool> orchestration_done_{false};
  // What a waiting orchestration waits for: this task (or none), and so many completions in this run; better so many.
  std::atomic<TaskRef> awaited_task_{TaskRef{kNoSlot, 0}};
  std::atomic<uint64_t> awaited_count_{0}, preferred_count_{0};
  std::atomic<uint64_t> published_total_{0};
  std::atomic<bool> active_{false};
  std::atomic<bool> stop_{false};
  std::atomic<bool> shutdown_{false};
  Epoch epoch_;  ///< counts wake-ups; sleepers wait for it to change
  std::atomic<uint32_t> sleep_epoch_{0};  ///< the newest epoch that a sleeper waits to end
  std::atomic<uint32_t> notifications_{0};
  AsyncWaits async_;
  TimingSlots timing_;
  uint64_t run_start_ns_ = 0;

  alignas(64) std::atomic<uint32_t> shared_ready_{0};  ///< stack of woken tasks for anyone, as slot + 1
  std::atomic<int32_t> participants_{0};
  std::atomic<int32_t> idle_carriers_{0};  ///< carriers that have looked for work for a while, or sleep
  std::atomic<int32_t> pausing_carriers_{0};  ///< of these, such as have kernels that poll

  std::mutex stall_mutex_;
  int32_t busy_ = 0;  ///< carriers in the run that can change something, and threads of lost_; guarded by stall_mutex_
  int32_t lost_ = 0;  ///< threads whose carrier goes on with another one; guarded by stall_mutex_
  RunLimits limits_;
  uint64_t limit_start_ns_ = 0;
  std::atomic<uint64_t> paused_ns_{0};  ///< of the device time
  std::atomic<bool> past_deadline_{false};  ///< the next kernel that polls ends the run

  mutable std::mutex spare_mutex_;  ///< for what follows, and for marks that are taken
  std::condition_variable spare_wanted_, watch_wanted_;
  std::thread watcher_;
  std::vector<uint32_t> given_up_;  ///< carriers that have no thread
  uint32_t idle_spares_ = 0;
  std::atomic<bool> watcher_sleeps_{false};
  std::atomic<uint64_t> stuck_ns_{kFirstStuckNs};
  std::atomic<bool> carrier_0_done_{false};  ///< a spare has finished what the caller of run() began
  std::atomic<int32_t> waiting_callers_{0};  ///< 1: the caller of run() has lost its carrier and waits

  std::mutex failure_mutex_;
  RunFailure failure_;
  std::unique_ptr<SeededRun> seeded_;  ///< the last run, if it was under a seed
};

[[gnu::always_inline]] inline bool Scheduler::run_kernel(Carrier& carrier, const KernelCall& call) {
  Fiber& fiber = *carrier.current.load(std::memory_order_relaxed);
  enter_kernel(fiber);
  const bool over = (call.task->flags & (TaskSlot::kTimed | TaskSlot::kEarlyResolve)) == 0 ? runner_.run(call) : run_hinted_kernel(call);
  leave_kernel(fiber);
  return over;
}

[[gnu::always_inline]] inline void Scheduler::complete(Carrier& carrier, uint32_t slot) {
  if (table_.is_node(slot)) [[unlikely]]
    return complete_node(carrier, slot);
  complete_task(carrier, slot);
}

[[gnu::always_inline]] inline void Scheduler::complete_task(Carrier& carrier, uint32_t slot) {
  const TaskSlot& task = table_.record(slot);
  table_.mark_done({slot, task.id});
  // Who is seen waiting already goes on at once; who parks at this moment is found behind the fence of the flush.
  if (const uint32_t list = table_.take_waiters(slot); list != kNoSlot) [[unlikely]]
    add_ready(carrier, list);
  carrier.completed[carrier.completed_count++] = slot;
  if (carrier.completed_count >= carrier.batch_limit) [[unlikely]]
    flush(carrier);
}

}  // namespace tilewright
