#include "compiler/passes/affine_regions.h"

#include "compiler/ir/tw_dialect.h"
#include "compiler/passes/affine_numbers.h"
#include "compiler/passes/kernel_accesses.h"
#include "compiler/passes/tensor_regions.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace tilewright {

using namespace mlir;
using tw::DeviceTensorType;

namespace {

constexpr size_t kMostParts = 8;  ///< of one value; of one with more nothing is known

/// One dimension of a tensor that is a part of another one.
struct Coordinate {
  AffineExpr place;  ///< the index in this dimension, by the root's indices
  AffineExpr extent;
  bool is_bound = true;  ///< that it is 0 to the extent says something new of the root's indices
  bool operator==(const Coordinate&) const = default;
};

/// What a value names, as long as it is known by which indices.
struct Part {
  Value root;
  SmallVector<Coordinate, 5> coordinates;  ///< none: how its indices are related to the root's is not known
  SmallVector<AffineCondition, 4> conditions;  ///< on the root's indices, beside those that `coordinates` imply
  SmallVector<AffineCondition, 4> facts;  ///< on symbols, whenever it is made
  bool is_exact = false;
  bool is_of_any_turn = false;  ///< tilewright::Region::of_any_turn

  bool operator==(const Part& other) const {
    return root == other.root && is_exact == other.is_exact && is_of_any_turn == other.is_of_any_turn && coordinates == other.coordinates &&
           conditions == other.conditions && facts == other.facts;
  }

  bool is_known() const { return !coordinates.empty(); }

  /// All conditions, facts too.
  SmallVector<AffineCondition> all() const {
    SmallVector<AffineCondition> all;
    for (const Coordinate& coordinate : coordinates) add_bounds(coordinate, all);
    all.append(conditions.begin(), conditions.end());
    all.append(facts.begin(), facts.end());
    return all;
  }

  SmallVector<unsigned, 8> symbols() const {
    SmallVector<AffineCondition> all = this->all();
    for (const Coordinate& coordinate : coordinates) all.append({{coordinate.place}, {coordinate.extent}});
    return symbols_in(all);
  }

  template <typename Conditions>
  static void add_bounds(const Coordinate& coordinate, Conditions& conditions) {
    if (!coordinate.is_bound) return;
    conditions.push_back({coordinate.place});
    conditions.push_back({simplified(coordinate.extent - 1 - coordinate.place)});
  }

  void forget_coordinates() {
    for (const Coordinate& coordinate : coordinates) add_bounds(coordinate, conditions);
    coordinates.clear();
  }
};

Part somewhere(Value root) {
  Part part;
  part.root = root;
  return part;
}

using Parts = std::vector<Part>;

bool is_constant(AffineExpr expression, int64_t number) {
  auto constant = dyn_cast<AffineConstantExpr>(expression);
  return constant && constant.getValue() == number;
}

bool is_part_of_operand(Operation* op) { return isa_and_nonnull<tw::ViewOp, tw::ReshapeOp, tw::TransposeOp>(op); }

// ---- where tensors come from

/// A value that another one is, unchanged.
struct Source {
  Value value;
  Operation* loop = nullptr;  ///< whose turn before this one, or last turn, made it
};

/// None for a value that is made where it is defined.
SmallVector<Source, 2> sources(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    Operation* parent = argument.getOwner()->getParentOp();
    if (auto loop = dyn_cast<scf::ForOp>(parent); loop && argument != loop.getInductionVar())
      return {{loop.getTiedLoopInit(argument)->get()}, {loop.getTiedLoopYieldedValue(argument)->get(), loop}};
    if (auto loop = dyn_cast<scf::WhileOp>(parent)) {
      const unsigned number = argument.getArgNumber();
      if (argument.getOwner() == loop.getAfterBody()) return {{loop.getConditionOp().getArgs()[number]}};
      return {{loop.getInits()[number]}, {loop.getYieldOp().getOperand(number), loop}};
    }
    return {};
  }
  const unsigned number = cast<OpResult>(value).getResultNumber();
  Operation* op = value.getDefiningOp();
  if (auto loop = dyn_cast<scf::ForOp>(op)) return {{loop.getInitArgs()[number]}, {loop.getYieldedValues()[number], loop}};
  if (auto loop = dyn_cast<scf::WhileOp>(op)) return {{loop.getConditionOp().getArgs()[number], loop}};
  if (auto branch = dyn_cast<scf::IfOp>(op)) return {{branch.thenYield().getOperand(number)}, {branch.elseYield().getOperand(number)}};
  if (auto select = dyn_cast<arith::SelectOp>(op)) return {{select.getTrueValue()}, {select.getFalseValue()}};
  if (auto scope = dyn_cast<tw::ScopeOp>(op)) return {{scope.getBody().front().getTerminator()->getOperand(number)}};
  return {};
}

