#include "writer.h"

#include <algorithm>
#include <utility>

#include "data/element.h"

namespace tilewright::oracle {

namespace {

/// Whether a loop that is left stands around a manual scope or in one.
bool repeats_manual_scope(const std::vector<Statement>& statements, bool in_loop, bool in_scope) {
  return std::any_of(statements.begin(), statements.end(), [&](const Statement& s) {
    const LoopForm form = for_form(s);
    const bool copied = form == LoopForm::kUnrolled || form == LoopForm::kSingleTurn || form == LoopForm::kZeroTurns;
    const bool loop = in_loop || s.kind == Kind::kWhile || (s.kind == Kind::kFor && !copied);
    const bool scope = in_scope || (s.kind == Kind::kScope && s.choice[0] % 2 == 1);
    return (loop && scope) || repeats_manual_scope(s.body, loop, scope) || repeats_manual_scope(s.otherwise, loop, scope);
  });
}

bool has_manual_scope(const std::vector<Statement>& statements) {
  return std::any_of(statements.begin(), statements.end(), [](const Statement& s) {
    return (s.kind == Kind::kScope && s.choice[0] % 2 == 1) || has_manual_scope(s.body) || has_manual_scope(s.otherwise);
  });
}

}  // namespace

std::string Tensor::type() const {
  std::string text = "!tw.tensor<";
  for (const Extent& extent : extents) text += (extent.open.empty() ? fmt::format("{}", extent.low) : "?") + "x";
  return text + element() + ">";
}

Text text_of(const Program& program) { return Writer(program).write(); }

Writer::Writer(const Program& program)
    : program_(program),
      has_manual_(has_manual_scope(program.body)),
      names_manual_(program.names_manual_tasks || repeats_manual_scope(program.body, false, false)) {}

Text Writer::write() {
  frames_.emplace_back();
  for (const Statement& s : program_.parameters) {
    if (s.kind == Kind::kTensor) parameter(s);
  }
  for (const Statement& s : program_.parameters) {
    if (s.kind == Kind::kNumber) number_parameter(s);
  }
  block(program_.body);
  std::string head;
  for (const auto& [name, value] : constants_) head += fmt::format("  {} = arith.constant {}\n", name, value);
  const auto marked = [](const std::string& parameter) { return parameter.find("tw.may_alias") != std::string::npos; };
  text_.exact = text_.exact && std::count_if(signature_.begin(), signature_.end(), marked) < 2;
  text_.literal = text_.literal && text_.exact;
  text_.example.text =
      fmt::format("{}tw.orchestration @program({}) {{\n{}{}  tw.return\n}}\n", kernels_, fmt::join(signature_, ", "), head, out_);
  return std::move(text_);
}

std::string Writer::constant(const std::string& name, const std::string& value) {
  constants_.emplace(name, value);
  return name;
}

std::string Writer::define(const std::string& operation, const char* stem) {
  const std::string name = fresh(stem);
  line(name + " = " + operation);
  return name;
}

size_t Writer::new_root(Role role, bool only_read) {
  Root root{role, only_read, frames_.size()};
  if (has_fences(root) && !only_read) {
    const std::string none = define("tw.no_task");
    root.others_done = define(fmt::format("tw.declare {} : !tw.var<!tw.task_id>", none), "done");
    root.manual_done = define(fmt::format("tw.declare {} : !tw.var<!tw.task_id>", none), "manual_done");
  }
  roots_.push_back(root);
  return roots_.size() - 1;
}

// ---- parameters

// choice: element type, shape, open extents, direction, role, shared memory, place in it
void Writer::parameter(const Statement& s) {
  const auto& c = s.choice;
  Tensor tensor;
  tensor.real = c[0] % 4 != 3;
  const int64_t rows = program_.rows, columns = program_.columns;
  std::vector<int64_t> shape;
  if (tensor.real) {
    shape = c[1] % 6 == 4   ? std::vector<int64_t>{rows * columns}
            : c[1] % 6 == 5 ? std::vector<int64_t>{16, 16}
                            : std::vector{rows, columns};
  } else {
    shape = c[1] % 3 == 0 ? std::vector<int64_t>{8} : c[1] % 3 == 1 ? std::vector<int64_t>{rows, 8} : std::vector<int64_t>{16};
  }
  enum class Direction : uint8_t { kIn, kOut, kInOut };
  constexpr Direction kDirections[] = {Direction::kInOut, Direction::kIn, Direction::kOut, Direction::kInOut};
  Direction direction = kDirections[c[3] % 4];
  constexpr Role kRoles[] = {Role::kOpen, Role::kOpen, Role::kOpen, Role::kTasks, Role::kUser};
  Role role = kRoles[c[4] % 5];
  const bool marked = c[5] % 4 >= 2;
  // What an i32 holds is always set, and so is what others may see of a tensor.
  if (direction == Direction::kOut && (!tensor.real || marked)) direction = Direction::kInOut;

  // In the memory of the last marked one of the same type.
  std::optional<interpret::Alias> shared;
  size_t root = roots_.size();
  if (c[5] % 4 == 2) {
    for (size_t i = reach_.tensors.size(); i-- > 0 && !shared;) {
      const Tensor& other = reach_.tensors[i];
      if (!other.has(AliasForm::kMayAlias) || other.real != tensor.real) continue;
      if (std::any_of(text_.example.aliases.begin(), text_.example.aliases.end(),
                      [&](const interpret::Alias& each) { return each.inner == i; }))
        continue;
      const auto& whole = std::get<HostTensor>(text_.example.arguments[i]).shape();
      shape.assign(whole.begin(), whole.end());
      shared = {.outer = i, .inner = text_.example.arguments.size()};
      if (c[6] % 3 != 0 && shape[0] % 2 == 0) {
        shape[0] /= 2;
        if (c[6] % 3 == 2) shared->first = shape[0] * (shape.size() == 2 ? shape[1] : 1);
      }
      root = *other.roots.begin();
      role = roots_[root].role;
      if (roots_[root].only_read) direction = Direction::kIn;
    }
  }
  // A tensor that shares memory with what is written is not only read, whatever its own mark says.
  if (!shared && marked && direction == Direction::kIn && c[6] % 2 == 1) direction = Direction::kInOut;

  const size_t number = text_.example.arguments.size();
  tensor.value = fmt::format("%{}{}", tensor.real ? "x" : "k", number);
  tensor.writable = direction != Direction::kIn;
  tensor.forms = form_bit(AliasForm::kWhole) | (marked ? form_bit(AliasForm::kMayAlias) : 0);
  for (size_t d = 0; d < shape.size(); ++d) {
    Extent extent{shape[d], shape[d]};
    if (c[2] % 4 == 1 ? d == 0 : c[2] % 4 == 2 ? d + 1 == shape.size() && shape.size() > 1 : false) {
      extent.open = fresh("dim");
    }
    tensor.extents.push_back(extent);
  }
  tensor.box = Box{tensor_count_++, {}};
  for (const int64_t extent : shape) tensor.box->ranges.emplace_back(0, extent);
  constexpr const char* kMarks[] = {"", "tw.out", "tw.inout"};
  std::vector<std::string> marks;
  if (direction != Direction::kIn) marks.emplace_back(kMarks[static_cast<int>(direction)]);
  if (marked) marks.emplace_back("tw.may_alias");
  signature_.push_back(
      fmt::format("{}: {}{}", tensor.value, tensor.type(), marks.empty() ? "" : fmt::format(" {{{}}}", fmt::join(marks, ", "))));
  if (!shared) root = new_root(role, direction == Direction::kIn);
  tensor.roots = {root};
  for (size_t d = 0; d < shape.size(); ++d) {
    Extent& extent = tensor.extents[d];
    if (!extent.open.empty()) {
      line(fmt::format("{} = tw.dim {}, {} : {}", extent.open, tensor.value, d, tensor.type()));
      reach_.numbers.push_back({extent.open, extent.low, extent.high});
    }
  }

  HostTensor host(tensor.real ? DataType::FLOAT32 : DataType::INT32, {shape.begin(), shape.end()});
  for (size_t i = 0; i < host.element_count(); ++i) {
    if (tensor.real) {
      host.elements<float>()[i] = static_cast<float>((i * 7 + number * 3) % 32) / 4 - 3;
    } else {
      host.elements<int32_t>()[i] = static_cast<int32_t>((i * 5 + number) % kSmallNumbers);
    }
  }
  if (shared) {
    const auto& whole = std::get<HostTensor>(text_.example.arguments[shared->outer]);
    std::copy_n(whole.data() + shared->first * 4, host.byte_count(), host.data());
    text_.example.aliases.push_back(*shared);
  }
  text_.example.arguments.emplace_back(std::move(host));
  reach_.tensors.push_back(tensor);
}

void Writer::number_parameter(const Statement& s) {
  constexpr int64_t kValues[] = {2, 3, 1, 0, 4, 6, 8};
  const int64_t value = kValues[s.choice[0] % std::size(kValues)];
  const std::string name = fmt::format("%n{}", text_.example.arguments.size());
  signature_.push_back(name + ": index");
  text_.example.arguments.emplace_back(ScalarSpec{DataType::INT64, to_u64(value)});
  reach_.numbers.push_back({name, value, value});
}

// ---- blocks

void Writer::block(const std::vector<Statement>& statements) {
  for (const Statement& s : statements) statement(s);
}

void Writer::statement(const Statement& s) {
  switch (s.kind) {
    case Kind::kTensor:
    case Kind::kNumber:
    case Kind::kAccess: return;  // in their own places
    case Kind::kCreate: return create(s);
    case Kind::kView: return view_statement(s);
    case Kind::kCalculate: return calculate(s);
    case Kind::kHostRead: return host_read(s);
    case Kind::kHostWrite: return host_write(s);
    case Kind::kAssemble: return assemble(s);
    case Kind::kTask: return task(s);
    case Kind::kMixed: return mixed(s);
    case Kind::kDummy: return dummy(s);
    case Kind::kArray: return array(s);
    case Kind::kFor: return for_loop(s);
    case Kind::kWhile: return while_loop(s);
    case Kind::kIf: return branch(s);
    case Kind::kScope: return scope(s);
  }
}

void Writer::open_block(bool parallel) {
  saved_.push_back(reach_);
  frames_.push_back({{}, parallel});
  ++indent_;
}

void Writer::close_block() {
  const Frame ended = std::move(frames_.back());
  frames_.pop_back();
  for (size_t root = 0; root < roots_.size(); ++root) {
    if (roots_[root].others_done.empty() || roots_[root].depth > frames_.size()) continue;
    for (const bool manual : {false, true}) {
      std::vector<std::string> ids;
      for (const Submitted& each : ended.tasks) {
        const bool uses = std::any_of(each.uses.begin(), each.uses.end(), [&](const Use& use) { return use.root == root; });
        if (uses && each.manual == manual) ids.push_back(each.id);
      }
      if (ids.empty()) continue;
      const std::string& variable = manual ? roots_[root].manual_done : roots_[root].others_done;
      ids.insert(ids.begin(), define(fmt::format("tw.get {} : !tw.var<!tw.task_id>", variable)));
      const std::vector<std::string> types(ids.size(), "!tw.task_id");
      const std::string all = define(fmt::format("tw.dummy after({} : {})", fmt::join(ids, ", "), fmt::join(types, ", ")));
      line(fmt::format("tw.set {}, {} : !tw.var<!tw.task_id>", all, variable));
    }
  }
  reach_ = std::move(saved_.back());
  saved_.pop_back();
  --indent_;
}

bool Writer::can_set(size_t depth) const {
  for (size_t i = depth; i < frames_.size(); ++i) {
    if (frames_[i].parallel) return false;
  }
  return true;
}

void Writer::note(std::set<Cell>& cells, Op op, Forms forms) const {
  std::vector<LoopForm> around = {loops_.empty() ? LoopForm::kStraight : loops_.back()};
  if (branches_ > 0) around.push_back(LoopForm::kBranch);
  if (loops_.size() > 1) around.push_back(LoopForm::kNested);
  for (const LoopForm loop : around) {
    for (int alias = 0; alias < kAliasForms; ++alias) {
      if ((forms & form_bit(static_cast<AliasForm>(alias))) != 0) cells.insert({op, loop, static_cast<AliasForm>(alias)});
    }
  }
}

}  // namespace tilewright::oracle
