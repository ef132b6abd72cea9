// Numbers, and views of tensors.
#include "writer.h"

namespace tilewright::oracle {

// ---- numbers

Number Writer::some_number(uint32_t choice) {
  if (reach_.numbers.empty()) {
    const int64_t value = 1 + choice % 3;
    return {index(value), value, value};
  }
  return reach_.numbers[choice % reach_.numbers.size()];
}

Number Writer::sum(const Number& a, int64_t b) {
  if (b == 0) return a;
  return {define(fmt::format("arith.addi {}, {} : index", a.value, index(b))), a.low + b, a.high + b, a.affine};
}

Number Writer::product(const Number& a, int64_t b) {
  if (b == 1) return a;
  return {define(fmt::format("arith.muli {}, {} : index", a.value, index(b))), a.low * b, a.high * b, a.affine};
}

Number Writer::number_within(int64_t low, int64_t high, uint32_t choice) {
  std::vector<const Number*> fitting;
  for (const Number& number : reach_.numbers) {
    if (number.low >= low && number.high <= high) fitting.push_back(&number);
  }
  if (!fitting.empty() && choice % 4 != 3) return *fitting[choice / 4 % fitting.size()];
  const Number from = some_number(choice / 4);
  if (from.low < 0) return {index(low), low, low};
  const Number rest{define(fmt::format("arith.remui {}, {} : index", from.value, index(high - low + 1))), 0, high - low, from.affine};
  return sum(rest, low);
}

// choice: which operation, two numbers
void Writer::calculate(const Statement& s) {
  const Number a = some_number(s.choice[1]), b = some_number(s.choice[2]);
  const int64_t constant = 1 + s.choice[2] % 3;
  const auto add = [&](const char* operation, const std::string& second, int64_t low, int64_t high, bool affine) {
    if (high > 64 || low < 0) return;
    reach_.numbers.push_back({define(fmt::format("arith.{} {}, {} : index", operation, a.value, second)), low, high, affine});
  };
  switch (s.choice[0] % 7) {
    case 0: return add("addi", index(constant), a.low + constant, a.high + constant, a.affine);
    case 1: return add("muli", index(constant), a.low * constant, a.high * constant, a.affine);
    case 2: return add("floordivsi", index(constant), a.low / constant, a.high / constant, a.affine);
    case 3: return add("remsi", index(constant), 0, constant - 1, a.affine);
    case 4: return add("addi", b.value, a.low + b.low, a.high + b.high, a.affine && b.affine);
    case 5: return add("minsi", b.value, std::min(a.low, b.low), std::min(a.high, b.high), false);
    case 6: return add("muli", b.value, a.low * b.low, a.high * b.high, false);
  }
}

std::string Writer::condition(uint32_t choice) {
  constexpr const char* kHow[] = {"slt", "eq", "sge", "ne"};
  const Number number = some_number(choice / 4);
  const int64_t limit = number.known_value() ? number.low + choice / 64 % 2 : (number.low + number.high + 1) / 2;
  return define(fmt::format("arith.cmpi {}, {}, {} : index", kHow[choice % 4], number.value, index(limit)));
}

// ---- views

Range Writer::whole_range(const Tensor& tensor, size_t dimension) { return {index(0), 0, 0, tensor.extents[dimension]}; }

Range Writer::known_range(int64_t first, int64_t count) { return {index(first), first, first, {count, count}}; }

Range Writer::some_range(const Tensor& tensor, size_t dimension, uint32_t choice) {
  const int64_t extent = tensor.extents[dimension].low;
  if (extent == 1) return whole_range(tensor, dimension);
  const int64_t half = extent / 2, part = choice / 8;
  switch (choice % 8) {
    case 0:
    case 6: return known_range(0, half);
    case 1:
    case 7: return known_range(extent - half, half);
    case 2: return whole_range(tensor, dimension);
    case 3: return known_range(part % extent, 1);
    case 4: return known_range(half / 2, half);
    default: {
      const int64_t first = part % extent;
      return known_range(first, 1 + part / extent % (extent - first));
    }
  }
}

Tensor Writer::view(const Tensor& tensor, const std::vector<Range>& ranges) {
  Tensor made = tensor;
  std::vector<std::string> offsets, open;
  bool whole = true;
  for (size_t d = 0; d < ranges.size(); ++d) {
    const Range& range = ranges[d];
    const Extent& from = tensor.extents[d];
    offsets.push_back(range.offset);
    if (!range.extent.open.empty()) open.push_back(range.extent.open);
    const bool all = range.low == 0 && range.high == 0 && range.extent.low == from.low && range.extent.high == from.high;
    whole = whole && all;
    text_.literal = text_.literal && range.offset.starts_with("%c") && range.extent.open.empty();
    // Elements of a part lie one behind the other if only the first dimension that is larger than one is cut.
    if (!all) {
      for (size_t before = 0; before < d; ++before) made.dense = made.dense && ranges[before].extent.high == 1;
    }
    made.affine = made.affine && range.affine;
    made.extents[d] = range.extent;
    if (made.box)
      made.box->ranges[d] = {tensor.box->ranges[d].first + range.low, tensor.box->ranges[d].first + range.high + range.extent.high};
  }
  made.forms = tensor.forms & ~form_bit(AliasForm::kWhole);
  made.forms |= form_bit(tensor.has(AliasForm::kSlice) && !whole ? AliasForm::kSliceOfSlice : AliasForm::kSlice);
  made.value = define(fmt::format("tw.view {}[{}]{} : {} -> {}", tensor.value, fmt::join(offsets, ", "),
                                  open.empty() ? "" : fmt::format(" extents({})", fmt::join(open, ", ")), tensor.type(), made.type()));
  return made;
}

Tensor Writer::view(const Tensor& tensor, size_t dimension, const Range& range) {
  std::vector<Range> ranges;
  for (size_t d = 0; d < tensor.rank(); ++d) ranges.push_back(d == dimension ? range : whole_range(tensor, d));
  return view(tensor, ranges);
}

Tensor Writer::reshape(const Tensor& tensor, const std::vector<int64_t>& extents) {
  Tensor made = tensor;
  // Rows of a length that only the run knows lie at products of numbers.
  for (size_t d = 1; d < tensor.rank(); ++d) made.affine = made.affine && tensor.extents[d].open.empty();
  made.extents.clear();
  for (const int64_t extent : extents) made.extents.push_back({extent, extent});
  made.box.reset();
  made.forms = (tensor.forms & ~form_bit(AliasForm::kWhole)) | form_bit(AliasForm::kReshaped);
  made.value = define(fmt::format("tw.reshape {} : {} -> {}", tensor.value, tensor.type(), made.type()));
  return made;
}

Tensor Writer::transpose(const Tensor& tensor, size_t first, size_t second) {
  Tensor made = tensor;
  std::swap(made.extents[first], made.extents[second]);
  made.box.reset();
  made.dense = tensor.dense && (tensor.extents[first].high == 1 || tensor.extents[second].high == 1) && second == first + 1;
  made.forms = (tensor.forms & ~form_bit(AliasForm::kWhole)) | form_bit(AliasForm::kTransposed);
  made.value = define(fmt::format("tw.transpose {}, {}, {} : {} -> {}", tensor.value, first, second, tensor.type(), made.type()));
  return made;
}

namespace {

bool is_known(const Tensor& tensor) {
  return std::all_of(tensor.extents.begin(), tensor.extents.end(), [](const Extent& extent) { return extent.known(); });
}

}  // namespace

std::optional<Tensor> Writer::strided(const Tensor& tensor, uint32_t choice) {
  if (!tensor.dense || !is_known(tensor) || tensor.rank() > 2) return std::nullopt;
  const int64_t part = choice / 4 % 2;
  Tensor made;
  if (tensor.rank() == 1) {
    const int64_t count = tensor.extents[0].low;
    if (count % 2 != 0 || count < 4) return std::nullopt;
    made = transpose(reshape(tensor, {count / 2, 2}), 0, 1);
    made = view(made, 0, known_range(part, 1));
  } else {
    const int64_t rows = tensor.extents[0].low, columns = tensor.extents[1].low;
    const bool halves_rows = rows % 2 == 0 && (choice % 4 != 2 || columns % 2 != 0);
    if (halves_rows && choice % 4 == 1) {
      made = transpose(reshape(tensor, {rows / 2, 2, columns}), 0, 1);
      made = view(made, 0, known_range(part, 1));
    } else if (halves_rows) {
      made = reshape(tensor, {rows / 2, 2 * columns});
      made = view(made, 1, known_range(part * columns, columns));
    } else if (columns % 2 == 0) {
      made = transpose(reshape(tensor, {rows, columns / 2, 2}), 0, 2);
      made = view(made, 0, known_range(part, 1));
    } else {
      return std::nullopt;
    }
  }
  made.dense = false;
  made.forms |= form_bit(AliasForm::kStrided);
  return made;
}

std::optional<Tensor> Writer::reshaped(const Tensor& tensor, uint32_t choice) {
  if (!tensor.dense || !is_known(tensor)) return std::nullopt;
  int64_t count = 1;
  for (const Extent& extent : tensor.extents) count *= extent.low;
  std::vector<std::vector<int64_t>> shapes = {{count}};
  for (const int64_t columns : {2, 4, 8, 16, 32}) {
    const bool same = tensor.rank() == 2 && tensor.extents[1].low == columns;
    if (count % columns == 0 && count / columns <= 32 && !same) shapes.push_back({count / columns, columns});
  }
  const Tensor made = reshape(tensor, shapes[choice % shapes.size()]);
  return choice / 8 % 2 == 0 ? made : view(made, 0, some_range(made, 0, choice / 16));
}

std::optional<Tensor> Writer::symbolic_offset(const Tensor& tensor, uint32_t choice, uint32_t which) {
  const size_t dimension = tensor.rank() > 1 && choice % 3 != 2 ? tensor.rank() - 2 : tensor.rank() - 1;
  const int64_t room = tensor.extents[dimension].low;
  if (room < 2) return std::nullopt;
  const int64_t count = choice / 3 % 3 == 0 ? 1 : std::max<int64_t>(1, room / 2);
  const Number offset = number_within(0, room - count, which);
  Tensor made = view(tensor, dimension, {offset.value, offset.low, offset.high, {count, count}, offset.affine});
  made.forms |= form_bit(AliasForm::kSymbolicOffset);
  return made;
}

std::optional<Tensor> Writer::symbolic_extent(const Tensor& tensor, uint32_t choice, uint32_t which) {
  const size_t dimension = tensor.rank() > 1 && choice % 3 != 2 ? tensor.rank() - 2 : tensor.rank() - 1;
  const Extent& whole = tensor.extents[dimension];
  if (whole.low < 2) return std::nullopt;
  Range range{index(0), 0, 0, {}, true};
  if (choice / 3 % 3 == 2) {  // all from a number on
    const Number first = number_within(0, whole.low - 1, which);
    const std::string end = whole.open.empty() ? index(whole.low) : whole.open;
    range = {first.value,
             first.low,
             first.high,
             {whole.low - first.high, whole.high - first.low, define(fmt::format("arith.subi {}, {} : index", end, first.value))},
             first.affine};
  } else {
    const int64_t first = choice / 3 % 3 == 1 ? whole.low / 2 : 0;
    const Number count = number_within(1, whole.low - first, which);
    range = {index(first), first, first, {count.low, count.high, count.value}, count.affine};
  }
  Tensor made = view(tensor, dimension, range);
  made.forms |= form_bit(AliasForm::kSymbolicExtent);
  return made;
}

std::optional<Tensor> Writer::by_turn(const Tensor& tensor, uint32_t choice) {
  if (reach_.turns.empty()) return std::nullopt;
  const Number& turn = reach_.turns.back();
  for (size_t tried = 0; tried < std::min<size_t>(2, tensor.rank()); ++tried) {
    const size_t dimension = tensor.rank() - 1 - (tried + choice + 1) % std::min<size_t>(2, tensor.rank());
    const int64_t room = tensor.extents[dimension].low, share = room / (turn.high + 1);
    if (share < 1 || room < 2) continue;
    const Number offset = product(turn, share);
    Tensor made = view(tensor, dimension, {offset.value, offset.low, offset.high, {share, share}, offset.affine});
    made.forms |= form_bit(AliasForm::kTurn);
    return made;
  }
  return std::nullopt;
}

Tensor Writer::branch_result(const Tensor& tensor, uint32_t choice, uint32_t other) {
  Tensor first = tensor, second = tensor;
  std::vector<const Tensor*> same;
  for (const Tensor& each : reach_.tensors) {
    const bool fits = each.type() == tensor.type() && each.value != tensor.value && each.writable == tensor.writable;
    // Who may use one may use the other.
    const Root& own = roots_[*tensor.roots.begin()];
    const bool roles = fits && std::all_of(each.roots.begin(), each.roots.end(), [&](size_t root) {
                         return roots_[root].role == own.role && roots_[root].only_read == own.only_read;
                       });
    if (roles) same.push_back(&each);
  }
  if (!same.empty() && other % 3 != 0) {
    second = *same[other / 3 % same.size()];
  } else {
    const size_t dimension = tensor.rank() > 1 ? tensor.rank() - 2 : 0;
    const int64_t half = tensor.extents[dimension].low / 2;
    if (half >= 1) {
      first = view(tensor, dimension, known_range(0, half));
      second = view(tensor, dimension, known_range(half, half));
    }
  }
  const std::string variable = define(fmt::format("tw.declare {0} : !tw.var<{1}>", first.value, first.type()), "chosen");
  line(fmt::format("scf.if {} {{", condition(choice)));
  line(fmt::format("  tw.set {}, {} : !tw.var<{}>", second.value, variable, first.type()));
  line("}");
  Tensor made = first;
  made.value = define(fmt::format("tw.get {} : !tw.var<{}>", variable, first.type()));
  made.roots.insert(second.roots.begin(), second.roots.end());
  made.forms = ((first.forms | second.forms) & ~form_bit(AliasForm::kWhole)) | form_bit(AliasForm::kBranchResult);
  for (size_t d = 0; d < made.rank(); ++d) {
    made.extents[d].low = std::min(made.extents[d].low, second.extents[d].low);
    made.extents[d].high = std::max(made.extents[d].high, second.extents[d].high);
  }
  made.box.reset();
  made.dense = first.dense && second.dense;
  made.affine = false;
  return made;
}

Tensor Writer::derive(const Tensor& tensor, AliasForm form, const uint32_t* choices) {
  const auto slice = [&](const Tensor& from, uint32_t rows, uint32_t columns) {
    std::vector<Range> ranges;
    for (size_t d = 0; d < from.rank(); ++d) {
      const bool last = d + 1 == from.rank() && from.rank() > 1;
      ranges.push_back(last && columns % 4 != 3 ? whole_range(from, d) : some_range(from, d, last ? columns / 4 : rows));
    }
    return view(from, ranges);
  };
  std::optional<Tensor> made;
  switch (form) {
    case AliasForm::kSlice: return slice(tensor, choices[0], choices[1]);
    case AliasForm::kSliceOfSlice: {
      // The second one is a true part wherever there is room.
      const Tensor first = slice(tensor, choices[0] % 2, choices[1]);
      return slice(first, choices[2] % 2, choices[1] | 3);
    }
    case AliasForm::kStrided: made = strided(tensor, choices[0]); break;
    case AliasForm::kTransposed:
      if (tensor.rank() >= 2)
        made = transpose(tensor, tensor.rank() - 2, tensor.rank() - 1);
      else if (is_known(tensor) && tensor.dense && tensor.extents[0].low % 2 == 0)
        made = transpose(reshape(tensor, {2, tensor.extents[0].low / 2}), 0, 1);
      break;
    case AliasForm::kReshaped: made = reshaped(tensor, choices[0]); break;
    case AliasForm::kSymbolicOffset: made = symbolic_offset(tensor, choices[0], choices[1]); break;
    case AliasForm::kSymbolicExtent: made = symbolic_extent(tensor, choices[0], choices[1]); break;
    case AliasForm::kTurn: made = by_turn(tensor, choices[0]); break;
    case AliasForm::kBranchResult: return branch_result(tensor, choices[0], choices[1]);
    case AliasForm::kWhole:
    case AliasForm::kCarried:
    case AliasForm::kMayAlias:
    case AliasForm::kCreated:
    case AliasForm::kNone: return tensor;
  }
  return made ? *made : slice(tensor, choices[0], choices[1]);
}

Tensor Writer::flat(Tensor tensor, uint32_t choice) {
  for (size_t d = 0; d + 2 < tensor.rank(); ++d) {
    if (tensor.extents[d].high > 1) tensor = view(tensor, d, known_range(choice % tensor.extents[d].low, 1));
  }
  return tensor;
}

// choice: tensor, form, three for the view
void Writer::view_statement(const Statement& s) {
  const auto form = static_cast<AliasForm>(s.choice[1] % (kAliasForms - 1));
  const std::optional<Tensor> base = pick(form, s.choice[0], [](const Tensor&) { return true; });
  if (!base) return;
  const Tensor made = derive(*base, form, &s.choice[2]);
  if (made.value != base->value) reach_.tensors.push_back(made);
}

// choice: element type, shape, number, initial value, role, untracked
void Writer::create(const Statement& s) {
  const auto& c = s.choice;
  Tensor tensor;
  tensor.real = c[0] % 4 != 3;
  const int64_t columns = tensor.real ? program_.columns : 8;
  Role role = c[4] % 6 == 5 ? Role::kUser : c[4] % 6 == 4 ? Role::kTasks : Role::kOpen;
  if (manual_ && role == Role::kOpen) role = Role::kTasks;
  switch (c[1] % 5) {
    case 0:
    case 1: tensor.extents = {{program_.rows, program_.rows}, {columns, columns}}; break;
    case 2: tensor.extents = {{std::max(1, program_.rows / 2), std::max(1, program_.rows / 2)}, {columns, columns}}; break;
    case 3: {
      const Number rows = number_within(1, program_.rows, c[2]);
      tensor.extents = {{rows.low, rows.high, rows.value}, {columns, columns}};
      break;
    }
    case 4: tensor.extents = {{16, 16}}; break;
  }
  const bool filled = !tensor.real || c[3] % 2 == 1;
  const bool untracked = role == Role::kUser && c[5] % 2 == 0;
  for (const Extent& extent : tensor.extents) text_.literal = text_.literal && extent.open.empty();
  const std::string initial = tensor.real ? real(c[3] / 2 % 4) : integer(c[3] / 2 % kSmallNumbers);
  std::string open;
  for (const Extent& extent : tensor.extents) {
    if (!extent.open.empty()) open = fmt::format("({})", extent.open);
  }
  tensor.value = define(fmt::format("tw.create{}{}{} : {}", open, filled ? fmt::format(" filled {} : {}", initial, tensor.element()) : "",
                                    untracked ? " untracked" : "", tensor.type()),
                        "made");
  tensor.forms = form_bit(AliasForm::kCreated) | form_bit(AliasForm::kWhole);
  tensor.untracked = untracked;
  tensor.box = Box{tensor_count_++, {}};
  for (const Extent& extent : tensor.extents) tensor.box->ranges.emplace_back(0, extent.high);
  tensor.roots = {new_root(role, false)};
  reach_.tensors.push_back(tensor);
}

}  // namespace tilewright::oracle
