#include "compiler/passes/affine_numbers.h"

#include "compiler/ir/tw_dialect.h"
#include "mlir/Analysis/FlatLinearValueConstraints.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace tilewright {

using namespace mlir;

namespace {

constexpr int64_t kLargestCoefficient = int64_t{1} << 40;
constexpr unsigned kMostTerms = 8;  ///< symbols of an expression: a longer one is a symbol of its own

/// What MLIR's emptiness test is let loose on: worst times grow steeply with these.
constexpr unsigned kMostSymbols = 12;
constexpr unsigned kMostLocals = 8;
constexpr unsigned kMostQuestions = 200000;  ///< at about 20 us each

unsigned dimensions_in(ArrayRef<AffineCondition> conditions) {
  unsigned count = 0;
  for (const AffineCondition& condition : conditions) {
    condition.expression.walk([&](AffineExpr part) {
      if (auto dimension = dyn_cast<AffineDimExpr>(part)) count = std::max(count, dimension.getPosition() + 1);
    });
  }
  return count;
}

/// An upper bound of the numbers that flattening `expression` computes.
int64_t largest_coefficient(AffineExpr expression) {
  const auto limited = [](int64_t a) { return std::min(a, kLargestCoefficient + 1); };
  if (auto constant = dyn_cast<AffineConstantExpr>(expression))
    return constant.getValue() < -kLargestCoefficient ? kLargestCoefficient + 1 : limited(std::abs(constant.getValue()));
  auto binary = dyn_cast<AffineBinaryOpExpr>(expression);
  if (!binary) return 1;
  const int64_t a = largest_coefficient(binary.getLHS()), b = largest_coefficient(binary.getRHS());
  if (binary.getKind() == AffineExprKind::Add) return limited(a + b);
  if (binary.getKind() == AffineExprKind::Mul) return a != 0 && b > kLargestCoefficient / a ? kLargestCoefficient + 1 : limited(a * b);
  return std::max(a, b);
}

/// The same with symbols renumbered: symbol `from[i]` becomes symbol i.
AffineExpr renumbered(AffineExpr expression, const llvm::DenseMap<AffineExpr, AffineExpr>& numbers) {
  return numbers.empty() ? expression : expression.replace(numbers);
}

llvm::DenseMap<AffineExpr, AffineExpr> numbering(MLIRContext* context, ArrayRef<unsigned> symbols, bool back) {
  llvm::DenseMap<AffineExpr, AffineExpr> numbers;
  for (const auto& [i, symbol] : llvm::enumerate(symbols)) {
    if (i == symbol) continue;
    const AffineExpr one = getAffineSymbolExpr(symbol, context), other = getAffineSymbolExpr(static_cast<unsigned>(i), context);
    numbers.try_emplace(back ? other : one, back ? one : other);
  }
  return numbers;
}

bool is_wide(Value number) { return number.getType().isIndex() || number.getType().isInteger(64); }

/// Whether `symbol` has another value in each turn of `loop`, as far as anybody knows.
bool is_made_in(scf::ForOp loop, RegionSymbol symbol) {
  return symbol.dimension < -1 /* in a kernel */ || loop->isAncestor(symbol.value.getParentRegion()->getParentOp());
}

}  // namespace

SmallVector<unsigned, 8> symbols_in(ArrayRef<AffineCondition> conditions) {
  SmallVector<unsigned, 8> symbols;
  for (const AffineCondition& condition : conditions) {
    condition.expression.walk([&](AffineExpr part) {
      if (auto symbol = dyn_cast<AffineSymbolExpr>(part)) symbols.push_back(symbol.getPosition());
    });
  }
  llvm::sort(symbols);
  symbols.erase(llvm::unique(symbols), symbols.end());
  return symbols;
}

SmallVector<unsigned, 8> symbols_in(AffineExpr expression) { return symbols_in(AffineCondition{expression}); }

