// What the submitter and the cores share about tasks: records, completion flags, the stream of submissions.
//
// A scoreboard instead of fan-in counters and successor lists. The submitter writes only a task's own record and never
// touches a producer's. A core that finds a predecessor undone parks the task on that predecessor by one intrusive
// link; whoever completes the predecessor takes the whole list and looks at each task again. See docs/design/engine.md.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "graph/lazy_array.h"
#include "graph/ring_sizes.h"
#include "task_args.h"

namespace tilewright {

/// A task as the engine names it: its slot over all rings, and its id within its ring, which tells laps apart.
struct TaskRef {
  uint32_t slot;
  uint32_t id;
  friend bool operator==(TaskRef, TaskRef) = default;
};

constexpr uint32_t kNoSlot = UINT32_MAX;

/// One line per task in flight. The submitter writes everything but `waiters` and `next` before it publishes the task;
/// afterwards these fields do not change until the slot is reused.
/// `Atomic` is std::atomic (TaskSlot and TaskTable, below), but for the test that tries all interleavings of this code.
template <template <typename> class Atomic>
struct alignas(64) BasicTaskSlot {
  static constexpr uint32_t kInlinePredecessors = 3;

  uint32_t id;
  uint8_t ring;
  uint8_t lanes;  ///< PTO2_SUBTASK_MASK_*; 0 for a task without a kernel
  uint8_t tensor_count;
  uint8_t scalar_count;
  int16_t kernel_ids[3];
  int16_t block_num;
  uint32_t predecessor_count;
  Atomic<uint32_t> waiters;  ///< first task parked here, as slot + 1; 0 for none. Taken whole by exchange
  /// ChipTensor[tensor_count], then uint64_t[scalar_count], then, if it has one, a DispatchPredicate, then, if there
  /// are more than kInlinePredecessors, all predecessors.
  std::byte* arguments;
  uint32_t next;  ///< next task in the list this one is in, as slot + 1; owned by that list
  uint32_t flags;
  union {
    TaskRef inline_predecessors[kInlinePredecessors];
    TaskRef* more_predecessors;
  };

  static constexpr uint32_t kHasPredicate = 1;
  static constexpr uint32_t kUnpublished = 2;  ///< used by the submitter alone, cleared when it publishes the task
  static constexpr uint32_t kRoomToGrow = 4;   ///< more_predecessors has room up to the next power of two
  static constexpr uint32_t kSyncStart = 8;    ///< its blocks, several, start together
  static constexpr uint32_t kTimed = 16;       ///< has a timing slot
  static constexpr uint32_t kEarlyResolve = 32;  ///< allows that tasks which wait for it are staged
  static constexpr uint32_t kMayStage = 64;      ///< may be staged itself
  static constexpr uint32_t kGraph = 128;        ///< a recorded graph: a GraphShell (graph_definition.h) stands behind the scalars
  static constexpr uint32_t kHints = kHasPredicate | kTimed | kMayStage | kGraph;  ///< what makes starting the task more than running it
  static constexpr uint32_t kPlain = 256;        ///< one kernel of one block, and nothing else of the above but kRoomToGrow
  static constexpr uint32_t kTimingSlotShift = 16;

  const ChipTensor* tensors() const { return reinterpret_cast<const ChipTensor*>(arguments); }
  const uint64_t* scalars() const { return reinterpret_cast<const uint64_t*>(arguments + tensor_count * sizeof(ChipTensor)); }
  const DispatchPredicate& predicate() const { return *reinterpret_cast<const DispatchPredicate*>(scalars() + scalar_count); }
  /// 0..15, or -1.
  int32_t timing_slot() const { return (flags & kTimed) != 0 ? static_cast<int32_t>(flags >> kTimingSlotShift) : -1; }
  const TaskRef* predecessors() const { return predecessor_count <= kInlinePredecessors ? inline_predecessors : more_predecessors; }
};

class ReplayContext;

/// The slots of all rings together. Throws Error(kLimitExceeded) if they are more than 2^30.
uint32_t checked_slot_count(const RingSizes& sizes);

/// Thread-safe as documented per function; the submitter is one thread, cores are any number.
template <template <typename> class Atomic>
class BasicTaskTable {
 public:
  using TaskSlot = BasicTaskSlot<Atomic>;
  static_assert(sizeof(TaskSlot) == 64, "a task's hot state is one cache line");

  /// Throws as checked_slot_count, and Error(kDeviceMemory) if there is no address space.
  explicit BasicTaskTable(const RingSizes& sizes);

