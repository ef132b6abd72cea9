#include "isa/tile_grid.h"

#include <array>
#include <cstring>
#include <initializer_list>

#include "isa/kernels.h"
#include "pto/common/type.hpp"

namespace tilewright::isa {
namespace {

constexpr int64_t kUnbounded = int64_t{1} << 40;

template <typename T>
void copy_elements(const Block& b) {
  for (int64_t r = 0; r < b.rows; ++r) {
    uint8_t* dst = b.dst + r * b.dst_row_step;
    const uint8_t* src = b.src + r * b.src_row_step;
    for (int64_t c = 0; c < b.cols; ++c) {
      T value;
      std::memcpy(&value, src + c * b.src_col_step, sizeof(T));
      std::memcpy(dst + c * b.dst_col_step, &value, sizeof(T));
    }
  }
}

void copy_block(const Block& b, int element_bytes) {
  if (b.dst_col_step == element_bytes && b.src_col_step == element_bytes) {
    copy_lines(b.dst, b.src, b.rows, b.cols * element_bytes, b.dst_row_step, b.src_row_step);
    return;
  }
  if (b.dst_row_step == element_bytes && b.src_row_step == element_bytes) {
    copy_lines(b.dst, b.src, b.cols, b.rows * element_bytes, b.dst_col_step, b.src_col_step);
    return;
  }
  if (b.dst_row_step == element_bytes && b.src_col_step == element_bytes) {
    return transpose({b.dst, b.src, b.dst_col_step, b.src_row_step, b.rows, b.cols, element_bytes});
  }
  if (b.dst_col_step == element_bytes && b.src_row_step == element_bytes) {
    return transpose({b.dst, b.src, b.dst_row_step, b.src_col_step, b.cols, b.rows, element_bytes});
  }
  switch (element_bytes) {
    case 1: return copy_elements<uint8_t>(b);
    case 2: return copy_elements<uint16_t>(b);
    case 4: return copy_elements<uint32_t>(b);
    default: return copy_elements<uint64_t>(b);
  }
}

template <typename T>
void fill_elements(const Block& b, uint64_t bits) {
  for (int64_t r = 0; r < b.rows; ++r) {
    for (int64_t c = 0; c < b.cols; ++c) std::memcpy(b.dst + r * b.dst_row_step + c * b.dst_col_step, &bits, sizeof(T));
  }
}

void fill_block(const Block& b, int element_bytes, uint64_t bits) {
  const bool by_row = b.dst_col_step == element_bytes;
  if (by_row || b.dst_row_step == element_bytes) {
    Strips s{};
    s.dst = b.dst, s.dst_step = by_row ? b.dst_row_step : b.dst_col_step;
    s.a = reinterpret_cast<const uint8_t*>(&bits);
    s.lines = by_row ? b.rows : b.cols, s.n = by_row ? b.cols : b.rows;
    if (s.dst_step == s.n * element_bytes) s.n *= s.lines, s.lines = 1;
    return spread_kernel(element_bytes)(s);
  }
  switch (element_bytes) {
    case 1: return fill_elements<uint8_t>(b, bits);
    case 2: return fill_elements<uint16_t>(b, bits);
    case 4: return fill_elements<uint32_t>(b, bits);
    default: return fill_elements<uint64_t>(b, bits);
  }
}

}  // namespace

void copy_lines(uint8_t* dst, const uint8_t* src, int64_t lines, int64_t bytes, int64_t dst_step, int64_t src_step) {
  if (dst == src && dst_step == src_step) return;
  if (dst_step == bytes && src_step == bytes) {
    std::memcpy(dst, src, static_cast<size_t>(lines * bytes));
    return;
  }
  if (bytes == 32) {  // one box row of nearly every boxed arrangement
    for (int64_t i = 0; i < lines; ++i) std::memcpy(dst + i * dst_step, src + i * src_step, 32);
    return;
  }
  for (int64_t i = 0; i < lines; ++i) std::memcpy(dst + i * dst_step, src + i * src_step, static_cast<size_t>(bytes));
}

void Axis::add(int64_t digit_extent, int64_t digit_step) {
  if (digits > 0 && step[digits - 1] * extent[digits - 1] == digit_step) {
    extent[digits - 1] = digit_extent >= kUnbounded ? kUnbounded : extent[digits - 1] * digit_extent;
    return;
  }
  if (digit_extent == 1) return;
  extent[digits] = digit_extent;
  step[digits] = digit_step;
  ++digits;
}

int64_t Axis::offset(int64_t index) const {
  int64_t result = 0;
  for (int d = 0; d + 1 < digits; ++d) {
    result += index % extent[d] * step[d];
    index /= extent[d];
  }
  return digits == 0 ? 0 : result + index * step[digits - 1];
}

Axis::Piece Axis::piece(int64_t index) const {
  if (digits == 0) return {0, 0, kUnbounded};
  if (digits == 1) return {index * step[0], step[0], kUnbounded};
  return {offset(index), step[0], extent[0] - index % extent[0]};
}

Grid tile_grid(const PtoOperand& operand) {
  const PtoTileType& t = *operand.tile;
  const int64_t bytes = t.element_bytes;
  const int64_t box = int64_t{t.inner_rows} * t.inner_cols;
  Grid grid{static_cast<uint8_t*>(operand.data), {}, {}, t.element_bytes};
  const auto axis = [bytes](Axis& a, int64_t inner, int64_t inner_step, int64_t outer_step) {
    a.add(inner, inner_step * bytes);
    a.add(kUnbounded, outer_step * bytes);
  };
  switch (t.layout) {
    case kPtoNd:
      grid.row.add(kUnbounded, t.cols * bytes);
      grid.col.add(kUnbounded, bytes);
      break;
    case kPtoDn:
      grid.row.add(kUnbounded, bytes);
      grid.col.add(kUnbounded, t.rows * bytes);
      break;
    case kPtoNz:
      axis(grid.row, t.inner_rows, t.inner_cols, box);
      axis(grid.col, t.inner_cols, 1, int64_t{t.rows} * t.inner_cols);
      break;
    case kPtoZn:
      axis(grid.row, t.inner_rows, 1, int64_t{t.cols} * t.inner_rows);
      axis(grid.col, t.inner_cols, t.inner_rows, box);
      break;
    case kPtoZz:
      axis(grid.row, t.inner_rows, t.inner_cols, int64_t{t.cols} * t.inner_rows);
      axis(grid.col, t.inner_cols, 1, box);
      break;
    default:  // kPtoNn
      axis(grid.row, t.inner_rows, 1, box);
      axis(grid.col, t.inner_cols, t.inner_rows, int64_t{t.rows} * t.inner_cols);
      break;
  }
  return grid;
}

namespace {

/// One digit of a matrix index in a layout of global memory: the dimension whose stride it takes, and how many values it has.
struct Digit {
  int dim;         ///< kElements: the stride is 1
  int64_t extent;  ///< kBySize: that of the dimension
};
constexpr int kElements = -1;
constexpr int64_t kBySize = 0;

/// Digits of rows and columns, innermost first (spec/tile-isa.md, 1.1; NHWC, NCHW and NCDHW: docs/design/isa.md).
struct MatrixDigits {
  std::array<Digit, 4> row, col;
  int rows, cols;  ///< how many digits
};

MatrixDigits matrix_digits(pto::Layout layout, int64_t element_bytes) {
  using enum pto::Layout;
  const auto by_size = [](int dim) { return Digit{dim, kBySize}; };
  switch (layout) {
    case DN: return {{by_size(3)}, {by_size(4), by_size(2), by_size(1), by_size(0)}, 1, 4};
    case NZ: return {{by_size(3), by_size(2)}, {by_size(4), by_size(1), by_size(0)}, 2, 3};
    case NC1HWC0: return {{by_size(3), by_size(2), by_size(0)}, {by_size(4), by_size(1)}, 3, 2};
    case NDC1HWC0: return {{by_size(4), by_size(3), by_size(0)}, {Digit{kElements, 32 / element_bytes}, by_size(2), by_size(1)}, 3, 3};
    case FRACTAL_Z: return {{by_size(4), by_size(2), by_size(1), by_size(0)}, {by_size(3)}, 4, 1};
    case MX_A_ZZ: return {{by_size(3), by_size(1)}, {by_size(4), by_size(2)}, 2, 2};
    case MX_A_ND: return {{by_size(2)}, {by_size(4), by_size(3)}, 1, 2};
    case MX_A_DN: return {{by_size(3)}, {by_size(4), by_size(2)}, 1, 2};
    case MX_B_NN: return {{by_size(4), by_size(2)}, {by_size(3), by_size(1)}, 2, 2};
    case MX_B_ND: return {{by_size(4), by_size(2)}, {by_size(3)}, 2, 1};
    case MX_B_DN: return {{by_size(4), by_size(3)}, {by_size(2)}, 2, 1};
    case NCHW: return {{by_size(4), by_size(3), by_size(1), by_size(0)}, {by_size(2)}, 4, 1};
    case NCDHW: return {{by_size(4), by_size(3), by_size(2), by_size(0)}, {by_size(1)}, 4, 1};
    default: return {{by_size(3), by_size(2), by_size(1), by_size(0)}, {by_size(4)}, 4, 1};  // ND, NHWC
  }
}

MatrixDigits matrix_digits(const PtoOperand& operand) {
  return matrix_digits(static_cast<pto::Layout>(operand.global->layout), operand.global->element_bytes);
}

}  // namespace

Grid global_grid(const PtoOperand& operand) {
  const int64_t bytes = operand.global->element_bytes;
  Grid grid{static_cast<uint8_t*>(operand.data), {}, {}, operand.global->element_bytes};
  if (static_cast<pto::Layout>(operand.global->layout) == pto::Layout::ND) {  // nearly every tensor
    for (const int dim : {3, 2, 1, 0}) grid.row.add(dim == 0 ? kUnbounded : operand.shape[dim], operand.stride[dim] * bytes);
    grid.col.add(kUnbounded, operand.stride[4] * bytes);
    return grid;
  }
  const MatrixDigits digits = matrix_digits(operand);
  const auto add = [&](Axis& axis, const std::array<Digit, 4>& of_axis, int count) {
    for (int i = 0; i < count; ++i) {
      const Digit& digit = of_axis[static_cast<size_t>(i)];
      const int64_t extent = digit.extent != kBySize ? digit.extent : operand.shape[digit.dim];
      axis.add(i + 1 == count ? kUnbounded : extent, (digit.dim == kElements ? 1 : operand.stride[digit.dim]) * bytes);
    }
  };
  add(grid.row, digits.row, digits.rows);
  add(grid.col, digits.col, digits.cols);
  return grid;
}

Extent global_extent(const PtoOperand& operand) {
  const int64_t* s = operand.shape;
  if (static_cast<pto::Layout>(operand.global->layout) == pto::Layout::ND) return {s[0] * s[1] * s[2] * s[3], s[4]};
  const MatrixDigits digits = matrix_digits(operand);
  const auto product = [&](const std::array<Digit, 4>& of_axis, int count) {
    int64_t result = 1;
    for (int i = 0; i < count; ++i) {
      const Digit& digit = of_axis[static_cast<size_t>(i)];
      result *= digit.extent != kBySize ? digit.extent : operand.shape[digit.dim];
    }
    return result;
  };
  return {product(digits.row, digits.rows), product(digits.col, digits.cols)};
}

void copy_grid(const Grid& dst, int64_t dst_row, int64_t dst_col, const Grid& src, int64_t src_row, int64_t src_col, int64_t rows,
               int64_t cols) {
  if (dst.row.linear() && dst.col.linear() && src.row.linear() && src.col.linear()) {  // one block
    const auto step = [](const Axis& axis) { return axis.digits == 0 ? 0 : axis.step[0]; };
    const int64_t dst_r = step(dst.row), dst_c = step(dst.col), src_r = step(src.row), src_c = step(src.col);
    if (rows == 0 || cols == 0) return;
    return copy_block({dst.data + dst_row * dst_r + dst_col * dst_c, src.data + src_row * src_r + src_col * src_c, dst_r, dst_c, src_r,
                       src_c, rows, cols},
                      dst.element_bytes);
  }
  for_each_block(dst, dst_row, dst_col, src, src_row, src_col, rows, cols,
                 [&](const Block& block) { copy_block(block, dst.element_bytes); });
}

void fill_grid(const Grid& dst, int64_t row, int64_t col, int64_t rows, int64_t cols, uint64_t bits) {
  for_each_block(dst, row, col, dst, row, col, rows, cols, [&](const Block& block) { fill_block(block, dst.element_bytes, bits); });
}

}  // namespace tilewright::isa