AffineExpr simplified(AffineExpr expression) {
  if (largest_coefficient(expression) > kLargestCoefficient) return expression;
  const AffineCondition condition{expression};
  const auto symbols = symbols_in(condition);
  const AffineExpr dense = renumbered(expression, numbering(expression.getContext(), symbols, false));
  const AffineExpr simple = simplifyAffineExpr(dense, dimensions_in(condition), static_cast<unsigned>(symbols.size()));
  return renumbered(simple, numbering(expression.getContext(), symbols, true));
}

AffineExpr product(AffineExpr a, AffineExpr b) {
  if (!isa<AffineConstantExpr>(a) && !isa<AffineConstantExpr>(b)) return {};
  const int64_t most = largest_coefficient(a), other = largest_coefficient(b);
  return most != 0 && other > kLargestCoefficient / most ? AffineExpr() : a * b;
}

// ---- numbers

AffineExpr AffineNumbers::expression(MLIRContext* context, const RegionSymbol& symbol) {
  const auto [place, is_new] = positions_.try_emplace({symbol.value, symbol.dimension}, static_cast<unsigned>(symbols_.size()));
  if (is_new) symbols_.push_back(symbol);
  return getAffineSymbolExpr(place->second, context);
}

AffineExpr AffineNumbers::of(Value number) {
  if (const AffineExpr known = expressions_.lookup(number)) return known;
  AffineExpr expression = compute(number);
  if (expression) expression = simplified(expression);
  if (expression && (largest_coefficient(expression) > kLargestCoefficient || symbols_in(expression).size() > kMostTerms)) expression = {};
  if (!expression) expression = this->expression(number.getContext(), {number});
  expressions_[number] = expression;
  return expression;
}

/// Null: nothing is known of how it is computed.
AffineExpr AffineNumbers::compute(Value number) {
  if (const std::optional<int64_t> constant = getConstantIntValue(number)) return getAffineConstantExpr(*constant, number.getContext());
  Operation* op = number.getDefiningOp();
  if (op == nullptr) return {};
  if (auto dim = dyn_cast<tw::DimOp>(op)) return extent(dim.getTensor(), static_cast<unsigned>(dim.getDimension()));
  if (!is_wide(number)) return {};
  if (isa<arith::IndexCastOp, arith::ExtSIOp>(op)) return of(op->getOperand(0));  // to as many bits or more
  if (!isa<arith::AddIOp, arith::SubIOp, arith::MulIOp, arith::ShLIOp, arith::FloorDivSIOp, arith::CeilDivSIOp, arith::DivSIOp,
           arith::RemSIOp, arith::DivUIOp, arith::RemUIOp, arith::CeilDivUIOp, arith::ShRSIOp>(op))
    return {};
  const AffineExpr a = of(op->getOperand(0)), b = of(op->getOperand(1));
  if (isa<arith::AddIOp>(op)) return a + b;
  if (isa<arith::SubIOp>(op)) return a - b;
  if (isa<arith::MulIOp>(op)) return product(a, b);
  if (!isa<AffineConstantExpr>(b)) return {};
  const int64_t constant = cast<AffineConstantExpr>(b).getValue();
  if (isa<arith::ShLIOp, arith::ShRSIOp>(op)) {
    constexpr int64_t kMostBits = 40;
    if (constant < 0 || constant > kMostBits) return {};
    const AffineExpr power = getAffineConstantExpr(int64_t{1} << constant, number.getContext());
    return isa<arith::ShLIOp>(op) ? product(a, power) : a.floorDiv(power);
  }
  if (constant <= 0) return {};
  const auto divisor = static_cast<uint64_t>(constant);
  if (isa<arith::FloorDivSIOp>(op)) return a.floorDiv(divisor);
  if (isa<arith::CeilDivSIOp>(op)) return a.ceilDiv(divisor);
  // These round to 0, or take a negative number for a large one.
  if (!is_impossible(AffineCondition{-a - 1})) return {};
  if (isa<arith::DivSIOp, arith::DivUIOp>(op)) return a.floorDiv(divisor);
  if (isa<arith::CeilDivUIOp>(op)) return a.ceilDiv(divisor);
  return a % divisor;
}

