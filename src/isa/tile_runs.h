// Operands of an elementwise instruction as runs: contiguous pieces that cover the same elements of every operand, in one order.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>

#include "isa/tile_grid.h"

namespace tilewright::isa {

/// Elements of one kind that a run gathers at a time when an operand is not contiguous.
constexpr int64_t kGatherRun = 256;

/// Calls visit(pointers, n) for runs that cover rows x cols of all grids. grids[0] is written, the others are read. Runs lie in
/// the operands themselves where all of them are contiguous in one direction, else in buffers; pointers[i] advances together.
template <size_t N, typename Visit>
void for_each_run(const std::array<Grid, N>& grids, int64_t rows, int64_t cols, Visit visit) {
  const auto contiguous = [](const Axis& axis, int bytes) { return axis.digits == 1 && axis.step[0] == bytes; };
  bool by_row = true, by_col = true;
  for (const Grid& g : grids) {
    by_row = by_row && contiguous(g.col, g.element_bytes) && g.row.linear();
    by_col = by_col && contiguous(g.row, g.element_bytes) && g.col.linear();
  }
  std::array<uint8_t*, N> run;
  if (by_row || by_col) {
    const int64_t lines = by_row ? rows : cols, length = by_row ? cols : rows;
    std::array<int64_t, N> step;
    bool dense = true;
    for (size_t i = 0; i < N; ++i) {
      const Axis& axis = by_row ? grids[i].row : grids[i].col;
      step[i] = axis.digits == 0 ? 0 : axis.step[0];
      run[i] = grids[i].data;
      dense = dense && step[i] == length * grids[i].element_bytes;
    }
    if (dense) {
      visit(run, lines * length);
      return;
    }
    for (int64_t line = 0; line < lines; ++line) {
      visit(run, length);
      for (size_t i = 0; i < N; ++i) run[i] += step[i];
    }
    return;
  }
  alignas(64) uint8_t buffers[N][kGatherRun * 8];
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < cols; c += kGatherRun) {
      const int64_t n = std::min(kGatherRun, cols - c);
      for (size_t i = 0; i < N; ++i) {
        run[i] = buffers[i];
        const int bytes = grids[i].element_bytes;
        Grid buffer{buffers[i], {}, {}, bytes};
        buffer.col.add(int64_t{1} << 40, bytes);
        if (i != 0) copy_grid(buffer, 0, 0, grids[i], r, c, 1, n);
      }
      visit(run, n);
      Grid result{buffers[0], {}, {}, grids[0].element_bytes};
      result.col.add(int64_t{1} << 40, result.element_bytes);
      copy_grid(grids[0], r, c, result, 0, 0, 1, n);
    }
  }
}

/// The same on tile operands, with a shorter way for the usual case that all of them are row-major (or all column-major)
/// without boxes.
template <size_t N, typename Visit>
void for_each_run(const std::array<const PtoOperand*, N>& operands, int64_t rows, int64_t cols, Visit visit) {
  const uint8_t layout = operands[0]->tile->layout;
  bool alike = layout == kPtoNd || layout == kPtoDn;
  for (const PtoOperand* o : operands) alike = alike && o->tile->layout == layout;
  if (!alike) {
    std::array<Grid, N> grids;
    for (size_t i = 0; i < N; ++i) grids[i] = tile_grid(*operands[i]);
    return for_each_run(grids, rows, cols, visit);
  }
  const int64_t lines = layout == kPtoNd ? rows : cols, length = layout == kPtoNd ? cols : rows;
  std::array<uint8_t*, N> run;
  std::array<int64_t, N> step;
  bool dense = true;
  for (size_t i = 0; i < N; ++i) {
    const PtoTileType& t = *operands[i]->tile;
    const int64_t extent = layout == kPtoNd ? t.cols : t.rows;
    run[i] = static_cast<uint8_t*>(operands[i]->data);
    step[i] = extent * t.element_bytes;
    dense = dense && extent == length;
  }
  if (dense) return visit(run, lines * length);
  for (int64_t line = 0; line < lines; ++line) {
    visit(run, length);
    for (size_t i = 0; i < N; ++i) run[i] += step[i];
  }
}

}  // namespace tilewright::isa
