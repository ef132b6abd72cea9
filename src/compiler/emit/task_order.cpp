#include "compiler/emit/task_order.h"

#include "compiler/ir/tile_dialect.h"
#include "compiler/passes/tensor_regions.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace tilewright::emit {

using namespace mlir;
using tw::DeviceTensorType;
using tw::Direction;

/// The word for an argument: that of the submit, else what the kernel does with it.
tw::Direction direction_of(tw::SubmitOp submit, unsigned operand) {
  const Direction stated = submit.direction(operand);
  if (stated != Direction::kUndecided) return stated;
  const auto kernel = cast<FlatSymbolRefAttr>(submit.getKernels()[0]);
  auto function = SymbolTable::lookupNearestSymbolFrom<tile::FuncOp>(submit, kernel);
  if (function.getArgAttr(operand, tw::kInOutAttribute)) return Direction::kInOut;
  return function.getArgAttr(operand, tw::kOutAttribute) ? Direction::kOut : Direction::kIn;
}

// ---- writers behind readers

namespace {

bool is_sequential_loop(Operation* op) { return isa<scf::ForOp, scf::WhileOp>(op) && !op->hasAttr(tw::kParallelAttribute); }

bool is_manual(Operation* op) {
  auto scope = op->getParentOfType<tw::ScopeOp>();
  return scope && scope.getManual();
}

/// An argument of a task that the runtime looks at.
struct Use {
  tw::SubmitOp submit;
  Value tensor;
  Direction direction;

  bool writes() const { return direction == Direction::kOut || direction == Direction::kInOut; }
  bool waits() const { return direction == Direction::kIn || direction == Direction::kInOut; }
};

SmallVector<Use> tracked_uses(tw::SubmitOp submit) {
  SmallVector<Use> uses;
  for (const auto& [i, operand] : llvm::enumerate(submit.getOperands_())) {
    if (!isa<DeviceTensorType>(operand.getType())) continue;
    const Direction direction = direction_of(submit, static_cast<unsigned>(i));
    auto create = root_tensor(operand).getDefiningOp<tw::CreateOp>();
    if (direction != Direction::kNoDep && !(create && create.getUntracked())) uses.push_back({submit, operand, direction});
  }
  return uses;
}

/// Tasks of one block, and what certainly orders them.
class BlockOrder {
 public:
  explicit BlockOrder(Block& block) : block_(block) {
    for (auto submit : block.getOps<tw::SubmitOp>()) tasks_.push_back(submit);
  }

  /// Whether `later` certainly starts after `earlier` has ended: in the same turn of the block, or with `next_turn` in the next turn.
  bool ordered(tw::SubmitOp earlier, tw::SubmitOp later, bool next_turn) const {
    SmallVector<std::pair<tw::SubmitOp, bool>> pending = {{earlier, false}};
    llvm::DenseSet<std::pair<Operation*, unsigned>> seen;
    while (!pending.empty()) {
      const auto [task, turned] = pending.pop_back_val();
      for (tw::SubmitOp other : tasks_) {
        const bool behind = task->isBeforeInBlock(other);
        for (const bool turns : {false, true}) {
          if ((turns && (turned || !next_turn)) || (!turns && !behind)) continue;
          if (!follows(task, other, turns)) continue;
          if (other == later && (turned || turns) == next_turn) return true;
          if (seen.insert({other, turned || turns}).second) pending.push_back({other, turned || turns});
        }
      }
    }
    return false;
  }

 private:
  /// Whether `b` waits for `a`, of this turn or the one before: it reads what `a` writes, or names it.
  bool follows(tw::SubmitOp a, tw::SubmitOp b, bool of_next_turn) const {
    if (!of_next_turn && llvm::is_contained(b.getDependencies(), a.getTask())) return true;
    if (is_manual(b)) return false;
    for (const Use& written : tracked_uses(a)) {
      if (!written.writes()) continue;
      for (const Use& used : tracked_uses(b)) {
        if (!used.waits() || used.tensor != written.tensor) continue;
        if (!of_next_turn || Value(used.tensor).getParentBlock() != &block_) return true;  // the same tensor in each turn
      }
    }
    return false;
  }

