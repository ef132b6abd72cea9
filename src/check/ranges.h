// Which bytes a region of a tile or tensor covers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "check/shadow.h"
#include "isa/tile_grid.h"

namespace tilewright::check {

/// Collects the bytes of accesses: single stretches, and regions of grids, of which whole rows or columns come as one.
class Ranges {
 public:
  void add(const uint8_t* begin, int64_t bytes) {
    if (bytes <= 0) return;
    const uint64_t at = reinterpret_cast<uint64_t>(begin), end = at + static_cast<uint64_t>(bytes);
    if (!ranges_.empty() && ranges_.back().end == at) {
      ranges_.back().end = end;
    } else {
      ranges_.push_back({at, end});
    }
  }
  void add(const isa::Grid& grid, int64_t row, int64_t col, int64_t rows, int64_t cols) {
    if (rows <= 0 || cols <= 0) return;
    const int64_t bytes = grid.element_bytes;
    isa::for_each_block(grid, row, col, grid, row, col, rows, cols, [&](const isa::Block& b) {
      if (b.src_col_step == bytes || b.cols == 1) {
        for (int64_t r = 0; r < b.rows; ++r) add(b.src + r * b.src_row_step, b.cols * bytes);
      } else if (b.src_row_step == bytes || b.rows == 1) {
        for (int64_t c = 0; c < b.cols; ++c) add(b.src + c * b.src_col_step, b.rows * bytes);
      } else {
        for (int64_t r = 0; r < b.rows; ++r) {
          for (int64_t c = 0; c < b.cols; ++c) add(b.src + r * b.src_row_step + c * b.src_col_step, bytes);
        }
      }
    });
  }
  /// In order and apart from each other.
  std::vector<ByteRange> take() {
    std::sort(ranges_.begin(), ranges_.end(), [](const ByteRange& a, const ByteRange& b) { return a.begin < b.begin; });
    std::vector<ByteRange> merged;
    for (const ByteRange& range : ranges_) {
      if (!merged.empty() && range.begin <= merged.back().end) {
        merged.back().end = std::max(merged.back().end, range.end);
      } else {
        merged.push_back(range);
      }
    }
    return merged;
  }

 private:
  std::vector<ByteRange> ranges_;
};

}  // namespace tilewright::check
