// lower-assemble: a tensor that is put into another one is made there, or a task copies it.
#include "compiler/ir/tile_dialect.h"
#include "compiler/passes/affine_regions.h"
#include "compiler/passes/passes.h"
#include "compiler/passes/tensor_regions.h"
#include "compiler/target.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace tilewright {
namespace {

using namespace mlir;
using tw::DeviceTensorType;

/// The rectangle that an assemble writes, in front of it.
tw::ViewOp rectangle_of(tw::AssembleOp assemble) {
  OpBuilder builder(assemble);
  const DeviceTensorType type = assemble.getTensor().getType();
  SmallVector<Value> open;
  for (unsigned d = 0; d < type.rank(); ++d) {
    if (type.is_dynamic(d))
      open.push_back(builder.createOrFold<tw::DimOp>(assemble.getLoc(), builder.getIndexType(), assemble.getTensor(), int64_t{d}));
  }
  return builder.create<tw::ViewOp>(assemble.getLoc(), type, assemble.getInto(), assemble.getOffsets(), open);
}

// ---- as a view

bool is_reshaped(Value tensor) {
  return llvm::any_of(tensor.getUsers(), [](Operation* user) {
    if (isa<tw::ViewOp, tw::TransposeOp>(user)) return is_reshaped(user->getResult(0));
    return isa<tw::ReshapeOp>(user);
  });
}

/// Whether the kernels of a task count on a dense tensor in the place of this argument.
bool needs_dense(tw::SubmitOp submit, unsigned argument) {
  return llvm::any_of(submit.getKernels().getAsRange<FlatSymbolRefAttr>(), [&](FlatSymbolRefAttr name) {
    auto kernel = SymbolTable::lookupNearestSymbolFrom<tile::FuncOp>(submit, name);
    return is_reshaped(kernel.getArgument(argument));
  });
}

/// Whether all that uses `tensor`, itself or by a view, would do the same with a view of another tensor, and stands in front of `end`.
bool would_be_view(Value tensor, tw::AssembleOp end) {
  return llvm::all_of(tensor.getUses(), [&](OpOperand& use) {
    Operation* user = use.getOwner();
    if (user == end) return use.getOperandNumber() == 0;
    Operation* around = end->getBlock()->findAncestorOpInBlock(*user);
    if (around == nullptr || !around->isBeforeInBlock(end)) return false;
    if (isa<tw::ViewOp, tw::TransposeOp>(user)) return would_be_view(user->getResult(0), end);
    if (auto submit = dyn_cast<tw::SubmitOp>(user)) {
      const auto arguments = submit.getOperands_();
      for (unsigned i = 0; i < arguments.size(); ++i) {
        if (arguments[i] == tensor && needs_dense(submit, i)) return false;
      }
      return true;
    }
    return isa<tw::AtOp, tw::DimOp, tw::ReadOp, tw::WriteOp, tw::AssembleOp, tile::LoadOp, tile::StoreOp, tile::GatherLoadOp,
               tile::ScatterStoreOp>(user);
  });
}

/// Whether `value` is known at `place`, which stands in a block that sees it, or can be computed there.
bool can_precede(Value value, Operation* place) {
  Operation* op = value.getDefiningOp();
  if (op == nullptr || op->getBlock() != place->getBlock() || op->isBeforeInBlock(place)) return true;
  if (!isPure(op) || op->getNumRegions() != 0) return false;
  return llvm::all_of(op->getOperands(), [&](Value operand) { return can_precede(operand, place); });
}

void make_precede(Value value, Operation* place) {
  Operation* op = value.getDefiningOp();
  if (op == nullptr || op->getBlock() != place->getBlock() || op->isBeforeInBlock(place)) return;
  for (const Value operand : op->getOperands()) make_precede(operand, place);
  op->moveBefore(place);
}

/// Whether something between the two reads or writes elements of `rectangle`, other than by way of `made`.
bool is_used_between(tw::CreateOp made, tw::AssembleOp end, tw::ViewOp rectangle) {
  Regions regions;
  const auto uses = [&](Operation* op) {
    if (isa<tw::ViewOp, tw::ReshapeOp, tw::TransposeOp, tw::DimOp>(op)) return WalkResult::advance();
    const bool found = llvm::any_of(op->getOperands(), [&](Value operand) {
      if (!isa<DeviceTensorType>(operand.getType()) || root_tensor(operand) == made.getTensor()) return false;
      return !regions.are_disjoint(operand, rectangle);
    });
    return found ? WalkResult::interrupt() : WalkResult::advance();
  };
  for (Operation* op = made->getNextNode(); op != end; op = op->getNextNode()) {
    if (op->walk(uses).wasInterrupted()) return true;
  }
  return false;
}

/// Makes the tensor where it is put, if it was created for that: its last use is the assemble, and until then nobody else looks at the place.
bool lower_to_view(tw::AssembleOp assemble) {
  auto create = assemble.getTensor().getDefiningOp<tw::CreateOp>();
  if (!create || create->getBlock() != assemble->getBlock() || create.getInitial()) return false;
  if (create.getUntracked() != is_untracked(assemble.getInto()) || !would_be_view(create.getTensor(), assemble)) return false;
  const auto precedes = [&](Value value) { return can_precede(value, create); };
  if (!precedes(assemble.getInto()) || !llvm::all_of(assemble.getOffsets(), precedes)) return false;
  tw::ViewOp rectangle = rectangle_of(assemble);
  if (is_used_between(create, assemble, rectangle)) {
    rectangle.erase();
    return false;
  }
  rectangle.getExtentsMutable().assign(create.getExtents());
  for (const Value operand : rectangle->getOperands()) make_precede(operand, create);
  rectangle->moveBefore(create);
  rectangle->setLoc(create.getLoc());
  assemble.erase();
  create.getTensor().replaceAllUsesWith(rectangle.getView());
  create.erase();
  return true;
}

// ---- as a task

constexpr int64_t kTileBytes = 32 * 1024;
constexpr int64_t kRowBytes = 4 * 1024;

/// How a dimension is cut: pieces of `room` elements, of which `valid` are there in each; dynamic: in the last piece fewer.
struct Cut {
  int64_t extent;  ///< dynamic: known when it runs
  int64_t room;

