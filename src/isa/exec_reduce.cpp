// Reductions of rows and of columns.
#include <algorithm>
#include <array>

#include "isa/execution.h"
#include "isa/kernels.h"
#include "isa/tile_runs.h"

namespace tilewright::isa {
namespace {

constexpr int64_t kMany = int64_t{1} << 40;

Grid buffer_grid(void* data, int bytes) {
  Grid grid{static_cast<uint8_t*>(data), {}, {}, bytes};
  grid.col.add(kMany, bytes);
  return grid;
}

ReduceOp reduce_op(pto::Op op) {
  using enum pto::Op;
  return op == TROWSUM || op == TCOLSUM ? ReduceOp::kSum : op == TROWMAX || op == TCOLMAX ? ReduceOp::kMax : ReduceOp::kMin;
}

BinaryOp step_op(ReduceOp op) { return op == ReduceOp::kSum ? BinaryOp::kAdd : op == ReduceOp::kMax ? BinaryOp::kMax : BinaryOp::kMin; }

void require_elements(const Execution& execution) {
  const PtoOperand& src = execution.operand(1);
  if (src.valid_rows > 0 && src.valid_cols > 0) return;
  fail(execution, kPtoFailInvalidArgument, describe_operand(execution, 1) + " is empty, and the reduction of nothing has no value",
       "reduce at least one element");
}

/// dst(0, c) = op over r < rows of src(r, c), for c < cols. Rows and columns are those of the grids, so a transposed call
/// reduces rows.
void reduce_columns(ReduceOp op, PtoElement element, const Grid& dst, const Grid& src, int64_t rows, int64_t cols) {
  const bool in_f32 = op == ReduceOp::kSum && (element == kPtoF16 || element == kPtoBf16);
  const BinaryKernel step = binary_kernel(step_op(op), element, BinaryForm::kRunRun);
  const ConvertKernel widen = in_f32 ? convert_kernel(element, kPtoF32) : nullptr;
  const AccumulateKernel accumulate = in_f32 ? accumulate_kernel(element) : nullptr;
  const bool contiguous = src.col.digits == 1 && src.col.step[0] == src.element_bytes;
  alignas(64) uint8_t acc[kGatherRun * 8];
  alignas(64) uint8_t gathered[kGatherRun * 8];
  for (int64_t c = 0; c < cols; c += kGatherRun) {
    const int64_t n = std::min(kGatherRun, cols - c);
    for (int64_t r = 0; r < rows; ++r) {
      const uint8_t* row = gathered;
      if (contiguous) {
        row = src.at(r, c);
      } else {
        copy_grid(buffer_grid(gathered, src.element_bytes), 0, 0, src, r, c, 1, n);
      }
      if (in_f32) {
        r == 0 ? widen(acc, row, n) : accumulate(reinterpret_cast<float*>(acc), row, n);
      } else if (r == 0) {
        std::copy_n(row, n * src.element_bytes, acc);
      } else {
        step(acc, acc, row, n);
      }
    }
    if (in_f32) convert_kernel(kPtoF32, element)(gathered, acc, n);
    copy_grid(dst, 0, c, buffer_grid(in_f32 ? gathered : acc, dst.element_bytes), 0, 0, 1, n);
  }
}

void col_reduce(const Execution& execution) {
  require_elements(execution);
  const PtoOperand& src = execution.operand(1);
  require_region(execution, 0, 0, 0, 1, src.valid_cols);
  reduce_columns(reduce_op(execution.op()), static_cast<PtoElement>(src.tile->element), tile_grid(execution.operand(0)), tile_grid(src),
                 src.valid_rows, src.valid_cols);
}

void row_reduce(const Execution& execution) {
  require_elements(execution);
  const PtoOperand& src = execution.operand(1);
  require_region(execution, 0, 0, 0, src.valid_rows, 1);
  const ReduceOp op = reduce_op(execution.op());
  const PtoElement element = static_cast<PtoElement>(src.tile->element);
  const Grid dst = tile_grid(execution.operand(0)), from = tile_grid(src);
  if (src.tile->layout != kPtoNd) {
    return reduce_columns(op, element, dst.transposed(), from.transposed(), src.valid_cols, src.valid_rows);
  }
  const RowReduceKernel kernel = row_reduce_kernel(op, element);
  alignas(64) uint8_t results[kGatherRun * 8];
  for (int64_t r = 0; r < src.valid_rows; r += kGatherRun) {
    const int64_t n = std::min<int64_t>(kGatherRun, src.valid_rows - r);
    kernel(results, from.at(r, 0), from.row.step[0], n, src.valid_cols);
    copy_grid(dst.transposed(), 0, r, buffer_grid(results, dst.element_bytes), 0, 0, 1, n);
  }
}

}  // namespace

Handler reduce_handler(pto::Op op) {
  using enum pto::Op;
  switch (op) {
    case TROWSUM:
    case TROWMAX:
    case TROWMIN: return row_reduce;
    case TCOLSUM:
    case TCOLMAX:
    case TCOLMIN: return col_reduce;
    default: return nullptr;
  }
}

}  // namespace tilewright::isa