/// Where `value` comes from, with the loops that it may have come out of, or from turn to turn of. With `through_parts` views and the like
/// count as what they are part of.
llvm::MapVector<Value, llvm::SmallPtrSet<Operation*, 2>> origins(Value value, bool through_parts) {
  llvm::MapVector<Value, llvm::SmallPtrSet<Operation*, 2>> loops, ends;
  loops[value];
  SmallVector<Value> pending{value};
  while (!pending.empty()) {
    const Value next = pending.pop_back_val();
    SmallVector<Source, 2> from = sources(next);
    if (Operation* op = next.getDefiningOp(); through_parts && is_part_of_operand(op)) from.push_back({op->getOperand(0)});
    const llvm::SmallPtrSet<Operation*, 2> left = loops[next];
    if (from.empty()) ends[next].insert(left.begin(), left.end());
    for (const Source& source : llvm::reverse(from)) {  // the first one is looked at next
      const auto [known, is_new] = loops.try_emplace(source.value);
      const size_t before = known->second.size();
      known->second.insert(left.begin(), left.end());
      if (source.loop != nullptr) known->second.insert(source.loop);
      if (is_new || known->second.size() != before) pending.push_back(source.value);
    }
  }
  return ends;
}

/// Whether `part`, a view or the like, is made of what it made itself in a turn before.
bool is_part_of_itself(Value part) {
  llvm::SmallDenseSet<Value, 8> seen;
  SmallVector<Value> pending{part};
  while (!pending.empty()) {
    const Value next = pending.pop_back_val();
    SmallVector<Source, 2> from = sources(next);
    if (Operation* op = next.getDefiningOp(); is_part_of_operand(op)) from.push_back({op->getOperand(0)});
    for (const Source& source : from) {
      if (source.value == part) return true;
      if (seen.insert(source.value).second) pending.push_back(source.value);
    }
  }
  return false;
}

Value kernel_argument(Operation* op, unsigned number) { return op->getParentOfType<tile::FuncOp>().getArgument(number); }

bool is_made_in(Operation* loop, Value value) { return loop->isAncestor(value.getParentRegion()->getParentOp()); }

// ---- what a Region says, ready for questions

/// A bound of one index of the root: a number that is made of symbols, plus a constant.
struct Bound {
  AffineExpr symbols;
  int64_t constant;
};

struct Elements {
  unsigned number;  ///< of all that questions were about
  SmallVector<AffineCondition> conditions;  ///< on indices of the root
  SmallVector<AffineCondition> facts;
  SmallVector<SmallVector<Bound, 1>, 5> first, last;  ///< of each index: those conditions that say the least and the greatest one of it
  bool is_box = true;  ///< the conditions are no others than those
  bool is_constant = true;  ///< a box of constants

  SmallVector<AffineCondition> all() const {
    SmallVector<AffineCondition> all(conditions);
    all.append(facts.begin(), facts.end());
    return all;
  }
};

Bound bound_of(AffineExpr expression) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expression))
    return {getAffineConstantExpr(0, expression.getContext()), constant.getValue()};
  auto sum = dyn_cast<AffineBinaryOpExpr>(expression);
  if (sum && sum.getKind() == AffineExprKind::Add) {
    if (auto constant = dyn_cast<AffineConstantExpr>(sum.getRHS())) return {sum.getLHS(), constant.getValue()};
  }
  return {expression, 0};
}

bool has_dimensions(AffineExpr expression) {
  return expression.walk([](AffineExpr part) { return isa<AffineDimExpr>(part) ? WalkResult::interrupt() : WalkResult::advance(); })
      .wasInterrupted();
}

