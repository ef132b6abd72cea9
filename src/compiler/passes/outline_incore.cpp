// outline-incore: tw.at becomes a kernel and a submit.
#include "compiler/ir/tile_dialect.h"
#include "compiler/passes/passes.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/OperationSupport.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"

namespace tilewright {
namespace {

using namespace mlir;

/// A name that C++ and MLIR accept without quotes.
std::string identifier(StringRef text) {
  std::string name;
  for (const char c : text) name += llvm::isAlnum(c) ? c : '_';
  if (name.empty() || llvm::isDigit(name.front())) name.insert(name.begin(), '_');
  return name;
}

/// What a region takes from around it: constants, and what becomes a parameter.
struct Captures {
  SmallVector<Operation*> constants;
  SmallVector<Value> parameters;  ///< tensors, then numbers
};

/// The use of `value` inside of `region`, for a message.
Operation* user_in(Region& region, Value value) {
  for (Operation* user : value.getUsers()) {
    if (region.isAncestor(user->getParentRegion())) return user;
  }
  return region.getParentOp();
}

FailureOr<Captures> captures_of(Region& region) {
  // In the order of first use, operations before what is in their regions, so that the text decides and not a set's order.
  llvm::SetVector<Value> used;
  region.walk<WalkOrder::PreOrder>([&](Operation* op) {
    for (Value operand : op->getOperands()) {
      if (!region.isAncestor(operand.getParentRegion())) used.insert(operand);
    }
  });
  Captures captures;
  SmallVector<Value> numbers;
  for (const Value value : used) {
    Operation* definition = value.getDefiningOp();
    if (definition != nullptr && definition->hasTrait<OpTrait::ConstantLike>()) {
      captures.constants.push_back(definition);
    } else if (isa<tw::DeviceTensorType>(value.getType())) {
      captures.parameters.push_back(value);
    } else if (value.getType().isIntOrIndexOrFloat()) {
      numbers.push_back(value);
    } else {
      InFlightDiagnostic error = user_in(region, value)->emitOpError()
                                 << "takes a value of type " << value.getType() << " into a task; a task takes tensors and numbers";
      error.attachNote(value.getLoc()) << "the value comes from here";
      return failure();
    }
  }
  captures.parameters.append(numbers);
  return captures;
}

class OutlineIncore : public PassWrapper<OutlineIncore, OperationPass<ModuleOp>> {
 public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(OutlineIncore)

  StringRef getArgument() const override { return "outline-incore"; }
  StringRef getDescription() const override { return "Make kernels of the regions of tw.at, and tw.submit of their uses"; }
  void getDependentDialects(DialectRegistry& registry) const override { registry.insert<tile::TileDialect>(); }

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    for (auto orchestration : getOperation().getOps<tw::OrchestrationOp>()) {
      std::vector<tile::FuncOp> kernels;
      SmallVector<tw::AtOp> tasks;
      orchestration.walk([&](tw::AtOp at) { tasks.push_back(at); });
      for (tw::AtOp at : tasks) {
        if (failed(outline(symbols, orchestration, at, kernels))) return signalPassFailure();
      }
    }
  }

 private:
  static LogicalResult outline(SymbolTable& symbols, tw::OrchestrationOp orchestration, tw::AtOp at, std::vector<tile::FuncOp>& kernels) {
    FailureOr<Captures> captures = captures_of(at.getBody());
    if (failed(captures)) return failure();
    const FailureOr<DenseI32ArrayAttr> directions = directions_of(at, captures->parameters);
    if (failed(directions)) return failure();

    const std::string name = identifier(at.getName() ? *at.getName() : (orchestration.getName() + "_task").str());
    tile::FuncOp kernel = make_kernel(at, *captures, name);
    kernel = add_kernel(symbols, orchestration, kernel, kernels);

    OpBuilder builder(at);
    auto submit = builder.create<tw::SubmitOp>(
        at.getLoc(), at.getTask().getType(), builder.getArrayAttr({FlatSymbolRefAttr::get(kernel.getSymNameAttr())}), captures->parameters,
        *directions, at.getBlocks(), at.getSyncStart(), at.getDependencies(), /*derived=*/ValueRange(), at.getTested(),
        at.getTestedIndices(), at.getRelationAttr(), at.getTargetAttr(), at.getEarlyResolve());
    at.getTask().replaceAllUsesWith(submit.getTask());
    at.erase();
    return success();
  }

  /// `no_dep` for the parameters that the task says so of, else null.
  static FailureOr<DenseI32ArrayAttr> directions_of(tw::AtOp at, ArrayRef<Value> parameters) {
    if (at.getNoDep().empty()) return DenseI32ArrayAttr();
    SmallVector<int32_t> directions(parameters.size(), static_cast<int32_t>(tw::Direction::kUndecided));
    for (const Value tensor : at.getNoDep()) {
      const auto* const found = llvm::find(parameters, tensor);
      if (found == parameters.end()) {
        InFlightDiagnostic error = at.emitOpError("names a tensor in 'no_dep' that the task does not take");
        error.attachNote(tensor.getLoc()) << "the tensor comes from here";
        return failure();
      }
      directions[static_cast<size_t>(found - parameters.begin())] = static_cast<int32_t>(tw::Direction::kNoDep);
    }
    return DenseI32ArrayAttr::get(at.getContext(), directions);
  }

  /// The region of `at` as a kernel that is in no module yet. The region is left empty.
  static tile::FuncOp make_kernel(tw::AtOp at, const Captures& captures, StringRef name) {
    OpBuilder builder(at.getContext());
    SmallVector<Type> types;
    SmallVector<Location> locations;
    for (const Value value : captures.parameters) {
      types.push_back(value.getType());
      locations.push_back(value.getLoc());
    }
    auto kernel = builder.create<tile::FuncOp>(at.getLoc(), name, builder.getFunctionType(types, {}), /*arg_attrs=*/ArrayAttr(),
                                               /*res_attrs=*/ArrayAttr(), /*core=*/tile::CoreAttr());
    Region& body = kernel.getBody();
    body.takeBody(at.getBody());
    if (body.empty()) body.emplaceBlock();
    Block& block = body.front();
    block.addArguments(types, locations);
    for (const auto& [value, argument] : llvm::zip_equal(captures.parameters, block.getArguments())) {
      replaceAllUsesInRegionWith(value, argument, body);
    }
    builder.setInsertionPointToStart(&block);
    for (Operation* constant : captures.constants) {
      replaceAllUsesInRegionWith(constant->getResult(0), builder.clone(*constant)->getResult(0), body);
    }
    builder.setInsertionPointToEnd(&block);
    builder.create<tile::ReturnOp>(at.getLoc());
    return kernel;
  }

  /// `kernel` in front of the orchestration, or the one of `kernels` that does the same.
  static tile::FuncOp add_kernel(SymbolTable& symbols, tw::OrchestrationOp orchestration, tile::FuncOp kernel,
                                 std::vector<tile::FuncOp>& kernels) {
    for (tile::FuncOp other : kernels) {
      if (other.getFunctionType() == kernel.getFunctionType() &&
          OperationEquivalence::isRegionEquivalentTo(&other.getBody(), &kernel.getBody(), OperationEquivalence::IgnoreLocations)) {
        kernel.erase();
        return other;
      }
    }
    symbols.insert(kernel, Block::iterator(orchestration));  // renames it where the name is taken
    kernels.push_back(kernel);
    return kernel;
  }
};

}  // namespace

std::unique_ptr<Pass> create_outline_incore() { return std::make_unique<OutlineIncore>(); }

}  // namespace tilewright
