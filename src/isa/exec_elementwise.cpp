// Elementwise instructions (arithmetic, bit operations, several operations in one), expansions of vectors, and conversion, on top of the
// kernels for strips. What each does is documented in pto/inst/{elementwise,bitwise,fused,reduce}.hpp.
#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "isa/convert_all.h"
#include "isa/execution.h"
#include "isa/fold.h"
#include "isa/kernels.h"
#include "isa/tile_strips.h"

namespace tilewright::isa {
namespace {

PtoElement element_of(const PtoOperand& operand) { return static_cast<PtoElement>(operand.tile->element); }

BinaryOp binary_op(pto::Op op) {
  using enum pto::Op;
  switch (op) {
    case TADD:
    case TADDS:
    case TROWEXPANDADD:
    case TCOLEXPANDADD: return BinaryOp::kAdd;
    case TSUB:
    case TSUBS:
    case TROWEXPANDSUB:
    case TCOLEXPANDSUB: return BinaryOp::kSub;
    case TMUL:
    case TMULS:
    case TROWEXPANDMUL:
    case TCOLEXPANDMUL: return BinaryOp::kMul;
    case TDIV:
    case TDIVS:
    case TROWEXPANDDIV:
    case TCOLEXPANDDIV: return BinaryOp::kDiv;
    case TMAX:
    case TMAXS:
    case TROWEXPANDMAX:
    case TCOLEXPANDMAX: return BinaryOp::kMax;
    case TROWEXPANDEXPDIF:
    case TCOLEXPANDEXPDIF: return BinaryOp::kExpDif;
    case TSUBRELU: return BinaryOp::kSubRelu;
    case TPRELU:
    case TLRELU: return BinaryOp::kLeaky;
    case TREM:
    case TREMS: return BinaryOp::kRem;
    case TFMOD:
    case TFMODS: return BinaryOp::kFmod;
    case TAND:
    case TANDS: return BinaryOp::kAnd;
    case TOR:
    case TORS: return BinaryOp::kOr;
    case TXOR:
    case TXORS: return BinaryOp::kXor;
    case TSHL:
    case TSHLS: return BinaryOp::kShl;
    case TSHR:
    case TSHRS: return BinaryOp::kShr;
    default: return BinaryOp::kMin;
  }
}

UnaryOp unary_op(pto::Op op) {
  using enum pto::Op;
  switch (op) {
    case TABS: return UnaryOp::kAbs;
    case TNEG: return UnaryOp::kNeg;
    case TEXP: return UnaryOp::kExp;
    case TLOG: return UnaryOp::kLog;
    case TSQRT: return UnaryOp::kSqrt;
    case TRSQRT: return UnaryOp::kRsqrt;
    case TRECIP: return UnaryOp::kRecip;
    case TNOT: return UnaryOp::kNot;
    default: return UnaryOp::kRelu;
  }
}

TernaryOp ternary_op(pto::Op op) {
  using enum pto::Op;
  switch (op) {
    case TADDC:
    case TADDSC: return TernaryOp::kAddAdd;
    case TSUBC:
    case TSUBSC: return TernaryOp::kSubAdd;
    case TFUSEDMULADDRELU: return TernaryOp::kMulAddRelu;
    default: return TernaryOp::kMulAdd;
  }
}

/// Sources are read over the destination's valid region.
void require_sources(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  for (int i = 1; i < execution.instruction.operand_count; ++i) {
    if (execution.operand(i).tile != dst.tile) require_region(execution, i, 0, 0, dst.valid_rows, dst.valid_cols);
  }
}

void binary(const Execution& execution) {
  require_sources(execution);
  const PtoOperand& dst = execution.operand(0);
  const StripKernel kernel = binary_kernel(binary_op(execution.op()), element_of(dst), BinaryForm::kRunRun);
  for_each_strips(std::array{&dst, &execution.operand(1), &execution.operand(2)}, dst.valid_rows, dst.valid_cols, kernel);
}

void unary(const Execution& execution) {
  require_sources(execution);
  const PtoOperand& dst = execution.operand(0);
  const StripKernel kernel = unary_kernel(unary_op(execution.op()), element_of(dst));
  for_each_strips(std::array{&dst, &execution.operand(1)}, dst.valid_rows, dst.valid_cols, kernel);
}

const uint8_t* scalar_of(const Execution& execution) { return reinterpret_cast<const uint8_t*>(&execution.attributes().scalar); }

void scalar(const Execution& execution) {
  require_sources(execution);
  const PtoOperand& dst = execution.operand(0);
  const bool first = execution.attributes().scalar_first != 0;
  const StripKernel kernel =
      binary_kernel(binary_op(execution.op()), element_of(dst), first ? BinaryForm::kScalarRun : BinaryForm::kRunScalar);
  for_each_strips(std::array{&dst, &execution.operand(1)}, dst.valid_rows, dst.valid_cols, [&](Strips& s) {
    if (first) {
      s.b = s.a, s.b_step = s.a_step;
      s.a = scalar_of(execution), s.a_step = 0;
    } else {
      s.b = scalar_of(execution), s.b_step = 0;
    }
    kernel(s);
  });
}

/// dst = op(a, b, c). Where dst is a source as well it is an operand of its own, for a strip of dst may be a buffer that holds nothing yet.
void ternary(const Execution& execution) {
  using enum pto::Op;
  require_sources(execution);
  const PtoOperand& dst = execution.operand(0);
  const PtoOperand& a = execution.operand(1);
  const PtoOperand& second = execution.operand(execution.op() == TAXPY ? 1 : 2);
  const StripKernel kernel = ternary_kernel(ternary_op(execution.op()), element_of(dst), false);
  switch (execution.op()) {
    case TADDC:
    case TSUBC: return for_each_strips(std::array{&dst, &a, &second, &execution.operand(3)}, dst.valid_rows, dst.valid_cols, kernel);
    case TMULADDDST: return for_each_strips(std::array{&dst, &a, &second, &dst}, dst.valid_rows, dst.valid_cols, kernel);
    case TFUSEDMULADD:
    case TFUSEDMULADDRELU: return for_each_strips(std::array{&dst, &a, &dst, &second}, dst.valid_rows, dst.valid_cols, kernel);
    default: break;
  }
  // With a scalar: a + scalar + b, a - scalar + b, a * scalar + dst.
  const StripKernel with_scalar = ternary_kernel(ternary_op(execution.op()), element_of(dst), true);
  for_each_strips(std::array{&dst, &a, execution.op() == TAXPY ? &dst : &second}, dst.valid_rows, dst.valid_cols, [&](Strips& s) {
    s.c = s.b, s.c_step = s.b_step;
    s.b = scalar_of(execution), s.b_step = 0;
    with_scalar(s);
  });
}

/// Row `r` of a tile as one byte (or more) for each element, and back; fp4 elements share bytes.
class RowElements {
 public:
  explicit RowElements(const PtoOperand& operand)
      : fp4_(is_fp4(operand.tile->element)), folded_(operand), grid_(fp4_ ? tile_grid(folded_.operand()) : tile_grid(operand)) {}

