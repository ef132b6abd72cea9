#include "oracle.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "compiler/emit/task_order.h"
#include "compiler/ir/diagnostics.h"
#include "compiler/ir/register.h"
#include "compiler/passes/passes.h"
#include "compiler/pipeline.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/Support/SourceMgr.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

namespace tilewright::oracle {

using namespace mlir;
using interpret::ElementSet;
using interpret::Event;
using interpret::Log;
using interpret::LoggedAccess;
using interpret::LoggedArgument;
using interpret::LoggedRoot;
using interpret::LoggedTensor;
using llvm::BitVector;
using tw::Direction;

namespace {

tw::OrchestrationOp orchestration_of(ModuleOp module) {
  auto all = module.getOps<tw::OrchestrationOp>();
  if (all.empty() || !llvm::hasSingleElement(all)) throw Error(ErrorCode::kInvalidArgument, "a case has one orchestration");
  return *all.begin();
}

// ---- names

std::string position(Operation* op) {
  std::string text = position_of(op->getLoc());
  if (!text.empty()) text.resize(text.size() - 2);  // ": "
  return text;
}

std::string name_of(const Log& log, uint32_t number) {
  const Event& event = log.events[number];
  std::string what = "the orchestration";
  if (auto submit = dyn_cast<tw::SubmitOp>(event.op))
    what = fmt::format("task {} @{}", number, cast<FlatSymbolRefAttr>(submit.getKernels()[0]).getValue().str());
  if (isa<tw::DummyOp>(event.op)) what = fmt::format("task {} without a kernel", number);
  if (isa<tw::AtOp>(event.op)) what = fmt::format("task {}", number);
  return fmt::format("{} ({})", what, position(event.op));
}

std::string name_of(const LoggedRoot& root) {
  if (auto argument = dyn_cast<BlockArgument>(root.value)) return fmt::format("argument {}", argument.getArgNumber());
  return fmt::format("the tensor of {}", position(root.value.getDefiningOp()));
}

/// "[0, 3] of argument 1"
std::string element_text(const Log& log, uint32_t memory, int64_t element) {
  for (const LoggedRoot& root : log.roots) {
    int64_t rest = element - root.first, count = 1;
    for (const int64_t extent : root.shape) count *= extent;
    if (root.memory != memory || rest < 0 || rest >= count) continue;
    std::vector<int64_t> indices;
    for (const int64_t extent : root.shape) {
      count /= extent;
      indices.push_back(rest / count);
      rest %= count;
    }
    return fmt::format("[{}] of {}", fmt::join(indices, ", "), name_of(root));
  }
  return fmt::format("element {} of memory {}", element, memory);
}

// ---- accesses and conflicts

struct Conflict {
  uint32_t memory = 0;
  int64_t element = 0;
  const char *earlier = "", *later = "";  ///< "writes"
};

/// Whether two of the accesses touch an element that one of them writes or adds to, unless both add.
std::optional<Conflict> conflict(ArrayRef<LoggedAccess> earlier, ArrayRef<LoggedAccess> later) {
  struct Way {
    const char* name;
    const ElementSet& set;
  };
  for (const LoggedAccess& a : earlier) {
    for (const LoggedAccess& b : later) {
      if (a.memory != b.memory) continue;
      const Way first[] = {{"reads", a.read}, {"writes", a.written}, {"adds to", a.added}};
      const Way second[] = {{"reads", b.read}, {"writes", b.written}, {"adds to", b.added}};
      std::optional<Conflict> found;
      for (int i = 0; i < 3; ++i) {
        for (int k = 0; k < 3; ++k) {
          if (i == k && i != 1) continue;
          const std::optional<int64_t> element = first[i].set.first_common(second[k].set);
          if (element && (!found || *element < found->element)) found = Conflict{a.memory, *element, first[i].name, second[k].name};
        }
      }
      if (found) return found;
    }
  }
  return std::nullopt;
}

LoggedAccess& access_to(std::vector<LoggedAccess>& accesses, uint32_t memory) {
  for (LoggedAccess& each : accesses) {
    if (each.memory == memory) return each;
  }
  LoggedAccess& access = accesses.emplace_back();
  access.memory = memory;
  return access;
}

/// An argument of a task that the runtime looks at, and the compiler.
struct View {
  uint32_t root = 0, memory = 0;
  Direction direction = Direction::kUndecided;
  ElementSet elements;

