#include "compiler/plan/share_places.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"

namespace tilewright {

using namespace mlir;
using tile::TileType;

namespace {

bool is_tile(Value value) { return isa<TileType>(value.getType()); }

enum class When { kBefore, kSame, kAfter, kNever };

/// When `op` happens as seen from `at`, in one turn of the loops around both; kNever in the other branch of an scf.if.
When when(Operation* op, Operation* at) {
  if (op == at) return When::kSame;
  if (op->isProperAncestor(at)) return When::kBefore;  // it took its operands when it began
  if (at->isProperAncestor(op)) return When::kAfter;
  Operation *a = op, *b = at;
  while (a->getBlock() != b->getBlock()) {
    Operation* parent = b;
    while (parent != nullptr && parent->getBlock() != a->getBlock()) parent = parent->getParentOp();
    if (parent != nullptr) {
      b = parent;
    } else {
      a = a->getParentOp();
    }
    if (a == b) break;
  }
  if (a != b) return a->isBeforeInBlock(b) ? When::kBefore : When::kAfter;
  if (isa<scf::IfOp>(a)) return When::kNever;
  const auto region_in = [&](Operation* inner) {
    Region* region = inner->getParentRegion();
    while (region->getParentOp() != a) region = region->getParentOp()->getParentRegion();
    return region->getRegionNumber();
  };
  return region_in(op) < region_in(at) ? When::kBefore : When::kAfter;
}

Operation* owner_of(Value value) {
  Operation* definition = value.getDefiningOp();
  return definition != nullptr ? definition : value.getParentBlock()->getParentOp();
}

/// Whether `value` gets its content after `at`, so that nothing at `at` can overwrite it.
bool is_defined_later(Value value, Operation* at) {
  Operation* owner = owner_of(value);
  if (isa<OpResult>(value)) return owner == at || owner->isProperAncestor(at) || when(owner, at) == When::kAfter;
  return !owner->isProperAncestor(at) && (owner == at || when(owner, at) == When::kAfter);
}

bool is_loop(Operation* op) { return isa<scf::ForOp, scf::WhileOp>(op); }

int64_t element_width(Value tile) { return cast<TileType>(tile.getType()).getElement().getIntOrFloatBitWidth(); }

}  // namespace

bool may_lie_on(Operation* op, unsigned operand) {
  const tile::OperatorInfo* info = tile::operator_info(op);
  if (info == nullptr || (info->onto >> operand & 1) == 0 || !is_tile(op->getOperand(operand))) return false;
  return element_width(op->getOperand(operand)) == element_width(op->getResult(0));
}

LogicalResult SharedPlaces::make(tile::FuncOp kernel) {
  if (failed(visit(kernel.getBody().front()))) return failure();
  const auto add = [&](Value value) {
    if (!is_tile(value)) return;
    const auto leader = union_.findLeader(union_.insert(key(value)));
    const auto [at, is_new] = numbers_.try_emplace(value_of(*leader), static_cast<unsigned>(classes_.size()));
    if (is_new) classes_.emplace_back();
    const unsigned number = at->second;
    numbers_[value] = number;
    classes_[number].push_back(value);
  };
  kernel->walk<WalkOrder::PreOrder>([&](Operation* op) {
    for (const Value result : op->getResults()) add(result);
    for (Region& region : op->getRegions()) {
      for (Block& block : region) {
        for (const Value argument : block.getArguments()) add(argument);
      }
    }
  });
  return success();
}

LogicalResult SharedPlaces::visit(Block& block) {
  for (Operation& op : llvm::make_early_inc_range(block)) {
    if (failed(visit(&op))) return failure();
  }
  return success();
}

LogicalResult SharedPlaces::visit(Operation* op) {
  for (const Value result : op->getResults()) {
    if (is_tile(result)) union_.insert(key(result));
  }
  if (const std::optional<unsigned> shared = tile::shared_operand(op)) return in_place(op, *shared);
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    if (failed(carry(op, loop.getInitArgsMutable(), loop.getRegionIterArgs()))) return failure();
    for (const auto& [carried, result] : llvm::zip_equal(loop.getRegionIterArgs(), loop.getResults())) {
      if (is_tile(result)) join(carried, result);
    }
    if (failed(visit(*loop.getBody()))) return failure();
    Operation* yield = loop.getBody()->getTerminator();
    return hand_back(yield, yield->getOpOperands(), loop.getRegionIterArgs());
  }
  if (auto loop = dyn_cast<scf::WhileOp>(op)) {
    if (failed(carry(op, loop.getInitsMutable(), loop.getBeforeArguments()))) return failure();
    if (failed(visit(*loop.getBeforeBody()))) return failure();
    for (const auto& [passed, argument, result] :
         llvm::zip_equal(loop.getConditionOp().getArgs(), loop.getAfterArguments(), loop.getResults())) {
      if (!is_tile(passed)) continue;
      join(passed, argument);
      join(passed, result);
    }
    if (failed(visit(*loop.getAfterBody()))) return failure();
    Operation* yield = loop.getAfterBody()->getTerminator();
    return hand_back(yield, yield->getOpOperands(), loop.getBeforeArguments());
  }
  if (isa<scf::IfOp>(op)) return branch(op);
  if (op->getNumRegions() != 0) return op->emitOpError("is not something that a kernel's memory can be planned around");
  return success();
}

LogicalResult SharedPlaces::in_place(Operation* op, unsigned operand) {
  OpOperand& consumed = op->getOpOperand(operand);
  const bool writes = !isa<tile::ReshapeOp, tile::SetValidOp>(op);  // others say only how the same content is seen
  if (writes && is_needed_after(consumed.get(), op, &consumed) && failed(copy(consumed, op))) return failure();
  join(consumed.get(), op->getResult(0));
  return success();
}

