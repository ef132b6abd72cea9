// Reductions of rows and of columns.
#include <algorithm>
#include <array>

#include "isa/execution.h"
#include "isa/kernels.h"
#include "isa/tile_strips.h"

namespace tilewright::isa {
namespace {

ReduceOp reduce_op(pto::Op op) {
  using enum pto::Op;
  return op == TROWSUM || op == TCOLSUM ? ReduceOp::kSum : op == TROWMAX || op == TCOLMAX ? ReduceOp::kMax : ReduceOp::kMin;
}

void require_elements(const Execution& execution) {
  const PtoOperand& src = execution.operand(1);
  if (src.valid_rows > 0 && src.valid_cols > 0) return;
  fail(execution, kPtoFailInvalidArgument, describe_operand(execution, 1) + " is empty, and the reduction of nothing has no value",
       "reduce at least one element");
}

/// dst(0, c) = op over r < rows of src(r, c), for c < cols. Rows and columns are those of the grids, so a transposed call
/// reduces rows. What is not contiguous goes through the core's scratch.
void reduce_columns(const Execution& execution, const Grid& dst, const Grid& src, int64_t rows, int64_t cols) {
  const PtoElement element = static_cast<PtoElement>(execution.operand(1).tile->element);
  const ReduceKernel kernel = col_reduce_kernel(reduce_op(execution.op()), element);
  uint8_t* const scratch = execution.core.memory->scratch();
  const int bytes = src.element_bytes;
  const auto contiguous = [bytes](const Axis& axis) { return axis.digits == 1 && axis.step[0] == bytes; };
  Grid from = src;
  if (!contiguous(src.col) || src.row.digits != 1) {
    from = row_buffer(scratch, bytes);
    from.row.add(int64_t{1} << 40, cols * bytes);
    copy_grid(from, 0, 0, src, 0, 0, rows, cols);
  }
  uint8_t* const result = scratch + CoreMemory::kScratchBytes / 2;
  kernel(result, from.data, from.row.step[0], rows, cols);
  copy_grid(dst, 0, 0, row_buffer(result, bytes), 0, 0, 1, cols);
}

void col_reduce(const Execution& execution) {
  require_elements(execution);
  const PtoOperand& src = execution.operand(1);
  require_region(execution, 0, 0, 0, 1, src.valid_cols);
  reduce_columns(execution, tile_grid(execution.operand(0)), tile_grid(src), src.valid_rows, src.valid_cols);
}

void row_reduce(const Execution& execution) {
  require_elements(execution);
  const PtoOperand& src = execution.operand(1);
  require_region(execution, 0, 0, 0, src.valid_rows, 1);
  const Grid dst = tile_grid(execution.operand(0)), from = tile_grid(src);
  if (src.tile->layout != kPtoNd) {
    return reduce_columns(execution, dst.transposed(), from.transposed(), src.valid_cols, src.valid_rows);
  }
  const ReduceKernel kernel = row_reduce_kernel(reduce_op(execution.op()), static_cast<PtoElement>(src.tile->element));
  alignas(64) uint8_t results[kGatherRun * 8];
  for (int64_t r = 0; r < src.valid_rows; r += kGatherRun) {
    const int64_t n = std::min<int64_t>(kGatherRun, src.valid_rows - r);
    kernel(results, from.at(r, 0), from.row.step[0], n, src.valid_cols);
    copy_grid(dst.transposed(), 0, r, row_buffer(results, dst.element_bytes), 0, 0, 1, n);
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
