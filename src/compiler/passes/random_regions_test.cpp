// Random programs of numbers and views over a small tensor, enumerated: all that regions are sure of is true, and of what is constant they are sure.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "compiler/ir/register.h"
#include "compiler/ir/tw_dialect.h"
#include "compiler/passes/affine_regions.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"

namespace tilewright {
namespace {

using namespace mlir;
using Random = std::mt19937_64;

// ---- the model

/// What a program leaves open: two arguments, rows of the tensor, the turn, an element that is read in the turn, the way of branches, and what both
/// were in the turns before.
enum Variable : unsigned { kP, kQ, kRows, kTurn, kRead, kWay, kBefore, kVariables };
constexpr std::array<std::pair<int64_t, int64_t>, kVariables> kRanges{{{-1, 4}, {0, 4}, {1, 4}, {0, 5}, {0, 2}, {0, 1}, {0, 2}}};
constexpr int64_t kLongestWay = 30;  ///< of a loop; one with a longer way does not end here
constexpr unsigned kOfAllTurns = 1u << kP | 1u << kQ | 1u << kRows;

using Values = std::array<int64_t, kVariables>;

struct Number {
  std::string name;
  std::function<int64_t(const Values&)> value;
  unsigned uses = 0;  ///< a bit for each variable
  bool is_constant = false;
};

/// Of a tensor: its shape, and the places of its elements in the root, in order. At most 64 of them.
struct Elements {
  std::vector<int64_t> shape;
  std::vector<unsigned> places;

  uint64_t set() const {
    uint64_t set = 0;
    for (const unsigned place : places) set |= uint64_t{1} << place;
    return set;
  }
};

using ElementsOf = std::function<std::optional<Elements>(const Values&)>;  ///< nothing if the program stops in front of it

struct Tensor {
  std::string name;
  std::vector<std::optional<int64_t>> shape;  ///< none: open
  std::vector<Number> extents;
  ElementsOf elements;
  unsigned uses = 0;
  bool is_constant = false;
  bool in_loop = false;

  std::string type() const {
    std::string text = "!tw.tensor<";
    for (const auto& extent : shape) text += (extent ? std::to_string(*extent) : "?") + "x";
    return text + "f32>";
  }
};

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b != 0 && a < 0 ? 1 : 0); }
int64_t count(const std::vector<int64_t>& shape) {
  int64_t product = 1;
  for (const int64_t extent : shape) product *= extent;
  return product;
}

/// One element of a tensor.
struct Element {
  std::string tensor;
  std::vector<Number> indices;
  Tensor model;  ///< with that element alone
};

/// The tensor that a loop carries from turn to turn.
struct Carried {
  ElementsOf initial, next;
  std::map<std::array<int64_t, 5>, std::optional<Elements>> known;
};

/// A random program. `steps` views and the like are made of a tensor.
class Program {
 public:
  Program(uint64_t seed, int steps) : random_(seed), is_constant_(between(0, 3) == 0) {
    make_root();
    for (int i = 0; i < steps; ++i) {
      if (!loop_ && between(0, 2) == 0) open_loop();
      step();
    }
    if (!loop_) open_loop();
    close_loop();
  }

  std::string text() const {
    return "tw.orchestration @f(%x: " + tensors[0].type() + ", %flags: !tw.tensor<8xi64>, %p: index, %q: index) {\n" + text_ +
           "tw.return\n}\n";
  }

  /// Whether the loop has this turn.
  bool has_turn(const Values& values) const {
    const int64_t first = first_.value(values), way = values[kTurn] - first;
    return way >= 0 && way <= kLongestWay && values[kTurn] < end_.value(values) && way % step_ == 0;
  }
  unsigned uses_of_loop() const { return first_.uses | end_.uses | 1u << kTurn; }

