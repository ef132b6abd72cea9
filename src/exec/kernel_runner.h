// What the scheduler needs of whoever can run kernels.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "core_type.h"
#include "exec/asymmetric_fence.h"
#include "graph/task_table.h"

namespace tilewright {

/// One kernel to run on one core.
struct KernelCall {
  const TaskSlot* task;
  CoreType kind;
  int32_t core;
  int32_t lane;            ///< PTO2SubtaskSlot
  int32_t block;           ///< of task->block_num
  void* shared = nullptr;  ///< of a task with several blocks or lanes: what KernelRunner::share made for it
  bool staged = false;     ///< KernelRunner::stage was called for it
};

/// Plain nodes of a recorded graph, run one after another on one core (graph/graph_definition.h). While they run, what is behind the
/// node that runs may become somebody else's: of the fiber's own carrier when its kernel is suspended, or of another thread.
struct NodeRun {
  const TaskSlot* tasks = nullptr;  ///< by node
  const uint64_t* words = nullptr;  ///< of the next node
  std::atomic<uint32_t> node{0};    ///< runs now, or is next
  uint32_t end = 0;
  CoreType kind{};
  int32_t core = 0;
  bool returned = false;  ///< the kernel of `node` ran and has returned
  /// What is behind `node` is no longer the caller's. Looked at after each kernel and by advance().
  std::atomic<bool> handed_over{false};

  /// `node` is over: goes on to the next one. False if that is no longer the caller's; `node` is what it was then, and `returned` set.
  bool advance() {
    const uint32_t done = node.load(std::memory_order_relaxed);
    node.store(done + 1, std::memory_order_relaxed);
    AsymmetricFence::light();
    return !handed_over.load(std::memory_order_relaxed) || advance_after_take(done);
  }
  /// On another thread than that which runs the nodes: takes what is behind the node that runs. Returns that one, or `end` if all have
  /// run meanwhile and nothing was taken.
  uint32_t take_rest();

 private:
  bool advance_after_take(uint32_t done);

  std::mutex take_mutex_;
  uint32_t kept_ = 0;  ///< what take_rest() returned; guarded by take_mutex_
};

/// Plain tasks (TaskSlot::kPlain) for one core, one after another.
class TaskRow {
 public:
  /// The kernel of the task given last has returned, and the task is over. The next one to run; null: none for now.
  virtual const TaskSlot* next() = 0;

 protected:
  ~TaskRow() = default;
};

/// Runs a kernel to its end on the calling fiber. Thread safe: several carriers call it, for different cores.
class KernelRunner {
 public:
  virtual ~KernelRunner() = default;
  /// False if the kernel registered conditions (Scheduler::complete_later): its task is not over.
  virtual bool run(const KernelCall& call) = 0;
  /// Runs `task`, which is plain, and those that row.next() gives then, on one core. Null when there are none left; or a task whose
  /// kernel registered conditions, which is not over.
  virtual const TaskSlot* run_row(CoreType kind, int32_t core, const TaskSlot* task, TaskRow& row) {
    while (task != nullptr && run({task, kind, core, kind == CoreType::AIC ? 0 : 1, 0})) task = row.next();
    return task;
  }
  /// Prepares the core and the arguments of a kernel before what its task waits for has ended. run() follows, with
  /// KernelCall::staged, unless the core is wanted by somebody else first. Must not wait or yield.
  virtual void stage(const KernelCall&) {}
  /// Runs plain nodes of nodes.kind, with nodes.advance() after each, up to nodes.end or a node of another sort; or until a kernel has
  /// returned and handed_over is set or, which makes the result false, it registered conditions. That kernel is nodes.node then, and
  /// nodes.returned is set.
  /// A runner that has no faster way than run() does nothing.
  virtual bool run_nodes(NodeRun&) { return true; }
  /// What the kernels of a task with several blocks or lanes share, before the first of them runs: KernelCall::shared points at it,
  /// and it lives until the last of them has returned. Null for nothing.
  virtual std::shared_ptr<void> share(const TaskSlot&) { return nullptr; }
  /// Called before the orchestration goes on after other fibers ran on its thread, or on another thread.
  virtual void on_orchestration() {}
  /// The calling kernel's frames, for the report of a deadline that passed while it polled. Empty: not known.
  virtual std::string stack_of_caller() { return {}; }
  /// Called once on every carrier thread that the scheduler starts, before anything runs there.
  virtual void on_thread_start() {}
};

}  // namespace tilewright
