// promote-variables: what a traced program keeps in variables becomes SSA values, through the structured control flow that it has.
#include "compiler/ir/tile_dialect.h"
#include "compiler/passes/passes.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace tilewright {
namespace {

using namespace mlir;

/// What each variable holds at a point of the program; null where it may hold nothing. Nothing takes a value away again.
using Values = DenseMap<Value, Value>;
/// In the order of the text, so that results and arguments come out the same each time.
using Variables = llvm::SetVector<Value>;

/// Variables declared outside of `op` that code in its regions sets.
Variables written_in(Operation* op) {
  Variables written;
  op->walk([&](tw::SetOp set) {
    if (!op->isAncestor(set.getVariable().getParentRegion()->getParentOp())) written.insert(set.getVariable());
  });
  return written;
}

void append(MutableOperandRange operands, const Variables& variables, const Values& values) {
  for (const Value variable : variables) operands.append(values.lookup(variable));
}

/// Walks through a function in the order in which it runs and replaces what is read from variables.
class Promotion {
 public:
  LogicalResult block(Block& block, Values& values) {
    for (Operation& op : llvm::make_early_inc_range(block)) {
      if (failed(operation(op, values))) return failure();
    }
    return success();
  }

 private:
  LogicalResult operation(Operation& op, Values& values) {
    return TypeSwitch<Operation*, LogicalResult>(&op)
        .Case([&](tw::DeclareOp declare) {
          values[declare.getVariable()] = declare.getInitial();
          return success();
        })
        .Case([&](tw::SetOp set) {
          values[set.getVariable()] = set.getValue();
          set.erase();
          return success();
        })
        .Case([&](tw::GetOp get) { return read(get, values); })
        .Case([&](scf::ForOp loop) { return for_loop(loop, values); })
        .Case([&](scf::IfOp branch) { return if_branch(branch, values); })
        .Case([&](scf::WhileOp loop) { return while_loop(loop, values); })
        .Case([&](tw::ScopeOp scope) { return scope_block(scope, values); })
        .Default([&](Operation* other) { return closed(other, values); });
  }

  static LogicalResult read(tw::GetOp get, Values& values) {
    const Value value = values.lookup(get.getVariable());
    if (!value) {
      InFlightDiagnostic error = get.emitOpError("reads a variable that may have no value here: not every way to this place sets it");
      error.attachNote(get.getVariable().getLoc()) << "the variable is declared here";
      return error;
    }
    get.getValue().replaceAllUsesWith(value);
    get.erase();
    return success();
  }

  /// Regions that give nothing to what is around them: tw.at, and operations that this pass knows nothing of.
  LogicalResult closed(Operation* op, Values& values) {
    if (op->getNumRegions() == 0) return success();
    for (const Value variable : written_in(op)) {
      for (Operation* user : variable.getUsers()) {
        if (!isa<tw::SetOp>(user) || !op->isProperAncestor(user)) continue;
        InFlightDiagnostic error = user->emitOpError() << "sets a variable from outside of '" << op->getName()
                                                       << "', which gives no values to the code around it; a task gives tensors";
        error.attachNote(variable.getLoc()) << "the variable is declared here";
        return error;
      }
    }
    for (Region& region : op->getRegions()) {
      for (Block& inner : region) {
        Values inside = values;
        if (failed(block(inner, inside))) return failure();
      }
    }
    return success();
  }

  /// Arguments of `block` for those of `variables` that have a value; the rest has none at its beginning.
  static Variables add_arguments(Block& block, const Variables& variables, const Values& outside, Values& inside) {
    Variables carried;
    for (const Value variable : variables) {
      const Value value = outside.lookup(variable);
      inside[variable] = value ? block.addArgument(value.getType(), variable.getLoc()) : Value();
      if (value) carried.insert(variable);
    }
    return carried;
  }

  /// Puts `replacement`, which took the regions of `op` and has more results, in its place: these are what `variables` hold now.
  static void replace(Operation* op, Operation* replacement, const Variables& variables, Values& values) {
    replacement->setDiscardableAttrs(op->getDiscardableAttrDictionary());
    const unsigned before = op->getNumResults();
    op->replaceAllUsesWith(replacement->getResults().take_front(before));
    for (const auto& [i, variable] : llvm::enumerate(variables))
      values[variable] = replacement->getResult(before + static_cast<unsigned>(i));
    op->erase();
  }

  LogicalResult for_loop(scf::ForOp loop, Values& values) {
    const Variables written = written_in(loop);
    Values inside = values;
    const Variables carried = add_arguments(*loop.getBody(), written, values, inside);
    if (failed(block(*loop.getBody(), inside))) return failure();
    if (written.empty()) return success();
    append(cast<scf::YieldOp>(loop.getBody()->getTerminator()).getResultsMutable(), carried, inside);
    SmallVector<Value> initial(loop.getInitArgs());
    for (const Value variable : carried) initial.push_back(values.lookup(variable));
    OpBuilder builder(loop);
    auto replacement = builder.create<scf::ForOp>(loop.getLoc(), loop.getLowerBound(), loop.getUpperBound(), loop.getStep(), initial);
    replacement.getRegion().takeBody(loop.getRegion());
    replace(loop, replacement, carried, values);
    return success();
  }

