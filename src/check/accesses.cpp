#include "check/accesses.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <optional>

#include "check/ranges.h"
#include "isa/compare.h"
#include "isa/fold.h"
#include "isa/launch.h"
#include "isa/tile_grid.h"
#include "pto/common/constants.hpp"
#include "pto/common/element_types.hpp"
#include "pto/common/fifo.hpp"
#include "pto/common/type.hpp"

namespace tilewright::check {
namespace {

using isa::Extent;
using isa::Grid;
using pto::Op;

// Asynchronous forms, where the headers have them.
template <typename O>
constexpr bool is_async_put(O op) {
  if constexpr (requires { O::TPUT_ASYNC; }) return op == O::TPUT_ASYNC;
  return false;
}
template <typename O>
constexpr bool is_async_get(O op) {
  if constexpr (requires { O::TGET_ASYNC; }) return op == O::TGET_ASYNC;
  return false;
}
template <typename O>
constexpr bool is_async_prefetch(O op) {
  if constexpr (requires { O::TPREFETCH_ASYNC; }) return op == O::TPREFETCH_ASYNC;
  return false;
}

/// The rules, one function for each family.
class Rules {
 public:
  Rules(const PtoInstruction& instruction, const CoreContext& core) : i_(instruction), core_(core) {}

  using Rule = void (Rules::*)();
  /// Null for an instruction without one.
  static Rule rule_of(uint16_t op);

  [[gnu::noinline]] std::vector<Access> apply(Rule rule) {  // inlined, g++ 12 warns of a half of `rule` that is not initialised
    (this->*rule)();
    std::vector<Access> ordered;  // reads first
    for (const bool write : {false, true}) {
      for (Access& access : accesses_) {
        if (access.write == write) ordered.push_back(std::move(access));
      }
    }
    return ordered;
  }

 private:
  const PtoOperand& operand(int i) const { return i_.operands[i]; }
  int count() const { return i_.operand_count; }
  const PtoAttributes& attributes() const { return i_.attributes; }
  Grid grid(int i) const { return operand(i).tile != nullptr ? isa::tile_grid(operand(i)) : isa::global_grid(operand(i)); }

  void access(int i, bool write, Ranges ranges, bool atomic = false, bool remote = false) {
    std::vector<ByteRange> list = ranges.take();
    if (!list.empty()) accesses_.push_back({static_cast<uint8_t>(i), write, atomic, remote, 0, std::move(list)});
  }
  void region(int i, bool write, int64_t row, int64_t col, int64_t rows, int64_t cols, bool atomic = false, bool remote = false) {
    Ranges ranges;
    ranges.add(grid(i), row, col, rows, cols);
    access(i, write, std::move(ranges), atomic, remote);
  }
  void reads(int i, int64_t rows, int64_t cols) { region(i, false, 0, 0, rows, cols); }
  void writes(int i, int64_t rows, int64_t cols) { region(i, true, 0, 0, rows, cols); }
  void reads_valid(int i) { reads(i, operand(i).valid_rows, operand(i).valid_cols); }
  void writes_valid(int i) { writes(i, operand(i).valid_rows, operand(i).valid_cols); }
  void writes_whole(int i) { writes(i, operand(i).tile->rows, operand(i).tile->cols); }
  int64_t rows() const { return operand(0).valid_rows; }
  int64_t cols() const { return operand(0).valid_cols; }

 public:
  /// Every source over the destination's valid region.
  void elementwise() {
    for (int i = 1; i < count(); ++i) reads(i, rows(), cols());
    writes_valid(0);
  }
  /// Every operand over its own valid region.
  void each_over_its_region() {
    for (int i = 1; i < count(); ++i) reads_valid(i);
    writes_valid(0);
  }

