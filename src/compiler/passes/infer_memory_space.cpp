// infer-memory-space: where each tile lies, what moves it there, and so which kind of core a kernel runs on.
#include <map>

#include "compiler/ir/tile_dialect.h"
#include "compiler/passes/passes.h"
#include "compiler/target.h"
#include "llvm/ADT/TypeSwitch.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

namespace tilewright {
namespace {

using namespace mlir;
using tile::Space;
using tile::TileType;

bool is_tile(Value value) { return isa<TileType>(value.getType()); }
Space space_of(Value tile) { return cast<TileType>(tile.getType()).getSpace(); }
void place(Value tile, Space space) {
  const auto type = cast<TileType>(tile.getType());
  if (type.getSpace() == Space::kUndecided) tile.setType(type.with_space(space));
}

/// A tile that is zero everywhere.
bool is_zero(Value tile) {
  auto fill = tile.getDefiningOp<tile::FillOp>();
  return fill && (matchPattern(fill->getOperand(0), m_AnyZeroFloat()) || matchPattern(fill->getOperand(0), m_Zero()));
}

// ---- sums that begin at zero: the cube adds to what it has computed itself, and no way leads from zeros to its accumulator

/// zeros + a * b is a * b.
void drop_zero_sums(tile::FuncOp kernel) {
  kernel.walk([](tile::MatmulAccOp sum) {
    if (!is_zero(sum->getOperand(0))) return;
    OpBuilder builder(sum);
    auto product = builder.create<tile::MatmulOp>(sum.getLoc(), sum.getType(), ValueRange{sum->getOperand(1), sum->getOperand(2)});
    Operation* zeros = sum->getOperand(0).getDefiningOp();
    sum.replaceAllUsesWith(product.getResult());
    sum.erase();
    if (zeros->use_empty()) zeros->erase();  // it would lie in the vector core's memory
  });
}

/// Zeros of type `type` in the accumulator, in front of `builder`: the product of zeros, which the cube core can fill its input memory with.
Value zero_sum(OpBuilder& builder, Location loc, TileType type) {
  const bool integers = isa<IntegerType>(type.getElement());
  const Type element = integers ? Type(builder.getI8Type()) : Type(builder.getF16Type());  // both have products in any accumulator
  const int64_t depth = kBlockBytes / (element.getIntOrFloatBitWidth() / 8);
  const Value zero = builder.create<arith::ConstantOp>(loc, builder.getZeroAttr(element));
  const auto zeros = [&](TileType shape, Space space) -> Value {
    auto fill = builder.create<tile::FillOp>(loc, shape.with_space(Space::kMat), ValueRange{zero});
    return builder.create<tile::MoveOp>(loc, shape.with_space(space), fill.getResult());
  };
  const auto left = TileType::get(type.getRows(), depth, element).with_valid(type.getValidRows(), depth);
  const auto right = TileType::get(depth, type.getColumns(), element).with_valid(depth, type.getValidColumns());
  const Value operands[] = {zeros(left, Space::kLeft), zeros(right, Space::kRight)};
  return builder.create<tile::MatmulOp>(loc, type.with_layout(tile::Layout::kOfSpace).with_space(Space::kAcc), ValueRange(operands))
      .getResult();
}

/// Whether a loop carries a sum of products that begins with zeros.
bool sums_from_zero(scf::ForOp loop) {
  return llvm::any_of(llvm::zip_equal(loop.getInitArgs(), loop.getRegionIterArgs()), [](const auto& carried) {
    const auto& [initial, argument] = carried;
    if (!is_tile(initial) || !is_zero(initial)) return false;
    return llvm::any_of(argument.getUses(),
                        [](OpOperand& use) { return isa<tile::MatmulAccOp>(use.getOwner()) && use.getOperandNumber() == 0; });
  });
}

/// Puts the first turn of a loop in front of it. The loop has one.
void peel_first(scf::ForOp loop) {
  OpBuilder builder(loop);
  IRMapping mapping;
  mapping.map(loop.getInductionVar(), loop.getLowerBound());
  mapping.map(loop.getRegionIterArgs(), loop.getInitArgs());
  for (Operation& op : loop.getBody()->without_terminator()) builder.clone(op, mapping);
  for (const auto& [i, yielded] : llvm::enumerate(loop.getBody()->getTerminator()->getOperands()))
    loop.getInitArgsMutable()[static_cast<unsigned>(i)].set(mapping.lookupOrDefault(yielded));
  loop.setLowerBound(builder.create<arith::AddIOp>(loop.getLoc(), loop.getLowerBound(), loop.getStep()));
}

/// Saves the zeros where a first product is sure to come; where it is not, zero_sum makes them.
void begin_sums(tile::FuncOp kernel) {
  SmallVector<scf::ForOp> loops;
  kernel.walk<WalkOrder::PreOrder>([&](scf::ForOp loop) {
    const std::optional<int64_t> from = getConstantIntValue(loop.getLowerBound()), to = getConstantIntValue(loop.getUpperBound());
    if (from && to && *from < *to && sums_from_zero(loop)) loops.push_back(loop);
  });
  for (scf::ForOp loop : loops) peel_first(loop);
  drop_zero_sums(kernel);
}

/// Canonicalisation makes a choice between two values of a branch that does nothing else. Of tiles it is a branch: which of two places it is is
/// decided when the kernel runs.
void branch_on_tiles(tile::FuncOp kernel) {
  SmallVector<arith::SelectOp> selects;
  kernel.walk([&](arith::SelectOp select) {
    if (is_tile(select.getResult())) selects.push_back(select);
  });
  for (arith::SelectOp select : selects) {
    OpBuilder builder(select);
    const auto gives = [](Value value) {
      return [value](OpBuilder& inner, Location location) { inner.create<scf::YieldOp>(location, value); };
    };
    auto branch =
        builder.create<scf::IfOp>(select.getLoc(), select.getCondition(), gives(select.getTrueValue()), gives(select.getFalseValue()));
    select.replaceAllUsesWith(branch.getResult(0));
    select.erase();
  }
}

// ---- placing

/// What the uses of a tile ask for.
class Demand {
 public:
  /// kUndecided: any memory would do.
  static Space of(Value tile) { return Demand().ask(tile); }
  /// What one use asks for.
  static Space of(OpOperand& use) { return Demand().of_use(use); }

