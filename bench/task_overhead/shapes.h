// The workload of bench/task_overhead as data: which slots each task touches, and the order that follows. Nothing here
// knows any of the systems that are measured.
#pragma once

#include <cstdint>
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

}  // namespace tilewright::bench
