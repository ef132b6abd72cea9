#include "compiler/plan/verify_plan.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace tilewright {

using namespace mlir;
using plan::Listed;
using plan::Listing;
using tile::TileType;

namespace {

constexpr int kDeviceMemory = -1;
constexpr int64_t kArguments = 1 << 20;  ///< more than a kernel has

/// Slots are tiles; what loops and branches hand on is assigned from slot to slot.
class Lister {
 public:
  Lister(const Target& target, std::vector<Operation*>& ids) : target_(target), ids_(ids) {}

  LogicalResult block(Block& block, Listing& listing) {
    for (Operation& op : block) {
      if (failed(operation(&op, listing))) return failure();
    }
    return success();
  }

 private:
  LogicalResult operation(Operation* op, Listing& listing) {
    if (auto set = dyn_cast<tile::SetFlagOp>(op)) return flag(Listed::Kind::kSetFlag, set, listing);
    if (auto wait = dyn_cast<tile::WaitFlagOp>(op)) return flag(Listed::Kind::kWaitFlag, wait, listing);
    if (auto barrier = dyn_cast<tile::BarrierOp>(op)) {
      if (barrier.getPipe() == tile::Pipe::kAll) listing.push_back(made(Listed::Kind::kBarrier, op));
      return success();
    }
    if (auto loop = dyn_cast<scf::ForOp>(op)) return for_loop(loop, listing);
    if (auto loop = dyn_cast<scf::WhileOp>(op)) return while_loop(loop, listing);
    if (auto branch = dyn_cast<scf::IfOp>(op)) return if_branch(branch, listing);
    if (isa<tile::ReshapeOp, tile::SetValidOp>(op)) {
      assign(op->getResults(), op->getOperands().take_front(1), op, listing);
      return success();
    }
    const std::optional<tile::Pipe> pipe = pipe_of(target_, op);
    if (!pipe && !isa<tile::CreateOp>(op)) return success();
    Listed listed = made(pipe ? Listed::Kind::kInstruction : Listed::Kind::kDefine, op);
    if (pipe) listed.pipe = pipe_number(*pipe);
    for (const Value operand : op->getOperands()) {
      if (failed(access(operand, false, op, listed))) return failure();
    }
    for (const Value result : op->getResults()) {
      if (failed(access(result, true, op, listed))) return failure();
    }
    if (auto scratch = op->getAttrOfType<IntegerAttr>(tile::kScratchAttribute)) {
      const bool first = tile::operator_info(op)->scratch == tile::Scratch::kLikeFirst;
      const auto like = cast<TileType>((first ? op->getOperand(0) : op->getResult(0)).getType());
      listed.accesses.push_back({memory(like), scratch.getInt(), scratch.getInt() + bytes(like), -1, true});
    }
    listing.push_back(std::move(listed));
    return success();
  }

  LogicalResult for_loop(scf::ForOp loop, Listing& listing) {
    assign(loop.getRegionIterArgs(), loop.getInitArgs(), loop, listing);
    Listed listed = made(Listed::Kind::kLoop, loop);
    listed.max_trips = std::numeric_limits<int64_t>::max();
    const auto low = getConstantIntValue(loop.getLowerBound()), high = getConstantIntValue(loop.getUpperBound());
    const auto step = getConstantIntValue(loop.getStep());
    if (low && high && step && *step > 0) {
      listed.min_trips = listed.max_trips = std::max<int64_t>(0, llvm::divideCeilSigned(*high - *low, *step));
    }
    if (failed(block(*loop.getBody(), listed.first))) return failure();
    assign(loop.getRegionIterArgs(), loop.getYieldedValues(), loop, listed.first);
    listing.push_back(std::move(listed));
    assign(loop.getResults(), loop.getRegionIterArgs(), loop, listing);
    return success();
  }

  LogicalResult while_loop(scf::WhileOp loop, Listing& listing) {
    assign(loop.getBeforeArguments(), loop.getInits(), loop, listing);
    Listed listed = made(Listed::Kind::kWhile, loop);
    if (failed(block(*loop.getBeforeBody(), listed.first))) return failure();
    assign(loop.getAfterArguments(), loop.getConditionOp().getArgs(), loop, listed.first);
    if (failed(block(*loop.getAfterBody(), listed.second))) return failure();
    assign(loop.getBeforeArguments(), loop.getYieldOp().getResults(), loop, listed.second);
    listing.push_back(std::move(listed));
    assign(loop.getResults(), loop.getAfterArguments(), loop, listing);
    return success();
  }