 private:
  void nothing() {}
  void accumulate() {
    reads_valid(0);
    elementwise();
  }
  void generate() { writes_valid(0); }
  void expand_scalar() { static_cast<pto::TileType>(operand(0).tile->space) == pto::TileType::Mat ? writes_whole(0) : writes_valid(0); }
  void move_tile() { move(0, 0, 0, 0, rows(), cols()); }
  void extract() { move(attributes().index[0], attributes().index[1], 0, 0, rows(), cols()); }
  void insert() {
    const bool by_rows = vector_mode() == pto::AccToVecMode::DualModeSplitM, by_cols = vector_mode() == pto::AccToVecMode::DualModeSplitN;
    move(0, 0, attributes().index[0], attributes().index[1], operand(1).valid_rows / (by_rows ? 2 : 1),
         operand(1).valid_cols / (by_cols ? 2 : 1));
  }
  /// Which vector core's UB a move from Acc writes; SingleModeVec0 where nothing is said.
  pto::AccToVecMode vector_mode() const {
    return static_cast<pto::AccToVecMode>(attributes().sub_core == 0 ? 0 : attributes().sub_core - 1);
  }
  void row_expand() {
    reads(1, rows(), 1);
    writes_valid(0);
  }
  void col_expand() {
    reads(1, 1, cols());
    writes_valid(0);
  }
  void col_expand_binary() {
    reads(1, rows(), cols());
    reads(2, 1, cols());
    writes_valid(0);
  }
  void row_reduce() {
    reads_valid(1);
    writes(0, operand(1).valid_rows, 1);
  }
  void col_reduce() {
    reads_valid(1);
    writes(0, 1, operand(1).valid_cols);
  }
  void table_gather() { table(0, 1, true); }
  void table_scatter() { table(1, 0, false); }
  void print() {
    if (operand(0).tile != nullptr) return reads_valid(0);
    const Extent extent = isa::global_extent(operand(0));
    reads(0, extent.rows, extent.cols);
  }

  /// A convolution tile, or a tensor in a layout that is no matrix: all its elements.
  bool is_conv() const { return operand(0).tile != nullptr && operand(0).global != nullptr; }
  void all_elements(int i, bool write);
  void move(int64_t src_row, int64_t src_col, int64_t dst_row, int64_t dst_col, int64_t extent_rows, int64_t extent_cols);

  uint8_t element(int i) const { return operand(i).tile != nullptr ? operand(i).tile->element : operand(i).global->element; }
  template <typename Number>
  Number number_at(int i, const Grid& g, int64_t r, int64_t c) const;
  int64_t integer_at(int i, const Grid& g, int64_t r, int64_t c) const { return number_at<int64_t>(i, g, r, c); }
  void outside(int i, int64_t inner_rows, int64_t inner_cols);
  void load();
  void store();
  void fill_pad();
  void transpose();
  void concatenate();
  void row_expand_binary();
  void mask(int i, int64_t mask_rows, int64_t bits);
  void compare();
  void select();
  void scalar();
  void gather();
  void collect();
  void gather_blocks();
  void scatter();
  void by_pattern(int wide, int compact, bool wide_is_written);
  void table(int tile, int table, bool gather);
  void sort();
  /// Of a TMRGSORT.
  bool stops_when_a_list_is_empty() const { return attributes().index[0] != 0; }
  int64_t elements_until_a_list_is_empty() const;
  void merge_sort();
  void matmul();
  void push_or_pop();
  void signal();
  void copy_tensor();