  /// Calls `check` with values for all the variables in `uses`, in turns that the loop has if it uses that.
  void for_each(unsigned uses, const std::function<void(const Values&)>& check) const {
    if ((uses >> kTurn & 1) != 0) uses |= uses_of_loop();
    uint64_t all = 1;
    for (unsigned i = 0; i < kVariables; ++i) {
      if ((uses >> i & 1) != 0) all *= static_cast<uint64_t>(kRanges[i].second - kRanges[i].first + 1);
    }
    constexpr uint64_t kMost = 400;  // of more, some
    Random random(all);
    Values values{};
    const std::function<void(unsigned)> go = [&](unsigned i) {
      if (i == kVariables) {
        const bool is_taken = all <= kMost || random() % all < kMost;
        if (is_taken && ((uses >> kTurn & 1) == 0 || has_turn(values))) check(values);
        return;
      }
      const auto [low, high] = (uses >> i & 1) != 0 ? kRanges[i] : std::pair(kRanges[i].first, kRanges[i].first);
      for (values[i] = low; values[i] <= high; ++values[i]) go(i + 1);
    };
    go(0);
  }

  std::vector<Tensor> tensors;
  std::vector<Element> elements;
  std::map<std::string, Number> numbers;  ///< by the names of their operations
  bool is_constant() const { return is_constant_; }
  /// Of one row of the root.
  int64_t row() const { return row_; }
  const std::vector<int64_t>& inner() const { return inner_; }

 private:
  int64_t between(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(random_); }
  template <typename List>
  const auto& one_of(const List& list) {
    return list[static_cast<size_t>(between(0, static_cast<int64_t>(list.size()) - 1))];
  }

  void make_root() {
    const bool open = !is_constant_ && between(0, 2) == 0;
    for (int64_t rank = between(1, 2); rank > 0; --rank) inner_.push_back(one_of(std::array<int64_t, 5>{2, 3, 4, 4, 1}));
    if (!open && inner_.size() == 1) inner_[0] *= 4;
    for (const int64_t extent : inner_) row_ *= extent;
    const int64_t rows = between(2, 64 / row_ >= 4 ? 4 : 64 / row_);
    Tensor root;
    root.name = "%x";
    root.shape.push_back(open ? std::nullopt : std::optional(rows));
    for (const int64_t extent : inner_) root.shape.push_back(extent);
    root.uses = open ? 1u << kRows : 0;
    root.is_constant = !open;
    root.elements = [open, rows, inner = inner_](const Values& values) {
      Elements all{{open ? values[kRows] : rows}, {}};
      all.shape.insert(all.shape.end(), inner.begin(), inner.end());
      for (unsigned i = 0; i < count(all.shape); ++i) all.places.push_back(i);
      return all;
    };
    known_.push_back({"%p", [](const Values& values) { return values[kP]; }, 1u << kP});
    known_.push_back({"%q", [](const Values& values) { return values[kQ]; }, 1u << kQ});
    root.extents.resize(root.shape.size());
    if (open) {
      root.extents[0] = add("tw.dim %x, 0", ": " + root.type(), [](const Values& values) { return values[kRows]; }, 1u << kRows);
      known_.push_back(root.extents[0]);
    }
    tensors.push_back(std::move(root));
  }

  void open_loop() {
    first_ = between(0, 2) == 0 ? number() : constant(between(0, 2));
    end_ = between(0, 2) == 0 ? number() : constant(between(2, 6));
    step_ = between(1, 3);
    known_outside_ = known_.size();
    const std::string step = constant(step_).name;
    const bool carries = between(0, 2) == 0;
    const Tensor initial = one_of(tensors);
    text_ += carries ? "%end = " : "";
    text_ += "scf.for %i = " + first_.name + " to " + end_.name + " step " + step;
    if (carries) text_ += " iter_args(%w = " + initial.name + ") -> (" + initial.type() + ")";
    text_ += " {\n";
    loop_ = true;
    if (carries) carry(initial);
    known_.push_back({"%i", [](const Values& values) { return values[kTurn]; }, 1u << kTurn});
    known_.push_back(add(
        "tw.read %flags[" + constant(0).name + "]", ": !tw.tensor<8xi64> -> i64", [](const Values& values) { return values[kRead]; },
        1u << kRead | 1u << kTurn));
    known_.back() = add("arith.index_cast " + known_.back().name, ": i64 to index", known_.back().value, known_.back().uses);
    condition_ = add(
        "tw.read %flags[" + constant(1).name + "]", ": !tw.tensor<8xi64> -> i64", [](const Values& values) { return values[kWay]; },
        1u << kWay);
    text_ += "%way = arith.trunci " + condition_.name + " : i64 to i1\n";
  }

