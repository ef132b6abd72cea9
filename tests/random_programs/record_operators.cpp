// Operators: operands that fit, and what is known of the result.
#include "recorder.h"

namespace tilewright::random_programs {

using tile::Rule;
using FormKind = OperandForm::Kind;

// ---- operators

void Recorder::vector_operator(const Statement& s) {
  const tile::OperatorInfo* info = vocabulary_.find(s.name);
  if (info == nullptr || info->place == tile::Place::kCube || !vocabulary_.has(s.name, s.dtype)) return;
  const std::vector<Domain>& domains = vocabulary_.domains({s.name, s.dtype});
  if (domains.empty() && info->rule != Rule::kGather) return;
  Form principal = base_form(s.dtype, s.choice[0]);
  // The principal tile may have any form that is there.
  std::vector<Form> forms = {principal};
  for (const Tile& tile : tiles_) {
    if (tile.form.dtype == s.dtype && std::find(forms.begin(), forms.end(), tile.form) == forms.end()) forms.push_back(tile.form);
  }
  principal = forms[static_cast<size_t>(choose(s.choice[1], forms.size()))];
  for (const bool fresh : {false, true}) {
    if (try_operator(s, *info, principal, domains, fresh)) return;
    principal = base_form(s.dtype, s.choice[0]);
  }
  for (const Domain domain : {Domain::kCount, Domain::kBit}) {
    if (try_operator(s, *info, principal, std::vector<Domain>(domains.size(), domain), true)) return;
  }
}

std::optional<Form> Recorder::result_form(const tile::OperatorInfo& info, const Statement& s, const Form& from) const {
  Form form = from;
  switch (info.rule) {
    case Rule::kSameTilesToMask:
    case Rule::kTileAndNumberToMask: form.dtype = TWB_BOOL; break;
    case Rule::kOtherElement: {
      std::vector<twb_dtype> others;
      for (const twb_dtype dtype : kDtypes) {
        Form other = from;
        other.dtype = dtype;
        if (dtype != from.dtype && legal(other)) others.push_back(dtype);
      }
      if (others.empty()) return std::nullopt;
      form.dtype = others[static_cast<size_t>(choose(s.choice[4], others.size()))];
      break;
    }
    case Rule::kTransposed:
      std::swap(form.rows, form.columns);
      std::swap(form.valid_rows, form.valid_columns);
      break;
    case Rule::kRowToOne:
      form.columns = 1;
      form.valid_columns = Part::kWhole;
      break;
    case Rule::kColumnToOne:
    case Rule::kCount:
      form.rows = 1;
      form.valid_rows = Part::kWhole;
      if (info.rule == Rule::kCount) form.valid_columns = Part::kWhole;
      break;
    case Rule::kSideBySide:
      if (form.valid_columns != Part::kWhole) return std::nullopt;
      form.columns *= 2;
      break;
    case Rule::kPadded: form.valid_rows = form.valid_columns = Part::kWhole; break;
    case Rule::kGather:
    case Rule::kScatter:
      if (form.valid_rows != Part::kWhole || form.valid_columns != Part::kWhole) return std::nullopt;
      break;
    // What no operand tells is known.
    case Rule::kNumber:
      if (is_open(form.valid_rows)) form.valid_rows = Part::kWhole;
      if (is_open(form.valid_columns)) form.valid_columns = Part::kWhole;
      break;
    case Rule::kColumnToTile:
      if (is_open(form.valid_columns)) form.valid_columns = Part::kWhole;
      break;
    case Rule::kRowToTile:
      if (is_open(form.valid_rows)) form.valid_rows = Part::kWhole;
      break;
    default: break;
  }
  return form;
}

bool Recorder::try_operator(const Statement& s, const tile::OperatorInfo& info, const Form& principal, const std::vector<Domain>& domains,
                            bool fresh) {
  if (principal.dtype != s.dtype || !legal(principal)) return false;
  const std::optional<Form> result = result_form(info, s, principal);
  if (!result || !legal(*result)) return false;
  const bool exact = !is_continuous(s.name);
  std::vector<Operand> operands;
  std::vector<Bounds> bounds;
  size_t next = 0;
  const std::vector<OperandForm> forms = operands_of(info.rule, s.dtype, principal.rows, principal.columns, principal.columns);
  for (size_t i = 0; i < forms.size(); ++i) {
    Operand operand{forms[i].kind, std::nullopt, form_of(forms[i], principal), Domain::kGeneral, {}, {}};
    if (!legal(operand.form) && operand.kind != FormKind::kNumber) return false;
    const uint32_t choice = s.choice[(2 + i) % s.choice.size()];
    switch (operand.kind) {
      case FormKind::kTile: {
        operand.domain = domains.empty() ? Domain::kGeneral : domains[next++];
        const bool general = operand.domain == Domain::kGeneral;
        const Bounds wanted = general ? kAnything : bounds_of(operand.domain, s.dtype);
        if (!fresh) operand.tile = pick(operand.form, wanted, exact, choice);
        operand.bounds = operand.tile        ? tiles_[*operand.tile].bounds
                         : general && !fresh ? carried_bounds(s.dtype)
                                             : bounds_of(operand.domain, s.dtype);
        break;
      }
      case FormKind::kMask:
        operand.tile = pick(operand.form, kAnything, false, choice);
        operand.bounds = {0, 1, 0};
        break;
      case FormKind::kNumber:
        operand.domain = domains[next++];
        operand.number = number_in(s.dtype, bounds_of(operand.domain, s.dtype), choice);
        operand.bounds = operand.number.bounds;
        break;
      case FormKind::kIndices: operand.bounds = {0, 63, 0}; break;
    }
    bounds.push_back(operand.bounds);
    operands.push_back(operand);
  }
  std::optional<Bounds> made = result_of(info, result->dtype, bounds, length_of(info.rule, principal.rows, principal.columns));
  if (!made || (info.rule == Rule::kOtherElement && !made->exact)) return false;
  std::vector<twb_value> values;
  size_t companion = 0;
  for (Operand& operand : operands) {
    switch (operand.kind) {
      case FormKind::kNumber: values.push_back(operand.number.value); break;
      case FormKind::kIndices: values.push_back(use(load_rows(operand.form, info.rule == Rule::kScatter ? principal.rows : 64))); break;
      case FormKind::kMask: values.push_back(operand.tile ? use(*operand.tile) : make_mask(s, principal)); break;
      case FormKind::kTile:
        if (!operand.tile) operand.tile = load_tile(operand.form, operand.domain, fresh ? 0 : s.choice[5]);
        companion = *operand.tile;
        values.push_back(use(companion));
        break;
    }
  }
  const twb_shape shape = shape_of(*result);
  const bool shaped =
      info.rule == Rule::kNumber || info.rule == Rule::kCount || info.rule == Rule::kColumnToTile || info.rule == Rule::kRowToTile;
  const twb_value value =
      twb_operator(b(), s.name.c_str(), values.data(), values.size(), shaped ? &shape : nullptr, result->dtype, word_of(s, info));
  if (std::string_view(word_of(s, info) == nullptr ? "" : word_of(s, info)) == "min" ||
      std::string_view(word_of(s, info) == nullptr ? "" : word_of(s, info)) == "max") {
    made = Bounds{-0x1p90, 0x1p90, Bounds::kNoUnit, false};  // too large for anything but being stored
  }
  add_tile(value, *result, *made, companion);
  return true;
}

Form Recorder::form_of(const OperandForm& operand, const Form& principal) const {
  Form form = principal;
  form.dtype = operand.dtype;
  form.rows = operand.rows;
  form.columns = operand.columns;
  if (operand.rows == 1 && principal.rows != 1) form.valid_rows = Part::kWhole;
  if (operand.columns == 1 && principal.columns != 1) form.valid_columns = Part::kWhole;
  if (operand.kind == FormKind::kIndices) form.valid_rows = form.valid_columns = Part::kWhole;
  return form;
}

twb_value Recorder::make_mask(const Statement& s, const Form& form) {
  // Of a type that the platform compares, with the tile's shape.
  const twb_dtype dtype = vocabulary_.has("compares", form.dtype) ? form.dtype : TWB_F32;
  Form compared = form;
  compared.dtype = dtype;
  const size_t tile = load_tile(compared, Domain::kCount, 0);
  const twb_value operands[] = {use(tile), is_float(dtype) ? twb_float(b(), dtype, 2) : twb_integer(b(), dtype, 2)};
  (void)s;
  return twb_operator(b(), "compares", operands, 2, nullptr, TWB_F32, "eq");
}

const char* Recorder::word_of(const Statement& s, const tile::OperatorInfo& info) const {
  static constexpr const char* kCompare[] = {"eq", "gt", "lt", "ne", "ge", "le"};
  static constexpr const char* kRound[] = {"rint", "floor", "ceil", "trunc", "round", "none", "odd"};
  static constexpr const char* kPad[] = {"zero", "min", "max"};
  if (info.rule == Rule::kSameTilesToMask || info.rule == Rule::kTileAndNumberToMask) {
    const bool others = program_.platform != "a2a3sim" || s.dtype != TWB_I32;  // legality: Property::kOtherThanEq
    return kCompare[others ? choose(s.choice[4], 6) : 0];
  }
  if (info.rule == Rule::kOtherElement) return kRound[choose(s.choice[5], 7)];
  if (info.rule == Rule::kPadded) return kPad[choose(s.choice[4], 3)];
  return nullptr;
}

// ---- the cube

void Recorder::cube_operator(const Statement& s) {
  const tile::OperatorInfo* info = vocabulary_.find(s.name);
  if (info == nullptr || info->place != tile::Place::kCube || !vocabulary_.has(s.name, s.dtype)) return;
  const int unit = dtype_bytes(s.dtype) == 1 ? 32 : 16;
  const int m = unit * (1 + choose(s.choice[0], 2)), k = unit * (1 + choose(s.choice[1], 2)), n = unit * (1 + choose(s.choice[2], 2));
  const twb_dtype sum_dtype = is_float(s.dtype) ? TWB_F32 : TWB_I32;
  Form result{sum_dtype, m, n};
  std::optional<size_t> before;
  if (info->rule == Rule::kAccumulate) {
    const std::vector<size_t> sums = accumulators(sum_dtype);
    if (!sums.empty()) before = sums[static_cast<size_t>(choose(s.choice[3], sums.size()))];
    if (before && tiles_[*before].bounds.high > 0x1p18) return;
    if (!before) before = make_product(s, m, k, n);
    if (!before) return;
    result = tiles_[*before].form;
  }
  const Domain domain = vocabulary_.domains({s.name, s.dtype}).empty() ? Domain::kBit : vocabulary_.domains({s.name, s.dtype}).front();
  const size_t left = load_cube(s, {s.dtype, result.rows, k}, domain), right = load_cube(s, {s.dtype, k, result.columns}, domain);
  std::vector<twb_value> values;
  std::vector<Bounds> bounds;
  const auto add = [&](size_t tile) {
    values.push_back(use(tile));
    bounds.push_back(tiles_[tile].bounds);
  };
  if (before) add(*before);
  add(left);
  add(right);
  if (info->rule == Rule::kProductAndRow) {
    const size_t row = load_tile({sum_dtype, 1, result.columns}, Domain::kGeneral, 0);
    add(row);
  }
  const std::optional<Bounds> made = result_of(*info, sum_dtype, bounds, k);
  if (!made) return;
  const size_t sum = add_tile(twb_operator(b(), s.name.c_str(), values.data(), values.size(), nullptr, sum_dtype, nullptr), result, *made);
  if (before) tiles_[sum].place = tiles_[*before].place;
}

std::vector<size_t> Recorder::accumulators(std::optional<twb_dtype> dtype) const {
  std::vector<size_t> found;
  for (size_t i = block_tiles_; i < tiles_.size(); ++i) {
    if (!tiles_[i].used && (!dtype || tiles_[i].form.dtype == *dtype)) found.push_back(i);
  }
  return found;
}

size_t Recorder::load_cube(const Statement& s, const Form& form, Domain domain) {
  if (s.choice[4] % 3 != 2 || form.rows * 2 > kInputRows) return load_tile(form, domain, s.choice[5]);
  // Part of a larger one.
  Form larger = form;
  larger.rows *= 2;
  const size_t from = load_tile(larger, domain, 0);
  const twb_shape shape = shape_of(form);
  const twb_value part = twb_extract(b(), use(from), index(form.rows * (s.choice[5] % 2)), index(0), &shape);
  return add_tile(part, form, tiles_[from].bounds);
}

std::optional<size_t> Recorder::make_product(const Statement& s, int m, int k, int n) {
  if (!vocabulary_.has("matmul", s.dtype)) return std::nullopt;
  const twb_dtype sum_dtype = is_float(s.dtype) ? TWB_F32 : TWB_I32;
  const Domain domain = Domain::kCount;
  const size_t left = load_tile({s.dtype, m, k}, domain, 0), right = load_tile({s.dtype, k, n}, domain, 0);
  const double most = 9.0 * k;
  return add_tile(apply("matmul", {use(left), use(right)}), {sum_dtype, m, n}, {0, most, 0});
}

}  // namespace tilewright::random_programs
