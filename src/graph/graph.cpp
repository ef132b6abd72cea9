#include "graph/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "graph/graph_steps.h"
#include "pto_orchestration_api.h"

namespace tilewright {
namespace {

constexpr uint64_t kOutputAlignment = 1024;  // spec/l2-runtime.md, 3.2

uint64_t round_up(uint64_t value, uint64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

const char* fault_text(TensorFault fault) {
  switch (fault) {
    case TensorFault::VIEW_OUT_OF_BOUNDS: return "is a view that leaves its parent";
    case TensorFault::BAD_RANK: return "has a rank outside 1..5";
    case TensorFault::BAD_PERMUTATION: return "was transposed or permuted by dimensions it does not have";
    case TensorFault::BAD_RESHAPE: return "was reshaped to another number of elements, or is not contiguous";
    case TensorFault::BAD_STEP: return "was sliced with step 0";
    case TensorFault::NONE: break;
  }
  return "is invalid";
}

}  // namespace

Graph::Graph(const RingSizes& sizes, uint64_t heap_base)
    : sizes_(sizes), table_(sizes), lifetimes_(table_.slot_count()), sequence_(table_.slot_count()), predecessors_(64) {
  for (uint32_t ring = 0; ring < kRingCount; ++ring) {
    rings_[ring].heap_base = heap_base;
    rings_[ring].heap = HeapRing(sizes.heap_bytes[ring]);
    heap_base += round_up(sizes.heap_bytes[ring], 4096);
  }
  map_.set_watermarks(forgotten_);
}

void Graph::begin_run(const std::vector<uint8_t>* kernel_lanes, GraphObserver* observer, const GraphPolicy& policy) {
  policy_ = policy;
  asks_ahead_ = read_elsewhere_ || policy.publish == GraphPolicy::Publish::kAtGraphEnd;
  map_.begin_run(policy.track_war);
  kernel_lanes_ = kernel_lanes != nullptr ? std::span<const uint8_t>(*kernel_lanes) : std::span<const uint8_t>();
  observer_ = observer;
  for (std::vector<uint64_t>& ring : observed_) ring.clear();
  for (Ring& ring : rings_) ring.first = ring.next;
  task_count_ = published_count_ = 0;
  edge_count_ = {};
  error_code_ = 0;
  error_text_.clear();
  scopes_.clear();
  site_ = {};
  early_resolve_used_ = false;
  unpublished_.clear();
  unpublished_writes_.clear();
  has_backward_edges_ = false;
  initial_values_.clear();
  met_foreign_task_ = false;
  table_.forget_nodes();
  begin_scope(PTO2ScopeMode::AUTO);
}

void Graph::end_run() {
  scopes_.clear();
  for (uint32_t ring = 0; ring < kRingCount; ++ring) {
    Ring& state = rings_[ring];
    for (uint32_t id = state.reclaimed; id != state.next; ++id) {
      const TaskRef task{table_.slot_of(ring, id), id};
      table_.mark_done(task);
      table_.record(task.slot).waiters.store(0, std::memory_order_relaxed);
    }
    completed_[ring] = forgotten_[ring] = state.reclaimed = state.next;
    state.heap.release(state.heap.position());
    state.arena.clear();
    state.holders.clear();
  }
  table_.discard_unclaimed();
  observer_ = nullptr;
}

void Graph::begin_scope(PTO2ScopeMode mode) {
  if (is_fatal()) return;
  const bool inside_manual = !scopes_.empty() && scopes_.back().manual;
  if (inside_manual && mode == PTO2ScopeMode::AUTO) {
    return fail(PTO2_ERROR_INVALID_ARGS, "an AUTO scope was begun inside a MANUAL one; make the inner scope MANUAL too");
  }
  if (scopes_.size() > kMaxScopeDepth) {
    return fail(PTO2_ERROR_INVALID_ARGS, fmt::format("scopes are nested deeper than {}", kMaxScopeDepth));
  }
  scopes_.push_back(
      {mode == PTO2ScopeMode::MANUAL, next_scope_serial_++, 0, site_.file, site_.line, unpublished_.size(), unpublished_writes_.size()});
  site_ = {};
  scope_changed();
}

void Graph::end_scope() {
  if (is_fatal()) return;
  if (scopes_.size() <= 1) return fail(PTO2_ERROR_INVALID_ARGS, "a scope was ended that was not begun");
  if (policy_.publish == GraphPolicy::Publish::kAtScopeEnd) publish_from(scopes_.back().unpublished_tasks);
  scopes_.pop_back();
  scope_changed();
}

bool Graph::refuse_call(const CoreTaskArgs& args) {
  fail(PTO2_ERROR_INVALID_ARGS, fmt::format("task {}: {}", task_count_, args.error_msg));
  return false;
}

bool Graph::check_launch(uint8_t lanes, const MixedKernels& kernels, const CoreTaskArgs& args) {
  const int32_t blocks = args.launch_spec.block_num();
  if (lanes == 0) {
    fail(PTO2_ERROR_INVALID_ARGS, fmt::format("task {}: no kernel given; rt_submit_dummy_task submits a task without one", task_count_));
    return false;
  }
  for (const auto& [kernel, lane] :
       {std::pair{kernels.aic_kernel_id, PTO2_SUBTASK_MASK_AIC}, std::pair{kernels.aiv0_kernel_id, PTO2_SUBTASK_MASK_AIV0},
        std::pair{kernels.aiv1_kernel_id, PTO2_SUBTASK_MASK_AIV1}}) {
    if (kernel == INVALID_KERNEL_ID || runs_on(kernel, lane)) continue;
    fail_kernel(kernel, lane);
    return false;
  }
  if (blocks < 1) {
    fail(PTO2_ERROR_INVALID_ARGS, fmt::format("task {}: block_num is {}, must be at least 1", task_count_, blocks));
    return false;
  }
  return !args.launch_spec.require_sync_start() || check_sync_start(lanes, blocks);
}

bool Graph::check_sync_start(uint8_t lanes, int32_t blocks) {
  const bool aiv = lanes == PTO2_SUBTASK_MASK_AIV0;
  const int32_t most = aiv ? 2 * aic_cores_ : aic_cores_;
  if (blocks <= most) return true;
  const char* what = aiv ? "AIV cores" : lanes == PTO2_SUBTASK_MASK_AIC ? "AIC cores" : "clusters";
  fail(PTO2_ERROR_REQUIRE_SYNC_START_INVALID,
       fmt::format("task {}: {} blocks are to start together, and the device has {} {}", task_count_, blocks, most, what));
  return false;
}

void Graph::fail_kernel(int32_t id, uint8_t lane) {
  const uint8_t lanes = id >= 0 && static_cast<size_t>(id) < kernel_lanes_.size() ? kernel_lanes_[static_cast<size_t>(id)] : 0;
  if (lanes == 0) return fail(PTO2_ERROR_INVALID_ARGS, fmt::format("task {}: the callable has no kernel with func_id {}", task_count_, id));
  const bool aic = lane == PTO2_SUBTASK_MASK_AIC;
  fail(PTO2_ERROR_INVALID_ARGS, fmt::format("task {}: kernel {} was compiled for {} cores and is submitted to an {} core", task_count_, id,
                                            aic ? "AIV" : "AIC", aic ? "AIC" : "AIV"));
}

bool Graph::refuse_tensor(const ChipTensor& tensor, ByteRange range, int32_t index) {
  if (tensor.fault() == TensorFault::NONE && addressable(range) && tensor.extent_elem() == 0) return true;
  const uint64_t end = range.end - tensor.buffer.addr;
  if (tensor.fault() == TensorFault::NONE && !addressable(range)) {
    fail(PTO2_ERROR_INVALID_ARGS,
         fmt::format("task {}, argument {}: the tensor leaves the address space: {}", task_count_, index, tensor.dump()));
  } else if (tensor.fault() != TensorFault::NONE) {
    fail(PTO2_ERROR_INVALID_ARGS,
         fmt::format("task {}, argument {}: the tensor {}: {}", task_count_, index, fault_text(tensor.fault()), tensor.dump()));
  } else {
    fail(PTO2_ERROR_INVALID_ARGS, fmt::format("task {}, argument {}: the tensor ends {} bytes after its buffer of {} bytes: {}",
                                              task_count_, index, end - tensor.buffer.size, tensor.buffer.size, tensor.dump()));
  }
  return false;
}

[[gnu::always_inline]] inline SubmitState Graph::reserve(const CoreTaskArgs& args, Plan& plan) {
  if (const SubmitState state = reserve_slot(plan); state != SubmitState::kAccepted) return state;
  return args.has_created() ? reserve_heap(args, plan) : SubmitState::kAccepted;
}

[[gnu::always_inline]] inline bool Graph::has_hints(const CoreTaskArgs& args) const {
  return early_resolve_used_ || args.allow_early_resolve() || args.launch_spec.require_sync_start() || args.task_timing_slot() >= 0;
}

template <bool kPlain>
[[gnu::always_inline]] inline SubmitState Graph::submit_task(uint8_t lanes, const MixedKernels& kernels, const CoreTaskArgs& args,
                                                             TaskOutputTensors& outputs, bool complete) {
  Plan plan;
  if (const SubmitState state = kPlain ? reserve_slot(plan) : reserve(args, plan); state != SubmitState::kAccepted) return state;
  outputs.set_task_id(public_id(plan.ring, plan.id));
  const uint32_t tensor_count = static_cast<uint32_t>(args.tensor_count());
  const uint32_t scalar_count = static_cast<uint32_t>(args.scalar_count());
  const bool has_predicate = !kPlain && lanes != 0 && args.has_predicate() && args.predicate().operand.tensor != nullptr &&
                             args.predicate().operand.tensor->buffer.addr != 0;
  const size_t bytes = tensor_count * sizeof(ChipTensor) + scalar_count * 8 + (has_predicate ? sizeof(DispatchPredicate) : 0);
  std::byte* const block = rings_[plan.ring].arena.allocate(plan.id, bytes);
  ask_ahead(plan, block, bytes);

  TaskSlot& record = table_.record(plan.slot);
  record.id = plan.id;
  record.ring = static_cast<uint8_t>(plan.ring);
  record.lanes = lanes;
  record.tensor_count = static_cast<uint8_t>(tensor_count);
  record.scalar_count = static_cast<uint8_t>(scalar_count);
  record.kernel_ids[0] = static_cast<int16_t>(kernels.aic_kernel_id);
  record.kernel_ids[1] = static_cast<int16_t>(kernels.aiv0_kernel_id);
  record.kernel_ids[2] = static_cast<int16_t>(kernels.aiv1_kernel_id);
  record.block_num = kPlain || lanes == 0 ? 1 : args.launch_spec.block_num();
  record.arguments = block;
  record.flags = kPlain ? TaskSlot::kPlain : has_predicate ? TaskSlot::kHasPredicate : 0;
  std::byte* const tail = block + tensor_count * sizeof(ChipTensor);
  for (uint32_t i = 0; i < scalar_count; ++i) std::memcpy(tail + i * 8, args.scalar_bits() + i, 8);

  predecessor_count_ = 0;
  record_ = &record;
  ++submission_;
  ChipTensor* const descriptors = reinterpret_cast<ChipTensor*>(block);
  if constexpr (!kPlain) {
    if (observer_ != nullptr) report_task(plan, kernels, args.explicit_dep_count());
    if (plan.heap_bytes != 0) add_outputs(plan, args, descriptors, outputs);
    if (args.explicit_dep_count() != 0 && !add_explicit_dependencies(plan, args)) return SubmitState::kFatal;
  }
  const TensorRef* const tensors = args.tensor_data();
  const TensorArgType* const tags = args.tag_data();
  for (size_t i = 0; i < tensor_count; ++i) {
    if (!kPlain && tags[i] == TensorArgType::OUTPUT) continue;
    if (!add_tensor<kPlain>(plan, tensors[i].ref(), tags[i], static_cast<int32_t>(i), descriptors + i)) return SubmitState::kFatal;
  }
  for (size_t i = 0; i < tensor_count; ++i) {
    if (kPlain || tags[i] != TensorArgType::OUTPUT) copy_descriptor(descriptors + i, tensors[i].ref());
  }
  if constexpr (!kPlain) {
    if (has_predicate && !add_predicate(args, tail + scalar_count * 8)) return SubmitState::kFatal;
    if (has_hints(args)) record.flags |= hint_flags(args, record);
    if (observer_ != nullptr) report_arguments(plan, *record_);
  }
  finish_submission(plan, *record_, complete);
  return SubmitState::kAccepted;
}

// The lane of a plain submission's kernel; 0 if the submission is not plain.
[[gnu::always_inline]] inline uint8_t Graph::plain_lane(const MixedKernels& kernels, const CoreTaskArgs& args) const {
  if (!plain_ || !args.is_plain() || args.launch_spec.block_num() != 1 || args.launch_spec.require_sync_start()) return 0;
  if (kernels.aiv1_kernel_id != INVALID_KERNEL_ID) return 0;
  if (kernels.aic_kernel_id == INVALID_KERNEL_ID) [[likely]]
    return runs_on(kernels.aiv0_kernel_id, PTO2_SUBTASK_MASK_AIV0) ? PTO2_SUBTASK_MASK_AIV0 : 0;
  if (kernels.aiv0_kernel_id != INVALID_KERNEL_ID) return 0;
  return runs_on(kernels.aic_kernel_id, PTO2_SUBTASK_MASK_AIC) ? PTO2_SUBTASK_MASK_AIC : 0;
}

SubmitState Graph::submit(const MixedKernels& kernels, const CoreTaskArgs& args, TaskOutputTensors& outputs) {
  if (const uint8_t lane = plain_lane(kernels, args); lane != 0) [[likely]]
    return submit_task<true>(lane, kernels, args, outputs, false);
  return submit_unusual(kernels, args, outputs);
}

SubmitState Graph::submit_unusual(const MixedKernels& kernels_in, const CoreTaskArgs& args, TaskOutputTensors& outputs) {
  MixedKernels kernels = kernels_in;
  if (kernels.aiv0_kernel_id == INVALID_KERNEL_ID && kernels.aiv1_kernel_id != INVALID_KERNEL_ID) {
    std::swap(kernels.aiv0_kernel_id, kernels.aiv1_kernel_id);
  }
  const uint8_t lanes = kernels.to_active_mask().core_mask();
  if (is_fatal() || !check_call(args) || !check_launch(lanes, kernels, args)) return SubmitState::kFatal;
  return submit_task<false>(lanes, kernels, args, outputs, false);
}

SubmitState Graph::submit_dummy(const CoreTaskArgs& args, TaskOutputTensors& outputs) {
  if (is_fatal() || !check_call(args)) return SubmitState::kFatal;
  return submit_task<false>(0, MixedKernels{}, args, outputs, false);
}

SubmitState Graph::allocate(const CoreTaskArgs& args, TaskOutputTensors& outputs) {
  if (is_fatal() || !check_call(args)) return SubmitState::kFatal;
  bool outputs_only = args.tensor_count() > 0 && args.scalar_count() == 0;
  for (int32_t i = 0; i < args.tensor_count(); ++i) outputs_only = outputs_only && args.tag(i) == TensorArgType::OUTPUT;
  if (!outputs_only) {
    fail(PTO2_ERROR_INVALID_ARGS, "alloc_tensors takes TensorCreateInfo outputs only, at least one");
    return SubmitState::kFatal;
  }
  return submit_task<false>(0, MixedKernels{}, args, outputs, true);
}

uint32_t Graph::hint_flags(const CoreTaskArgs& args, const TaskSlot& record) {
  uint32_t flags = 0;
  if (args.launch_spec.require_sync_start() && record.block_num > 1) flags |= TaskSlot::kSyncStart;
  if (args.task_timing_slot() >= 0) {
    flags |= TaskSlot::kTimed | static_cast<uint32_t>(args.task_timing_slot()) << TaskSlot::kTimingSlotShift;
  }
  if (record.lanes == 0) return flags;
  // Whether everything the task waits for allows it is known when it waits; before the first task that does, nothing can.
  if (early_resolve_used_ && (record.flags & TaskSlot::kHasPredicate) == 0) flags |= TaskSlot::kMayStage;
  if (args.allow_early_resolve()) {
    flags |= TaskSlot::kEarlyResolve;
    early_resolve_used_ = true;
    update_plain();
  }
  return flags;
}

// The heap block just allocated lives as long as the task, all that retain it, and the scope at `scope_depth`.
void Graph::hold_heap(const Plan& plan, uint32_t scope_depth) {
  Ring& ring = rings_[plan.ring];
  Lifetime& lifetime = lifetimes_[plan.slot];
  lifetime.holder = plan.id + 1;
  std::memcpy(lifetime.retained_until, completed_, sizeof lifetime.retained_until);
  lifetime.heap_position = ring.heap.position();
  lifetime.scope_serial = scopes_.back().serial;
  lifetime.scope_depth = scope_depth;
  ring.holders.push_back(plan.id);
}

// The heap block of a task's outputs, its descriptors, and how long it lives.
void Graph::add_outputs(Plan plan, const CoreTaskArgs& args, ChipTensor* descriptors, TaskOutputTensors& outputs) {
  hold_heap(plan, static_cast<uint32_t>(scopes_.size() - 1));
  ++scopes_.back().pinned_tasks;

  uint64_t output_at = rings_[plan.ring].heap_base + plan.heap_offset;
  for (int32_t i = 0; i < args.tensor_count(); ++i) {
    if (args.tag(i) != TensorArgType::OUTPUT) continue;
    const TensorCreateInfo& info = args.tensor(i).create_info();
    ChipTensor* descriptor = descriptors + i;
    *descriptor = info.descriptor();
    descriptor->buffer.addr = output_at;
    descriptor->owner_task_id = outputs.task_id();
    if (info.has_initial_value()) {
      const InitialValue value{output_at, info.buffer_size_bytes(), info.initial_bits(), info.initial_size()};
      if (policy_.virtual_heap) {
        initial_values_.push_back(value);
      } else {
        fill(reinterpret_cast<std::byte*>(output_at), value);
      }
    }
    output_at += round_up(info.buffer_size_bytes(), kOutputAlignment);
    outputs.materialize_output(*descriptor);
  }
}

bool Graph::add_predicate(const CoreTaskArgs& args, std::byte* target) {
  const CoreTaskPredicate& predicate = args.predicate();
  const ChipTensor& tensor = *predicate.operand.tensor;
  if (!check_element(tensor, predicate.operand.ndims, predicate.operand.indices)) return false;
  const uint8_t size = static_cast<uint8_t>(get_element_size(tensor.dtype));
  const DispatchPredicate resolved{
      tensor.buffer.addr + tensor.compute_flat_offset(predicate.operand.indices, predicate.operand.ndims) * size, predicate.target, size,
      predicate.op};
  std::memcpy(target, &resolved, sizeof resolved);
  return true;
}

// A ring has no free slot: gives back what is complete.
SubmitState Graph::make_room(uint32_t ring_index) {
  const Ring& ring = rings_[ring_index];
  const uint32_t window = table_.window(ring_index);
  advance(ring_index);
  if (ring.next - ring.reclaimed < window) return SubmitState::kAccepted;
  return full(ring_index, scopes_.back().pinned_tasks >= window - 1 ? PTO2_ERROR_SCOPE_DEADLOCK : PTO2_ERROR_FLOW_CONTROL_DEADLOCK,
              fmt::format("ring {}: all {} task slots are in use", ring_index, window));
}

void Graph::scope_changed() {
  if (scopes_.empty()) return;
  scope_manual_ = scopes_.back().manual || !policy_.automatic;
  scope_ring_ = std::min<uint32_t>(static_cast<uint32_t>(scopes_.size()) - 1, policy_.rings - 1);
  update_plain();
}

void Graph::update_plain() { plain_ = observer_ == nullptr && !is_fatal() && !early_resolve_used_ && !scope_manual_; }

SubmitState Graph::reserve_heap(const CoreTaskArgs& args, Plan& plan) {
  for (int32_t i = 0; i < args.tensor_count(); ++i) {
    if (args.tag(i) != TensorArgType::OUTPUT) continue;
    const TensorCreateInfo& info = args.tensor(i).create_info();
    if (info.descriptor().fault() != TensorFault::NONE) {
      fail(PTO2_ERROR_INVALID_ARGS,
           fmt::format("task {}, argument {}: the output {}", task_count_, i, fault_text(info.descriptor().fault())));
      return SubmitState::kFatal;
    }
    plan.heap_bytes += std::max<uint64_t>(round_up(info.buffer_size_bytes(), kOutputAlignment), kOutputAlignment);
  }
  return allocate_heap(plan);
}

SubmitState Graph::allocate_heap(Plan& plan) {
  Ring& ring = rings_[plan.ring];
  plan.heap_offset = ring.heap.allocate(plan.heap_bytes);
  if (plan.heap_offset == HeapRing::kNoSpace) {
    advance(plan.ring);
    plan.heap_offset = ring.heap.allocate(plan.heap_bytes);
  }
  if (plan.heap_offset != HeapRing::kNoSpace) return SubmitState::kAccepted;
  const std::string text = fmt::format("ring {}: task {} needs {} bytes of outputs; the heap has {} bytes, {} in use", plan.ring,
                                       task_count_, plan.heap_bytes, ring.heap.size(), ring.heap.used());
  if (plan.heap_bytes > ring.heap.size() || ring.heap.used() == 0) {
    fail(PTO2_ERROR_HEAP_RING_DEADLOCK, text);
    return SubmitState::kFatal;
  }
  return full(plan.ring, PTO2_ERROR_HEAP_RING_DEADLOCK, text);
}

// Waiting helps unless the oldest task is kept by a scope that is still open: only the submitter, who waits, can end it.
SubmitState Graph::full(uint32_t ring_index, int32_t code, std::string text) {
  if (policy_.publish == GraphPolicy::Publish::kAtGraphEnd) return full_of_unpublished(code, text);
  const Ring& ring = rings_[ring_index];
  const uint32_t slot = table_.slot_of(ring_index, ring.reclaimed);
  const Lifetime& lifetime = lifetimes_[slot];
  const bool holds = lifetime.holder == ring.reclaimed + 1;
  if (!holds || !pinned_by_open_scope(lifetime)) {
    blocking_task_ = {slot, ring.reclaimed};
    for (uint32_t other = 0; holds && other < kRingCount; ++other) {  // done itself, but something still reads its outputs
      if (!table_.is_done(blocking_task_) || !before(completed_[other], lifetime.retained_until[other])) continue;
      blocking_task_ = {table_.slot_of(other, completed_[other]), completed_[other]};
    }
    if (policy_.publish != GraphPolicy::Publish::kAtSubmit && waits_for_unpublished(blocking_task_)) return full_of_unpublished(code, text);
    full_code_ = code;
    full_text_ = std::move(text);
    return SubmitState::kFull;
  }
  const Scope& scope = scopes_[lifetime.scope_depth];
  text += fmt::format(", and the oldest belongs to a scope that is still open ({} tasks with outputs in it", scope.pinned_tasks);
  text += scope.file != nullptr ? fmt::format("; begun at {}:{})", scope.file, scope.line) : std::string(")");
  fail(code, std::move(text));
  return SubmitState::kFatal;
}

template <typename Args>
bool Graph::add_explicit_dependencies(Plan plan, const Args& args) {
  for (uint32_t i = 0; i < args.explicit_dep_count(); ++i) {
    const PTO2TaskId dependency = args.explicit_dep(i);
    const TaskRef task = find_task(dependency);
    if (task.slot == kNoSlot) {
      met_foreign_task_ = policy_.foreign_tasks;
      if (met_foreign_task_) continue;
      fail(PTO2_ERROR_INVALID_ARGS, fmt::format("task {}: explicit dependency {} (ring {}, task {}) is not a submitted task", task_count_,
                                                i, dependency.ring(), dependency.local()));
      return false;
    }
    const uint32_t ring = dependency.ring() - uint32_t{policy_.first_public_ring};
    const DepFlags kind = args.explicit_dep_kind(i);
    const EdgeSource source = args.explicit_dep_is_derived(i) ? EdgeSource::kDerived : EdgeSource::kExplicit;
    if (dep_has_wait(kind)) add_predecessor(plan, task, ring, source, -1, 0);
    if (dep_has_retain(kind)) retain(plan, task);
  }
  return true;
}

template bool Graph::add_explicit_dependencies(Plan, const GraphTaskArgs&);

// Orders the task after the one that made the tensor, unless edges are explicit here. Its memory stays in any case: what a task
// was given is there when it runs.
bool Graph::add_creator(Plan plan, const ChipTensor& tensor, int32_t index) {
  const TaskRef creator = find_task(tensor.owner_task_id);
  if (creator.slot == kNoSlot) {
    if (policy_.foreign_tasks) return true;
    fail(PTO2_ERROR_INVALID_ARGS,
         fmt::format("task {}, argument {}: the tensor's owner is not a task of this run: {}", task_count_, index, tensor.dump()));
    return false;
  }
  const uint32_t ring = tensor.owner_task_id.ring() - uint32_t{policy_.first_public_ring};
  if (!plan.manual) add_predecessor(plan, creator, ring, EdgeSource::kCreator, index, 0);
  retain(plan, creator);
  return true;
}

// What list_predecessor does when the record's own list is full. A mark in the task's slot says that the list has it, so that nothing is
// searched.
void Graph::list_one_of_many(TaskRef task, EdgeSource source) {
  if (predecessor_count_ == TaskSlot::kInlinePredecessors) [[unlikely]]
    begin_long_list();
  if (mark_[task.slot] == submission_ && long_list_has(task)) [[unlikely]]
    return;
  mark_[task.slot] = submission_;
  if (predecessor_count_ == predecessors_.size()) [[unlikely]]
    predecessors_.resize(2 * predecessors_.size());
  predecessors_[predecessor_count_++] = task;
  ++edge_count_[static_cast<size_t>(source)];
}

void Graph::begin_long_list() {
  if (mark_.empty()) mark_.resize(table_.slot_count(), 0);
  std::copy_n(record_->inline_predecessors, predecessor_count_, predecessors_.begin());
  for (uint32_t i = 0; i < predecessor_count_; ++i) mark_[predecessors_[i].slot] = submission_;
}

// A mark alone may be of 2^32 submissions ago.
bool Graph::long_list_has(TaskRef task) const {
  return std::find(predecessors_.begin(), predecessors_.begin() + predecessor_count_, task) != predecessors_.begin() + predecessor_count_;
}

void Graph::list_all(std::span<const RegionHit> hits) {
  for (const RegionHit& hit : hits) list_predecessor({table_.slot_of(hit.ring, hit.task), hit.task}, EdgeSource::kTensorMap);
}

void Graph::store_many_predecessors(uint32_t ring, TaskSlot& record) {
  record.more_predecessors = reinterpret_cast<TaskRef*>(rings_[ring].arena.allocate(record.id, predecessor_count_ * sizeof(TaskRef)));
  std::copy_n(predecessors_.begin(), predecessor_count_, record.more_predecessors);
}

// Keeps the outputs of `task` until the submission under way has completed. A task without outputs has none to keep.
void Graph::retain(const Plan& plan, TaskRef task) {
  Lifetime& lifetime = lifetimes_[task.slot];
  if (lifetime.holder == task.id + 1) lifetime.retained_until[plan.ring] = plan.id + 1;
}

// Moves the watermarks of all rings as far as completion flags allow, then frees what nobody needs in `ring_index`.
void Graph::advance(uint32_t ring_index) {
  if (!policy_.reclaims) return;
  for (uint32_t ring = 0; ring < kRingCount; ++ring) {
    uint32_t id = completed_[ring];
    while (id != rings_[ring].next && table_.is_done({table_.slot_of(ring, id), id})) ++id;
    completed_[ring] = id;
    if (observer_ == nullptr) forgotten_[ring] = id;
  }
  Ring& ring = rings_[ring_index];
  const uint32_t from = ring.reclaimed;
  ring.reclaimed = completed_[ring_index];
  while (!ring.holders.empty() && before(ring.holders.front(), ring.reclaimed)) {
    const Lifetime& lifetime = lifetimes_[table_.slot_of(ring_index, ring.holders.front())];
    bool needed = pinned_by_open_scope(lifetime);
    for (uint32_t other = 0; other < kRingCount; ++other) needed = needed || before(completed_[other], lifetime.retained_until[other]);
    if (needed) {
      ring.reclaimed = ring.holders.front();
      break;
    }
    ring.heap.release(lifetime.heap_position);
    ring.holders.pop_front();
  }
  if (ring.reclaimed != from && observer_ == nullptr) ring.arena.release_before(ring.reclaimed);
}

void Graph::collect_producers(const ChipTensor& tensor, std::vector<TaskRef>& producers) {
  if (const TaskRef creator = find_task(tensor.owner_task_id);
      creator.slot != kNoSlot && (!table_.is_done(creator) || observer_ != nullptr)) {
    producers.push_back(creator);
  }
  for (const RegionHit& writer : map_.writers_of(tensor)) {
    if (!predates_owner(writer, tensor)) producers.push_back({table_.slot_of(writer.ring, writer.task), writer.task});
  }
}

bool Graph::predates_owner(const RegionHit& hit, const ChipTensor& tensor) const {
  const PTO2TaskId owner = tensor.owner_task_id;
  if (observer_ == nullptr || find_task(owner).slot == kNoSlot) return false;
  const uint32_t owner_ring = owner.ring() - uint32_t{policy_.first_public_ring};
  return observed_[hit.ring][hit.task - rings_[hit.ring].first] < observed_[owner_ring][owner.local()];
}

void Graph::report_task(const Plan& plan, const MixedKernels& kernels, uint32_t named_dependencies) {
  observed_[plan.ring].push_back(task_count_);
  observer_->on_task(
      {public_id(plan.ring, plan.id), {kernels.aic_kernel_id, kernels.aiv0_kernel_id, kernels.aiv1_kernel_id}, named_dependencies});
}

void Graph::report_arguments(const Plan& plan, const TaskSlot& record) {
  const uint64_t memory = rings_[plan.ring].heap_base + plan.heap_offset;
  const bool predicated = (record.flags & TaskSlot::kHasPredicate) != 0;
  observer_->on_arguments(public_id(plan.ring, plan.id), {record.tensors(), record.tensor_count}, memory, memory + plan.heap_bytes,
                          predicated ? &record.predicate() : nullptr);
}

void Graph::report_host_access(const ChipTensor& tensor, uint64_t address, uint64_t bytes, bool write, bool all_tasks) {
  if (observer_ == nullptr) return;
  const auto id = [&](TaskRef task) {
    const TaskSlot& record = table_.record(task.slot);
    return public_id(record.ring, task.id);
  };
  std::vector<PTO2TaskId> after, pending;
  for (const uint32_t slot : unpublished_) pending.push_back(id({slot, table_.record(slot).id}));
  if (all_tasks) {
    std::set<uint64_t> later;
    for (const PTO2TaskId task : pending) later.insert(task.raw);
    for (const PTO2TaskId task : tasks_since(Mark{})) {
      if (!later.contains(task.raw)) after.push_back(task);
    }
  } else {
    std::vector<TaskRef> producers;
    collect_producers(tensor, producers);
    for (const TaskRef producer : producers) after.push_back(id(producer));
  }
  observer_->on_host_access(address, bytes, write, after, pending);
}

PTO2TaskId Graph::id_of(const TaskSlot& task) const {
  const uint32_t slot = table_.slot_of(task);
  const TaskSlot& record = table_.is_node(slot) ? table_.record(table_.node_owner(slot)->shell()) : task;
  return public_id(record.ring, record.id);
}

bool Graph::check_element(const ChipTensor& tensor, uint32_t ndims, const uint32_t indices[]) {
  bool good = ndims == tensor.ndims && tensor.fault() == TensorFault::NONE;
  for (uint32_t i = 0; good && i < ndims; ++i) good = indices[i] < tensor.shapes[i];
  if (!good) {
    fail(PTO2_ERROR_INVALID_ARGS, fmt::format("element ({}) does not exist in {}",
                                              fmt::join(indices, indices + std::min(ndims, MAX_TENSOR_DIMS), ","), tensor.dump()));
  }
  return good;
}

void Graph::fail(int32_t code, std::string text) {
  if (is_fatal()) return;
  error_code_ = code;
  error_text_ = std::move(text);
  plain_ = false;
}

}  // namespace tilewright
