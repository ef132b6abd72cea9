// Gathering and scattering. What the instructions do is documented in pto/inst/gather.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <type_traits>

#include "isa/combine.h"
#include "isa/compare.h"
#include "isa/execution.h"
#include "isa/tile_strips.h"
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
  /// Whether the elements of a row lie one behind the other.
  bool by_row() const { return linear_ && col_step_ == grid_.element_bytes; }
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
  explicit Integers(const PtoOperand& operand)
      : elements_(operand.tile != nullptr ? tile_grid(operand) : global_grid(operand)),
        element_(operand.tile != nullptr ? operand.tile->element : operand.global->element) {}

  bool dense(int64_t cols) const { return elements_.dense(cols); }
  /// Row r where its elements lie one behind the other, else null.
  const uint8_t* row(int64_t r) const { return elements_.by_row() ? elements_.at(r, 0) : nullptr; }
  /// n of row r from column c on; where they are dense, rows go on in the next.
  void read(int64_t r, int64_t c, int64_t n, int64_t* out) const {
    if (!elements_.by_row()) {
      for (int64_t i = 0; i < n; ++i) out[i] = at(r, c + i);
      return;
    }
    const auto widen = [&]<typename T>(const T* from) {
      for (int64_t i = 0; i < n; ++i) out[i] = static_cast<int64_t>(from[i]);
    };
    const uint8_t* const p = elements_.at(r, c);
    switch (element_) {
      case kPtoI8: return widen(reinterpret_cast<const int8_t*>(p));
      case kPtoU8: return widen(p);
      case kPtoI16: return widen(reinterpret_cast<const int16_t*>(p));
      case kPtoU16: return widen(reinterpret_cast<const uint16_t*>(p));
      case kPtoI32: return widen(reinterpret_cast<const int32_t*>(p));
      case kPtoU32: return widen(reinterpret_cast<const uint32_t*>(p));
      default: return widen(reinterpret_cast<const int64_t*>(p));
    }
  }
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

/// Calls function.template operator()<T>() with an unsigned integer of the size.
template <class Function>
void with_bytes(int bytes, Function function) {
  switch (bytes) {
    case 1: return function.template operator()<uint8_t>();
    case 2: return function.template operator()<uint16_t>();
    case 4: return function.template operator()<uint32_t>();
    default: return function.template operator()<uint64_t>();
  }
}

[[noreturn]] void refuse_index(const Execution& execution, int64_t index, int64_t r, int64_t c, int64_t count, const char* advice) {
  fail(execution, kPtoFailOutOfBounds, fmt::format("index {} at ({}, {}) is outside 0 to {}", index, r, c, count - 1), advice);
}

/// The elements of a tile's valid region as rows, or as one row where everything that is looked at goes on without a gap.
struct Runs {
  int64_t rows, cols;
  Runs(const PtoOperand& tile, bool one_row)
      : rows(one_row ? 1 : tile.valid_rows), cols(one_row ? int64_t{tile.valid_rows} * tile.valid_cols : tile.valid_cols) {}
};

// ---- within tiles ---------------------------------------------------------------------------------------

void gather_by_index(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const PtoOperand& src = execution.operand(1);
  require_region(execution, 2, 0, 0, dst.valid_rows, dst.valid_cols);
  const Elements to(tile_grid(dst)), from(tile_grid(src));
  const Integers indices(execution.operand(2));
  const int64_t cols = src.tile->cols, count = int64_t{src.tile->rows} * cols;
  const bool dense = from.dense(cols);
  const Runs runs(dst, to.dense(dst.valid_cols) && indices.dense(dst.valid_cols));
  alignas(64) uint8_t buffer[kGatherRun * 8];
  int64_t index[kGatherRun];
  with_bytes(to.element_bytes(), [&]<typename T>() {
    for (int64_t r = 0; r < runs.rows; ++r) {
      for (int64_t c = 0; c < runs.cols; c += kGatherRun) {
        const int64_t n = std::min(kGatherRun, runs.cols - c);
        indices.read(r, c, n, index);
        T* const out = reinterpret_cast<T*>(to.by_row() ? to.at(r, c) : buffer);
        const T* const table = reinterpret_cast<const T*>(src.data);
        for (int64_t i = 0; i < n; ++i) {
          const int64_t at = index[i];
          const bool inside = static_cast<uint64_t>(at) < static_cast<uint64_t>(count);
          out[i] = !inside ? T{0} : dense ? table[at] : *reinterpret_cast<const T*>(from.at(at / cols, at % cols));
        }
        if (!to.by_row()) copy_grid(to.grid(), r, c, row_buffer(buffer, to.element_bytes()), 0, 0, 1, n);
      }
    }
  });
}

