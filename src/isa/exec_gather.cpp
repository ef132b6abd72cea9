// Gathering and scattering. What the instructions do is documented in pto/inst/gather.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <type_traits>

#include "isa/combine.h"
#include "isa/execution.h"
#include "isa/tile_grid.h"
#include "pto/common/element_types.hpp"

namespace tilewright::isa {
namespace {

using pto::MaskPattern;

/// A grid whose elements are found without divisions where both axes are linear, as in every arrangement without boxes.
class Elements {
 public:
  explicit Elements(const Grid& grid) : grid_(grid), linear_(grid.row.linear() && grid.col.linear()) {
    row_step_ = grid.row.digits == 0 ? 0 : grid.row.step[0];
    col_step_ = grid.col.digits == 0 ? 0 : grid.col.step[0];
  }
  uint8_t* at(int64_t r, int64_t c) const { return linear_ ? grid_.data + r * row_step_ + c * col_step_ : grid_.at(r, c); }
  const Grid& grid() const { return grid_; }
  int element_bytes() const { return grid_.element_bytes; }
  /// Whether element number i of rows of `cols` lies i elements behind the first.
  bool dense(int64_t cols) const { return linear_ && col_step_ == grid_.element_bytes && row_step_ == cols * col_step_; }

 private:
  Grid grid_;
  bool linear_;
  int64_t row_step_, col_step_;
};

/// Integers of any type.
class Integers {
 public:
  explicit Integers(const PtoOperand& operand) : elements_(tile_grid(operand)), element_(operand.tile->element) {}

  int64_t at(int64_t r, int64_t c) const {
    const uint8_t* p = elements_.at(r, c);
    const auto read = [p](auto value) {
      std::memcpy(&value, p, sizeof(value));
      return static_cast<int64_t>(value);
    };
    switch (element_) {
      case kPtoI8: return read(int8_t{});
      case kPtoU8: return read(uint8_t{});
      case kPtoI16: return read(int16_t{});
      case kPtoU16: return read(uint16_t{});
      case kPtoI32: return read(int32_t{});
      case kPtoU32: return read(uint32_t{});
      default: return read(int64_t{});  // a u64 beyond the range of i64 is outside of everything anyway
    }
  }