  uint32_t slot_of(uint32_t ring, uint32_t id) const { return base_[ring] + (id & mask_[ring]); }
  uint32_t window(uint32_t ring) const { return mask_[ring] + 1; }
  uint32_t slot_count() const { return slot_count_; }
  uint32_t slot_of(const TaskSlot& task) const { return static_cast<uint32_t>(&task - &records_[0]); }
  TaskSlot& record(uint32_t slot) { return records_[slot]; }
  const TaskSlot& record(uint32_t slot) const { return records_[slot]; }

  /// Whether a task has completed (or its slot has moved on to a later lap, which implies it). Acquires its effects.
  bool is_done(TaskRef task) const { return static_cast<int32_t>(done_[task.slot].load(std::memory_order_acquire) - (task.id + 1)) >= 0; }
  /// Releases the task's effects. The caller then fences and calls take_waiters, once per batch of completions.
  void mark_done(TaskRef task) { done_[task.slot].store(task.id + 1, std::memory_order_release); }

  /// Whether all predecessors of a published task have completed.
  bool is_ready(const TaskSlot& task) const {
    const Atomic<uint32_t>* const done = &done_[0];
    const TaskRef* predecessor = task.predecessors();
    for (const TaskRef* const end = predecessor + task.predecessor_count; predecessor != end; ++predecessor) {
      if (static_cast<int32_t>(done[predecessor->slot].load(std::memory_order_acquire) - (predecessor->id + 1)) < 0) return false;
    }
    return true;
  }
  /// An undone predecessor of a published task, the one submitted last in its ring; or {kNoSlot, 0} if it is ready.
  TaskRef undone_predecessor(const TaskSlot& task) const {
    TaskRef latest{kNoSlot, 0};
    const TaskRef* const predecessors = task.predecessors();
    for (uint32_t i = 0, count = task.predecessor_count; i < count; ++i) {
      if (is_done(predecessors[i])) [[likely]]
        continue;
      if (latest.slot == kNoSlot || static_cast<int32_t>(predecessors[i].id - latest.id) > 0) latest = predecessors[i];
    }
    return latest;
  }

  /// Parks task `slot` on `on`. Returns kNoSlot if it stays parked; otherwise `on` completed meanwhile and the result
  /// is the head (slot) of a list, linked by next, of tasks that the caller must look at again (among them, usually,
  /// this one). A task in a list is owned by whoever holds the list.
  uint32_t park(uint32_t slot, TaskRef on) {
    Atomic<uint32_t>& list = records_[on.slot].waiters;
    uint32_t head = list.load(std::memory_order_relaxed);
    do {
      records_[slot].next = head;
    } while (!list.compare_exchange_weak(head, slot + 1, std::memory_order_seq_cst, std::memory_order_relaxed));
    // Dekker with mark_done + fence + take_waiters: one of the two sees the other's write. The exchange above and this load
    // are both sequentially consistent, so no fence is needed here.
    const bool done = static_cast<int32_t>(done_[on.slot].load(std::memory_order_seq_cst) - (on.id + 1)) >= 0;
    return done ? take_waiters(on.slot) : kNoSlot;
  }

  /// The list of tasks parked on `slot` (kNoSlot if none), which the caller must look at again. It is certain to be all of
  /// them only after a seq_cst fence that follows mark_done.
  uint32_t take_waiters(uint32_t slot) {
    Atomic<uint32_t>& list = records_[slot].waiters;
    if (list.load(std::memory_order_relaxed) == 0) return kNoSlot;
    return list.exchange(0, std::memory_order_acq_rel) - 1;  // 0 - 1 is kNoSlot
  }

  /// Successor of `slot` in a list the caller owns; kNoSlot at the end.
  uint32_t next_in_list(uint32_t slot) const { return records_[slot].next - 1; }
  void set_next_in_list(uint32_t slot, uint32_t next) { records_[slot].next = next + 1; }

  // ---- nodes of recorded graphs: slots beyond those of the rings, which no stream holds. Their id is 0. ----

  /// `count` neighbouring slots that belong to `owner` until forget_nodes(); kNoSlot if there are not so many left. Any thread.
  uint32_t allocate_nodes(uint32_t count, ReplayContext* owner) {
    const uint32_t groups = (count + kNodeGroup - 1) / kNodeGroup;
    uint32_t first = node_groups_used_.load(std::memory_order_relaxed);
    do {
      if (groups > kNodeGroups - first) return kNoSlot;
    } while (!node_groups_used_.compare_exchange_weak(first, first + groups, std::memory_order_relaxed));
    for (uint32_t group = first; group != first + groups; ++group) node_owners_[group] = owner;
    return slot_count_ + first * kNodeGroup;
  }
  /// No core may be active.
  void forget_nodes() { node_groups_used_.store(0, std::memory_order_relaxed); }
  bool is_node(uint32_t slot) const { return slot >= slot_count_; }
  ReplayContext* node_owner(uint32_t slot) const { return node_owners_[(slot - slot_count_) / kNodeGroup]; }
  /// Marks a node as done or not, before any core sees it as a task of this instance.
  void set_node(uint32_t slot, bool done) { done_[slot].store(done ? 1 : 0, std::memory_order_relaxed); }
  /// Parks `slot` on `on`, which cannot complete meanwhile.
  void park_unseen(uint32_t slot, uint32_t on) {
    Atomic<uint32_t>& list = records_[on].waiters;
    uint32_t head = list.load(std::memory_order_relaxed);
    do {
      records_[slot].next = head;
    } while (!list.compare_exchange_weak(head, slot + 1, std::memory_order_seq_cst, std::memory_order_relaxed));
  }

