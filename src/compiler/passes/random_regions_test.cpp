// Random programs of numbers and views over a small tensor, enumerated: all that regions are sure of is true, and of what is constant they
// are sure.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "compiler/ir/register.h"
#include "compiler/ir/tw_dialect.h"
#include "compiler/passes/affine_regions.h"
#include "compiler/passes/random_views.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"

namespace tilewright::random_views {
namespace {

using namespace mlir;
using tilewright::Region;

struct Figures {
  size_t pairs = 0, sure = 0, true_but_not_sure = 0, exact = 0, regions = 0, questions = 0;
  double seconds = 0, worst = 0;
  std::string worst_case;
};

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

int64_t evaluate(AffineExpr expression, const std::vector<int64_t>& dimensions, const std::vector<int64_t>& symbols) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expression)) return constant.getValue();
  if (auto dimension = dyn_cast<AffineDimExpr>(expression)) return dimensions[dimension.getPosition()];
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expression)) return symbols[symbol.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(expression);
  const int64_t a = evaluate(binary.getLHS(), dimensions, symbols), b = evaluate(binary.getRHS(), dimensions, symbols);
  switch (binary.getKind()) {
    case AffineExprKind::Add: return a + b;
    case AffineExprKind::Mul: return a * b;
    case AffineExprKind::FloorDiv: return floor_div(a, b);
    case AffineExprKind::CeilDiv: return -floor_div(-a, b);
    default: return a - b * floor_div(a, b);
  }
}

class Comparison {
 public:
  Comparison(MLIRContext& context, Figures& figures) : context_(context), figures_(figures) {}

  /// What is wrong of the program; empty if nothing is.
  std::string check(const Program& program) {
    module_ = parseSourceString<ModuleOp>(program.text, &context_);
    if (!module_) return "does not parse:\n" + program.text;
    std::map<std::string, Value> values;
    module_->walk([&](Operation* op) {
      if (auto mark = op->getAttrOfType<StringAttr>("is")) {
        values[mark.getValue().str()] = op->getResult(0);
        names_[op->getResult(0).getAsOpaquePointer()] = mark.getValue().str();
      }
      if (auto function = dyn_cast<tw::OrchestrationOp>(op)) {
        values["%x"] = function.getBody().getArgument(0);
        p_ = function.getBody().getArgument(2);
        q_ = function.getBody().getArgument(3);
      }
      if (auto loop = dyn_cast<scf::ForOp>(op)) loop_ = loop;
    });
    if (loop_.getNumRegionIterArgs() != 0) {
      values["%w"] = loop_.getRegionIterArg(0);
      names_[values["%w"].getAsOpaquePointer()] = "%w";
    }
    std::string wrong;
    std::vector<Item> items;
    for (const Tensor& tensor : program.tensors)
      items.push_back({tensor, values.at(tensor.name), regions_.of(values.at(tensor.name)).vec()});
    for (const Element& element : program.elements) {
      SmallVector<Value> indices;
      for (const Number& index : element.indices) {
        const auto known = values.find(index.name.substr(1));
        indices.push_back(known != values.end() ? known->second : argument_or_turn(index.name));
      }
      const auto regions = regions_.element(values.at(element.tensor), indices);
      items.push_back({element.model, Value(), {regions.begin(), regions.end()}});
    }
    for (const Item& item : items) {
      if (wrong = check_elements(program, item); !wrong.empty()) return wrong;
    }
    for (const Item& a : items) {
      for (const Item& b : items) {
        if (wrong = check_pair(program, a, b); !wrong.empty()) return wrong;
        if (wrong = check_turns(program, a, b); !wrong.empty()) return wrong;
      }
    }
    return {};
  }

 private:
  struct Item {
    const Tensor& model;
    Value value;  ///< null: an element
    std::vector<Region> regions;
  };

  Value argument_or_turn(const std::string& name) { return name == "%p" ? p_ : name == "%q" ? q_ : loop_.getInductionVar(); }

  std::optional<int64_t> value_of(const Program& program, const RegionSymbol& symbol, const Values& values) {
    const std::string name = names_.contains(symbol.value.getAsOpaquePointer()) ? names_.at(symbol.value.getAsOpaquePointer()) : "";
    if (symbol.dimension >= 0) {
      for (const Tensor& tensor : program.tensors) {
        if (tensor.name != name && !(tensor.name == "%x" && name.empty())) continue;
        const auto elements = tensor.elements(values);
        return elements ? std::optional(elements->shape[static_cast<size_t>(symbol.dimension)]) : std::nullopt;
      }
    }
    if (symbol.value == p_) return values[kP];
    if (symbol.value == q_) return values[kQ];
    if (symbol.value == loop_.getInductionVar()) return values[kTurn];
    return program.numbers.at(name).value(values);
  }