  LogicalResult if_branch(scf::IfOp branch, Listing& listing) {
    Listed listed = made(Listed::Kind::kBranch, branch);
    if (failed(block(*branch.thenBlock(), listed.first))) return failure();
    assign(branch.getResults(), branch.thenYield().getResults(), branch, listed.first);
    if (branch.elseBlock() != nullptr) {
      if (failed(block(*branch.elseBlock(), listed.second))) return failure();
      assign(branch.getResults(), branch.elseYield().getResults(), branch, listed.second);
    }
    listing.push_back(std::move(listed));
    return success();
  }

  template <typename Flag>
  LogicalResult flag(Listed::Kind kind, Flag flag, Listing& listing) {
    Listed listed = made(kind, flag);
    listed.pipe = pipe_number(flag.getFrom());
    listed.to_pipe = pipe_number(flag.getTo());
    listed.event = static_cast<int>(flag.getEvent());
    listing.push_back(std::move(listed));
    return success();
  }

  LogicalResult access(Value value, bool write, Operation* op, Listed& listed) {
    if (isa<tw::DeviceTensorType>(value.getType())) {
      const bool stores = isa<tile::StoreOp, tile::ScatterStoreOp, tw::WriteOp>(op);
      const auto [begin, end] = tensor(value);
      listed.accesses.push_back({kDeviceMemory, begin, end, -1, stores});
      return success();
    }
    const auto type = dyn_cast<TileType>(value.getType());
    if (!type) return success();
    if (!type.has_address()) return op->emitOpError() << "has a tile " << type.text() << " without an address";
    listed.accesses.push_back({memory(type), type.getAddress(), type.getAddress() + bytes(type), slot(value), write});
    if (type.getAddress() + bytes(type) <= target_.space(type.getSpace()).bytes) return success();
    return op->emitOpError() << "has a tile " << type << " that does not lie in the " << target_.space(type.getSpace()).bytes
                             << " bytes of " << stringifySpace(type.getSpace());
  }

  /// Each argument of the kernel is memory of its own; what is one of several is all of them, as far as anybody knows.
  static std::pair<int64_t, int64_t> tensor(Value value) {
    while (Operation* op = value.getDefiningOp()) {
      if (!isa<tw::ViewOp, tw::ReshapeOp, tw::TransposeOp>(op)) return {0, kArguments};
      value = op->getOperand(0);
    }
    if (!isa<tile::FuncOp>(value.getParentBlock()->getParentOp())) return {0, kArguments};
    const int64_t number = cast<BlockArgument>(value).getArgNumber();
    return {number, number + 1};
  }

  void assign(ValueRange to, ValueRange from, Operation* op, Listing& listing) {
    Listed listed = made(Listed::Kind::kAssign, op);
    for (const auto& [target, source] : llvm::zip_equal(to, from)) {
      if (isa<TileType>(target.getType())) listed.assigned.push_back({slot(target), slot(source)});
    }
    if (!listed.assigned.empty()) listing.push_back(std::move(listed));
  }

  Listed made(Listed::Kind kind, Operation* op) {
    Listed listed;
    listed.kind = kind;
    listed.id = static_cast<int>(ids_.size());
    ids_.push_back(op);
    return listed;
  }

  int slot(Value tile) { return slots_.try_emplace(tile, static_cast<int>(slots_.size())).first->second; }
  static int memory(TileType type) { return static_cast<int>(type.getSpace()); }
  static int pipe_number(tile::Pipe pipe) { return static_cast<int>(pipe); }
  static int64_t bytes(TileType type) {
    const int64_t row = type.is_mask() ? (type.getColumns() + 7) / 8 : type.getColumns() * element_bytes(type.getElement());
    return type.getRows() * (type.is_mask() ? (row + 31) / 32 * 32 : row);
  }

  const Target& target_;
  std::vector<Operation*>& ids_;
  DenseMap<Value, int> slots_;
};

}  // namespace

FailureOr<Listing> listing_of(tile::FuncOp kernel, const Target& target, std::vector<Operation*>& ids) {
  Listing listing;
  if (failed(Lister(target, ids).block(kernel.getBody().front(), listing))) return failure();
  return listing;
}

LogicalResult verify_plan(tile::FuncOp kernel, const Target& target) {
  std::vector<Operation*> ids;
  const FailureOr<Listing> listing = listing_of(kernel, target, ids);
  if (failed(listing)) return failure();
  const std::vector<plan::PlanFault> faults = plan::validate(*listing);
  for (const plan::PlanFault& fault : faults) {
    Operation* at = fault.second >= 0 ? ids[static_cast<size_t>(fault.second)] : ids[static_cast<size_t>(fault.first)];
    InFlightDiagnostic error = at->emitOpError() << "is not in order: " << fault.text;
    if (fault.second >= 0 && fault.first >= 0) error.attachNote(ids[static_cast<size_t>(fault.first)]->getLoc()) << "with this";
  }
  return success(faults.empty());
}

}  // namespace tilewright