  bool writes() const { return direction == Direction::kOut || direction == Direction::kInOut; }
  bool reads() const { return direction == Direction::kIn || direction == Direction::kInOut; }
};

/// What is to be known of an event before it is compared with others.
struct Node {
  bool is_task = false, has_kernel = false, is_host = false;
  bool manual = false;
  std::vector<LoggedAccess> accesses;  ///< all
  std::vector<LoggedAccess> known;     ///< of tensors and elements that the compiler is told of
  std::vector<View> views;
  std::vector<LoggedAccess> declared;  ///< what the views and the predicate say that it does
};

Node node_of(const Log& log, const Event& event) {
  Node node;
  node.manual = event.manual;
  node.is_task = event.kind == Event::Kind::kTask;
  node.has_kernel = node.is_task && !isa<tw::DummyOp>(event.op);
  node.is_host = event.kind == Event::Kind::kRead || event.kind == Event::Kind::kWrite;
  if (event.kind == Event::Kind::kCreate) return node;
  if (event.kind == Event::Kind::kAssemble || isa<tw::AtOp>(event.op))
    throw Error(ErrorCode::kInvalidArgument, position_of(event.op->getLoc()) + "error: stands for a task that is no tw.submit yet");
  node.accesses = event.accesses;
  bool all_known = true;
  auto submit = dyn_cast<tw::SubmitOp>(event.op);
  for (const LoggedArgument& argument : event.arguments) {
    const LoggedRoot& root = log.roots[argument.tensor.root];
    const Direction direction = submit ? emit::direction_of(submit, argument.operand) : argument.direction;
    if (root.untracked || direction == Direction::kNoDep) {
      all_known = false;
      continue;
    }
    node.views.push_back({argument.tensor.root, root.memory, direction, argument.tensor.elements()});
    LoggedAccess& declared = access_to(node.declared, root.memory);
    if (node.views.back().writes()) declared.written.add(node.views.back().elements);
    if (node.views.back().reads()) declared.read.add(node.views.back().elements);
  }
  if (all_known || node.is_host) {
    if (all_known) node.known = node.accesses;
  } else {
    for (const LoggedAccess& access : node.accesses) {
      ElementSet seen;
      for (const View& view : node.views) {
        if (view.memory == access.memory) seen.add(view.elements);
      }
      node.known.push_back({access.memory, access.read.common(seen), access.written.common(seen), access.added.common(seen)});
    }
  }
  if (event.tested) {
    const uint32_t root = event.tested->tensor.root, memory = log.roots[root].memory;
    const ElementSet element = {{event.tested->element, event.tested->element + 1}};
    access_to(node.accesses, memory).read.add(element);
    const auto is_of_root = [&](const LoggedArgument& argument) { return argument.tensor.root == root; };
    const bool seen = llvm::any_of(node.views, [&](const View& view) { return view.root == root; });
    if (!log.roots[root].untracked && (seen || llvm::none_of(event.arguments, is_of_root))) {
      access_to(node.known, memory).read.add(element);
      access_to(node.declared, memory).read.add(element);
    }
  }
  return node;
}

// ---- orders

/// A relation of events, each pair of which has the earlier one first.
class Order {
 public:
  explicit Order(size_t count) : before_(count, BitVector(static_cast<unsigned>(count))) {}

  void add(uint32_t earlier, uint32_t later) { before_[later].set(earlier); }
  bool has(uint32_t earlier, uint32_t later) const { return before_[later].test(earlier); }
  const BitVector& before(uint32_t later) const { return before_[later]; }

  Order with(const Order& other) const {
    Order both = *this;
    for (size_t i = 0; i < before_.size(); ++i) both.before_[i] |= other.before_[i];
    return both;
  }
  /// The transitive closure.
  Order closed() const {
    Order closure = *this;
    for (size_t later = 0; later < before_.size(); ++later) {
      for (const unsigned earlier : before_[later].set_bits()) closure.before_[later] |= closure.before_[earlier];
    }
    return closure;
  }
  /// The transitive reduction, of a closure.
  Order reduced() const {
    Order reduction(before_.size());
    for (size_t later = 0; later < before_.size(); ++later) {
      BitVector implied(static_cast<unsigned>(before_.size()));
      for (int earlier = before_[later].find_last(); earlier >= 0; earlier = before_[later].find_prev(static_cast<unsigned>(earlier))) {
        const auto number = static_cast<unsigned>(earlier);
        if (!implied.test(number)) reduction.before_[later].set(number);
        implied |= before_[number];
      }
    }
    return reduction;
  }