  /// The places in the root that a region names.
  uint64_t places(const Program& program, const Region& region, const Values& values) {
    const Elements root = *program.tensors[0].elements(values);
    if (region.elements == IntegerSet()) return root.set();
    std::vector<int64_t> symbols;
    for (const RegionSymbol& symbol : region.symbols) {
      const auto value = value_of(program, symbol, values);
      if (!value) return 0;  // the way that it is for was not taken
      symbols.push_back(*value);
    }
    uint64_t set = 0;
    for (const unsigned place : root.places) {
      std::vector<int64_t> index(root.shape.size());
      int64_t rest = place;
      for (size_t d = index.size(); d-- > 0;) {
        index[d] = rest % root.shape[d];
        rest /= root.shape[d];
      }
      bool is_in = true;
      for (unsigned i = 0; i < region.elements.getNumConstraints(); ++i) {
        const int64_t number = evaluate(region.elements.getConstraint(i), index, symbols);
        is_in = is_in && (region.elements.isEq(i) ? number == 0 : number >= 0);
      }
      if (is_in) set |= uint64_t{1} << place;
    }
    return set;
  }

  template <typename Question>
  bool ask(const Program& program, Question question) {
    const double begin = cpu_seconds();
    const bool result = question();
    const double seconds = cpu_seconds() - begin;
    figures_.seconds += seconds;
    ++figures_.questions;
    if (seconds > figures_.worst) {
      figures_.worst = seconds;
      figures_.worst_case = program.text;
    }
    return result;
  }

  std::string check_elements(const Program& program, const Item& item) {
    const Tensor& tensor = item.model;
    const ArrayRef<Region> regions = item.regions;
    figures_.regions += regions.size();
    std::string wrong;
    for (const Region& region : regions) figures_.exact += region.exact ? 1 : 0;
    if (tensor.is_constant && !(regions.size() == 1 && regions[0].exact)) return tensor.name + " is not exact";
    unsigned uses = tensor.uses;
    for (const Region& region : regions) {
      for (const RegionSymbol& symbol : region.symbols) uses |= uses_of(program, symbol);
    }
    program.for_each(uses, [&](const Values& values) {
      const auto elements = tensor.elements(values);
      if (!elements || !wrong.empty()) return;
      uint64_t named = 0;
      for (const Region& region : regions) named |= places(program, region, values);
      const bool is_exact = regions.size() == 1 && regions[0].exact;
      if (is_exact ? named != elements->set() : (elements->set() & ~named) != 0) {
        wrong = tensor.name + (is_exact ? " (exact)" : "") + ": " + std::to_string(named) + ", not " + std::to_string(elements->set());
      }
    });
    return wrong;
  }

  unsigned uses_of(const Program& program, const RegionSymbol& symbol) {
    if (symbol.value == p_) return 1u << kP;
    if (symbol.value == q_) return 1u << kQ;
    if (symbol.value == loop_.getInductionVar()) return 1u << kTurn;
    const auto name = names_.find(symbol.value.getAsOpaquePointer());
    if (name == names_.end()) return 1u << kRows;
    if (const auto number = program.numbers.find(name->second); number != program.numbers.end()) return number->second.uses;
    for (const Tensor& tensor : program.tensors) {
      if (tensor.name == name->second) return tensor.uses;
    }
    return 0;
  }

  std::string check_pair(const Program& program, const Item& first, const Item& second) {
    const Tensor &a = first.model, &b = second.model;
    const bool disjoint = ask(program, [&] {
      return llvm::all_of(first.regions, [&](const Region& one) {
        return llvm::all_of(second.regions, [&](const Region& other) { return regions_.are_disjoint(one, other); });
      });
    });
    const bool covers = ask(
        program, [&] { return llvm::all_of(second.regions, [&](const Region& one) { return regions_.covers(first.regions[0], one); }); });
    bool is_disjoint = true, is_covered = true;
    program.for_each(a.uses | b.uses, [&](const Values& values) {
      const auto one = a.elements(values), other = b.elements(values);
      if (!one || !other) return;
      is_disjoint = is_disjoint && (one->set() & other->set()) == 0;
      is_covered = is_covered && (other->set() & ~one->set()) == 0;
    });
    const std::string both = a.name + " and " + b.name;
    figures_.pairs += 2;
    figures_.sure += (disjoint ? 1u : 0u) + (covers ? 1u : 0u);
    figures_.true_but_not_sure += (is_disjoint && !disjoint ? 1u : 0u) + (is_covered && !covers ? 1u : 0u);
    if (disjoint && !is_disjoint) return both + " are not disjoint";
    if (covers && !is_covered) return a.name + " does not cover " + b.name;
    if (a.is_constant && b.is_constant && is_disjoint != disjoint) return both + " are disjoint";
    if (a.is_constant && b.is_constant && is_covered != covers) return a.name + " covers " + b.name;
    return {};
  }

