// A run whose schedule a seed decides: one thread, a virtual clock, and a log of every step. See docs/design/exec.md.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "exec/async_waits.h"
#include "exec/fiber.h"
#include "exec/kernel_runner.h"
#include "exec/run_failure.h"
#include "exec/schedule_log.h"
#include "exec/schedule_policy.h"
#include "exec/suspended_kernels.h"
#include "exec/timing_slots.h"
#include "graph/task_table.h"

namespace tilewright {

/// What decides a run's schedule.
struct SimSeed {
  uint64_t seed = 0;  ///< 0: none
  std::string log;    ///< file for the events; empty: only their digest
};

/// The simplest scheduler there is: every activity (the orchestration, each kernel) is a fiber, and at every point where another
/// could go on, SchedulePolicy chooses among all that can, ready tasks included. Hints for speed (warm cores, batches, staging) have
/// no place here. Made for one run; the thread that calls run() is the only one.
class SeededRun {
 public:
  struct Engine {
    TaskTable& table;
    KernelRunner& runner;
    AsyncWaits& async;
    TimingSlots& timing;
    std::atomic<bool>& stop;  ///< set to end the run: by anybody, or here when it fails
    int32_t aic_cores;
  };
  /// Throws Error(kIoError) if the log cannot be written.
  SeededRun(const Engine& engine, const SimSeed& seed, const RunLimits& limits);
  ~SeededRun();

  /// As Scheduler::run.
  void run(const std::function<void()>& orchestrate);

  // What Scheduler's functions of these names do under a seed; on the fiber of the orchestration or of a kernel.
  void published();
  void wait_until(std::function<bool()> condition);
  bool all_done() const { return done_ == submitted_; }
  /// Whether other activities went on meanwhile.
  bool instruction();
  void yield(const KernelWait* who);
  void wait(const KernelWait& condition);
  bool notify();  ///< whether others went on meanwhile
  [[noreturn]] void fail_kernel(RunFailure failure);

  const RunFailure& failure() const { return failure_; }
  const ScheduleLog& log() const { return log_; }
  uint64_t now() const { return now_; }
  uint32_t cores_used(CoreType kind) const;

 private:
  /// A kernel on its core, or the orchestration.
  struct Activity;
  /// A task that found its predecessors done, until all its blocks have cores.
  struct Ready;
  /// What a task of several blocks or lanes has in common; also for one.
  struct Wide;
  struct Choice;

  void add_event(std::string_view event, const std::string& who, const std::string& more = {});
  std::string name_of(uint32_t slot);
  void collect_submitted();
  void look_at(uint32_t slot);
  void make_ready(uint32_t slot);
  std::vector<int32_t> places(uint8_t lanes) const;
  void start(size_t index);
  void start_block(Ready& ready, int32_t place);
  void start_graph(uint32_t slot);
  void finish_graph(ReplayContext& context);
  std::vector<Choice> choices() const;
  void resume(Activity& activity);
  void suspend(Activity& activity);
  void returned(Activity& activity);
  void complete(uint32_t slot);
  void complete_counters();
  void wake(uint32_t list);
  bool out_of_time();
  void stall();
  void fail(RunFailure failure);
  bool stopped() const { return engine_.stop.load(std::memory_order_relaxed); }
  std::unique_ptr<Fiber> take_fiber();

  const Engine engine_;
  const RunLimits limits_;
  const uint64_t limit_start_;
  SchedulePolicy policy_;
  ScheduleLog log_;
  uint64_t now_ = 0;  ///< virtual nanoseconds: one for every event and every instruction
  uint64_t turns_ = 0;
  RunFailure failure_;

  uint64_t submitted_ = 0, claimed_ = 0, done_ = 0;  ///< tasks
  std::unordered_map<uint32_t, std::string> names_;  ///< of tasks in flight, by slot; never iterated
  std::vector<std::unique_ptr<Ready>> ready_;
  std::vector<std::unique_ptr<Activity>> kernels_;
  std::unique_ptr<Activity> orchestration_;
  Activity* current_ = nullptr;
  std::function<bool()> orchestration_condition_;  ///< empty: it does not wait
  uint64_t heir_of_ = 0;                           ///< priority of the kernel that completes a task now, for one task it makes ready
  std::vector<bool> free_[2], used_[2];            ///< cores, by CoreType
  std::vector<std::unique_ptr<Fiber>> fibers_;     ///< idle
};

}  // namespace tilewright
