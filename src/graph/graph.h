// The dependency engine's submitting side: arguments in, a task with its predecessors out. No threads, no I/O.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "graph/argument_arena.h"
#include "graph/graph_definition.h"
#include "graph/graph_policy.h"
#include "graph/heap_ring.h"
#include "graph/lazy_array.h"
#include "graph/ring_sizes.h"
#include "graph/task_table.h"
#include "graph/tensor_map.h"
#include "runtime_ops.h"
#include "tilewright/run_options.h"

namespace tilewright {

/// Sees every task and every edge as it is found, edges to completed tasks included. Ids count from 0 in each ring.
class GraphObserver {
 public:
  virtual ~GraphObserver() = default;
  virtual void on_task(const TaskRecord& task) = 0;
  virtual void on_edge(const DependencyEdge& edge) = 0;
  /// The task's arguments, after its edges: its tensors, the memory [begin, end) that the runtime gives it, and what it waits to hold
  /// (null: nothing). Nothing of it has run yet.
  virtual void on_arguments(PTO2TaskId, std::span<const ChipTensor>, uint64_t /*begin*/, uint64_t /*end*/, const DispatchPredicate*) {}
  /// The orchestration accesses `bytes` bytes at `address` itself, and has waited for the tasks `after`. Those in `pending` were
  /// submitted and are not published: they run later.
  virtual void on_host_access(uint64_t /*address*/, uint64_t /*bytes*/, bool /*write*/, std::span<const PTO2TaskId> /*after*/,
                              std::span<const PTO2TaskId> /*pending*/) {}
};

/// Why a submission cannot be accepted yet.
enum class SubmitState : uint8_t {
  kAccepted,
  kFull,   ///< a ring is full: complete tasks (at least blocking_task()), then submit again
  kFatal,  ///< the graph has failed: error_code() and error_text() say why
};

/// One graph per device, reused from run to run. All functions belong to the one submitting thread; other threads see
/// tasks through table(). The rules are those of spec/l2-runtime.md, 1.3 to 1.5; docs/design/engine.md has the data
/// structures.
class Graph {
 public:
  /// heap_base: device address of ring 0's heap; the other rings' heaps follow it.
  Graph(const RingSizes& sizes, uint64_t heap_base);

  TaskTable& table() { return table_; }
  const RingSizes& sizes() const { return sizes_; }

  /// How many cores tasks that start together can have: that many AIC cores, twice as many AIV cores. Without it, any number.
  void set_cores(int32_t aic_cores) { aic_cores_ = aic_cores; }
  /// How many threads run tasks, the submitting one included. Without it, several.
  void set_threads(int32_t threads) { read_elsewhere_ = threads > 1; }

  /// Starts a run with an open AUTO scope. kernel_lanes[func_id] is the set of lanes (PTO2_SUBTASK_MASK_*) a kernel can run
  /// on, 0 if there is none; it and the observer (may be null) outlive the run. With an observer nothing is forgotten
  /// during the run, so that every edge is seen. `policy` is the run's; its rings are among those of sizes().
  void begin_run(const std::vector<uint8_t>* kernel_lanes, GraphObserver* observer, const GraphPolicy& policy = {});
  const GraphPolicy& policy() const { return policy_; }
  /// The orchestration has ended: publishes what waits for that.
  void finish_build();
  /// Ends a run, after all its tasks have completed or no core will touch them any more.
  void end_run();

  void begin_scope(PTO2ScopeMode mode);
  void end_scope();
  /// Where the next scope begins, for messages.
  void set_scope_site(const char* file, int line) { site_ = {file, line}; }

  /// Submits one task, and publishes it if the policy says so. On kFull nothing has happened.
  SubmitState submit(const MixedKernels& kernels, const CoreTaskArgs& args, TaskOutputTensors& outputs);
  /// A task without a kernel.
  SubmitState submit_dummy(const CoreTaskArgs& args, TaskOutputTensors& outputs);
  /// A task that is complete at once and owns the outputs of `args`.
  SubmitState allocate(const CoreTaskArgs& args, TaskOutputTensors& outputs);

  /// One task that replays `definition` with these arguments, which fit it (GraphDefinition::mismatch). The definition outlives
  /// the run.
  SubmitState submit_graph(const GraphTaskArgs& args, GraphDefinition& definition, TaskOutputTensors& outputs);

  /// How many tasks each ring has been given in this run.
  using Mark = std::array<uint32_t, kRingCount>;
  Mark mark() const;
  /// The tasks submitted since, ring by ring.
  std::vector<PTO2TaskId> tasks_since(const Mark& mark) const;
  size_t scope_depth() const { return scopes_.size(); }
  bool in_manual_scope() const { return !scopes_.empty() && scopes_.back().manual; }

