// Tiles: where they come from, where results go, and operations that are no operators.
#include "recorder.h"

namespace tilewright::random_programs {

using tile::Rule;
using FormKind = OperandForm::Kind;

// ---- tiles

Form Recorder::base_form(twb_dtype dtype, uint32_t choice) const {
  Form form{dtype, program_.rows, program_.columns};
  if (program_.valid == ValidKind::kWhole || choice % 2 == 0) return form;
  if (program_.valid != ValidKind::kOpenColumns) form.valid_rows = Part::kRows;
  if (program_.valid != ValidKind::kOpenRows) form.valid_columns = Part::kColumns;
  return form;
}

bool Recorder::legal(const Form& form) const {
  return has_legal_shape(form.dtype, form.rows, form.columns) && form.columns <= kResultColumns && form.rows <= kInputRows;
}

size_t Recorder::add_tile(twb_value value, const Form& form, const Bounds& bounds, size_t companion) {
  if (value == 0) check(0);
  tiles_.push_back({value, form, bounds, companion, false, ++places_});
  return tiles_.size() - 1;
}

twb_value Recorder::use(size_t tile) {
  tiles_[tile].used = true;
  return tiles_[tile].value;
}

std::optional<size_t> Recorder::pick(const Form& form, const Bounds& bounds, bool exact, uint32_t choice) const {
  std::vector<size_t> found;
  for (size_t i = tiles_.size(); i-- > 0;) {
    const Tile& tile = tiles_[i];
    if (tile.form == form && tile.bounds.within(bounds) && (tile.bounds.exact || !exact)) found.push_back(i);
  }
  const size_t which = choice % (found.size() + 1);
  return which < found.size() ? std::optional(found[which]) : std::nullopt;
}

size_t Recorder::load_from(const Tensor& from, const Form& form, twb_value row, twb_value column, uint32_t choice) {
  std::vector<twb_value> at;
  for (size_t i = 0; i + 2 < from.extents.size(); ++i) at.push_back(offset(from.extents[i] - 1, choice / 3));
  at.push_back(row);
  at.push_back(column);
  const twb_shape shape = shape_of(form);
  return add_tile(twb_load(b(), from.value, at.data(), at.size(), &shape), form, from.bounds);
}

bool Recorder::holds(const Tensor& tensor, const Form& form) const {
  const size_t rank = tensor.extents.size();
  return rank >= 2 && tensor.extents[rank - 2] >= form.rows && tensor.extents[rank - 1] >= form.columns;
}

bool Recorder::has_tensors(twb_dtype dtype) const {
  return dtype != TWB_F8E5M2 && vocabulary_.has("load", dtype) && vocabulary_.has("store", dtype);
}

size_t Recorder::load_tile(const Form& form, Domain domain, uint32_t choice) {
  if (!has_tensors(form.dtype)) {
    Form wide = form;
    wide.dtype = TWB_F32;
    const size_t from = load_tile(wide, domain == Domain::kGeneral ? Domain::kCount : domain, choice);
    const twb_value operand = use(from);
    return add_tile(twb_operator(b(), "cast", &operand, 1, nullptr, form.dtype, nullptr), form, tiles_[from].bounds);
  }
  std::vector<const Tensor*> found = {&input({form.dtype, domain})};
  const Bounds wanted = bounds_of(domain, form.dtype);
  for (const Tensor& each : tensors_) {
    const Bounds& most = domain == Domain::kGeneral ? carried_bounds(form.dtype) : wanted;
    if (each.dtype == form.dtype && each.bounds.fits(most) && holds(each, form)) found.push_back(&each);
  }
  const Tensor from = *found[static_cast<size_t>(choose(choice, found.size()))];
  const size_t rank = from.extents.size();
  return load_from(from, form, offset(from.extents[rank - 2] - form.rows, choice),
                   offset(from.extents[rank - 1] - form.columns, choice / 7), choice);
}

size_t Recorder::load_rows(const Form& form, int modulus) {
  const Tensor from = input({TWB_I32, Domain::kRows, modulus});
  const size_t tile = load_from(from, form, index(0), index(0), 0);
  tiles_[tile].bounds = {0, static_cast<double>(modulus - 1), 0};
  return tile;
}

twb_value Recorder::apply(const char* name, std::initializer_list<twb_value> operands) {
  return twb_operator(b(), name, operands.begin(), operands.size(), nullptr, TWB_F32, nullptr);
}

std::optional<size_t> Recorder::bring_within(size_t tile, const Bounds& bounds) {
  const Bounds has = tiles_[tile].bounds;
  const twb_dtype dtype = tiles_[tile].form.dtype;
  const Form form = tiles_[tile].form;
  if (!has.exact || has.unit < bounds.unit || form.dtype == TWB_BOOL) return std::nullopt;
  if (has.within(bounds)) return tile;
  const auto constant = [&](double value) {
    return is_float(dtype) ? twb_float(b(), dtype, value) : twb_integer(b(), dtype, static_cast<int64_t>(value));
  };
  if (vocabulary_.has("maxs", dtype) && vocabulary_.has("mins", dtype)) {
    const twb_value low = apply("maxs", {use(tile), constant(bounds.low)});
    return add_tile(apply("mins", {low, constant(bounds.high)}), form, {bounds.low, bounds.high, has.unit});
  }
  if (!is_float(dtype) && vocabulary_.has("ands", dtype)) return add_tile(apply("ands", {use(tile), constant(7)}), form, {0, 7, 0});
  return std::nullopt;
}

// ---- results

int Recorder::take_rows(twb_dtype dtype, int rows) {
  int& next = task_rows_[dtype];
  const int first = next;
  next += rows * turns_;
  return first;
}

void Recorder::keep(size_t which) {
  if (tiles_[which].used) return;
  if (tiles_[which].form.dtype == TWB_BOOL) {
    size_t companion = tiles_[which].companion;
    Form form = tiles_[companion].form;
    if (!vocabulary_.has("select", form.dtype)) {
      form.dtype = TWB_F32;
      if (!legal(form)) return;
      companion = load_tile(form, Domain::kPositive, 0);
    }
    const twb_value operands[] = {use(which), use(companion), tiles_[load_tile(form, Domain::kCount, 0)].value};
    which = add_tile(twb_operator(b(), "select", operands, 3, nullptr, TWB_F32, nullptr), form, tiles_[companion].bounds);
  }
  if (!has_tensors(tiles_[which].form.dtype)) {
    const twb_value operand = use(which);
    Form form = tiles_[which].form;
    form.dtype = TWB_F32;
    if (!legal(form)) return;
    which = add_tile(twb_operator(b(), "cast", &operand, 1, nullptr, TWB_F32, nullptr), form, tiles_[which].bounds);
  }
  store_result(which, false);
}

void Recorder::store_result(size_t which, bool add) {
  const Form form = tiles_[which].form;
  const twb_value at[] = {result_row(take_rows(form.dtype, form.rows), form.rows), index(0)};
  twb_store(b(), use(which), task_results_.at(form.dtype), at, 2, add ? 1 : 0);
}

// ---- other operations of tiles

void Recorder::load(const Statement& s) {
  const Form form = base_form(s.dtype, s.choice[0]);
  if (!has_tensors(s.dtype) || !legal(form)) return;
  static constexpr Domain kDomains[] = {Domain::kGeneral, Domain::kPositive, Domain::kCount, Domain::kBit};
  load_tile(form, kDomains[choose(s.choice[1], 4)], s.choice[2]);
}

std::optional<size_t> Recorder::some_tile(const Statement& s, bool whole, bool exact) {
  std::vector<size_t> found;
  for (size_t i = tiles_.size(); i-- > 0;) {
    const Tile& tile = tiles_[i];
    if (tile.form.dtype != s.dtype || (exact && !tile.bounds.exact)) continue;
    if (whole && (tile.form.valid_rows != Part::kWhole || tile.form.valid_columns != Part::kWhole)) continue;
    found.push_back(i);
  }
  const size_t which = s.choice[0] % (found.size() + 1);
  if (which < found.size()) return found[which];
  const Form form = base_form(s.dtype, whole ? 0 : s.choice[1]);
  if (!legal(form)) return std::nullopt;
  return load_tile(form, Domain::kGeneral, s.choice[2]);
}

void Recorder::store(const Statement& s) {
  if (!has_tensors(s.dtype)) return;
  const std::optional<size_t> tile = some_tile(s, false, true);
  if (!tile) return;
  std::vector<size_t> targets;
  for (size_t i = 0; i < tensors_.size(); ++i) {
    if (tensors_[i].root != 0 && tensors_[i].dtype == s.dtype && holds(tensors_[i], tiles_[*tile].form)) targets.push_back(i);
  }
  if (targets.empty() || independent_ > 0) {
    // Adding to zeros.
    const bool adds = s.dtype == TWB_F32 || s.dtype == TWB_F16 || s.dtype == TWB_I32 || s.dtype == TWB_I16 || s.dtype == TWB_BF16;
    return store_result(*tile, adds && s.choice[3] % 2 == 0);
  }
  const Tensor to = tensors_[targets[static_cast<size_t>(choose(s.choice[3], targets.size()))]];
  const std::optional<size_t> fitting = bring_within(*tile, carried_bounds(s.dtype));
  if (!fitting) return;
  const size_t rank = to.extents.size();
  const Form form = tiles_[*fitting].form;
  std::vector<twb_value> at;
  for (size_t i = 0; i + 2 < rank; ++i) at.push_back(offset(to.extents[i] - 1, s.choice[5]));
  at.push_back(offset(to.extents[rank - 2] - form.rows, s.choice[4]));
  at.push_back(offset(to.extents[rank - 1] - form.columns, s.choice[5]));
  twb_store(b(), use(*fitting), to.value, at.data(), at.size(), 0);
}

void Recorder::read_tile(const Statement& s) {
  const std::optional<size_t> tile = some_tile(s, false, true);
  if (!tile || !vocabulary_.has("read", s.dtype)) return;
  const Form& form = tiles_[*tile].form;
  const twb_value row = offset(valid_extent(form.rows, form.valid_rows, *this) - 1, s.choice[3]);
  const twb_value column = offset(valid_extent(form.columns, form.valid_columns, *this) - 1, s.choice[4]);
  const Form from = form;
  const Bounds bounds = tiles_[*tile].bounds;
  const twb_value value = twb_read_tile(b(), tiles_[*tile].value, row, column);
  numbers_.push_back({value, s.dtype, bounds});
  if (s.choice[5] % 2 == 1) return;
  // Seen in the results, or where there are none in a tile.
  if (has_tensors(s.dtype)) {
    const twb_value at[] = {result_row(take_rows(s.dtype, 1), 1), index(0)};
    twb_write(b(), value, task_results_.at(s.dtype), at, 2);
  } else {
    add_tile(twb_write_tile(b(), value, use(*tile), index(0), index(0)), from, bounds);
  }
}

void Recorder::write_tile(const Statement& s) {
  const std::optional<size_t> tile = some_tile(s, false, false);
  if (!tile || !vocabulary_.has("write", s.dtype)) return;
  const Form form = tiles_[*tile].form;
  const Bounds bounds = tiles_[*tile].bounds;
  const Number value = number_in(s.dtype, bounds_of(Domain::kCount, s.dtype), s.choice[5]);
  const twb_value row = offset(valid_extent(form.rows, form.valid_rows, *this) - 1, s.choice[3]);
  const twb_value column = offset(valid_extent(form.columns, form.valid_columns, *this) - 1, s.choice[4]);
  add_tile(twb_write_tile(b(), value.value, use(*tile), row, column), form, united(bounds, value.bounds));
}

void Recorder::extract(const Statement& s) {
  const std::optional<size_t> tile = some_tile(s, true, false);
  if (!tile || !vocabulary_.has("extract", s.dtype)) return;
  const Form whole = tiles_[*tile].form;
  Form part = whole;
  if (s.choice[3] % 2 == 0 && part.rows % 2 == 0) part.rows /= 2;
  if (s.choice[3] % 3 != 1 && part.columns % 2 == 0) part.columns /= 2;
  if (!legal(part)) part.columns = whole.columns;
  if (part == whole && part.rows % 2 == 0) part.rows /= 2;
  if (!legal(part) || part.columns == 1 || whole.columns == 1) return;
  const twb_shape shape = shape_of(part);
  const twb_value row = index(s.choice[4] % static_cast<uint32_t>(whole.rows / part.rows) * static_cast<uint32_t>(part.rows));
  const twb_value column = index(s.choice[5] % static_cast<uint32_t>(whole.columns / part.columns) * static_cast<uint32_t>(part.columns));
  const Bounds bounds = tiles_[*tile].bounds;
  add_tile(twb_extract(b(), use(*tile), row, column, &shape), part, bounds);
}

void Recorder::insert(const Statement& s) {
  const std::optional<size_t> into = some_tile(s, true, false);
  if (!into || !vocabulary_.has("insert", s.dtype)) return;
  const Form whole = tiles_[*into].form;
  Form part = whole;
  if (part.rows % 2 == 0) part.rows /= 2;
  if (s.choice[3] % 2 == 0 && part.columns % 2 == 0) part.columns /= 2;
  if (!legal(part)) part.columns = whole.columns;
  if (!legal(part) || part.columns == 1 || whole.columns == 1) return;
  const std::optional<size_t> there = pick(part, kAnything, false, s.choice[3]);
  const size_t tile = there ? *there : load_tile(part, Domain::kGeneral, s.choice[4]);
  const Bounds bounds = united(tiles_[*into].bounds, tiles_[tile].bounds);
  const twb_value row = index(s.choice[4] % static_cast<uint32_t>(whole.rows / part.rows) * static_cast<uint32_t>(part.rows));
  const twb_value value = twb_insert(b(), use(tile), use(*into), row, index(0));
  add_tile(value, whole, bounds);
}

void Recorder::reshape_tile(const Statement& s) {
  const std::optional<size_t> tile = some_tile(s, true, false);
  if (!tile || !vocabulary_.has("reshape", s.dtype)) return;
  const Form from = tiles_[*tile].form;
  Form to = from;
  const auto reshaped = [&](bool longer) {
    Form form = from;
    if (longer && from.columns % 2 == 0) {
      form.rows *= 2;
      form.columns /= 2;
    } else if (!longer && from.rows % 2 == 0) {
      form.rows /= 2;
      form.columns *= 2;
    }
    return form;
  };
  to = reshaped(s.choice[3] % 2 == 0);
  if (!legal(to)) to = reshaped(s.choice[3] % 2 != 0);
  if (!legal(to) || from.columns == 1 || to.columns == 1) return;
  const Bounds bounds = tiles_[*tile].bounds;
  add_tile(twb_reshape_tile(b(), use(*tile), index(to.rows), index(to.columns)), to, bounds);
}

void Recorder::set_valid(const Statement& s) {
  const std::optional<size_t> tile = some_tile(s, true, false);
  if (!tile || program_.valid == ValidKind::kWhole || !vocabulary_.has("set_valid", s.dtype)) return;
  Form form = tiles_[*tile].form;
  if (form.rows != program_.rows || form.columns != program_.columns) return;
  form = base_form(s.dtype, 1);
  const Bounds bounds = tiles_[*tile].bounds;
  const twb_shape shape = shape_of(form);
  add_tile(twb_set_valid(b(), use(*tile), shape.valid_rows, shape.valid_columns), form, bounds);
}

void Recorder::move(const Statement& s) {
  const std::optional<size_t> tile = some_tile(s, false, false);
  if (!tile || !vocabulary_.has("move", s.dtype)) return;
  const Form form = tiles_[*tile].form;
  const Bounds bounds = tiles_[*tile].bounds;
  add_tile(twb_move(b(), use(*tile), TWB_ANYWHERE), form, bounds);
}

void Recorder::create_tile(const Statement& s) {
  const Form form{s.dtype, 1, std::max(1, 32 / dtype_bytes(s.dtype))};
  if (!legal(form) || !vocabulary_.has("create", s.dtype) || !vocabulary_.has("write", s.dtype)) return;
  const twb_shape shape = shape_of(form);
  const twb_value row = twb_new_tile(b(), s.dtype, &shape);
  const twb_value written = twb_declare(b(), row);
  const twb_value first = number_in(s.dtype, bounds_of(Domain::kBit, s.dtype), s.choice[0]).value;
  const twb_value i = twb_begin_for(b(), index(0), index(form.columns), index(1), TWB_SEQUENTIAL, 0);
  twb_set(b(), written, twb_write_tile(b(), first, twb_get(b(), written), index(0), i));
  twb_end_for(b());
  add_tile(twb_get(b(), written), form, bounds_of(Domain::kBit, s.dtype));
}

twb_value Recorder::table(const Tensor& from, int rows, int columns) {
  const twb_value at[] = {index(0), index(0)}, extents[] = {index(rows), index(columns)};
  return twb_view(b(), from.value, at, extents, 2);
}

void Recorder::gather_rows(const Statement& s) {
  const Form form = base_form(s.dtype, 0);
  if (!vocabulary_.has("gather_load", s.dtype) || !legal(form) || !has_tensors(s.dtype) || form.rows % 8 != 0) return;
  const Tensor from = input({s.dtype, Domain::kGeneral});
  const twb_value rows = use(load_rows({TWB_I32, 1, form.rows}, form.rows));
  add_tile(twb_gather_load(b(), table(from, 64, form.columns), rows), form, from.bounds);
}

void Recorder::scatter_rows(const Statement& s) {
  if (!vocabulary_.has("scatter_store", s.dtype) || !has_tensors(s.dtype)) return;
  const Form form = base_form(s.dtype, 0);
  if (!legal(form) || form.rows % 8 != 0) return;
  const std::optional<size_t> there = pick(form, kAnything, false, s.choice[0]);
  const size_t tile = there ? *there : load_tile(form, Domain::kGeneral, s.choice[1]);
  const twb_value rows = use(load_rows({TWB_I32, 1, form.rows}, form.rows));
  const twb_value at[] = {result_row(take_rows(s.dtype, form.rows), form.rows), index(0)};
  const twb_value extents[] = {index(form.rows), index(form.columns)};
  const twb_value to = twb_view(b(), task_results_.at(s.dtype), at, extents, 2);
  twb_scatter_store(b(), use(tile), to, rows);
}

}  // namespace tilewright::random_programs
