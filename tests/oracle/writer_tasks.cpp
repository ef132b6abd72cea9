// Tasks: what they access, and what orders them by name.
#include "writer.h"

#include <algorithm>

namespace tilewright::oracle {

// ---- who may use what

bool Writer::may_use(const Tensor& tensor, User user, bool writes) const {
  if (writes && !tensor.writable) return false;
  return std::all_of(tensor.roots.begin(), tensor.roots.end(), [&](size_t number) {
    const Root& root = roots_[number];
    if (root.only_read) return !writes;
    if (user == User::kTask) return !manual_ || root.role != Role::kOpen;
    return root.role == Role::kOpen;
  });
}

bool Writer::may_overlap(const Tensor& a, const Tensor& b) {
  const bool share = std::any_of(a.roots.begin(), a.roots.end(), [&](size_t root) { return b.roots.contains(root); });
  if (!share) return false;
  if (!a.box || !b.box || a.box->tensor != b.box->tensor) return true;
  for (size_t d = 0; d < a.box->ranges.size(); ++d) {
    if (a.box->ranges[d].second <= b.box->ranges[d].first || b.box->ranges[d].second <= a.box->ranges[d].first) return false;
  }
  return true;
}

bool Writer::fits(const Tensor& tensor, AliasForm form) {
  switch (form) {
    case AliasForm::kWhole:
    case AliasForm::kMayAlias:
    case AliasForm::kCreated:
    case AliasForm::kCarried:
    case AliasForm::kBranchResult: return tensor.has(form);
    case AliasForm::kStrided:
    case AliasForm::kReshaped: return tensor.dense && tensor.rank() <= 2;
    case AliasForm::kTransposed: return tensor.rank() == 2;
    case AliasForm::kNone: return true;
    default: return tensor.extents[tensor.rank() > 1 ? tensor.rank() - 2 : 0].low > 1;
  }
}

// ---- accesses

// choice: mode, form, tensor, three for the view, no_dep and partial
std::optional<Operand> Writer::operand(const Statement& access, const std::vector<Operand>& others, std::optional<bool> real, size_t rank) {
  const auto& c = access.choice;
  Operand made;
  made.mode = static_cast<Mode>(c[0] % kModes);
  const bool floats = made.mode == Mode::kAtomic || made.mode == Mode::kGather || made.mode == Mode::kScatter;
  const auto form = static_cast<AliasForm>(c[1] % (kAliasForms - 1));
  const auto clashes = [&](const Tensor& tensor) {
    return std::any_of(others.begin(), others.end(),
                       [&](const Operand& other) { return (other.writes() || made.writes()) && may_overlap(tensor, other.tensor); });
  };
  const bool rows_by_index = made.mode == Mode::kGather || made.mode == Mode::kScatter;
  const auto accept = [&](const Tensor& tensor, bool free) {
    if (!may_use(tensor, User::kTask, made.writes()) || (floats && !tensor.real)) return false;
    // Reals never flow into integers, which decide things.
    if (real && (made.writes() ? tensor.real != *real : !*real && tensor.real)) return false;
    if (rank != 0 && tensor.rank() != rank) return false;
    if (rows_by_index && (tensor.rank() != 2 || tensor.extents[1].low < kBlock)) return false;
    return !free || !clashes(tensor);
  };
  std::optional<Tensor> base = pick(form, c[2], [&](const Tensor& tensor) { return accept(tensor, true); });
  if (!base) base = pick(form, c[2], [&](const Tensor& tensor) { return accept(tensor, false); });
  if (!base) return std::nullopt;
  made.tensor = base->has(form) ? *base : derive(*base, form, &c[3]);
  const auto usable = [&] {
    return (rank == 0 || made.tensor.rank() == rank) &&
           (!rows_by_index || (made.tensor.rank() == 2 && made.tensor.extents[1].low >= kBlock));
  };
  if (!usable()) made.tensor = derive(*base, AliasForm::kSlice, &c[3]);
  if (!usable()) made.tensor = *base;
  made.tensor = flat(made.tensor, c[3]);
  if (clashes(made.tensor)) return std::nullopt;
  made.choice = c[7];
  const auto by_name = [&](size_t root) { return roots_[root].role == Role::kUser || roots_[root].only_read; };
  made.no_dep = c[6] % 2 == 1 && std::all_of(made.tensor.roots.begin(), made.tensor.roots.end(), by_name);
  const bool plain = made.mode == Mode::kRead || made.mode == Mode::kWrite || made.mode == Mode::kReadWrite;
  made.partial = !program_.whole && plain && c[6] / 2 % 3 == 1;
  made.name = made.tensor.value;
  return made;
}

std::vector<Operand> Writer::operands(const Statement& s) {
  std::vector<Operand> made;
  std::optional<bool> real;
  const auto add = [&](const Statement& access) {
    std::optional<Operand> next = operand(access, made, real);
    if (!next) return;
    // One value is one parameter of the kernel.
    for (const Operand& other : made) {
      if (other.tensor.value == next->tensor.value) return;
    }
    if (next->writes() && !real) real = next->tensor.real;
    made.push_back(std::move(*next));
  };
  const auto writes = [](const Statement& access) {
    const auto mode = static_cast<Mode>(access.choice[0] % kModes);
    return mode != Mode::kRead && mode != Mode::kGather;
  };
  const auto add_all = [&](bool that_write) {
    for (const Statement& access : s.body) {
      if (access.kind == Kind::kAccess && writes(access) == that_write) add(access);
    }
  };
  add_all(true);
  const bool only_reads = made.empty();
  add_all(false);
  if (only_reads) {  // a task does something with what it reads
    const auto is_real = [](const Operand& each) { return each.tensor.real; };
    if (made.empty() || std::any_of(made.begin(), made.end(), is_real)) real = true;
    Statement access{Kind::kAccess, s.choice};
    access.choice[0] = static_cast<uint32_t>(Mode::kWrite);
    access.choice[1] %= 2;
    const size_t reads = made.size();
    add(access);
    if (made.size() == reads) return {};
  }
  // Rows are named by a row of integers.
  for (const Operand& each : std::vector<Operand>(made)) {
    if (each.mode != Mode::kGather && each.mode != Mode::kScatter) continue;
    const bool has_row = std::any_of(made.begin(), made.end(), [](const Operand& other) {
      return other.mode == Mode::kRead && !other.tensor.real && other.tensor.extents.back().low >= kBlock && !other.partial;
    });
    if (has_row) break;
    Statement row{Kind::kAccess, {}};
    row.choice[2] = each.choice;
    const auto accept = [&](const Tensor& tensor) {
      const bool clashes =
          std::any_of(made.begin(), made.end(), [&](const Operand& other) { return other.writes() && may_overlap(tensor, other.tensor); });
      return !tensor.real && tensor.rank() <= 2 && tensor.extents.back().low >= kBlock && may_use(tensor, User::kTask, false) && !clashes;
    };
    const std::optional<Tensor> found = pick(AliasForm::kWhole, each.choice, accept);
    if (found) {
      Operand indices;
      indices.tensor = *found;
      indices.name = found->value;
      made.push_back(indices);
    } else {
      std::erase_if(made, [](const Operand& other) { return other.mode == Mode::kGather; });
      for (Operand& other : made) {
        if (other.mode == Mode::kScatter) other.mode = Mode::kWrite;
      }
    }
    break;
  }
  return made;
}

std::vector<Use> Writer::uses_of(const std::vector<Operand>& operands) const {
  std::vector<Use> uses;
  for (const Operand& each : operands) {
    for (const size_t root : each.tensor.roots) uses.push_back({root, each.writes()});
  }
  return uses;
}

// ---- order by name

std::vector<std::string> Writer::dependencies(const std::vector<Use>& uses, bool manual) {
  std::vector<std::string> ids;
  const auto add = [&](const std::string& id) {
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  };
  std::set<std::string> variables;
  for (const Use& use : uses) {
    const Root& root = roots_[use.root];
    if (root.only_read || root.role == Role::kOpen) continue;
    const bool all = manual || root.role == Role::kUser;
    if (!all && !names_manual_) continue;
    for (const Frame& frame : frames_) {
      for (const Submitted& task : frame.tasks) {
        const bool conflicts = std::any_of(task.uses.begin(), task.uses.end(),
                                           [&](const Use& other) { return other.root == use.root && (other.writes || use.writes); });
        if (conflicts && (all || task.manual)) add(task.id);
      }
    }
    if (root.others_done.empty()) continue;
    if (all) variables.insert(root.others_done);
    variables.insert(root.manual_done);
  }
  for (const std::string& variable : variables) add(define(fmt::format("tw.get {} : !tw.var<!tw.task_id>", variable)));
  return ids;
}

std::vector<std::string> Writer::chosen_dependencies(uint32_t how, uint32_t which) {
  std::vector<std::string> ids;
  if (reach_.ids.empty()) return ids;
  const auto some = [&](uint32_t choice) { ids.push_back(reach_.ids[choice % reach_.ids.size()]); };
  if (how % 4 >= 1) some(which);
  if (how % 4 >= 2) some(which / 8);
  return ids;
}

namespace {

std::string after_clause(const std::vector<std::string>& ids, const std::vector<std::pair<std::string, std::string>>& arrays) {
  std::vector<std::string> values = ids, types(ids.size(), "!tw.task_id");
  for (const auto& [value, type] : arrays) {
    values.push_back(value);
    types.push_back(type);
  }
  return values.empty() ? "" : fmt::format(" after({} : {})", fmt::join(values, ", "), fmt::join(types, ", "));
}

}  // namespace

void Writer::submitted(const std::string& id, std::vector<Use> uses, bool kept) {
  ++text_.tasks;
  std::erase_if(uses, [&](const Use& use) { return !has_fences(roots_[use.root]) || roots_[use.root].only_read; });
  if (!uses.empty()) frames_.back().tasks.push_back({id, uses, manual_});
  if (kept) reach_.ids.push_back(id);
}

// ---- tasks

// choice 3 to 5 of a task: whether there is one, the tensor and its form, the comparison
std::optional<Writer::Predicate> Writer::predicate(const Statement& s, const std::vector<Operand>& operands) {
  const auto& c = s.choice;
  if (c[3] % 5 != 1) return std::nullopt;
  const auto accept = [&](const Tensor& tensor) {
    if (tensor.real || !may_use(tensor, User::kTask, false)) return false;
    return std::none_of(operands.begin(), operands.end(),
                        [&](const Operand& other) { return other.writes() && may_overlap(tensor, other.tensor); });
  };
  const auto form = static_cast<AliasForm>(c[4] % (kAliasForms - 1));
  const std::optional<Tensor> base = pick(form, c[4] / 16, accept);
  if (!base) return std::nullopt;
  Predicate made;
  const uint32_t choices[] = {c[4] / 16, c[5], c[5] / 2};
  made.tested = base->has(form) ? *base : derive(*base, form, choices);
  std::string relation = fmt::format("ge {}", -static_cast<int64_t>(c[5] % 3));  // always so
  if (!program_.whole) {
    constexpr const char* kHow[] = {"eq", "ne", "lt", "gt", "ge", "le"};
    relation = fmt::format("{} {}", kHow[c[5] % 6], c[5] / 6 % kSmallNumbers);
  }
  made.clause = fmt::format(" when {}[{}] {} : {}", made.tested.value, fmt::join(element_of(made.tested, choices), ", "), relation,
                            made.tested.type());
  return made;
}

int64_t Writer::shared_extent(const Tensor& tensor, size_t& dimension) {
  dimension = tensor.rank() - 1;
  if (tensor.rank() > 1 && tensor.extents[dimension - 1].low > 1) --dimension;
  return tensor.extents[dimension].known() ? tensor.extents[dimension].low : 1;
}

int64_t Writer::blocks_for(const std::vector<Operand>& operands, uint32_t choice) {
  for (int64_t blocks = 2 + choice % 3; blocks >= 2; --blocks) {
    const bool divides = std::all_of(operands.begin(), operands.end(), [&](const Operand& each) {
      size_t dimension = 0;
      if (each.mode == Mode::kScatter || each.partial) return false;
      return !each.writes() || each.mode == Mode::kAtomic || shared_extent(each.tensor, dimension) % blocks == 0;
    });
    if (divides) return blocks;
  }
  return 1;
}

void Writer::note_task(const std::vector<Operand>& operands) {
  constexpr Op kOps_[] = {Op::kRead, Op::kWrite, Op::kReadWrite, Op::kAtomic, Op::kGather, Op::kScatter};
  const auto writes = std::count_if(operands.begin(), operands.end(), [](const Operand& each) { return each.writes(); });
  for (const Operand& each : operands) {
    note(kOps_[static_cast<int>(each.mode)], each.tensor.forms);
    if (each.partial) note(Op::kPartial, each.tensor.forms);
    if (each.no_dep) note(Op::kNoDep, each.tensor.forms);
    if (each.tensor.untracked) note(Op::kUntracked, each.tensor.forms);
    if (manual_) note(Op::kManual, each.tensor.forms);
    if (each.writes() && writes > 1) note(Op::kTuple, each.tensor.forms);
    const bool exact = each.tensor.affine && !each.partial && each.mode != Mode::kGather && each.mode != Mode::kScatter;
    text_.exact = text_.exact && exact && each.tensor.roots.size() == 1 && each.mode != Mode::kAtomic;
  }
}

// choice: blocks, dependencies (how, which), predicate (3), what is computed, fire-and-forget
void Writer::task(const Statement& s) {
  if (text_.tasks >= kMostTasks) return;
  const auto& c = s.choice;
  const std::vector<Operand> all = operands(s);
  if (all.empty()) return;
  const std::optional<Predicate> tested = predicate(s, all);
  std::vector<Use> uses = uses_of(all);
  if (tested) {
    for (const size_t root : tested->tested.roots) uses.push_back({root, false});
  }
  std::vector<std::string> ids = dependencies(uses, manual_);
  const std::vector<std::string> chosen = chosen_dependencies(c[1], c[2]);
  ids.insert(ids.end(), chosen.begin(), chosen.end());
  std::vector<std::pair<std::string, std::string>> arrays;
  if (c[1] % 4 == 3 && !reach_.arrays.empty()) {
    const Array& array = reach_.arrays[c[2] % reach_.arrays.size()];
    const std::string type = fmt::format("!tw.task_ids<{}>", array.count);
    arrays.emplace_back(define(fmt::format("tw.get {} : !tw.var<{}>", array.variable, type)), type);
  }
  const int64_t blocks = c[0] % 4 == 1 ? blocks_for(all, c[0] / 4) : 1;
  std::string clauses;
  if (blocks > 1) {
    std::string count = index(blocks);
    for (const Number& number : reach_.numbers) {
      if (c[0] / 16 % 2 == 1 && number.low == blocks && number.high == blocks) count = number.value;
    }
    clauses += " blocks " + count;
  }
  clauses += after_clause(ids, arrays);
  std::vector<std::string> free, free_types;
  for (const Operand& each : all) {
    if (!each.no_dep) continue;
    free.push_back(each.tensor.value);
    free_types.push_back(each.tensor.type());
  }
  if (!free.empty()) clauses += fmt::format(" no_dep({} : {})", fmt::join(free, ", "), fmt::join(free_types, ", "));
  if (tested) clauses += tested->clause;

  note_task(all);
  for (const Operand& each : all) {
    if (blocks > 1) note(Op::kBlocks, each.tensor.forms);
    if (!ids.empty() || !arrays.empty()) note(Op::kUserDependency, each.tensor.forms);
  }
  if (tested) {
    note(Op::kPredicate, tested->tested.forms);
    text_.exact = text_.exact && program_.whole && tested->tested.affine && tested->tested.roots.size() == 1;
  }
  const bool named = std::any_of(uses.begin(), uses.end(), [&](const Use& use) { return has_fences(roots_[use.root]); });
  const bool forgotten = c[7] % 3 == 1 && !named;
  if (forgotten) {
    for (const Operand& each : all) note(Op::kFireAndForget, each.tensor.forms);
  }
  const std::string id = forgotten ? "" : fresh("t");
  line(fmt::format("{}tw.at \"task{}\"{} {{", forgotten ? "" : id + " = ", text_.tasks, clauses));
  ++indent_;
  vector_kernel(all, blocks > 1 ? define("tile.block_index", "block") : "", blocks, c[6], true);
  --indent_;
  line("}");
  submitted(id, uses, !forgotten);
}

// choice: first and second factor, product, dependencies (how, which), lanes, what is computed, fire-and-forget
void Writer::mixed(const Statement& s) {
  if (text_.tasks >= kMostTasks) return;
  const auto& c = s.choice;
  // Three squares for the cube, then what the vector core uses. The first access of the body says how the product comes to its elements,
  // and the factors too or not.
  constexpr int kSquares = 3;
  std::vector<Operand> all;
  int64_t size = 16;
  std::optional<bool> real = true;
  for (int i = 0; i < kSquares; ++i) {
    Statement access{Kind::kAccess, {}};
    if (!s.body.empty()) access.choice = s.body[0].choice;
    access.choice[0] = static_cast<uint32_t>(i == 0 ? Mode::kWrite : Mode::kRead);
    access.choice[2] = c[static_cast<size_t>(i)];
    access.choice[6] = 0;
    if (i > 0 && c[6] % 2 == 0) access.choice[1] = 0;
    std::optional<Operand> next = operand(access, all, real, 2);
    if (!next || !next->tensor.real || next->tensor.rank() != 2) return;
    for (const Extent& extent : next->tensor.extents) size = std::min(size, extent.low);
    all.push_back(std::move(*next));
  }
  for (Operand& each : all) {
    const auto whole = [&](const Extent& extent) { return extent.open.empty() && extent.low == size; };
    if (std::all_of(each.tensor.extents.begin(), each.tensor.extents.end(), whole)) continue;
    std::vector<Range> ranges;
    for (size_t d = 0; d < 2; ++d) ranges.push_back(known_range(each.tensor.extents[d].low - size, size));
    each.tensor = view(each.tensor, ranges);
  }
  std::vector<Operand> vector_side;
  for (const Statement& access : s.body) {
    if (access.kind != Kind::kAccess) continue;
    const auto mode = static_cast<Mode>(access.choice[0] % kModes);
    if (mode == Mode::kGather || mode == Mode::kScatter) continue;
    std::vector<Operand> others = all;
    others.insert(others.end(), vector_side.begin(), vector_side.end());
    std::optional<Operand> next = operand(access, others, real);
    if (next) vector_side.push_back(std::move(*next));
  }
  const bool writes = std::any_of(vector_side.begin(), vector_side.end(), [](const Operand& each) { return each.writes(); });
  if (!writes) vector_side.clear();  // then it does nothing
  int64_t lanes = 1;
  if (writes && c[5] % 2 == 1 && blocks_for(vector_side, 0) == 2) lanes = 2;

  std::vector<Operand> parameters;
  std::vector<std::string> values, types, signature;
  const auto name_of = [&](Operand& each) {
    for (const Operand& known : parameters) {
      if (known.tensor.value != each.tensor.value) continue;
      each.name = known.name;
      return;
    }
    each.name = fmt::format("%a{}", parameters.size());
    values.push_back((each.no_dep ? "no_dep " : "") + each.tensor.value);
    types.push_back(each.tensor.type());
    signature.push_back(fmt::format("{}: {}", each.name, each.tensor.type()));
    parameters.push_back(each);
  };
  for (Operand& each : all) name_of(each);
  for (Operand& each : vector_side) name_of(each);

  const std::string name = fmt::format("mixed{}", text_.tasks);
  const auto kernel = [&](const std::string& core, const std::string& kernel_name, auto&& write) {
    std::map<std::string, std::string> outer = std::exchange(constants_, {});
    const size_t outer_indent = std::exchange(indent_, 1);
    const std::string body = captured(write);
    kernels_ += fmt::format("tile.func {} @{}({}) {{\n", core, kernel_name, fmt::join(signature, ", "));
    for (const auto& [constant, value] : constants_) kernels_ += fmt::format("  {} = arith.constant {}\n", constant, value);
    kernels_ += body + "  tile.return\n}\n";
    constants_ = std::move(outer);
    indent_ = outer_indent;
  };
  kernel("aic", name + "_cube", [&] { cube_kernel(all, size); });
  kernel("aiv", name + "_vector", [&] {
    if (writes) vector_kernel(vector_side, lanes > 1 ? define("tile.subblock_index", "lane") : "", lanes, c[6], false);
  });

  all.insert(all.end(), vector_side.begin(), vector_side.end());
  const std::vector<Use> uses = uses_of(all);
  std::vector<std::string> ids = dependencies(uses, manual_);
  const std::vector<std::string> chosen = chosen_dependencies(c[3], c[4]);
  ids.insert(ids.end(), chosen.begin(), chosen.end());
  note_task(all);
  const bool named = std::any_of(uses.begin(), uses.end(), [&](const Use& use) { return has_fences(roots_[use.root]); });
  const bool forgotten = c[7] % 3 == 1 && !named;
  for (const Operand& each : all) {
    note(Op::kMixed, each.tensor.forms);
    if (!ids.empty()) note(Op::kUserDependency, each.tensor.forms);
    if (forgotten) note(Op::kFireAndForget, each.tensor.forms);
  }
  const std::string id = forgotten ? "" : fresh("t");
  std::string kernels = fmt::format("@{}_cube", name);
  for (int64_t lane = 0; lane < lanes; ++lane) kernels += fmt::format(" with @{}_vector", name);
  line(fmt::format("{}tw.submit {}({} : {}){}", forgotten ? "" : id + " = ", kernels, fmt::join(values, ", "), fmt::join(types, ", "),
                   after_clause(ids, {})));
  submitted(id, uses, !forgotten);
}

// choice: how many ids, which, whether of an array too
void Writer::dummy(const Statement& s) {
  if (text_.tasks >= kMostTasks) return;
  std::vector<std::string> ids = chosen_dependencies(1 + s.choice[0] % 2, s.choice[1]);
  std::vector<std::pair<std::string, std::string>> arrays;
  if (s.choice[2] % 2 == 1 && !reach_.arrays.empty()) {
    const Array& array = reach_.arrays[s.choice[2] / 2 % reach_.arrays.size()];
    const std::string type = fmt::format("!tw.task_ids<{}>", array.count);
    arrays.emplace_back(define(fmt::format("tw.get {} : !tw.var<{}>", array.variable, type)), type);
  }
  const std::string id = fresh("t");
  const std::string clause = after_clause(ids, arrays);
  line(fmt::format("{} = tw.dummy{}", id, clause.empty() ? " after()" : clause));
  note(Op::kDummy, form_bit(AliasForm::kNone));
  submitted(id, {}, true);
}

// choice: what is done, which id, which array, which element
void Writer::array(const Statement& s) {
  const auto& c = s.choice;
  if (reach_.arrays.empty() || c[0] % 4 == 3) {
    const int64_t count = 2 + c[3] % 3;
    const std::string none = define(fmt::format("tw.no_tasks : !tw.task_ids<{}>", count));
    const std::string variable = define(fmt::format("tw.declare {} : !tw.var<!tw.task_ids<{}>>", none, count), "ids");
    reach_.arrays.push_back({variable, count, frames_.size()});
  }
  const Array& array = reach_.arrays[c[2] % reach_.arrays.size()];
  const std::string type = fmt::format("!tw.task_ids<{}>", array.count);
  const std::string held = define(fmt::format("tw.get {} : !tw.var<{}>", array.variable, type));
  const std::string at = c[3] % 2 == 0 ? index(c[3] / 2 % array.count) : number_within(0, array.count - 1, c[3] / 2).value;
  note(Op::kArray, form_bit(AliasForm::kNone));
  if (c[0] % 4 != 1 && !reach_.ids.empty() && can_set(array.depth)) {
    const std::string more = define(fmt::format("tw.set_task {}, {}[{}] : {}", reach_.ids[c[1] % reach_.ids.size()], held, at, type));
    line(fmt::format("tw.set {}, {} : !tw.var<{}>", more, array.variable, type));
    return;
  }
  reach_.ids.push_back(define(fmt::format("tw.get_task {}[{}] : {}", held, at, type), "t"));
}

}  // namespace tilewright::oracle
