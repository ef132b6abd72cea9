#include "isa/fold.h"

#include "pto/common/type.hpp"

namespace tilewright::isa {

FoldedOperand::FoldedOperand(const PtoOperand& operand) : operand_(operand) {
  const auto halve = [this](auto& value) {
    good_ = good_ && value % 2 == 0;
    value /= 2;
  };
  if (operand.tile != nullptr && operand.tile->element_bytes == 0) {
    tile_ = *operand.tile;
    by_row_ = tile_.layout == kPtoDn || tile_.layout == kPtoZn || tile_.layout == kPtoNn;
    tile_.element_bytes = 1;
    halve(by_row_ ? tile_.rows : tile_.cols);
    if (tile_.layout > kPtoDn) halve(by_row_ ? tile_.inner_rows : tile_.inner_cols);
    // An odd valid extent covers half of its last byte, which is moved whole.
    int32_t& valid = by_row_ ? operand_.valid_rows : operand_.valid_cols;
    valid = (valid + 1) / 2;
    operand_.tile = &tile_;
  }
  if (operand.tile == nullptr && operand.global != nullptr && operand.global->element_bytes == 0) {
    global_ = *operand.global;
    global_.element_bytes = 1;
    const auto layout = static_cast<pto::Layout>(global_.layout);
    const int inner = layout == pto::Layout::DN ? 3 : 4;
    by_row_ =
        layout == pto::Layout::DN || layout == pto::Layout::MX_B_NN || layout == pto::Layout::MX_B_ND || layout == pto::Layout::MX_B_DN;
    for (int d = 0; d < 5; ++d) {
      shape_[d] = operand.shape[d];
      stride_[d] = operand.stride[d];
      if (d == inner) {
        shape_[d] = (shape_[d] + 1) / 2;
        good_ = good_ && stride_[d] == 1;
      } else if (shape_[d] > 1) {
        halve(stride_[d]);
      }
    }
    operand_.global = &global_;
    operand_.shape = shape_;
    operand_.stride = stride_;
  }
}

}  // namespace tilewright::isa
