// Tasks that are submitted and not published yet: edges that are added to them, their publication, and what must not wait
// for them. Nobody but the submitter can publish them, so a wait for one never ends.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <unordered_set>

#include "graph/graph.h"
#include "graph/overlap.h"
#include "pto_orchestration_api.h"

namespace tilewright {
namespace {

constexpr uint32_t kSearchedForTwins = 64;  // longer lists may hold a predecessor twice, which costs a look

}  // namespace

void Graph::defer(uint32_t slot) {
  table_.record(slot).flags |= TaskSlot::kUnpublished;
  sequence_[slot] = next_sequence_++;
  unpublished_.push_back(slot);
}

void Graph::publish_from(size_t first) {
  for (size_t i = first; i < unpublished_.size(); ++i) {
    table_.record(unpublished_[i]).flags &= ~TaskSlot::kUnpublished;
    table_.publish(unpublished_[i]);
  }
  published_count_ += unpublished_.size() - first;
  unpublished_.resize(first);
  unpublished_writes_.resize(scopes_.back().unpublished_writes);
}

void Graph::finish_build() {
  if (is_fatal() || scopes_.empty()) return;
  while (scopes_.size() > 1) scopes_.pop_back();
  scope_changed();
  publish_from(0);
}

void Graph::add_dependency(PTO2TaskId producer_id, PTO2TaskId consumer_id) {
  if (is_fatal()) return;
  const TaskRef producer = find_task(producer_id);
  const TaskRef consumer = find_task(consumer_id);
  const auto refuse = [&](std::string_view why) {
    fail(PTO2_ERROR_INVALID_ARGS, fmt::format("rt_add_dependency(producer: ring {}, task {}; consumer: ring {}, task {}): {}",
                                              producer_id.ring(), producer_id.local(), consumer_id.ring(), consumer_id.local(), why));
  };
  if ((producer.slot == kNoSlot || consumer.slot == kNoSlot) && policy_.foreign_tasks) {
    met_foreign_task_ = true;
    return;
  }
  if (producer.slot == kNoSlot) return refuse("the producer is not a submitted task");
  if (consumer.slot == kNoSlot) return refuse("the consumer is not a submitted task");
  if (producer == consumer) return refuse("a task cannot wait for itself");
  const uint32_t producer_ring = producer_id.ring() - uint32_t{policy_.first_public_ring};
  const uint32_t consumer_ring = consumer_id.ring() - uint32_t{policy_.first_public_ring};
  TaskSlot& record = table_.record(consumer.slot);
  if (static_cast<int32_t>(consumer.id - rings_[consumer_ring].reclaimed) < 0 || !is_unpublished(consumer)) {
    return refuse(policy_.publish == GraphPolicy::Publish::kAtSubmit
                      ? "tasks of this runtime run from their submission on, so edges are given before: set_dependencies or add_dep; "
                        "aicpu_build_graph and host_build_graph take edges later"
                      : "the consumer is published already: edges are added while the scope of its submission is open");
  }
  if (observer_ != nullptr) observer_->on_edge({producer_id, consumer_id, EdgeSource::kExplicit, -1, 0});
  if (table_.is_done(producer)) {
    if (static_cast<int32_t>(producer.id - rings_[producer_ring].reclaimed) < 0) return;
  } else {
    const bool backward = is_unpublished(producer) && static_cast<int32_t>(sequence_[producer.slot] - sequence_[consumer.slot]) > 0;
    // A published producer can wait for an unpublished task only if it is of an inner scope; then too the edge may close a cycle.
    const bool inner = !is_unpublished(producer) && policy_.publish == GraphPolicy::Publish::kAtScopeEnd;
    has_backward_edges_ = has_backward_edges_ || backward;
    if ((has_backward_edges_ || inner) && search_predecessors(producer, [&](TaskRef task) { return task == consumer; })) {
      return refuse("the producer waits for the consumer already, so neither could ever run");
    }
    add_late_predecessor(record, producer);
  }
  Lifetime& lifetime = lifetimes_[producer.slot];
  uint32_t& until = lifetime.retained_until[consumer_ring];
  if (lifetime.holder == producer.id + 1 && static_cast<int32_t>(consumer.id + 1 - until) > 0) until = consumer.id + 1;
}

void Graph::add_late_predecessor(TaskSlot& consumer, TaskRef producer) {
  const uint32_t count = consumer.predecessor_count;
  if (count <= kSearchedForTwins) {
    const TaskRef* const known = consumer.predecessors();
    if (std::find(known, known + count, producer) != known + count) return;
  }
  ++edge_count_[static_cast<size_t>(EdgeSource::kExplicit)];
  if (count < TaskSlot::kInlinePredecessors) {
    consumer.inline_predecessors[consumer.predecessor_count++] = producer;
    return;
  }
  const bool room = (consumer.flags & TaskSlot::kRoomToGrow) != 0 && !std::has_single_bit(count);
  if (!room) {
    Ring& ring = rings_[consumer.ring];
    const uint32_t capacity = std::max(8u, std::bit_ceil(count + 1));
    TaskRef* const list = reinterpret_cast<TaskRef*>(ring.arena.allocate(ring.next - 1, capacity * sizeof(TaskRef)));
    std::copy_n(consumer.predecessors(), count, list);
    consumer.more_predecessors = list;
    consumer.flags |= TaskSlot::kRoomToGrow;
  }
  consumer.more_predecessors[count] = producer;
  ++consumer.predecessor_count;
}

// Whether `found` holds for `from` or any unfinished task that it waits for, directly or not.
template <typename Found>
bool Graph::search_predecessors(TaskRef from, Found&& found) const {
  std::vector<TaskRef> open{from};
  std::unordered_set<uint32_t> seen{from.slot};
  while (!open.empty()) {
    const TaskRef task = open.back();
    open.pop_back();
    if (table_.is_done(task)) continue;
    if (found(task)) return true;
    const TaskSlot& record = table_.record(task.slot);
    for (uint32_t i = 0; i < record.predecessor_count; ++i) {
      if (seen.insert(record.predecessors()[i].slot).second) open.push_back(record.predecessors()[i]);
    }
  }
  return false;
}

bool Graph::waits_for_unpublished(TaskRef task) const {
  return search_predecessors(task, [&](TaskRef other) { return is_unpublished(other); });
}

// A ring is full of tasks that wait for one which only the submitter can publish.
SubmitState Graph::full_of_unpublished(int32_t code, const std::string& text) {
  const bool slots = code != PTO2_ERROR_HEAP_RING_DEADLOCK;
  const char* const remedy = slots ? "raise ring_task_window (PTO2_RING_TASK_WINDOW)" : "raise ring_heap (PTO2_RING_HEAP)";
  if (policy_.publish == GraphPolicy::Publish::kAtGraphEnd) {
    fail(slots ? PTO2_ERROR_FLOW_CONTROL_DEADLOCK : code,
         fmt::format("{}, and none comes back, as nothing runs before the graph is complete ({} tasks so far): {} or build a smaller graph",
                     text, task_count_, remedy));
    return SubmitState::kFatal;
  }
  const Scope& scope = scopes_.back();
  const std::string site = scope.file != nullptr ? fmt::format("; begun at {}:{}", scope.file, scope.line) : std::string();
  fail(slots ? PTO2_ERROR_SCOPE_DEADLOCK : code,
       fmt::format(
           "{}, and what holds them waits for a scope that is still open ({} tasks in it are not published{}): {} or end scopes earlier",
           text, unpublished_.size() - scope.unpublished_tasks, site, remedy));
  return SubmitState::kFatal;
}

bool Graph::check_published(const ChipTensor& tensor, bool all_tasks) {
  if (policy_.publish == GraphPolicy::Publish::kAtSubmit) return true;
  const auto refuse = [&](const std::string& why) {
    fail(PTO2_ERROR_INVALID_ARGS, fmt::format("the element's value is not known yet: {}: {}", why, tensor.dump()));
    return false;
  };
  const char* const when =
      policy_.publish == GraphPolicy::Publish::kAtGraphEnd ? "runs only when the graph is complete" : "runs only when its scope has ended";
  for (const Write& write : unpublished_writes_) {
    if (views_overlap(tensor, *write.tensor)) return refuse(fmt::format("task {} writes it and {}", write.task, when));
  }
  if (const TaskRef creator = find_task(tensor.owner_task_id); creator.slot != kNoSlot && !table_.is_done(creator)) {
    if (waits_for_unpublished(creator)) return refuse(fmt::format("the task that makes it {}", when));
  }
  if (!all_tasks || policy_.publish != GraphPolicy::Publish::kAtScopeEnd) return true;
  for (uint32_t ring = 0; ring < kRingCount; ++ring) {
    for (uint32_t id = completed_[ring]; id != rings_[ring].next; ++id) {
      const TaskRef task{table_.slot_of(ring, id), id};
      if (!is_unpublished(task) && waits_for_unpublished(task)) {
        return refuse(fmt::format("task {} of ring {} waits for a task of a scope that is still open", id - rings_[ring].first, ring));
      }
    }
  }
  return true;
}

}  // namespace tilewright