 private:
  Space ask(Value tile) {
    if (space_of(tile) != Space::kUndecided) return space_of(tile);
    if (!seen_.insert(tile).second) return Space::kUndecided;
    Space found = Space::kUndecided;
    for (OpOperand& use : tile.getUses()) {
      const Space space = of_use(use);
      if (space == Space::kVec) return space;  // of two the vector core's, where most operations are
      if (found == Space::kUndecided) found = space;
    }
    return found;
  }

  Space of_use(OpOperand& use) {
    Operation* op = use.getOwner();
    const unsigned number = use.getOperandNumber();
    if (const tile::OperatorInfo* info = tile::operator_info(op)) return tile::operand_space(*info, number);
    return TypeSwitch<Operation*, Space>(op)
        .Case<tile::MoveOp, tile::ExtractOp>([&](auto move) { return source_of(ask(move->getResult(0))); })
        .Case<tile::ReshapeOp, tile::SetValidOp>([&](auto view) { return ask(view->getResult(0)); })
        .Case([&](tile::InsertOp insert) { return number == 1 ? ask(insert.getResult()) : Space::kUndecided; })
        .Case<tile::ReadOp, tile::WriteOp, tile::ScatterStoreOp, tile::GatherLoadOp>([](auto) { return Space::kVec; })
        .Case([&](scf::ForOp loop) { return first_of(loop.getTiedLoopRegionIterArg(&use), loop.getTiedLoopResult(&use)); })
        .Case([&](scf::WhileOp loop) { return ask(loop.getBeforeArguments()[number]); })
        .Case([&](scf::ConditionOp condition) {
          auto loop = cast<scf::WhileOp>(condition->getParentOp());
          return first_of(loop.getAfterArguments()[number - 1], loop.getResult(number - 1));
        })
        .Case([&](scf::YieldOp yield) {
          Operation* parent = yield->getParentOp();
          return isa<scf::ForOp, scf::IfOp>(parent) ? ask(parent->getResult(number)) : Space::kUndecided;
        })
        .Default([](Operation*) { return Space::kUndecided; });
  }

  Space first_of(Value one, Value other) {
    const Space space = ask(one);
    return space == Space::kUndecided ? ask(other) : space;
  }

  /// The memory from which tiles come to this one.
  static Space source_of(Space space) {
    return space == Space::kLeft || space == Space::kRight || space == Space::kBias ? Space::kMat : space;
  }