 private:
  std::vector<BitVector> before_;
};

class Judge {
 public:
  Judge(ModuleOp module, const Log& log, Tracking tracking)
      : orchestration_(orchestration_of(module)),
        log_(log),
        tracking_(tracking),
        count_(static_cast<uint32_t>(log.events.size())),
        track_war_(emit::needs_track_war(orchestration_)) {
    for (const Event& event : log.events) nodes_.push_back(node_of(log, event));
  }

  Judgement run() {
    Order user(count_), derived(count_), runtime(count_), host(count_), conflicts(count_), due(count_);
    std::optional<uint32_t> last_host;
    for (uint32_t later = 0; later < count_; ++later) {
      for (const uint32_t earlier : log_.events[later].after) user.add(earlier, later);
      for (const uint32_t earlier : log_.events[later].derived) derived.add(earlier, later);
      if (last_host) host.add(*last_host, later);
      if (nodes_[later].is_host) last_host = later;
      for (uint32_t earlier = 0; earlier < later; ++earlier) {
        if (runtime_orders(nodes_[earlier], nodes_[later])) runtime.add(earlier, later);
        if (host_waits(nodes_[earlier], later)) host.add(earlier, later);
        if (!conflict(nodes_[earlier].accesses, nodes_[later].accesses)) continue;
        conflicts.add(earlier, later);
        if (is_due(earlier, later)) due.add(earlier, later);
      }
    }
    const Order base = user.with(host);
    Order given = base.with(runtime);
    if (tracking_ == Tracking::kUnlessOrdered) given = given.with(derived);
    find_violations(given.closed(), conflicts, due);
    count_pairs(user, derived, conflicts);
    judgement_.needed = count(base.with(due).closed().reduced(), [&](uint32_t i, uint32_t k) { return !user.has(i, k); });
    const Order enough = base.with(conflicts).closed(), have = base.with(derived).closed();
    judgement_.excess = count(have, [&](uint32_t i, uint32_t k) { return !enough.has(i, k); });
    judgement_.path_needed = longest_path(base.with(conflicts));
    judgement_.path_given = longest_path(given);
    count_tensors();
    return std::move(judgement_);
  }

 private:
  // ---- who orders what

  bool is_marked(uint32_t root, StringRef mark) const {
    const Value value = log_.roots[root].value;
    if (auto argument = dyn_cast<BlockArgument>(value)) return orchestration_.getArgAttr(argument.getArgNumber(), mark) != nullptr;
    return value.getDefiningOp()->hasAttr(mark);
  }
  bool is_tracked(const View& view) const { return tracking_ == Tracking::kAll || !is_marked(view.root, tw::kOrderedAttribute); }

  /// Whether the runtime is sure to find that `later` waits for `earlier`: spec/l2-runtime.md, 1.3; src/graph/tensor_map.h.
  bool runtime_orders(const Node& earlier, const Node& later) const {
    if (!earlier.is_task || !later.is_task || earlier.manual || later.manual) return false;
    return llvm::any_of(later.views, [&](const View& b) {
      return is_tracked(b) && llvm::any_of(earlier.views, [&](const View& a) {
               if (a.memory != b.memory || !is_tracked(a)) return false;
               const bool waits = a.writes() ? b.reads() || track_war_ : track_war_ && b.writes();
               return waits && a.elements.first_common(b.elements);
             });
    });
  }

  /// Whether an access of the orchestration waits for a task: a read for the writers that the runtime knows, a write for all tasks
  /// (docs/guide/runtime-variants.md).
  bool host_waits(const Node& earlier, uint32_t later) const {
    const Node& access = nodes_[later];
    if (!access.is_host || !earlier.is_task) return false;
    if (log_.events[later].kind == Event::Kind::kWrite) return true;
    return !earlier.manual && llvm::any_of(access.views, [&](const View& read) {
      return llvm::any_of(earlier.views, [&](const View& written) {
        return written.memory == read.memory && written.writes() && is_tracked(written) && written.elements.first_common(read.elements);
      });
    });
  }