 private:
  Elements elements_;
  uint8_t element_;
};

void copy_element(uint8_t* dst, const uint8_t* src, int bytes) {
  switch (bytes) {
    case 1: *dst = *src; return;
    case 2: std::memcpy(dst, src, 2); return;
    case 4: std::memcpy(dst, src, 4); return;
    default: std::memcpy(dst, src, 8); return;
  }
}

[[noreturn]] void refuse_index(const Execution& execution, int64_t index, int64_t r, int64_t c, int64_t count, const char* advice) {
  fail(execution, kPtoFailOutOfBounds, fmt::format("index {} at ({}, {}) is outside 0 to {}", index, r, c, count - 1), advice);
}

// ---- within tiles ---------------------------------------------------------------------------------------

void gather_by_index(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const PtoOperand& src = execution.operand(1);
  require_region(execution, 2, 0, 0, dst.valid_rows, dst.valid_cols);
  const Elements to(tile_grid(dst)), from(tile_grid(src));
  const Integers indices(execution.operand(2));
  const int64_t cols = src.tile->cols, count = int64_t{src.tile->rows} * cols;
  const bool dense = from.dense(cols);
  const int bytes = to.element_bytes();
  constexpr uint8_t kZero[8] = {};
  for (int64_t r = 0; r < dst.valid_rows; ++r) {
    for (int64_t c = 0; c < dst.valid_cols; ++c) {
      const int64_t at = indices.at(r, c);
      const bool inside = at >= 0 && at < count;
      const uint8_t* element = !inside ? kZero : dense ? from.at(0, at) : from.at(at / cols, at % cols);
      copy_element(to.at(r, c), element, bytes);
    }
  }
}

bool selected(MaskPattern pattern, int64_t i) {
  switch (pattern) {
    case MaskPattern::P0101: return i % 2 == 0;
    case MaskPattern::P1010: return i % 2 == 1;
    case MaskPattern::P0001: return i % 4 == 0;
    case MaskPattern::P0010: return i % 4 == 1;
    case MaskPattern::P0100: return i % 4 == 2;
    case MaskPattern::P1000: return i % 4 == 3;
    default: return true;
  }
}

MaskPattern pattern_of(const Execution& execution) {
  const int32_t value = execution.attributes().index[0];
  if (value < static_cast<int32_t>(MaskPattern::P0101) || value > static_cast<int32_t>(MaskPattern::P1111)) {
    fail(execution, kPtoFailInvalidArgument, fmt::format("there is no mask pattern {}", value), "use MaskPattern");
  }
  return static_cast<MaskPattern>(value);
}

void gather_by_pattern(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const PtoOperand& src = execution.operand(1);
  const MaskPattern pattern = pattern_of(execution);
  const bool rows = execution.attributes().index[1] != 0;
  const Grid to = rows ? tile_grid(dst).transposed() : tile_grid(dst), from = rows ? tile_grid(src).transposed() : tile_grid(src);
  const int64_t lines = rows ? src.valid_cols : src.valid_rows, extent = rows ? src.valid_rows : src.valid_cols;
  int64_t kept = 0;
  for (int64_t i = 0; i < extent; ++i) kept += selected(pattern, i);
  require_region(execution, 0, 0, 0, rows ? kept : lines, rows ? lines : kept);
  kept = 0;
  for (int64_t i = 0; i < extent; ++i) {
    if (selected(pattern, i)) copy_grid(to, 0, kept++, from, 0, i, lines, 1);
  }
}

void scatter_by_pattern(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const PtoOperand& src = execution.operand(1);
  const MaskPattern pattern = pattern_of(execution);
  const bool rows = execution.attributes().index[1] != 0;
  const Grid to = rows ? tile_grid(dst).transposed() : tile_grid(dst), from = rows ? tile_grid(src).transposed() : tile_grid(src);
  const int64_t lines = rows ? dst.valid_cols : dst.valid_rows, extent = rows ? dst.valid_rows : dst.valid_cols;
  int64_t needed = 0;
  for (int64_t i = 0; i < extent; ++i) needed += selected(pattern, i);
  require_region(execution, 1, 0, 0, rows ? needed : lines, rows ? lines : needed);
  int64_t next = 0;
  for (int64_t i = 0; i < extent; ++i) {
    if (selected(pattern, i)) {
      copy_grid(to, 0, i, from, 0, next++, lines, 1);
    } else {
      fill_grid(to, 0, i, lines, 1, 0);
    }
  }
}

void gather(const Execution& execution) {
  execution.instruction.operand_count == 3 ? gather_by_index(execution) : gather_by_pattern(execution);
}

void gather_blocks(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const PtoOperand& src = execution.operand(1);
  const int64_t per_block = 32 / dst.tile->element_bytes, blocks = (dst.valid_cols + per_block - 1) / per_block;
  require_region(execution, 2, 0, 0, dst.valid_rows, blocks);
  const Grid to = tile_grid(dst);
  const Integers offsets(execution.operand(2));
  const int64_t bytes = int64_t{src.tile->rows} * src.tile->cols * src.tile->element_bytes;
  for (int64_t r = 0; r < dst.valid_rows; ++r) {
    for (int64_t j = 0; j < blocks; ++j) {
      const int64_t offset = offsets.at(r, j);
      if (offset + 32 > bytes)
        refuse_index(execution, offset, r, j, bytes - 31, "give byte offsets of blocks of 32 bytes within the source");
      std::memcpy(to.at(r, j * per_block), static_cast<const uint8_t*>(src.data) + offset, 32);
    }
  }
}

void scatter_by_index(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const PtoOperand& src = execution.operand(1);
  require_region(execution, 2, 0, 0, src.valid_rows, src.valid_cols);
  const bool flat = execution.attributes().index[0] != 0;
  if (!flat) require_region(execution, 0, 0, 0, 1, src.valid_cols);
  const Elements to(tile_grid(dst)), from(tile_grid(src));
  const Integers indices(execution.operand(2));
  const int64_t count = flat ? int64_t{dst.tile->rows} * dst.tile->cols : dst.tile->rows;
  for (int64_t r = 0; r < src.valid_rows; ++r) {
    for (int64_t c = 0; c < src.valid_cols; ++c) {
      const int64_t at = indices.at(r, c);
      if (at < 0 || at >= count) refuse_index(execution, at, r, c, count, "scatter within the destination's physical extent");
      copy_element(flat ? to.at(at / dst.tile->cols, at % dst.tile->cols) : to.at(at, c), from.at(r, c), to.element_bytes());
    }
  }
}

void scatter(const Execution& execution) {
  execution.instruction.operand_count == 3 ? scatter_by_index(execution) : scatter_by_pattern(execution);
}

// ---- tables in global memory ----------------------------------------------------------------------------

/// A tile, a table, and an index for each row or each element of the tile.
struct Lookup {
  const PtoOperand& tile;
  const PtoOperand& index;
  Elements tile_elements, table;
  Integers indices;
  Extent extent;   ///< of the table
  bool by_row;
  int64_t count;   ///< indices are below it

