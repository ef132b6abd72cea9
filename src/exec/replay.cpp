// Recorded graphs on the scheduler. A carrier runs a whole instance node by node, in recorded order, which needs neither flags nor
// lists. Where that will not do, the rest of the instance is handed over: its nodes become tasks in slots of their own. That happens
// too when the carrier is taken from a kernel that keeps its thread (spare_carriers.cpp), which may poll for a node behind it.
#include <algorithm>
#include <utility>

#include "exec/monotonic.h"
#include "exec/scheduler.h"
#include "graph/graph_definition.h"

namespace tilewright {
namespace {

/// Nodes that take longer than this are worth handing over to carriers that have nothing to do.
constexpr uint64_t kLongNodeNs = 1000;
/// So many looks in a row must find long nodes: one may find that the host had something else to do.
constexpr uint32_t kLongLooks = 3;
/// Ready nodes that are given to carriers with nothing to do, at a time.
constexpr uint32_t kShared = 8;
/// Nodes between two looks at the clock, and at whether the run goes on.
constexpr uint32_t kStretch = 64;

}  // namespace

void Scheduler::start_graph(Carrier& carrier, uint32_t slot) {
  GraphDefinition& definition = *graph_shell(table_.record(slot)).definition;
  ReplayContext* const context = definition.acquire(slot);
  if (context == nullptr) return;  // finish_graph of another instance starts it again
  if (carrier.completed_count != 0 && idle_carriers_.load(std::memory_order_relaxed) != 0) flush(carrier);
  const bool shared = idle_carriers_.load(std::memory_order_relaxed) != 0 && definition.take_long_nodes();
  if (definition.needs_scheduler() || shared) return hand_over(carrier, *context, 0, false);
  Replay replay{.context = context, .nodes = {}};
  replay.nodes.tasks = context->nodes();
  Fiber& fiber = *carrier.current.load(std::memory_order_relaxed);
  fiber.attach(&replay);
  run_nodes(carrier, replay);
  fiber.attach(nullptr);
}

void Scheduler::run_nodes(Carrier& carrier, Replay& replay) {
  ReplayContext& context = *replay.context;
  NodeRun& nodes = replay.nodes;
  const uint32_t count = context.node_count();
  const bool alone = carriers_.size() == 1;
  uint64_t looked_at = alone ? 0 : now_ns();
  // Looks often at first, since nodes may take a second each, and seldom later, since they may take a nanosecond.
  uint32_t stretch = alone ? kStretch : 1;
  uint32_t long_looks = 0;
  for (uint32_t begin = 0; begin != count; begin = nodes.node) {
    if (stopped()) return;
    const uint32_t end = std::min(begin + stretch, count);
    if (!run_stretch(carrier, replay, end)) return;
    if (alone) continue;
    const uint64_t now = now_ns();
    long_looks = now - looked_at > (end - begin) * kLongNodeNs ? long_looks + 1 : 0;
    if (long_looks >= kLongLooks && end != count && idle_carriers_.load(std::memory_order_relaxed) != 0) {
      context.definition().note_long_nodes();
      return hand_over(carrier, context, end, false);
    }
    looked_at = now;
    stretch = std::min(2 * stretch, kStretch);
  }
  finish_graph(carrier, context);
}

// Runs the nodes from replay.nodes.node to `end`. False if the instance is no longer the caller's.
bool Scheduler::run_stretch(Carrier& carrier, Replay& replay, uint32_t end) {
  ReplayContext& context = *replay.context;
  NodeRun& nodes = replay.nodes;
  while (nodes.node.load(std::memory_order_relaxed) != end) {
    const uint32_t first = nodes.node.load(std::memory_order_relaxed);
    const TaskSlot& node = context.node(first);
    if (node.lanes == 0 || ((node.flags & TaskSlot::kHasPredicate) != 0 && !node.predicate().pass())) {
      nodes.node.store(first + 1, std::memory_order_relaxed);
      continue;
    }
    nodes.kind = node.lanes == PTO2_SUBTASK_MASK_AIC ? CoreType::AIC : CoreType::AIV;
    nodes.core = dispatch_.take_core(carrier.warm, nodes.kind);
    if (nodes.core == CorePool::kNone) {
      hand_over(carrier, context, first, false);
      return false;
    }
    bool over = true;
    nodes.end = end;
    nodes.returned = false;
    if (context.definition().is_plain(first)) {
      nodes.words = context.words(first);
      Fiber& fiber = *carrier.current.load(std::memory_order_relaxed);
      enter_kernel(fiber);
      over = runner_.run_nodes(nodes);
      leave_kernel(fiber);
    }
    if (nodes.node.load(std::memory_order_relaxed) == first && !nodes.returned && !nodes.handed_over) {
      context.complete_tasks();
      over = run_kernel(carrier, {&node, nodes.kind, nodes.core, nodes.kind == CoreType::AIC ? 0 : 1, 0});
      nodes.returned = true;
      if (over && !nodes.handed_over) nodes.node.store(first + 1, std::memory_order_relaxed);
    }
    wake_if(dispatch_.give_core(carrier.warm, nodes.kind, nodes.core));
    if (over && !nodes.handed_over) [[likely]]
      continue;
    if (!nodes.handed_over) hand_over(carrier, context, nodes.node, true);
    const uint32_t slot = context.slot_of(nodes.node);
    if (!nodes.returned) {  // the carrier was taken between two kernels
      table_.set_next_in_list(slot, kNoSlot);
      add_ready(carrier, slot);
    } else {
      over ? complete(carrier, slot) : kernels_returned(carrier, slot);
    }
    return false;
  }
  return true;
}

// On the thread that goes on with a carrier that was taken from a kernel. That kernel may poll for nodes behind its own.
void Scheduler::hand_over_taken(Carrier& carrier) {
  const TakenNodes taken = std::exchange(carrier.taken_from, {});
  if (taken.context != nullptr) hand_over(carrier, *taken.context, taken.node, true);
}

uint32_t NodeRun::take_rest() {
  const std::lock_guard lock(take_mutex_);
  handed_over.store(true, std::memory_order_relaxed);
  AsymmetricFence::heavy();  // either this sees the node that advance() has stored, or advance() sees handed_over
  kept_ = node.load(std::memory_order_relaxed);
  if (kept_ == end) handed_over.store(false, std::memory_order_relaxed);
  return kept_;
}

bool NodeRun::advance_after_take(uint32_t done) {
  const std::lock_guard lock(take_mutex_);
  if (kept_ != done) return true;  // the next one is the caller's still; or there is none
  node.store(done, std::memory_order_relaxed);
  returned = true;
  return false;
}

// A kernel is about to be suspended. It may wait for nodes behind it, so they must not wait for it to return.
void Scheduler::hand_over_suspended(Carrier& carrier) {
  Replay* const replay = static_cast<Replay*>(carrier.current.load(std::memory_order_relaxed)->attachment());
  if (replay == nullptr || replay->nodes.handed_over.load(std::memory_order_relaxed)) return;
  replay->nodes.handed_over.store(true, std::memory_order_relaxed);
  hand_over(carrier, *replay->context, replay->nodes.node, true);
}

// Makes tasks of the nodes from `first` on, of which the first may be running. All before are done.
void Scheduler::hand_over(Carrier& carrier, ReplayContext& context, uint32_t first, bool first_runs) {
  context.complete_tasks();
  const uint32_t count = context.node_count();
  for (uint32_t i = 0; i < count; ++i) table_.set_node(context.slot_of(i), i < first);
  context.remaining.store(count - first, std::memory_order_relaxed);
  if (first == count) return finish_graph(carrier, context);
  uint32_t ready = kNoSlot;
  for (uint32_t i = count; i-- > first + (first_runs ? 1 : 0);) {
    const uint32_t slot = context.slot_of(i);
    const TaskRef undone = table_.undone_predecessor(context.node(i));
    if (undone.slot != kNoSlot) {
      table_.park_unseen(slot, undone.slot);
    } else {
      table_.set_next_in_list(slot, ready);
      ready = slot;
    }
  }
  if (ready != kNoSlot) add_ready(carrier, ready);
}

void Scheduler::complete_node(Carrier& carrier, uint32_t slot) {
  ReplayContext& context = *table_.node_owner(slot);
  table_.mark_done({slot, 0});
  std::atomic_thread_fence(std::memory_order_seq_cst);  // against TaskTable::park
  if (const uint32_t list = table_.take_waiters(slot); list != kNoSlot) add_ready(carrier, list);
  if (carrier.ready != kNoSlot && idle_carriers_.load(std::memory_order_relaxed) != 0) share_some(carrier);
  if (context.remaining.fetch_sub(1, std::memory_order_acq_rel) == 1) finish_graph(carrier, context);
}

// An instance that was handed over may be thousands of ready nodes in one carrier's list. Gives some behind the first away.
void Scheduler::share_some(Carrier& carrier) {
  const uint32_t first = table_.next_in_list(carrier.ready);
  if (first == kNoSlot) return;
  uint32_t last = first;
  for (uint32_t i = 1; i < kShared && table_.next_in_list(last) != kNoSlot; ++i) last = table_.next_in_list(last);
  table_.set_next_in_list(carrier.ready, table_.next_in_list(last));
  table_.set_next_in_list(last, kNoSlot);
  share(first);
}

void Scheduler::finish_graph(Carrier& carrier, ReplayContext& context) {
  const uint32_t shell = context.shell();
  if (const uint32_t waiting = context.definition().release(&context); waiting != kNoSlot) {
    table_.set_next_in_list(waiting, kNoSlot);
    add_ready(carrier, waiting);
  }
  complete(carrier, shell);
}

}  // namespace tilewright
