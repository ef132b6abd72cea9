// Random logs of tasks, judged a second time: element by element, with Warshall's closure, from what was generated and not from the log.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <bitset>
#include <random>
#include <set>

#include "compiler/emit/task_order.h"
#include "oracle.h"

namespace tilewright::oracle {
namespace {

constexpr int kElements = 8, kTensors = 3;
enum class Kind { kUse, kFill, kAdd, kCopy, kDummy, kRead, kWrite };

struct Part {
  int tensor = 0, begin = 0, size = 1;
};

/// One event. Those of which a program consists may be left out one by one.
struct Item {
  Kind kind = Kind::kUse;
  Part first, second;  ///< of kCopy: what is read, and written
  tw::Direction direction = tw::Direction::kIn;  ///< of what is written, or of the only argument
  std::optional<Part> tested;                    ///< one element
  bool runs = true;
  bool manual = false;
  std::vector<size_t> after, derived;  ///< earlier items
};

struct RandomProgram {
  std::array<bool, kTensors> ordered = {};
  bool overlapping = false;  ///< tensors 0 and 1 are one memory
  std::vector<Item> items;
};

RandomProgram random_program(std::mt19937& random) {
  const auto one_of = [&](unsigned count) { return static_cast<int>(random() % count); };
  RandomProgram program;
  for (bool& each : program.ordered) each = one_of(2) == 0;
  program.overlapping = one_of(3) == 0;
  bool manual = false;
  for (int i = 4 + one_of(12); i > 0; --i) {
    Item item;
    if (one_of(6) == 0) manual = !manual;
    item.manual = manual;
    constexpr Kind kKinds[] = {Kind::kUse,  Kind::kUse,  Kind::kFill, Kind::kFill,  Kind::kAdd,
                               Kind::kCopy, Kind::kCopy, Kind::kRead, Kind::kDummy, Kind::kWrite};
    item.kind = kKinds[one_of(std::size(kKinds))];
    for (Part* part : {&item.first, &item.second}) {
      part->tensor = one_of(kTensors);
      part->size = item.kind == Kind::kRead || item.kind == Kind::kWrite ? 1 : 1 + one_of(4);
      part->begin = one_of(static_cast<unsigned>(kElements - part->size + 1));
    }
    item.second.size = item.first.size;
    item.second.begin = std::min(item.second.begin, kElements - item.second.size);
    const bool writes = item.kind == Kind::kFill || item.kind == Kind::kCopy;
    item.direction = item.kind == Kind::kUse ? tw::Direction::kIn : writes && one_of(2) == 0 ? tw::Direction::kOut : tw::Direction::kInOut;
    if (one_of(8) == 0) item.direction = tw::Direction::kNoDep;
    const bool is_kernel = item.kind <= Kind::kCopy;
    if (is_kernel && one_of(5) == 0) {
      item.tested = Part{one_of(kTensors), one_of(kElements), 1};
      item.runs = one_of(2) == 0;
    }
    if (item.kind <= Kind::kDummy && !program.items.empty()) {
      for (int k = one_of(3); k > 0; --k) {
        const auto earlier = static_cast<size_t>(one_of(static_cast<unsigned>(program.items.size())));
        if (program.items[earlier].kind > Kind::kDummy) continue;
        (one_of(2) == 0 && item.kind != Kind::kDummy ? item.derived : item.after).push_back(earlier);
      }
    }
    program.items.push_back(item);
  }
  return program;
}

// ---- as text

std::string type_of(int size) { return fmt::format("!tw.tensor<{}xi32>", size); }

std::string kernels() {
  std::string text;
  for (int size = 1; size <= 4; ++size) {
    const std::string tile = fmt::format("!tile.tile<1x8xi32, valid 1x{}>", size), type = type_of(size);
    const std::string zero = "  %zero = arith.constant 0 : index\n";
    const std::string load = fmt::format("  %t = tile.load %x[%zero] : {} -> {}\n", type, tile);
    const std::string fill = fmt::format("  %h = arith.constant 0 : i32\n  %t = tile.fill %h : (i32) -> {}\n", tile);
    const auto store = [&](const char* name, const char* how) {
      return fmt::format("  tile.store %t, %{}[%zero]{} : {}, {}\n", name, how, tile, type);
    };
    const auto add = [&](const char* name, const std::string& parameters, const std::string& body) {
      text += fmt::format("tile.func @{}{}({}) {{\n{}{}  tile.return\n}}\n", name, size, parameters, zero, body);
    };
    add("use", "%x: " + type, load);
    add("fill", "%x: " + type + " {tw.out}", fill + store("x", ""));
    add("add", "%x: " + type + " {tw.inout}", fill + store("x", " atomic_add"));
    add("copy", "%x: " + type + ", %y: " + type + " {tw.out}", load + store("y", ""));
  }
  return text;
}

std::string program_text(const RandomProgram& program) {
  std::string body, parameters;
  for (int i = 0; i < kTensors; ++i) {
    parameters +=
        fmt::format("{}%t{}: {} {{tw.inout{}{}}}", i == 0 ? "" : ", ", i, type_of(kElements),
                    program.ordered[static_cast<size_t>(i)] ? ", tw.ordered" : "", program.overlapping && i < 2 ? ", tw.may_alias" : "");
  }
  for (int i = 0; i < kElements; ++i) body += fmt::format("  %c{} = arith.constant {} : index\n", i, i);
  body += "  %none = tw.no_task\n  %value = arith.constant 0 : i32\n";
  for (size_t i = 0; i < program.items.size(); ++i) body += fmt::format("  %v{} = tw.declare %none : !tw.var<!tw.task_id>\n", i);
  int views = 0;
  const auto view = [&](Part part) {
    body += fmt::format("  %p{} = tw.view %t{}[%c{}] : {} -> {}\n", views, part.tensor, part.begin, type_of(kElements), type_of(part.size));
    return fmt::format("%p{}", views++);
  };
  bool manual = false;
  for (size_t i = 0; i < program.items.size(); ++i) {
    const Item& item = program.items[i];
    if (item.manual != manual) body += item.manual ? "  tw.scope manual {\n" : "  }\n";
    manual = item.manual;
    const auto named = [&](const char* word, const std::vector<size_t>& ids) {
      std::string names, types;
      for (size_t k = 0; k < ids.size(); ++k) {
        const std::string name = fmt::format("%{}{}_{}", word, i, k);
        body += fmt::format("  {} = tw.get %v{} : !tw.var<!tw.task_id>\n", name, ids[k]);
        names += (k == 0 ? "" : ", ") + name;
        types += k == 0 ? "!tw.task_id" : ", !tw.task_id";
      }
      return names.empty() ? "" : fmt::format(" {}({} : {})", word, names, types);
    };
    const std::string after = named("after", item.after), derived = named("derived", item.derived);
    const std::string direction = tw::direction_name(item.direction).str(), type = type_of(item.first.size);
    std::string what;
    switch (item.kind) {
      case Kind::kUse: what = fmt::format("tw.submit @use{}({} {} : {})", item.first.size, direction, view(item.first), type); break;
      case Kind::kFill: what = fmt::format("tw.submit @fill{}({} {} : {})", item.first.size, direction, view(item.first), type); break;
      case Kind::kAdd: what = fmt::format("tw.submit @add{}({} {} : {})", item.first.size, direction, view(item.first), type); break;
      case Kind::kCopy: {
        const std::string from = view(item.first), to = view(item.second);
        what = fmt::format("tw.submit @copy{}(in {}, {} {} : {}, {})", item.first.size, from, direction, to, type, type);
        break;
      }
      case Kind::kDummy: what = fmt::format("tw.dummy{}", after.empty() ? " after()" : after); break;
      case Kind::kRead:
        body += fmt::format("  %e{} = tw.read %t{}[%c{}] : {} -> i32\n", i, item.first.tensor, item.first.begin, type_of(kElements));
        break;
      case Kind::kWrite:
        body += fmt::format("  tw.write %value, %t{}[%c{}] : i32, {}\n", item.first.tensor, item.first.begin, type_of(kElements));
        break;
    }
    if (what.empty()) continue;
    if (item.kind != Kind::kDummy) what += after + derived;
    // All elements are 0 all the time.
    if (item.tested)
      what +=
          fmt::format(" when %t{}[%c{}] {} 0 : {}", item.tested->tensor, item.tested->begin, item.runs ? "eq" : "ne", type_of(kElements));
    body += fmt::format("  %id{0} = {1}\n  tw.set %id{0}, %v{0} : !tw.var<!tw.task_id>\n", i, what);
  }
  if (manual) body += "  }\n";
  return fmt::format("{}tw.orchestration @test({}) {{\n{}  tw.return\n}}\n", kernels(), parameters, body);
}

Case case_of(const RandomProgram& program) {
  Case example;
  example.text = program_text(program);
  for (int i = 0; i < kTensors; ++i) example.arguments.emplace_back(HostTensor(DataType::INT32, {kElements}));
  if (program.overlapping) example.aliases = {{0, 1, 0}};
  return example;
}

// ---- the model

using Elements = std::bitset<kElements * kTensors>;

class Model {
 public:
  Model(const RandomProgram& program, bool track_war, Tracking tracking)
      : program_(program), track_war_(track_war), tracking_(tracking), before_(program.items.size()) {
    for (std::vector<bool>& each : before_) each.assign(program.items.size(), false);
    const size_t count = program.items.size();
    for (size_t later = 0; later < count; ++later) {
      for (const size_t earlier : program.items[later].after) before_[later][earlier] = true;
      for (const size_t earlier : program.items[later].derived) {
        if (tracking == Tracking::kUnlessOrdered) before_[later][earlier] = true;
      }
      for (size_t earlier = 0; earlier < later; ++earlier) {
        if (is_host(earlier) || waits(earlier, later)) before_[later][earlier] = true;
      }
    }
    for (size_t over = 0; over < count; ++over) {
      for (size_t later = 0; later < count; ++later) {
        for (size_t earlier = 0; earlier < count; ++earlier) {
          if (before_[later][over] && before_[over][earlier]) before_[later][earlier] = true;
        }
      }
    }
  }

