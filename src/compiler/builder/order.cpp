// The order of what was recorded, where C++ leaves it open.
#include "compiler/builder/order.h"

#include <unordered_map>

#include "llvm/ADT/DenseSet.h"
#include "mlir/IR/Iterators.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace tilewright::recording {

namespace {

/// Computes or reads, or declares, and does nothing else.
bool movable(Operation* op) {
  if (op->getNumRegions() != 0 || op->hasTrait<OpTrait::IsTerminator>()) return false;
  if (isMemoryEffectFree(op)) return true;
  auto effects = dyn_cast<MemoryEffectOpInterface>(op);
  if (!effects) return false;
  SmallVector<MemoryEffects::EffectInstance> all;
  effects.getEffects(all);
  return llvm::all_of(all, [](const MemoryEffects::EffectInstance& effect) {
    return isa<MemoryEffects::Read, MemoryEffects::Allocate>(effect.getEffect());
  });
}

/// Puts blocks in order from the last operation to the first, so that what uses a value has its place when the value is placed.
class Order {
 public:
  void operator()(Block& block) {
    Operation* barrier = &block.back();
    while (barrier != nullptr) {
      for (Region& region : llvm::reverse(barrier->getRegions())) {
        for (Block& inner : llvm::reverse(region)) (*this)(inner);
      }
      places_[barrier] = --next_;
      SmallVector<Operation*> run;  // of movable operations before the barrier, backwards
      Operation* before = barrier->getPrevNode();
      for (; before != nullptr && movable(before); before = before->getPrevNode()) run.push_back(before);
      place(run, barrier);
      barrier = before;
    }
  }

 private:
  /// The first use outside of the run: its place, and the operand's number.
  using Use = std::pair<int64_t, unsigned>;

  void place(ArrayRef<Operation*> run, Operation* barrier) {
    const llvm::DenseSet<Operation*> in_run(run.begin(), run.end());
    SmallVector<std::pair<Use, Operation*>> roots;
    for (Operation* op : llvm::reverse(run)) {
      Use first = {0, 0};
      for (OpOperand& use : op->getUses()) {
        if (!in_run.contains(use.getOwner())) first = std::min(first, Use(places_.at(use.getOwner()), use.getOperandNumber()));
      }
      if (first.first != 0) roots.push_back({first, op});
    }
    llvm::sort(roots, [](const auto& a, const auto& b) { return a.first < b.first; });
    SmallVector<Operation*> ordered;
    llvm::DenseSet<Operation*> done;
    const auto visit = [&](auto& self, Operation* op) -> void {
      if (op == nullptr || !in_run.contains(op) || !done.insert(op).second) return;
      for (const Value operand : op->getOperands()) self(self, operand.getDefiningOp());
      ordered.push_back(op);
    };
    for (const auto& root : roots) visit(visit, root.second);
    for (Operation* op : ordered) op->moveBefore(barrier);
    for (Operation* op : llvm::reverse(ordered)) places_[op] = --next_;
  }

  std::unordered_map<Operation*, int64_t> places_;
  int64_t next_ = 0;
};

}  // namespace

void order_operations(ModuleOp module) {
  // What nobody uses has no place by its uses.
  const auto erase_dead = [](Operation* op) {
    if (op->use_empty() && movable(op)) op->erase();
  };
  module->walk<WalkOrder::PostOrder, ReverseIterator>(erase_dead);
  for (Operation& function : llvm::reverse(*module.getBody())) {
    for (Block& block : function.getRegion(0)) Order()(block);
  }
}

}  // namespace tilewright::recording
