// The submitting side of recorded graphs: one task that stands for a whole body.
#include <fmt/format.h>

#include <cstring>

#include "graph/graph.h"
#include "graph/graph_steps.h"
#include "pto_orchestration_api.h"

namespace tilewright {

SubmitState Graph::submit_graph(const GraphTaskArgs& args, GraphDefinition& definition, TaskOutputTensors& outputs) {
  if (is_fatal()) return SubmitState::kFatal;
  Plan plan;
  if (const SubmitState state = reserve_slot(plan); state != SubmitState::kAccepted) return state;
  plan.heap_bytes = definition.body().heap_bytes;
  if (plan.heap_bytes != 0) {
    if (const SubmitState state = allocate_heap(plan); state != SubmitState::kAccepted) return state;
    hold_heap(plan, UINT32_MAX);  // nobody but the nodes sees this memory: no scope keeps it
  }
  const uint32_t tensor_count = static_cast<uint32_t>(args.tensor_count());
  const uint32_t scalar_count = static_cast<uint32_t>(args.scalar_count());
  Ring& ring = rings_[plan.ring];
  std::byte* const block = ring.arena.allocate(plan.id, tensor_count * sizeof(ChipTensor) + scalar_count * 8 + sizeof(GraphShell));
  ChipTensor* const descriptors = reinterpret_cast<ChipTensor*>(block);

  TaskSlot& record = table_.record(plan.slot);
  predecessor_count_ = 0;
  record_ = &record;
  ++submission_;
  if (observer_ != nullptr) report_task(plan, MixedKernels{}, args.explicit_dep_count());
  outputs.set_task_id(public_id(plan.ring, plan.id));
  if (args.explicit_dep_count() != 0 && !add_explicit_dependencies(plan, args)) return SubmitState::kFatal;
  for (uint32_t i = 0; i < tensor_count; ++i) {
    const int32_t index = static_cast<int32_t>(i);
    if (!add_tensor<false>(plan, args.tensor(index).ref(), definition.body().tags[i], index, descriptors + i)) return SubmitState::kFatal;
  }
  for (uint32_t i = 0; i < tensor_count; ++i) copy_descriptor(descriptors + i, args.tensor(static_cast<int32_t>(i)).ref());
  std::byte* const tail = block + tensor_count * sizeof(ChipTensor);
  std::memcpy(tail, args.scalar_bits(), scalar_count * 8);
  const GraphShell shell{&definition, ring.heap_base + plan.heap_offset};
  std::memcpy(tail + scalar_count * 8, &shell, sizeof shell);

  record.id = plan.id;
  record.ring = static_cast<uint8_t>(plan.ring);
  record.lanes = 0;
  record.tensor_count = static_cast<uint8_t>(tensor_count);
  record.scalar_count = static_cast<uint8_t>(scalar_count);
  for (int16_t& kernel : record.kernel_ids) kernel = INVALID_KERNEL_ID;
  record.block_num = 1;
  record.arguments = block;
  record.flags = TaskSlot::kGraph;
  if (observer_ != nullptr) report_arguments(plan, record);
  finish_submission(plan, record, false);
  return SubmitState::kAccepted;
}

Graph::Mark Graph::mark() const {
  Mark mark;
  for (uint32_t ring = 0; ring < kRingCount; ++ring) mark[ring] = rings_[ring].next - rings_[ring].first;
  return mark;
}

std::vector<PTO2TaskId> Graph::tasks_since(const Mark& mark) const {
  std::vector<PTO2TaskId> ids;
  for (uint32_t ring = 0; ring < kRingCount; ++ring) {
    for (uint32_t id = rings_[ring].first + mark[ring]; id != rings_[ring].next; ++id) ids.push_back(public_id(ring, id));
  }
  return ids;
}

}  // namespace tilewright
