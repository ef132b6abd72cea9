// Moves: global memory <-> tiles, tile -> tile, padding, transposition.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "isa/execution.h"
#include "isa/fold.h"
#include "isa/kernels.h"
#include "isa/tile_grid.h"
#include "pto/common/constants.hpp"

namespace tilewright::isa {
namespace {

/// The bits that fill an element of a type; PadValue of spec/tile-isa.md, 1.2.
uint64_t pad_bits(uint64_t pad, uint8_t element) {
  if (pad >= static_cast<uint64_t>(pto::PadValue::CustomBase)) return pad & 0xffffffffu;
  const bool max = pad == static_cast<uint64_t>(pto::PadValue::Max);
  if (!max && pad != static_cast<uint64_t>(pto::PadValue::Min)) return 0;
  switch (element) {
    case kPtoF32: return max ? 0x7f800000u : 0xff800000u;
    case kPtoF16: return max ? 0x7c00u : 0xfc00u;
    case kPtoBf16: return max ? 0x7f80u : 0xff80u;
    case kPtoI8: return max ? 0x7fu : 0x80u;
    case kPtoU8: return max ? 0xffu : 0;
    case kPtoI16: return max ? 0x7fffu : 0x8000u;
    case kPtoU16: return max ? 0xffffu : 0;
    case kPtoI32: return max ? 0x7fffffffu : 0x80000000u;
    case kPtoU32: return max ? 0xffffffffu : 0;
    default: return 0;
  }
}

/// Fills the physical extent of a tile outside rows x cols.
void fill_outside(const Grid& grid, const PtoTileType& tile, int64_t rows, int64_t cols, uint64_t bits) {
  fill_grid(grid, 0, cols, rows, tile.cols - cols, bits);
  fill_grid(grid, rows, 0, tile.rows - rows, tile.cols, bits);
}

void require_extent(const Execution& execution, int tensor, int tile, bool may_exceed) {
  const Extent extent = global_extent(execution.operand(tensor));
  const PtoOperand& t = execution.operand(tile);
  const bool good =
      may_exceed ? t.valid_rows <= extent.rows && t.valid_cols <= extent.cols : t.valid_rows == extent.rows && t.valid_cols == extent.cols;
  if (good) return;
  fail(execution, kPtoFailInvalidArgument,
       fmt::format("{} is a matrix of {}x{} in its layout, which does not match {}", describe_operand(execution, tensor), extent.rows,
                   extent.cols, describe_operand(execution, tile)),
       "give the global tensor the shape of the tile's valid region");
}

/// A row-major tile, and a tensor that is one matrix of contiguous rows: the usual case, which needs no grids.
bool are_rows(const PtoOperand& tile, const PtoOperand& tensor) {
  return tile.tile->layout == kPtoNd && static_cast<pto::Layout>(tensor.global->layout) == pto::Layout::ND && tensor.shape[0] == 1 &&
         tensor.shape[1] == 1 && tensor.shape[2] == 1 && tensor.stride[4] == 1;
}

void load(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  if (is_conv_tile(dst)) return load_conv(execution);
  require_extent(execution, 1, 0, false);
  const PtoOperand& src = execution.operand(1);
  const PtoTileType& type = *dst.tile;
  if (are_rows(dst, src)) {
    copy_lines(static_cast<uint8_t*>(dst.data), static_cast<const uint8_t*>(src.data), dst.valid_rows, dst.valid_cols * type.element_bytes,
               int64_t{type.cols} * type.element_bytes, src.stride[3] * type.element_bytes);
  } else {
    copy_grid(tile_grid(dst), 0, 0, global_grid(src), 0, 0, dst.valid_rows, dst.valid_cols);
  }
  if (type.pad != static_cast<uint64_t>(pto::PadValue::Null)) {
    fill_outside(tile_grid(dst), type, dst.valid_rows, dst.valid_cols, pad_bits(type.pad, type.element));
  }
}

template <typename Element, typename Bits>
void add_float_atomically(Bits* target, Element addend) {
  Bits seen = __atomic_load_n(target, __ATOMIC_RELAXED);
  Bits wanted;
  do {
    const Element sum(static_cast<float>(__builtin_bit_cast(Element, seen)) + static_cast<float>(addend));
    wanted = __builtin_bit_cast(Bits, sum);
  } while (!__atomic_compare_exchange_n(target, &seen, wanted, true, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
}

template <typename T>
void add_run(uint8_t* dst, int64_t step, const void* src, int64_t n) {
  const T* addends = static_cast<const T*>(src);
  for (int64_t i = 0; i < n; ++i) {
    uint8_t* target = dst + i * step;
    if constexpr (std::is_integral_v<T>) {
      __atomic_fetch_add(reinterpret_cast<T*>(target), addends[i], __ATOMIC_ACQ_REL);
    } else if constexpr (sizeof(T) == 4) {
      add_float_atomically<T>(reinterpret_cast<uint32_t*>(target), addends[i]);
    } else {
      add_float_atomically<T>(reinterpret_cast<uint16_t*>(target), addends[i]);
    }
  }
}

/// dst[i] += src[i] atomically, element by element: other cores may add to the same elements, from other processes as well.
void atomic_add(uint8_t element, uint8_t* dst, int64_t step, const void* src, int64_t n) {
  switch (element) {
    case kPtoF32: return add_run<float>(dst, step, src, n);
    case kPtoF16: return add_run<half>(dst, step, src, n);
    case kPtoBf16: return add_run<bfloat16_t>(dst, step, src, n);
    case kPtoI8:
    case kPtoU8: return add_run<uint8_t>(dst, step, src, n);
    case kPtoI16:
    case kPtoU16: return add_run<uint16_t>(dst, step, src, n);
    case kPtoI32:
    case kPtoU32: return add_run<uint32_t>(dst, step, src, n);
    default: return add_run<uint64_t>(dst, step, src, n);
  }
}

/// A copy that changes elements on the way: conversion, relu, atomic addition.
struct Transform {
  uint8_t from, to;
  ConvertKernel convert;
  StripKernel relu;  ///< on `to`; null for none
  bool add;
};

constexpr int64_t kRun = 256;

/// One run of at most kRun elements.
void transform_run(const Transform& t, uint8_t* dst, int64_t dst_step, int64_t dst_bytes, const uint8_t* src, int64_t src_step,
                   int64_t src_bytes, int64_t n) {
  alignas(64) uint8_t gathered[kRun * 8];
  alignas(64) uint8_t result[kRun * 8];
  if (src_step != src_bytes) {
    for (int64_t i = 0; i < n; ++i) std::memcpy(gathered + i * src_bytes, src + i * src_step, static_cast<size_t>(src_bytes));
    src = gathered;
  }
  const bool direct = dst_step == dst_bytes && !t.add;
  uint8_t* out = direct ? dst : result;
  t.convert(out, src, n);
  if (t.relu != nullptr)
    t.relu({.dst = out, .a = out, .b = {}, .c = {}, .dst_step = 0, .a_step = 0, .b_step = 0, .c_step = 0, .lines = 1, .n = n});
  if (t.add) {
    atomic_add(t.to, dst, dst_step, out, n);
  } else if (!direct) {
    for (int64_t i = 0; i < n; ++i) std::memcpy(dst + i * dst_step, out + i * dst_bytes, static_cast<size_t>(dst_bytes));
  }
}

struct Region {
  int64_t dst_row, dst_col, src_row, src_col, rows, cols;
};

void transform_grid(const Transform& t, const Grid& dst, const Grid& src, const Region& region) {
  for_each_block(dst, region.dst_row, region.dst_col, src, region.src_row, region.src_col, region.rows, region.cols, [&](const Block& b) {
    // Runs go the way in which the source is contiguous.
    const bool by_row = b.src_col_step == src.element_bytes || b.src_row_step != src.element_bytes;
    const int64_t lines = by_row ? b.rows : b.cols, length = by_row ? b.cols : b.rows;
    const int64_t dst_line = by_row ? b.dst_row_step : b.dst_col_step, dst_step = by_row ? b.dst_col_step : b.dst_row_step;
    const int64_t src_line = by_row ? b.src_row_step : b.src_col_step, src_step = by_row ? b.src_col_step : b.src_row_step;
    if (t.relu == nullptr && !t.add && src_step == src.element_bytes && dst_step == dst.element_bytes) {
      for (int64_t line = 0; line < lines; ++line) t.convert(b.dst + line * dst_line, b.src + line * src_line, length);
      return;
    }
    for (int64_t line = 0; line < lines; ++line) {
      for (int64_t i = 0; i < length; i += kRun) {
        transform_run(t, b.dst + line * dst_line + i * dst_step, dst_step, dst.element_bytes, b.src + line * src_line + i * src_step,
                      src_step, src.element_bytes, std::min(kRun, length - i));
      }
    }
  });
}

/// Copies a region with whatever the instruction's attributes ask for.
void move_region(const Execution& execution, uint8_t from, uint8_t to, const Grid& dst, const Grid& src, const Region& region) {
  const PtoAttributes& attributes = execution.attributes();
  // A store of a Vec or Mat tile moves bits: a tensor may name another type of the same size.
  const bool bits_only = execution.op() == pto::Op::TSTORE_VEC || execution.op() == pto::Op::TSTORE_MAT;
  const bool convert = from != to && !bits_only;
  if (!convert && !attributes.relu && !attributes.atomic_add) {
    return copy_grid(dst, region.dst_row, region.dst_col, src, region.src_row, region.src_col, region.rows, region.cols);
  }
  const PtoElement target = static_cast<PtoElement>(to);
  const PtoElement source = convert ? static_cast<PtoElement>(from) : target;
  const Transform transform{static_cast<uint8_t>(source), to, convert_kernel(source, target),
                            attributes.relu ? unary_kernel(UnaryOp::kRelu, target) : nullptr, attributes.atomic_add != 0};
  transform_grid(transform, dst, src, region);
}

void store(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const PtoOperand& src = execution.operand(1);
  require_extent(execution, 0, 1, true);  // a store reads a valid region and may fill part of its tensor
  move_region(execution, src.tile->element, dst.global->element, global_grid(dst), tile_grid(src),
              {0, 0, 0, 0, src.valid_rows, src.valid_cols});
}

/// Writes a part of the source into the destination: this core's, or that of the vector cores that AccToVecMode names.
void deliver(const Execution& execution, const Region& region) {
  const PtoOperand& dst = execution.operand(0);
  const PtoOperand& src = execution.operand(1);
  const uint8_t from = src.tile->element, to = dst.tile->element;
  const CoreContext& core = execution.core;
  const auto mode = static_cast<pto::AccToVecMode>(execution.attributes().sub_core - 1);
  if (execution.attributes().sub_core == 0) return move_region(execution, from, to, tile_grid(dst), tile_grid(src), region);
  const bool split_rows = mode == pto::AccToVecMode::DualModeSplitM, split_cols = mode == pto::AccToVecMode::DualModeSplitN;
  if (core.lane < 0) return move_region(execution, from, to, tile_grid(dst), tile_grid(src), region);
  if (core.lane != kLaneAic) {
    fail(execution, kPtoFailInvalidArgument, "a vector core has no Acc tiles to give to others", "do it on AIC");
  }
  Launch& launch = launch_of(execution);
  const int64_t bytes = dst.tile->element_bytes;
  for (int half = 0; half < 2; ++half) {
    const bool wanted = split_rows || split_cols || (mode == pto::AccToVecMode::SingleModeVec1) == (half == 1);
    if (!wanted) continue;
    const int lane = half == 0 ? kLaneAiv0 : kLaneAiv1;
    if (!launch.has_lane(lane)) {
      fail(execution, kPtoFailInvalidArgument, fmt::format("the task has no lane AIV{}", half), "submit the task with that lane");
    }
    Deposit deposit{*dst.tile,
                    static_cast<uint64_t>(static_cast<uint8_t*>(dst.data) - core.memory->base(dst.tile->space)),
                    region.dst_row,
                    region.dst_col,
                    region.rows,
                    region.cols,
                    std::vector<uint8_t>(static_cast<size_t>(region.rows * region.cols * bytes))};
    Grid elements{deposit.elements.data(), {}, {}, static_cast<int>(bytes)};
    elements.row.add(int64_t{1} << 40, region.cols * bytes);
    elements.col.add(int64_t{1} << 40, bytes);
    move_region(execution, from, to, elements, tile_grid(src),
                {0, 0, region.src_row + (split_rows ? half * region.rows : 0), region.src_col + (split_cols ? half * region.cols : 0),
                 region.rows, region.cols});
    launch.leave(core.block_idx, lane, std::move(deposit));
  }
}

/// How much of the source an AccToVecMode reads for a rows x cols part of the destination.
Extent source_extent(const Execution& execution, int64_t rows, int64_t cols) {
  const int mode = execution.attributes().sub_core - 1;
  return {mode == static_cast<int>(pto::AccToVecMode::DualModeSplitM) ? 2 * rows : rows,
          mode == static_cast<int>(pto::AccToVecMode::DualModeSplitN) ? 2 * cols : cols};
}

void move_tile(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const Extent needed = source_extent(execution, dst.valid_rows, dst.valid_cols);
  require_region(execution, 1, 0, 0, needed.rows, needed.cols);
  deliver(execution, {0, 0, 0, 0, dst.valid_rows, dst.valid_cols});
}

void extract(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const int32_t* at = execution.attributes().index;
  const Extent needed = source_extent(execution, dst.valid_rows, dst.valid_cols);
  require_region(execution, 1, at[0], at[1], needed.rows, needed.cols);
  deliver(execution, {0, 0, at[0], at[1], dst.valid_rows, dst.valid_cols});
}

void insert(const Execution& execution) {
  const PtoOperand& src = execution.operand(1);
  const int32_t* at = execution.attributes().index;
  const Extent per_source = source_extent(execution, 1, 1);
  if (src.valid_rows % per_source.rows != 0 || src.valid_cols % per_source.cols != 0) {
    fail(execution, kPtoFailInvalidArgument, describe_operand(execution, 1) + " cannot be halved", "give it an even valid extent");
  }
  const int64_t rows = src.valid_rows / per_source.rows, cols = src.valid_cols / per_source.cols;
  require_region(execution, 0, at[0], at[1], rows, cols);
  deliver(execution, {at[0], at[1], 0, 0, rows, cols});
}

/// The header made the alias already; this checks that it stays within the source.
[[noreturn]] void refuse_to_separate(const Execution& execution) {
  fail(execution, kPtoFailInvalidArgument, "two fp4 elements share a byte, which this move would separate",
       "use even extents, strides and positions, and arrangements with the same innermost direction");
}

void subview(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const PtoTileType& d = *dst.tile;
  const PtoTileType& s = *execution.operand(1).tile;
  const int32_t* at = execution.attributes().index;
  require_region(execution, 1, at[0], at[1], dst.valid_rows, dst.valid_cols);
  // N arrangements and DN step through rows of a column, the others through columns of a row.
  const bool row_major = d.layout == kPtoNd || d.layout == kPtoZn || d.layout == kPtoZz;
  const bool one_stripe = row_major ? dst.valid_rows <= d.inner_rows : dst.valid_cols <= d.inner_cols;
  if (!one_stripe && (row_major ? d.cols != s.cols : d.rows != s.rows)) {
    fail(execution, kPtoFailInvalidArgument,
         fmt::format("{} and {} have different strides", describe_operand(execution, 0), describe_operand(execution, 1)),
         "give the view's tile type the physical columns (rows, if column-major) of the source and a smaller valid shape");
  }
  // Nz steps through the rows of its boxes as it does through boxes, so any row will do; likewise Zn with columns.
  const bool row_ok = d.layout == kPtoNz || at[0] % d.inner_rows == 0;
  const bool col_ok = d.layout == kPtoZn || at[1] % d.inner_cols == 0;
  if (!row_ok || !col_ok) {
    fail(execution, kPtoFailInvalidArgument,
         fmt::format("({}, {}) is not the corner of a {}x{} box of {}", at[0], at[1], d.inner_rows, d.inner_cols,
                     describe_operand(execution, 1)),
         "start the view at a box");
  }
  // Boxes have even sides.
  if (d.element_bytes == 0 && d.inner_rows == 1 && at[d.layout == kPtoNd ? 1 : 0] % 2 != 0) refuse_to_separate(execution);
}

void reshape(const Execution&) {}

void fill_pad(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const PtoOperand& src = execution.operand(1);
  require_region(execution, 0, 0, 0, src.valid_rows, src.valid_cols);
  const Grid to = tile_grid(dst);
  const bool in_place =
      dst.data == src.data && dst.tile->layout == src.tile->layout && dst.tile->rows == src.tile->rows && dst.tile->cols == src.tile->cols;
  if (!in_place) copy_grid(to, 0, 0, tile_grid(src), 0, 0, src.valid_rows, src.valid_cols);
  fill_outside(to, *dst.tile, src.valid_rows, src.valid_cols, pad_bits(execution.attributes().pad, dst.tile->element));
}

void transpose(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  if (is_conv_tile(dst)) return transpose_conv(execution);
  const PtoOperand& src = execution.operand(1);
  require_region(execution, 0, 0, 0, src.valid_cols, src.valid_rows);
  copy_grid(tile_grid(dst).transposed(), 0, 0, tile_grid(src), 0, 0, src.valid_rows, src.valid_cols);
}

/// The columns of src0, then those of src1; with index tiles, as many bytes of each row as they say.
void concatenate(const Execution& execution) {
  const bool counted = execution.instruction.operand_count > 3, stores_sum = execution.instruction.operand_count == 6;
  const PtoOperand& src0 = execution.operand(1);
  const PtoOperand& src1 = execution.operand(2);
  const int64_t rows = src0.valid_rows, bytes = src0.tile->element_bytes;
  require_region(execution, 2, 0, 0, rows, src1.valid_cols);
  for (int i = 3; i < execution.instruction.operand_count; ++i) require_region(execution, i, 0, 0, rows, 1);
  const Grid dst = tile_grid(execution.operand(0)), sources[2] = {tile_grid(src0), tile_grid(src1)};
  if (!counted) {
    require_region(execution, 0, 0, 0, rows, int64_t{src0.valid_cols} + src1.valid_cols);
    copy_grid(dst, 0, 0, sources[0], 0, 0, rows, src0.valid_cols);
    return copy_grid(dst, 0, src0.valid_cols, sources[1], 0, 0, rows, src1.valid_cols);
  }
  for (int64_t r = 0; r < rows; ++r) {
    int64_t at = 0;
    for (int side = 0; side < 2; ++side) {
      const PtoOperand& src = execution.operand(1 + side);
      int64_t columns = src.valid_cols;
      if (counted) {
        const Grid index = tile_grid(execution.operand(3 + side));
        uint64_t count = 0;
        std::memcpy(&count, index.at(r, 0), static_cast<size_t>(index.element_bytes));
        columns = static_cast<int64_t>(std::min<uint64_t>(count, INT64_MAX) / static_cast<uint64_t>(bytes));
      }
      require_region(execution, 1 + side, r, 0, 1, columns);
      require_region(execution, 0, r, at, 1, columns);
      copy_grid(dst, r, at, sources[side], r, 0, 1, columns);
      at += columns;
    }
    if (stores_sum) {
      const Grid index = tile_grid(execution.operand(5));
      const int64_t sum = at * bytes;
      std::memcpy(index.at(r, 0), &sum, static_cast<size_t>(index.element_bytes));
    }
  }
}

void do_nothing(const Execution&) {}

int bytes_of(const PtoOperand& operand) { return operand.tile != nullptr ? operand.tile->element_bytes : operand.global->element_bytes; }

/// A move of fp4 elements is one of the bytes that they share.
[[gnu::noinline, gnu::cold]] void move_twins(const Execution& execution, Handler move) {
  const FoldedOperand dst(execution.operand(0)), src(execution.operand(1));
  PtoInstruction folded = execution.instruction;
  int32_t& index = folded.attributes.index[dst.by_row() ? 0 : 1];
  if (!dst.good() || !src.good() || dst.by_row() != src.by_row() || index % 2 != 0) {
    refuse_to_separate(execution);
  }
  index /= 2;
  folded.operands[0] = dst.operand();
  folded.operands[1] = src.operand();
  move({folded, execution.core});
}

template <Handler kMove>
void moving(const Execution& execution) {
  if (bytes_of(execution.operand(0)) == 0 || bytes_of(execution.operand(1)) == 0) return move_twins(execution, kMove);
  kMove(execution);
}

}  // namespace

void take_deposits(const Execution& execution) {
  const CoreContext& core = execution.core;
  if (core.launch == nullptr || core.lane <= kLaneAic) return;
  for (Deposit& deposit : launch_of(execution).take(core.block_idx, core.lane)) {
    const int64_t bytes = deposit.tile.element_bytes;
    const PtoOperand tile{&deposit.tile, nullptr, nullptr, nullptr, core.memory->base(deposit.tile.space) + deposit.address, 0, 0};
    Grid elements{deposit.elements.data(), {}, {}, static_cast<int>(bytes)};
    elements.row.add(int64_t{1} << 40, deposit.cols * bytes);
    elements.col.add(int64_t{1} << 40, bytes);
    copy_grid(tile_grid(tile), deposit.row, deposit.col, elements, 0, 0, deposit.rows, deposit.cols);
  }
}

Handler move_handler(pto::Op op) {
  using enum pto::Op;
  switch (op) {
    case TLOAD: return moving<load>;
    case TSTORE_VEC:
    case TSTORE_MAT:
    case TSTORE_ACC: return moving<store>;
    case TMOV_V2V:
    case TMOV_V2M:
    case TMOV_M2L:
    case TMOV_M2B:
    case TMOV_M2S:
    case TMOV_M2V:
    case TMOV_A2V:
    case TMOV_A2M: return moving<move_tile>;
    case TEXTRACT_V2V:
    case TEXTRACT_V2M:
    case TEXTRACT_M2L:
    case TEXTRACT_A2V:
    case TEXTRACT_A2M: return moving<extract>;
    case TINSERT_V2V:
    case TINSERT_V2M:
    case TINSERT_A2V:
    case TINSERT_A2M: return moving<insert>;
    case TSUBVIEW: return subview;
    case TRESHAPE: return reshape;
    case TFILLPAD: return moving<fill_pad>;
    case TTRANS: return transpose;
    case TCONCAT: return concatenate;
    case TPREFETCH:
    case TPREFETCH_ASYNC: return do_nothing;
    default: return nullptr;
  }
}

}  // namespace tilewright::isa