/// Notes the condition as a bound of one index, if it is one.
bool note_bound(Elements& elements, unsigned rank, const AffineCondition& condition) {
  if (condition.is_zero) return false;
  for (unsigned d = 0; d < rank; ++d) {
    if (!condition.expression.isFunctionOfDim(d)) continue;
    const AffineExpr index = getAffineDimExpr(d, condition.expression.getContext());
    if (const AffineExpr rest = simplified(index - condition.expression); !has_dimensions(rest)) {
      elements.first[d].push_back(bound_of(rest));
      elements.is_constant = elements.is_constant && isa<AffineConstantExpr>(rest);
      return true;
    }
    if (const AffineExpr rest = simplified(condition.expression + index); !has_dimensions(rest)) {
      elements.last[d].push_back(bound_of(rest));
      elements.is_constant = elements.is_constant && isa<AffineConstantExpr>(rest);
      return true;
    }
    return false;
  }
  return false;
}

/// Whether some bound says that no index of `a` in a dimension reaches that of `b`.
bool are_apart(const Elements& a, const Elements& b) {
  for (const auto& [last, first] : llvm::zip_equal(a.last, b.first)) {
    for (const Bound& end : last) {
      for (const Bound& begin : first) {
        if (end.symbols == begin.symbols && end.constant < begin.constant) return true;
      }
    }
  }
  return false;
}

/// Whether the bounds of `inner` imply that bound of `outer`, by themselves.
bool implies(ArrayRef<Bound> inner, const Bound& outer, bool is_first) {
  return llvm::any_of(inner, [&](const Bound& bound) {
    return bound.symbols == outer.symbols && (is_first ? bound.constant >= outer.constant : bound.constant <= outer.constant);
  });
}

bool bounds_imply(const Elements& outer, const Elements& inner) {
  for (unsigned d = 0; d < outer.first.size(); ++d) {
    for (const Bound& bound : outer.first[d]) {
      if (!implies(inner.first[d], bound, true)) return false;
    }
    for (const Bound& bound : outer.last[d]) {
      if (!implies(inner.last[d], bound, false)) return false;
    }
  }
  return true;
}

}  // namespace

// ---- parts

struct Regions::State {
  const Parts& parts(Value tensor);
  Parts compute(Value tensor);
  Parts united(Value tensor);
  Part whole(Value root);
  void narrow(Part& part, tw::ViewOp view);
  void reshape(Part& part, Value to);
  bool reshape_group(const Part& part, ArrayRef<Coordinate> from, ArrayRef<AffineExpr> to, SmallVectorImpl<Coordinate>& result);
  AffineExpr quotient(ArrayRef<AffineCondition> conditions, AffineExpr dividend, int64_t divisor);
  tilewright::Region region(const Part& part);
  SmallVector<tilewright::Region, 1> accessed(tw::SubmitOp submit, unsigned operand, const KernelAccess& access);
  AffineExpr of_caller(tw::SubmitOp submit, const RegionSymbol& symbol);
  const Elements& elements(const tilewright::Region& region);
  bool are_disjoint(const tilewright::Region& a, const tilewright::Region& b);
  bool covers(const tilewright::Region& outer, const tilewright::Region& inner);

  AffineNumbers numbers;
  std::unordered_map<void*, Parts> parts_of;
  std::unordered_map<void*, std::vector<tilewright::Region>> regions_of;
  /// By set and symbols; several regions may have one set.
  std::unordered_map<const void*, std::vector<std::pair<tilewright::Region, std::unique_ptr<Elements>>>> elements_of;
  unsigned elements_count = 0;
  int own_numbers = 0;  ///< that kernels keep to themselves, so far
  llvm::DenseMap<std::pair<unsigned, unsigned>, bool> disjoint, covered;
};

Part Regions::State::whole(Value root) {
  Part part = somewhere(root);
  part.is_exact = true;
  const auto type = cast<DeviceTensorType>(root.getType());
  for (unsigned d = 0; d < type.rank(); ++d) {
    part.coordinates.push_back({getAffineDimExpr(d, root.getContext()), numbers.extent(root, d)});
    if (!isa<AffineConstantExpr>(part.coordinates.back().extent)) part.facts.push_back({simplified(part.coordinates.back().extent - 1)});
  }
  return part;
}