  // For the body of a recorded graph, which uses ring 0 alone:
  /// Task `index` of this run.
  const TaskSlot& recorded_task(uint32_t index) const { return table_.record(table_.slot_of(0, rings_[0].first + index)); }
  bool recorded_task_is_done(uint32_t index) const {
    return table_.is_done({table_.slot_of(0, rings_[0].first + index), rings_[0].first + index});
  }
  /// Number of a task of this run that recorded_task's predecessors name.
  uint32_t recorded_index(TaskRef task) const { return task.id - rings_[0].first; }
  uint64_t heap_position() const { return rings_[0].heap.used(); }
  const std::vector<InitialValue>& initial_values() const { return initial_values_; }
  /// Some explicit edge named a task of another graph.
  bool met_foreign_task() const { return met_foreign_task_; }

  /// Adds an edge between two submitted tasks, of which `consumer` is not published yet. Fails with INVALID_ARGS otherwise,
  /// and if the edge closes a cycle.
  void add_dependency(PTO2TaskId producer, PTO2TaskId consumer);

  /// After kFull: the oldest task that holds up the full ring.
  TaskRef blocking_task() const { return blocking_task_; }
  /// After kFull: which limit, how full, as fail() takes them if waiting turns out to be in vain.
  int32_t full_code() const { return full_code_; }
  const std::string& full_text() const { return full_text_; }

  /// The unfinished tasks whose completion makes `tensor`'s bytes valid: its creator and its writers. With an observer the finished ones
  /// too.
  void collect_producers(const ChipTensor& tensor, std::vector<TaskRef>& producers);
  /// Reports INVALID_ARGS if waiting cannot make the element good to access: a task that writes `tensor` is not published, or,
  /// with `all_tasks`, a published task waits for one that is not.
  bool check_published(const ChipTensor& tensor, bool all_tasks);
  /// Tells the observer of such an access. `all_tasks`: it waited for everything that was published, else for collect_producers(tensor).
  void report_host_access(const ChipTensor& tensor, uint64_t address, uint64_t bytes, bool write, bool all_tasks);
  bool is_observed() const { return observer_ != nullptr; }
  /// The public id of a task of this run; a node of a recorded graph has that of the graph's task.
  PTO2TaskId id_of(const TaskSlot& task) const;

  /// Reports INVALID_ARGS unless `indices` name an element of `tensor`.
  bool check_element(const ChipTensor& tensor, uint32_t ndims, const uint32_t indices[]);

  /// Latches the first error; later calls of the graph do nothing.
  void fail(int32_t code, std::string text);
  bool is_fatal() const { return error_code_ != 0; }
  int32_t error_code() const { return error_code_; }
  const std::string& error_text() const { return error_text_; }

  /// Tasks submitted in this run, hidden allocation tasks included; and those that cores complete.
  uint64_t task_count() const { return task_count_; }
  uint64_t published_count() const { return published_count_; }
  /// Distinct (predecessor, successor) pairs by the EdgeSource found first, kDerived as kExplicit. Without an observer, pairs whose
  /// predecessor was already known to be complete are not counted.
  std::array<uint64_t, 3> edge_count() const { return {edge_count_[0], edge_count_[1], edge_count_[2] + edge_count_[3]}; }

 private:
  struct Scope {
    bool manual;
    uint32_t serial;        ///< unique over the graph's life
    uint32_t pinned_tasks;  ///< tasks submitted in it whose outputs it keeps alive
    const char* file;
    int line;
    size_t unpublished_tasks;   ///< how many there were when it began, of both
    size_t unpublished_writes;
  };
  /// How long the outputs of a task live. Written for tasks that have some; private to the submitter.
  struct Lifetime {
    uint32_t holder;                      ///< the task's id + 1, which tells laps of the slot apart
    uint32_t retained_until[kRingCount];  ///< per ring, id + 1 of the newest task that reads the outputs
    uint32_t scope_serial;
    uint64_t heap_position;  ///< end of the outputs in the ring's heap
    uint32_t scope_depth;
  };
  struct Ring {
    uint32_t first = 0;      ///< id of the run's first task
    uint32_t next = 0;       ///< id of the next task
    uint32_t reclaimed = 0;  ///< all before have given back slot and memory
    uint64_t heap_base = 0;
    HeapRing heap;
    ArgumentArena arena;
    std::deque<uint32_t> holders;  ///< ids of tasks whose outputs are in the heap, oldest first
  };
  struct Plan {  // one submission under way; given by value to what is not inlined, so that it stays in registers
    uint32_t ring = 0;
    uint32_t id = 0;
    uint32_t slot = 0;
    RegionOwner owner{0, 0};  ///< ring and id
    uint64_t heap_bytes = 0;
    uint64_t heap_offset = 0;
    bool manual = false;
  };
  /// An access that makes the data of a tensor undefined until its task has run.
  struct Write {
    const ChipTensor* tensor;  ///< the task's descriptor
    uint64_t task;             ///< number of the submission
  };
  struct Site {
    const char* file = nullptr;
    int line = 0;
  };

