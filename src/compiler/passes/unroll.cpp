// unroll: a copy of the body for each turn of a loop that asks for it, or for several turns of one that is pipelined.
#include "compiler/ir/loops.h"
#include "compiler/ir/tile_dialect.h"
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

/// As many turns in one as are to be in flight: each has values, and so tiles, of its own, and the pipes do the rest. Turns that are left over
/// are a loop behind it.
LogicalResult pipeline(scf::ForOp loop) {
  const int64_t stages = cast<IntegerAttr>(loop->removeAttr(tw::kPipelineAttribute)).getInt();
  if (!loop->getParentOfType<tw::AtOp>() && !loop->getParentOfType<tile::FuncOp>()) {
    return loop.emitOpError() << "asks for '" << tw::kPipelineAttribute
                              << "' in an orchestration, whose tasks run side by side without it; it is for loops in tasks";
  }
  int64_t operations = 0;
  loop.getBody()->walk([&](Operation*) { ++operations; });
  if (stages > kMaxUnrolledOperations / operations) {
    return loop.emitOpError() << "cannot be pipelined: " << stages << " turns of " << operations << " operations are more than "
                              << kMaxUnrolledOperations;
  }
  OpBuilder builder(loop);
  const Location loc = loop.getLoc();
  const Type type = loop.getInductionVar().getType();
  const auto number = [&](int64_t n) -> Value { return builder.create<arith::ConstantOp>(loc, builder.getIntegerAttr(type, n)); };
  const auto sum = [&](Value a, Value b) -> Value { return builder.createOrFold<arith::AddIOp>(loc, a, b); };
  const auto difference = [&](Value a, Value b) -> Value { return builder.createOrFold<arith::SubIOp>(loc, a, b); };
  const auto product = [&](Value a, Value b) -> Value { return builder.createOrFold<arith::MulIOp>(loc, a, b); };
  const auto quotient = [&](Value a, Value b) -> Value { return builder.createOrFold<arith::DivSIOp>(loc, a, b); };

  // Of all turns, those that make whole groups end at `middle`.
  const Value first = loop.getLowerBound(), end = loop.getUpperBound(), step = loop.getStep();
  const Value span = builder.createOrFold<arith::MaxSIOp>(loc, difference(end, first), number(0));
  const Value turns = quotient(sum(span, difference(step, number(1))), step);
  const Value group = product(step, number(stages));
  const Value middle = sum(first, product(quotient(turns, number(stages)), group));

  builder.setInsertionPointAfter(loop);
  auto rest = cast<scf::ForOp>(builder.clone(*loop));
  rest.setLowerBound(middle);
  loop->replaceAllUsesWith(rest);
  rest.getInitArgsMutable().assign(loop.getResults());
  loop.setUpperBound(middle);
  loop.setStep(group);

  Operation* yield = loop.getBody()->getTerminator();
  builder.setInsertionPoint(yield);
  const SmallVector<Operation*> body = llvm::map_to_vector(loop.getBody()->without_terminator(), [](Operation& op) { return &op; });
  const SmallVector<Value> yielded(yield->getOperands());
  SmallVector<Value> carried(yielded);
  for (int64_t turn = 1; turn < stages; ++turn) {
    IRMapping mapping;
    mapping.map(loop.getInductionVar(), sum(loop.getInductionVar(), product(step, number(turn))));
    mapping.map(loop.getRegionIterArgs(), carried);
    for (Operation* op : body) builder.clone(*op, mapping);
    for (const auto& [value, of_body] : llvm::zip_equal(carried, yielded)) value = mapping.lookupOrDefault(of_body);
  }
  yield->setOperands(carried);
  return success();
}

class Unroll : public PassWrapper<Unroll, OperationPass<ModuleOp>> {
 public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(Unroll)

  StringRef getArgument() const override { return "unroll"; }
  StringRef getDescription() const override {
    return "Unroll loops that ask for it, wholly or by turns in flight, and remove those of one turn or none";
  }
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
    SmallVector<scf::ForOp> pipelined;
    getOperation().walk([&](scf::ForOp loop) {
      if (loop->hasAttr(tw::kPipelineAttribute)) pipelined.push_back(loop);
    });
    for (scf::ForOp loop : pipelined) {
      if (failed(pipeline(loop))) return signalPassFailure();
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
