// The workload of bench/task_overhead as data: which slots each task touches, the order that follows, and the check that
// a run kept it. Nothing here knows any of the systems that are measured.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace tilewright::bench {

enum class Shape {
  kIndependent,  ///< task i: INOUT slot i
  kChain,        ///< every task: INOUT slot 0
  kForkJoin,     ///< groups of 33: a writer, 31 readers of its slot, a joiner that reads their 31; each INOUT its own slot
  kWavefront,    ///< rows of 100: task (r, c) reads slots (r-1, c) and (r, c-1), INOUT its own
  kRandomReads,  ///< task i reads two different random slots of the last 256 (fewer at the start), INOUT slot i
};
inline constexpr Shape kAllShapes[] = {Shape::kIndependent, Shape::kChain, Shape::kForkJoin, Shape::kWavefront, Shape::kRandomReads};

inline constexpr uint32_t kForkWidth = 31;
inline constexpr uint32_t kWavefrontWidth = 100;
inline constexpr uint32_t kRandomWindow = 256;
inline constexpr uint64_t kDefaultSeed = 20261121;

/// "independent", "chain", "fork_join_31", "wavefront_100", "random_2_of_256".
std::string_view shape_name(Shape shape);
/// Throws Error(kInvalidArgument) that lists the names.
Shape parse_shape(std::string_view name);

/// Where the slots lie.
enum class Layout {
  kOwnBuffers,  ///< each slot is a buffer of its own
  kOneBuffer,   ///< all slots are disjoint views of one buffer, in slot order, without gaps
  kAny,         ///< the system is not told about memory, so there is nothing to tell apart
};

/// "own_buffers", "one_buffer", "any".
std::string_view layout_name(Layout layout);
/// Throws Error(kInvalidArgument) that lists the names.
Layout parse_layout(std::string_view name);

/// Tasks in submission order. Immutable once made.
struct Workload {
  Shape shape;
  uint64_t seed;                     ///< of kRandomReads; the others do not use it
  uint32_t slot_count;               ///< slots are numbered from 0
  std::vector<uint32_t> inout;       ///< [task] the slot that the task reads and writes
  std::vector<uint32_t> read_begin;  ///< [task], and one more: where its reads start in `reads`
  std::vector<uint32_t> reads;       ///< slots that are only read; distinct within a task, at most 31

  uint32_t task_count() const { return static_cast<uint32_t>(inout.size()); }
  std::span<const uint32_t> reads_of(uint32_t task) const { return {reads.data() + read_begin[task], reads.data() + read_begin[task + 1]}; }
};

/// `task_count` is at least 1. A last group or row that does not fit is cut off.
/// Throws Error(kInvalidArgument) for zero tasks.
Workload make_workload(Shape shape, uint32_t task_count, uint64_t seed = kDefaultSeed);

/// Direct predecessors of each task: the last earlier writer of every slot it reads or writes (RAW and WAW).
/// Ascending, each once. The shapes have no other hazard: no slot is written after it was read by a task that is not
/// ordered before the writer anyway.
struct Order {
  std::vector<uint32_t> begin;  ///< [task], and one more
  std::vector<uint32_t> preds;

  std::span<const uint32_t> preds_of(uint32_t task) const { return {preds.data() + begin[task], preds.data() + begin[task + 1]}; }
};

/// The reference that runs are checked against; also what systems are given that must be told their edges.
Order derive_order(const Workload& workload);

/// What a task does when it runs.
enum class StampMode {
  kSequence,  ///< takes the next number of a counter that all tasks share: shows order, costs 3 to 13 ns
  kCount,     ///< adds one to its own cell: shows only that it ran once, costs well under 1 ns
};

/// One cell per task, written by the task and by nothing else while a run lasts.
class StampBoard {
 public:
  StampBoard(uint32_t task_count, StampMode mode) : cells_(task_count), mode_(mode) {}
  StampBoard(const StampBoard&) = delete;
  StampBoard& operator=(const StampBoard&) = delete;

  /// The whole body of an empty task; the same for every system. Thread safe for different tasks. No fence beyond
  /// the counter's coherence: if the system orders two tasks, their numbers are ordered.
  void stamp(uint32_t task) {
    if (mode_ == StampMode::kSequence) {
      cells_[task] = next_.fetch_add(1, std::memory_order_relaxed) + 1;
    } else {
      ++cells_[task];
    }
  }

  /// Back to the start, between runs.
  void clear();

  StampMode mode() const { return mode_; }
  /// [task] for kSequence the task's number from 1, for kCount how often it ran; 0 before it ran. Writable for systems
  /// whose tasks run in another process: they copy their cells here after the clock has stopped.
  std::span<uint32_t> cells() { return cells_; }
  std::span<const uint32_t> cells() const { return cells_; }
  /// Stamps given out (kSequence).
  uint32_t stamped() const { return next_.load(std::memory_order_relaxed); }
  void set_stamped(uint32_t count) { next_.store(count, std::memory_order_relaxed); }

 private:
  alignas(64) std::atomic<uint32_t> next_{0};
  alignas(64) std::vector<uint32_t> cells_;
  StampMode mode_;
};

/// Checks that every task ran exactly once and, in kSequence, that each ran after all its predecessors.
/// Throws Error(kMismatch) that names the first task that is wrong.
void check_stamps(const Order& order, const StampBoard& board);

/// The memory of the slots. Systems use the addresses to describe tasks; no task touches the bytes.
class SlotMemory {
 public:
  static constexpr size_t kSlotBytes = 256;  ///< 64 float32: a row of a small tile

  /// kAny makes no memory.
  SlotMemory(uint32_t slot_count, Layout layout);

  Layout layout() const { return layout_; }
  std::byte* address(uint32_t slot) const { return addresses_[slot]; }
  std::byte* const* addresses() const { return addresses_.data(); }
  size_t slot_count() const { return addresses_.size(); }

 private:
  struct Free {
    void operator()(std::byte* memory) const { ::operator delete(memory, std::align_val_t(64)); }
  };
  Layout layout_;
  std::vector<std::unique_ptr<std::byte, Free>> buffers_;
  std::vector<std::byte*> addresses_;
};

}  // namespace tilewright::bench
