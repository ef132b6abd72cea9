#include "graph/graph_recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "pto_orchestration_api.h"

namespace tilewright {
namespace {

constexpr uint64_t kMaxNodes = uint64_t{1} << 20;
constexpr uint64_t kVirtualHeapBytes = uint64_t{1} << 40;
constexpr uint32_t kNoNode = UINT32_MAX;

RingSizes recorder_rings() {
  RingSizes sizes;
  sizes.task_window[0] = kMaxNodes;
  sizes.heap_bytes[0] = kVirtualHeapBytes;
  GraphPolicy one_ring;
  one_ring.rings = 1;
  return used_rings(sizes, one_ring);
}

bool inside(ByteRange inner, ByteRange outer) { return outer.begin <= inner.begin && inner.end <= outer.end; }

TensorArgType tag_of(bool reads, bool writes) {
  if (!writes) return TensorArgType::INPUT;
  return reads ? TensorArgType::INOUT : TensorArgType::OUTPUT_EXISTING;
}

}  // namespace

GraphRecorder::GraphRecorder() : graph_(recorder_rings(), RecordedBody::kVirtualHeap) {}

void GraphRecorder::begin(const Graph& outer, const std::vector<uint8_t>* kernel_lanes, const GraphTaskArgs& args) {
  GraphPolicy policy;
  policy.automatic = outer.policy().automatic;
  policy.track_war = outer.policy().track_war;
  policy.publish = GraphPolicy::Publish::kAtGraphEnd;
  policy.reclaims = false;
  policy.rings = 1;
  policy.first_public_ring = kPublicRing;
  policy.foreign_tasks = true;
  policy.virtual_heap = true;
  graph_.begin_run(kernel_lanes, nullptr, policy);
  if (outer.in_manual_scope()) graph_.begin_scope(PTO2ScopeMode::MANUAL);
  scope_depth_ = graph_.scope_depth();
  why_not_.clear();
  forwarded_.clear();
  args_ = &args;
  ranges_.clear();
  for (int32_t i = 0; i < args.tensor_count(); ++i) ranges_.push_back(byte_range(args.tensor(i).ref()));
  reads_.assign(ranges_.size(), 0);
  writes_.assign(ranges_.size(), 0);
  looks_.clear();
  for (int32_t i = 0; i < args.scalar_count(); ++i) looks_.push_back(args.scalar_looks(i));
}

void GraphRecorder::refuse(std::string why) {
  if (why_not_.empty()) why_not_ = std::move(why);
}

SubmitState GraphRecorder::submit(const MixedKernels& kernels, const CoreTaskArgs& args, TaskOutputTensors& outputs) {
  const SubmitState state = graph_.submit(kernels, args, outputs);
  if (state == SubmitState::kAccepted) add_uses(args);
  return state;
}

SubmitState GraphRecorder::submit_dummy(const CoreTaskArgs& args, TaskOutputTensors& outputs) {
  const SubmitState state = graph_.submit_dummy(args, outputs);
  if (state == SubmitState::kAccepted) add_uses(args);
  return state;
}

// Where the task's scalars come from, and what it does with the boundary's tensors as far as that orders tasks.
void GraphRecorder::add_uses(const CoreTaskArgs& args) {
  note_scalars(args);
  if (graph_.in_manual_scope() || !graph_.policy().automatic) return;
  for (int32_t i = 0; i < args.tensor_count(); ++i) {
    const TensorArgType tag = args.tag(i);
    if (tag == TensorArgType::OUTPUT || tag == TensorArgType::NO_DEP || args.tensor(i).ref().manual_dep) continue;
    const ByteRange range = byte_range(args.tensor(i).ref());
    for (size_t k = 0; k < ranges_.size(); ++k) {
      if (!inside(range, ranges_[k])) continue;
      reads_[k] |= tag != TensorArgType::OUTPUT_EXISTING;
      writes_[k] |= tag != TensorArgType::INPUT;
      break;
    }
  }
}

void GraphRecorder::note_scalars(const CoreTaskArgs& args) {
  const uint64_t* const first = args_->scalar_bits();
  const uint64_t* const end = first + args_->scalar_count();
  const auto boundary_of = [&](const void* source) -> const uint64_t* {
    const uint64_t* const at = static_cast<const uint64_t*>(source);
    return std::less_equal<>()(first, at) && std::less<>()(at, end) ? at : nullptr;
  };
  const uint32_t task = graph_.mark()[0] - 1;
  for (int32_t i = 0; i < args.scalar_count(); ++i) {
    if (const uint64_t* at = boundary_of(args.scalar_source(i)); at != nullptr) {
      forwarded_.push_back({task, static_cast<uint32_t>(i), static_cast<uint32_t>(at - first)});
    } else if (boundary_of(args.invalidated_scalar_source(i)) != nullptr) {
      refuse(fmt::format("task {} changes a scalar that it took from the graph's arguments", task));
    }
  }
}

bool GraphRecorder::end(RecordedBody& body) {
  if (graph_.is_fatal()) refuse(graph_.error_text());
  if (graph_.scope_depth() != scope_depth_) refuse("it leaves a scope open");
  if (graph_.met_foreign_task()) refuse("one of its explicit dependencies is a task outside the graph");
  if (why_not_.empty()) {
    add_boundary(body);
    if (add_nodes(body)) fix_scalars(body);
    body.heap_bytes = graph_.heap_position();
    for (InitialValue value : graph_.initial_values()) {
      value.address -= RecordedBody::kVirtualHeap;
      body.initial_values.push_back(value);
    }
  }
  graph_.end_run();
  return why_not_.empty();
}

void GraphRecorder::add_boundary(RecordedBody& body) const {
  for (int32_t i = 0; i < args_->tensor_count(); ++i) {
    const size_t k = static_cast<size_t>(i);
    const TensorArgType declared = args_->tag(i);
    body.boundary.push_back(args_->tensor(i).ref());
    body.declared.push_back(declared);
    const bool reads = declared != TensorArgType::OUTPUT_EXISTING || reads_[k] != 0;
    const bool writes = declared != TensorArgType::INPUT || writes_[k] != 0;
    body.tags.push_back(declared == TensorArgType::NO_DEP ? declared : tag_of(reads, writes));
  }
  body.boundary_scalars.assign(args_->scalar_bits(), args_->scalar_bits() + args_->scalar_count());
}

bool GraphRecorder::add_nodes(RecordedBody& body) {
  for (size_t k = 0; k < ranges_.size(); ++k) {
    if (!body.boundary[k].manual_dep || (reads_[k] | writes_[k]) == 0) continue;
    refuse(fmt::format("tensor {} has manual_dep, and views of it that have not are used", k));
    return false;
  }
  const uint32_t count = graph_.mark()[0];
  std::vector<uint32_t> nodes(count, kNoNode);  // tasks that only allocate have none: they are complete at once
  auto forwarded = forwarded_.begin();
  for (uint32_t index = 0; index < count; ++index) {
    if (graph_.recorded_task_is_done(index)) continue;
    const TaskSlot& task = graph_.recorded_task(index);
    nodes[index] = static_cast<uint32_t>(body.nodes.size());
    RecordedBody::Node& node = body.nodes.emplace_back();
    std::memcpy(static_cast<void*>(&node.task), &task, sizeof task);
    node.task.id = 0;
    node.task.ring = 0;
    node.task.flags &= ~(TaskSlot::kUnpublished | TaskSlot::kRoomToGrow | TaskSlot::kEarlyResolve | TaskSlot::kMayStage | TaskSlot::kPlain);
    node.task.waiters.store(0, std::memory_order_relaxed);
    node.first_predecessor = static_cast<uint32_t>(body.predecessors.size());
    for (uint32_t i = 0; i < task.predecessor_count; ++i) {
      const uint32_t predecessor = graph_.recorded_index(task.predecessors()[i]);
      if (predecessor > index) {
        refuse("it has edges against the order of submission");
        return false;
      }
      if (nodes[predecessor] != kNoNode) body.predecessors.push_back(nodes[predecessor]);
    }
    node.task.predecessor_count = static_cast<uint32_t>(body.predecessors.size()) - node.first_predecessor;
    node.arguments = static_cast<uint32_t>(body.image.size());
    if (!add_arguments(index, task, body)) return false;
    const uint32_t scalars = node.arguments + task.tensor_count * static_cast<uint32_t>(sizeof(ChipTensor));
    for (; forwarded != forwarded_.end() && forwarded->task == index; ++forwarded) {
      body.scalars.push_back({scalars + forwarded->scalar * 8, forwarded->boundary});
    }
  }
  return true;
}

bool GraphRecorder::add_arguments(uint32_t index, const TaskSlot& task, RecordedBody& body) {
  const uint32_t offset = static_cast<uint32_t>(body.image.size());
  const bool predicate = (task.flags & TaskSlot::kHasPredicate) != 0;
  const size_t bytes = task.tensor_count * sizeof(ChipTensor) + task.scalar_count * 8 + (predicate ? sizeof(DispatchPredicate) : 0);
  if (body.image.size() + bytes + 64 > INT32_MAX) {
    refuse("its arguments need more than 2 GiB");
    return false;
  }
  body.image.resize((offset + bytes + 63) / 64 * 64);
  if (bytes != 0) std::memcpy(body.image.data() + offset, task.arguments, bytes);
  for (uint32_t i = 0; i < task.tensor_count; ++i) {
    const ChipTensor& tensor = task.tensors()[i];
    const uint32_t at = offset + i * static_cast<uint32_t>(sizeof(ChipTensor));
    if (tensor.buffer.addr == 0 || add_address(at, byte_range(tensor), tensor.buffer.addr, body)) continue;
    refuse(fmt::format("task {}, argument {}: the tensor is neither in the graph's arguments nor made by the graph: {}", index, i,
                       tensor.dump()));
    return false;
  }
  if (predicate) {
    const DispatchPredicate& condition = task.predicate();
    const ByteRange range{condition.addr, condition.addr + condition.elem_size};
    const uint32_t at = offset + task.tensor_count * static_cast<uint32_t>(sizeof(ChipTensor)) + task.scalar_count * 8;
    if (!add_address(at + static_cast<uint32_t>(offsetof(DispatchPredicate, addr)), range, condition.addr, body)) {
      refuse(fmt::format("task {}: its predicate's tensor is neither in the graph's arguments nor made by the graph", index));
      return false;
    }
  }
  return true;
}

bool GraphRecorder::add_address(uint32_t offset, ByteRange range, uint64_t address, RecordedBody& body) {
  if (is_virtual(address)) {
    body.addresses.push_back({offset, static_cast<uint32_t>(ranges_.size()), address - RecordedBody::kVirtualHeap});
    return true;
  }
  for (size_t k = 0; k < ranges_.size(); ++k) {
    if (!inside(range, ranges_[k])) continue;
    body.addresses.push_back({offset, static_cast<uint32_t>(k), address - ranges_[k].begin});
    return true;
  }
  return range.begin == range.end;  // an empty view: nobody looks there
}

// A value that the body looked at more often than it handed it on may decide what the body does.
void GraphRecorder::fix_scalars(RecordedBody& body) const {
  std::vector<uint32_t> handed_on(looks_.size(), 0);
  for (const Forwarded& use : forwarded_) ++handed_on[use.boundary];
  for (size_t i = 0; i < looks_.size(); ++i) {
    body.fixed_scalars.push_back(args_->scalar_looks(static_cast<int32_t>(i)) - looks_[i] > handed_on[i]);
  }
}

}  // namespace tilewright
