// Comparison and selection. Masks are packed bits, eight columns to a byte.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "isa/execution.h"
#include "isa/kernels.h"
#include "isa/tile_strips.h"

namespace tilewright::isa {
namespace {

/// kGatherRun elements of the widest type.
struct Buffer {
  alignas(64) uint8_t bytes[kGatherRun * 8];
};

/// n elements of row r from column c on: where they lie, or gathered into the buffer.
const uint8_t* run_of(const Grid& grid, int64_t r, int64_t c, int64_t n, Buffer& buffer) {
  if (grid.col.digits == 1 && grid.col.step[0] == grid.element_bytes) return grid.at(r, c);
  Grid to{buffer.bytes, {}, {}, grid.element_bytes};
  to.col.add(int64_t{1} << 40, grid.element_bytes);
  copy_grid(to, 0, 0, grid, r, c, 1, n);
  return buffer.bytes;
}

/// A row of a mask tile.
uint8_t* mask_row(const PtoOperand& mask, int64_t r) {
  return static_cast<uint8_t*>(mask.data) + r * mask.tile->cols * mask.tile->element_bytes;
}

void require_mask(const Execution& execution, int index, int64_t rows, int64_t cols) {
  const PtoTileType& tile = *execution.operand(index).tile;
  const int64_t bits = int64_t{tile.cols} * tile.element_bytes * 8;
  if (rows <= tile.rows && cols <= bits) return;
  fail(execution, kPtoFailOutOfBounds,
       fmt::format("{} has {} rows of {} bits, and {} rows of {} are needed", describe_operand(execution, index), tile.rows, bits, rows,
                   cols),
       "use a mask of a bit for each element");
}

template <typename T, typename Test>
void test_run(uint8_t* flags, const T* a, const T* b, bool b_is_scalar, int64_t n, Test test) {
  if (b_is_scalar) {
    const T value = *b;
    for (int64_t i = 0; i < n; ++i) flags[i] = test(a[i], value);
  } else {
    for (int64_t i = 0; i < n; ++i) flags[i] = test(a[i], b[i]);
  }
}

/// flags[i] = a[i] cmp b[i], or b[0] for all
template <typename T>
void compare_run(uint8_t* flags, const void* a, const void* b, bool b_is_scalar, int64_t n, pto::CmpMode mode) {
  const T* x = static_cast<const T*>(a);
  const T* y = static_cast<const T*>(b);
  switch (mode) {
    case pto::CmpMode::EQ: return test_run(flags, x, y, b_is_scalar, n, [](T p, T q) { return p == q; });
    case pto::CmpMode::NE: return test_run(flags, x, y, b_is_scalar, n, [](T p, T q) { return p != q; });
    case pto::CmpMode::LT: return test_run(flags, x, y, b_is_scalar, n, [](T p, T q) { return p < q; });
    case pto::CmpMode::LE: return test_run(flags, x, y, b_is_scalar, n, [](T p, T q) { return p <= q; });
    case pto::CmpMode::GT: return test_run(flags, x, y, b_is_scalar, n, [](T p, T q) { return p > q; });
    default: return test_run(flags, x, y, b_is_scalar, n, [](T p, T q) { return p >= q; });
  }
}

void compare_elements(uint8_t* flags, const uint8_t* a, const uint8_t* b, bool b_is_scalar, int64_t n, PtoElement element,
                      pto::CmpMode mode) {
  switch (element) {
    case kPtoF32: return compare_run<float>(flags, a, b, b_is_scalar, n, mode);
    case kPtoF16:
    case kPtoBf16: {
      alignas(64) float wide[2][kGatherRun];
      const ConvertKernel widen = convert_kernel(element, kPtoF32);
      widen(wide[0], a, n);
      widen(wide[1], b, b_is_scalar ? 1 : n);
      return compare_run<float>(flags, wide[0], wide[1], b_is_scalar, n, mode);
    }
    case kPtoI8: return compare_run<int8_t>(flags, a, b, b_is_scalar, n, mode);
    case kPtoU8: return compare_run<uint8_t>(flags, a, b, b_is_scalar, n, mode);
    case kPtoI16: return compare_run<int16_t>(flags, a, b, b_is_scalar, n, mode);
    case kPtoU16: return compare_run<uint16_t>(flags, a, b, b_is_scalar, n, mode);
    case kPtoI32: return compare_run<int32_t>(flags, a, b, b_is_scalar, n, mode);
    case kPtoU32: return compare_run<uint32_t>(flags, a, b, b_is_scalar, n, mode);
    case kPtoI64: return compare_run<int64_t>(flags, a, b, b_is_scalar, n, mode);
    default: return compare_run<uint64_t>(flags, a, b, b_is_scalar, n, mode);
  }
}

/// Eight flags of 0 or 1 to a byte, the first in the lowest bit; flags beyond n are 0.
void pack(uint8_t* bits, uint8_t* flags, int64_t n) {
  std::fill(flags + n, flags + (n + 7) / 8 * 8, uint8_t{0});
  for (int64_t i = 0; i < n; i += 8) {
    uint64_t eight;
    std::memcpy(&eight, flags + i, 8);
    bits[i / 8] = static_cast<uint8_t>(eight * 0x0102040810204080u >> 56);  // gathers bit 0 of byte k into bit k
  }
}

void compare(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const PtoOperand& a = execution.operand(1);
  const pto::CmpMode mode = static_cast<pto::CmpMode>(execution.attributes().index[0]);
  const bool with_tile = execution.instruction.operand_count == 3, with_scalar = execution.op() == pto::Op::TCMPS;
  if (static_cast<uint32_t>(execution.attributes().index[0]) > static_cast<uint32_t>(pto::CmpMode::GE)) {
    fail(execution, kPtoFailInvalidArgument, fmt::format("there is no comparison {}", execution.attributes().index[0]), "use CmpMode");
  }
  require_mask(execution, 0, a.valid_rows, a.valid_cols);
  if (with_tile) require_region(execution, 2, 0, 0, with_scalar ? 1 : a.valid_rows, with_scalar ? 1 : a.valid_cols);

  const PtoElement element = static_cast<PtoElement>(a.tile->element);
  const Grid left = tile_grid(a);
  const Grid right = with_tile ? tile_grid(execution.operand(2)) : left;
  uint64_t scalar = execution.attributes().scalar;
  if (with_scalar && with_tile) std::memcpy(&scalar, right.at(0, 0), static_cast<size_t>(right.element_bytes));
  std::memset(dst.data, 0, static_cast<size_t>(dst.tile->rows) * static_cast<size_t>(dst.tile->cols) * dst.tile->element_bytes);
  Buffer left_buffer, right_buffer;
  alignas(64) uint8_t flags[kGatherRun + 8];
  for (int64_t r = 0; r < a.valid_rows; ++r) {
    for (int64_t c = 0; c < a.valid_cols; c += kGatherRun) {
      const int64_t n = std::min<int64_t>(kGatherRun, a.valid_cols - c);
      const uint8_t* x = run_of(left, r, c, n, left_buffer);
      const uint8_t* y = with_scalar ? reinterpret_cast<const uint8_t*>(&scalar) : run_of(right, r, c, n, right_buffer);
      compare_elements(flags, x, y, with_scalar, n, element, mode);
      pack(mask_row(dst, r) + c / 8, flags, n);
    }
  }
}

void select(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const bool with_scalar = execution.op() == pto::Op::TSELS;
  const int mask_index = with_scalar ? 2 : 3;
  require_region(execution, 1, 0, 0, dst.valid_rows, dst.valid_cols);
  if (!with_scalar) require_region(execution, 2, 0, 0, dst.valid_rows, dst.valid_cols);
  require_mask(execution, mask_index, dst.valid_rows, dst.valid_cols);
  const PtoOperand& a = execution.operand(1);
  const PtoOperand& b = with_scalar ? a : execution.operand(2);
  const PtoOperand& mask = execution.operand(mask_index);
  const int bytes = dst.tile->element_bytes;
  const StripKernel kernel = selection_kernel(bytes, with_scalar);
  const auto run = [&](Strips& s) {
    if (with_scalar) s.b = reinterpret_cast<const uint8_t*>(&execution.attributes().scalar), s.b_step = 0;
    kernel(s);
  };
  if (dst.tile->layout == kPtoNd && a.tile->layout == kPtoNd && b.tile->layout == kPtoNd) {
    const auto step = [](const PtoOperand& o) { return int64_t{o.tile->cols} * o.tile->element_bytes; };
    const auto data = [](const PtoOperand& o) { return static_cast<uint8_t*>(o.data); };
    Strips s{data(dst), data(a), data(b), data(mask), step(dst), step(a), step(b), step(mask), dst.valid_rows, dst.valid_cols};
    return run(s);
  }
  const Grid to = tile_grid(dst), from_a = tile_grid(a), from_b = tile_grid(b);
  Buffer a_buffer, b_buffer, result;
  for (int64_t r = 0; r < dst.valid_rows; ++r) {
    for (int64_t c = 0; c < dst.valid_cols; c += kGatherRun) {
      const int64_t n = std::min<int64_t>(kGatherRun, dst.valid_cols - c);
      Strips s{};
      s.dst = result.bytes;
      s.a = run_of(from_a, r, c, n, a_buffer);
      s.b = run_of(from_b, r, c, n, b_buffer);
      s.c = mask_row(mask, r) + c / 8;
      s.lines = 1, s.n = n;
      run(s);
      copy_grid(to, r, c, row_buffer(result.bytes, bytes), 0, 0, 1, n);
    }
  }
}

}  // namespace

Handler select_handler(pto::Op op) {
  switch (op) {
    case pto::Op::TCMP:
    case pto::Op::TCMPS: return compare;
    case pto::Op::TSEL:
    case pto::Op::TSELS: return select;
    default: return nullptr;
  }
}

}  // namespace tilewright::isa
