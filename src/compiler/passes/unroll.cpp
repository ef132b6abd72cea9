// unroll: a copy of the body for each turn of a loop that asks for it.
#include "compiler/ir/loops.h"
#include "compiler/ir/tw_dialect.h"
#include "compiler/passes/passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"

namespace tilewright {
namespace {

using namespace mlir;

/// More operations than this in place of one loop are a mistake: they would take minutes to compile.
constexpr int64_t kMaxUnrolledOperations = 20000;

/// Copies of the body in front of the loop, and the loop away. What folds with the turn's number is folded, so that bounds of inner
/// loops become known.
void unroll(scf::ForOp loop, const Turns& turns) {
  OpBuilder builder(loop);
  SmallVector<Value> carried(loop.getInitArgs());
  for (int64_t i = 0; i < turns.count; ++i) {
    IRMapping mapping;
    mapping.map(loop.getInductionVar(),
                builder.create<arith::ConstantOp>(loop.getLoc(),
                                                  builder.getIntegerAttr(loop.getInductionVar().getType(), turns.first + i * turns.step)));
    mapping.map(loop.getRegionIterArgs(), carried);
    for (Operation& op : loop.getBody()->without_terminator()) {
      Operation* copy = builder.clone(op, mapping);
      SmallVector<Value> folded;
      if (copy->getNumRegions() != 0 || failed(builder.tryFold(copy, folded)) || folded.empty()) continue;
      mapping.map(op.getResults(), folded);
      copy->replaceAllUsesWith(folded);
      copy->erase();
    }
    for (const auto& [value, yielded] : llvm::zip_equal(carried, loop.getBody()->getTerminator()->getOperands()))
      value = mapping.lookupOrDefault(yielded);
  }
  loop->replaceAllUsesWith(carried);
  loop.erase();
}

class Unroll : public PassWrapper<Unroll, OperationPass<ModuleOp>> {
 public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(Unroll)

  StringRef getArgument() const override { return "unroll"; }
  StringRef getDescription() const override { return "Unroll loops that ask for it, and remove those of one turn or none"; }
  void getDependentDialects(DialectRegistry& registry) const override { registry.insert<arith::ArithDialect>(); }

  void runOnOperation() override {
    while (true) {
      scf::ForOp next;
      Turns turns = {};
      // Outer loops first: the bounds of inner ones may depend on them.
      getOperation().walk<WalkOrder::PreOrder>([&](scf::ForOp loop) {
        const std::optional<Turns> known = turns_of(loop);
        if (!known || (known->count > 1 && !loop->hasAttr(tw::kUnrollAttribute))) return WalkResult::advance();
        next = loop;
        turns = *known;
        return WalkResult::interrupt();
      });
      if (!next) break;
      int64_t operations = 0;
      next.getBody()->walk([&](Operation*) { ++operations; });
      if (turns.count > 1 && turns.count > kMaxUnrolledOperations / operations) {
        next.emitOpError() << "cannot be unrolled: " << turns.count << " turns of " << operations << " operations are more than "
                           << kMaxUnrolledOperations;
        return signalPassFailure();
      }
      unroll(next, turns);
    }
    const WalkResult left = getOperation().walk([](scf::ForOp loop) {
      if (!loop->hasAttr(tw::kUnrollAttribute)) return WalkResult::advance();
      loop.emitOpError() << "asks for '" << tw::kUnrollAttribute
                         << "', but its bounds and its step are not numbers that are known when it is compiled";
      return WalkResult::interrupt();
    });
    if (left.wasInterrupted()) signalPassFailure();
  }
};

}  // namespace

std::unique_ptr<Pass> create_unroll() { return std::make_unique<Unroll>(); }

}  // namespace tilewright