  llvm::DenseSet<Value> seen_;
};

/// A part that several memories ask for is taken once for each of them: no way leads from one to the other.
void split_parts(tile::FuncOp kernel) {
  SmallVector<tile::ExtractOp> extracts;
  kernel.walk([&](tile::ExtractOp extract) { extracts.push_back(extract); });
  for (tile::ExtractOp extract : extracts) {
    std::map<Space, Value> parts = {{Demand::of(extract.getPart()), extract.getPart()}};
    for (OpOperand& use : llvm::make_early_inc_range(extract.getPart().getUses())) {
      const Space space = Demand::of(use);
      if (space == Space::kUndecided) continue;
      Value& part = parts[space];
      if (!part) part = OpBuilder(extract).clone(*extract)->getResult(0);
      use.set(part);
    }
  }
}

/// Whether `inner` may run several times where the block of `outer` runs once.
bool is_in_loop_of(Operation* inner, Operation* outer) {
  for (Operation* around = inner->getParentOp(); around != nullptr && !around->isProperAncestor(outer); around = around->getParentOp()) {
    if (isa<LoopLikeOpInterface>(around)) return true;
  }
  return false;
}

/// A sum of products takes the place of what it is added to, and nothing copies what lies in the accumulator. Where that is the beginning of
/// another sum as well (of two equal products that were written CSE leaves one), or of one in each turn of a loop, it is computed again.
void begin_sum_alone(tile::MatmulAccOp sum) {
  OpOperand& first = sum->getOpOperand(0);
  Operation* product = first.get().getDefiningOp();
  if (!isa_and_nonnull<tile::MatmulOp, tile::MatmulBiasOp, tile::MatmulAccOp>(product)) return;
  const auto overwrites = [](OpOperand& use) { return tile::shared_operand(use.getOwner()) == use.getOperandNumber(); };
  if (llvm::count_if(first.get().getUses(), overwrites) < 2 && !is_in_loop_of(sum, product)) return;
  Operation* again = OpBuilder(sum).clone(*product);
  first.set(again->getResult(0));
  if (product->use_empty()) product->erase();
  if (auto earlier = dyn_cast<tile::MatmulAccOp>(again)) begin_sum_alone(earlier);
}

/// Places the tiles of one kernel, in the order in which it runs.
class Placement {
 public:
  explicit Placement(const Target& target) : target_(target) {}

  LogicalResult block(Block& block) {
    for (Operation& op : llvm::make_early_inc_range(block)) {
      if (failed(operation(op))) return failure();
    }
    return success();
  }

