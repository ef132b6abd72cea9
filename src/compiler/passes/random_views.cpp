#include "compiler/passes/random_views.h"

#include <algorithm>
#include <random>

namespace tilewright::random_views {

namespace {

using Random = std::mt19937_64;

int64_t count(const std::vector<int64_t>& shape) {
  int64_t product = 1;
  for (const int64_t extent : shape) product *= extent;
  return product;
}

}  // namespace

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b != 0 && a < 0 ? 1 : 0); }

bool Program::has_turn(const Values& values) const {
  const int64_t way = values[kTurn] - first.value(values);
  return way >= 0 && way <= kLongestWay && values[kTurn] < end.value(values) && way % step == 0;
}

void Program::for_each(unsigned uses, const std::function<void(const Values&)>& check) const {
  if ((uses >> kTurn & 1) != 0) uses |= first.uses | end.uses;
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

struct Carried {
  ElementsOf initial, next;
  std::map<std::array<int64_t, 5>, std::optional<Elements>> known;
};

namespace {

class Generator {
 public:
  Generator(uint64_t seed, int steps) : random_(seed), is_constant_(between(0, 3) == 0) {
    make_root();
    for (int i = 0; i < steps; ++i) {
      if (!loop_ && between(0, 2) == 0) open_loop();
      step();
    }
    if (!loop_) open_loop();
    close_loop();
    program_.text = "tw.orchestration @f(%x: " + program_.tensors[0].type() + ", %flags: !tw.tensor<8xi64>, %p: index, %q: index) {\n" +
                    text_ + "tw.return\n}\n";
  }

  Program take() { return std::move(program_); }

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
    program_.tensors.push_back(std::move(root));
  }

  void open_loop() {
    program_.first = between(0, 2) == 0 ? number() : constant(between(0, 2));
    program_.end = between(0, 2) == 0 ? number() : constant(between(2, 6));
    program_.step = between(1, 3);
    known_outside_ = known_.size();
    const std::string step = constant(program_.step).name;
    const bool carries = between(0, 2) == 0;
    const Tensor initial = one_of(program_.tensors);
    text_ += carries ? "%end = " : "";
    text_ += "scf.for %i = " + program_.first.name + " to " + program_.end.name + " step " + step;
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
    program_.carried = std::make_shared<Carried>();
    program_.carried->initial = program_.carried->next = initial.elements;
    Tensor tensor = new_tensor(initial);
    tensor.name = "%w";
    tensor.shape = initial.shape;
    tensor.is_constant = false;
    tensor.in_loop = true;
    tensor.uses |= kOfAllTurns | 1u << kTurn | 1u << kBefore;
    tensor.elements = [carried = program_.carried.get(), first = program_.first,
                       step = program_.step](const Values& values) -> std::optional<Elements> {
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
    program_.tensors.push_back(std::move(tensor));
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
    if (program_.carried == nullptr) {
      text_ += "}\n";
      return;
    }
    const Tensor& carried = carried_tensor();
    std::vector<const Tensor*> nexts;
    for (const Tensor& tensor : program_.tensors) {
      if (tensor.type() == carried.type()) nexts.push_back(&tensor);
    }
    const Tensor& next = between(0, 1) == 0 ? *nexts.back() : *one_of(nexts);
    program_.carried->next = next.elements;
    program_.carried->known.clear();
    text_ += "scf.yield " + next.name + " : " + next.type() + "\n} {is = \"%end\"}\n";
    Tensor end = new_tensor(carried);
    end.name = "%end";
    end.shape = carried.shape;
    end.uses = kOfAllTurns | 1u << kBefore;
    end.elements = [carried = program_.carried.get(), first = program_.first, end = program_.end,
                    step = program_.step](const Values& values) -> std::optional<Elements> {
      const int64_t way = end.value(values) - first.value(values);
      if (way <= 0) return carried->initial(values);
      if (way > kLongestWay) return std::nullopt;
      return carried->next(before(values, first.value(values) + (way - 1) / step * step));
    };
    known_.resize(known_outside_);
    add_extents_of(end);
    program_.tensors.push_back(end);
    const std::string text = text_;
    const auto numbers_before = program_.numbers;
    std::optional<Tensor> part = between(0, 1) == 0 ? view(end) : reshape(end);
    if (part) program_.tensors.push_back(std::move(*part));
    if (!part) text_ = text, program_.numbers = numbers_before;
  }

  Number add(const std::string& operation, const std::string& type, std::function<int64_t(const Values&)> value, unsigned uses) {
    const std::string name = "n" + std::to_string(program_.numbers.size());
    text_ += "%" + name + " = " + operation + " {is = \"" + name + "\"} " + type + "\n";
    return program_.numbers[name] = {"%" + name, std::move(value), uses};
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
    const std::map<std::string, Number> numbers_before = program_.numbers;
    for (int tries = 0; tries < 30; ++tries) {
      const Tensor& from = program_.tensors[static_cast<size_t>(between(
          std::max<int64_t>(0, static_cast<int64_t>(program_.tensors.size()) - 3), static_cast<int64_t>(program_.tensors.size()) - 1))];
      // Now and then what the loop could hand on.
      const Tensor* carried = program_.carried != nullptr && between(0, 2) == 0 ? &carried_tensor() : nullptr;
      if (carried != nullptr && carried->shape.size() != program_.tensors[0].shape.size()) carried = nullptr;
      const int64_t what = between(0, 9);
      std::optional<Tensor> made = carried != nullptr ? view(program_.tensors[0], carried->shape)
                                   : what < 5         ? view(from)
                                   : what < 8         ? reshape(from)
                                   : what < 9         ? transpose(from)
                                                      : branch(from);
      bool is_possible = false;
      if (made) {
        program_.for_each(made->uses, [&](const Values& values) { is_possible = is_possible || made->elements(values).has_value(); });
      }
      if (is_possible) return add(std::move(*made));
      text_ = before;
      program_.numbers = numbers_before;
    }
  }

  void add(Tensor made) {
    made.in_loop = loop_;
    program_.tensors.push_back(std::move(made));
    if (between(0, 2) == 0) element(program_.tensors.back());
  }

  const Tensor& carried_tensor() const {
    return *std::ranges::find_if(program_.tensors, [](const Tensor& tensor) { return tensor.name == "%w"; });
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
    program_.for_each(element.model.uses,
                      [&](const Values& values) { is_possible = is_possible || element.model.elements(values).has_value(); });
    if (is_possible) program_.elements.push_back(std::move(element));
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
    for (const Tensor& tensor : program_.tensors) {
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
  int next_ = 0;
  bool loop_ = false;
  Number condition_;
  Program program_;
};

}  // namespace

Program make_program(uint64_t seed, int steps) { return Generator(seed, steps).take(); }

}  // namespace tilewright::random_views
