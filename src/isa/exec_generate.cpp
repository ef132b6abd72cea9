// TCI and TTRI.
#include <algorithm>
#include <cstring>

#include "isa/execution.h"
#include "isa/tile_grid.h"

namespace tilewright::isa {
namespace {

void count(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  if (dst.valid_rows != 1) {
    fail(execution, kPtoFailInvalidArgument, describe_operand(execution, 0) + " has other than one valid row", "count along one row");
  }
  const Grid to = tile_grid(dst);
  const bool down = execution.attributes().index[0] != 0;
  uint64_t value = execution.attributes().scalar;  // its low bytes wrap as the element does
  for (int64_t c = 0; c < dst.valid_cols; ++c) {
    std::memcpy(to.at(0, c), &value, static_cast<size_t>(to.element_bytes));
    value = down ? value - 1 : value + 1;
  }
}

void triangle(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const Grid to = tile_grid(dst);
  const uint64_t one = execution.attributes().scalar;
  const int64_t diagonal = execution.attributes().index[0], cols = dst.valid_cols;
  const bool upper = execution.attributes().index[1] != 0;
  for (int64_t r = 0; r < dst.valid_rows; ++r) {
    const int64_t split = std::clamp<int64_t>(upper ? r + diagonal : r + diagonal + 1, 0, cols);
    fill_grid(to, r, 0, 1, split, upper ? 0 : one);
    fill_grid(to, r, split, 1, cols - split, upper ? one : 0);
  }
}

}  // namespace

Handler generate_handler(pto::Op op) { return op == pto::Op::TCI ? count : op == pto::Op::TTRI ? triangle : nullptr; }

}  // namespace tilewright::isa