/// Every `step`-th from `first` on is selected.
struct Stride {
  int64_t first, step;
};
Stride stride_of(MaskPattern pattern) {
  switch (pattern) {
    case MaskPattern::P0101: return {0, 2};
    case MaskPattern::P1010: return {1, 2};
    case MaskPattern::P0001: return {0, 4};
    case MaskPattern::P0010: return {1, 4};
    case MaskPattern::P0100: return {2, 4};
    case MaskPattern::P1000: return {3, 4};
    default: return {0, 1};
  }
}

MaskPattern pattern_of(const Execution& execution) {
  const int32_t value = execution.attributes().index[0];
  if (value < static_cast<int32_t>(MaskPattern::P0101) || value > static_cast<int32_t>(MaskPattern::P1111)) {
    fail(execution, kPtoFailInvalidArgument, fmt::format("there is no mask pattern {}", value), "use MaskPattern");
  }
  return static_cast<MaskPattern>(value);
}

/// How many of n elements a pattern selects.
int64_t selected_of(Stride stride, int64_t n) { return (n - stride.first + stride.step - 1) / stride.step; }

/// Calls function.template operator()<T, step>() for the step of a pattern.
template <class Function>
void with_step(int element_bytes, int64_t step, Function function) {
  with_bytes(element_bytes, [&]<typename T>() {
    step == 1   ? function.template operator()<T, 1>()
    : step == 2 ? function.template operator()<T, 2>()
                : function.template operator()<T, 4>();
  });
}

void gather_by_pattern(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const PtoOperand& src = execution.operand(1);
  const Stride stride = stride_of(pattern_of(execution));
  const bool rows = execution.attributes().index[1] != 0;
  const Grid to = rows ? tile_grid(dst).transposed() : tile_grid(dst), from = rows ? tile_grid(src).transposed() : tile_grid(src);
  const int64_t lines = rows ? src.valid_cols : src.valid_rows, kept = selected_of(stride, rows ? src.valid_rows : src.valid_cols);
  require_region(execution, 0, 0, 0, rows ? kept : lines, rows ? lines : kept);
  const Elements out(to), in(from);
  if (!out.by_row() || !in.by_row()) {
    for (int64_t i = 0; i < kept; ++i) copy_grid(to, 0, i, from, 0, stride.first + i * stride.step, lines, 1);
    return;
  }
  with_step(to.element_bytes, stride.step, [&]<typename T, int kStep>() {
    for (int64_t r = 0; r < lines; ++r) {
      T* const row = reinterpret_cast<T*>(out.at(r, 0));
      const T* const selected = reinterpret_cast<const T*>(in.at(r, stride.first));
      for (int64_t i = 0; i < kept; ++i) row[i] = selected[i * kStep];
    }
  });
}

void scatter_by_pattern(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const PtoOperand& src = execution.operand(1);
  const Stride stride = stride_of(pattern_of(execution));
  const bool rows = execution.attributes().index[1] != 0;
  const Grid to = rows ? tile_grid(dst).transposed() : tile_grid(dst), from = rows ? tile_grid(src).transposed() : tile_grid(src);
  const int64_t lines = rows ? dst.valid_cols : dst.valid_rows, extent = rows ? dst.valid_rows : dst.valid_cols;
  const int64_t kept = selected_of(stride, extent);
  require_region(execution, 1, 0, 0, rows ? kept : lines, rows ? lines : kept);
  const Elements out(to), in(from);
  if (!out.by_row() || !in.by_row()) {
    fill_grid(to, 0, 0, lines, extent, 0);
    for (int64_t i = 0; i < kept; ++i) copy_grid(to, 0, stride.first + i * stride.step, from, 0, i, lines, 1);
    return;
  }
  with_step(to.element_bytes, stride.step, [&]<typename T, int kStep>() {
    const int64_t groups = extent / kStep;
    for (int64_t r = 0; r < lines; ++r) {
      T* const row = reinterpret_cast<T*>(out.at(r, 0));
      const T* const packed = reinterpret_cast<const T*>(in.at(r, 0));
      for (int64_t i = 0; i < groups; ++i) {
        for (int k = 0; k < kStep; ++k) row[i * kStep + k] = k == stride.first ? packed[i] : T{0};
      }
      for (int64_t c = groups * kStep; c < extent; ++c) row[c] = c % kStep == stride.first ? packed[groups] : T{0};
    }
  });
}