  // A submission is plain if it has nothing but existing tensors, scalars, and one kernel of one block, and if plain_ is set. Most
  // are, and save the questions after everything else.
  template <bool kPlain>
  SubmitState submit_task(uint8_t lanes, const MixedKernels& kernels, const CoreTaskArgs& args, TaskOutputTensors& outputs, bool complete);
  uint8_t plain_lane(const MixedKernels& kernels, const CoreTaskArgs& args) const;
  SubmitState submit_unusual(const MixedKernels& kernels, const CoreTaskArgs& args, TaskOutputTensors& outputs);
  bool check_call(const CoreTaskArgs& args) { return !args.has_error || refuse_call(args); }
  bool refuse_call(const CoreTaskArgs& args);
  bool runs_on(int32_t kernel, uint8_t lane) const {
    const size_t index = static_cast<uint32_t>(kernel);
    return index < kernel_lanes_.size() && (kernel_lanes_[index] & lane) != 0;
  }
  bool check_launch(uint8_t lanes, const MixedKernels& kernels, const CoreTaskArgs& args);
  bool check_sync_start(uint8_t lanes, int32_t blocks);
  bool has_hints(const CoreTaskArgs& args) const;
  uint32_t hint_flags(const CoreTaskArgs& args, const TaskSlot& record);
  void fail_kernel(int32_t id, uint8_t lane);
  bool check_tensor(const ChipTensor& tensor, ByteRange range, int32_t index) {
    return (tensor.fault() == TensorFault::NONE && range.end - tensor.buffer.addr <= tensor.buffer.size && addressable(range)) ||
           refuse_tensor(tensor, range, index);
  }
  /// TensorMap relies on it.
  static bool addressable(ByteRange range) { return static_cast<int64_t>((range.end - range.begin) | range.begin | range.end) >= 0; }
  bool refuse_tensor(const ChipTensor& tensor, ByteRange range, int32_t index);
  SubmitState reserve(const CoreTaskArgs& args, Plan& plan);
  SubmitState reserve_slot(Plan& plan);
  SubmitState make_room(uint32_t ring);
  void ask_ahead(const Plan& plan, const std::byte* block, size_t bytes);
  void scope_changed();
  void update_plain();
  SubmitState reserve_heap(const CoreTaskArgs& args, Plan& plan);
  SubmitState allocate_heap(Plan& plan);
  void hold_heap(const Plan& plan, uint32_t scope_depth);
  SubmitState full(uint32_t ring, int32_t code, std::string text);
  /// The task that `id` names, or kNoSlot if it is none of this run.
  TaskRef find_task(PTO2TaskId id) const {
    const uint32_t ring = id.ring() - uint32_t{policy_.first_public_ring};
    if (ring >= kRingCount || id.local() >= rings_[ring].next - rings_[ring].first) return {kNoSlot, 0};
    const uint32_t local = rings_[ring].first + id.local();
    return {table_.slot_of(ring, local), local};
  }
  template <typename Args>
  bool add_explicit_dependencies(Plan plan, const Args& args);
  bool add_creator(Plan plan, const ChipTensor& tensor, int32_t index);
  template <bool kPlain>
  bool add_tensor(const Plan& plan, const ChipTensor& tensor, TensorArgType tag, int32_t index, ChipTensor* descriptor);
  void add_outputs(Plan plan, const CoreTaskArgs& args, ChipTensor* descriptors, TaskOutputTensors& outputs);
  bool add_predicate(const CoreTaskArgs& args, std::byte* target);
  template <bool kPlain>
  void track(const Plan& plan, const ChipTensor& tensor, const ChipTensor* descriptor, ByteRange range, int32_t index, TensorArgType tag);
  void list_predecessor(TaskRef task, EdgeSource source);
  [[gnu::noinline]] void list_all(std::span<const RegionHit> hits);
  void add_predecessor(const Plan& plan, TaskRef task, uint32_t ring, EdgeSource source, int32_t argument, uint64_t overlap);
  [[gnu::noinline]] void begin_long_list();
  [[gnu::noinline]] bool long_list_has(TaskRef task) const;
  void retain(const Plan& plan, TaskRef task);
  void finish_submission(const Plan& plan, TaskSlot& record, bool complete);
  void report_task(const Plan& plan, const MixedKernels& kernels, uint32_t named_dependencies);
  void report_arguments(const Plan& plan, const TaskSlot& record);
  /// With an observer: whether the access is of what lay in the tensor's memory before its owner got it. All such have ended, and
  /// without an observer the map has forgotten them.
  bool predates_owner(const RegionHit& hit, const ChipTensor& tensor) const;
  void advance(uint32_t ring);
  void list_one_of_many(TaskRef task, EdgeSource source);
  void store_many_predecessors(uint32_t ring, TaskSlot& record);

