#include "compiler/passes/certain_order.h"

#include "llvm/ADT/TypeSwitch.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace tilewright {

using namespace mlir;

namespace {

Block* block_without_scopes(Operation* op) {
  while (isa<tw::ScopeOp>(op->getParentOp())) op = op->getParentOp();
  return op->getBlock();
}

/// What an element of an array of ids, or with no index each of them, was certainly set to.
SmallVector<Value> elements_of(Value tasks, std::optional<int64_t> index) {
  SmallVector<Value> ids;
  llvm::DenseSet<int64_t> set_later;
  bool first = true;
  while (auto set = tasks.getDefiningOp<tw::SetTaskOp>()) {
    const std::optional<int64_t> place = getConstantIntValue(set.getIndex());
    // One that is set somewhere may hide those that were set before it, and be hidden by those behind it.
    if (!place) {
      if (first && !index) ids.push_back(set.getTask());
      return ids;
    }
    if (index == place) return {set.getTask()};
    if (!index && set_later.insert(*place).second) ids.push_back(set.getTask());
    tasks = set.getTasks();
    first = false;
  }
  return ids;
}

}  // namespace

unsigned CertainOrder::add(Operation* task) {
  const unsigned number = size();
  tasks_.push_back({task, block_without_scopes(task), llvm::BitVector(number)});
  numbers_[task] = number;
  SmallVector<Value> after;
  if (auto submit = dyn_cast<tw::SubmitOp>(task)) after = submit.getDependencies();
  if (auto dummy = dyn_cast<tw::DummyOp>(task)) after = dummy.getDependencies();
  for (const Value ids : after) {
    for (const unsigned earlier : named(ids)) wait(number, earlier);
  }
  return number;
}

void CertainOrder::wait(unsigned later, unsigned earlier) {
  llvm::BitVector& before = tasks_[later].before;
  before.set(earlier);
  const bool always = runs_with(earlier, later);
  for (const unsigned first : tasks_[earlier].before.set_bits()) {
    // The way leads over a task that must run whenever its ends do.
    if (always || runs_with(earlier, first)) before.set(first);
  }
}

bool CertainOrder::runs_with(unsigned task, unsigned other) const {
  return tasks_[task].block->findAncestorOpInBlock(*tasks_[other].op) != nullptr;
}

SmallVector<unsigned> CertainOrder::named(Value ids) const {
  Operation* op = ids.getDefiningOp();
  if (op == nullptr) return {};
  return llvm::TypeSwitch<Operation*, SmallVector<unsigned>>(op)
      .Case<tw::SubmitOp, tw::DummyOp>([&](auto task) {
        const auto found = numbers_.find(task);
        return found == numbers_.end() ? SmallVector<unsigned>() : SmallVector<unsigned>{found->second};
      })
      .Case([&](tw::ScopeOp scope) {
        const unsigned result = cast<OpResult>(ids).getResultNumber();
        return named(scope.getBody().front().getTerminator()->getOperand(result));
      })
      .Case([&](scf::IfOp branch) {
        // What runs in a way of the branch is named by that way's result.
        SmallVector<unsigned> all;
        const unsigned result = cast<OpResult>(ids).getResultNumber();
        for (mlir::Region& way : branch->getRegions()) {
          Value id = way.front().getTerminator()->getOperand(result);
          if (!way.isAncestor(id.getParentRegion())) continue;  // names nothing in the way
          for (const unsigned task : named(id)) {
            if (way.isAncestor(tasks_[task].op->getParentRegion())) all.push_back(task);
          }
        }
        return all;
      })
      .Case([&](tw::GetTaskOp get) {
        const std::optional<int64_t> index = getConstantIntValue(get.getIndex());
        SmallVector<unsigned> all;
        if (!index) return all;
        for (const Value id : elements_of(get.getTasks(), index)) all.append(named(id));
        return all;
      })
      .Case([&](tw::SetTaskOp) {
        SmallVector<unsigned> all;
        for (const Value id : elements_of(ids, std::nullopt)) all.append(named(id));
        return all;
      })
      .Default([](Operation*) { return SmallVector<unsigned>(); });
}

}  // namespace tilewright
