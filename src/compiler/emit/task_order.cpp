#include "compiler/emit/task_order.h"

#include "compiler/emit/tensor_orders.h"
#include "compiler/ir/tile_dialect.h"
#include "compiler/passes/affine_regions.h"
#include "compiler/passes/tensor_regions.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/SmallPtrSet.h"
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

// ---- ids of tasks

namespace {

/// The one tw.set of a variable; null if there is none, or another one.
tw::SetOp only_set(Value variable) {
  tw::SetOp only;
  for (Operation* user : variable.getUsers()) {
    auto set = dyn_cast<tw::SetOp>(user);
    if (set && only) return {};
    if (set) only = set;
  }
  return only;
}

/// Whether `before` stands before `op` in the program, neither around the other.
bool stands_before(Operation* before, Operation* op) {
  for (Operation* around = before; around != nullptr; around = around->getParentOp()) {
    Operation* other = around->getBlock() ? around->getBlock()->findAncestorOpInBlock(*op) : nullptr;
    if (other != nullptr) return around != other && around->isBeforeInBlock(other);
  }
  return false;
}

/// The operation that makes the task which `id` names; null if that is not known. Behind a variable that is set once: if that task is
/// submitted in a turn of the loops around `id`, it is the one of that turn.
Operation* task_named_by(Value id) {
  auto get = id.getDefiningOp<tw::GetOp>();
  if (!get) return id.getDefiningOp();
  tw::SetOp set = only_set(get.getVariable());
  if (!set || !stands_before(set, get)) return nullptr;
  for (Operation* around = set->getParentOp(); !around->isAncestor(get); around = around->getParentOp()) {
    if (isa<scf::ForOp, scf::WhileOp>(around)) return nullptr;  // of the last turn alone
  }
  return set.getValue().getDefiningOp();
}

/// What a task waits for by name: what task_named_by says of each id.
SmallVector<Operation*> named_tasks(tw::SubmitOp submit) {
  SmallVector<Operation*> tasks;
  for (const Value id : submit.getDependencies()) tasks.push_back(task_named_by(id));
  for (const Value id : submit.getDerived()) tasks.push_back(task_named_by(id));
  return tasks;
}

}  // namespace

// ---- writers behind readers

namespace {

bool is_sequential_loop(Operation* op) { return isa<scf::ForOp, scf::WhileOp>(op) && !op->hasAttr(tw::kParallelAttribute); }

/// An argument of a task that the runtime looks at.
struct Use {
  tw::SubmitOp submit;
  Value tensor;
  Value root;
  Direction direction;

  bool writes() const { return direction == Direction::kOut || direction == Direction::kInOut; }
  bool waits() const { return direction == Direction::kIn || direction == Direction::kInOut; }
};

SmallVector<Use> tracked_uses(tw::SubmitOp submit) {
  SmallVector<Use> uses;
  for (const auto& [i, operand] : llvm::enumerate(submit.getOperands_())) {
    if (!isa<DeviceTensorType>(operand.getType())) continue;
    const Direction direction = direction_of(submit, static_cast<unsigned>(i));
    if (direction != Direction::kNoDep && !is_untracked(operand)) uses.push_back({submit, operand, root_tensor(operand), direction});
  }
  return uses;
}

/// Tasks of one block, and what certainly orders them.
class BlockOrder {
 public:
  explicit BlockOrder(Block& block) : block_(block) {
    std::vector<tw::SubmitOp> tasks(block.getOps<tw::SubmitOp>().begin(), block.getOps<tw::SubmitOp>().end());
    if (tasks.size() > kMostTasks) return;
    std::vector<SmallVector<Use>> uses;
    std::vector<SmallVector<Operation*>> names;
    for (tw::SubmitOp task : tasks) {
      numbers_[task] = static_cast<unsigned>(uses.size());
      uses.push_back(tracked_uses(task));
      names.push_back(named_tasks(task));
    }
    before_.assign(tasks.size(), llvm::BitVector(static_cast<unsigned>(tasks.size())));
    in_turn_before_ = before_;
    for (unsigned later = 0; later < tasks.size(); ++later) {
      for (unsigned earlier = 0; earlier < later; ++earlier) {
        const bool named = llvm::is_contained(names[later], tasks[earlier].getOperation());
        if (!named && !waits(tasks[later], uses[later], uses[earlier], false)) continue;
        before_[later].set(earlier);
        before_[later] |= before_[earlier];
      }
    }
    for (unsigned later = 0; later < tasks.size(); ++later) {
      for (unsigned earlier = 0; earlier < tasks.size(); ++earlier) {
        if (before_[later].test(earlier)) in_turn_before_[later] |= in_turn_before_[earlier];
        if (!waits(tasks[later], uses[later], uses[earlier], true)) continue;
        in_turn_before_[later].set(earlier);
        in_turn_before_[later] |= before_[earlier];
      }
    }
  }