  void carry(const Tensor& initial) {
    carried_ = std::make_shared<Carried>();
    carried_->initial = carried_->next = initial.elements;
    Tensor tensor = new_tensor(initial);
    tensor.name = "%w";
    tensor.shape = initial.shape;
    tensor.is_constant = false;
    tensor.in_loop = true;
    tensor.uses |= kOfAllTurns | 1u << kTurn | 1u << kBefore;
    tensor.elements = [carried = carried_, first = first_, step = step_](const Values& values) -> std::optional<Elements> {
      const int64_t way = values[kTurn] - first.value(values);
      if (way == 0) return carried->initial(values);
      if (way < 0 || way > kLongestWay || way % step != 0) return std::nullopt;  // there is no such turn
      const auto [known, is_new] =
          carried->known.try_emplace({values[kP], values[kQ], values[kRows], values[kTurn], values[kBefore]}, std::nullopt);
      if (is_new) {
        const auto next = carried->next(before(values, values[kTurn] - step));
        known->second = next;
      }
      return known->second;
    };
    add_extents_of(tensor);
    tensors.push_back(std::move(tensor));
  }

  /// What `values` say of an earlier turn.
  static Values before(Values values, int64_t turn) {
    values[kTurn] = turn;
    values[kRead] = values[kBefore];
    values[kWay] = values[kBefore] & 1;
    return values;
  }

  void close_loop() {
    loop_ = false;
    if (carried_ == nullptr) {
      text_ += "}\n";
      return;
    }
    const Tensor& carried = carried_tensor();
    std::vector<const Tensor*> nexts;
    for (const Tensor& tensor : tensors) {
      if (tensor.type() == carried.type()) nexts.push_back(&tensor);
    }
    const Tensor& next = between(0, 1) == 0 ? *nexts.back() : *one_of(nexts);
    carried_->next = next.elements;
    carried_->known.clear();
    text_ += "scf.yield " + next.name + " : " + next.type() + "\n} {is = \"%end\"}\n";
    Tensor end = new_tensor(carried);
    end.name = "%end";
    end.shape = carried.shape;
    end.uses = kOfAllTurns | 1u << kBefore;
    end.elements = [carried = carried_, first = first_, end = end_, step = step_](const Values& values) -> std::optional<Elements> {
      const int64_t way = end.value(values) - first.value(values);
      if (way <= 0) return carried->initial(values);
      if (way > kLongestWay) return std::nullopt;
      return carried->next(before(values, first.value(values) + (way - 1) / step * step));
    };
    known_.resize(known_outside_);
    add_extents_of(end);
    tensors.push_back(end);
    const std::string text = text_;
    const auto numbers_before = numbers;
    std::optional<Tensor> part = between(0, 1) == 0 ? view(end) : reshape(end);
    if (part) tensors.push_back(std::move(*part));
    if (!part) text_ = text, numbers = numbers_before;
  }

  Number add(const std::string& operation, const std::string& type, std::function<int64_t(const Values&)> value, unsigned uses) {
    const std::string name = "n" + std::to_string(numbers.size());
    text_ += "%" + name + " = " + operation + " {is = \"" + name + "\"} " + type + "\n";
    return numbers[name] = {"%" + name, std::move(value), uses};
  }
  Number constant(int64_t value) {
    const std::string name = "%c" + std::to_string(next_++);
    text_ += name + " = arith.constant " + std::to_string(value) + " : index\n";
    return {name, [value](const Values&) { return value; }, 0, true};
  }