 private:
  LogicalResult operation(Operation& op) {
    if (is_zero_sum(op)) {
      OpBuilder builder(&op);
      op.getResult(0).replaceAllUsesWith(zero_sum(builder, op.getLoc(), cast<TileType>(op.getResult(0).getType())));
      op.erase();
      return success();
    }
    if (auto cast = dyn_cast<tile::CastOp>(op); cast && is_rounded_when_stored(cast)) {
      for (OpOperand& use : llvm::make_early_inc_range(cast.getResult().getUses())) use.set(cast->getOperand(0));
      cast.erase();
      return success();
    }
    if (const tile::OperatorInfo* info = tile::operator_info(&op)) {
      for (OpOperand& operand : op.getOpOperands()) {
        if (is_tile(operand.get()) && failed(bring(operand, tile::operand_space(*info, operand.getOperandNumber())))) return failure();
      }
      place(op.getResult(0), tile::result_space(*info));
      return success();
    }
    return TypeSwitch<Operation*, LogicalResult>(&op)
        .Case([&](tile::LoadOp load) {
          const Space wanted = Demand::of(load.getTile());
          place(load.getTile(), wanted == Space::kVec || wanted == Space::kUndecided ? Space::kVec : Space::kMat);
          return arrives(load, Space::kUndecided, space_of(load.getTile()));
        })
        .Case([&](tile::CreateOp create) {
          const Space wanted = Demand::of(create.getTile());
          place(create.getTile(), wanted == Space::kUndecided ? Space::kVec : wanted);
          return success();
        })
        .Case([&](tile::StoreOp store) { return arrives(store, space_of(store.getTile()), Space::kUndecided); })
        .Case([&](tile::GatherLoadOp load) {
          place(load.getTile(), Space::kVec);
          return bring(load.getIndicesMutable(), Space::kVec);
        })
        .Case([&](tile::ScatterStoreOp store) {
          return failure(failed(bring(store.getTileMutable(), Space::kVec)) || failed(bring(store.getIndicesMutable(), Space::kVec)));
        })
        .Case([&](tile::ReadOp read) { return bring(read.getTileMutable(), Space::kVec); })
        .Case([&](tile::WriteOp write) {
          if (failed(bring(write.getTileMutable(), Space::kVec))) return failure();
          place(write.getResult(), Space::kVec);
          return success();
        })
        .Case([&](tile::MoveOp move) {
          const Space wanted = Demand::of(move.getMoved()), from = space_of(move.getTile());
          place(move.getMoved(), wanted == Space::kUndecided ? from : wanted);
          return arrives(move, from, space_of(move.getMoved()));
        })
        .Case([&](tile::ExtractOp extract) {
          const Space wanted = Demand::of(extract.getPart()), from = space_of(extract.getTile());
          const RouteInfo* direct = target_.route(from, wanted);
          place(extract.getPart(), wanted != Space::kUndecided && direct != nullptr && direct->part ? wanted : from);
          return takes_part(extract, from, space_of(extract.getPart()), /*into=*/false);
        })
        .Case([&](tile::InsertOp insert) {
          place(insert.getResult(), space_of(insert.getInto()));
          if (space_of(insert.getResult()) != space_of(insert.getInto()))
            return clash(insert, insert.getInto(), space_of(insert.getResult()));
          return takes_part(insert, space_of(insert.getTile()), space_of(insert.getInto()), /*into=*/true);
        })
        .Case<tile::ReshapeOp, tile::SetValidOp>([&](auto view) { return same_place(view, view->getOperand(0), view->getResult(0)); })
        .Case([&](scf::ForOp loop) { return for_loop(loop); })
        .Case([&](scf::IfOp branch) { return if_branch(branch); })
        .Case([&](scf::WhileOp loop) { return while_loop(loop); })
        .Default([&](Operation* other) {
          for (Region& region : other->getRegions()) {
            for (Block& inner : region) {
              if (failed(block(inner))) return failure();
            }
          }
          return success();
        });
  }

  /// Whether zeros are only good for being added to in the accumulator.
  static bool is_zero_sum(Operation& op) {
    return op.getNumResults() == 1 && is_tile(op.getResult(0)) && is_zero(op.getResult(0)) && Demand::of(op.getResult(0)) == Space::kAcc;
  }

  /// Whether a sum is converted for nothing but to be stored, which the store from the accumulator does.
  static bool is_rounded_when_stored(tile::CastOp cast) {
    const auto from = dyn_cast<TileType>(cast->getOperand(0).getType());
    const Type to = cast.getResult().getType().getElement();
    if (!from || from.getSpace() != Space::kAcc || !from.getElement().isF32() || !(to.isF16() || to.isBF16())) return false;
    if (cast.getRound() != tile::Round::kRint) return false;
    return llvm::all_of(cast.getResult().getUsers(), [](Operation* user) {
      auto store = dyn_cast<tile::StoreOp>(user);
      return store && !store.getAtomicAdd();
    });
  }

  LogicalResult same_place(Operation* op, Value from, Value to) {
    place(to, space_of(from));
    return space_of(to) == space_of(from) ? success() : clash(op, from, space_of(to));
  }

  // ---- control flow: what goes around lies in one memory

  LogicalResult for_loop(scf::ForOp loop) {
    for (auto [initial, argument, result] : llvm::zip_equal(loop.getInitArgs(), loop.getRegionIterArgs(), loop.getResults())) {
      if (!is_tile(argument)) continue;
      argument.setType(initial.getType());
      result.setType(initial.getType());
    }
    if (failed(block(*loop.getBody()))) return failure();
    return bring_all(cast<scf::YieldOp>(loop.getBody()->getTerminator()).getResultsMutable(), loop.getResultTypes());
  }

  LogicalResult if_branch(scf::IfOp branch) {
    if (failed(block(*branch.thenBlock()))) return failure();
    if (branch.elseBlock() == nullptr) return success();
    if (failed(block(*branch.elseBlock()))) return failure();
    for (auto [result, yielded] : llvm::zip_equal(branch.getResults(), branch.thenYield().getResults())) {
      if (is_tile(result)) result.setType(yielded.getType());
    }
    return bring_all(branch.elseYield().getResultsMutable(), branch.getResultTypes());
  }