  std::string check_turns(const Program& program, const Item& first, const Item& second) {
    const Tensor &a = first.model, &b = second.model;
    if (!a.in_loop || !b.in_loop || !first.value || !second.value) return {};
    if (!ask(program, [&] { return regions_.are_disjoint_in_turns(loop_, first.value, second.value); })) return {};
    // By what is the same in all turns: the elements of either in each turn.
    std::map<std::array<int64_t, 3>, std::array<std::map<int64_t, uint64_t>, 2>> sets;
    const unsigned turn = 1u << kTurn;
    program.for_each(a.uses | b.uses | turn, [&](const Values& values) {
      auto& of_turns = sets[{values[kP], values[kQ], values[kRows]}];
      if (const auto one = a.elements(values)) of_turns[0][values[kTurn]] |= one->set();
      if (const auto other = b.elements(values)) of_turns[1][values[kTurn]] |= other->set();
    });
    ++figures_.sure;
    for (const auto& [key, of_turns] : sets) {
      for (const auto& [i, one] : of_turns[0]) {
        for (const auto& [k, other] : of_turns[1]) {
          if (i != k && (one & other) != 0)
            return a.name + " in turn " + std::to_string(i) + " and " + b.name + " in turn " + std::to_string(k) + " are not disjoint";
        }
      }
    }
    return {};
  }

  MLIRContext& context_;
  Figures& figures_;
  OwningOpRef<ModuleOp> module_;
  Regions regions_;
  std::map<const void*, std::string> names_;
  Value p_, q_;
  scf::ForOp loop_;
};

TEST(RandomRegions, AreTrueOfAllValues) {
  DialectRegistry registry;
  register_dialects(registry);
  MLIRContext context(registry);
  context.loadAllAvailableDialects();
  const char* given = std::getenv("TW_SEED");
  const char* given_count = std::getenv("TW_CASES");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 20261127;
  const uint64_t cases = given_count != nullptr ? std::strtoull(given_count, nullptr, 10) : 2000;
  Figures figures;
  const auto wrong = [&](uint64_t number, int steps) {
    const Program program = make_program(number, steps);
    const std::string what = Comparison(context, figures).check(program);
    return what.empty() ? what : what + "\n" + program.text;
  };
  constexpr int kMostSteps = 6;
  for (uint64_t i = 0; i < cases; ++i) {
    const int steps = 1 + static_cast<int>(i % kMostSteps);
    const std::string what = wrong(seed + i, steps);
    if (what.empty()) continue;
    // A program with fewer steps that is wrong as well is easier to read.
    constexpr uint64_t kTries = 500;
    for (int fewer = 1; fewer < steps; ++fewer) {
      for (uint64_t k = 0; k < kTries; ++k) {
        if (const std::string shorter = wrong(seed + k, fewer); !shorter.empty()) FAIL() << "seed " << seed << ": " << shorter;
      }
    }
    FAIL() << "seed " << seed << ", case " << i << ": " << what;
  }
  std::printf(
      "%llu programs from seed %llu: %zu regions, %zu of them exact; of %zu questions %zu times sure, %zu times not, though true of "
      "the few values here; %zu answers in %.1f us on average, %.1f us the longest\n",
      static_cast<unsigned long long>(cases), static_cast<unsigned long long>(seed), figures.regions, figures.exact, figures.pairs,
      figures.sure, figures.true_but_not_sure, figures.questions, 1e6 * figures.seconds / static_cast<double>(figures.questions),
      1e6 * figures.worst);
  if (std::getenv("TW_WORST") != nullptr) std::printf("%s", figures.worst_case.c_str());
}

}  // namespace
}  // namespace tilewright::random_views