  /// Whether the compiler and the runtime are to order the two, where they conflict.
  bool is_due(uint32_t earlier, uint32_t later) const {
    const Node &a = nodes_[earlier], &b = nodes_[later];
    if (b.is_task ? b.manual : a.manual) return false;
    return conflict(a.known, b.known).has_value();
  }

  // ---- what is found

  void find_violations(const Order& given, const Order& conflicts, const Order& due) {
    for (uint32_t later = 0; later < count_; ++later) {
      for (const unsigned earlier : conflicts.before(later).set_bits()) {
        if (given.has(earlier, later)) continue;
        const bool ours = due.has(earlier, later);
        const Node &a = nodes_[earlier], &b = nodes_[later];
        const Conflict found = ours ? *conflict(a.known, b.known) : *conflict(a.accesses, b.accesses);
        const std::string text = fmt::format("{} {} and {} {} {}, and nothing orders them", name_of(log_, earlier), found.earlier,
                                             name_of(log_, later), found.later, element_text(log_, found.memory, found.element));
        (ours ? judgement_.violations : judgement_.own_violations).push_back({earlier, later, found.memory, found.element, text});
      }
    }
  }

  /// How many pairs of tasks with kernels are in `order`, and please `filter`.
  uint64_t count(const Order& order, llvm::function_ref<bool(uint32_t, uint32_t)> filter) const {
    uint64_t pairs = 0;
    for (uint32_t later = 0; later < count_; ++later) {
      if (!nodes_[later].has_kernel) continue;
      for (const unsigned earlier : order.before(later).set_bits()) pairs += nodes_[earlier].has_kernel && filter(earlier, later) ? 1 : 0;
    }
    return pairs;
  }

  void count_pairs(const Order& user, const Order& derived, const Order& conflicts) {
    const auto any = [](uint32_t, uint32_t) { return true; };
    Order of_tasks(count_);
    for (uint32_t later = 0; later < count_; ++later) {
      judgement_.tasks += nodes_[later].has_kernel ? 1 : 0;
      judgement_.user += user.before(later).count();
      for (const unsigned earlier : derived.before(later).set_bits()) {
        ++judgement_.derived;
        if (conflict(nodes_[earlier].declared, nodes_[later].declared)) continue;
        judgement_.needless.push_back(
            {earlier, later, fmt::format("{} waits for {}, with which it shares nothing", name_of(log_, later), name_of(log_, earlier))});
      }
      for (const unsigned earlier : conflicts.before(later).set_bits()) {
        if (nodes_[earlier].has_kernel && nodes_[later].has_kernel) of_tasks.add(earlier, later);
      }
    }
    judgement_.conflicts = count(of_tasks, any);
    judgement_.reduction = count(of_tasks.closed().reduced(), any);
  }

  uint64_t longest_path(const Order& order) const {
    std::vector<uint64_t> length(count_);
    uint64_t longest = 0;
    for (uint32_t later = 0; later < count_; ++later) {
      for (const unsigned earlier : order.before(later).set_bits()) length[later] = std::max(length[later], length[earlier]);
      length[later] += nodes_[later].has_kernel ? 1 : 0;
      longest = std::max(longest, length[later]);
    }
    return longest;
  }

  void count_tensors() {
    const auto add = [&](bool ordered, bool tracked) {
      ++judgement_.tensors;
      judgement_.ordered += ordered ? 1 : 0;
      judgement_.tracked += tracked ? 1 : 0;
    };
    for (const BlockArgument argument : orchestration_.getArguments()) {
      if (!isa<tw::DeviceTensorType>(argument.getType())) continue;
      const unsigned i = argument.getArgNumber();
      add(orchestration_.getArgAttr(i, tw::kOrderedAttribute) != nullptr, orchestration_.getArgAttr(i, tw::kTrackedAttribute) != nullptr);
    }
    orchestration_.walk([&](tw::CreateOp create) { add(create->hasAttr(tw::kOrderedAttribute), create->hasAttr(tw::kTrackedAttribute)); });
  }

