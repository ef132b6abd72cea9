// infer-directions: what kernels do with their tensors, and what the runtime has to do with them for it.
#include "compiler/ir/tile_dialect.h"
#include "compiler/passes/affine_regions.h"
#include "compiler/passes/kernel_accesses.h"
#include "compiler/passes/passes.h"
#include "compiler/passes/tensor_regions.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Dominance.h"

namespace tilewright {
namespace {

using namespace mlir;
using tw::Direction;

// ---- kernels

/// Whether `store` has written all that `load` reads, on every way to it.
bool covers(const KernelAccess& store, const KernelAccess& load, DominanceInfo& dominance) {
  if (!store.writes || store.reads || !store.whole || store.tensor != load.tensor || load.indices.empty()) return false;
  if (store.rows < load.rows || store.columns < load.columns || store.indices.size() != load.indices.size()) return false;
  for (const auto& [a, b] : llvm::zip_equal(store.indices, load.indices)) {
    if (a != b && (!getConstantIntValue(a) || getConstantIntValue(a) != getConstantIntValue(b))) return false;
  }
  return dominance.properlyDominates(store.op, load.op);
}

/// What a kernel does with a tensor that it is given.
struct Effect {
  bool reads = false;
  bool writes = false;
};

Effect marked(tile::FuncOp kernel, unsigned argument) {
  if (kernel.getArgAttr(argument, tw::kInOutAttribute)) return {true, true};
  return {false, kernel.getArgAttr(argument, tw::kOutAttribute) != nullptr};
}

/// Marks the arguments of a kernel. What is marked already is not taken back: a kernel may do less than it says.
void mark(tile::FuncOp kernel) {
  DominanceInfo dominance(kernel);
  SmallVector<KernelAccess> accesses;
  kernel.walk<WalkOrder::PreOrder>([&](Operation* op) {
    if (const std::optional<KernelAccess> access = access_of(op)) accesses.push_back(*access);
  });
  for (const BlockArgument argument : kernel.getBody().getArguments()) {
    if (!isa<tw::DeviceTensorType>(argument.getType())) continue;
    Effect effect = marked(kernel, argument.getArgNumber());
    for (const KernelAccess& access : accesses) {
      if (root_tensor(access.tensor) != argument) continue;
      effect.writes = effect.writes || access.writes;
      const auto written_before = [&](const KernelAccess& store) { return covers(store, access, dominance); };
      effect.reads = effect.reads || (access.reads && llvm::none_of(accesses, written_before));
    }
    const unsigned number = argument.getArgNumber();
    kernel.removeArgAttr(number, tw::kOutAttribute);
    kernel.removeArgAttr(number, tw::kInOutAttribute);
    if (effect.writes)
      kernel.setArgAttr(number, effect.reads ? tw::kInOutAttribute : tw::kOutAttribute, UnitAttr::get(kernel.getContext()));
  }
}

// ---- orchestrations

/// A use of a tensor by an orchestration, in program order.
struct Use {
  Operation* op;
  Value tensor;  ///< the view that is used
  bool writes;
  std::optional<unsigned> operand;  ///< of a submit
};

class Calls {
 public:
  Calls(tw::OrchestrationOp orchestration, SymbolTableCollection& symbols) : orchestration_(orchestration), symbols_(symbols) {}

  LogicalResult run() {
    orchestration_->walk<WalkOrder::PreOrder>([&](Operation* op) { add(op); });
    if (failed(check_marks())) return failure();
    for (size_t i = 0; i < uses_.size(); ++i) decide(i);
    for (auto& [op, directions] : directions_) cast<tw::SubmitOp>(op).setDirections(ArrayRef<int32_t>(directions));
    return success();
  }

 private:
  /// What the kernels of a task do together; of a mixed task one may read what the other writes.
  Effect effect(tw::SubmitOp submit, unsigned operand) {
    Effect all;
    bool only_writes = true;
    for (const auto name : submit.getKernels().getAsRange<FlatSymbolRefAttr>()) {
      auto kernel = symbols_.lookupNearestSymbolFrom<tile::FuncOp>(submit, name);
      const Effect one = marked(kernel, operand);
      all.writes = all.writes || one.writes;
      only_writes = only_writes && one.writes && !one.reads;
    }
    all.reads = !only_writes;
    return all;
  }