  Block& block_;
  SmallVector<tw::SubmitOp> tasks_;
};

/// Whether `writer` may write what `reader` reads, later, without anything that orders the two.
bool may_overtake(const Use& reader, const Use& writer) {
  Operation *read = reader.submit, *write = writer.submit;
  if (read == write || is_manual(write) || !may_share(reader.tensor, writer.tensor)) return false;
  const bool one_block = read->getBlock() == write->getBlock();
  const BlockOrder order(*read->getBlock());
  // In the same turn of everything that is around both.
  Operation* around = read;
  while (!around->getBlock()->findAncestorOpInBlock(*write)) around = around->getParentOp();
  Operation* other = around->getBlock()->findAncestorOpInBlock(*write);
  const bool before = around == other ? false : around->isBeforeInBlock(other);  // ways of one branch exclude each other
  if (before && !are_disjoint(reader.tensor, writer.tensor) && !(one_block && order.ordered(reader.submit, writer.submit, false)))
    return true;
  // In a later turn of a loop that is around both.
  for (Operation* loop = read->getParentOp(); !isa<tw::OrchestrationOp>(loop); loop = loop->getParentOp()) {
    if (!is_sequential_loop(loop) || !loop->isAncestor(write)) continue;
    if (loop->isAncestor(root_tensor(writer.tensor).getParentRegion()->getParentOp())) continue;  // a new tensor in each turn
    auto counted = dyn_cast<scf::ForOp>(loop);
    if (counted && are_disjoint_in_turns(counted, reader.tensor, writer.tensor)) continue;
    // Then all later turns of the writer come after this one, because it waits for itself.
    const bool repeats = writer.direction == Direction::kInOut && Value(writer.tensor).getParentBlock() != write->getBlock();
    if (!one_block || read->getParentOp() != loop || !repeats || !order.ordered(reader.submit, writer.submit, true)) return true;
  }
  return false;
}

}  // namespace

bool needs_track_war(tw::OrchestrationOp orchestration) {
  SmallVector<Use> readers, writers;
  orchestration->walk([&](tw::SubmitOp submit) {
    for (const Use& use : tracked_uses(submit)) {
      if (use.direction == Direction::kIn) readers.push_back(use);  // one that also writes is waited for as a writer
      if (use.writes()) writers.push_back(use);
    }
  });
  return llvm::any_of(
      readers, [&](const Use& reader) { return llvm::any_of(writers, [&](const Use& writer) { return may_overtake(reader, writer); }); });
}

// ---- order by name

namespace {

/// Whether `later` waits for `earlier` by the ids that it names, of tasks in this block or around it.
bool waits_for(tw::SubmitOp later, Operation* earlier, unsigned depth = 0) {
  constexpr unsigned kDeepest = 64;
  if (depth == kDeepest) return false;
  SmallVector<Value> pending(later.getDependencies());
  while (!pending.empty()) {
    Operation* task = pending.pop_back_val().getDefiningOp();
    if (task == nullptr) continue;
    if (task == earlier) return true;
    if (auto dummy = dyn_cast<tw::DummyOp>(task)) pending.append(dummy.getDependencies().begin(), dummy.getDependencies().end());
    if (auto submit = dyn_cast<tw::SubmitOp>(task); submit && waits_for(submit, earlier, depth + 1)) return true;
  }
  return false;
}

/// Whether the two may use the same bytes, one of them writing.
bool conflict(tw::SubmitOp a, tw::SubmitOp b) {
  const auto writes = [](tw::SubmitOp submit, unsigned i) {
    const Direction direction = direction_of(submit, i);
    return direction == Direction::kOut || direction == Direction::kInOut;
  };
  for (const auto& [i, first] : llvm::enumerate(a.getOperands_())) {
    if (!isa<DeviceTensorType>(first.getType())) continue;
    for (const auto& [k, second] : llvm::enumerate(b.getOperands_())) {
      if (!isa<DeviceTensorType>(second.getType())) continue;
      if (!may_share(first, second)) continue;
      if (writes(a, static_cast<unsigned>(i)) || writes(b, static_cast<unsigned>(k))) return true;
    }
  }
  return false;
}

}  // namespace

LogicalResult verify_named_dependencies(tw::OrchestrationOp orchestration) {
  SmallVector<tw::SubmitOp> submits;
  orchestration->walk([&](tw::SubmitOp submit) { submits.push_back(submit); });
  for (size_t later = 0; later < submits.size(); ++later) {
    // A sequential loop around a task puts turns of it after each other.
    for (Operation* around = submits[later]->getParentOp(); around != orchestration; around = around->getParentOp()) {
      if (!isa<scf::ForOp, scf::WhileOp>(around) || around->hasAttr(tw::kParallelAttribute) || !conflict(submits[later], submits[later]))
        continue;
      InFlightDiagnostic error = submits[later].emitOpError(
          "writes a tensor in each turn of a loop, and aicpu_build_graph knows no dependencies but those that are named");
      error.attachNote(around->getLoc()) << "this loop; tw.parallel says that its turns do not depend on each other";
      return error;
    }
    for (size_t earlier = 0; earlier < later; ++earlier) {
      if (!conflict(submits[earlier], submits[later]) || waits_for(submits[later], submits[earlier])) continue;
      InFlightDiagnostic error = submits[later].emitOpError(
          "may use a tensor that an earlier task uses, one of them writing; aicpu_build_graph knows no dependencies but those that "
          "'after' names");
      error.attachNote(submits[earlier].getLoc()) << "the earlier task";
      return error;
    }
  }
  return success();
}

}  // namespace tilewright::emit