const Parts& Regions::State::parts(Value tensor) {
  const auto known = parts_of.find(tensor.getAsOpaquePointer());
  if (known != parts_of.end()) return known->second;
  Parts parts = compute(tensor);
  return parts_of[tensor.getAsOpaquePointer()] = std::move(parts);
}

Parts Regions::State::compute(Value tensor) {
  if (is_root(tensor)) return {whole(tensor)};
  Operation* op = tensor.getDefiningOp();
  if (!is_part_of_operand(op)) return united(tensor);
  Parts result = parts(op->getOperand(0));
  for (Part& part : result) {
    if (!part.root) continue;
    if (auto view = dyn_cast<tw::ViewOp>(op)) {
      narrow(part, view);
    } else if (auto transpose = dyn_cast<tw::TransposeOp>(op)) {
      if (part.is_known()) std::swap(part.coordinates[transpose.getFirst()], part.coordinates[transpose.getSecond()]);
    } else {
      reshape(part, op->getResult(0));
    }
  }
  return result;
}

/// What a value may be that others flow into.
Parts Regions::State::united(Value tensor) {
  Parts result;
  const auto add = [&](Part part) {
    if (!llvm::is_contained(result, part)) result.push_back(std::move(part));
  };
  const auto is_left = [](const auto& loops, Value value) {
    return llvm::any_of(loops, [&](Operation* loop) { return is_made_in(loop, value); });
  };
  auto ends = origins(tensor, false);
  // Windows that wander from turn to turn may be anywhere.
  const bool wanders =
      llvm::any_of(ends, [](const auto& end) { return is_part_of_operand(end.first.getDefiningOp()) && is_part_of_itself(end.first); });
  if (wanders) ends = origins(tensor, true);
  for (const auto& [end, loops] : ends) {
    if (end == tensor) return {Part{}};  // nothing flows into it
    for (Part part : parts(end)) {
      if (!part.root) return {Part{}};
      // Numbers of another turn are others, and so are tensors.
      const bool is_of_any_turn = part.is_of_any_turn || is_left(loops, part.root);
      const auto is_other = [&](unsigned symbol) { return is_left(loops, numbers.symbol(symbol).value); };
      if (wanders || is_of_any_turn || llvm::any_of(part.symbols(), is_other)) part = somewhere(part.root);
      part.is_of_any_turn = is_of_any_turn;
      add(std::move(part));
    }
  }
  if (result.size() > kMostParts) return {Part{}};
  if (result.size() > 1) {
    for (Part& part : result) part.is_exact = false;
  }
  return result;
}

void Regions::State::narrow(Part& part, tw::ViewOp view) {
  if (!part.is_known()) {
    part.is_exact = false;
    return;
  }
  for (const auto& [d, coordinate] : llvm::enumerate(part.coordinates)) {
    const AffineExpr offset = numbers.of(view.getOffsets()[d]), extent = numbers.extent(view, static_cast<unsigned>(d));
    const auto know = [&](AffineExpr fact) {
      fact = simplified(fact);
      if (!isa<AffineConstantExpr>(fact)) part.facts.push_back({fact});
    };
    if (extent == coordinate.extent) continue;  // then it begins at 0
    know(offset);
    know(extent - 1);
    know(coordinate.extent - offset - extent);
    coordinate = {simplified(coordinate.place - offset), extent, true};
  }
}

// ---- reshapes

namespace {

/// Products of the extents behind each of `extents`; nothing if they are not constants, or very large. The first extent does not matter.
std::optional<SmallVector<int64_t, 5>> strides_of(ArrayRef<AffineExpr> extents) {
  constexpr int64_t kLargest = int64_t{1} << 40;
  SmallVector<int64_t, 5> strides(extents.size(), 1);
  for (size_t i = extents.size(); i-- > 1;) {
    auto extent = dyn_cast<AffineConstantExpr>(extents[i]);
    if (!extent || extent.getValue() <= 0 || extent.getValue() > kLargest / strides[i]) return std::nullopt;
    strides[i - 1] = strides[i] * extent.getValue();
  }
  return strides;
}

/// How many of the last of `from` and of `to` have as many elements as each other; the fewest. Nothing if that is not known.
std::optional<std::pair<size_t, size_t>> last_group(ArrayRef<AffineExpr> from, ArrayRef<AffineExpr> to) {
  constexpr int64_t kLargest = int64_t{1} << 40;
  size_t of_from = 0, of_to = 0;
  int64_t count = 1, to_count = 1;
  do {
    const bool takes_from = of_from == 0 || (of_to != 0 && count < to_count);
    size_t& taken = takes_from ? of_from : of_to;
    const ArrayRef<AffineExpr> extents = takes_from ? from : to;
    int64_t& product = takes_from ? count : to_count;
    if (taken == extents.size()) return std::nullopt;
    auto extent = dyn_cast<AffineConstantExpr>(extents[extents.size() - ++taken]);
    if (!extent || extent.getValue() <= 0 || extent.getValue() > kLargest / product) return std::nullopt;
    product *= extent.getValue();
  } while (of_to == 0 || count != to_count);
  return std::pair(of_from, of_to);
}

}  // namespace

