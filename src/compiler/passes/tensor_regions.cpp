#include "compiler/passes/tensor_regions.h"

#include "compiler/ir/tw_dialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace tilewright {

using namespace mlir;

namespace {

/// factor * base + constant; base is null for a number.
struct Offset {
  Value base;
  int64_t factor;
  int64_t constant;
};

Offset offset_of(Value value) {
  if (const std::optional<int64_t> number = getConstantIntValue(value)) return {Value(), 0, *number};
  if (auto sum = value.getDefiningOp<arith::AddIOp>()) {
    for (const auto& [one, other] : {std::pair(sum.getLhs(), sum.getRhs()), std::pair(sum.getRhs(), sum.getLhs())}) {
      const std::optional<int64_t> number = getConstantIntValue(other);
      if (!number) continue;
      const Offset rest = offset_of(one);
      return {rest.base, rest.factor, rest.constant + *number};
    }
  }
  if (auto product = value.getDefiningOp<arith::MulIOp>()) {
    for (const auto& [one, other] : {std::pair(product.getLhs(), product.getRhs()), std::pair(product.getRhs(), product.getLhs())}) {
      const std::optional<int64_t> number = getConstantIntValue(other);
      if (!number) continue;
      const Offset rest = offset_of(one);
      return {rest.base, rest.factor * *number, rest.constant * *number};
    }
  }
  return {value, 1, 0};
}

/// Both views if they are of the same tensor value.
std::optional<std::pair<tw::ViewOp, tw::ViewOp>> views_of_one(Value a, Value b) {
  auto one = a.getDefiningOp<tw::ViewOp>(), other = b.getDefiningOp<tw::ViewOp>();
  if (!one || !other || one.getTensor() != other.getTensor()) return std::nullopt;
  return std::pair(one, other);
}

/// Calls `separate` for each dimension in which both extents are known, until it says yes.
bool any_dimension(tw::ViewOp a, tw::ViewOp b, function_ref<bool(Offset, int64_t, Offset, int64_t)> separate) {
  const tw::DeviceTensorType one = a.getView().getType(), other = b.getView().getType();
  for (unsigned d = 0; d < one.rank(); ++d) {
    if (one.is_dynamic(d) || other.is_dynamic(d)) continue;
    if (separate(offset_of(a.getOffsets()[d]), one.getShape()[d], offset_of(b.getOffsets()[d]), other.getShape()[d])) return true;
  }
  return false;
}

bool is_known_root(Value root) {
  if (root.getDefiningOp<tw::CreateOp>()) return true;
  auto argument = dyn_cast<BlockArgument>(root);
  return argument && isa<FunctionOpInterface>(argument.getOwner()->getParentOp());
}

}  // namespace

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

bool may_share(Value a, Value b) {
  const Value one = root_tensor(a), other = root_tensor(b);
  return one == other || !is_known_root(one) || !is_known_root(other);
}

bool are_disjoint(Value a, Value b) {
  auto views = views_of_one(a, b);
  return views && any_dimension(views->first, views->second, [](Offset one, int64_t extent, Offset other, int64_t other_extent) {
           if (one.base != other.base || one.factor != other.factor) return false;
           return one.constant + extent <= other.constant || other.constant + other_extent <= one.constant;
         });
}

bool are_disjoint_in_turns(scf::ForOp loop, Value a, Value b) {
  auto views = views_of_one(a, b);
  const std::optional<int64_t> step = getConstantIntValue(loop.getStep());
  if (!views || !step || !loop.isDefinedOutsideOfLoop(views->first.getTensor())) return false;
  return any_dimension(views->first, views->second, [&](Offset one, int64_t extent, Offset other, int64_t other_extent) {
    if (one.base != loop.getInductionVar() || other.base != loop.getInductionVar() || one.factor != other.factor) return false;
    // All of one turn lies in a window that is not longer than the way to the next turn.
    const int64_t from = std::min(one.constant, other.constant);
    const int64_t to = std::max(one.constant + extent, other.constant + other_extent);
    return to - from <= std::abs(one.factor * *step);
  });
}

}  // namespace tilewright