  const PtoInstruction& i_;
  const CoreContext& core_;
  std::vector<Access> accesses_;
};

/// An element as another type of number.
template <typename Number>
Number Rules::number_at(int i, const Grid& g, int64_t r, int64_t c) const {
  const uint8_t* p = g.at(r, c);
  const auto read = [p](auto value) {
    std::memcpy(&value, p, sizeof(value));
    return static_cast<Number>(value);
  };
  switch (element(i)) {
    case kPtoF32: return read(float{});
    case kPtoF16: return read(half{});
    case kPtoBf16: return read(bfloat16_t{});
    case kPtoI8: return read(int8_t{});
    case kPtoU8: return read(uint8_t{});
    case kPtoI16: return read(int16_t{});
    case kPtoU16: return read(uint16_t{});
    case kPtoI32: return read(int32_t{});
    case kPtoU32: return read(uint32_t{});
    case kPtoU64: return read(uint64_t{});
    default: return read(int64_t{});
  }
}

/// Writes the physical extent of a tile outside a region.
void Rules::outside(int i, int64_t inner_rows, int64_t inner_cols) {
  const PtoTileType& t = *operand(i).tile;
  region(i, true, 0, inner_cols, inner_rows, t.cols - inner_cols);
  region(i, true, inner_rows, 0, t.rows - inner_rows, t.cols);
}

void Rules::all_elements(int i, bool write) {
  const PtoOperand& o = operand(i);
  Ranges ranges;
  if (o.tile != nullptr) {
    int64_t count = o.tile->element_bytes;
    for (int d = 0; d < 6; ++d) count *= o.shape[d];
    ranges.add(static_cast<const uint8_t*>(o.data), count);
  } else {
    // The innermost blocks of NDC1HWC0 are in no size of the tensor.
    const bool blocks = static_cast<pto::Layout>(o.global->layout) == pto::Layout::NDC1HWC0;
    const int64_t bytes = o.global->element_bytes, piece = blocks ? pto::BLOCK_BYTE_SIZE : bytes;
    const auto* const data = static_cast<const uint8_t*>(o.data);
    for (int64_t a = 0; a < o.shape[0]; ++a) {
      for (int64_t b = 0; b < o.shape[1]; ++b) {
        for (int64_t c = 0; c < o.shape[2]; ++c) {
          for (int64_t d = 0; d < o.shape[3]; ++d) {
            const uint8_t* const row = data + (a * o.stride[0] + b * o.stride[1] + c * o.stride[2] + d * o.stride[3]) * bytes;
            for (int64_t e = 0; e < o.shape[4]; ++e) ranges.add(row + e * o.stride[4] * bytes, piece);
          }
        }
      }
    }
  }
  access(i, write, std::move(ranges));
}

/// From tile to tile; with an AccToVecMode, on a cube core, into the UB of the vector cores that it names.
void Rules::move(int64_t src_row, int64_t src_col, int64_t dst_row, int64_t dst_col, int64_t extent_rows, int64_t extent_cols) {
  const bool by_rows = vector_mode() == pto::AccToVecMode::DualModeSplitM, by_cols = vector_mode() == pto::AccToVecMode::DualModeSplitN;
  region(1, false, src_row, src_col, by_rows ? 2 * extent_rows : extent_rows, by_cols ? 2 * extent_cols : extent_cols);
  region(0, true, dst_row, dst_col, extent_rows, extent_cols);
  if (attributes().sub_core == 0 || core_.lane != kLaneAic || accesses_.empty() || !accesses_.back().write) return;
  constexpr uint8_t kAiv0 = 1 << kLaneAiv0, kAiv1 = 1 << kLaneAiv1;
  accesses_.back().lanes = by_rows || by_cols ? kAiv0 | kAiv1 : vector_mode() == pto::AccToVecMode::SingleModeVec1 ? kAiv1 : kAiv0;
}

void Rules::load() {
  if (is_conv()) {
    all_elements(1, false);
    return all_elements(0, true);
  }
  reads(1, rows(), cols());
  writes_valid(0);
  if (operand(0).tile->pad != static_cast<uint64_t>(pto::PadValue::Null)) outside(0, rows(), cols());
}

void Rules::store() {
  reads_valid(1);
  region(0, true, 0, 0, operand(1).valid_rows, operand(1).valid_cols, attributes().atomic_add != 0);
}

void Rules::fill_pad() {
  const PtoOperand &dst = operand(0), &src = operand(1);
  const bool in_place =
      dst.data == src.data && dst.tile->layout == src.tile->layout && dst.tile->rows == src.tile->rows && dst.tile->cols == src.tile->cols;
  if (!in_place) {
    reads_valid(1);
    writes(0, src.valid_rows, src.valid_cols);
  }
  outside(0, src.valid_rows, src.valid_cols);
}

void Rules::transpose() {
  if (is_conv()) {
    all_elements(1, false);
    return all_elements(0, true);
  }
  reads_valid(1);
  writes(0, operand(1).valid_cols, operand(1).valid_rows);
}

void Rules::concatenate() {
  const bool counted = count() > 3;
  const int64_t lines = operand(1).valid_rows, bytes = operand(1).tile->element_bytes;
  Ranges written, read[2];
  const Grid dst = grid(0);
  for (int64_t r = 0; r < lines; ++r) {
    int64_t at = 0;
    for (int side = 0; side < 2; ++side) {
      int64_t columns = operand(1 + side).valid_cols;
      if (counted) columns = std::clamp<int64_t>(integer_at(3 + side, grid(3 + side), r, 0) / bytes, 0, operand(1 + side).tile->cols);
      read[side].add(grid(1 + side), r, 0, 1, columns);
      at += columns;
    }
    written.add(dst, r, 0, 1, std::min<int64_t>(at, operand(0).tile->cols));
  }
  for (int side = 0; side < 2; ++side) access(1 + side, false, std::move(read[side]));
  for (int i = 3; i < count(); ++i) region(i, i == 5, 0, 0, lines, 1);
  access(0, true, std::move(written));
}

void Rules::row_expand_binary() {
  const auto full_shape = [&](int i) { return operand(i).valid_rows == rows() && operand(i).valid_cols == cols(); };
  const bool vector_first = !full_shape(1) || (full_shape(2) && operand(1).tile->cols == 1);
  const int full = vector_first ? 2 : 1, vector = vector_first ? 1 : 2;
  const int64_t block = 32 / operand(vector).tile->element_bytes;
  const bool repeats = operand(vector).tile->layout == kPtoNd && operand(vector).valid_cols == block;
  reads(full, rows(), cols());
  reads(vector, rows(), repeats ? std::min(block, cols()) : 1);
  writes_valid(0);
}

/// Reads packed bits.
void Rules::mask(int i, int64_t mask_rows, int64_t bits) {
  const PtoTileType& t = *operand(i).tile;
  Ranges ranges;
  for (int64_t r = 0; r < mask_rows; ++r) {
    ranges.add(static_cast<const uint8_t*>(operand(i).data) + r * t.cols * t.element_bytes, (bits + 7) / 8);
  }
  access(i, false, std::move(ranges));
}

void Rules::compare() {
  reads_valid(1);
  const bool with_one = static_cast<Op>(i_.op) == Op::TCMPS;
  if (count() == 3) reads(2, with_one ? 1 : operand(1).valid_rows, with_one ? 1 : operand(1).valid_cols);
  writes_whole(0);
}

void Rules::select() {
  const int bits = static_cast<Op>(i_.op) == Op::TSEL ? 3 : 2;
  for (int i = 1; i < bits; ++i) reads(i, rows(), cols());
  mask(bits, rows(), cols());
  writes_valid(0);
}

/// GetValue and SetValue.
void Rules::scalar() {
  const int64_t bytes = operand(0).tile->element_bytes;
  Ranges ranges;
  ranges.add(static_cast<const uint8_t*>(operand(0).data) + static_cast<int64_t>(attributes().scalar) * bytes, bytes);
  access(0, static_cast<Op>(i_.op) == Op::SCALAR_SET, std::move(ranges));
}

bool selected(int32_t pattern, int64_t i) {
  switch (static_cast<pto::MaskPattern>(pattern)) {
    case pto::MaskPattern::P0101: return i % 2 == 0;
    case pto::MaskPattern::P1010: return i % 2 == 1;
    case pto::MaskPattern::P0001: return i % 4 == 0;
    case pto::MaskPattern::P0010: return i % 4 == 1;
    case pto::MaskPattern::P0100: return i % 4 == 2;
    case pto::MaskPattern::P1000: return i % 4 == 3;
    default: return true;
  }
}

/// TGATHER and TSCATTER by pattern: `wide` is the operand of which some columns (rows) count, `compact` the one that has only those.
void Rules::by_pattern(int wide, int compact, bool wide_is_written) {
  const bool by_rows = attributes().index[1] != 0;
  const int64_t wide_rows = operand(wide).valid_rows, wide_cols = operand(wide).valid_cols;
  const int64_t extent = by_rows ? wide_rows : wide_cols, lines = by_rows ? wide_cols : wide_rows;
  Ranges ranges;
  const Grid g = grid(wide);
  int64_t kept = 0;
  for (int64_t i = 0; i < extent; ++i) {
    const bool counts = selected(attributes().index[0], i);
    kept += counts;
    if (counts || wide_is_written) ranges.add(g, by_rows ? i : 0, by_rows ? 0 : i, by_rows ? 1 : lines, by_rows ? lines : 1);
  }
  access(wide, wide_is_written, std::move(ranges));
  region(compact, !wide_is_written, 0, 0, by_rows ? kept : lines, by_rows ? lines : kept);
}

void Rules::gather() {
  if (count() == 4) return collect();
  if (count() != 3) return by_pattern(1, 0, false);
  reads(2, rows(), cols());
  const int64_t src_cols = operand(1).tile->cols, elements = operand(1).tile->rows * src_cols;
  const Grid indices = grid(2), src = grid(1);
  Ranges ranges;
  for (int64_t r = 0; r < rows(); ++r) {
    for (int64_t c = 0; c < cols(); ++c) {
      const int64_t at = integer_at(2, indices, r, c);
      if (at >= 0 && at < elements) ranges.add(src.at(at / src_cols, at % src_cols), src.element_bytes);
    }
  }
  access(1, false, std::move(ranges));
  writes_valid(0);
}

/// The columns for which a comparison holds, and how many there are. A long double holds every element exactly.
void Rules::collect() {
  const PtoOperand& src = operand(1);
  const auto mode = static_cast<pto::CmpMode>(attributes().index[0]);
  const int64_t keys = operand(2).valid_rows == 1 ? 1 : src.valid_rows;
  const Grid dst = grid(0), from = grid(1), key = grid(2);
  Ranges written;
  for (int64_t r = 0; r < src.valid_rows; ++r) {
    const auto wanted = number_at<long double>(2, key, keys == 1 ? 0 : r, 0);
    int64_t found = 0;
    for (int64_t c = 0; c < src.valid_cols; ++c) found += isa::holds(mode, number_at<long double>(1, from, r, c), wanted);
    written.add(dst, r, 0, 1, std::min<int64_t>(found, operand(0).valid_cols));
  }
  reads_valid(1);
  reads(2, keys, 1);
  writes(3, src.valid_rows, 1);
  access(0, true, std::move(written));
}

void Rules::gather_blocks() {
  const int64_t per_block = 32 / operand(0).tile->element_bytes, blocks = (cols() + per_block - 1) / per_block;
  reads(2, rows(), blocks);
  const PtoTileType& s = *operand(1).tile;
  const int64_t bytes = int64_t{s.rows} * s.cols * s.element_bytes;
  const Grid offsets = grid(2), dst = grid(0);
  Ranges read, written;
  for (int64_t r = 0; r < rows(); ++r) {
    for (int64_t j = 0; j < blocks; ++j) {
      const int64_t offset = integer_at(2, offsets, r, j);
      if (offset >= 0 && offset + 32 <= bytes) read.add(static_cast<const uint8_t*>(operand(1).data) + offset, 32);
      written.add(dst.at(r, j * per_block), 32);
    }
  }
  access(1, false, std::move(read));
  access(0, true, std::move(written));
}

void Rules::scatter() {
  if (count() != 3) return by_pattern(0, 1, true);
  const PtoOperand &dst = operand(0), &src = operand(1);
  reads_valid(1);
  reads(2, src.valid_rows, src.valid_cols);
  const bool flat = attributes().index[0] != 0;
  const Grid indices = grid(2), to = grid(0);
  const int64_t dst_cols = dst.tile->cols, elements = flat ? dst.tile->rows * dst_cols : dst.tile->rows;
  Ranges ranges;
  for (int64_t r = 0; r < src.valid_rows; ++r) {
    for (int64_t c = 0; c < src.valid_cols; ++c) {
      const int64_t at = integer_at(2, indices, r, c);
      if (at < 0 || at >= elements) continue;
      ranges.add(flat ? to.at(at / dst_cols, at % dst_cols) : to.at(at, c), to.element_bytes);
    }
  }
  access(0, true, std::move(ranges));
}

/// MGATHER and MSCATTER, as src/isa/exec_gather.cpp looks up.
void Rules::table(int tile, int table, bool gather) {
  const PtoOperand &t = operand(tile), &index = operand(2);
  const Extent extent = isa::global_extent(operand(table));
  const Extent given = index.tile != nullptr ? Extent{index.valid_rows, index.valid_cols} : isa::global_extent(index);
  const bool for_each_element = given.rows == t.valid_rows && given.cols == t.valid_cols && t.valid_cols > 1;
  const int32_t mode = attributes().index[0];
  const bool by_row =
      mode == static_cast<int32_t>(pto::Coalesce::Row) || (mode != static_cast<int32_t>(pto::Coalesce::Elem) && !for_each_element);
  const int64_t limit = by_row ? extent.rows : extent.rows * extent.cols;
  const Grid indices = grid(2), entries = grid(table);
  const int32_t oob = attributes().index[1];  // Undefined, Clamp, Wrap and Zero of GatherOOB; Undefined, Skip, Clamp, Wrap of ScatterOOB
  const bool clamp = oob == (gather ? static_cast<int32_t>(pto::GatherOOB::Clamp) : static_cast<int32_t>(pto::ScatterOOB::Clamp));
  const bool wrap = oob == (gather ? static_cast<int32_t>(pto::GatherOOB::Wrap) : static_cast<int32_t>(pto::ScatterOOB::Wrap));
  const auto resolve = [&](int64_t at) -> std::optional<int64_t> {
    if (at >= 0 && at < limit) return at;
    if (limit == 0) return std::nullopt;
    if (clamp) return std::clamp<int64_t>(at, 0, limit - 1);
    if (wrap) return (at % limit + limit) % limit;
    return std::nullopt;
  };
  // Where the index of a row, or of an element, lies. Those of a tensor are taken row by row.
  const bool along = index.tile == nullptr || (by_row && given.rows == 1);
  const int64_t needed = by_row ? t.valid_rows : int64_t{t.valid_rows} * t.valid_cols;
  const auto place = [&](int64_t r, int64_t c) -> Extent {
    if (index.tile == nullptr) {
      const int64_t number = by_row ? r : r * t.valid_cols + c;
      return {number / given.cols, number % given.cols};
    }
    return by_row && along ? Extent{0, r} : Extent{r, c};
  };
  // The handler refuses too few indices.
  if (along ? given.rows * given.cols < needed : given.rows < t.valid_rows || (!by_row && given.cols < t.valid_cols)) return;
  Ranges ranges, read;
  for (int64_t r = 0; r < t.valid_rows; ++r) {
    for (int64_t c = 0; c < (by_row ? 1 : t.valid_cols); ++c) {
      const Extent p = place(r, c);
      read.add(indices, p.rows, p.cols, 1, 1);
      const auto at = resolve(integer_at(2, indices, p.rows, p.cols));
      if (!at) continue;
      if (by_row) {
        ranges.add(entries, *at, 0, 1, std::min<int64_t>(t.valid_cols, extent.cols));
      } else {
        ranges.add(entries.at(*at / extent.cols, *at % extent.cols), entries.element_bytes);
      }
    }
  }
  access(2, false, std::move(read));
  const bool atomic = !gather && static_cast<pto::ScatterAtomicOp>(attributes().phase) != pto::ScatterAtomicOp::None;
  access(table, !gather, std::move(ranges), atomic);
  region(tile, gather, 0, 0, t.valid_rows, t.valid_cols);
}

void Rules::sort() {
  const PtoOperand& src = operand(1);
  reads_valid(1);
  reads(2, operand(2).valid_rows == 1 ? 1 : src.valid_rows, src.valid_cols);
  writes(0, src.valid_rows, src.valid_cols * (8 / src.tile->element_bytes));
}

void Rules::merge_sort() {
  int64_t total = 0;
  for (int i = 1; i < count(); ++i) {
    reads(i, 1, operand(i).valid_cols);
    total += operand(i).valid_cols;
  }
  writes(0, 1, stops_when_a_list_is_empty() ? elements_until_a_list_is_empty() : total);
}

/// How many elements a merge writes that ends with the first list that has nothing left.
int64_t Rules::elements_until_a_list_is_empty() const {
  const int64_t record = 8 / operand(0).tile->element_bytes;  // elements of a record, the first of which is its value
  std::vector<int64_t> next(static_cast<size_t>(count()), 0);
  const auto head = [&](int i) { return number_at<float>(i, grid(i), 0, next[static_cast<size_t>(i)]); };
  int64_t written = 0;
  for (;; written += record) {
    int best = 1;
    for (int i = 1; i < count(); ++i) {
      if (next[static_cast<size_t>(i)] >= operand(i).valid_cols) return written;
      if (head(i) > head(best) || (std::isnan(head(best)) && !std::isnan(head(i)))) best = i;
    }
    next[static_cast<size_t>(best)] += record;
  }
}

void Rules::matmul() {
  const int64_t m = operand(1).valid_rows, k = operand(1).valid_cols, n = operand(2).valid_cols;
  reads_valid(1);
  reads(2, k, n);
  if (count() == 4) reads(3, static_cast<pto::TileType>(operand(3).tile->space) == pto::TileType::Bias ? 1 : m, n);
  writes(0, m, n);
}

/// Of tiles. The lane that only takes part beside AIV0 pushes nothing and pops zeros.
void Rules::push_or_pop() {
  if (count() == 0 || operand(0).tile == nullptr) return;
  const auto& pipe = *reinterpret_cast<const PtoPipeAccess*>(attributes().scalar);
  const bool vector_side = static_cast<pto::TileType>(operand(0).tile->space) == pto::TileType::Vec;
  const int half = pipe.sub_block >= 0 ? pipe.sub_block : vector_side && core_.lane > kLaneAiv0 ? 1 : 0;
  const bool idle = pipe.split == pto::TILE_NO_SPLIT && vector_side && half == 1;
  if (static_cast<Op>(i_.op) == Op::TPUSH) {
    if (!idle) reads_valid(0);
  } else {
    idle ? writes_whole(0) : writes_valid(0);
  }
}

/// Signals are atomic: they order others and are ordered by nothing.
void Rules::signal() {
  const Extent extent = isa::global_extent(operand(0));
  region(0, static_cast<Op>(i_.op) == Op::TNOTIFY, 0, 0, extent.rows, extent.cols, true);
}

void Rules::copy_tensor() {
  const Extent extent = isa::global_extent(operand(0));
  const bool put = static_cast<Op>(i_.op) == Op::TPUT || is_async_put(static_cast<Op>(i_.op));
  region(1, false, 0, 0, extent.rows, extent.cols, false, !put);
  region(0, true, 0, 0, extent.rows, extent.cols, attributes().atomic_add != 0, put);
}

Rules::Rule Rules::rule_of(uint16_t op) {
  using enum Op;
  if (is_async_put(static_cast<Op>(op)) || is_async_get(static_cast<Op>(op))) return &Rules::copy_tensor;
  if (is_async_prefetch(static_cast<Op>(op))) return &Rules::nothing;
  switch (static_cast<Op>(op)) {
    case TPREFETCH:
    case SET_FLAG:
    case WAIT_FLAG:
    case PIPE_BARRIER:
    case DCCI:
    case DSB:
    case SYNCALL:
    case FFTS_CROSS_CORE_SYNC:
    case SET_FFTS_BASE_ADDR:
    case WAIT_FLAG_DEV:
    case SET_INTRA_BLOCK:
    case WAIT_INTRA_BLOCK:
    case GET_BUF:
    case RLS_BUF:
    case TALLOC:
    case TFREE:
    case TRESHAPE:
    case TSUBVIEW: return &Rules::nothing;
    case TLOAD: return &Rules::load;
    case TSTORE_VEC:
    case TSTORE_MAT:
    case TSTORE_ACC: return &Rules::store;
    case TEXTRACT_V2V:
    case TEXTRACT_V2M:
    case TEXTRACT_M2L:
    case TEXTRACT_A2V:
    case TEXTRACT_A2M: return &Rules::extract;
    case TINSERT_V2V:
    case TINSERT_V2M:
    case TINSERT_A2V:
    case TINSERT_A2M: return &Rules::insert;
    case TFILLPAD: return &Rules::fill_pad;
    case TTRANS: return &Rules::transpose;
    case TCONCAT: return &Rules::concatenate;
    case TEXPANDS: return &Rules::expand_scalar;
    case TTRI: return &Rules::generate;
    case TCI: return &Rules::generate;
    case TROWEXPAND: return &Rules::row_expand;
    case TCOLEXPAND: return &Rules::col_expand;
    case TROWEXPANDADD:
    case TROWEXPANDSUB:
    case TROWEXPANDMUL:
    case TROWEXPANDDIV:
    case TROWEXPANDMAX:
    case TROWEXPANDMIN:
    case TROWEXPANDEXPDIF: return &Rules::row_expand_binary;
    case TCOLEXPANDADD:
    case TCOLEXPANDSUB:
    case TCOLEXPANDMUL:
    case TCOLEXPANDDIV:
    case TCOLEXPANDMAX:
    case TCOLEXPANDMIN:
    case TCOLEXPANDEXPDIF: return &Rules::col_expand_binary;
    case TROWSUM:
    case TROWMAX:
    case TROWMIN: return &Rules::row_reduce;
    case TCOLSUM:
    case TCOLMAX:
    case TCOLMIN: return &Rules::col_reduce;
    case TCMP:
    case TCMPS: return &Rules::compare;
    case TSEL:
    case TSELS: return &Rules::select;
    case TGATHER: return &Rules::gather;
    case TGATHERB: return &Rules::gather_blocks;
    case TSCATTER: return &Rules::scatter;
    case MGATHER: return &Rules::table_gather;
    case MSCATTER: return &Rules::table_scatter;
    case TSORT32: return &Rules::sort;
    case TMRGSORT: return &Rules::merge_sort;
    case TMATMUL:
    case TMATMUL_ACC:
    case TMATMUL_BIAS:
    case TGEMV:
    case TGEMV_ACC:
    case TGEMV_BIAS: return &Rules::matmul;
    case TPUSH:
    case TPOP: return &Rules::push_or_pop;
    case TNOTIFY:
    case TWAIT:
    case TTEST: return &Rules::signal;
    case TPUT:
    case TGET: return &Rules::copy_tensor;
    case TPRINT: return &Rules::print;
    case SCALAR_GET:
    case SCALAR_SET: return &Rules::scalar;
    case TMULADDDST:
    case TFUSEDMULADD:
    case TFUSEDMULADDRELU:
    case TAXPY: return &Rules::accumulate;
    case TMOV_V2V:
    case TMOV_V2M:
    case TMOV_M2L:
    case TMOV_M2B:
    case TMOV_M2S:
    case TMOV_M2V:
    case TMOV_A2V:
    case TMOV_A2M: return &Rules::move_tile;
    case TADD:
    case TSUB:
    case TMUL:
    case TDIV:
    case TMAX:
    case TMIN:
    case TADDC:
    case TSUBC:
    case TAND:
    case TOR:
    case TXOR:
    case TNOT:
    case TSHL:
    case TSHR:
    case TREM:
    case TFMOD:
    case TPRELU:
    case TABS:
    case TNEG:
    case TEXP:
    case TLOG:
    case TSQRT:
    case TRSQRT:
    case TRECIP:
    case TRELU:
    case TSUBRELU:
    case TADDS:
    case TSUBS:
    case TMULS:
    case TDIVS:
    case TMAXS:
    case TMINS:
    case TREMS:
    case TFMODS:
    case TANDS:
    case TORS:
    case TXORS:
    case TSHLS:
    case TSHRS:
    case TLRELU:
    case TADDSC:
    case TSUBSC:
    case TCVT: return &Rules::elementwise;
    default: return nullptr;
  }
}

/// Of an instruction on elements that share bytes: as the backend sees it, with operands of bytes (isa/fold.h). A conversion reads and
/// writes elements of two sizes, so its valid region is halved for one of them only.
std::vector<Access> accesses_of_twins(const PtoInstruction& instruction, const CoreContext& core, Rules::Rule rule) {
  PtoInstruction folded = instruction;
  std::array<std::optional<isa::FoldedOperand>, kPtoMaxOperands> operands;
  for (size_t i = 0; i < instruction.operand_count; ++i) {
    operands[i].emplace(instruction.operands[i]);
    folded.operands[i] = operands[i]->operand();
  }
  if (static_cast<Op>(instruction.op) == Op::TCVT) {
    const int32_t rows = instruction.operands[0].valid_rows, cols = instruction.operands[0].valid_cols;
    for (size_t i = 0; i < instruction.operand_count; ++i) {
      const bool shares = instruction.operands[i].tile->element_bytes == 0;
      folded.operands[i].valid_rows = shares && operands[i]->by_row() ? (rows + 1) / 2 : rows;
      folded.operands[i].valid_cols = shares && !operands[i]->by_row() ? (cols + 1) / 2 : cols;
    }
    return Rules(folded, core).apply(&Rules::each_over_its_region);
  }
  folded.attributes.index[operands[0]->by_row() ? 0 : 1] /= 2;  // where TEXTRACT and TINSERT begin
  return Rules(folded, core).apply(rule);
}

bool shares_bytes(const PtoOperand& o) { return (o.tile != nullptr ? o.tile->element_bytes : o.global->element_bytes) == 0; }

}  // namespace

std::vector<Access> accesses_of(const PtoInstruction& instruction, const CoreContext& core) {
  Rules::Rule rule = Rules::rule_of(instruction.op);
  if (rule == nullptr) {
    if (instruction.operand_count == 0) return {};
    for (int i = 0; i < instruction.operand_count; ++i) {
      if (instruction.operands[i].tile == nullptr) return {};
    }
    rule = &Rules::elementwise;
  }
  for (int i = 0; i < instruction.operand_count; ++i) {
    if (shares_bytes(instruction.operands[i])) return accesses_of_twins(instruction, core, rule);
  }
  return Rules(instruction, core).apply(rule);
}

bool has_access_rule(uint16_t op) { return Rules::rule_of(op) != nullptr; }

}  // namespace tilewright::check
