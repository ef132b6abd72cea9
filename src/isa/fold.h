// Operands whose elements share bytes (fp4), seen as operands of bytes: the direction in which elements are neighbours is halved.
#pragma once

#include <cstdint>

#include "pto/common/sim_abi.h"

namespace tilewright::isa {

/// A copy of an operand, of half as many elements of one byte if its elements have four bits, else the same. Sizes and strides of a
/// tensor count elements of four bits, so they are even but for the innermost stride, which is 1.
class FoldedOperand {
 public:
  explicit FoldedOperand(const PtoOperand& operand);
  FoldedOperand(const FoldedOperand&) = delete;
  FoldedOperand& operator=(const FoldedOperand&) = delete;

  const PtoOperand& operand() const { return operand_; }
  /// Whether rows were halved, else columns.
  bool by_row() const { return by_row_; }
  /// False if an extent or a stride cannot be halved.
  bool good() const { return good_; }

 private:
  PtoOperand operand_;
  PtoTileType tile_{};
  PtoGlobalType global_{};
  int64_t shape_[6] = {}, stride_[5] = {};
  bool by_row_ = false, good_ = true;
};

}  // namespace tilewright::isa