  mutable tw::OrchestrationOp orchestration_;  // asking it is not const
  const Log& log_;
  const Tracking tracking_;
  const uint32_t count_;
  const bool track_war_;
  std::vector<Node> nodes_;
  Judgement judgement_;
};

// ---- diagnostics

/// Those of a context, as text, as long as it lives.
class Messages {
 public:
  explicit Messages(MLIRContext& context)
      : handler_(&context, [this](Diagnostic& diagnostic) {
          text_ += tilewright::text_of(diagnostic, true) + "\n";
          return success();
        }) {}
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  ScopedDiagnosticHandler handler_;
};

}  // namespace

std::unique_ptr<MLIRContext> make_context() {
  DialectRegistry registry;
  register_dialects(registry);
  auto context = std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  context->loadAllAvailableDialects();
  context->printOpOnDiagnostic(false);
  return context;
}

OwningOpRef<ModuleOp> parse(MLIRContext& context, StringRef text) {
  const Messages messages(context);
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(text, "case.mlir"), llvm::SMLoc());
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(sources, ParserConfig(&context));
  if (!module) throw Error(ErrorCode::kParseError, messages.text());
  return module;
}

OwningOpRef<ModuleOp> compile(MLIRContext& context, StringRef text, bool derive) {
  OwningOpRef<ModuleOp> module = parse(context, text);
  const Messages messages(context);
  PassManager passes(&context);
  add_front(passes);
  if (derive) passes.addPass(create_derive_dependencies());
  if (failed(passes.run(*module))) throw Error(ErrorCode::kInvalidArgument, messages.text());
  return module;
}

Log run(ModuleOp module, const Case& example) {
  Log log;
  std::vector<interpret::Argument> arguments;
  for (const interpret::Argument& given : example.arguments) {
    if (const auto* tensor = std::get_if<HostTensor>(&given)) {
      arguments.emplace_back(tensor->clone());
    } else {
      arguments.emplace_back(std::get<ScalarSpec>(given));
    }
  }
  interpret::Options options;
  options.aliases = example.aliases;
  options.log = &log;
  interpret::interpret(module, "", arguments, options);
  return log;
}

Judgement judge(ModuleOp module, const Log& log, Tracking tracking) { return Judge(module, log, tracking).run(); }

Judgement judge(MLIRContext& context, const Case& example, bool derive, Tracking tracking) {
  const OwningOpRef<ModuleOp> module = compile(context, example.text, derive);
  return judge(*module, run(*module, example), tracking);
}

// ---- the log as text

namespace {

std::string text_of(const ElementSet& set) {
  std::vector<std::string> parts;
  for (const auto [begin, end] : set.intervals())
    parts.push_back(begin + 1 == end ? fmt::format("{}", begin) : fmt::format("{}-{}", begin, end - 1));
  return fmt::format("{{{}}}", fmt::join(parts, " "));
}

std::string text_of(const Log& log, const LoggedTensor& tensor) {
  return fmt::format("{} {}", name_of(log.roots[tensor.root]), text_of(tensor.elements()));
}

}  // namespace

std::string text_of(const Log& log) {
  std::string text;
  for (uint32_t i = 0; i < log.events.size(); ++i) {
    const Event& event = log.events[i];
    if (event.kind == Event::Kind::kCreate) continue;
    text += fmt::format("{} {}", i, name_of(log, i));
    if (event.manual) text += " manual";
    if (!event.after.empty()) text += fmt::format(" after {}", fmt::join(event.after, " "));
    if (!event.derived.empty()) text += fmt::format(" derived {}", fmt::join(event.derived, " "));
    if (event.tested)
      text += fmt::format(" when {}{}", element_text(log, log.roots[event.tested->tensor.root].memory, event.tested->element),
                          event.ran ? "" : ", and did not run");
    text += "\n";
    for (const LoggedArgument& argument : event.arguments)
      text += fmt::format("    {} {}\n", tw::direction_name(argument.direction).str(), text_of(log, argument.tensor));
    for (const LoggedAccess& access : event.accesses) {
      text += fmt::format("    memory {}: reads {} writes {} adds to {}\n", access.memory, text_of(access.read), text_of(access.written),
                          text_of(access.added));
    }
  }
  return text;
}

}  // namespace tilewright::oracle