  LogicalResult while_loop(scf::WhileOp loop) {
    for (auto [initial, argument] : llvm::zip_equal(loop.getInits(), loop.getBeforeArguments())) {
      if (is_tile(argument)) argument.setType(initial.getType());
    }
    if (failed(block(*loop.getBeforeBody()))) return failure();
    for (auto [passed, argument, result] : llvm::zip_equal(loop.getConditionOp().getArgs(), loop.getAfterArguments(), loop.getResults())) {
      if (!is_tile(argument)) continue;
      argument.setType(passed.getType());
      result.setType(passed.getType());
    }
    if (failed(block(*loop.getAfterBody()))) return failure();
    return bring_all(loop.getYieldOp().getResultsMutable(), TypeRange(loop.getInits()));
  }

  LogicalResult bring_all(MutableOperandRange operands, TypeRange types) {
    for (const auto& [i, type] : llvm::enumerate(types)) {
      auto tile = dyn_cast<TileType>(type);
      if (tile && failed(bring(operands[static_cast<unsigned>(i)], tile.getSpace()))) return failure();
    }
    return success();
  }

  // ---- ways

  /// The steps from one memory to another on the core: the shortest chain of moves. Empty if there is none.
  SmallVector<Space> way(Space from, Space to) const {
    SmallVector<SmallVector<Space>> ways = {{from}};
    for (size_t next = 0; next < ways.size(); ++next) {
      for (const RouteInfo& route : target_.routes) {
        if (route.from != ways[next].back() || route.to == Space::kUndecided || llvm::is_contained(ways[next], route.to)) continue;
        SmallVector<Space> longer(ways[next]);
        longer.push_back(route.to);
        if (route.to == to) return longer;
        ways.push_back(longer);
      }
    }
    return {};
  }

  /// Makes the operand one that lies in `wanted`: as it is, or after moves in front of its user.
  LogicalResult bring(OpOperand& operand, Space wanted) {
    const Value tile = operand.get();
    if (space_of(tile) == wanted) return success();
    if (wanted == Space::kAcc && is_zero(tile)) {
      OpBuilder builder(operand.getOwner());
      operand.set(zero_sum(builder, tile.getLoc(), cast<TileType>(tile.getType())));
      if (tile.use_empty()) tile.getDefiningOp()->erase();  // it was placed for want of a use that says more
      return success();
    }
    const SmallVector<Space> steps = way(space_of(tile), wanted);
    if (steps.empty()) return clash(operand.getOwner(), tile, wanted);
    Value moved = tile;
    for (const Space step : ArrayRef(steps).drop_front()) {
      const auto type = cast<TileType>(moved.getType()).with_layout(tile::Layout::kOfSpace).with_space(step);
      moved = moved_before(operand.getOwner(), moved, type);
    }
    operand.set(moved);
    return success();
  }

  /// A move of `tile` that stands in this block before `user` already, or a new one.
  static Value moved_before(Operation* user, Value tile, TileType type) {
    for (Operation* other : tile.getUsers()) {
      auto move = dyn_cast<tile::MoveOp>(other);
      if (move && move.getMoved().getType() == type && move->getBlock() == user->getBlock() && move->isBeforeInBlock(user))
        return move.getMoved();
    }
    return OpBuilder(user).create<tile::MoveOp>(user->getLoc(), type, tile).getMoved();
  }

  /// An error unless tiles go from one memory to the other.
  LogicalResult arrives(Operation* op, Space from, Space to) {
    if (target_.route(from, to) != nullptr || (from == to && isa<tile::MoveOp>(op))) return success();
    InFlightDiagnostic error = op->emitOpError() << "would bring a tile from " << name(from) << " to " << name(to) << ", and "
                                                 << target_.name << " has no such way in one core";
    explain(error, op, to);
    return error;
  }

  LogicalResult takes_part(Operation* op, Space from, Space to, bool into) {
    const RouteInfo* route = target_.route(from, to);
    if (route != nullptr && (into ? route->into : route->part)) return success();
    InFlightDiagnostic error = op->emitOpError()
                               << (into ? "would put a tile of " : "would take a part of a tile in ") << name(from)
                               << (into ? " into a part of one in " : " to ") << name(to) << ", which " << target_.name << " cannot do";
    error.attachNote(op->getLoc()) << target_.name << " does so " << list([&](const RouteInfo& r) { return into ? r.into : r.part; });
    return error;
  }