  Number number(int depth = 0) {
    const int64_t what = is_constant_ ? 0 : between(0, depth < 2 ? 13 : 4);
    if (what == 0) return constant(between(0, 3));
    if (what <= 4) return one_of(known_);
    const Number a = number(depth + 1);
    const auto binary = [&](const char* op, const Number& b, int64_t (*function)(int64_t, int64_t)) {
      return add(
          std::string("arith.") + op + " " + a.name + ", " + b.name, ": index",
          [a, b, function](const Values& values) { return function(a.value(values), b.value(values)); }, a.uses | b.uses);
    };
    const auto product = [](int64_t x, int64_t y) { return x * y; };
    switch (what) {
      case 5: return binary("addi", number(depth + 1), [](int64_t x, int64_t y) { return x + y; });
      case 6: return binary("subi", number(depth + 1), [](int64_t x, int64_t y) { return x - y; });
      case 7: return binary("muli", constant(between(1, 4)), product);
      case 8: return binary("minsi", number(depth + 1), [](int64_t x, int64_t y) { return std::min(x, y); });
      case 9: return binary("maxsi", number(depth + 1), [](int64_t x, int64_t y) { return std::max(x, y); });
      case 10: return binary("divsi", constant(between(1, 4)), [](int64_t x, int64_t y) { return x / y; });
      case 11: return binary("remsi", constant(between(1, 4)), [](int64_t x, int64_t y) { return x % y; });
      case 12: return binary("floordivsi", constant(between(1, 4)), floor_div);
      default:
        switch (between(0, 5)) {
          case 0: return binary("ceildivsi", constant(between(1, 4)), [](int64_t x, int64_t y) { return -floor_div(-x, y); });
          case 1: return binary("muli", number(depth + 1), product);
          case 2: return binary("shli", constant(between(0, 2)), [](int64_t x, int64_t y) { return x << y; });
          case 3: return binary("shrsi", constant(between(0, 2)), [](int64_t x, int64_t y) { return x >> y; });
          case 4:
            return binary("remui", constant(3),
                          [](int64_t x, int64_t y) { return static_cast<int64_t>(static_cast<uint64_t>(x) % static_cast<uint64_t>(y)); });
          default:
            return binary("divui", constant(2),
                          [](int64_t x, int64_t y) { return static_cast<int64_t>(static_cast<uint64_t>(x) / static_cast<uint64_t>(y)); });
        }
    }
  }

  void step() {
    const std::string before = text_;
    const std::map<std::string, Number> numbers_before = numbers;
    for (int tries = 0; tries < 30; ++tries) {
      const Tensor& from = tensors[static_cast<size_t>(
          between(std::max<int64_t>(0, static_cast<int64_t>(tensors.size()) - 3), static_cast<int64_t>(tensors.size()) - 1))];
      const Tensor* carried = carried_ != nullptr && between(0, 2) == 0 ? &carried_tensor() : nullptr;
      if (carried != nullptr && carried->shape.size() == tensors[0].shape.size()) {
        if (std::optional<Tensor> made = view(tensors[0], carried->shape)) return add(std::move(*made));
        continue;
      }
      const int64_t what = between(0, 9);
      std::optional<Tensor> made = what < 5 ? view(from) : what < 8 ? reshape(from) : what < 9 ? transpose(from) : branch(from);
      bool is_possible = false;
      if (made) {
        for_each(made->uses, [&](const Values& values) { is_possible = is_possible || made->elements(values).has_value(); });
      }
      if (is_possible) return add(std::move(*made));
      text_ = before;
      numbers = numbers_before;
    }
  }

  void add(Tensor made) {
    made.in_loop = loop_;
    tensors.push_back(std::move(made));
    if (between(0, 2) == 0) element(tensors.back());
  }

