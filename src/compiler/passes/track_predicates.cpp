// track-predicates: what a predicate looks at is an argument of its task, so that the runtime knows of it.
#include "compiler/ir/tile_dialect.h"
#include "compiler/passes/passes.h"
#include "compiler/passes/tensor_regions.h"

namespace tilewright {
namespace {

using namespace mlir;

class TrackPredicates : public PassWrapper<TrackPredicates, OperationPass<ModuleOp>> {
 public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TrackPredicates)

  StringRef getArgument() const override { return "track-predicates"; }
  StringRef getDescription() const override { return "Make the tensors that predicates look at arguments of their tasks"; }

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<tw::SubmitOp> submits;
    llvm::StringMap<unsigned> users;
    getOperation().walk([&](tw::SubmitOp submit) {
      for (const auto name : submit.getKernels().getAsRange<FlatSymbolRefAttr>()) ++users[name.getValue()];
      const Value tested = submit.getTested();
      if (tested && !llvm::is_contained(submit.getOperands_(), tested) && !is_untracked(tested) && !is_in_manual_scope(submit))
        submits.push_back(submit);
    });
    for (tw::SubmitOp submit : submits) {
      const auto is_tensor = [](Value value) { return isa<tw::DeviceTensorType>(value.getType()); };
      const auto place = static_cast<unsigned>(llvm::count_if(submit.getOperands_(), is_tensor));  // tensors come first
      SmallVector<Attribute> kernels;
      for (const auto name : submit.getKernels().getAsRange<FlatSymbolRefAttr>()) {
        auto kernel = symbols.lookup<tile::FuncOp>(name.getValue());
        if (users[name.getValue()] > 1) {  // other tasks go on without the argument
          --users[name.getValue()];
          kernel = kernel.clone();
          symbols.insert(kernel, Block::iterator(submit->getParentOfType<tw::OrchestrationOp>()));  // renames it
        }
        kernel.insertArgument(place, submit.getTested().getType(), {}, submit.getTested().getLoc());
        kernels.push_back(FlatSymbolRefAttr::get(kernel.getSymNameAttr()));
      }
      SmallVector<Value> operands(submit.getOperands_());
      operands.insert(operands.begin() + place, submit.getTested());
      SmallVector<int32_t> directions(operands.size(), static_cast<int32_t>(tw::Direction::kUndecided));
      for (unsigned i = 0, from = 0; i < operands.size(); ++i) {
        if (i != place) directions[i] = static_cast<int32_t>(submit.direction(from++));
      }
      const bool says = submit.getDirections().has_value();
      submit.getOperands_Mutable().assign(operands);
      if (says) submit.setDirections(ArrayRef<int32_t>(directions));
      submit.setKernelsAttr(ArrayAttr::get(submit.getContext(), kernels));
    }
  }
};

}  // namespace

std::unique_ptr<Pass> create_track_predicates() { return std::make_unique<TrackPredicates>(); }

}  // namespace tilewright