LogicalResult SharedPlaces::carry(Operation* loop, MutableArrayRef<OpOperand> initial, ValueRange carried) {
  for (const auto& [operand, argument] : llvm::zip_equal(initial, carried)) {
    if (!is_tile(argument)) continue;
    if (is_needed_after(operand.get(), loop, &operand) && failed(copy(operand, loop))) return failure();
    join(operand.get(), argument);
  }
  return success();
}

LogicalResult SharedPlaces::hand_back(Operation* yield, MutableArrayRef<OpOperand> yielded, ValueRange carried) {
  Region& body = *yield->getParentRegion();
  SmallVector<std::pair<OpOperand*, Value>> to_copy;
  for (const auto& [operand, argument] : llvm::zip_equal(yielded, carried)) {
    const Value value = operand.get();
    if (!is_tile(argument) || same(value, argument)) continue;
    if (is_local(value, body) && can_take_over(value, argument)) {
      join(value, argument);
    } else {
      to_copy.emplace_back(&operand, argument);
    }
  }
  // What the loop carries at one place goes to another one: first away from all places, then into them.
  if (to_copy.size() > 1) {
    for (const auto& [operand, argument] : to_copy) {
      if (!is_local(operand->get(), body) && failed(copy(*operand, yield))) return failure();
    }
  }
  for (const auto& [operand, argument] : to_copy) {
    const bool fits = is_local(operand->get(), body) && can_take_over(operand->get(), argument);
    if (!fits && failed(copy(*operand, yield))) return failure();
    join(operand->get(), argument);
  }
  return success();
}

LogicalResult SharedPlaces::branch(Operation* op) {
  auto branch = cast<scf::IfOp>(op);
  for (Region& region : op->getRegions()) {
    if (!region.empty() && failed(visit(region.front()))) return failure();
  }
  for (const OpResult result : op->getResults()) {
    if (!is_tile(result)) continue;
    OpOperand& one = branch.thenYield()->getOpOperand(result.getResultNumber());
    OpOperand& other = branch.elseYield()->getOpOperand(result.getResultNumber());
    const auto hands_on_here = [&](OpOperand& operand) { return is_local(operand.get(), *operand.getOwner()->getParentRegion()); };
    if (!same(one.get(), other.get())) {
      // At most one of the two is the place of something from before.
      if (!hands_on_here(one) && !hands_on_here(other) && failed(copy(other, other.getOwner()))) return failure();
      for (OpOperand* outer : {&one, &other}) {
        OpOperand& local = outer == &one ? other : one;
        if (!hands_on_here(*outer) && !can_take_over(local.get(), outer->get()) && failed(copy(*outer, outer->getOwner())))
          return failure();
      }
    }
    join(one.get(), other.get());
    join(one.get(), result);
  }
  return success();
}

LogicalResult SharedPlaces::copy(OpOperand& operand, Operation* before) {
  const auto type = cast<TileType>(operand.get().getType());
  if (type.getSpace() != tile::Space::kVec) {
    InFlightDiagnostic error = before->emitOpError()
                               << "overwrites a tile " << type.text() << " that is still needed, and tiles in "
                               << tile::stringifySpace(type.getSpace()) << " cannot be copied; compute it again, or use it before";
    error.attachNote(operand.get().getLoc()) << "the tile comes from here";
    return failure();
  }
  OpBuilder builder(before);
  const Value copied = builder.create<tile::MoveOp>(before->getLoc(), type, operand.get());
  union_.insert(key(copied));
  operand.set(copied);
  return success();
}

SmallVector<Value> SharedPlaces::members(Value value) const {
  SmallVector<Value> values;
  const auto leader = union_.findLeader(key(value));
  if (leader == union_.member_end()) return {value};
  for (auto member = leader; member != union_.member_end(); ++member) values.push_back(value_of(*member));
  return values;
}

bool SharedPlaces::is_local(Value value, Region& region) const {
  return llvm::all_of(members(value), [&](Value member) {
    Region* home = member.getParentRegion();
    return isa<OpResult>(member) ? region.isAncestor(home) : region.isProperAncestor(home);
  });
}

Operation* SharedPlaces::first_definition(Value value) const {
  Operation* first = nullptr;
  for (const Value member : members(value)) {
    Operation* owner = owner_of(member);
    if (first == nullptr || when(owner, first) == When::kBefore) first = owner;
  }
  return first;
}

bool SharedPlaces::can_take_over(Value local, Value other) const {
  Operation* first = first_definition(local);
  if (is_needed_after(other, first)) return false;
  return llvm::none_of(members(other), [&](Value member) {
    Operation* owner = owner_of(member);
    return when(owner, first) == When::kAfter && is_needed_after(local, owner);
  });
}

bool SharedPlaces::is_needed_after(Value value, Operation* at, const OpOperand* consumed) const {
  for (Value member : members(value)) {
    if (is_defined_later(member, at)) continue;
    for (OpOperand& use : member.getUses()) {
      Operation* user = use.getOwner();
      // The next turn of a loop needs what was there before the first one.
      for (Operation* loop = at->getParentOp(); loop != nullptr; loop = loop->getParentOp()) {
        if (is_loop(loop) && !loop->isAncestor(member.getParentRegion()->getParentOp()) && loop->isProperAncestor(user)) return true;
      }
      if (&use == consumed) continue;
      const When used = when(user, at);
      if (used == When::kAfter) return true;
      if (used == When::kSame && (consumed != nullptr || !may_lie_on(at, use.getOperandNumber()))) return true;
    }
  }
  return false;
}

}  // namespace tilewright