  LogicalResult if_branch(scf::IfOp branch, Values& values) {
    const Variables written = written_in(branch);
    Values then_values = values, else_values = values;
    if (failed(block(*branch.thenBlock(), then_values))) return failure();
    if (branch.elseBlock() != nullptr && failed(block(*branch.elseBlock(), else_values))) return failure();
    if (written.empty()) return success();
    Variables known;
    SmallVector<Type> types(branch.getResultTypes());
    for (const Value variable : written) {
      if (!then_values.lookup(variable) || !else_values.lookup(variable)) {
        values[variable] = Value();  // one of the ways sets nothing
        continue;
      }
      known.insert(variable);
      types.push_back(then_values.lookup(variable).getType());
    }
    OpBuilder builder(branch);
    auto replacement = builder.create<scf::IfOp>(branch.getLoc(), types, branch.getCondition(), /*withElseRegion=*/true);
    replacement.getThenRegion().takeBody(branch.getThenRegion());
    if (branch.elseBlock() != nullptr) {
      replacement.getElseRegion().takeBody(branch.getElseRegion());
    } else {
      builder.setInsertionPointToEnd(replacement.elseBlock());
      if (!replacement.elseBlock()->mightHaveTerminator()) builder.create<scf::YieldOp>(branch.getLoc());
    }
    append(replacement.thenYield().getResultsMutable(), known, then_values);
    append(replacement.elseYield().getResultsMutable(), known, else_values);
    replace(branch, replacement, known, values);
    return success();
  }

  /// The condition's region runs first and at least once; what it ends with goes to the body and out of the loop.
  LogicalResult while_loop(scf::WhileOp loop, Values& values) {
    const Variables written = written_in(loop);
    Values condition_values = values;
    const Variables carried = add_arguments(*loop.getBeforeBody(), written, values, condition_values);
    if (failed(block(*loop.getBeforeBody(), condition_values))) return failure();
    Values body_values = condition_values;
    const Variables forwarded = add_arguments(*loop.getAfterBody(), written, condition_values, body_values);
    if (failed(block(*loop.getAfterBody(), body_values))) return failure();
    if (written.empty()) return success();
    append(loop.getConditionOp().getArgsMutable(), forwarded, condition_values);
    append(loop.getYieldOp().getResultsMutable(), carried, body_values);
    SmallVector<Value> initial(loop.getInits());
    for (const Value variable : carried) initial.push_back(values.lookup(variable));
    for (const Value variable : written) values[variable] = Value();
    OpBuilder builder(loop);
    auto replacement = builder.create<scf::WhileOp>(loop.getLoc(), TypeRange(loop.getConditionOp().getArgs()), initial);
    replacement.getBefore().takeBody(loop.getBefore());
    replacement.getAfter().takeBody(loop.getAfter());
    replace(loop, replacement, forwarded, values);
    return success();
  }

  /// A scope runs once, so that variables come out of it as they are at its end.
  LogicalResult scope_block(tw::ScopeOp scope, Values& values) {
    const Variables written = written_in(scope);
    Values inside = values;
    if (failed(block(scope.getBody().front(), inside))) return failure();
    if (written.empty()) return success();
    Variables known;
    SmallVector<Type> types(scope.getResultTypes());
    for (const Value variable : written) {
      values[variable] = Value();
      if (!inside.lookup(variable)) continue;
      known.insert(variable);
      types.push_back(inside.lookup(variable).getType());
    }
    append(cast<tw::YieldOp>(scope.getBody().front().getTerminator()).getValuesMutable(), known, inside);
    OpBuilder builder(scope);
    auto replacement = builder.create<tw::ScopeOp>(scope.getLoc(), types, scope.getManualAttr());
    replacement.getBody().takeBody(scope.getBody());
    replace(scope, replacement, known, values);
    return success();
  }
};

class PromoteVariables : public PassWrapper<PromoteVariables, OperationPass<ModuleOp>> {
 public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(PromoteVariables)

  StringRef getArgument() const override { return "promote-variables"; }
  StringRef getDescription() const override { return "Make values of the variables of the traced program"; }

  void runOnOperation() override {
    for (auto function : getOperation().getOps<FunctionOpInterface>()) {
      Values values;
      if (failed(Promotion().block(function.getFunctionBody().front(), values))) return signalPassFailure();
      const WalkResult result = function.walk([](tw::DeclareOp declare) {
        if (!declare.getVariable().use_empty()) {
          (*declare.getVariable().user_begin())->emitOpError("is given a variable itself; only tw.get and tw.set take one");
          return WalkResult::interrupt();
        }
        declare.erase();
        return WalkResult::advance();
      });
      if (result.wasInterrupted()) return signalPassFailure();
    }
  }
};

}  // namespace

std::unique_ptr<Pass> create_promote_variables() { return std::make_unique<PromoteVariables>(); }

}  // namespace tilewright
