// Recorded graphs on the scheduler. A carrier runs a whole instance node by node, in recorded order, which needs neither flags nor
// lists. Where that will not do, the rest of the instance is handed over: its nodes become tasks in slots of their own.
#include <bit>

#include "exec/monotonic.h"
#include "exec/scheduler.h"
#include "graph/graph_definition.h"

namespace tilewright {
namespace {

/// Nodes that take longer than this are worth handing over to carriers that have nothing to do.
constexpr uint64_t kLongNodeNs = 1000;

}  // namespace

void Scheduler::start_graph(Carrier& carrier, uint32_t slot) {
  GraphDefinition& definition = *graph_shell(table_.record(slot)).definition;
  ReplayContext* const context = definition.acquire(slot);
  if (context == nullptr) return;  // finish_graph of another instance starts it again
  if (carrier.completed_count != 0 && idle_carriers_.load(std::memory_order_relaxed) != 0) flush(carrier);
  if (definition.needs_scheduler() || (definition.has_long_nodes() && carriers_.size() > 1)) return hand_over(carrier, *context, 0, false);
  Replay replay{context, 0, false};
  carrier.current->attach(&replay);
  run_nodes(carrier, replay);
  carrier.current->attach(nullptr);
}

void Scheduler::run_nodes(Carrier& carrier, Replay& replay) {
  ReplayContext& context = *replay.context;
  const uint32_t count = context.node_count();
  const bool alone = carriers_.size() == 1;
  uint64_t looked_at = alone ? 0 : now_ns();
  uint32_t look_at = 1;
  for (uint32_t i = 0; i < count; ++i) {
    const TaskSlot& node = context.node(i);
    if ((node.flags & TaskSlot::kHasPredicate) != 0 && !node.predicate().pass()) continue;
    if (node.lanes == 0) continue;
    if (stopped()) return;
    const CoreType kind = node.lanes == PTO2_SUBTASK_MASK_AIC ? CoreType::AIC : CoreType::AIV;
    const int32_t core = dispatch_.take_core(carrier.warm, kind);
    if (core == CorePool::kNone) return hand_over(carrier, context, i, false);
    replay.node = i;
    const bool over = run_kernel({&node, kind, core, kind == CoreType::AIC ? 0 : 1, 0});
    wake_if(dispatch_.give_core(carrier.warm, kind, core));
    if (replay.handed_over || !over) [[unlikely]] {
      if (!replay.handed_over) hand_over(carrier, context, i, true);
      return over ? complete(carrier, context.slot_of(i)) : kernels_returned(carrier, context.slot_of(i));
    }
    if (i + 1 != look_at || alone) continue;
    // Looks often at first, since nodes may take a second each, and seldom later, since they may take a nanosecond.
    const uint64_t now = now_ns();
    const uint32_t nodes = look_at == 1 ? 1 : std::min(look_at / 2, 64u);
    if (now - looked_at > nodes * kLongNodeNs && i + 1 != count) {
      context.definition().note_long_nodes();
      return hand_over(carrier, context, i + 1, false);
    }
    looked_at = now;
    look_at += std::min(look_at, 64u);
  }
  finish_graph(carrier, context);
}

// A kernel is about to be suspended. It may wait for nodes behind it, so they must not wait for it to return.
void Scheduler::hand_over_suspended(Carrier& carrier) {
  Replay* const replay = static_cast<Replay*>(carrier.current->attachment());
  if (replay == nullptr || replay->handed_over) return;
  replay->handed_over = true;
  hand_over(carrier, *replay->context, replay->node, true);
}

// Makes tasks of the nodes from `first` on, of which the first may be running. All before are done.
void Scheduler::hand_over(Carrier& carrier, ReplayContext& context, uint32_t first, bool first_runs) {
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
  if (context.remaining.fetch_sub(1, std::memory_order_acq_rel) == 1) finish_graph(carrier, context);
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
