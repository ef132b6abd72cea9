// Where the elements of an operand lie. In every arrangement of a tile, and in every layout of global memory, the offset of
// element (r, c) is the sum of a part that depends on r and a part that depends on c; each part is a mixed-radix number. So an
// operand is two axes, and every move is a walk over pieces in which both sides are linear.
#pragma once

#include <cstdint>

#include "pto/common/sim_abi.h"

namespace tilewright::isa {

/// index -> byte offset: index = d0 + e0 * (d1 + e1 * (d2 + ...)), offset = sum of d_i * step_i. The outermost digit is
/// unbounded.
struct Axis {
  static constexpr int kMaxDigits = 4;
  int digits = 0;
  int64_t extent[kMaxDigits];
  int64_t step[kMaxDigits];  ///< bytes

  /// Adds a digit outside those that are there; merges it when the step continues the one before.
  void add(int64_t digit_extent, int64_t digit_step);
  int64_t offset(int64_t index) const;

  /// The longest linear piece from `index`: its byte offset, its step, and how many indices it covers (unbounded for the
  /// outermost digit).
  struct Piece {
    int64_t offset, step, length;
  };
  Piece piece(int64_t index) const;

  bool linear() const { return digits <= 1; }
};

/// An operand as two axes.
struct Grid {
  uint8_t* data;
  Axis row, col;
  int element_bytes;

  uint8_t* at(int64_t r, int64_t c) const { return data + row.offset(r) + col.offset(c); }
  Grid transposed() const { return {data, col, row, element_bytes}; }
};

Grid tile_grid(const PtoOperand& operand);

/// Layouts in which a tensor is a matrix; others are refused before (pto::detail::storable_layout).
Grid global_grid(const PtoOperand& operand);

/// Rows and columns of the matrix that a global tensor holds in its layout.
struct Extent {
  int64_t rows, cols;
};
Extent global_extent(const PtoOperand& operand);

/// A rectangle in which source and destination are linear in both directions. Steps in bytes.
struct Block {
  uint8_t* dst;
  const uint8_t* src;
  int64_t dst_row_step, dst_col_step, src_row_step, src_col_step;
  int64_t rows, cols;
};

/// Calls visit(Block) for each piece of the copy dst(dst_row + i, dst_col + j) = src(src_row + i, src_col + j), i < rows, j <
/// cols.
template <typename Visit>
void for_each_block(const Grid& dst, int64_t dst_row, int64_t dst_col, const Grid& src, int64_t src_row, int64_t src_col, int64_t rows,
                    int64_t cols, Visit visit) {
  const auto shorter = [](int64_t a, int64_t b) { return a < b ? a : b; };
  for (int64_t r = 0; r < rows;) {
    const Axis::Piece dst_rows = dst.row.piece(dst_row + r);
    const Axis::Piece src_rows = src.row.piece(src_row + r);
    const int64_t row_count = shorter(rows - r, shorter(dst_rows.length, src_rows.length));
    for (int64_t c = 0; c < cols;) {
      const Axis::Piece dst_cols = dst.col.piece(dst_col + c);
      const Axis::Piece src_cols = src.col.piece(src_col + c);
      const int64_t col_count = shorter(cols - c, shorter(dst_cols.length, src_cols.length));
      visit(Block{dst.data + dst_rows.offset + dst_cols.offset, src.data + src_rows.offset + src_cols.offset, dst_rows.step, dst_cols.step,
                  src_rows.step, src_cols.step, row_count, col_count});
      c += col_count;
    }
    r += row_count;
  }
}

/// Copies lines of contiguous bytes; steps in bytes.
void copy_lines(uint8_t* dst, const uint8_t* src, int64_t lines, int64_t bytes, int64_t dst_step, int64_t src_step);

/// Copies elements. Source and destination do not overlap, or are the same bytes in the same arrangement.
void copy_grid(const Grid& dst, int64_t dst_row, int64_t dst_col, const Grid& src, int64_t src_row, int64_t src_col, int64_t rows,
               int64_t cols);

/// Sets elements to the low bytes of `bits`.
void fill_grid(const Grid& dst, int64_t row, int64_t col, int64_t rows, int64_t cols, uint64_t bits);

}  // namespace tilewright::isa
