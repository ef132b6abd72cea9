#include "isa/execution.h"

#include <fmt/format.h>

#include "isa/hook.h"

namespace tilewright::isa {

std::string describe_operand(const Execution& execution, int index) {
  const PtoOperand& operand = execution.operand(index);
  if (operand.tile != nullptr) {
    const PtoTileType& t = *operand.tile;
    return fmt::format("operand {}, a tile in {}, {} {}x{} (valid {}x{})", index, space_name(t.space), element_name(t.element), t.rows,
                       t.cols, operand.valid_rows, operand.valid_cols);
  }
  return fmt::format("operand {}, a global tensor {} of shape {}x{}x{}x{}x{}", index, element_name(operand.global->element),
                     operand.shape[0], operand.shape[1], operand.shape[2], operand.shape[3], operand.shape[4]);
}

void fail(const Execution& execution, int code, const std::string& problem, const std::string& advice) {
  execution.core.fail(code, fmt::format("{}: {}; {}", op_name(execution.instruction.op), problem, advice));
}

namespace {

[[noreturn]] void refuse_operand(const Execution& execution, int index) {
  const PtoOperand& operand = execution.operand(index);
  if (operand.data == nullptr) {
    fail(execution, kPtoFailInvalidArgument, describe_operand(execution, index) + " has no address",
         operand.tile != nullptr ? "call TASSIGN first" : "construct it with a pointer");
  }
  fail(execution, kPtoFailInvalidArgument, describe_operand(execution, index) + " has a valid shape that exceeds its physical shape",
       "set a valid shape within the physical one");
}

}  // namespace

void check_operands(const Execution& execution) {
  const int count = execution.instruction.operand_count;
  for (int i = 0; i < count; ++i) {
    const PtoOperand& operand = execution.operand(i);
    bool good = operand.data != nullptr;
    if (operand.tile != nullptr) {
      good = good && operand.valid_rows >= 0 && operand.valid_rows <= operand.tile->rows && operand.valid_cols >= 0 &&
             operand.valid_cols <= operand.tile->cols;
    }
    if (!good) refuse_operand(execution, i);
  }
}

Launch& launch_of(const Execution& execution) {
  const CoreContext& core = execution.core;
  if (core.launch == nullptr) {
    fail(execution, kPtoFailInvalidArgument, "this core belongs to no task, so there are no other cores to work with",
         "set CoreContext::launch and lanes");
  }
  return core.launch->get(core.block_num, core.lanes);
}

void require_region(const Execution& execution, int index, int64_t row, int64_t col, int64_t rows, int64_t cols) {
  const PtoTileType& tile = *execution.operand(index).tile;
  if (row >= 0 && col >= 0 && row + rows <= tile.rows && col + cols <= tile.cols) return;
  fail(execution, kPtoFailOutOfBounds,
       fmt::format("rows {}..{} and columns {}..{} are needed of {}", row, row + rows - 1, col, col + cols - 1,
                   describe_operand(execution, index)),
       "shrink the valid region, or use a larger tile");
}

}  // namespace tilewright::isa