  int64_t index_at(int64_t r, int64_t c) const {
    if (!by_row) return indices.at(r, c);
    return index.valid_rows == 1 ? indices.at(0, r) : indices.at(r, 0);
  }
  /// An element of the table by its number.
  uint8_t* element(int64_t number) const {
    return table.dense(extent.cols) ? table.at(0, number) : table.at(number / extent.cols, number % extent.cols);
  }
};

Lookup lookup(const Execution& execution, int tile_index, int table_index) {
  const PtoOperand& tile = execution.operand(tile_index);
  const PtoOperand& table = execution.operand(table_index);
  const PtoOperand& index = execution.operand(2);
  const Extent extent = global_extent(table);
  const int32_t mode = execution.attributes().index[0];
  const bool for_each_element = index.valid_rows == tile.valid_rows && index.valid_cols == tile.valid_cols && tile.valid_cols > 1;
  const bool by_row =
      mode == static_cast<int32_t>(pto::Coalesce::Row) || (mode != static_cast<int32_t>(pto::Coalesce::Elem) && !for_each_element);
  if (!by_row) {
    require_region(execution, 2, 0, 0, tile.valid_rows, tile.valid_cols);
  } else {
    const int64_t given = index.valid_rows == 1 ? index.valid_cols : index.valid_cols == 1 ? index.valid_rows : -1;
    if (given < tile.valid_rows) {
      fail(execution, kPtoFailInvalidArgument,
           fmt::format("{} rows need as many indices, in one row or one column, and {} has others", tile.valid_rows,
                       describe_operand(execution, 2)),
           "give an index for every row, or use Coalesce::Elem");
    }
    if (tile.valid_cols > extent.cols) {
      fail(execution, kPtoFailInvalidArgument,
           fmt::format("rows of {} elements do not fit into the table's of {}", tile.valid_cols, extent.cols), "shrink the valid region");
    }
  }
  return {tile,
          index,
          Elements(tile_grid(tile)),
          Elements(global_grid(table)),
          Integers(index),
          extent,
          by_row,
          by_row ? extent.rows : extent.rows * extent.cols};
}

/// How an index outside is treated; the two enumerations agree in Undefined, Clamp and Wrap.
enum class Outside : uint8_t { kRefuse, kNothing, kClamp, kWrap };

/// The index to use, or nothing.
std::optional<int64_t> resolve(const Execution& execution, const Lookup& l, Outside outside, int64_t r, int64_t c) {
  const int64_t index = l.index_at(r, c);
  if (index >= 0 && index < l.count) return index;
  if (outside == Outside::kNothing || l.count == 0) return std::nullopt;
  if (outside == Outside::kClamp) return std::clamp<int64_t>(index, 0, l.count - 1);
  if (outside == Outside::kWrap) return (index % l.count + l.count) % l.count;
  refuse_index(execution, index, r, c, l.count, "stay within the table, or choose a mode for indices outside");
}

Outside gather_outside(const Execution& execution) {
  switch (static_cast<pto::GatherOOB>(execution.attributes().index[1])) {
    case pto::GatherOOB::Clamp: return Outside::kClamp;
    case pto::GatherOOB::Wrap: return Outside::kWrap;
    case pto::GatherOOB::Zero: return Outside::kNothing;
    default: return Outside::kRefuse;
  }
}
Outside scatter_outside(const Execution& execution) {
  switch (static_cast<pto::ScatterOOB>(execution.attributes().index[1])) {
    case pto::ScatterOOB::Clamp: return Outside::kClamp;
    case pto::ScatterOOB::Wrap: return Outside::kWrap;
    case pto::ScatterOOB::Skip: return Outside::kNothing;
    default: return Outside::kRefuse;
  }
}

void table_gather(const Execution& execution) {
  const Lookup l = lookup(execution, 0, 1);
  const Outside outside = gather_outside(execution);
  for (int64_t r = 0; r < l.tile.valid_rows; ++r) {
    if (l.by_row) {
      if (const auto row = resolve(execution, l, outside, r, 0)) {
        copy_grid(l.tile_elements.grid(), r, 0, l.table.grid(), *row, 0, 1, l.tile.valid_cols);
      } else {
        fill_grid(l.tile_elements.grid(), r, 0, 1, l.tile.valid_cols, 0);
      }
      continue;
    }
    for (int64_t c = 0; c < l.tile.valid_cols; ++c) {
      uint8_t* out = l.tile_elements.at(r, c);
      if (const auto at = resolve(execution, l, outside, r, c)) {
        copy_element(out, l.element(*at), l.table.element_bytes());
      } else {
        std::memset(out, 0, static_cast<size_t>(l.table.element_bytes()));
      }
    }
  }
}

/// a op b; maximum and minimum ignore a NaN.
template <typename T>
T combined(pto::ScatterAtomicOp op, T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    using U = std::make_unsigned_t<T>;
    if (op == pto::ScatterAtomicOp::Add) return static_cast<T>(static_cast<U>(a) + static_cast<U>(b));
    return op == pto::ScatterAtomicOp::Max ? std::max(a, b) : std::min(a, b);
  } else {
    const float x = static_cast<float>(a), y = static_cast<float>(b);
    if (op == pto::ScatterAtomicOp::Add) return T(x + y);
    if (x != x) return b;
    if (y != y) return a;
    return op == pto::ScatterAtomicOp::Max ? (x < y ? b : a) : (y < x ? b : a);
  }
}

template <typename T>
void combine_element(uint8_t* target, const uint8_t* source, pto::ScatterAtomicOp op) {
  using Bits = std::conditional_t<sizeof(T) == 1, uint8_t,
                                  std::conditional_t<sizeof(T) == 2, uint16_t, std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>>>;
  Bits* const bits = reinterpret_cast<Bits*>(target);
  T value;
  std::memcpy(&value, source, sizeof(T));
  Bits seen = __atomic_load_n(bits, __ATOMIC_RELAXED), wanted;
  do {
    wanted = __builtin_bit_cast(Bits, combined(op, __builtin_bit_cast(T, seen), value));
  } while (!__atomic_compare_exchange_n(bits, &seen, wanted, true, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
}

void table_scatter(const Execution& execution) {
  const Lookup l = lookup(execution, 1, 0);
  const Outside outside = scatter_outside(execution);
  const auto atomic = static_cast<pto::ScatterAtomicOp>(execution.attributes().phase);
  const Combine combine = atomic == pto::ScatterAtomicOp::None ? nullptr : combine_for(l.tile.tile->element);
  for (int64_t r = 0; r < l.tile.valid_rows; ++r) {
    const auto row = l.by_row ? resolve(execution, l, outside, r, 0) : std::nullopt;
    if (l.by_row && !row) continue;
    for (int64_t c = 0; c < l.tile.valid_cols; ++c) {
      const auto at = l.by_row ? std::optional(*row * l.extent.cols + c) : resolve(execution, l, outside, r, c);
      if (!at) continue;
      uint8_t* target = l.element(*at);
      const uint8_t* source = l.tile_elements.at(r, c);
      combine != nullptr ? combine(target, source, atomic) : copy_element(target, source, l.table.element_bytes());
    }
  }
}

}  // namespace

Combine combine_for(uint8_t element) {
  switch (element) {
    case kPtoF32: return combine_element<float>;
    case kPtoF16: return combine_element<half>;
    case kPtoBf16: return combine_element<bfloat16_t>;
    case kPtoI8: return combine_element<int8_t>;
    case kPtoU8: return combine_element<uint8_t>;
    case kPtoI16: return combine_element<int16_t>;
    case kPtoU16: return combine_element<uint16_t>;
    case kPtoI32: return combine_element<int32_t>;
    case kPtoU32: return combine_element<uint32_t>;
    case kPtoI64: return combine_element<int64_t>;
    default: return combine_element<uint64_t>;
  }
}

Handler gather_handler(pto::Op op) {
  switch (op) {
    case pto::Op::TGATHER: return gather;
    case pto::Op::TGATHERB: return gather_blocks;
    case pto::Op::TSCATTER: return scatter;
    case pto::Op::MGATHER: return table_gather;
    case pto::Op::MSCATTER: return table_scatter;
    default: return nullptr;
  }
}

}  // namespace tilewright::isa