  LogicalResult clash(Operation* op, Value tile, Space wanted) {
    InFlightDiagnostic error = op->emitOpError()
                               << "needs a tile in " << name(wanted) << ", but " << cast<TileType>(tile.getType()).text() << " lies in "
                               << name(space_of(tile)) << ", and " << target_.name << " has no such way in one core";
    error.attachNote(tile.getLoc()) << "the tile comes from here";
    explain(error, op, wanted);
    return error;
  }

  void explain(InFlightDiagnostic& error, Operation* op, Space wanted) {
    error.attachNote(op->getLoc()) << "tiles come to " << name(wanted) << " "
                                   << list([&](const RouteInfo& route) { return route.to == wanted; })
                                   << "; from one kind of core to the other they go through a tensor, in two tasks";
  }

  static StringRef name(Space space) { return space == Space::kUndecided ? "device memory" : tile::stringifySpace(space); }

  std::string list(function_ref<bool(const RouteInfo&)> which) const {
    std::string text;
    for (const RouteInfo& route : target_.routes) {
      if (!which(route)) continue;
      text += (text.empty() ? "from " : ", from ") + name(route.from).str() + " to " + name(route.to).str();
    }
    return text.empty() ? "from nowhere" : text;
  }

  const Target& target_;
};

// ---- cores

/// The kind of core that has the memories which a kernel uses; a kernel without tiles runs on a vector core.
LogicalResult choose_core(tile::FuncOp kernel, const Target& target) {
  Operation* first[2] = {nullptr, nullptr};
  kernel.walk([&](Operation* op) {
    for (const Value result : op->getResults()) {
      if (!is_tile(result)) continue;
      const tile::Core core = target.space(space_of(result)).core;
      Operation*& of_core = first[core == tile::Core::kAic ? 0 : 1];
      if (of_core == nullptr) of_core = op;
    }
  });
  const auto mixes = [](Operation* op, Operation* other) -> LogicalResult {
    InFlightDiagnostic error = op->emitOpError(
        "belongs to the vector core, but this kernel uses the cube core as well; make two tasks of it, "
        "or the two kernels of a mixed task, with a tensor between");
    error.attachNote(other->getLoc()) << "this belongs to the cube core";
    return error;
  };
  if (first[0] != nullptr && first[1] != nullptr) return mixes(first[1], first[0]);
  const tile::Core core = first[0] != nullptr ? tile::Core::kAic : tile::Core::kAiv;
  if (!kernel.getCore()) {
    kernel.setCoreAttr(tile::CoreAttr::get(kernel.getContext(), core));
  } else if (*kernel.getCore() != core && (first[0] != nullptr || first[1] != nullptr)) {
    InFlightDiagnostic error = kernel.emitOpError() << "is for a core of kind " << tile::stringifyCore(*kernel.getCore());
    error.attachNote((first[0] != nullptr ? first[0] : first[1])->getLoc()) << "this belongs to " << tile::stringifyCore(core);
    return error;
  }
  return success();
}

class InferMemorySpace : public PassWrapper<InferMemorySpace, OperationPass<ModuleOp>> {
 public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(InferMemorySpace)

  explicit InferMemorySpace(StringRef platform) { platform_ = platform.str(); }
  InferMemorySpace(const InferMemorySpace& other) : PassWrapper(other) { platform_ = other.platform_; }

  StringRef getArgument() const override { return "infer-memory-space"; }
  StringRef getDescription() const override { return "Decide in which memory tiles lie and on which core kernels run; insert moves"; }

  void runOnOperation() override {
    const Target* target = find_target(platform_);
    if (target == nullptr) {
      getOperation().emitError() << "'" << platform_ << "' is no platform; there are " << kPlatforms;
      return signalPassFailure();
    }
    for (auto kernel : getOperation().getOps<tile::FuncOp>()) {
      branch_on_tiles(kernel);
      split_parts(kernel);
      begin_sums(kernel);
      kernel.walk([](tile::MatmulAccOp sum) { begin_sum_alone(sum); });
      if (failed(Placement(*target).block(kernel.getBody().front())) || failed(choose_core(kernel, *target))) return signalPassFailure();
    }
  }

 private:
  Option<std::string> platform_{*this, "platform", llvm::cl::desc("the platform whose memories they are"), llvm::cl::init("a2a3")};
};

}  // namespace

std::unique_ptr<Pass> create_infer_memory_space(StringRef platform) { return std::make_unique<InferMemorySpace>(platform); }

}  // namespace tilewright