/// The whole part of dividing by `divisor` what satisfies `conditions`.
AffineExpr Regions::State::quotient(ArrayRef<AffineCondition> conditions, AffineExpr dividend, int64_t divisor) {
  if (divisor == 1) return dividend;
  AffineExpr whole = getAffineConstantExpr(0, dividend.getContext()), rest = whole;
  SmallVector<AffineExpr> terms{dividend};
  while (!terms.empty()) {
    const AffineExpr term = terms.pop_back_val();
    auto binary = dyn_cast<AffineBinaryOpExpr>(term);
    if (binary && binary.getKind() == AffineExprKind::Add) {
      terms.push_back(binary.getRHS());
      terms.push_back(binary.getLHS());
    } else if (term.getLargestKnownDivisor() % divisor == 0) {
      whole = whole + term.floorDiv(static_cast<uint64_t>(divisor));
    } else {
      rest = rest + term;
    }
  }
  SmallVector<AffineCondition> wrong(conditions);
  const auto never = [&](AffineExpr expression) {
    wrong.push_back({expression});
    const bool is_impossible = numbers.is_impossible(wrong);
    wrong.pop_back();
    return is_impossible;
  };
  if (never(-rest - 1) && never(rest - divisor)) return simplified(whole);
  return simplified(dividend.floorDiv(static_cast<uint64_t>(divisor)));
}

/// Appends coordinates for extents `to`, which have as many elements as `from` together. False if they are not affine.
bool Regions::State::reshape_group(const Part& part, ArrayRef<Coordinate> from, ArrayRef<AffineExpr> to,
                                   SmallVectorImpl<Coordinate>& result) {
  SmallVector<AffineExpr> extents;
  for (const Coordinate& coordinate : from) extents.push_back(coordinate.extent);
  const auto strides = strides_of(extents), to_strides = strides_of(to);
  if (!strides || !to_strides) return false;
  AffineExpr place = getAffineConstantExpr(0, part.root.getContext());
  for (const auto& [coordinate, stride] : llvm::zip_equal(from, *strides)) {
    const AffineExpr term = product(coordinate.place, getAffineConstantExpr(stride, part.root.getContext()));
    if (!term) return false;
    place = place + term;
  }
  place = simplified(place);
  const auto conditions = part.all();
  AffineExpr before;
  for (const auto& [extent, stride] : llvm::zip_equal(to, *to_strides)) {
    const AffineExpr whole = quotient(conditions, place, stride);
    const AffineExpr index = before ? simplified(whole - before * extent) : whole;
    before = whole;
    result.push_back({index, extent, false});
  }
  return true;
}