  /// Pairs that nothing orders: those that are the program's own business, or the others.
  std::set<std::pair<size_t, size_t>> violations(bool own) const {
    std::set<std::pair<size_t, size_t>> pairs;
    for (size_t later = 0; later < program_.items.size(); ++later) {
      for (size_t earlier = 0; earlier < later; ++earlier) {
        if (before_[later][earlier] || !conflict(earlier, later, false)) continue;
        const bool in_manual = is_host(later) ? program_.items[earlier].manual : program_.items[later].manual;
        if ((in_manual || !conflict(earlier, later, true)) == own) pairs.emplace(earlier, later);
      }
    }
    return pairs;
  }

 private:
  bool is_host(size_t i) const { return program_.items[i].kind > Kind::kDummy; }
  bool is_followed(int tensor) const { return tracking_ == Tracking::kAll || !program_.ordered[static_cast<size_t>(tensor)]; }
  Elements elements(Part part) const {
    const int tensor = program_.overlapping && part.tensor == 1 ? 0 : part.tensor;
    Elements set;
    for (int i = 0; i < part.size; ++i) set.set(static_cast<size_t>(tensor * kElements + part.begin + i));
    return set;
  }

  struct Use {
    Part part;
    bool reads, writes;  ///< as its direction says
  };
  /// What the runtime is told of an item.
  std::vector<Use> uses(size_t i) const {
    const Item& item = program_.items[i];
    std::vector<Use> list;
    if (item.kind > Kind::kCopy) return list;
    if (item.kind == Kind::kCopy) list.push_back({item.first, true, false});
    const Part part = item.kind == Kind::kCopy ? item.second : item.first;
    using enum tw::Direction;
    if (item.direction == kIn) list.push_back({part, true, false});
    if (item.direction == kOut) list.push_back({part, false, true});
    if (item.direction == kInOut) list.push_back({part, true, true});
    return list;
  }