/// The columns of each row for which a comparison holds. T is how elements are compared: half and bfloat16 as float.
template <typename Element, typename T>
void collect(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const PtoOperand& src = execution.operand(1);
  const auto mode = static_cast<pto::CmpMode>(execution.attributes().index[0]);
  const int64_t offset = execution.attributes().index[1];
  const Elements to(tile_grid(dst)), from(tile_grid(src)), keys(tile_grid(execution.operand(2))), counts(tile_grid(execution.operand(3)));
  const auto read = [](const uint8_t* p) {
    Element value;
    std::memcpy(&value, p, sizeof(value));
    return static_cast<T>(value);
  };
  const bool one_key = execution.operand(2).valid_rows == 1;
  for (int64_t r = 0; r < src.valid_rows; ++r) {
    const T key = read(keys.at(one_key ? 0 : r, 0));
    int64_t found = 0;
    for (int64_t c = 0; c < src.valid_cols; ++c) {
      if (!holds(mode, read(from.at(r, c)), key)) continue;
      if (found < dst.valid_cols) {
        const int64_t index = offset + c;
        std::memcpy(to.at(r, found), &index, static_cast<size_t>(to.element_bytes()));
      }
      ++found;
    }
    std::memcpy(counts.at(r, 0), &found, static_cast<size_t>(counts.element_bytes()));
  }
}

void gather_by_comparison(const Execution& execution) {
  const PtoOperand& src = execution.operand(1);
  if (execution.attributes().index[0] < 0 || execution.attributes().index[0] > static_cast<int32_t>(pto::CmpMode::GE)) {
    fail(execution, kPtoFailInvalidArgument, fmt::format("there is no comparison {}", execution.attributes().index[0]), "use CmpMode");
  }
  require_region(execution, 0, 0, 0, src.valid_rows, 1);
  require_region(execution, 2, 0, 0, execution.operand(2).valid_rows == 1 ? 1 : src.valid_rows, 1);
  require_region(execution, 3, 0, 0, src.valid_rows, 1);
  switch (src.tile->element) {
    case kPtoF32: return collect<float, float>(execution);
    case kPtoF16: return collect<half, float>(execution);
    case kPtoBf16: return collect<bfloat16_t, float>(execution);
    case kPtoI8: return collect<int8_t, int8_t>(execution);
    case kPtoU8: return collect<uint8_t, uint8_t>(execution);
    case kPtoI16: return collect<int16_t, int16_t>(execution);
    case kPtoU16: return collect<uint16_t, uint16_t>(execution);
    case kPtoI32: return collect<int32_t, int32_t>(execution);
    case kPtoU32: return collect<uint32_t, uint32_t>(execution);
    case kPtoI64: return collect<int64_t, int64_t>(execution);
    default: return collect<uint64_t, uint64_t>(execution);
  }
}

void gather(const Execution& execution) {
  switch (execution.instruction.operand_count) {
    case 3: return gather_by_index(execution);
    case 4: return gather_by_comparison(execution);
    default: return gather_by_pattern(execution);
  }
}

