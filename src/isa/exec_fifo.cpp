// TPUSH, TPOP, TFREE, TALLOC. What they do is documented in pto/inst/fifo.hpp.
#include <fmt/format.h>

#include <cstring>

#include "isa/execution.h"
#include "isa/hook.h"
#include "isa/tile_grid.h"
#include "pto/common/fifo.hpp"

namespace tilewright::isa {
namespace {

/// One core at one end of one pipe.
struct End {
  const Execution& execution;
  PtoPipeAccess& access;
  bool to_cube;
  bool producer;
  int index;  ///< among the producers or consumers of the pipe: the AIV's number on the vector side, 0 on the cube side
  int half;   ///< which half of a split tile this core works on
  PipeRing& ring;

  size_t i() const { return static_cast<size_t>(index); }
  bool split() const { return access.split != pto::TILE_NO_SPLIT; }
  bool vector_side() const { return producer == to_cube; }
};

const char* direction_name(uint8_t direction) {
  constexpr const char* kNames[] = {"UNDEFINED",    "DIR_C2V",    "DIR_V2C",    "DIR_BOTH",
                                    "DIR_V2C_CTRL", "DIR_C2V_GM", "DIR_V2C_GM", "DIR_BOTH_GM"};
  return direction < std::size(kNames) ? kNames[direction] : "?";
}

/// "pipe 3 (DIR_BOTH, 4 slots of 16384 bytes)"
std::string describe_pipe(uint64_t key) {
  return fmt::format("pipe {} ({}, {} slots of {} bytes)", key >> 56, direction_name(key >> 48 & 0xff), key >> 40 & 0xff, key & 0xffffffff);
}

End end_of(const Execution& execution, bool producer) {
  PtoPipeAccess& access = *reinterpret_cast<PtoPipeAccess*>(execution.attributes().scalar);
  const CoreContext& core = execution.core;
  const bool on_cube = core.kind == CoreKind::kAic;
  const bool to_cube = access.direction == kPtoPipeByCore ? producer != on_cube : access.direction == kPtoPipeToCube;
  const bool vector_side = producer == to_cube;
  Launch& launch = launch_of(execution);
  if (core.lane >= 0 && vector_side == on_cube) {
    fail(execution, kPtoFailInvalidArgument,
         fmt::format("a cube core ({}) and a vector core ({}) have changed places at {}", to_cube ? "consumer" : "producer",
                     to_cube ? "producer" : "consumer", describe_pipe(access.key)),
         "push Acc or Mat tiles on AIC and Vec tiles on AIV");
  }
  const int index = vector_side && core.lane > kLaneAiv0 ? 1 : 0;
  if (access.split != pto::TILE_NO_SPLIT && core.lane >= 0 && launch.aiv_lanes() != 2) {
    fail(execution, kPtoFailInvalidArgument,
         fmt::format("a split of {} needs both vector cores, and the task has {} AIV lanes", describe_pipe(access.key), launch.aiv_lanes()),
         "submit the task with AIV0 and AIV1, or use TILE_NO_SPLIT");
  }
  if (access.sub_block < -1 || access.sub_block > (vector_side ? 1 : 0)) {
    fail(execution, kPtoFailInvalidArgument, fmt::format("there is no sub-block {} on this side of the pipe", access.sub_block),
         "an AIV passes 0 or 1, an AIC 0");
  }
  const int half = access.sub_block >= 0 ? access.sub_block : index;
  return {execution, access, to_cube, producer, index, half, launch.ring(core.block_idx, access.key, to_cube)};
}

void wait_for_free_slot(const End& end) {
  PipeRing& ring = end.ring;
  const uint64_t n = ring.taken[end.i()];
  wait_until(
      end.execution, [&] { return n - ring.freed() < ring.slot_num; },
      [&] {
        return fmt::format("a free slot of {} in {}: {} were pushed, {} released by {}", describe_pipe(end.access.key),
                           op_name(end.execution.instruction.op), n, ring.freed(), end.to_cube ? "AIC" : "every AIV lane");
      });
}

void wait_for_filled_slot(const End& end) {
  PipeRing& ring = end.ring;
  const uint64_t n = ring.popped[end.i()];
  wait_until(
      end.execution, [&] { return ring.filled() > n; },
      [&] {
        return fmt::format("tile {} of {} in TPOP: {} were pushed by {}; this core popped {} and holds {} of their slots", n,
                           describe_pipe(end.access.key), ring.filled(), end.to_cube ? "every AIV lane" : "AIC", n,
                           n - ring.released[end.i()].load(std::memory_order_relaxed));
      });
  take_deposits(end.execution);
}

struct Region {
  int64_t row = 0, col = 0, rows, cols;
};

bool splits_rows(const End& end) { return end.access.split == pto::TILE_UP_DOWN || end.access.split == pto::TILE_UP_DOWN_ODD; }
bool splits_oddly(const End& end) { return end.access.split == pto::TILE_UP_DOWN_ODD || end.access.split == pto::TILE_LEFT_RIGHT_ODD; }

/// Where the half of this core lies in the whole, from its own extent. The whole is AIV0's part and AIV1's, which is as large, or one
/// less in the _ODD splits.
struct Placed {
  Region mine;
  int64_t rows, cols;  ///< of the whole
};
Placed place(const End& end, int64_t rows, int64_t cols) {
  if (!end.split() || !end.vector_side()) return {{0, 0, rows, cols}, rows, cols};
  const int64_t extent = splits_rows(end) ? rows : cols;
  const int64_t odd = splits_oddly(end) ? 1 : 0;
  const int64_t first = end.half == 0 ? extent : extent + odd;
  const int64_t whole = 2 * first - odd;
  const int64_t at = end.half == 0 ? 0 : first;
  if (splits_rows(end)) return {{at, 0, rows, cols}, whole, cols};
  return {{0, at, rows, cols}, rows, whole};
}

/// The part of a rows x cols tile that this core pops.
Region share(const End& end, int64_t rows, int64_t cols) {
  if (!end.split() || !end.vector_side()) return {0, 0, rows, cols};
  const int64_t extent = splits_rows(end) ? rows : cols;
  if ((extent % 2 != 0) != splits_oddly(end)) {
    fail(end.execution, kPtoFailInvalidArgument,
         fmt::format("{} {} of a tile {}x{} are split {}", extent, splits_rows(end) ? "rows" : "columns", rows, cols,
                     splits_oddly(end) ? "oddly" : "evenly"),
         "odd extents need TILE_UP_DOWN_ODD or TILE_LEFT_RIGHT_ODD, even ones TILE_UP_DOWN or TILE_LEFT_RIGHT");
  }
  const int64_t first = (extent + 1) / 2;
  const int64_t at = end.half == 0 ? 0 : first;
  const int64_t count = end.half == 0 ? first : extent - first;
  if (splits_rows(end)) return {at, 0, count, cols};
  return {0, at, rows, count};
}

Grid matrix(uint8_t* data, int64_t pitch, int element_bytes) {
  Grid grid{data, {}, {}, element_bytes};
  constexpr int64_t kUnbounded = int64_t{1} << 60;
  grid.row.add(kUnbounded, pitch);
  grid.col.add(kUnbounded, element_bytes);
  return grid;
}

void require_slot(const End& end, int64_t bytes) {
  if (bytes <= end.ring.slot_bytes) return;
  fail(end.execution, kPtoFailOutOfBounds, fmt::format("{} bytes do not fit into a slot of {}", bytes, describe_pipe(end.access.key)),
       "raise SlotSize, or push a smaller valid region");
}

/// The device memory of a slot.
uint8_t* device_slot(const End& end, uint64_t n) {
  if (end.access.gm_slots == nullptr) {
    fail(end.execution, kPtoFailInvalidArgument, fmt::format("{} has no slots in device memory", describe_pipe(end.access.key)),
         "construct the TPipe with a slot buffer of SlotNum * SlotSize bytes for each direction");
  }
  const bool second = end.to_cube && ((end.access.key >> 48 & 0xff) == pto::DIR_BOTH || (end.access.key >> 48 & 0xff) == pto::DIR_BOTH_GM);
  return static_cast<uint8_t*>(end.access.gm_slots) +
         (n % end.ring.slot_num + (second ? end.ring.slot_num : 0)) * static_cast<uint64_t>(end.ring.slot_bytes);
}

/// The byte offset in a slot of the part that a tensor is, and the whole slot's pitch.
struct View {
  Placed placed;
  int64_t pitch;
  int64_t offset;
};
View view_of(const End& end, const PtoOperand& tensor) {
  const Extent extent = global_extent(tensor);
  const int64_t bytes = tensor.global->element_bytes;
  View view{place(end, extent.rows, extent.cols), tensor.stride[3] * bytes, 0};
  view.offset = view.placed.mine.row * view.pitch + view.placed.mine.col * bytes;
  if (tensor.stride[4] != 1 || tensor.shape[0] * tensor.shape[1] * tensor.shape[2] != 1) {
    fail(end.execution, kPtoFailInvalidArgument,
         "a pipe's slot is seen through a tensor of other than two dimensions and unit column stride",
         "use Shape<1, 1, 1, rows, cols> and Stride<..., pitch, 1>");
  }
  require_slot(end, (view.placed.rows - 1) * view.pitch + view.placed.cols * bytes);
  return view;
}

/// A push fills a slot; the core that pushes without split beside AIV0 only takes part.
bool idle_lane(const End& end) { return !end.split() && end.vector_side() && end.half == 1; }

void publish(const End& end) {
  end.ring.pushed[end.i()].store(end.ring.taken[end.i()], std::memory_order_release);
  end.execution.core.host->notify();
}

void push(const Execution& execution) {
  const End end = end_of(execution, true);
  PipeRing& ring = end.ring;
  const PtoOperand& operand = execution.operand(0);
  const uint64_t pushed = ring.pushed[end.i()].load(std::memory_order_relaxed);
  if (operand.global != nullptr) {
    if (ring.taken[end.i()] == pushed) {
      fail(execution, kPtoFailInvalidArgument, fmt::format("no slot of {} was allocated", describe_pipe(end.access.key)),
           "call TALLOC first");
    }
    const View view = view_of(end, operand);
    uint8_t* const slot = device_slot(end, pushed);
    if (operand.data != slot + view.offset) {
      fail(execution, kPtoFailInvalidArgument, "the tensor is not what TALLOC made of it", "push the tensor that TALLOC was given");
    }
    ring.slot(pushed).parts[end.i()] = {static_cast<int32_t>(view.placed.rows),
                                        static_cast<int32_t>(view.placed.cols),
                                        operand.global->element,
                                        operand.global->element_bytes,
                                        slot,
                                        view.pitch};
    ring.pushed[end.i()].store(pushed + 1, std::memory_order_release);
    return execution.core.host->notify();
  }
  if (ring.taken[end.i()] != pushed) {
    fail(execution, kPtoFailInvalidArgument, "a slot that TALLOC gave has not been pushed", "push it before the next tile");
  }
  wait_for_free_slot(end);
  const uint64_t n = ring.taken[end.i()]++;
  const PtoTileType& tile = *operand.tile;
  const Placed placed = place(end, operand.valid_rows, operand.valid_cols);
  const int64_t pitch = placed.cols * tile.element_bytes;
  require_slot(end, placed.rows * pitch);
  if (!idle_lane(end)) {
    copy_grid(matrix(ring.storage(n), pitch, tile.element_bytes), placed.mine.row, placed.mine.col, tile_grid(operand), 0, 0,
              placed.mine.rows, placed.mine.cols);
  }
  ring.slot(n).parts[end.i()] = {
      static_cast<int32_t>(placed.rows), static_cast<int32_t>(placed.cols), tile.element, tile.element_bytes, nullptr, pitch};
  publish(end);
}

void allocate(const Execution& execution) {
  const End end = end_of(execution, true);
  wait_for_free_slot(end);
  const View view = view_of(end, *end.access.view);
  end.access.slot = device_slot(end, end.ring.taken[end.i()]++) + view.offset;
}

/// What lies in slot `n`, after a check that both halves are of one tile.
PipeRing::Part filled_part(const End& end, uint64_t n) {
  const PipeRing::Slot& slot = end.ring.slot(n);
  const PipeRing::Part& part = slot.parts[0];
  if (end.ring.producers == 2 && end.split()) {
    const PipeRing::Part& other = slot.parts[1];
    if (part.rows != other.rows || part.cols != other.cols || part.element != other.element || part.device_memory != other.device_memory ||
        part.pitch != other.pitch) {
      fail(end.execution, kPtoFailInvalidArgument,
           fmt::format("AIV0 pushed its half of a tile {} {}x{}, AIV1 its half of a tile {} {}x{}", element_name(part.element), part.rows,
                       part.cols, element_name(other.element), other.rows, other.cols),
           "push equal halves in the same form; an odd extent needs an _ODD split");
    }
  }
  return part;
}

void pop_view(const End& end, uint64_t n) {
  const View view = view_of(end, *end.access.view);
  uint8_t* const slot = device_slot(end, n);
  const PipeRing::Part part = filled_part(end, n);
  if (part.device_memory == nullptr && !idle_lane(end)) {  // pushed as a tile
    const Region mine = share(end, part.rows, part.cols);
    if (view.placed.mine.rows > mine.rows || view.placed.mine.cols > mine.cols ||
        end.access.view->global->element_bytes != part.element_bytes) {
      fail(end.execution, kPtoFailInvalidArgument,
           fmt::format("{}x{} elements of {} were pushed for this core, and the view has {}x{} of {}", mine.rows, mine.cols,
                       element_name(part.element), view.placed.mine.rows, view.placed.mine.cols,
                       element_name(end.access.view->global->element)),
           "give the view the shape and the element type of what was pushed");
    }
    copy_grid(matrix(slot, view.pitch, part.element_bytes), view.placed.mine.row, view.placed.mine.col,
              matrix(end.ring.storage(n), part.pitch, part.element_bytes), mine.row, mine.col, view.placed.mine.rows,
              view.placed.mine.cols);
  }
  end.access.slot = slot + view.offset;
}

void pop_tile(const End& end, uint64_t n) {
  const PtoOperand& operand = end.execution.operand(0);
  const PtoTileType& tile = *operand.tile;
  if (idle_lane(end)) return fill_grid(tile_grid(operand), 0, 0, tile.rows, tile.cols, 0);
  const PipeRing::Part part = filled_part(end, n);
  const Region mine = share(end, part.rows, part.cols);
  if (tile.element != part.element) {
    fail(end.execution, kPtoFailInvalidArgument,
         fmt::format("{} were pushed, and {} has other elements", element_name(part.element), describe_operand(end.execution, 0)),
         "use one element type on both sides of the pipe; TCVT converts");
  }
  if (operand.valid_rows > mine.rows || operand.valid_cols > mine.cols) {
    fail(end.execution, kPtoFailInvalidArgument,
         fmt::format("{}x{} elements were pushed for this core, fewer than the valid region of {}", mine.rows, mine.cols,
                     describe_operand(end.execution, 0)),
         "give the popped tile the valid shape of what was pushed");
  }
  uint8_t* const data = part.device_memory != nullptr ? part.device_memory : end.ring.storage(n);
  copy_grid(tile_grid(operand), 0, 0, matrix(data, part.pitch, part.element_bytes), mine.row, mine.col, operand.valid_rows,
            operand.valid_cols);
}

/// Whether a popped tile's slot is free at once: where slots lie in device memory, TPOP has copied the data out of it.
bool pop_releases(const CoreContext& core) { return core.arch == &CoreArch::a2a3(); }

void pop(const Execution& execution) {
  const End end = end_of(execution, false);
  wait_for_filled_slot(end);
  const uint64_t n = end.ring.popped[end.i()];
  if (execution.instruction.operand_count == 0) {
    pop_view(end, n);
    ++end.ring.popped[end.i()];
    return;
  }
  pop_tile(end, n);
  ++end.ring.popped[end.i()];
  if (!pop_releases(execution.core)) return;
  end.ring.release(end.index, n);
  execution.core.host->notify();
}

void release(const Execution& execution) {
  const End end = end_of(execution, false);
  const bool view = execution.instruction.operand_count != 0;
  if (!view && pop_releases(execution.core)) return;
  const uint64_t oldest = end.ring.released[end.i()].load(std::memory_order_relaxed);
  if (oldest == end.ring.popped[end.i()]) {
    fail(execution, kPtoFailInvalidArgument, fmt::format("this core holds no slot of {}", describe_pipe(end.access.key)),
         "free a slot once, after the TPOP that gave it");
  }
  end.ring.release(end.index, oldest);
  execution.core.host->notify();
}

}  // namespace

Handler fifo_handler(pto::Op op) {
  switch (op) {
    case pto::Op::TPUSH: return push;
    case pto::Op::TPOP: return pop;
    case pto::Op::TALLOC: return allocate;
    case pto::Op::TFREE: return release;
    default: return nullptr;
  }
}

}  // namespace tilewright::isa