void Regions::State::reshape(Part& part, Value to) {
  if (!part.is_known()) return;
  SmallVector<AffineExpr, 5> extents;
  for (unsigned d = 0; d < cast<DeviceTensorType>(to.getType()).rank(); ++d) extents.push_back(numbers.extent(to, d));
  ArrayRef<Coordinate> from(part.coordinates);
  ArrayRef<AffineExpr> left(extents);
  SmallVector<Coordinate, 5> front, back;  // the latter in reverse
  SmallVector<Coordinate, 5> forgotten;  // whose bounds the new coordinates do not say
  const AffineExpr zero = getAffineConstantExpr(0, to.getContext());
  // Dimensions at either end that stay, and those of one element, say how their neighbours are related, whatever the extents.
  for (const bool at_front : {true, false}) {
    SmallVectorImpl<Coordinate>& done = at_front ? front : back;
    while (!from.empty() || !left.empty()) {
      const Coordinate* coordinate = from.empty() ? nullptr : at_front ? &from.front() : &from.back();
      const AffineExpr extent = left.empty() ? AffineExpr() : at_front ? left.front() : left.back();
      const bool stays = coordinate != nullptr && extent && coordinate->extent == extent;
      const bool goes = !stays && coordinate != nullptr && is_constant(coordinate->extent, 1);
      const bool comes = !stays && !goes && extent && is_constant(extent, 1);
      if (!stays && !goes && !comes) break;
      if (stays) done.push_back(*coordinate);
      if (goes) forgotten.push_back(*coordinate);
      if (comes) done.push_back({zero, extent, false});
      if (stays || goes) from = at_front ? from.drop_front() : from.drop_back();
      if (stays || comes) left = at_front ? left.drop_front() : left.drop_back();
    }
  }
  // The rest in groups of as few dimensions as possible; the first one takes what is left, of any extent.
  SmallVector<SmallVector<Coordinate, 5>> groups;
  bool is_affine = true;
  while (is_affine && !(from.empty() && left.empty())) {
    SmallVector<AffineExpr> from_extents;
    for (const Coordinate& coordinate : from) from_extents.push_back(coordinate.extent);
    const auto [of_from, of_to] = last_group(from_extents, left).value_or(std::pair(from.size(), left.size()));
    is_affine = of_from != 0 && of_to != 0 && reshape_group(part, from.take_back(of_from), left.take_back(of_to), groups.emplace_back());
    forgotten.append(from.take_back(of_from).begin(), from.take_back(of_from).end());
    from = from.drop_back(of_from);
    left = left.drop_back(of_to);
  }
  if (!is_affine) return part.forget_coordinates();
  for (const Coordinate& coordinate : forgotten) Part::add_bounds(coordinate, part.conditions);
  for (const auto& group : llvm::reverse(groups)) front.append(group.begin(), group.end());
  front.append(back.rbegin(), back.rend());
  part.coordinates = std::move(front);
}

// ---- regions and questions

tilewright::Region Regions::State::region(const Part& part) {
  tilewright::Region region;
  region.root = part.root;
  region.exact = part.is_exact;
  region.of_any_turn = part.is_of_any_turn;
  if (!part.root) return region;
  const SmallVector<AffineCondition> all = part.all();
  if (all.empty()) return region;
  const auto symbols = symbols_in(all);
  llvm::DenseMap<AffineExpr, AffineExpr> positions;
  for (const auto& [i, symbol] : llvm::enumerate(symbols)) {
    region.symbols.push_back(numbers.symbol(symbol));
    positions[getAffineSymbolExpr(symbol, part.root.getContext())] = getAffineSymbolExpr(static_cast<unsigned>(i), part.root.getContext());
  }
  SmallVector<AffineExpr> expressions;
  SmallVector<bool> are_zero;
  for (const AffineCondition& condition : all) {
    expressions.push_back(condition.expression.replace(positions));
    are_zero.push_back(condition.is_zero);
  }
  region.elements =
      IntegerSet::get(cast<DeviceTensorType>(part.root.getType()).rank(), static_cast<unsigned>(symbols.size()), expressions, are_zero);
  return region;
}

/// What a number of a kernel is for the task; null if only the kernel knows.
AffineExpr Regions::State::of_caller(tw::SubmitOp submit, const RegionSymbol& symbol) {
  auto argument = dyn_cast<BlockArgument>(symbol.value);
  if (!argument || !isa<tile::FuncOp>(argument.getOwner()->getParentOp())) return {};
  const Value given = submit.getOperands_()[argument.getArgNumber()];
  return symbol.dimension < 0 ? numbers.of(given) : numbers.extent(given, static_cast<unsigned>(symbol.dimension));
}