  const Tensor& carried_tensor() const {
    return *llvm::find_if(tensors, [](const Tensor& tensor) { return tensor.name == "%w"; });
  }

  Tensor new_tensor(const Tensor& from) {
    Tensor tensor;
    tensor.name = "%t" + std::to_string(next_++);
    tensor.uses = from.uses;
    tensor.is_constant = from.is_constant;
    return tensor;
  }
  /// Adds a dimension of a constant or open extent.
  void add_extent(Tensor& tensor, const Number& extent, bool open) {
    tensor.shape.push_back(open ? std::nullopt : std::optional(extent.value({})));
    tensor.extents.push_back(extent);
    tensor.uses |= extent.uses;
    tensor.is_constant = tensor.is_constant && extent.is_constant;
  }
  std::string open_extents(const Tensor& tensor) {
    std::string text;
    for (size_t d = 0; d < tensor.shape.size(); ++d) {
      if (!tensor.shape[d]) text += (text.empty() ? " extents(" : ", ") + tensor.extents[d].name;
    }
    return text.empty() ? text : text + ")";
  }
  void write(const std::string& operation, const Tensor& from, const Tensor& to) {
    text_ += to.name + " = " + operation + open_extents(to) + " {is = \"" + to.name + "\"} : " + from.type() + " -> " + to.type() + "\n";
  }

  /// A rectangle, of `shape` if there is one.
  std::optional<Tensor> view(const Tensor& from, const std::vector<std::optional<int64_t>>& shape = {}) {
    Tensor to = new_tensor(from);
    std::vector<Number> offsets;
    std::string names;
    for (size_t d = 0; d < from.shape.size(); ++d) {
      const std::optional<int64_t>& extent = from.shape[d];
      const int64_t most = extent.value_or(3);
      const bool is_given = !shape.empty() && shape[d];
      if (is_given && *shape[d] > most) return std::nullopt;
      const bool is_all = is_given ? *shape[d] == most : extent && between(0, 3) == 0;
      const bool is_open = shape.empty() ? !is_all && !is_constant_ && between(0, 4) == 0 : !is_given;
      const int64_t size = is_given ? *shape[d] : is_all ? most : between(1, most);
      offsets.push_back(is_all ? constant(0) : between(0, 2) == 0 ? constant(between(0, most - size)) : number());
      // What verification would refuse.
      if (offsets.back().is_constant && extent && offsets.back().value({}) + (is_open ? 1 : size) > *extent) return std::nullopt;
      names += (names.empty() ? "" : ", ") + offsets.back().name;
      to.uses |= offsets.back().uses;
      to.is_constant = to.is_constant && offsets.back().is_constant;
      add_extent(to, is_open ? number() : constant(size), is_open);
    }
    to.elements = [whole = from.elements, offsets, extents = to.extents](const Values& values) -> std::optional<Elements> {
      const std::optional<Elements> all = whole(values);
      if (!all) return std::nullopt;
      Elements part;
      for (size_t d = 0; d < extents.size(); ++d) {
        const int64_t offset = offsets[d].value(values), extent = extents[d].value(values);
        if (offset < 0 || extent < 1 || extent > all->shape[d] || offset > all->shape[d] - extent) return std::nullopt;
        part.shape.push_back(extent);
      }
      for (int64_t i = 0; i < count(part.shape); ++i) {
        int64_t rest = i, place = 0, stride = 1;
        for (size_t d = extents.size(); d-- > 0;) {
          place += (rest % part.shape[d] + offsets[d].value(values)) * stride;
          rest /= part.shape[d];
          stride *= all->shape[d];
        }
        part.places.push_back(all->places[static_cast<size_t>(place)]);
      }
      return part;
    };
    write("tw.view " + from.name + "[" + names + "]", from, to);
    return to;
  }