  /// Whether `later` certainly starts after `earlier` has ended: in the same turn of the block, or with `next_turn` in the next turn. Not known
  /// of blocks with very many tasks.
  bool ordered(tw::SubmitOp earlier, tw::SubmitOp later, bool next_turn) const {
    const auto first = numbers_.find(earlier), second = numbers_.find(later);
    if (first == numbers_.end() || second == numbers_.end()) return false;
    return (next_turn ? in_turn_before_ : before_)[second->second].test(first->second);
  }

 private:
  static constexpr size_t kMostTasks = 512;

  /// Whether `task` waits for one of this turn, or of the turn before, that has the uses `others`: it reads what that one writes.
  bool waits(tw::SubmitOp task, ArrayRef<Use> uses, ArrayRef<Use> others, bool of_turn_before) const {
    if (is_in_manual_scope(task)) return false;
    return llvm::any_of(others, [&](const Use& written) {
      return written.writes() && llvm::any_of(uses, [&](const Use& used) {
               // Over turns it is the same tensor if it is not made in one.
               return used.waits() && used.tensor == written.tensor && (!of_turn_before || Value(used.tensor).getParentBlock() != &block_);
             });
    });
  }

  Block& block_;
  llvm::DenseMap<Operation*, unsigned> numbers_;
  std::vector<llvm::BitVector> before_;  ///< of each task those before it in its turn
  std::vector<llvm::BitVector> in_turn_before_;  ///< and of the turn before
};

/// Made once for each block that is asked for.
class BlockOrders {
 public:
  const BlockOrder& of(Block& block) {
    std::unique_ptr<BlockOrder>& order = orders_[&block];
    if (order == nullptr) order = std::make_unique<BlockOrder>(block);
    return *order;
  }

 private:
  llvm::DenseMap<Block*, std::unique_ptr<BlockOrder>> orders_;
};

/// Whether `writer` may write what `reader` reads, later, without anything that orders the two.
bool may_overtake(const Use& reader, const Use& writer, BlockOrders& orders, Regions& regions) {
  Operation *read = reader.submit, *write = writer.submit;
  if (is_in_manual_scope(write) || !may_share(reader.root, writer.root)) return false;
  if (is_ordered(reader.root) || is_ordered(writer.root)) return false;
  const bool one_block = read->getBlock() == write->getBlock();
  const BlockOrder& order = orders.of(*read->getBlock());
  // In the same turn of everything that is around both.
  Operation* around = read;
  while (!around->getBlock()->findAncestorOpInBlock(*write)) around = around->getParentOp();
  Operation* other = around->getBlock()->findAncestorOpInBlock(*write);
  const bool before = around == other ? false : around->isBeforeInBlock(other);  // ways of one branch exclude each other
  if (before && !regions.are_disjoint(reader.tensor, writer.tensor) && !(one_block && order.ordered(reader.submit, writer.submit, false)))
    return true;
  // In a later turn of a loop that is around both.
  for (Operation* loop = read->getParentOp(); !isa<tw::OrchestrationOp>(loop); loop = loop->getParentOp()) {
    if (!is_sequential_loop(loop) || !loop->isAncestor(write)) continue;
    if (auto made = writer.root.getDefiningOp<tw::CreateOp>(); made && loop->isAncestor(made)) continue;  // a new tensor in each turn
    auto counted = dyn_cast<scf::ForOp>(loop);
    if (counted && regions.are_disjoint_in_turns(counted, reader.tensor, writer.tensor)) continue;
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
  BlockOrders orders;
  Regions regions;
  return llvm::any_of(readers, [&](const Use& reader) {
    return llvm::any_of(writers, [&](const Use& writer) { return may_overtake(reader, writer, orders, regions); });
  });
}

// ---- order by name

namespace {

/// Whether `later` waits for `earlier` by the ids that it names.
bool waits_for(tw::SubmitOp later, Operation* earlier) {
  llvm::SmallPtrSet<Operation*, 32> seen;
  SmallVector<Operation*> pending = named_tasks(later);
  while (!pending.empty()) {
    Operation* task = pending.pop_back_val();
    if (task == nullptr || !seen.insert(task).second) continue;
    if (task == earlier) return true;
    if (auto dummy = dyn_cast<tw::DummyOp>(task)) llvm::transform(dummy.getDependencies(), std::back_inserter(pending), task_named_by);
    if (auto submit = dyn_cast<tw::SubmitOp>(task)) pending.append(named_tasks(submit));
  }
  return false;
}

/// Whether the two may use the same bytes, one of them writing, of a tensor that is not known to be ordered.
bool conflict(tw::SubmitOp a, tw::SubmitOp b) {
  const auto writes = [](tw::SubmitOp submit, unsigned i) {
    const Direction direction = direction_of(submit, i);
    return direction == Direction::kOut || direction == Direction::kInOut;
  };
  for (const auto& [i, first] : llvm::enumerate(a.getOperands_())) {
    if (!isa<DeviceTensorType>(first.getType())) continue;
    for (const auto& [k, second] : llvm::enumerate(b.getOperands_())) {
      if (!isa<DeviceTensorType>(second.getType())) continue;
      if (!may_share(first, second) || is_ordered(root_tensor(first)) || is_ordered(root_tensor(second))) continue;
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