  bool waits(size_t earlier, size_t later) const {
    const Item &a = program_.items[earlier], &b = program_.items[later];
    if (b.kind == Kind::kWrite) return true;
    if (b.kind == Kind::kRead) {
      const Part whole{b.first.tensor, 0, kElements};
      for (const Use& use : uses(earlier)) {
        if (!a.manual && use.writes && is_followed(use.part.tensor) && (elements(use.part) & elements(whole)).any()) return true;
      }
      return false;
    }
    if (a.manual || b.manual) return false;
    for (const Use& x : uses(earlier)) {
      for (const Use& y : uses(later)) {
        if (!is_followed(x.part.tensor) || !is_followed(y.part.tensor) || (elements(x.part) & elements(y.part)).none()) continue;
        if (x.writes && y.reads) return true;
        if (track_war_ && (x.writes || y.writes)) return true;
      }
    }
    return false;
  }

  struct Touched {
    Elements read, written, added;
  };
  /// `known`: without what is `no_dep`.
  Touched touched(size_t i, bool known) const {
    const Item& item = program_.items[i];
    Touched touched;
    const bool no_dep = item.direction == tw::Direction::kNoDep && !is_host(i);
    const bool by_other = item.kind == Kind::kCopy && (elements(item.first) & elements(item.second)).any();
    if (item.runs) {
      const Part last = item.kind == Kind::kCopy ? item.second : item.first;
      // An element that two arguments have, of which one is no `no_dep`, is known.
      const Elements hidden = known && no_dep ? elements(last) & ~(by_other ? elements(item.first) : Elements()) : Elements();
      const Elements what = elements(last) & ~hidden;
      if (item.kind == Kind::kCopy) touched.read = elements(item.first);
      if (item.kind == Kind::kUse || item.kind == Kind::kRead) touched.read |= what;
      if (item.kind == Kind::kFill || item.kind == Kind::kCopy || item.kind == Kind::kWrite) touched.written = what;
      if (item.kind == Kind::kAdd) touched.added = what;
    }
    if (item.tested) {
      bool dependent = false, argument = false;
      if (item.kind == Kind::kCopy && item.first.tensor == item.tested->tensor) argument = dependent = true;
      const Part last = item.kind == Kind::kCopy ? item.second : item.first;
      if (last.tensor == item.tested->tensor) {
        argument = true;
        dependent = dependent || !no_dep;
      }
      if (!known || dependent || !argument) touched.read |= elements(*item.tested);
    }
    return touched;
  }