  void read(int64_t r, int64_t c, uint8_t* out, int64_t n) const {
    for (int64_t i = 0; i < n; ++i) {
      if (fp4_) {
        out[i] = static_cast<uint8_t>(*byte(r, c + i) >> shift(r, c + i) & 15);
      } else {
        std::memcpy(out + i * grid_.element_bytes, grid_.at(r, c + i), static_cast<size_t>(grid_.element_bytes));
      }
    }
  }
  void write(int64_t r, int64_t c, const uint8_t* in, int64_t n) const {
    for (int64_t i = 0; i < n; ++i) {
      if (fp4_) {
        uint8_t* const p = byte(r, c + i);
        const int at = shift(r, c + i);
        *p = static_cast<uint8_t>((*p & ~(15 << at)) | in[i] << at);
      } else {
        std::memcpy(grid_.at(r, c + i), in + i * grid_.element_bytes, static_cast<size_t>(grid_.element_bytes));
      }
    }
  }

 private:
  uint8_t* byte(int64_t r, int64_t c) const { return folded_.by_row() ? grid_.at(r / 2, c) : grid_.at(r, c / 2); }
  int shift(int64_t r, int64_t c) const { return static_cast<int>((folded_.by_row() ? r : c) % 2 * 4); }

  bool fp4_;
  FoldedOperand folded_;
  Grid grid_;
};

void convert_nibbles(const Conversion& conversion, const PtoOperand& dst, const PtoOperand& src) {
  const RowElements to(dst), from(src);
  alignas(8) uint8_t in[kGatherRun * 8], out[kGatherRun * 8];
  for (int64_t r = 0; r < dst.valid_rows; ++r) {
    for (int64_t c = 0; c < dst.valid_cols; c += kGatherRun) {
      const int64_t n = std::min<int64_t>(kGatherRun, dst.valid_cols - c);
      from.read(r, c, in, n);
      convert_elements(conversion, out, in, n);
      to.write(r, c, out, n);
    }
  }
}

void convert(const Execution& execution) {
  require_sources(execution);
  const PtoOperand& dst = execution.operand(0);
  const PtoOperand& src = execution.operand(1);
  const Conversion conversion{element_of(src), element_of(dst), static_cast<pto::RoundMode>(execution.attributes().round_mode),
                              execution.attributes().saturate != 0};
  if (is_fp4(conversion.from) || is_fp4(conversion.to)) return convert_nibbles(conversion, dst, src);
  for_each_strips(std::array{&dst, &src}, dst.valid_rows, dst.valid_cols, [&conversion](const Strips& s) {
    for (int64_t line = 0; line < s.lines; ++line) convert_elements(conversion, s.dst + line * s.dst_step, s.a + line * s.a_step, s.n);
  });
}

/// Tiles without boxes need no grids: where their rows are.
bool has_no_boxes(const PtoOperand& o) { return o.tile->layout == kPtoNd || o.tile->layout == kPtoDn; }
uint8_t* data_of(const PtoOperand& o) { return static_cast<uint8_t*>(o.data); }
int64_t row_step(const PtoOperand& o) {
  return o.tile->layout == kPtoNd ? int64_t{o.tile->cols} * o.tile->element_bytes : o.tile->element_bytes;
}

void expand_scalar(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const bool whole = static_cast<pto::TileType>(dst.tile->space) == pto::TileType::Mat;
  const int64_t rows = whole ? dst.tile->rows : dst.valid_rows, cols = whole ? dst.tile->cols : dst.valid_cols;
  if (dst.tile->layout != kPtoNd) return fill_grid(tile_grid(dst), 0, 0, rows, cols, execution.attributes().scalar);
  const bool dense = cols == dst.tile->cols;
  Strips s{};
  s.dst = data_of(dst), s.dst_step = row_step(dst);
  s.a = scalar_of(execution);
  s.lines = dense ? 1 : rows, s.n = dense ? rows * cols : cols;
  spread_kernel(dst.tile->element_bytes)(s);
}

/// dst(r, c) = src(r, 0)
void row_expand(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const PtoOperand& src = execution.operand(1);
  require_region(execution, 1, 0, 0, dst.valid_rows, 1);
  if (dst.tile->layout == kPtoNd && has_no_boxes(src)) {
    Strips s{};
    s.dst = data_of(dst), s.dst_step = row_step(dst);
    s.a = data_of(src), s.a_step = row_step(src);
    s.lines = dst.valid_rows, s.n = dst.valid_cols;
    return spread_kernel(dst.tile->element_bytes)(s);
  }
  const Grid to = tile_grid(dst), from = tile_grid(src);
  for (int64_t r = 0; r < dst.valid_rows; ++r) {
    uint64_t bits = 0;
    std::memcpy(&bits, from.at(r, 0), static_cast<size_t>(from.element_bytes));
    fill_grid(to, r, 0, 1, dst.valid_cols, bits);
  }
}

/// dst(r, c) = src(0, c): a copy from a source that has row 0 everywhere.
void col_expand(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  require_region(execution, 1, 0, 0, 1, dst.valid_cols);
  const PtoOperand& row = execution.operand(1);
  if (dst.tile->layout == kPtoNd && row.tile->layout == kPtoNd) {
    return copy_lines(data_of(dst), data_of(row), dst.valid_rows, int64_t{dst.valid_cols} * dst.tile->element_bytes, row_step(dst), 0);
  }
  Grid src = tile_grid(execution.operand(1));
  src.row = {};
  copy_grid(tile_grid(dst), 0, 0, src, 0, 0, dst.valid_rows, dst.valid_cols);
}

void col_expand_binary(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  require_region(execution, 1, 0, 0, dst.valid_rows, dst.valid_cols);
  require_region(execution, 2, 0, 0, 1, dst.valid_cols);
  const StripKernel kernel = binary_kernel(binary_op(execution.op()), element_of(dst), BinaryForm::kRunRun);
  const PtoOperand &full = execution.operand(1), &row = execution.operand(2);
  if (dst.tile->layout == kPtoNd && full.tile->layout == kPtoNd && row.tile->layout == kPtoNd) {
    return kernel(
        {data_of(dst), data_of(full), data_of(row), nullptr, row_step(dst), row_step(full), 0, 0, dst.valid_rows, dst.valid_cols});
  }
  Grid vector = tile_grid(execution.operand(2));
  vector.row = {};
  for_each_strips(std::array{tile_grid(dst), tile_grid(execution.operand(1)), vector}, dst.valid_rows, dst.valid_cols, kernel);
}

/// The row of a grid as a grid of its own.
Grid row_of(const Grid& grid, int64_t row) { return {grid.data + grid.row.offset(row), {}, grid.col, grid.element_bytes}; }

/// dst(r, c) = full(r, c) op vector(r, 0), the other way round if the vector comes first.
void row_expand_values(const Grid& dst, const Grid& full, const Grid& vector, bool vector_first, int64_t rows, int64_t cols,
                       StripKernel kernel) {
  for (int64_t r = 0; r < rows; ++r) {
    for_each_strips(std::array{row_of(dst, r), row_of(full, r)}, 1, cols, [&](Strips& s) {
      s.b = vector.at(r, 0);
      if (vector_first) std::swap(s.a, s.b);
      kernel(s);
    });
  }
}

/// dst(r, c) = full(r, c) op vector(r), the vector being one value or one repeating block of 32 bytes a row; either may come
/// first.
void row_expand_binary(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const auto full_shape = [&](const PtoOperand& o) { return o.valid_rows == dst.valid_rows && o.valid_cols == dst.valid_cols; };
  const bool vector_first = !full_shape(execution.operand(1)) || (full_shape(execution.operand(2)) && execution.operand(1).tile->cols == 1);
  const int full_index = vector_first ? 2 : 1, vector_index = vector_first ? 1 : 2;
  require_region(execution, full_index, 0, 0, dst.valid_rows, dst.valid_cols);
  require_region(execution, vector_index, 0, 0, dst.valid_rows, 1);
  const PtoOperand& vector = execution.operand(vector_index);
  const int64_t block = 32 / vector.tile->element_bytes;
  const BinaryOp op = binary_op(execution.op());
  const bool repeats = vector.tile->layout == kPtoNd && vector.valid_cols == block;
  const StripKernel by_value = binary_kernel(op, element_of(dst), vector_first ? BinaryForm::kScalarRun : BinaryForm::kRunScalar);
  const PtoOperand& matrix = execution.operand(full_index);
  if (!repeats && dst.tile->layout == kPtoNd && matrix.tile->layout == kPtoNd && has_no_boxes(vector)) {
    const PtoOperand &a = vector_first ? vector : matrix, &b = vector_first ? matrix : vector;
    return by_value(
        {data_of(dst), data_of(a), data_of(b), nullptr, row_step(dst), row_step(a), row_step(b), 0, dst.valid_rows, dst.valid_cols});
  }
  const Grid to = tile_grid(dst), full = tile_grid(matrix), values = tile_grid(vector);
  if (!repeats) return row_expand_values(to, full, values, vector_first, dst.valid_rows, dst.valid_cols, by_value);
  const StripKernel kernel = binary_kernel(op, element_of(dst), BinaryForm::kRunRun);
  Grid repeated = values;  // column c of the vector is column c % block
  repeated.col = {};
  repeated.col.extent[0] = block;
  repeated.col.step[0] = values.element_bytes;
  repeated.col.extent[1] = int64_t{1} << 40;
  repeated.col.step[1] = 0;
  repeated.col.digits = 2;
  for_each_strips(std::array{to, full, repeated}, dst.valid_rows, dst.valid_cols, [=](Strips& s) {
    if (vector_first) {
      std::swap(s.a, s.b);
      std::swap(s.a_step, s.b_step);
    }
    kernel(s);
  });
}

}  // namespace

Handler elementwise_handler(pto::Op op) {
  using enum pto::Op;
  switch (op) {
    case TADD:
    case TSUB:
    case TMUL:
    case TDIV:
    case TMAX:
    case TMIN:
    case TSUBRELU:
    case TPRELU:
    case TREM:
    case TFMOD:
    case TAND:
    case TOR:
    case TXOR:
    case TSHL:
    case TSHR: return binary;
    case TABS:
    case TNEG:
    case TEXP:
    case TLOG:
    case TSQRT:
    case TRSQRT:
    case TRECIP:
    case TRELU:
    case TNOT: return unary;
    case TADDS:
    case TSUBS:
    case TMULS:
    case TDIVS:
    case TMAXS:
    case TMINS:
    case TLRELU:
    case TREMS:
    case TFMODS:
    case TANDS:
    case TORS:
    case TXORS:
    case TSHLS:
    case TSHRS: return scalar;
    case TADDC:
    case TSUBC:
    case TADDSC:
    case TSUBSC:
    case TMULADDDST:
    case TFUSEDMULADD:
    case TFUSEDMULADDRELU:
    case TAXPY: return ternary;
    case TEXPANDS: return expand_scalar;
    case TCVT: return convert;
    case TROWEXPAND: return row_expand;
    case TCOLEXPAND: return col_expand;
    case TROWEXPANDADD:
    case TROWEXPANDSUB:
    case TROWEXPANDMUL:
    case TROWEXPANDDIV:
    case TROWEXPANDMAX:
    case TROWEXPANDMIN:
    case TROWEXPANDEXPDIF: return row_expand_binary;
    case TCOLEXPANDADD:
    case TCOLEXPANDSUB:
    case TCOLEXPANDMUL:
    case TCOLEXPANDDIV:
    case TCOLEXPANDMAX:
    case TCOLEXPANDMIN:
    case TCOLEXPANDEXPDIF: return col_expand_binary;
    default: return nullptr;
  }
}

}  // namespace tilewright::isa
