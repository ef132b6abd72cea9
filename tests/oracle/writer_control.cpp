// What the orchestration itself reads and writes; loops, branches and scopes.
#include "writer.h"

#include <algorithm>

namespace tilewright::oracle {

// ---- accesses of the orchestration

std::vector<std::string> Writer::element_of(const Tensor& tensor, const uint32_t* choices) {
  std::vector<std::string> at;
  for (size_t d = 0; d < tensor.rank(); ++d) {
    const int64_t extent = tensor.extents[d].low;
    const uint32_t choice = choices[d % 2] / 2;
    const bool symbolic = choices[1] % 3 == 2 && d + 1 == tensor.rank();
    at.push_back(symbolic ? number_within(0, extent - 1, choice).value : index(choice % extent));
    text_.literal = text_.literal && !symbolic;
  }
  return at;
}

// choice: element type, form, tensor, three for the view
void Writer::host_read(const Statement& s) {
  const auto& c = s.choice;
  const auto form = static_cast<AliasForm>(c[1] % (kAliasForms - 1));
  const bool real = c[0] % 3 == 2;
  const std::optional<Tensor> base =
      pick(form, c[2], [&](const Tensor& tensor) { return tensor.real == real && may_use(tensor, User::kHost, false); });
  if (!base) return;
  const Tensor from = base->has(form) ? *base : derive(*base, form, &c[3]);
  const std::vector<std::string> at = element_of(from, &c[4]);
  const std::string value = define(fmt::format("tw.read {}[{}] : {} -> {}", from.value, fmt::join(at, ", "), from.type(), from.element()));
  HostRead made{value, real, {}};
  note(made.cells, Op::kHostRead, from.forms);
  text_.exact = text_.exact && from.affine && from.roots.size() == 1;
  reach_.host_reads.push_back(made);
  if (!real) {
    reach_.numbers.push_back({define(fmt::format("arith.index_cast {} : i32 to index", value)), 0, kSmallNumbers - 1});
  }
}

// choice: element type, form, tensor, three for the view, value
void Writer::host_write(const Statement& s) {
  const auto& c = s.choice;
  const auto form = static_cast<AliasForm>(c[1] % (kAliasForms - 1));
  const bool real_type = c[0] % 3 == 2;
  const std::optional<Tensor> base =
      pick(form, c[2], [&](const Tensor& tensor) { return tensor.real == real_type && may_use(tensor, User::kHost, true); });
  if (!base) return;
  const Tensor to = base->has(form) ? *base : derive(*base, form, &c[3]);
  const std::vector<std::string> at = element_of(to, &c[4]);
  std::string value = real_type ? real(c[6] % 5) : integer(c[6] % kSmallNumbers);
  for (const HostRead& each : reach_.host_reads) {
    if (each.real != real_type || c[6] / 8 % 2 == 0) continue;
    value = each.value;
    text_.cells.insert(each.cells.begin(), each.cells.end());
    break;
  }
  line(fmt::format("tw.write {}, {}[{}] : {}, {}", value, to.value, fmt::join(at, ", "), to.element(), to.type()));
  note(Op::kHostWrite, to.forms);
  text_.exact = text_.exact && to.affine && to.roots.size() == 1;
}

// choice: created or copied, form of the place, tensor, three for its view, source, place in it
void Writer::assemble(const Statement& s) {
  if (manual_ || text_.tasks >= kMostTasks) return;
  const auto& c = s.choice;
  const auto form = static_cast<AliasForm>(c[1] % (kAliasForms - 1));
  const std::optional<Tensor> base =
      pick(form, c[2], [&](const Tensor& tensor) { return tensor.real && tensor.rank() == 2 && may_use(tensor, User::kAssemble, true); });
  if (!base) return;
  const Tensor into = base->has(form) ? *base : derive(*base, form, &c[3]);
  if (into.rank() != 2) return;
  const int64_t rows = into.extents[0].low, columns = into.extents[1].low;
  const auto put = [&](const Tensor& tensor, int64_t height) {
    const std::string row = c[7] % 3 == 2 ? number_within(0, rows - height, c[7] / 3).value : index(c[7] / 3 % (rows - height + 1));
    line(fmt::format("tw.assemble {}, {}[{}, {}] : {}, {}", tensor.value, into.value, row, index(0), tensor.type(), into.type()));
    ++text_.tasks;
    text_.literal = text_.literal && row.starts_with("%c");
    text_.exact = text_.exact && into.affine && tensor.affine && into.roots.size() == 1 && tensor.roots.size() == 1;
  };
  if (c[0] % 2 == 0) {
    const int64_t height = std::max<int64_t>(1, rows / 2);
    Tensor made;
    made.extents = {{height, height}, {columns, columns}};
    made.value = define(fmt::format("tw.create : {}", made.type()), "made");
    made.forms = form_bit(AliasForm::kCreated) | form_bit(AliasForm::kWhole);
    made.box = Box{tensor_count_++, {{0, height}, {0, columns}}};
    const size_t root = new_root(Role::kOpen, false);
    made.roots = {root};
    const std::vector<Tensor> outside = std::exchange(reach_.tensors, {made});
    Statement fill{Kind::kTask, {}};
    fill.body.push_back({Kind::kAccess, {static_cast<uint32_t>(Mode::kWrite)}});
    task(fill);
    reach_.tensors.insert(reach_.tensors.begin(), outside.begin(), outside.end());
    block(s.body);
    std::erase_if(reach_.tensors, [&](const Tensor& tensor) { return tensor.roots.contains(root); });
    put(made, height);
    note(Op::kAssembleView, into.forms);
    return;
  }
  std::optional<Tensor> from = pick(AliasForm::kNone, c[6], [&](const Tensor& tensor) {
    const bool shares = std::any_of(tensor.roots.begin(), tensor.roots.end(), [&](size_t root) { return into.roots.contains(root); });
    return tensor.real && tensor.rank() == 2 && !shares && may_use(tensor, User::kAssemble, false);
  });
  if (!from) return;
  if (from->extents[0].high > rows || from->extents[1].high > columns) {
    std::vector<Range> ranges;
    for (size_t d = 0; d < 2; ++d) ranges.push_back(known_range(0, std::min(from->extents[d].low, into.extents[d].low)));
    from = view(*from, ranges);
  }
  put(*from, from->extents[0].high);
  note(Op::kAssembleCopy, into.forms);
}

// ---- what loops carry

Writer::Carried Writer::begin_carrying(uint32_t choice, uint32_t which, bool parallel) {
  Carried carried;
  if (parallel) return carried;
  if (choice % 4 == 1) {
    // Two tensors that change places.
    std::vector<std::pair<const Tensor*, const Tensor*>> pairs;
    for (const Tensor& a : reach_.tensors) {
      for (const Tensor& b : reach_.tensors) {
        const bool fit = &a < &b && a.type() == b.type() && a.writable == b.writable && a.untracked == b.untracked;
        if (fit && roots_[*a.roots.begin()].role == roots_[*b.roots.begin()].role) pairs.emplace_back(&a, &b);
      }
    }
    if (!pairs.empty()) {
      const auto [a, b] = pairs[pairs.size() - 1 - which % pairs.size()];
      carried.tensor = *a;
      carried.tensor.roots.insert(b->roots.begin(), b->roots.end());
      for (size_t d = 0; d < a->rank(); ++d) {
        carried.tensor.extents[d].low = std::min(a->extents[d].low, b->extents[d].low);
        carried.tensor.extents[d].high = std::max(a->extents[d].high, b->extents[d].high);
      }
      carried.tensor.forms = ((a->forms | b->forms) & ~form_bit(AliasForm::kWhole)) | form_bit(AliasForm::kCarried);
      carried.tensor.box.reset();
      carried.tensor.dense = a->dense && b->dense;
      carried.tensor.affine = false;
      for (const Tensor* each : {a, b})
        carried.tensors.push_back(define(fmt::format("tw.declare {} : !tw.var<{}>", each->value, each->type()), "carried"));
    }
  } else if (choice % 4 == 2) {
    carried.id = define(fmt::format("tw.declare {} : !tw.var<!tw.task_id>", define("tw.no_task")), "last");
  } else if (choice % 4 == 3) {
    carried.number = define(fmt::format("tw.declare {} : !tw.var<index>", index(1)), "sum");
  }
  return carried;
}

void Writer::get_carried(const Carried& carried) {
  for (const std::string& variable : carried.tensors) {
    Tensor held = carried.tensor;
    held.value = define(fmt::format("tw.get {} : !tw.var<{}>", variable, held.type()));
    // What is open of its type is asked of the tensor itself.
    for (size_t d = 0; d < held.rank(); ++d) {
      if (!held.extents[d].open.empty()) held.extents[d].open = define(fmt::format("tw.dim {}, {} : {}", held.value, d, held.type()));
    }
    reach_.tensors.push_back(held);
  }
  if (!carried.id.empty()) reach_.ids.push_back(define(fmt::format("tw.get {} : !tw.var<!tw.task_id>", carried.id), "t"));
  if (!carried.number.empty()) reach_.numbers.push_back({define(fmt::format("tw.get {} : !tw.var<index>", carried.number)), 0, 7});
}

void Writer::set_carried(const Carried& carried) {
  if (!carried.tensors.empty()) {
    std::string held[2];
    for (size_t i = 0; i < 2; ++i) held[i] = define(fmt::format("tw.get {} : !tw.var<{}>", carried.tensors[i], carried.tensor.type()));
    for (size_t i = 0; i < 2; ++i) line(fmt::format("tw.set {}, {} : !tw.var<{}>", held[1 - i], carried.tensors[i], carried.tensor.type()));
  }
  if (!carried.id.empty() && reach_.ids.size() > saved_.back().ids.size())
    line(fmt::format("tw.set {}, {} : !tw.var<!tw.task_id>", reach_.ids.back(), carried.id));
  if (!carried.number.empty()) {
    const std::string now = define(fmt::format("tw.get {} : !tw.var<index>", carried.number));
    const std::string next = define(fmt::format("arith.addi {}, {} : index", now, index(3)));
    line(fmt::format("tw.set {}, {} : !tw.var<index>", define(fmt::format("arith.remui {}, {} : index", next, index(8))), carried.number));
  }
}

// ---- loops

LoopForm for_form(const Statement& s) {
  constexpr LoopForm kForms[] = {LoopForm::kStatic,   LoopForm::kDynamic,    LoopForm::kDescending, LoopForm::kParallel,
                                 LoopForm::kUnrolled, LoopForm::kSingleTurn, LoopForm::kZeroTurns};
  return kForms[s.choice[0] % std::size(kForms)];
}

void Writer::divide_among_turns(const Number& turn, uint32_t choice) {
  // Up to two tensors get a part for each turn; of the others nothing is written that another turn could see.
  std::vector<Tensor> parts;
  std::set<size_t> divided;
  const std::vector<Tensor> all = reach_.tensors;
  for (size_t i = 0; i < all.size() && parts.size() < 2; ++i) {
    const Tensor& tensor = all[(i + choice) % all.size()];
    const bool open = std::all_of(tensor.roots.begin(), tensor.roots.end(), [&](size_t root) { return roots_[root].role == Role::kOpen; });
    if (!tensor.writable || !open || tensor.roots.size() != 1 || divided.contains(*tensor.roots.begin())) continue;
    const size_t dimension = tensor.rank() > 1 ? tensor.rank() - 2 : 0;
    const int64_t share = tensor.extents[dimension].low / (turn.high + 1);
    if (share < 1) continue;
    const Number offset = product(turn, share);
    Tensor part = view(tensor, dimension, {offset.value, offset.low, offset.high, {share, share}, offset.affine});
    part.forms |= form_bit(AliasForm::kTurn);
    part.box.reset();
    parts.push_back(part);
    divided.insert(*tensor.roots.begin());
  }
  std::erase_if(reach_.tensors, [&](const Tensor& tensor) {
    return std::any_of(tensor.roots.begin(), tensor.roots.end(), [&](size_t root) {
      return divided.contains(root) || (roots_[root].role != Role::kOpen && !roots_[root].only_read);
    });
  });
  for (Tensor& tensor : reach_.tensors) tensor.writable = false;
  reach_.tensors.insert(reach_.tensors.end(), parts.begin(), parts.end());
}

// choice: form, turns, bound or zero turns, step, what is carried (2), what the turns of a parallel loop divide
void Writer::for_loop(const Statement& s) {
  const auto& c = s.choice;
  LoopForm form = for_form(s);
  int64_t turns = 2 + c[1] % 3;
  if (form == LoopForm::kSingleTurn || form == LoopForm::kZeroTurns || turns_ * turns > kMostTurns) turns = 1;
  if (turns == 1 && form != LoopForm::kZeroTurns) form = LoopForm::kSingleTurn;
  const int64_t first = form == LoopForm::kDynamic || c[3] % 3 == 0 ? 0 : c[3] % 3, step = c[3] % 3 == 2 ? 2 : 1;
  std::string begin = index(first), end = index(first + step * turns);
  if (form == LoopForm::kDynamic) {
    const Number bound = number_within(1, turns, c[2]);
    turns = bound.high;
    end = product(bound, step).value;
  } else if (form == LoopForm::kZeroTurns) {
    end = begin;
    if (c[2] % 2 == 1) {
      for (const Number& number : reach_.numbers) {
        if (number.low == 0 && number.high == 0) end = number.value;
      }
    }
  }
  const bool parallel = form == LoopForm::kParallel;
  const Carried carried = begin_carrying(c[4], c[5], parallel);
  const std::string i = fresh("i");
  line(fmt::format("scf.for {} = {} to {} step {} {{", i, begin, end, index(step)));
  open_block(parallel);
  loops_.push_back(form);
  turns_ *= static_cast<int>(turns);
  Number turn{i, first, first + step * (turns - 1)};
  reach_.numbers.push_back(turn);
  if (first != 0 || step != 1) {
    turn = {define(fmt::format("arith.subi {}, {} : index", i, index(first))), 0, step * (turns - 1)};
    if (step != 1) turn = {define(fmt::format("arith.floordivsi {}, {} : index", turn.value, index(step))), 0, turns - 1};
  }
  if (form == LoopForm::kDescending) turn.value = define(fmt::format("arith.subi {}, {} : index", index(turns - 1), turn.value));
  reach_.turns.push_back(turn);
  if (turn.value != i) reach_.numbers.push_back(turn);
  if (parallel) divide_among_turns(turn, c[6]);
  get_carried(carried);
  block(s.body);
  set_carried(carried);
  turns_ /= static_cast<int>(turns);
  loops_.pop_back();
  close_block();
  line(form == LoopForm::kUnrolled ? "} {tw.unroll}" : parallel ? "} {tw.parallel}" : "}");
  get_carried(carried);
}

// choice: bound, turns, what is carried (2)
void Writer::while_loop(const Statement& s) {
  const auto& c = s.choice;
  int64_t turns = 1 + c[1] % 3;
  if (turns_ * turns > kMostTurns) turns = 1;
  std::string end = index(turns);
  if (c[0] % 2 == 1) {
    const Number bound = number_within(1, turns, c[0] / 2);
    turns = bound.high;
    end = bound.value;
  }
  const Carried carried = begin_carrying(c[4], c[5], false);
  const std::string counter = define(fmt::format("tw.declare {} : !tw.var<index>", index(0)), "counter");
  line("scf.while : () -> () {");
  ++indent_;
  const std::string now = define(fmt::format("tw.get {} : !tw.var<index>", counter));
  const std::string more = define(fmt::format("arith.cmpi slt, {}, {} : index", now, end));
  line(fmt::format("scf.condition({})", more));
  --indent_;
  line("} do {");
  open_block();
  loops_.push_back(LoopForm::kWhile);
  turns_ *= static_cast<int>(turns);
  const Number turn{define(fmt::format("tw.get {} : !tw.var<index>", counter)), 0, turns - 1, false};
  reach_.numbers.push_back(turn);
  reach_.turns.push_back(turn);
  get_carried(carried);
  block(s.body);
  set_carried(carried);
  line(fmt::format("tw.set {}, {} : !tw.var<index>", define(fmt::format("arith.addi {}, {} : index", turn.value, index(1))), counter));
  turns_ /= static_cast<int>(turns);
  loops_.pop_back();
  close_block();
  line("  scf.yield");
  line("}");
  get_carried(carried);
}

// ---- branches

// choice: condition, result, which tensors
void Writer::branch(const Statement& s) {
  const auto& c = s.choice;
  std::string tensor, id, number;
  Tensor result;
  const bool gives_tensor = c[1] % 4 == 1 && !reach_.tensors.empty();
  if (gives_tensor) {
    result = reach_.tensors[c[2] % reach_.tensors.size()];
    tensor = define(fmt::format("tw.declare {} : !tw.var<{}>", result.value, result.type()), "chosen");
  }
  if (c[1] % 4 == 2) id = define(fmt::format("tw.declare {} : !tw.var<!tw.task_id>", define("tw.no_task")), "last");
  if (c[1] % 4 == 3) number = define(fmt::format("tw.declare {} : !tw.var<index>", index(c[3] % 4)), "chosen");
  std::set<size_t> roots = result.roots;
  const auto way = [&](const std::vector<Statement>& statements, uint32_t which) {
    open_block();
    ++branches_;
    block(statements);
    if (gives_tensor) {
      std::vector<const Tensor*> same;
      for (const Tensor& each : saved_.back().tensors) {
        const bool fits = each.type() == result.type() && each.writable == result.writable && each.untracked == result.untracked;
        if (fits && roots_[*each.roots.begin()].role == roots_[*result.roots.begin()].role) same.push_back(&each);
      }
      const Tensor& given = *same[which % same.size()];
      line(fmt::format("tw.set {}, {} : !tw.var<{}>", given.value, tensor, result.type()));
      roots.insert(given.roots.begin(), given.roots.end());
      for (size_t d = 0; d < result.rank(); ++d) {
        result.extents[d].low = std::min(result.extents[d].low, given.extents[d].low);
        result.extents[d].high = std::max(result.extents[d].high, given.extents[d].high);
      }
      result.forms |= given.forms;
      result.dense = result.dense && given.dense;
    }
    if (!id.empty() && reach_.ids.size() > saved_.back().ids.size())
      line(fmt::format("tw.set {}, {} : !tw.var<!tw.task_id>", reach_.ids.back(), id));
    if (!number.empty()) line(fmt::format("tw.set {}, {} : !tw.var<index>", number_within(0, 4, which).value, number));
    --branches_;
    close_block();
  };
  line(fmt::format("scf.if {} {{", condition(c[0])));
  way(s.body, c[3]);
  if (!s.otherwise.empty()) {
    line("} else {");
    way(s.otherwise, c[4]);
  }
  line("}");
  if (gives_tensor) {
    result.value = define(fmt::format("tw.get {} : !tw.var<{}>", tensor, result.type()));
    result.roots = roots;
    result.forms = (result.forms & ~form_bit(AliasForm::kWhole)) | form_bit(AliasForm::kBranchResult);
    result.box.reset();
    result.affine = false;
    for (size_t d = 0; d < result.rank(); ++d) {
      if (!result.extents[d].open.empty())
        result.extents[d].open = define(fmt::format("tw.dim {}, {} : {}", result.value, d, result.type()));
    }
    reach_.tensors.push_back(result);
  }
  if (!id.empty()) reach_.ids.push_back(define(fmt::format("tw.get {} : !tw.var<!tw.task_id>", id), "t"));
  if (!number.empty()) reach_.numbers.push_back({define(fmt::format("tw.get {} : !tw.var<index>", number)), 0, 4, false});
}

// ---- scopes

// choice: manual, result
void Writer::scope(const Statement& s) {
  if (manual_) return block(s.body);  // no scope stands in a manual one
  const bool manual = s.choice[0] % 2 == 1;
  std::string result, yielded;
  const std::string body = captured([&] {
    open_block();
    manual_ = manual;
    block(s.body);
    if (s.choice[1] % 2 == 1 && reach_.ids.size() > saved_.back().ids.size()) yielded = reach_.ids.back();
    manual_ = manual;
    close_block();
    manual_ = false;
    if (!yielded.empty()) line(fmt::format("  tw.yield {} : !tw.task_id", yielded));
  });
  if (!yielded.empty()) result = fresh("t");
  line(fmt::format("{}tw.scope{}{} {{", result.empty() ? "" : result + " = ", manual ? " manual" : "",
                   yielded.empty() ? "" : " -> (!tw.task_id)"));
  out_ += body;
  line("}");
  if (!yielded.empty()) reach_.ids.push_back(result);
}

}  // namespace tilewright::oracle