  bool conflict(size_t earlier, size_t later, bool known) const {
    const Touched a = touched(earlier, known), b = touched(later, known);
    const auto meets = [](const Touched& x, const Touched& y) {
      return (x.written & (y.read | y.written | y.added)).any() || (x.added & (y.read | y.written)).any();
    };
    return meets(a, b) || meets(b, a);
  }

  const RandomProgram& program_;
  const bool track_war_;
  const Tracking tracking_;
  std::vector<std::vector<bool>> before_;
};

// ---- the comparison

/// How the oracle and the model differ on a program; nothing if they agree.
std::string difference(mlir::MLIRContext& context, const RandomProgram& program) {
  const Case example = case_of(program);
  mlir::OwningOpRef<mlir::ModuleOp> module = parse(context, example.text);
  const interpret::Log log = run(*module, example);
  if (log.events.size() != program.items.size()) return fmt::format("{} events for {} items", log.events.size(), program.items.size());
  const bool track_war = emit::needs_track_war(*module->getOps<tw::OrchestrationOp>().begin());
  for (const Tracking tracking : {Tracking::kUnlessOrdered, Tracking::kAll}) {
    const Judgement judgement = judge(*module, log, tracking);
    const Model model(program, track_war, tracking);
    for (const bool own : {false, true}) {
      std::set<std::pair<size_t, size_t>> found;
      for (const Violation& each : own ? judgement.own_violations : judgement.violations) found.emplace(each.earlier, each.later);
      const std::set<std::pair<size_t, size_t>> expected = model.violations(own);
      for (const auto& [earlier, later] : expected) {
        if (!found.contains({earlier, later})) return fmt::format("does not find {} and {} (own {})", earlier, later, own);
      }
      for (const auto& [earlier, later] : found) {
        if (!expected.contains({earlier, later})) return fmt::format("finds {} and {} (own {})", earlier, later, own);
      }
    }
  }
  return {};
}

RandomProgram without(const RandomProgram& program, size_t left_out) {
  RandomProgram rest = program;
  rest.items.erase(rest.items.begin() + static_cast<ptrdiff_t>(left_out));
  for (Item& item : rest.items) {
    for (std::vector<size_t>* ids : {&item.after, &item.derived}) {
      std::erase(*ids, left_out);
      for (size_t& id : *ids) id -= id > left_out ? 1 : 0;
    }
  }
  return rest;
}

TEST(OracleModelTest, RandomProgramsAreJudgedAsByAModel) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const auto context = make_context();
  size_t violations = 0, own = 0;
  for (int round = 0; round < 400; ++round) {
    RandomProgram program = random_program(random);
    if (difference(*context, program).empty()) {
      const Model model(program, false, Tracking::kUnlessOrdered);
      violations += model.violations(false).size();
      own += model.violations(true).size();
      continue;
    }
    for (size_t i = program.items.size(); i-- > 0;) {
      RandomProgram smaller = without(program, i);
      if (!difference(*context, smaller).empty()) program = std::move(smaller);
    }
    const Case example = case_of(program);
    FAIL() << "the oracle " << difference(*context, program) << "\n"
           << oracle::text_of(run(*parse(*context, example.text), example)) << example.text.substr(example.text.find("tw.orchestration"));
  }
  EXPECT_GT(violations, 100) << "there was something to find";
  EXPECT_GT(own, 100);
}

}  // namespace
}  // namespace tilewright::oracle
