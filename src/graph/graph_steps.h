// The steps of a submission, inlined into those who submit: a call for each would cost as much as many of them do.
#pragma once

#include <algorithm>
#include <cstring>

#include "graph/graph.h"
#include "pto_orchestration_api.h"

namespace tilewright {

inline constexpr uint32_t kAdvanceInterval = 64;    // submissions between two looks at completion flags

/// Asks for a line in order to write it. Does nothing to the program; any address will do.
inline void prefetch_to_write(const void* address) {
#if defined(__x86_64__)
  // Not __builtin_prefetch: for a processor without the instruction in its name, that asks for reading.
  asm volatile("prefetchw %0" : : "m"(*static_cast<const char*>(address)));
#else
  __builtin_prefetch(address, 1);
#endif
}

inline bool before(uint32_t a, uint32_t b) { return static_cast<int32_t>(a - b) < 0; }

// A copy by halves, which compilers do in place, in vectors: the whole would be a call of memcpy. Programs make a descriptor and
// submit it at once, and a load that is wider than the stores it reads waits until they have left the store buffer: so descriptors
// are copied last, when all else that the submission does has passed since.
[[gnu::always_inline]] inline void copy_descriptor(ChipTensor* __restrict to, const ChipTensor& from) {
  std::memcpy(static_cast<void*>(to), &from, 64);
  std::memcpy(reinterpret_cast<std::byte*>(to) + 64, reinterpret_cast<const std::byte*>(&from) + 64, 64);
}

/// Asks for the lines that submissions to come will write. Another core has read what they held before, or a graph that is built before it
/// runs has filled the caches since; and a store that waits for its line holds up all stores behind it.
[[gnu::always_inline]] inline void Graph::ask_ahead(const Plan& plan, const std::byte* block, size_t bytes) {
  constexpr uint32_t kTasksAhead = 16;
  constexpr size_t kBytesAhead = 4096;  // the arguments of some 8 to 16 tasks; over the end of the chunk it is in vain
  if (!asks_ahead_) return;
  prefetch_to_write(&table_.record(table_.slot_of(plan.ring, plan.id + kTasksAhead)));
  for (size_t at = 0; at < bytes; at += 64) prefetch_to_write(block + kBytesAhead + at);
}

[[gnu::always_inline]] inline SubmitState Graph::reserve_slot(Plan& plan) {
  plan.manual = scope_manual_;
  plan.ring = scope_ring_;
  const Ring& ring = rings_[plan.ring];
  plan.id = ring.next;
  plan.owner = {plan.ring, plan.id};
  plan.slot = table_.slot_of(plan.ring, plan.id);
  return ring.next - ring.reclaimed < table_.window(plan.ring) ? SubmitState::kAccepted : make_room(plan.ring);
}

// Adds a predecessor that is not known to be complete, unless it is one already. The first few go straight into the record.
[[gnu::always_inline]] inline void Graph::list_predecessor(TaskRef task, EdgeSource source) {
  const uint32_t count = predecessor_count_;
  if (count >= TaskSlot::kInlinePredecessors) [[unlikely]]
    return list_one_of_many(task, source);
  TaskRef* const list = record_->inline_predecessors;
  for (uint32_t i = 0; i < count; ++i) {
    if (list[i] == task) return;
  }
  list[count] = task;
  predecessor_count_ = count + 1;
  ++edge_count_[static_cast<size_t>(source)];
}

[[gnu::always_inline]] inline void Graph::add_predecessor(const Plan& plan, TaskRef task, uint32_t ring, EdgeSource source,
                                                          int32_t argument, uint64_t overlap) {
  if (observer_ != nullptr) [[unlikely]] {
    observer_->on_edge({public_id(ring, task.id), public_id(plan.ring, plan.id), source, static_cast<int16_t>(argument), overlap});
  } else if (before(task.id, completed_[ring])) {
    return;
  }
  list_predecessor(task, source);
}

// Looks up and registers one access. A task never depends on itself: its own regions are passed over.
template <bool kPlain>
[[gnu::always_inline]] inline void Graph::track(const Plan& plan, const ChipTensor& tensor, const ChipTensor* descriptor, ByteRange range,
                                                int32_t index, TensorArgType tag) {
  if constexpr (kPlain) {  // without an observer the map forgets what is complete
    const OneHit hit = map_.access_one(tensor, *descriptor, range, tag, plan.owner);
    if (hit.is_one()) [[likely]]
      return list_predecessor({table_.slot_of(hit.ring(), hit.task()), hit.task()}, EdgeSource::kTensorMap);
    if (hit.is_unknown()) list_all(map_.hits());
  } else {
    for (const RegionHit& hit : map_.access(tensor, *descriptor, range, tag, plan.owner)) {
      if (observer_ != nullptr && predates_owner(hit, tensor)) [[unlikely]]
        continue;
      const TaskRef task{table_.slot_of(hit.ring, hit.task), hit.task};
      const uint64_t overlap = std::min(range.end, hit.range.end) - std::max(range.begin, hit.range.begin);
      add_predecessor(plan, task, hit.ring, EdgeSource::kTensorMap, index, overlap);
    }
  }
}

template <bool kPlain>
[[gnu::always_inline]] inline bool Graph::add_tensor(const Plan& plan, const ChipTensor& tensor, TensorArgType tag, int32_t index,
                                                     ChipTensor* descriptor) {
  const ByteRange range = byte_range(tensor);
  if (!check_tensor(tensor, range, index)) [[unlikely]]
    return false;
  if (tensor.owner_task_id.is_valid() && !add_creator(plan, tensor, index)) [[unlikely]]
    return false;
  if (tag != TensorArgType::INPUT) {
    if (tag == TensorArgType::NO_DEP) [[unlikely]]
      return true;
    if (policy_.publish != GraphPolicy::Publish::kAtSubmit) [[unlikely]]
      unpublished_writes_.push_back({descriptor, task_count_});
  }
  if ((kPlain || !plan.manual) && !tensor.manual_dep) [[likely]]
    track<kPlain>(plan, tensor, descriptor, range, index, tag);
  return true;
}

// `record` is complete but for the number of its predecessors.
[[gnu::always_inline]] inline void Graph::finish_submission(const Plan& plan, TaskSlot& record, bool complete) {
  record.predecessor_count = predecessor_count_;
  if (predecessor_count_ > TaskSlot::kInlinePredecessors) [[unlikely]]
    store_many_predecessors(plan.ring, record);
  const uint32_t slot = table_.slot_of(record);
  rings_[plan.ring].next = plan.id + 1;
  ++task_count_;
  if (complete) [[unlikely]] {
    table_.mark_done({slot, plan.id});
  } else if (policy_.publish == GraphPolicy::Publish::kAtSubmit) [[likely]] {
    ++published_count_;
    table_.publish(slot);
  } else {
    defer(slot);
  }
  if (task_count_ % kAdvanceInterval == 0) [[unlikely]]
    advance(plan.ring);
}

}  // namespace tilewright
