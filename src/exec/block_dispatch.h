// Who gets which core: cores that carriers keep warm, tasks that found none, and the blocks and lanes of wide tasks.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "exec/core_pool.h"
#include "graph/task_table.h"

namespace tilewright {

/// One kernel to run on one core.
struct KernelCall {
  const TaskSlot* task;
  CoreType kind;
  int32_t core;
  int32_t lane;   ///< PTO2SubtaskSlot
  int32_t block;  ///< of task->block_num
  void* shared = nullptr;  ///< of a task with several blocks or lanes: what KernelRunner::share made for it
};

/// A core of each kind that a carrier keeps from one kernel to the next.
struct WarmCores {
  int32_t core[2] = {CorePool::kNone, CorePool::kNone};
};

/// Thread safe; WarmCores belong to the calling carrier.
class BlockDispatch {
 public:
  struct Multi;
  /// One lane of one block, with its core.
  struct Job {
    Multi* multi;
    KernelCall call;
  };
  /// What giving back cores makes possible.
  struct Freed {
    bool wanted = false;       ///< somebody waits for a core: wake sleepers
    uint32_t again = kNoSlot;  ///< list of tasks that found no core and are to be started again
  };

  BlockDispatch(TaskTable& table, int32_t aic_cores);
  ~BlockDispatch();

  const CorePool& cores() const { return cores_; }
  /// Before a run.
  void reset();

  // ---- tasks of one block and one lane ----

  /// A core, the carrier's warm one if it has one; or CorePool::kNone.
  int32_t take_core(WarmCores& warm, CoreType kind) {
    int32_t& held = warm.core[static_cast<size_t>(kind)];
    if (held != CorePool::kNone) return std::exchange(held, CorePool::kNone);
    return cores_.acquire(kind);
  }
  /// Back from a kernel; the carrier keeps it unless somebody wants it.
  Freed give_core(WarmCores& warm, CoreType kind, int32_t core) {
    int32_t& held = warm.core[static_cast<size_t>(kind)];
    if (held == CorePool::kNone && !cores_wanted()) {
      held = core;
      return {};
    }
    cores_.release(kind, core);
    return released();
  }
  /// Keeps task `slot`, which found no core of `kind`, until one is given back.
  Freed starve(uint32_t slot, CoreType kind);

  /// Whether somebody found no core: carriers are to release_warm() soon.
  bool cores_wanted() const { return cores_wanted_.load(std::memory_order_relaxed); }
  Freed release_warm(WarmCores& warm);

  // ---- tasks of several blocks or lanes ----

  /// Takes over a ready task, and what its kernels share, which is dropped when the task is done. Sleepers are to be woken then.
  void open(uint32_t slot, std::shared_ptr<void> shared);
  /// Whether take_job may find something.
  bool has_jobs() const { return multi_work_.load(std::memory_order_acquire); }
  /// A kernel with its core: one whose core is assigned already, or the next block of an open task. All lanes of a block get
  /// the cores of one cluster at once, so that they can run side by side.
  bool take_job(Job& job);
  /// After the job's kernel has returned: the task's slot if this was its last job, so that it is complete; else kNoSlot.
  uint32_t finish_job(const Job& job);

  /// Tasks that are ready and have no core; appends a line for each shape of them to `lines`.
  uint32_t describe_open(std::string& lines);

 private:
  Freed released();
  bool start_block(Multi& multi);

  TaskTable& table_;
  CorePool cores_;
  std::mutex mutex_;
  std::deque<std::unique_ptr<Multi>> open_;  ///< have blocks to start
  std::deque<Job> jobs_;                     ///< with their core assigned
  std::vector<std::unique_ptr<Multi>> running_;
  std::vector<uint32_t> starved_;  ///< single tasks that found no free core
  std::atomic<bool> multi_work_{false};
  std::atomic<bool> cores_wanted_{false};
};

}  // namespace tilewright
