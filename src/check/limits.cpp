#include "check/limits.h"

#include <fmt/format.h>

#include "pto/common/type.hpp"

namespace tilewright::check {
namespace {

using pto::Op;

void at_most(std::vector<LimitBroken>& broken, const char* what, int64_t value, int64_t limit) {
  if (value <= limit) return;
  broken.push_back({fmt::format("{} {}; hardware takes 1 to {}", value, what, limit), "split the instruction"});
}

void multiple_of(std::vector<LimitBroken>& broken, const char* what, int64_t bytes, int64_t unit) {
  if (bytes % unit == 0) return;
  broken.push_back({fmt::format("{} of {} bytes; hardware moves multiples of {} bytes", what, bytes, unit), "widen the valid region"});
}

}  // namespace

std::vector<LimitBroken> limits_broken(const PtoInstruction& i) {
  std::vector<LimitBroken> broken;
  const PtoOperand* o = i.operands;
  switch (static_cast<Op>(i.op)) {
    case Op::TMATMUL:
    case Op::TMATMUL_ACC:
    case Op::TMATMUL_BIAS:
    case Op::TGEMV:
    case Op::TGEMV_ACC:
    case Op::TGEMV_BIAS:
      at_most(broken, "rows in the left matrix (M)", o[1].valid_rows, 4095);
      at_most(broken, "columns in the left matrix (K)", o[1].valid_cols, 4095);
      at_most(broken, "columns in the right matrix (N)", o[2].valid_cols, 4095);
      break;
    case Op::TLOAD:
      if (static_cast<pto::TileType>(o[0].tile->space) == pto::TileType::Vec) {
        at_most(broken, "rows in a Vec tile", o[0].tile->rows, 4095);
      } else {
        at_most(broken, "rows in a Mat tile", o[0].tile->rows, 16384);
      }
      break;
    case Op::TSTORE_ACC: {
      at_most(broken, "columns in an Acc tile", o[1].valid_cols, 4095);
      const bool nz = static_cast<pto::Layout>(o[0].global->layout) == pto::Layout::NZ;
      at_most(broken, "rows in an Acc tile", o[1].valid_rows, nz ? 65535 : 8192);
      if (nz && o[1].valid_cols % 16 != 0) {
        broken.push_back({fmt::format("{} columns of an Acc tile are stored as NZ; hardware takes multiples of 16", o[1].valid_cols),
                          "widen the valid region"});
      }
      break;
    }
    case Op::TMOV_M2B: multiple_of(broken, "a Bias row", int64_t{o[0].valid_cols} * o[0].tile->element_bytes, 64); break;
    case Op::TMOV_M2S: multiple_of(broken, "a Scaling row", int64_t{o[0].valid_cols} * o[0].tile->element_bytes, 128); break;
    default: break;
  }
  return broken;
}

}  // namespace tilewright::check