  /// Known extents in other factors; an open one may take some of them, or give them.
  std::optional<Tensor> reshape(const Tensor& from) {
    Tensor to = new_tensor(from);
    int64_t known = 1;
    std::vector<size_t> open;
    for (size_t d = 0; d < from.shape.size(); ++d) {
      if (from.shape[d]) known *= *from.shape[d];
      if (!from.shape[d]) open.push_back(d);
    }
    if (open.size() > 1) return std::nullopt;
    std::vector<int64_t> factors;
    for (int64_t prime = 2; known > 1; ++prime) {
      for (; known % prime == 0; known /= prime) factors.push_back(prime);
    }
    std::shuffle(factors.begin(), factors.end(), random_);
    std::vector<int64_t> shape(static_cast<size_t>(between(1, 4)), 1);
    for (const int64_t factor : factors) shape[static_cast<size_t>(between(0, static_cast<int64_t>(shape.size()) - 1))] *= factor;
    if (open.empty()) {
      for (const int64_t extent : shape) add_extent(to, constant(extent), false);
    } else {
      const size_t place = open[0] == 0 || between(0, 3) != 0 ? 0 : static_cast<size_t>(between(0, static_cast<int64_t>(shape.size())));
      Number extent = from.extents[open[0]];
      if (between(0, 1) == 0) {
        std::swap(shape[0], shape.back());
        const Number factor = constant(shape[0]);
        extent = add(
            "arith.muli " + extent.name + ", " + factor.name, ": index",
            [extent, factor](const Values& values) { return extent.value(values) * factor.value(values); }, extent.uses);
        shape.erase(shape.begin());
      }
      for (size_t d = 0; d <= shape.size(); ++d) {
        if (d == std::min(place, shape.size())) add_extent(to, extent, true);
        if (d < shape.size()) add_extent(to, constant(shape[d]), false);
      }
    }
    to.elements = [whole = from.elements, extents = to.extents](const Values& values) -> std::optional<Elements> {
      std::optional<Elements> all = whole(values);
      if (!all) return std::nullopt;
      const int64_t elements = count(all->shape);
      all->shape.clear();
      for (const Number& extent : extents) all->shape.push_back(extent.value(values));
      return count(all->shape) == elements ? all : std::nullopt;
    };
    write("tw.reshape " + from.name, from, to);
    return to;
  }

  std::optional<Tensor> transpose(const Tensor& from) {
    Tensor to = new_tensor(from);
    const auto first = static_cast<size_t>(between(0, static_cast<int64_t>(from.shape.size()) - 1));
    const auto second = static_cast<size_t>(between(0, static_cast<int64_t>(from.shape.size()) - 1));
    to.shape = from.shape;
    to.extents = from.extents;
    std::swap(to.shape[first], to.shape[second]);
    std::swap(to.extents[first], to.extents[second]);
    to.elements = [whole = from.elements, first, second](const Values& values) -> std::optional<Elements> {
      const std::optional<Elements> all = whole(values);
      if (!all) return std::nullopt;
      Elements part = *all;
      std::swap(part.shape[first], part.shape[second]);
      for (size_t i = 0; i < part.places.size(); ++i) {
        std::vector<int64_t> index(part.shape.size());
        size_t rest = i;
        for (size_t d = index.size(); d-- > 0;) {
          index[d] = static_cast<int64_t>(rest) % part.shape[d];
          rest /= static_cast<size_t>(part.shape[d]);
        }
        std::swap(index[first], index[second]);
        int64_t place = 0;
        for (size_t d = 0; d < index.size(); ++d) place = place * all->shape[d] + index[d];
        part.places[i] = all->places[static_cast<size_t>(place)];
      }
      return part;
    };
    text_ += to.name + " = tw.transpose " + from.name + ", " + std::to_string(first) + ", " + std::to_string(second) + " {is = \"" +
             to.name + "\"} : " + from.type() + " -> " + to.type() + "\n";
    return to;
  }

