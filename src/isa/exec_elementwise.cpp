// Elementwise instructions, expansions of vectors, and conversion, on top of the run kernels.
#include <array>
#include <cstring>

#include "isa/execution.h"
#include "isa/kernels.h"
#include "isa/tile_runs.h"

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
    default: return UnaryOp::kRelu;
  }
}

/// Sources are read over the destination's valid region.
void require_sources(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  for (int i = 1; i < execution.instruction.operand_count; ++i) require_region(execution, i, 0, 0, dst.valid_rows, dst.valid_cols);
}

void binary(const Execution& execution) {
  require_sources(execution);
  const PtoOperand& dst = execution.operand(0);
  const BinaryKernel kernel = binary_kernel(binary_op(execution.op()), element_of(dst), BinaryForm::kRunRun);
  const std::array operands{&dst, &execution.operand(1), &execution.operand(2)};
  for_each_run(operands, dst.valid_rows, dst.valid_cols, [kernel](const auto& run, int64_t n) { kernel(run[0], run[1], run[2], n); });
}

void unary(const Execution& execution) {
  require_sources(execution);
  const PtoOperand& dst = execution.operand(0);
  const UnaryKernel kernel = unary_kernel(unary_op(execution.op()), element_of(dst));
  const std::array operands{&dst, &execution.operand(1)};
  for_each_run(operands, dst.valid_rows, dst.valid_cols, [kernel](const auto& run, int64_t n) { kernel(run[0], run[1], n); });
}

void scalar(const Execution& execution) {
  require_sources(execution);
  const PtoOperand& dst = execution.operand(0);
  const bool first = execution.attributes().scalar_first != 0;
  const BinaryKernel kernel =
      binary_kernel(binary_op(execution.op()), element_of(dst), first ? BinaryForm::kScalarRun : BinaryForm::kRunScalar);
  const uint64_t* value = &execution.attributes().scalar;
  const std::array operands{&dst, &execution.operand(1)};
  for_each_run(operands, dst.valid_rows, dst.valid_cols, [=](const auto& run, int64_t n) {
    if (first) {
      kernel(run[0], value, run[1], n);
    } else {
      kernel(run[0], run[1], value, n);
    }
  });
}

void convert(const Execution& execution) {
  require_sources(execution);
  const PtoOperand& dst = execution.operand(0);
  const PtoOperand& src = execution.operand(1);
  const Conversion conversion{element_of(src), element_of(dst), static_cast<pto::RoundMode>(execution.attributes().round_mode),
                              execution.attributes().saturate != 0};
  const std::array operands{&dst, &src};
  for_each_run(operands, dst.valid_rows, dst.valid_cols,
               [&conversion](const auto& run, int64_t n) { convert_rounded(conversion, run[0], run[1], n); });
}

void expand_scalar(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const bool whole = static_cast<pto::TileType>(dst.tile->space) == pto::TileType::Mat;
  fill_grid(tile_grid(dst), 0, 0, whole ? dst.tile->rows : dst.valid_rows, whole ? dst.tile->cols : dst.valid_cols,
            execution.attributes().scalar);
}

/// dst(r, c) = src(r, 0)
void row_expand(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  require_region(execution, 1, 0, 0, dst.valid_rows, 1);
  Grid src = tile_grid(execution.operand(1));
  const Grid to = tile_grid(dst);
  for (int64_t r = 0; r < dst.valid_rows; ++r) {
    uint64_t bits = 0;
    std::memcpy(&bits, src.at(r, 0), static_cast<size_t>(src.element_bytes));
    fill_grid(to, r, 0, 1, dst.valid_cols, bits);
  }
}

/// dst(r, c) = src(0, c): a copy from a source that has row 0 everywhere.
void col_expand(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  require_region(execution, 1, 0, 0, 1, dst.valid_cols);
  Grid src = tile_grid(execution.operand(1));
  src.row = {};
  copy_grid(tile_grid(dst), 0, 0, src, 0, 0, dst.valid_rows, dst.valid_cols);
}

void col_expand_binary(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  require_region(execution, 1, 0, 0, dst.valid_rows, dst.valid_cols);
  require_region(execution, 2, 0, 0, 1, dst.valid_cols);
  const BinaryKernel kernel = binary_kernel(binary_op(execution.op()), element_of(dst), BinaryForm::kRunRun);
  Grid vector = tile_grid(execution.operand(2));
  vector.row = {};
  const std::array grids{tile_grid(dst), tile_grid(execution.operand(1)), vector};
  for_each_run(grids, dst.valid_rows, dst.valid_cols, [kernel](const auto& run, int64_t n) { kernel(run[0], run[1], run[2], n); });
}

/// The row of a grid as a grid of its own.
Grid row_of(const Grid& grid, int64_t row) { return {grid.data + grid.row.offset(row), {}, grid.col, grid.element_bytes}; }

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
  const Grid to = tile_grid(dst), full = tile_grid(execution.operand(full_index)), values = tile_grid(vector);
  const int64_t block = 32 / vector.tile->element_bytes;
  const bool repeats = vector.tile->layout == kPtoNd && vector.valid_cols == block;
  const BinaryOp op = binary_op(execution.op());
  if (!repeats) {
    const BinaryKernel kernel = binary_kernel(op, element_of(dst), vector_first ? BinaryForm::kScalarRun : BinaryForm::kRunScalar);
    const bool row_major = dst.tile->layout == kPtoNd && execution.operand(full_index).tile->layout == kPtoNd;
    for (int64_t r = 0; r < dst.valid_rows; ++r) {
      const uint8_t* value = values.at(r, 0);
      if (row_major) {
        uint8_t* out = to.data + r * to.row.step[0];
        const uint8_t* in = full.data + r * full.row.step[0];
        vector_first ? kernel(out, value, in, dst.valid_cols) : kernel(out, in, value, dst.valid_cols);
        continue;
      }
      for_each_run(std::array{row_of(to, r), row_of(full, r)}, 1, dst.valid_cols,
                   [=](const auto& run, int64_t n) { vector_first ? kernel(run[0], value, run[1], n) : kernel(run[0], run[1], value, n); });
    }
    return;
  }
  const BinaryKernel kernel = binary_kernel(op, element_of(dst), BinaryForm::kRunRun);
  Grid repeated = values;  // column c of the vector is column c % block
  repeated.col = {};
  repeated.col.extent[0] = block;
  repeated.col.step[0] = values.element_bytes;
  repeated.col.extent[1] = int64_t{1} << 40;
  repeated.col.step[1] = 0;
  repeated.col.digits = 2;
  for_each_run(std::array{to, full, repeated}, dst.valid_rows, dst.valid_cols,
               [=](const auto& run, int64_t n) { vector_first ? kernel(run[0], run[2], run[1], n) : kernel(run[0], run[1], run[2], n); });
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
    case TMIN: return binary;
    case TABS:
    case TNEG:
    case TEXP:
    case TLOG:
    case TSQRT:
    case TRSQRT:
    case TRECIP:
    case TRELU: return unary;
    case TADDS:
    case TSUBS:
    case TMULS:
    case TDIVS:
    case TMAXS:
    case TMINS: return scalar;
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
