#include "compiler/passes/tensor_regions.h"

#include "compiler/ir/tw_dialect.h"

namespace tilewright {

using namespace mlir;

Value root_tensor(Value tensor) {
  while (Operation* op = tensor.getDefiningOp()) {
    if (!isa<tw::ViewOp, tw::ReshapeOp, tw::TransposeOp>(op)) break;
    tensor = op->getOperand(0);
  }
  return tensor;
}

bool is_untracked(Value tensor) {
  auto create = root_tensor(tensor).getDefiningOp<tw::CreateOp>();
  return create && create.getUntracked();
}

bool is_in_manual_scope(Operation* op) {
  auto scope = op->getParentOfType<tw::ScopeOp>();
  return scope && scope.getManual();
}

bool is_root(Value tensor) {
  if (tensor.getDefiningOp<tw::CreateOp>()) return true;
  auto argument = dyn_cast<BlockArgument>(tensor);
  return argument && isa<FunctionOpInterface>(argument.getOwner()->getParentOp());
}

bool may_be_one(Value root, Value other) {
  if (root == other || !is_root(root) || !is_root(other)) return true;
  const auto may_alias = [](Value tensor) {
    auto argument = dyn_cast<BlockArgument>(tensor);
    if (!argument) return false;
    auto function = cast<FunctionOpInterface>(argument.getOwner()->getParentOp());
    return function.getArgAttr(argument.getArgNumber(), tw::kMayAliasAttribute) != nullptr;
  };
  return may_alias(root) && may_alias(other);
}

bool may_share(Value a, Value b) { return may_be_one(root_tensor(a), root_tensor(b)); }

}  // namespace tilewright
