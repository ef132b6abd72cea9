// Who gets which core: cores that carriers keep warm, tasks that found none, and the blocks and lanes of wide tasks.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "exec/core_pool.h"
#include "exec/kernel_runner.h"
#include "graph/task_table.h"

namespace tilewright {

/// A core of each kind that a carrier keeps from one kernel to the next.
struct WarmCores {
  int32_t core[2] = {CorePool::kNone, CorePool::kNone};
};

/// Thread safe; WarmCores belong to the calling carrier. A task of one block and one lane takes a core by itself, if there is
/// one; all others are *open* here until all their blocks have cores:
///
///  - tasks that start together (sync_start): every block gets its cores at once, or none does;
///  - mixed tasks, block by block: the lanes of a block get the cores of one cluster at once;
///  - tasks on AIC cores, then tasks on AIV cores, block by block.
///
/// Each sort is served in the order in which its tasks became ready. Who waits for a kind of core reserves it: nobody who comes
/// later, of its own or of a later sort, gets one before. A stream of small tasks thus cannot starve a wide one, and two
/// wide ones never hold a part each.
class BlockDispatch {
 public:
  struct Wide;
  /// One lane of one block, with its core.
  struct Job {
    Wide* wide;  ///< null for a task of one block and one lane
    KernelCall call;
  };

  BlockDispatch(TaskTable& table, KernelRunner& runner, int32_t aic_cores);
  ~BlockDispatch();

  const CorePool& cores() const { return cores_; }
  /// Before a run.
  void reset();

  // ---- tasks of one block and one lane ----

  /// A core, the carrier's warm one if it has one; or CorePool::kNone: open() the task.
  int32_t take_core(WarmCores& warm, CoreType kind) {
    int32_t& held = warm.core[static_cast<size_t>(kind)];
    if (held != CorePool::kNone) return std::exchange(held, CorePool::kNone);
    return cores_.acquire(kind);
  }
  /// Back from a kernel; the carrier keeps it unless somebody wants it. True if an open task may start now.
  bool give_core(WarmCores& warm, CoreType kind, int32_t core) {
    int32_t& held = warm.core[static_cast<size_t>(kind)];
    if (held == CorePool::kNone && !cores_wanted()) {
      held = core;
      return false;
    }
    cores_.release(kind, core);
    return look_again();
  }

  /// Whether an open task found no core: carriers are to release_warm() soon.
  bool cores_wanted() const { return cores_wanted_.load(std::memory_order_relaxed); }
  /// True if an open task may start now.
  bool release_warm(WarmCores& warm);

  // ---- open tasks ----

  /// Takes over a ready task.
  void open(uint32_t slot);
  /// Whether take_job may find something.
  bool has_jobs() const { return has_jobs_.load(std::memory_order_acquire); }
  /// A kernel with its core, to be run.
  bool take_job(Job& job);
  /// After the job's kernel has returned: the task's slot if this was its last job, so that it is complete; else kNoSlot.
  uint32_t finish_job(const Job& job);

  /// For when nothing else goes on: gives cores to open tasks regardless of who has reserved them, since running kernels may
  /// wait for these tasks. True if one can start.
  bool ignore_reservations();

  // ---- staging: cores for a task before what it waits for has ended (set_allow_early_resolve) ----
  //
  // A task that waits is staged once every unfinished task it waits for allows that and has cores for all its blocks (so
  // that staging never takes cores its own producers need). Staged cores are given up when anything ready wants them.

  /// A task that allows early resolve got cores for all its blocks.
  void dispatched(const TaskSlot& task);
  /// Task `slot`, which is about to be parked, may be staged.
  void offer(uint32_t slot);
  /// Task `slot` is ready. True if it was staged: its jobs can be taken. False: start it as any other.
  bool start_staged(uint32_t slot);
  /// How many tasks were staged to the end, since the last reset.
  uint64_t staged_early() const { return staged_early_; }

  /// Tasks that are ready and have no core; appends a line for each sort of them to `lines`.
  uint32_t describe_open(std::string& lines);

 private:
  enum Sort : size_t { kTogether, kMixed, kAic, kAiv, kSortCount };
  struct Open {
    uint32_t slot;
    std::unique_ptr<Wide> wide;  ///< null for a task of one block and one lane
  };

  /// A task with cores that waits for its producers.
  struct Staged {
    Open open;
    std::deque<Job> jobs;
  };
  /// More tasks than this are not considered at a time.
  static constexpr size_t kMaxCandidates = 64;

  Sort sort_of(const TaskSlot& task) const;
  Open make_open(uint32_t slot);
  bool look_again();
  bool place(bool respect_reservations);
  bool place_from(Sort sort, uint32_t& reserved, bool respect_reservations);
  bool place_block(Open& open, std::deque<Job>& jobs);
  bool place_together(Open& open, std::deque<Job>& jobs);
  void add_jobs(std::deque<Job>& jobs, Wide* wide, const TaskSlot& task, int32_t core_or_cluster, int32_t block);
  void add_dispatched(const TaskSlot& task);
  bool can_stage(uint32_t slot) const;
  void stage(uint32_t slot);
  bool give_up_staged(uint32_t kinds);
  bool any_open() const;
  void update_flags();

  TaskTable& table_;
  KernelRunner& runner_;
  CorePool cores_;
  std::mutex mutex_;
  std::array<std::deque<Open>, kSortCount> open_;
  std::deque<Job> jobs_;                       ///< with their cores
  std::vector<std::unique_ptr<Wide>> running_;  ///< all blocks of which have cores
  std::vector<TaskRef> dispatched_;             ///< tasks that allow early resolve and run; may hold some that have ended
  std::vector<uint32_t> candidates_;            ///< tasks that may be staged and wait for a task to be dispatched
  std::vector<Staged> staged_;
  std::atomic<uint64_t> staged_early_{0};
  uint32_t reserved_ = 0;                       ///< kinds of core, a bit each, that an open task waits for
  bool look_ = false;                           ///< an open task may find cores
  std::atomic<bool> has_jobs_{false};
  std::atomic<bool> cores_wanted_{false};
};

}  // namespace tilewright