SmallVector<tilewright::Region, 1> Regions::State::accessed(tw::SubmitOp submit, unsigned operand, const KernelAccess& access) {
  MLIRContext* context = submit.getContext();
  Parts result = parts(submit.getOperands_()[operand]);
  Part in_kernel = parts(access.tensor).front();
  if (!access.indices.empty() && in_kernel.root && in_kernel.is_known() && in_kernel.root == kernel_argument(access.op, operand)) {
    for (const auto& [coordinate, index, extent] : llvm::zip_equal(in_kernel.coordinates, access.indices, access.extents())) {
      const AffineExpr way = simplified(coordinate.place - numbers.of(index));
      in_kernel.conditions.push_back({way});
      in_kernel.conditions.push_back({simplified(extent - 1 - way)});
    }
    std::vector<AffineCondition> all = numbers.with_facts(in_kernel.all());

    // The kernel's numbers as the task has them. What holds of those that only the kernel knows stands in `all`.
    llvm::DenseMap<AffineExpr, AffineExpr> symbols;
    bool is_known = true;
    for (const unsigned number : symbols_in(all)) {
      const RegionSymbol symbol = numbers.symbol(number);
      const AffineExpr self = getAffineSymbolExpr(number, context);
      if (const AffineExpr given = of_caller(submit, symbol)) {
        symbols[self] = given;
        continue;
      }
      is_known = false;
      symbols[self] = numbers.expression(context, {symbol.value, -1 - ++own_numbers});
      Operation* op = symbol.value.getDefiningOp();
      if (!isa_and_nonnull<tile::BlockIndexOp, tile::SubblockIndexOp>(op)) continue;
      const AffineExpr blocks = submit.getBlocks() ? numbers.of(submit.getBlocks()) : getAffineConstantExpr(1, context);
      all.push_back({self});
      all.push_back({isa<tile::BlockIndexOp>(op) ? blocks - 1 - self : 1 - self});
    }
    // Its conditions on numbers alone hold if the access is made.
    const bool is_made = !submit.getTested() && isa<tile::FuncOp>(access.op->getParentOp());
    for (Part& part : result) {
      if (!part.root || !part.is_known()) continue;
      SmallVector<AffineExpr> places;
      for (const Coordinate& coordinate : part.coordinates) places.push_back(coordinate.place);
      part.is_exact = part.is_exact && is_known;
      for (const AffineCondition& condition : all) {
        const AffineExpr expression = simplified(condition.expression.replace(symbols).replaceDims(places));
        if (auto constant = dyn_cast<AffineConstantExpr>(expression); constant && constant.getValue() >= 0 && !condition.is_zero) continue;
        part.is_exact = part.is_exact && (is_made || has_dimensions(expression));
        part.conditions.push_back({expression, condition.is_zero});
      }
    }
  }
  SmallVector<tilewright::Region, 1> regions;
  for (const Part& part : result) regions.push_back(region(part));
  return regions;
}

/// Of a region with a root.
const Elements& Regions::State::elements(const tilewright::Region& region) {
  const bool is_whole = region.elements == IntegerSet();
  const void* key = is_whole ? region.root.getAsOpaquePointer() : region.elements.getAsOpaquePointer();
  auto& known = elements_of[key];
  for (const auto& [other, elements] : known) {
    if (other.symbols == region.symbols) return *elements;
  }
  auto elements = std::make_unique<Elements>();
  elements->number = elements_count++;
  SmallVector<AffineCondition> all;
  MLIRContext* context = region.root.getContext();
  if (is_whole) {
    all = whole(region.root).all();
  } else {
    SmallVector<AffineExpr> symbols;
    for (const RegionSymbol& symbol : region.symbols) symbols.push_back(numbers.expression(context, symbol));
    for (const auto& [expression, is_zero] : llvm::zip_equal(region.elements.getConstraints(), region.elements.getEqFlags()))
      all.push_back({simplified(expression.replaceSymbols(symbols)), is_zero});
  }
  const unsigned rank = cast<DeviceTensorType>(region.root.getType()).rank();
  elements->first.resize(rank);
  elements->last.resize(rank);
  for (const AffineCondition& condition : all) {
    if (!has_dimensions(condition.expression)) {
      elements->facts.push_back(condition);
      continue;
    }
    elements->conditions.push_back(condition);
    elements->is_box = note_bound(*elements, rank, condition) && elements->is_box;
  }
  elements->is_constant = elements->is_constant && elements->is_box;
  known.emplace_back(region, std::move(elements));
  return *known.back().second;
}