AffineExpr AffineNumbers::extent(Value tensor, unsigned dimension) {
  const auto type = cast<tw::DeviceTensorType>(tensor.getType());
  if (!type.is_dynamic(dimension)) return getAffineConstantExpr(type.getShape()[dimension], tensor.getContext());
  const auto given = [&](ValueRange extents) {
    size_t place = 0;
    for (unsigned d = 0; d < dimension; ++d) place += type.is_dynamic(d) ? 1 : 0;
    return of(extents[place]);
  };
  Operation* op = tensor.getDefiningOp();
  if (auto create = dyn_cast_or_null<tw::CreateOp>(op)) return given(create.getExtents());
  if (auto view = dyn_cast_or_null<tw::ViewOp>(op)) return given(view.getExtents());
  if (auto reshape = dyn_cast_or_null<tw::ReshapeOp>(op)) return given(reshape.getExtents());
  if (auto transpose = dyn_cast_or_null<tw::TransposeOp>(op)) {
    const auto first = static_cast<unsigned>(transpose.getFirst()), second = static_cast<unsigned>(transpose.getSecond());
    return extent(transpose.getTensor(), dimension == first ? second : dimension == second ? first : dimension);
  }
  if (auto scope = dyn_cast_or_null<tw::ScopeOp>(op)) {
    const unsigned result = cast<OpResult>(tensor).getResultNumber();
    return extent(scope.getBody().front().getTerminator()->getOperand(result), dimension);
  }
  return expression(tensor.getContext(), {tensor, static_cast<int>(dimension)});
}

// ---- what is known of symbols

const std::vector<AffineCondition>& AffineNumbers::facts(MLIRContext* context, unsigned symbol) {
  const auto known = facts_.find(symbol);
  if (known != facts_.end()) return known->second;
  const RegionSymbol copy = symbols_[symbol];  // computing makes symbols
  return facts_[symbol] = compute_facts(context, copy);
}

std::vector<AffineCondition> AffineNumbers::compute_facts(MLIRContext* context, const RegionSymbol& symbol) {
  const AffineExpr self = expression(context, symbol);
  if (symbol.dimension >= 0) return {{self - 1}};
  if (symbol.dimension < -1) return {};  // of a kernel: what is known of it stands with it
  std::vector<AffineCondition> facts;
  if (auto argument = dyn_cast<BlockArgument>(symbol.value)) {
    auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
    if (!loop || argument != loop.getInductionVar()) return {};
    facts.push_back({of(loop.getUpperBound()) - self - 1});
    const std::optional<int64_t> step = getConstantIntValue(loop.getStep());
    if (!step || *step <= 0 || *step > kLargestCoefficient) return facts;
    const AffineExpr way = self - of(loop.getLowerBound());
    facts.push_back({way});
    if (*step > 1) facts.push_back({way % static_cast<uint64_t>(*step), true});
    return facts;
  }
  Operation* op = symbol.value.getDefiningOp();
  if (isa<arith::MinSIOp>(op)) return {{of(op->getOperand(0)) - self}, {of(op->getOperand(1)) - self}};
  if (isa<arith::MaxSIOp>(op)) return {{self - of(op->getOperand(0))}, {self - of(op->getOperand(1))}};
  return {};
}