  int64_t valid() const {
    if (ShapedType::isDynamic(extent)) return ShapedType::kDynamic;
    if (extent <= room) return extent;
    return extent % room == 0 ? room : ShapedType::kDynamic;
  }
};

/// Copies `from` to `to`, of one shape, tile by tile.
class Copy {
 public:
  Copy(OpBuilder& builder, Location loc, TypedValue<DeviceTensorType> from, Value to)
      : builder_(builder), loc_(loc), from_(from), to_(to), type_(from.getType()) {
    const int64_t bytes = static_cast<int64_t>(llvm::divideCeil(type_.getElement().getIntOrFloatBitWidth(), 8)),
                  block = kBlockBytes / bytes;
    const auto room = [](int64_t extent, int64_t most, int64_t unit) {
      if (ShapedType::isDynamic(extent) || extent > most) return most;
      return static_cast<int64_t>(llvm::alignTo(static_cast<uint64_t>(extent), static_cast<uint64_t>(unit)));
    };
    const unsigned rank = type_.rank();
    columns_.extent = type_.getShape()[rank - 1];
    columns_.room = room(columns_.extent, kRowBytes / bytes, block);
    rows_.extent = rank == 1 ? 1 : type_.getShape()[rank - 2];
    rows_.room = room(rows_.extent, kTileBytes / (columns_.room * bytes), 1);
  }

  void write() {
    const unsigned rank = type_.rank();
    for (unsigned d = 0; d < rank; ++d) {
      const int64_t step = d + 1 == rank ? columns_.room : d + 2 == rank ? rows_.room : 1;
      offsets_.push_back(begin_loop(d, step));
    }
    SmallVector<Value> open;
    if (ShapedType::isDynamic(rows_.valid())) open.push_back(rest(rank - 2, rows_.room));
    if (ShapedType::isDynamic(columns_.valid())) open.push_back(rest(rank - 1, columns_.room));
    const auto tile = tile::TileType::get(rows_.room, columns_.room, type_.getElement()).with_valid(rows_.valid(), columns_.valid());
    auto load = builder_.create<tile::LoadOp>(loc_, tile, from_, offsets_, open);
    builder_.create<tile::StoreOp>(loc_, load.getTile(), to_, offsets_, false);
  }