  void element(const Tensor& from) {
    Element element;
    element.tensor = from.name;
    element.model.name = from.name + "[...]";
    element.model.uses = from.uses;
    element.model.is_constant = from.is_constant;
    element.model.in_loop = loop_;
    for (size_t d = 0; d < from.shape.size(); ++d) {
      element.indices.push_back(number());
      // Constants have no operation by whose name they are found.
      if (element.indices.back().is_constant)
        element.indices.back() = add(
            "arith.addi " + element.indices.back().name + ", " + element.indices.back().name, ": index",
            [half = element.indices.back()](const Values& values) { return 2 * half.value(values); }, 0);
      element.model.uses |= element.indices.back().uses;
      element.model.is_constant = element.model.is_constant && is_constant_;
    }
    element.model.elements = [whole = from.elements, indices = element.indices](const Values& values) -> std::optional<Elements> {
      const auto all = whole(values);
      if (!all) return std::nullopt;
      int64_t place = 0;
      for (size_t d = 0; d < indices.size(); ++d) {
        const int64_t index = indices[d].value(values);
        if (index < 0 || index >= all->shape[d]) return std::nullopt;
        place = place * all->shape[d] + index;
      }
      return Elements{{1}, {all->places[static_cast<size_t>(place)]}};
    };
    bool is_possible = false;
    for_each(element.model.uses, [&](const Values& values) { is_possible = is_possible || element.model.elements(values).has_value(); });
    if (is_possible) elements.push_back(std::move(element));
  }

  /// Extents that the type leaves open, asked for.
  void add_extents_of(Tensor& to) {
    to.extents.resize(to.shape.size());
    for (size_t d = 0; d < to.shape.size(); ++d) {
      if (to.shape[d]) continue;
      const auto extent = [elements = to.elements, d](const Values& values) {
        const auto all = elements(values);
        return all ? all->shape[d] : 1;
      };
      to.extents[d] = add("tw.dim " + to.name + ", " + std::to_string(d), ": " + to.type(), extent, to.uses);
    }
  }

  /// `from` or another tensor of its type.
  std::optional<Tensor> branch(const Tensor& from) {
    if (!loop_ || is_constant_) return std::nullopt;
    std::vector<const Tensor*> others;
    for (const Tensor& tensor : tensors) {
      if (tensor.type() == from.type()) others.push_back(&tensor);
    }
    const Tensor& other = *one_of(others);
    Tensor to = new_tensor(from);
    to.shape = from.shape;
    to.uses |= other.uses | condition_.uses;
    to.is_constant = false;
    to.elements = [one = from.elements, other = other.elements](const Values& values) -> std::optional<Elements> {
      const auto first = one(values), second = other(values);
      if (!first || !second) return std::nullopt;  // both are made in front of the branch
      return values[kWay] != 0 ? first : second;
    };
    text_ += to.name + " = scf.if %way -> " + to.type() + " {\nscf.yield " + from.name + " : " + to.type() + "\n} else {\nscf.yield " +
             other.name + " : " + to.type() + "\n} {is = \"" + to.name + "\"}\n";
    add_extents_of(to);
    return to;
  }

  Random random_;
  bool is_constant_;
  std::string text_;
  std::vector<int64_t> inner_;
  int64_t row_ = 1;
  std::vector<Number> known_;  ///< that views may use
  size_t known_outside_ = 0;  ///< of them in front of the loop
  std::shared_ptr<Carried> carried_;
  int next_ = 0;
  bool loop_ = false;
  Number first_, end_, condition_;
  int64_t step_ = 1;
};

// ---- the comparison

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
    module_ = parseSourceString<ModuleOp>(program.text(), &context_);
    if (!module_) return "does not parse:\n" + program.text();
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
      figures_.worst_case = program.text();
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
    const Program program(number, steps);
    const std::string what = Comparison(context, figures).check(program);
    return what.empty() ? what : what + "\n" + program.text();
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
}  // namespace tilewright