std::vector<AffineCondition> AffineNumbers::with_facts(ArrayRef<AffineCondition> conditions) {
  std::vector<AffineCondition> all(conditions.begin(), conditions.end());
  if (all.empty()) return all;
  MLIRContext* context = all[0].expression.getContext();
  SmallVector<unsigned, 8> pending = symbols_in(conditions);
  llvm::SmallDenseSet<unsigned, 16> seen(pending.begin(), pending.end());
  for (size_t next = 0; next < pending.size(); ++next) {
    for (const AffineCondition& fact : facts(context, pending[next])) {
      const auto symbols = symbols_in(fact);
      const auto is_new = [&](unsigned symbol) { return !seen.contains(symbol); };
      if (seen.size() + static_cast<size_t>(llvm::count_if(symbols, is_new)) > kMostSymbols) continue;
      all.push_back(fact);
      for (const unsigned symbol : symbols) {
        if (seen.insert(symbol).second) pending.push_back(symbol);
      }
    }
  }
  return all;
}

/// Whether no integers satisfy all conditions, whatever the symbols. False where that is not known.
bool AffineNumbers::is_empty(ArrayRef<AffineCondition> conditions) {
  if (conditions.empty() || questions_ == kMostQuestions) return false;
  MLIRContext* context = conditions[0].expression.getContext();
  const auto symbols = symbols_in(conditions);
  if (symbols.size() > kMostSymbols) return false;
  const auto numbers = numbering(context, symbols, false);
  SmallVector<AffineExpr> expressions;
  SmallVector<bool> are_zero;
  for (const AffineCondition& condition : conditions) {
    if (largest_coefficient(condition.expression) > kLargestCoefficient) return false;
    expressions.push_back(renumbered(condition.expression, numbers));
    are_zero.push_back(condition.is_zero);
  }
  const IntegerSet set = IntegerSet::get(dimensions_in(conditions), static_cast<unsigned>(symbols.size()), expressions, are_zero);
  std::vector<SmallVector<int64_t, 8>> rows;
  FlatLinearConstraints system;  // of the local variables
  if (failed(getFlattenedAffineExprs(set, &rows, &system)) || system.getNumLocalVars() > kMostLocals) return false;
  for (const auto& [row, is_zero] : llvm::zip_equal(rows, are_zero)) {
    if (is_zero) {
      system.addEquality(row);
    } else {
      system.addInequality(row);
    }
  }
  ++questions_;
  return system.isIntegerEmpty();
}

bool AffineNumbers::is_impossible(ArrayRef<AffineCondition> conditions) { return is_empty(with_facts(conditions)); }

bool AffineNumbers::is_impossible_in_turns(scf::ForOp loop, ArrayRef<AffineCondition> a, ArrayRef<AffineCondition> b) {
  const Value index = loop.getInductionVar();
  MLIRContext* context = loop.getContext();
  const AffineExpr turn = of(index);
  // The turn itself counts even where nothing is computed by it.
  const auto of_turn = [&](ArrayRef<AffineCondition> conditions) {
    std::vector<AffineCondition> all(conditions.begin(), conditions.end());
    all.push_back({of(loop.getUpperBound()) - turn - 1});
    return with_facts(all);
  };
  std::vector<AffineCondition> all = of_turn(a);
  // What the other turn computes gets symbols behind all others.
  const std::vector<AffineCondition> second = of_turn(b);
  llvm::DenseMap<AffineExpr, AffineExpr> others;
  auto next = static_cast<unsigned>(symbols_.size());
  for (const unsigned symbol : symbols_in(second)) {
    if (is_made_in(loop, symbols_[symbol])) others[getAffineSymbolExpr(symbol, context)] = getAffineSymbolExpr(next++, context);
  }
  for (const AffineCondition& condition : second) all.push_back({renumbered(condition.expression, others), condition.is_zero});
  const AffineExpr way = others.lookup(turn) - turn;
  const AffineExpr step = of(loop.getStep());
  for (const AffineExpr forward : {way, -way}) {
    all.push_back({forward - 1});
    if (isa<AffineConstantExpr>(step)) all.back().expression = forward - step;
    if (!is_empty(all)) return false;
    all.pop_back();
  }
  return true;
}

}  // namespace tilewright