  void add(Operation* op) {
    if (auto submit = dyn_cast<tw::SubmitOp>(op)) {
      SmallVector<int32_t>& directions = directions_[op];
      for (const auto& [i, value] : llvm::enumerate(submit.getOperands_())) {
        const unsigned number = static_cast<unsigned>(i);
        directions.push_back(static_cast<int32_t>(submit.direction(number)));
        if (isa<tw::DeviceTensorType>(value.getType())) uses_.push_back({op, value, effect(submit, number).writes, number});
      }
    } else if (auto write = dyn_cast<tw::WriteOp>(op)) {
      uses_.push_back({op, write.getTensor(), true, std::nullopt});
    } else if (auto assemble = dyn_cast<tw::AssembleOp>(op)) {
      uses_.push_back({op, assemble.getInto(), true, std::nullopt});
    }
  }

  LogicalResult check_marks() {
    for (const Use& use : uses_) {
      auto argument = dyn_cast<BlockArgument>(root_tensor(use.tensor));
      if (!use.writes || !argument || argument.getOwner() != &orchestration_.getBody().front()) continue;
      const unsigned number = argument.getArgNumber();
      if (orchestration_.getArgAttr(number, tw::kOutAttribute) || orchestration_.getArgAttr(number, tw::kInOutAttribute)) continue;
      InFlightDiagnostic error = use.op->emitOpError()
                                 << "writes argument " << number << " of '" << orchestration_.getName() << "', which is neither '"
                                 << tw::kOutAttribute << "' nor '" << tw::kInOutAttribute << "'";
      error.attachNote(argument.getLoc()) << "the argument is declared here";
      return error;
    }
    return success();
  }

  void decide(size_t i) {
    const Use& use = uses_[i];
    if (!use.operand) return;
    auto submit = cast<tw::SubmitOp>(use.op);
    if (submit.direction(*use.operand) != Direction::kUndecided) return;  // the program says so
    const Effect does = effect(submit, *use.operand);
    Direction direction = !does.writes ? Direction::kIn : does.reads ? Direction::kInOut : Direction::kOut;
    // The runtime orders a writer behind earlier writers only if it also reads (spec/l2-runtime.md, 3.4).
    if (direction == Direction::kOut && writes_again(i)) direction = Direction::kInOut;
    directions_[use.op][*use.operand] = static_cast<int32_t>(direction);
  }

  /// Whether another task, or this one in another turn of a loop, may have written the same elements before.
  bool writes_again(size_t i) {
    const Use& use = uses_[i];
    for (size_t k = 0; k < uses_.size(); ++k) {
      const Use& other = uses_[k];
      if (!other.writes || !may_share(use.tensor, other.tensor)) continue;
      if (k < i && other.op != use.op && !regions_.are_disjoint(use.tensor, other.tensor)) return true;
      if (again_in_loop(use, other)) return true;
    }
    return false;
  }

  bool again_in_loop(const Use& use, const Use& other) {
    Value root = root_tensor(use.tensor);
    for (Operation* around = use.op->getParentOp(); around != nullptr && !isa<tw::OrchestrationOp>(around);
         around = around->getParentOp()) {
      if (!isa<scf::ForOp, scf::WhileOp>(around) || !around->isProperAncestor(other.op) || around->hasAttr(tw::kParallelAttribute))
        continue;
      if (auto made = root.getDefiningOp<tw::CreateOp>(); made && around->isAncestor(made)) continue;  // a new tensor in each turn
      auto loop = dyn_cast<scf::ForOp>(around);
      if (!loop || !regions_.are_disjoint_in_turns(loop, use.tensor, other.tensor)) return true;
    }
    return false;
  }

  tw::OrchestrationOp orchestration_;
  SymbolTableCollection& symbols_;
  SmallVector<Use> uses_;
  Regions regions_;
  llvm::MapVector<Operation*, SmallVector<int32_t>> directions_;
};

class InferDirections : public PassWrapper<InferDirections, OperationPass<ModuleOp>> {
 public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(InferDirections)

  StringRef getArgument() const override { return "infer-directions"; }
  StringRef getDescription() const override { return "Find out what kernels read and write, and say so to the runtime at each submit"; }

  void runOnOperation() override {
    for (auto kernel : getOperation().getOps<tile::FuncOp>()) mark(kernel);
    SymbolTableCollection symbols;
    for (auto orchestration : getOperation().getOps<tw::OrchestrationOp>()) {
      if (failed(Calls(orchestration, symbols).run())) return signalPassFailure();
    }
  }
};

}  // namespace

std::unique_ptr<Pass> create_infer_directions() { return std::make_unique<InferDirections>(); }

}  // namespace tilewright