 private:
  Value number(int64_t n) { return builder_.create<arith::ConstantIndexOp>(loc_, n); }
  Value extent(unsigned d) { return builder_.createOrFold<tw::DimOp>(loc_, builder_.getIndexType(), from_, int64_t{d}); }

  /// The first element of a piece of dimension `d`; what is built next stands in the loop over the pieces, if there are several.
  Value begin_loop(unsigned d, int64_t step) {
    const Value zero = number(0);
    if (!type_.is_dynamic(d) && type_.getShape()[d] <= step) return zero;
    auto loop = builder_.create<scf::ForOp>(loc_, zero, extent(d), number(step));
    builder_.setInsertionPoint(loop.getBody()->getTerminator());
    return loop.getInductionVar();
  }

  Value rest(unsigned d, int64_t most) {
    const Value left = builder_.create<arith::SubIOp>(loc_, extent(d), offsets_[d]);
    return builder_.create<arith::MinSIOp>(loc_, left, number(most));
  }

  OpBuilder& builder_;
  Location loc_;
  TypedValue<DeviceTensorType> from_;
  Value to_;
  DeviceTensorType type_;
  Cut rows_, columns_;
  SmallVector<Value> offsets_;
};

LogicalResult lower_to_task(tw::AssembleOp assemble) {
  if (auto scope = assemble->getParentOfType<tw::ScopeOp>(); scope && scope.getManual()) {
    InFlightDiagnostic error = assemble.emitOpError(
        "is a task that copies, and nothing orders it in a manual scope; create the tensor in this scope and use it no more behind this, "
        "or write the copy as a task with 'after'");
    error.attachNote(scope.getLoc()) << "the manual scope";
    return error;
  }
  tw::ViewOp rectangle = rectangle_of(assemble);
  if (root_tensor(assemble.getTensor()) == root_tensor(rectangle) && !Regions().are_disjoint(assemble.getTensor(), rectangle)) {
    InFlightDiagnostic error =
        assemble.emitOpError("would copy a tensor within itself, between places that may overlap; copy it by way of another tensor");
    error.attachNote(root_tensor(rectangle).getLoc()) << "the tensor comes from here";
    return error;
  }
  OpBuilder builder(assemble);
  const Location loc = assemble.getLoc();
  auto at = builder.create<tw::AtOp>(loc, tw::TaskIdType::get(builder.getContext()), builder.getStringAttr("assemble"), Value(), false,
                                     ValueRange(), ValueRange(), Value(), ValueRange(), tw::CompareAttr(), IntegerAttr(), false);
  builder.setInsertionPointToStart(&at.getBody().emplaceBlock());
  Copy(builder, loc, assemble.getTensor(), rectangle.getView()).write();
  assemble.erase();
  return success();
}

class LowerAssemble : public PassWrapper<LowerAssemble, OperationPass<ModuleOp>> {
 public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(LowerAssemble)

  StringRef getArgument() const override { return "lower-assemble"; }
  StringRef getDescription() const override { return "Make tensors where tw.assemble puts them, or copy them there in a task"; }
  void getDependentDialects(DialectRegistry& registry) const override {
    registry.insert<arith::ArithDialect, scf::SCFDialect, tile::TileDialect>();
  }

  void runOnOperation() override {
    SmallVector<tw::AssembleOp> all;
    getOperation().walk([&](tw::AssembleOp assemble) { all.push_back(assemble); });
    for (tw::AssembleOp assemble : all) {
      if (!lower_to_view(assemble) && failed(lower_to_task(assemble))) return signalPassFailure();
    }
  }
};

}  // namespace

std::unique_ptr<Pass> create_lower_assemble() { return std::make_unique<LowerAssemble>(); }

}  // namespace tilewright
