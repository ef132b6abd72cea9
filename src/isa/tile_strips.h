// Operands of an elementwise instruction as strips: lines of contiguous elements that cover the same elements of every operand.
#pragma once

#include <algorithm>
#include <array>

#include "isa/kernels.h"
#include "isa/tile_grid.h"

namespace tilewright::isa {

/// Elements that are gathered at a time where an operand is not contiguous.
constexpr int64_t kGatherRun = 256;

/// A buffer of contiguous elements as one row.
inline Grid row_buffer(void* data, int element_bytes) {
  Grid grid{static_cast<uint8_t*>(data), {}, {}, element_bytes};
  grid.col.add(int64_t{1} << 40, element_bytes);
  return grid;
}

/// Strips of `lines` lines of `n` elements; one line where all operands go on without a gap.
template <size_t N>
Strips make_strips(const std::array<uint8_t*, N>& data, const std::array<int64_t, N>& step, const std::array<int, N>& bytes, int64_t lines,
                   int64_t n) {
  static_assert(N >= 1 && N <= 4);
  bool dense = true;
  for (size_t i = 0; i < N; ++i) dense = dense && step[i] == n * bytes[i];
  Strips s{};
  s.lines = dense ? 1 : lines;
  s.n = dense ? lines * n : n;
  s.dst = data[0], s.dst_step = step[0];
  if constexpr (N > 1) s.a = data[1], s.a_step = step[1];
  if constexpr (N > 2) s.b = data[2], s.b_step = step[2];
  if constexpr (N > 3) s.c = data[3], s.c_step = step[3];
  return s;
}

/// Calls visit(Strips&) for strips that cover rows x cols of all grids: dst, a, b and c in this order. They lie in the operands themselves
/// where all of those are contiguous in one direction, else in buffers.
template <size_t N, typename Visit>
void for_each_strips(const std::array<Grid, N>& grids, int64_t rows, int64_t cols, Visit visit) {
  const auto contiguous = [](const Axis& axis, int bytes) { return axis.digits == 1 && axis.step[0] == bytes; };
  bool by_row = true, by_col = true;
  std::array<uint8_t*, N> data;
  std::array<int64_t, N> step;
  std::array<int, N> bytes;
  for (size_t i = 0; i < N; ++i) {
    const Grid& g = grids[i];
    by_row = by_row && contiguous(g.col, g.element_bytes) && g.row.linear();
    by_col = by_col && contiguous(g.row, g.element_bytes) && g.col.linear();
    data[i] = g.data;
    bytes[i] = g.element_bytes;
  }
  if (by_row || by_col) {
    for (size_t i = 0; i < N; ++i) {
      const Axis& axis = by_row ? grids[i].row : grids[i].col;
      step[i] = axis.digits == 0 ? 0 : axis.step[0];
    }
    Strips s = make_strips(data, step, bytes, by_row ? rows : cols, by_row ? cols : rows);
    return visit(s);
  }
  alignas(64) uint8_t buffers[N][kGatherRun * 8];
  for (size_t i = 0; i < N; ++i) {
    data[i] = buffers[i];
    step[i] = 0;
  }
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < cols; c += kGatherRun) {
      const int64_t n = std::min(kGatherRun, cols - c);
      for (size_t i = 1; i < N; ++i) copy_grid(row_buffer(buffers[i], bytes[i]), 0, 0, grids[i], r, c, 1, n);
      Strips s = make_strips(data, step, bytes, 1, n);
      visit(s);
      copy_grid(grids[0], r, c, row_buffer(buffers[0], bytes[0]), 0, 0, 1, n);
    }
  }
}

/// The same on tile operands, with a shorter way for the usual case that all of them are row-major (or all column-major)
/// without boxes.
template <size_t N, typename Visit>
void for_each_strips(const std::array<const PtoOperand*, N>& operands, int64_t rows, int64_t cols, Visit visit) {
  const PtoTileType& type = *operands[0]->tile;
  const uint8_t layout = type.layout;
  bool alike = layout == kPtoNd || layout == kPtoDn, same = alike;
  for (const PtoOperand* o : operands) same = same && o->tile == &type;
  if (same) {  // one tile type: nothing to compare
    const int64_t lines = layout == kPtoNd ? rows : cols, n = layout == kPtoNd ? cols : rows,
                  extent = layout == kPtoNd ? type.cols : type.rows;
    const bool dense = n == extent;
    const int64_t step = extent * type.element_bytes;
    Strips s{};
    s.lines = dense ? 1 : lines, s.n = dense ? lines * n : n;
    s.dst = static_cast<uint8_t*>(operands[0]->data), s.dst_step = step;
    if constexpr (N > 1) s.a = static_cast<uint8_t*>(operands[1]->data), s.a_step = step;
    if constexpr (N > 2) s.b = static_cast<uint8_t*>(operands[2]->data), s.b_step = step;
    if constexpr (N > 3) s.c = static_cast<uint8_t*>(operands[3]->data), s.c_step = step;
    return visit(s);
  }
  std::array<uint8_t*, N> data;
  std::array<int64_t, N> step;
  std::array<int, N> bytes;
  for (size_t i = 0; i < N; ++i) {
    const PtoTileType& t = *operands[i]->tile;
    alike = alike && t.layout == layout;
    data[i] = static_cast<uint8_t*>(operands[i]->data);
    bytes[i] = t.element_bytes;
    step[i] = int64_t{layout == kPtoNd ? t.cols : t.rows} * bytes[i];
  }
  if (alike) {
    Strips s = make_strips(data, step, bytes, layout == kPtoNd ? rows : cols, layout == kPtoNd ? cols : rows);
    return visit(s);
  }
  std::array<Grid, N> grids;
  for (size_t i = 0; i < N; ++i) grids[i] = tile_grid(*operands[i]);
  for_each_strips(grids, rows, cols, visit);
}

}  // namespace tilewright::isa