void gather_blocks(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const PtoOperand& src = execution.operand(1);
  constexpr int64_t kBlock = 32;
  const int64_t per_block = kBlock / dst.tile->element_bytes, blocks = (dst.valid_cols + per_block - 1) / per_block;
  require_region(execution, 2, 0, 0, dst.valid_rows, blocks);
  const Integers offsets(execution.operand(2));
  const int64_t last = int64_t{src.tile->rows} * src.tile->cols * src.tile->element_bytes - kBlock;  // where the last block begins
  const uint8_t* const from = static_cast<const uint8_t*>(src.data);
  uint32_t buffer[kGatherRun];
  int64_t wide[kGatherRun];
  for (int64_t r = 0; r < dst.valid_rows; ++r) {
    // row-major, as the instruction asks
    uint8_t* to = static_cast<uint8_t*>(dst.data) + r * dst.tile->cols * dst.tile->element_bytes;
    for (int64_t first = 0; first < blocks; first += kGatherRun) {
      const int64_t n = std::min(kGatherRun, blocks - first);
      const uint32_t* offset = reinterpret_cast<const uint32_t*>(offsets.row(r));
      if (offset != nullptr) {
        offset += first;
      } else {
        offsets.read(r, first, n, wide);
        std::copy_n(wide, n, buffer);
        offset = buffer;
      }
      uint32_t highest = 0;
      for (int64_t j = 0; j < n; ++j) highest = std::max(highest, offset[j]);
      if (highest > last) {
        const int64_t j = std::find_if(offset, offset + n, [last](uint32_t o) { return o > last; }) - offset;
        refuse_index(execution, offset[j], r, first + j, last + 1, "give byte offsets of blocks of 32 bytes within the source");
      }
      for (int64_t j = 0; j < n; ++j, to += kBlock) std::memcpy(to, from + offset[j], kBlock);
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
  const bool row_major = !flat && to.dense(dst.tile->cols);
  alignas(64) uint8_t buffer[kGatherRun * 8];
  int64_t index[kGatherRun];
  with_bytes(to.element_bytes(), [&]<typename T>() {
    for (int64_t r = 0; r < src.valid_rows; ++r) {
      for (int64_t c = 0; c < src.valid_cols; c += kGatherRun) {
        const int64_t n = std::min(kGatherRun, src.valid_cols - c);
        indices.read(r, c, n, index);
        if (!from.by_row()) copy_grid(row_buffer(buffer, to.element_bytes()), 0, 0, from.grid(), r, c, 1, n);
        const T* const in = reinterpret_cast<const T*>(from.by_row() ? from.at(r, c) : buffer);
        T* const columns = reinterpret_cast<T*>(to.at(0, c));
        const int64_t cols = dst.tile->cols, limit = count;  // kept from looking as if the stores below could change them
        uint64_t outside = 0;  // the highest bit is set if an index is negative or too large
        for (int64_t i = 0; i < n; ++i)
          outside |= static_cast<uint64_t>(index[i]) | (static_cast<uint64_t>(limit - 1) - static_cast<uint64_t>(index[i]));
        if (row_major && outside >> 63 == 0) {
          for (int64_t i = 0; i < n; ++i) columns[index[i] * cols + i] = in[i];
          continue;
        }
        for (int64_t i = 0; i < n; ++i) {
          const int64_t at = index[i];
          if (static_cast<uint64_t>(at) >= static_cast<uint64_t>(limit)) {
            refuse_index(execution, at, r, c + i, limit, "scatter within the destination's physical extent");
          }
          uint8_t* const target = flat ? to.at(at / cols, at % cols) : to.at(at, c + i);
          *reinterpret_cast<T*>(target) = in[i];
        }
      }
    }
  });
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
  bool table_is_dense;
  Integers indices;
  Extent extent;   ///< of the table
  bool by_row;
  int64_t count;   ///< indices are below it
  int64_t index_cols;  ///< of a tensor of indices, 0 for a tile

  /// Whether index (r, c) of a tile of indices belongs to element (r, c).
  bool each_in_tile() const { return !by_row && index.tile != nullptr; }
  int64_t index_at(int64_t r, int64_t c) const {
    if (index_cols != 0) {
      const int64_t number = by_row ? r : r * tile.valid_cols + c;
      return indices.at(number / index_cols, number % index_cols);
    }
    if (!by_row) return indices.at(r, c);
    return index.valid_rows == 1 ? indices.at(0, r) : indices.at(r, 0);
  }
  /// An element of the table by its number.
  uint8_t* element(int64_t number) const {
    return table_is_dense ? table.grid().data + number * table.element_bytes() : table.at(number / extent.cols, number % extent.cols);
  }
};

Lookup lookup(const Execution& execution, int tile_index, int table_index) {
  const PtoOperand& tile = execution.operand(tile_index);
  const PtoOperand& table = execution.operand(table_index);
  const PtoOperand& index = execution.operand(2);
  const Extent extent = global_extent(table);
  const int32_t mode = execution.attributes().index[0];
  const Extent indices = index.tile != nullptr ? Extent{index.valid_rows, index.valid_cols} : global_extent(index);
  const bool for_each_element = indices.rows == tile.valid_rows && indices.cols == tile.valid_cols && tile.valid_cols > 1;
  const bool by_row =
      mode == static_cast<int32_t>(pto::Coalesce::Row) || (mode != static_cast<int32_t>(pto::Coalesce::Elem) && !for_each_element);
  if (index.tile == nullptr) {
    const int64_t needed = by_row ? tile.valid_rows : int64_t{tile.valid_rows} * tile.valid_cols;
    if (indices.rows * indices.cols < needed) {
      fail(execution, kPtoFailInvalidArgument, fmt::format("{} indices are needed of {}", needed, describe_operand(execution, 2)),
           "give a tensor with an index for every row, or for every element with Coalesce::Elem");
    }
  } else if (!by_row) {
    require_region(execution, 2, 0, 0, tile.valid_rows, tile.valid_cols);
  } else {
    const int64_t given = indices.rows == 1 ? indices.cols : indices.cols == 1 ? indices.rows : -1;
    if (given < tile.valid_rows) {
      fail(execution, kPtoFailInvalidArgument,
           fmt::format("{} rows need as many indices, in one row or one column, and {} has others", tile.valid_rows,
                       describe_operand(execution, 2)),
           "give an index for every row, or use Coalesce::Elem");
    }
  }
  if (by_row && tile.valid_cols > extent.cols) {
    fail(execution, kPtoFailInvalidArgument,
         fmt::format("rows of {} elements do not fit into the table's of {}", tile.valid_cols, extent.cols), "shrink the valid region");
  }
  const Elements table_elements(global_grid(table));
  return {tile,
          index,
          Elements(tile_grid(tile)),
          table_elements,
          table_elements.dense(extent.cols),
          Integers(index),
          extent,
          by_row,
          by_row ? extent.rows : extent.rows * extent.cols,
          index.tile != nullptr ? 0 : indices.cols};
}

/// How an index outside is treated; the two enumerations agree in Undefined, Clamp and Wrap.
enum class Outside : uint8_t { kRefuse, kNothing, kClamp, kWrap };

/// The indices of n elements of row r from column c on; by row, that of the row.
void read_indices(const Lookup& l, int64_t r, int64_t c, int64_t n, int64_t* out) {
  if (l.each_in_tile()) return l.indices.read(r, c, n, out);
  for (int64_t i = 0; i < n; ++i) out[i] = l.index_at(r, c + i);
}

/// The index to use instead of `index` of element (r, c), or nothing.
std::optional<int64_t> resolve(const Execution& execution, const Lookup& l, Outside outside, int64_t index, int64_t r, int64_t c) {
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

/// Calls row(r, index) for each row of the tile whose index is inside, or counts as inside; outside(r) for the others.
template <class Row, class Nothing>
void for_indexed_rows(const Execution& execution, const Lookup& l, Outside outside, Row row, Nothing nothing) {
  int64_t index[kGatherRun];
  for (int64_t first = 0; first < l.tile.valid_rows; first += kGatherRun) {
    const int64_t n = std::min<int64_t>(kGatherRun, l.tile.valid_rows - first);
    if (l.index.tile != nullptr && l.index.valid_rows == 1) {
      l.indices.read(0, first, n, index);
    } else {
      for (int64_t i = 0; i < n; ++i) index[i] = l.index_at(first + i, 0);
    }
    for (int64_t i = 0; i < n; ++i) {
      const auto at = resolve(execution, l, outside, index[i], first + i, 0);
      at ? row(first + i, *at) : nothing(first + i);
    }
  }
}

void table_gather(const Execution& execution) {
  const Lookup l = lookup(execution, 0, 1);
  const Outside outside = gather_outside(execution);
  const Elements& to = l.tile_elements;
  const int64_t cols = l.tile.valid_cols;
  if (l.by_row) {
    const bool whole_rows = to.by_row() && l.table.by_row();
    const int64_t bytes = cols * to.element_bytes();
    return for_indexed_rows(
        execution, l, outside,
        [&](int64_t r, int64_t from) {
          if (whole_rows) {
            std::memcpy(to.at(r, 0), l.table.at(from, 0), static_cast<size_t>(bytes));
          } else {
            copy_grid(to.grid(), r, 0, l.table.grid(), from, 0, 1, cols);
          }
        },
        [&](int64_t r) { fill_grid(to.grid(), r, 0, 1, cols, 0); });
  }
  const Runs runs(l.tile, to.dense(cols) && l.each_in_tile() && l.indices.dense(cols));
  alignas(64) uint8_t buffer[kGatherRun * 8];
  int64_t index[kGatherRun];
  with_bytes(to.element_bytes(), [&]<typename T>() {
    const T* const table = reinterpret_cast<const T*>(l.table.grid().data);
    const uint64_t limit = l.table_is_dense ? static_cast<uint64_t>(l.count) : 0;
    for (int64_t r = 0; r < runs.rows; ++r) {
      for (int64_t c = 0; c < runs.cols; c += kGatherRun) {
        const int64_t n = std::min(kGatherRun, runs.cols - c);
        read_indices(l, r, c, n, index);
        T* const out = reinterpret_cast<T*>(to.by_row() ? to.at(r, c) : buffer);
        for (int64_t i = 0; i < n; ++i) {
          if (static_cast<uint64_t>(index[i]) < limit) {
            out[i] = table[index[i]];
            continue;
          }
          const auto at = resolve(execution, l, outside, index[i], r + (c + i) / cols, (c + i) % cols);
          out[i] = at ? *reinterpret_cast<const T*>(l.element(*at)) : T{0};
        }
        if (!to.by_row()) copy_grid(to.grid(), r, c, row_buffer(buffer, to.element_bytes()), 0, 0, 1, n);
      }
    }
  });
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
  const Elements& from = l.tile_elements;
  const int64_t cols = l.tile.valid_cols, element_bytes = from.element_bytes();
  const auto put = [&](int64_t number, const uint8_t* source) {
    if (combine != nullptr) {
      combine(l.element(number), source, atomic);
    } else {
      std::memcpy(l.element(number), source, static_cast<size_t>(element_bytes));
    }
  };
  if (l.by_row) {
    const bool whole_rows = combine == nullptr && from.by_row() && l.table.by_row();
    return for_indexed_rows(
        execution, l, outside,
        [&](int64_t r, int64_t to) {
          if (whole_rows) {
            std::memcpy(l.table.at(to, 0), from.at(r, 0), static_cast<size_t>(cols * element_bytes));
          } else {
            for (int64_t c = 0; c < cols; ++c) put(to * l.extent.cols + c, from.at(r, c));
          }
        },
        [](int64_t) {});
  }
  const Runs runs(l.tile, from.dense(cols) && l.each_in_tile() && l.indices.dense(cols));
  int64_t index[kGatherRun];
  with_bytes(from.element_bytes(), [&]<typename T>() {
    T* const table = reinterpret_cast<T*>(l.table.grid().data);
    const bool plain = combine == nullptr && l.table_is_dense && from.by_row();
    const uint64_t limit = static_cast<uint64_t>(l.count);
    for (int64_t r = 0; r < runs.rows; ++r) {
      for (int64_t c = 0; c < runs.cols; c += kGatherRun) {
        const int64_t n = std::min(kGatherRun, runs.cols - c);
        read_indices(l, r, c, n, index);
        const T* const in = reinterpret_cast<const T*>(from.at(r, c));
        int64_t i = 0;
        if (plain) {  // up to the first index outside
          for (; i < n && static_cast<uint64_t>(index[i]) < limit; ++i) table[index[i]] = in[i];
        }
        for (; i < n; ++i) {
          int64_t at = index[i];
          if (static_cast<uint64_t>(at) >= limit) {
            const auto found = resolve(execution, l, outside, at, r + (c + i) / cols, (c + i) % cols);
            if (!found) continue;
            at = *found;
          }
          put(at, from.by_row() ? reinterpret_cast<const uint8_t*>(in + i) : from.at(r, c + i));
        }
      }
    }
  });
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