bool Regions::State::are_disjoint(const tilewright::Region& a, const tilewright::Region& b) {
  if (!a.root || !b.root) return false;
  if (a.root != b.root) return !may_be_one(a.root, b.root);
  const Elements *one = &elements(a), *other = &elements(b);
  if (one == other) return false;
  if (one->number > other->number) std::swap(one, other);
  const auto [known, is_new] = disjoint.try_emplace({one->number, other->number}, false);
  if (!is_new) return known->second;
  if (are_apart(*one, *other) || are_apart(*other, *one)) return known->second = true;
  if (one->is_constant && other->is_constant) return false;
  SmallVector<AffineCondition> all = one->all();
  all.append(other->all());
  return known->second = numbers.is_impossible(all);
}

bool Regions::State::covers(const tilewright::Region& outer, const tilewright::Region& inner) {
  if (!outer.exact || !inner.root || outer.root != inner.root || inner.of_any_turn) return false;
  const Elements &one = elements(outer), &other = elements(inner);
  if (&one == &other) return true;
  const auto [known, is_new] = covered.try_emplace({one.number, other.number}, false);
  if (!is_new) return known->second;
  if (one.is_box && bounds_imply(one, other)) return known->second = true;
  if (one.is_constant && other.is_constant) return false;
  SmallVector<AffineCondition> all = other.all();
  all.append(one.facts);
  const auto never = [&](AffineExpr expression) {
    all.push_back({expression});
    const bool is_impossible = numbers.is_impossible(all);
    all.pop_back();
    return is_impossible;
  };
  for (const AffineCondition& condition : one.conditions) {
    if (!never(-condition.expression - 1) || (condition.is_zero && !never(condition.expression - 1))) return false;
  }
  return known->second = true;
}

Regions::Regions() : state_(std::make_unique<State>()) {}
Regions::~Regions() = default;

ArrayRef<tilewright::Region> Regions::of(Value tensor) {
  const auto known = state_->regions_of.find(tensor.getAsOpaquePointer());
  if (known != state_->regions_of.end()) return known->second;
  std::vector<tilewright::Region> regions;
  for (const Part& part : state_->parts(tensor)) regions.push_back(state_->region(part));
  return state_->regions_of[tensor.getAsOpaquePointer()] = std::move(regions);
}

SmallVector<tilewright::Region, 1> Regions::element(Value tensor, ValueRange indices) {
  SmallVector<tilewright::Region, 1> regions;
  for (Part part : state_->parts(tensor)) {
    if (part.is_known()) {
      for (const auto& [coordinate, index] : llvm::zip_equal(part.coordinates, indices)) {
        const AffineExpr place = state_->numbers.of(index);
        part.facts.push_back({place});
        part.facts.push_back({simplified(coordinate.extent - place - 1)});
        part.conditions.push_back({simplified(coordinate.place - place), true});
      }
    } else {
      part.is_exact = false;
    }
    regions.push_back(state_->region(part));
  }
  return regions;
}

SmallVector<tilewright::Region, 1> Regions::accessed(tw::SubmitOp submit, unsigned operand, const KernelAccess& access) {
  return state_->accessed(submit, operand, access);
}

bool Regions::are_disjoint(const tilewright::Region& a, const tilewright::Region& b) { return state_->are_disjoint(a, b); }
bool Regions::covers(const tilewright::Region& outer, const tilewright::Region& inner) { return state_->covers(outer, inner); }

bool Regions::are_disjoint(Value a, Value b) {
  return llvm::all_of(of(a), [&](const tilewright::Region& one) {
    return llvm::all_of(of(b), [&](const tilewright::Region& other) { return are_disjoint(one, other); });
  });
}

bool Regions::are_disjoint_in_turns(scf::ForOp loop, const tilewright::Region& a, const tilewright::Region& b) {
  if (!a.root || !b.root) return false;
  if (a.root != b.root) return !may_be_one(a.root, b.root);
  if (is_made_in(loop, a.root) && !a.of_any_turn && !b.of_any_turn) return true;  // another tensor in each turn
  return state_->numbers.is_impossible_in_turns(loop, state_->elements(a).all(), state_->elements(b).all());
}

bool Regions::are_disjoint_in_turns(scf::ForOp loop, Value a, Value b) {
  return llvm::all_of(of(a), [&](const tilewright::Region& one) {
    return llvm::all_of(of(b), [&](const tilewright::Region& other) { return are_disjoint_in_turns(loop, one, other); });
  });
}

}  // namespace tilewright