  // ---- the stream of submissions: one producer, many consumers ----

  /// Makes the task in `slot` visible to cores, after all tasks published before. Submitter only.
  void publish(uint32_t slot) {
    stream_[published_ & stream_mask_].store(slot | lap_bit(published_), std::memory_order_release);
    ++published_;
  }
  /// Claims up to `limit` tasks in submission order into slots[]. Any core. Returns how many.
  uint32_t claim(uint32_t* slots, uint32_t limit) {
    uint64_t from = claimed_.load(std::memory_order_relaxed);
    for (;;) {
      uint32_t count = 0;
      while (count < limit) {
        const uint32_t entry = stream_[(from + count) & stream_mask_].load(std::memory_order_acquire);
        if ((entry & kLapBit) != lap_bit(from + count)) break;
        slots[count++] = entry & ~kLapBit;
      }
      if (count == 0) return 0;
      if (claimed_.compare_exchange_weak(from, from + count, std::memory_order_acq_rel, std::memory_order_relaxed)) return count;
    }
  }
  /// Whether a claim would find something. Any core.
  bool has_unclaimed() const {
    const uint64_t from = claimed_.load(std::memory_order_relaxed);
    return (stream_[from & stream_mask_].load(std::memory_order_acquire) & kLapBit) == lap_bit(from);
  }

  /// Forgets published tasks that nobody claimed. No core may be active.
  void discard_unclaimed() { claimed_.store(published_, std::memory_order_relaxed); }

 private:
  static constexpr uint32_t kLapBit = 1u << 31;
  static constexpr uint32_t kManySlots = 1u << 17;  ///< windows that large are meant to be used: their records get huge pages
  static constexpr uint32_t kNodeGroup = 64;  ///< slots that have one owner
  static constexpr uint32_t kNodeGroups = 1u << 16;
  static constexpr uint32_t kNodeSlots = kNodeGroup * kNodeGroups;
  uint32_t lap_bit(uint64_t sequence) const { return (sequence >> stream_shift_ & 1) != 0 ? 0 : kLapBit; }

  std::array<uint32_t, kRingCount> base_{};
  std::array<uint32_t, kRingCount> mask_{};
  uint32_t slot_count_;
  uint32_t stream_shift_;
  uint64_t stream_mask_;
  LazyArray<TaskSlot> records_;
  LazyArray<Atomic<uint32_t>> done_;    ///< by slot: id + 1 of the newest task completed there
  LazyArray<Atomic<uint32_t>> stream_;  ///< slots in submission order, with the lap's parity in kLapBit
  LazyArray<ReplayContext*> node_owners_;
  Atomic<uint32_t> node_groups_used_{0};
  // Above: read by everybody, written by nobody. Below: a line for the submitter, and one for whoever claims.
  alignas(64) uint64_t published_ = 0;
  alignas(64) Atomic<uint64_t> claimed_{0};
};

template <template <typename> class Atomic>
BasicTaskTable<Atomic>::BasicTaskTable(const RingSizes& sizes)
    : slot_count_(checked_slot_count(sizes)),
      stream_shift_(static_cast<uint32_t>(std::countr_zero(std::bit_ceil(slot_count_)))),
      stream_mask_((uint64_t{1} << stream_shift_) - 1),
      records_(size_t{slot_count_} + kNodeSlots),
      done_(size_t{slot_count_} + kNodeSlots),
      stream_(stream_mask_ + 1),
      node_owners_(kNodeGroups) {
  if (slot_count_ >= kManySlots) records_.use_huge_pages(slot_count_);
  uint32_t base = 0;
  for (uint32_t ring = 0; ring < kRingCount; ++ring) {
    base_[ring] = base;
    mask_[ring] = static_cast<uint32_t>(sizes.task_window[ring] - 1);
    base += static_cast<uint32_t>(sizes.task_window[ring]);
  }
}

using TaskSlot = BasicTaskSlot<std::atomic>;
using TaskTable = BasicTaskTable<std::atomic>;

}  // namespace tilewright