  // graph_publish.cpp: tasks that are submitted and not published
  void defer(uint32_t slot);
  void publish_from(size_t first);
  bool is_unpublished(TaskRef task) const { return (table_.record(task.slot).flags & TaskSlot::kUnpublished) != 0; }
  bool waits_for_unpublished(TaskRef task) const;
  template <typename Found>
  bool search_predecessors(TaskRef from, Found&& found) const;
  void add_late_predecessor(TaskSlot& consumer, TaskRef producer);
  SubmitState full_of_unpublished(int32_t code, const std::string& text);
  bool pinned_by_open_scope(const Lifetime& lifetime) const {
    return lifetime.scope_depth < scopes_.size() && scopes_[lifetime.scope_depth].serial == lifetime.scope_serial;
  }
  PTO2TaskId public_id(uint32_t ring, uint32_t id) const {
    return PTO2TaskId::make(static_cast<uint8_t>(ring + policy_.first_public_ring), id - rings_[ring].first);
  }

  RingSizes sizes_;
  GraphPolicy policy_;
  TaskTable table_;
  TensorMap map_;
  std::array<Ring, kRingCount> rings_;
  uint32_t completed_[kRingCount] = {};  ///< all tasks with a smaller id are complete
  uint32_t forgotten_[kRingCount] = {};  ///< what the TensorMap takes for completed: that, or nothing of this run
  LazyArray<Lifetime> lifetimes_;        ///< by slot
  std::vector<Scope> scopes_;
  uint32_t scope_ring_ = 0;    ///< of tasks submitted in the innermost scope
  bool scope_manual_ = false;  ///< whether their edges are explicit only
  uint32_t next_scope_serial_ = 0;
  Site site_;
  std::span<const uint8_t> kernel_lanes_;
  GraphObserver* observer_ = nullptr;
  std::array<std::vector<uint64_t>, kRingCount> observed_;  ///< with one: number of the submission of each of the ring's tasks
  int32_t aic_cores_ = INT32_MAX / 2;
  bool read_elsewhere_ = true;       ///< threads other than the submitter run tasks
  bool asks_ahead_ = true;           ///< for lines to write: another core has them, or memory
  bool early_resolve_used_ = false;  ///< in this run
  bool plain_ = false;  ///< submissions may be plain: no observer, failure, early resolve or scope with explicit edges only

  std::vector<uint32_t> unpublished_;  ///< slots in submission order: a stack along the open scopes
  std::vector<Write> unpublished_writes_;
  LazyArray<uint32_t> sequence_;  ///< by slot, of unpublished tasks: order of submission
  uint32_t next_sequence_ = 0;
  bool has_backward_edges_ = false;  ///< some task waits for one that was submitted after it

  std::vector<InitialValue> initial_values_;  ///< with a virtual heap
  bool met_foreign_task_ = false;

  TaskSlot* record_ = nullptr;         ///< of the submission under way
  uint32_t predecessor_count_ = 0;     ///< of it; they are in the record, or, if they are too many for that, here:
  std::vector<TaskRef> predecessors_;  ///< only the first predecessor_count_ count
  std::vector<uint32_t> mark_;         ///< by slot: submission that listed it last, if its list was long
  uint32_t submission_ = 0;
  TaskRef blocking_task_{kNoSlot, 0};
  int32_t full_code_ = 0;
  std::string full_text_;
  uint64_t task_count_ = 0;
  uint64_t published_count_ = 0;
  std::array<uint64_t, 4> edge_count_{};  ///< by EdgeSource
  int32_t error_code_ = 0;
  std::string error_text_;
};

}  // namespace tilewright
