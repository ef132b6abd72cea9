#include "record.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <set>

#include "base/error.h"

namespace tilewright::random_programs {

using tile::Rule;
using FormKind = OperandForm::Kind;

double element_of(const Input& input, int row, int column) {
  if (input.domain == Domain::kRows) return (5 * row + column) % input.modulus;
  const Bounds bounds = bounds_of(input.domain, input.dtype);
  const double step = bounds.unit == Bounds::kNoUnit ? 1 : std::ldexp(1, bounds.unit);
  const auto count = static_cast<uint32_t>((bounds.high - bounds.low) / step) + 1;
  uint32_t hash = static_cast<uint32_t>(row) * 2654435761U + static_cast<uint32_t>(column) * 40503U + static_cast<uint32_t>(input.dtype) * 97U;
  hash ^= hash >> 15;
  hash *= 2246822519U;
  hash ^= hash >> 13;
  return bounds.low + step * (hash % count);
}

namespace {

constexpr int kMostTurns = 24;      ///< of all loops around a statement of a task together
constexpr int kMostCopies = 6;      ///< of a statement that unrolled loops make
constexpr int kMostTaskTurns = 6;   ///< of all loops around a task
constexpr int kMeasuredRows = 1 << 15;

/// Which part of a tile is valid, of rows or columns: all, or the program's valid rows or columns.
enum class Part : uint8_t { kWhole, kRows, kColumns };

struct Form {
  twb_dtype dtype;  ///< TWB_BOOL: a mask
  int rows, columns;
  Part valid_rows = Part::kWhole, valid_columns = Part::kWhole;
  bool operator==(const Form&) const = default;
};

struct Tile {
  twb_value value;
  Form form;
  Bounds bounds;
  size_t companion = 0;  ///< of a mask: a tile of the shape that it selects of
  bool used = false;
};

struct Tensor {
  twb_value value;
  twb_dtype dtype;
  std::vector<int64_t> extents;
  Bounds bounds;
  int root = 0;       ///< 0: only read; else which created tensor it is part of
  bool dense = true;
  bool open = false;  ///< an extent is known at run time only
};

struct Number {
  twb_value value;
  twb_dtype dtype;
  Bounds bounds;
};

/// What the first recording finds out for the second: how much room results need, and what is used.
struct Layout {
  struct Task {
    std::map<twb_dtype, int> rows;
    std::set<Input> inputs;
  };
  std::vector<Task> tasks;
  std::map<twb_dtype, int> rows;
  std::set<Input> inputs;
};

class Recorder {
 public:
  /// `layout` is null in the first recording.
  Recorder(const Program& program, const Layout* layout)
      : program_(program), vocabulary_(vocabulary_of(program.platform)), known_(layout), b_(twb_create()) {}

  Layout run() {
    twb_locate(b(), "program", 1, 1);
    std::vector<twb_parameter> parameters = declare_parameters();
    std::vector<twb_value> values(parameters.size());
    check(twb_begin_orchestration(b(), kProgramName, parameters.data(), parameters.size(), values.data()));
    take_parameters(values.data());
    iteration_ = index(0);
    if (program_.body.empty()) vector_task({});  // a callable submits something
    block(program_.body);
    twb_end_function(b());
    return std::move(layout_);
  }

  Recorded finish() {
    if (twb_finish(b()) == 0) {
      std::string text;
      for (size_t i = 0; i < twb_error_count(b()); ++i) text += std::string(twb_error_text(b(), i)) + "\n";
      throw Error(ErrorCode::kInternal, fmt::format("cannot be recorded: {}\n{}", text, text_of(program_)));
    }
    std::string text = twb_text(b(), 0);
    return {std::move(b_), std::move(parameters_), std::move(text), static_cast<int>(next_task_)};
  }

 private:
  // ---- parameters

  std::vector<twb_parameter> declare_parameters() {
    std::vector<twb_parameter> list;
    static constexpr int64_t kInputExtents[] = {kInputRows, kInputColumns}, kOpenExtents[] = {TWB_OPEN, kInputColumns};
    for (const Input& input : used_inputs()) {
      parameters_.push_back({Parameter::Role::kInput, input.dtype, input});
      list.push_back({TWB_TENSOR, input.dtype, TWB_IN, program_.open_tensors ? kOpenExtents : kInputExtents, 2});
    }
    for (const twb_dtype dtype : kDtypes) {
      const int rows = known_ == nullptr ? 1 << 24 : known_->rows.contains(dtype) ? known_->rows.at(dtype) : 0;
      if (rows == 0) continue;
      parameters_.push_back({Parameter::Role::kResults, dtype, {}, rows});
      result_extents_.push_back({rows, kResultColumns});
      list.push_back({TWB_TENSOR, dtype, TWB_INOUT, nullptr, 2});
    }
    for (size_t i = 0, next = 0; i < list.size(); ++i) {
      if (list[i].extents == nullptr) list[i].extents = result_extents_[next++].data();
    }
    for (const auto& [dtype, value] : number_arguments()) {
      parameters_.push_back({Parameter::Role::kNumber, dtype, {}, 0, value});
      list.push_back({TWB_NUMBER, dtype, TWB_IN, nullptr, 0});
    }
    return list;
  }

  /// Numbers that only the run knows: two, three, the valid rows and columns, and one to compute with.
  std::vector<std::pair<twb_dtype, double>> number_arguments() const {
    return {{TWB_INDEX, 2}, {TWB_INDEX, 3}, {TWB_INDEX, valid_size(Part::kRows)}, {TWB_INDEX, valid_size(Part::kColumns)}, {TWB_I32, 2}, {TWB_F32, 1.5}};
  }

  std::vector<Input> used_inputs() const {
    if (known_ != nullptr) return {known_->inputs.begin(), known_->inputs.end()};
    return all_inputs();
  }

  static std::vector<Input> all_inputs() {
    std::vector<Input> inputs;
    for (const twb_dtype dtype : kDtypes) {
      if (dtype == TWB_F8E5M2) continue;  // no tensor of the run time has it
      for (const Domain domain : {Domain::kGeneral, Domain::kPositive, Domain::kCount, Domain::kBit}) inputs.push_back({dtype, domain});
    }
    for (const int modulus : {1, 2, 4, 8, 16, 32, 64}) inputs.push_back({TWB_I32, Domain::kRows, modulus});
    return inputs;
  }

  Tensor input_tensor(const Input& input, twb_value value) const {
    return {value, input.dtype, {kInputRows, kInputColumns}, bounds_of(input.domain, input.dtype), 0, true, program_.open_tensors};
  }

  void take_parameters(const twb_value* values) {
    for (const Parameter& parameter : parameters_) {
      switch (parameter.role) {
        case Parameter::Role::kInput: inputs_.emplace(parameter.input, input_tensor(parameter.input, *values)); break;
        case Parameter::Role::kResults: results_[parameter.dtype] = *values; break;
        case Parameter::Role::kNumber: numbers_.push_back({*values, parameter.dtype, number(parameter.number)}); break;
      }
      ++values;
    }
    argument_count_ = numbers_.size();
  }

  const Tensor& input(const Input& wanted) {
    layout_.inputs.insert(wanted);
    if (in_task_) task_inputs_.insert(wanted);
    return inputs_.at(wanted);
  }

  // ---- numbers

  twb_builder* b() { return b_.get(); }
  twb_value index(int64_t value) { return twb_integer(b(), TWB_INDEX, value); }
  twb_value sum(twb_value a, twb_value c) { return twb_calculate(b(), TWB_ADD, a, c); }
  twb_value product(twb_value a, twb_value c) { return twb_calculate(b(), TWB_MUL, a, c); }

  static int choose(uint32_t choice, size_t ways) { return ways == 0 ? 0 : static_cast<int>(choice % ways); }
  void check(int good) const {
    if (good == 0) throw Error(ErrorCode::kInternal, fmt::format("cannot be recorded: {}\n{}", twb_error_text(b_.get(), 0), text_of(program_)));
  }

  int valid_size(Part part) const {
    const int whole = part == Part::kRows ? program_.rows : program_.columns;
    return std::max(1, whole - (part == Part::kRows ? 1 : 3));
  }
  bool is_open(Part part) const {
    return program_.valid == ValidKind::kOpen || program_.valid == (part == Part::kRows ? ValidKind::kOpenRows : ValidKind::kOpenColumns);
  }
  /// 0 where everything is valid.
  twb_value valid_value(Part part) {
    if (part == Part::kWhole) return 0;
    return is_open(part) ? numbers_[part == Part::kRows ? 2 : 3].value : index(valid_size(part));
  }
  twb_shape shape_of(const Form& form) {
    twb_value rows = valid_value(form.valid_rows), columns = valid_value(form.valid_columns);
    if (rows != 0 && columns == 0) columns = index(form.columns);
    if (columns != 0 && rows == 0) rows = index(form.rows);
    return {index(form.rows), index(form.columns), rows, columns, TWB_ANYWHERE};
  }
  static int valid_extent(int size, Part part, const Recorder& self) { return part == Part::kWhole ? size : self.valid_size(part); }

  /// A number of a type in `bounds`.
  Number number_in(twb_dtype dtype, const Bounds& bounds, uint32_t choice) {
    std::vector<Number> found;
    for (const double value : {1.0, 2.0, -1.0, 3.0, 0.5, 0.0}) {
      if (value < bounds.low || value > bounds.high || (value == 0.5 && bounds.unit > -1)) continue;
      found.push_back({0, dtype, number(value)});
    }
    for (const Number& each : numbers_) {
      const bool converts = each.dtype == TWB_INDEX && (dtype == TWB_I32 || dtype == TWB_F32 || dtype == TWB_I64 || dtype == TWB_I16);
      if ((each.dtype == dtype || converts) && each.bounds.fits(bounds) && each.bounds.exact) found.push_back(each);
    }
    Number picked = found[static_cast<size_t>(choose(choice, found.size()))];
    if (picked.value == 0) {
      picked.value = is_float(dtype) ? twb_float(b(), dtype, picked.bounds.low) : twb_integer(b(), dtype, static_cast<int64_t>(picked.bounds.low));
    } else if (picked.dtype != dtype) {
      picked.value = twb_convert(b(), dtype, picked.value);
    }
    picked.dtype = dtype;
    return picked;
  }

  /// An index from 0 to `most`, known or not.
  twb_value offset(int64_t most, uint32_t choice) {
    if (most <= 0 || choice % 5 == 0) return index(0);
    if (choice % 5 < 3) return index(choice / 5 * 8 % static_cast<uint32_t>(most + 1));
    std::vector<twb_value> open;
    for (const Number& each : numbers_) {
      if (each.dtype == TWB_INDEX && each.bounds.low >= 0) open.push_back(each.value);
    }
    const twb_value picked = open[static_cast<size_t>(choose(choice / 5, open.size()))];
    return twb_calculate(b(), TWB_MIN, choice % 5 == 3 ? picked : product(picked, index(4)), index(most));
  }

  twb_value condition(uint32_t choice) {
    const Number& picked = numbers_[choice / 3 % numbers_.size()];
    const twb_value known = numbers_[0].value;
    const auto integer = [&](int64_t value) { return is_float(picked.dtype) ? twb_float(b(), picked.dtype, static_cast<double>(value)) : twb_integer(b(), picked.dtype, value); };
    const bool plain = picked.dtype == TWB_INDEX || picked.dtype == TWB_F32 || picked.dtype == TWB_I32 || picked.dtype == TWB_I64;
    if (!plain || !picked.bounds.exact) return twb_test(b(), TWB_GT, known, index(1));
    const twb_value test = twb_test(b(), static_cast<twb_compare>(choice / 7 % 6), picked.value, integer(1 + choice / 11 % 2));
    if (choice % 3 == 0) return test;
    return twb_calculate(b(), choice % 3 == 1 ? TWB_AND : TWB_OR, test, twb_test(b(), TWB_LE, known, index(choice / 5 % 2 == 0 ? 2 : 1)));
  }

  // ---- blocks

  struct Mark {
    size_t tiles, tensors, numbers, tasks;
  };
  Mark mark() const { return {tiles_.size(), tensors_.size(), numbers_.size(), task_ids_.size()}; }
  void leave(const Mark& at) {
    if (in_task_) {
      for (size_t i = at.tiles; i < tiles_.size(); ++i) keep(i);
    }
    tiles_.resize(at.tiles);
    tensors_.resize(at.tensors, Tensor{});
    numbers_.resize(at.numbers);
    task_ids_.resize(at.tasks);
  }

  void block(const std::vector<Statement>& statements) {
    for (const Statement& each : statements) statement(each);
  }

  void statement(const Statement& s) {
    if (in_task_) {
      switch (s.kind) {
        case Kind::kOperator: return cube_ ? cube_operator(s) : vector_operator(s);
        case Kind::kFor: return for_loop(s);
        case Kind::kWhile: return while_loop(s);
        case Kind::kIf: return branch(s);
        case Kind::kLoad: return cube_ ? void() : load(s);
        case Kind::kStore: return cube_ ? void() : store(s);
        case Kind::kReadTile: return cube_ ? void() : read_tile(s);
        case Kind::kWriteTile: return cube_ ? void() : write_tile(s);
        case Kind::kExtract: return cube_ ? void() : extract(s);
        case Kind::kInsert: return cube_ ? void() : insert(s);
        case Kind::kReshapeTile: return cube_ ? void() : reshape_tile(s);
        case Kind::kSetValid: return cube_ ? void() : set_valid(s);
        case Kind::kMove: return cube_ ? void() : move(s);
        case Kind::kCreateTile: return cube_ ? void() : create_tile(s);
        case Kind::kGatherRows: return cube_ ? void() : gather_rows(s);
        case Kind::kScatterRows: return cube_ ? void() : scatter_rows(s);
        case Kind::kReadTensor: return read_tensor(s);
        case Kind::kCalculate: return calculate(s);
        case Kind::kTensor: return tensor(s);
        default: return;
      }
    }
    switch (s.kind) {
      case Kind::kFor: return for_loop(s);
      case Kind::kWhile: return while_loop(s);
      case Kind::kIf: return branch(s);
      case Kind::kVectorTask: return vector_task(s);
      case Kind::kCubeTask: return cube_task(s);
      case Kind::kMixedTask: return mixed_task(s);
      case Kind::kScope: return scope(s);
      case Kind::kReadTensor: return read_tensor(s);
      case Kind::kWriteTensor: return write_tensor(s);
      case Kind::kCreateTensor: return create_tensor(s);
      case Kind::kCalculate: return calculate(s);
      case Kind::kTensor: return tensor(s);
      default: return;
    }
  }

  // ---- tiles

  Form base_form(twb_dtype dtype, uint32_t choice) const {
    Form form{dtype, program_.rows, program_.columns};
    if (program_.valid == ValidKind::kWhole || choice % 2 == 0) return form;
    if (program_.valid != ValidKind::kOpenColumns) form.valid_rows = Part::kRows;
    if (program_.valid != ValidKind::kOpenRows) form.valid_columns = Part::kColumns;
    return form;
  }
  bool legal(const Form& form) const {
    return has_legal_shape(form.dtype, form.rows, form.columns) && form.columns <= kResultColumns && form.rows <= kInputRows;
  }

  size_t add_tile(twb_value value, const Form& form, const Bounds& bounds, size_t companion = 0) {
    if (value == 0) check(0);
    tiles_.push_back({value, form, bounds, companion});
    return tiles_.size() - 1;
  }
  twb_value use(size_t tile) {
    tiles_[tile].used = true;
    return tiles_[tile].value;
  }

  /// A tile that is there and has this form and numbers in `bounds`; nothing for one that is to be loaded.
  std::optional<size_t> pick(const Form& form, const Bounds& bounds, bool exact, uint32_t choice) const {
    std::vector<size_t> found;
    for (size_t i = tiles_.size(); i-- > 0;) {
      const Tile& tile = tiles_[i];
      if (tile.form == form && tile.bounds.within(bounds) && (tile.bounds.exact || !exact)) found.push_back(i);
    }
    const size_t which = choice % (found.size() + 1);
    return which < found.size() ? std::optional(found[which]) : std::nullopt;
  }
  static constexpr Bounds kAnything = {-0x1p60, 0x1p60, Bounds::kNoUnit};

  size_t load_from(const Tensor& from, const Form& form, twb_value row, twb_value column, uint32_t choice) {
    std::vector<twb_value> at;
    for (size_t i = 0; i + 2 < from.extents.size(); ++i) at.push_back(offset(from.extents[i] - 1, choice / 3));
    at.push_back(row);
    at.push_back(column);
    const twb_shape shape = shape_of(form);
    return add_tile(twb_load(b(), from.value, at.data(), at.size(), &shape), form, from.bounds);
  }

  bool holds(const Tensor& tensor, const Form& form) const {
    const size_t rank = tensor.extents.size();
    return rank >= 2 && tensor.extents[rank - 2] >= form.rows && tensor.extents[rank - 1] >= form.columns;
  }

  /// Whether tensors have elements of a type; f8e5m2 is unknown to the run time.
  bool has_tensors(twb_dtype dtype) const { return dtype != TWB_F8E5M2 && vocabulary_.has("load", dtype) && vocabulary_.has("store", dtype); }

  /// Tiles of types without tensors are converted.
  size_t load_tile(const Form& form, Domain domain, uint32_t choice) {
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
    return load_from(from, form, offset(from.extents[rank - 2] - form.rows, choice), offset(from.extents[rank - 1] - form.columns, choice / 7), choice);
  }

  /// Rows of `modulus`, each once in a column.
  size_t load_rows(const Form& form, int modulus) {
    const Tensor from = input({TWB_I32, Domain::kRows, modulus});
    const size_t tile = load_from(from, form, index(0), index(0), 0);
    tiles_[tile].bounds = {0, static_cast<double>(modulus - 1), 0};
    return tile;
  }

  twb_value apply(const char* name, std::initializer_list<twb_value> operands) {
    return twb_operator(b(), name, operands.begin(), operands.size(), nullptr, TWB_F32, nullptr);
  }

  /// A tile with the numbers of this one where they are in `bounds`, and others that are in it elsewhere; nothing if there is no way.
  std::optional<size_t> bring_within(size_t tile, const Bounds& bounds) {
    const Bounds has = tiles_[tile].bounds;
    const twb_dtype dtype = tiles_[tile].form.dtype;
    const Form form = tiles_[tile].form;
    if (!has.exact || has.unit < bounds.unit || form.dtype == TWB_BOOL) return std::nullopt;
    if (has.within(bounds)) return tile;
    const auto constant = [&](double value) { return is_float(dtype) ? twb_float(b(), dtype, value) : twb_integer(b(), dtype, static_cast<int64_t>(value)); };
    if (vocabulary_.has("maxs", dtype) && vocabulary_.has("mins", dtype)) {
      const twb_value low = apply("maxs", {use(tile), constant(bounds.low)});
      return add_tile(apply("mins", {low, constant(bounds.high)}), form, {bounds.low, bounds.high, has.unit});
    }
    if (!is_float(dtype) && vocabulary_.has("ands", dtype)) return add_tile(apply("ands", {use(tile), constant(7)}), form, {0, 7, 0});
    return std::nullopt;
  }

  // ---- results

  /// Rows for a tile in the task's tensor of results, for every turn of the loops around: where the first begins.
  int take_rows(twb_dtype dtype, int rows) {
    int& next = task_rows_[dtype];
    const int first = next;
    next += rows * turns_;
    return first;
  }
  twb_value result_row(int first, int rows) { return turns_ == 1 ? index(first) : sum(index(first), product(iteration_, index(rows))); }

  /// Stores a tile that nothing has used, so that every result is seen.
  void keep(size_t which) {
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
  void store_result(size_t which, bool add) {
    const Form form = tiles_[which].form;
    const twb_value at[] = {result_row(take_rows(form.dtype, form.rows), form.rows), index(0)};
    twb_store(b(), use(which), task_results_.at(form.dtype), at, 2, add ? 1 : 0);
  }

  // ---- operators

  void vector_operator(const Statement& s) {
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

  /// The result's form; nothing where the operator does not take such a tile.
  std::optional<Form> result_form(const tile::OperatorInfo& info, const Statement& s, const Form& from) const {
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
        if (is_open(Part::kRows)) form.valid_rows = Part::kWhole;
        if (is_open(Part::kColumns)) form.valid_columns = Part::kWhole;
        break;
      case Rule::kColumnToTile:
        if (is_open(Part::kColumns)) form.valid_columns = Part::kWhole;
        break;
      case Rule::kRowToTile:
        if (is_open(Part::kRows)) form.valid_rows = Part::kWhole;
        break;
      default: break;
    }
    return form;
  }

  struct Operand {
    OperandForm::Kind kind;
    std::optional<size_t> tile;  ///< that is there
    Form form;                   ///< of one that is to be made
    Domain domain = Domain::kGeneral;
    Number number = {};
    Bounds bounds;
  };

  bool try_operator(const Statement& s, const tile::OperatorInfo& info, const Form& principal, const std::vector<Domain>& domains, bool fresh) {
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
          operand.bounds = operand.tile ? tiles_[*operand.tile].bounds
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
    const bool shaped = info.rule == Rule::kNumber || info.rule == Rule::kCount || info.rule == Rule::kColumnToTile || info.rule == Rule::kRowToTile;
    const twb_value value = twb_operator(b(), s.name.c_str(), values.data(), values.size(), shaped ? &shape : nullptr, result->dtype, word_of(s, info));
    if (std::string_view(word_of(s, info) == nullptr ? "" : word_of(s, info)) == "min" || std::string_view(word_of(s, info) == nullptr ? "" : word_of(s, info)) == "max") {
      made = Bounds{-0x1p90, 0x1p90, Bounds::kNoUnit, false};  // too large for anything but being stored
    }
    add_tile(value, *result, *made, companion);
    return true;
  }

  Form form_of(const OperandForm& operand, const Form& principal) const {
    Form form = principal;
    form.dtype = operand.dtype;
    form.rows = operand.rows;
    form.columns = operand.columns;
    if (operand.rows == 1 && principal.rows != 1) form.valid_rows = Part::kWhole;
    if (operand.columns == 1 && principal.columns != 1) form.valid_columns = Part::kWhole;
    if (operand.kind == FormKind::kIndices) form.valid_rows = form.valid_columns = Part::kWhole;
    return form;
  }

  twb_value make_mask(const Statement& s, const Form& form) {
    // Of a type that the platform compares, with the tile's shape.
    const twb_dtype dtype = vocabulary_.has("compares", form.dtype) ? form.dtype : TWB_F32;
    Form compared = form;
    compared.dtype = dtype;
    const size_t tile = load_tile(compared, Domain::kCount, 0);
    const twb_value operands[] = {use(tile), is_float(dtype) ? twb_float(b(), dtype, 2) : twb_integer(b(), dtype, 2)};
    (void)s;
    return twb_operator(b(), "compares", operands, 2, nullptr, TWB_F32, "eq");
  }

  const char* word_of(const Statement& s, const tile::OperatorInfo& info) const {
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

  /// Products and sums of them. What a sum is added to is gone: it lies in the same place.
  void cube_operator(const Statement& s) {
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
    add_tile(twb_operator(b(), s.name.c_str(), values.data(), values.size(), nullptr, sum_dtype, nullptr), result, *made);
  }

  /// Of the innermost block alone: each is used once.
  std::vector<size_t> accumulators(std::optional<twb_dtype> dtype = {}) const {
    std::vector<size_t> found;
    for (size_t i = block_tiles_; i < tiles_.size(); ++i) {
      if (!tiles_[i].used && (!dtype || tiles_[i].form.dtype == *dtype)) found.push_back(i);
    }
    return found;
  }

  size_t load_cube(const Statement& s, const Form& form, Domain domain) {
    if (s.choice[4] % 3 != 2 || form.rows * 2 > kInputRows) return load_tile(form, domain, s.choice[5]);
    // Part of a larger one.
    Form larger = form;
    larger.rows *= 2;
    const size_t from = load_tile(larger, domain, 0);
    const twb_shape shape = shape_of(form);
    const twb_value part = twb_extract(b(), use(from), index(form.rows * (s.choice[5] % 2)), index(0), &shape);
    return add_tile(part, form, tiles_[from].bounds);
  }

  std::optional<size_t> make_product(const Statement& s, int m, int k, int n) {
    if (!vocabulary_.has("matmul", s.dtype)) return std::nullopt;
    const twb_dtype sum_dtype = is_float(s.dtype) ? TWB_F32 : TWB_I32;
    const Domain domain = Domain::kCount;
    const size_t left = load_tile({s.dtype, m, k}, domain, 0), right = load_tile({s.dtype, k, n}, domain, 0);
    const double most = 9.0 * k;
    return add_tile(apply("matmul", {use(left), use(right)}), {sum_dtype, m, n}, {0, most, 0});
  }

  // ---- other operations of tiles

  void load(const Statement& s) {
    const Form form = base_form(s.dtype, s.choice[0]);
    if (!has_tensors(s.dtype) || !legal(form)) return;
    static constexpr Domain kDomains[] = {Domain::kGeneral, Domain::kPositive, Domain::kCount, Domain::kBit};
    load_tile(form, kDomains[choose(s.choice[1], 4)], s.choice[2]);
  }

  /// A tile of this type that is there, or one that is loaded; nothing if the platform has none.
  std::optional<size_t> some_tile(const Statement& s, bool whole, bool exact) {
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

  void store(const Statement& s) {
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

  void read_tile(const Statement& s) {
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

  void write_tile(const Statement& s) {
    const std::optional<size_t> tile = some_tile(s, false, false);
    if (!tile || !vocabulary_.has("write", s.dtype)) return;
    const Form form = tiles_[*tile].form;
    const Bounds bounds = tiles_[*tile].bounds;
    const Number value = number_in(s.dtype, bounds_of(Domain::kCount, s.dtype), s.choice[5]);
    const twb_value row = offset(valid_extent(form.rows, form.valid_rows, *this) - 1, s.choice[3]);
    const twb_value column = offset(valid_extent(form.columns, form.valid_columns, *this) - 1, s.choice[4]);
    add_tile(twb_write_tile(b(), value.value, use(*tile), row, column), form, united(bounds, value.bounds));
  }

  void extract(const Statement& s) {
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

  void insert(const Statement& s) {
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

  void reshape_tile(const Statement& s) {
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

  void set_valid(const Statement& s) {
    const std::optional<size_t> tile = some_tile(s, true, false);
    if (!tile || program_.valid == ValidKind::kWhole || !vocabulary_.has("set_valid", s.dtype)) return;
    Form form = tiles_[*tile].form;
    if (form.rows != program_.rows || form.columns != program_.columns) return;
    form = base_form(s.dtype, 1);
    const Bounds bounds = tiles_[*tile].bounds;
    const twb_shape shape = shape_of(form);
    add_tile(twb_set_valid(b(), use(*tile), shape.valid_rows, shape.valid_columns), form, bounds);
  }

  void move(const Statement& s) {
    const std::optional<size_t> tile = some_tile(s, false, false);
    if (!tile || !vocabulary_.has("move", s.dtype)) return;
    const Form form = tiles_[*tile].form;
    const Bounds bounds = tiles_[*tile].bounds;
    add_tile(twb_move(b(), use(*tile), TWB_ANYWHERE), form, bounds);
  }

  /// A row whose elements are all written, one by one.
  void create_tile(const Statement& s) {
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

  /// A table with as many columns as a tile: a view, made here.
  twb_value table(const Tensor& from, int rows, int columns) {
    const twb_value at[] = {index(0), index(0)}, extents[] = {index(rows), index(columns)};
    return twb_view(b(), from.value, at, extents, 2);
  }

  void gather_rows(const Statement& s) {
    const Form form = base_form(s.dtype, 0);
    if (!vocabulary_.has("gather_load", s.dtype) || !legal(form) || !has_tensors(s.dtype) || form.rows % 8 != 0) return;
    const Tensor from = input({s.dtype, Domain::kGeneral});
    const twb_value rows = use(load_rows({TWB_I32, 1, form.rows}, form.rows));
    add_tile(twb_gather_load(b(), table(from, 64, form.columns), rows), form, from.bounds);
  }

  void scatter_rows(const Statement& s) {
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

  // ---- numbers and tensors

  void read_tensor(const Statement& s) {
    if (!has_tensors(s.dtype) || s.dtype == TWB_F8E4M3) return;
    std::vector<const Tensor*> found = {&input({s.dtype, Domain::kCount})};
    for (const Tensor& each : tensors_) {
      if (each.dtype == s.dtype) found.push_back(&each);
    }
    const Tensor from = *found[static_cast<size_t>(choose(s.choice[0], found.size()))];
    std::vector<twb_value> at;
    for (const int64_t extent : from.extents) at.push_back(offset(extent - 1, s.choice[1 + at.size() % 4]));
    const twb_value value = twb_read(b(), from.value, at.data(), at.size());
    numbers_.push_back({value, s.dtype, from.bounds});
    if (s.dtype == TWB_I32 && from.bounds.low >= 0) numbers_.push_back({twb_convert(b(), TWB_INDEX, value), TWB_INDEX, from.bounds});
  }

  void calculate(const Statement& s) {
    const twb_dtype dtype = s.choice[0] % 3 == 0 ? TWB_INDEX : s.choice[0] % 3 == 1 ? TWB_I32 : TWB_F32;
    std::vector<Number> found;
    for (const Number& each : numbers_) {
      if (each.dtype == dtype && each.bounds.exact) found.push_back(each);
    }
    const Number left = found[static_cast<size_t>(choose(s.choice[1], found.size()))], right = found[static_cast<size_t>(choose(s.choice[2], found.size()))];
    const auto how = static_cast<twb_arith>(std::array{TWB_ADD, TWB_MUL, TWB_MIN, TWB_MAX, TWB_SUB}[s.choice[3] % 5]);
    const double a = left.bounds.low, c = left.bounds.high, d = right.bounds.low, e = right.bounds.high;
    Bounds bounds;
    switch (how) {
      case TWB_ADD: bounds = {a + d, c + e}; break;
      case TWB_SUB: bounds = {a - e, c - d}; break;
      case TWB_MUL: bounds = {std::min({a * d, a * e, c * d, c * e}), std::max({a * d, a * e, c * d, c * e})}; break;
      case TWB_MIN: bounds = {std::min(a, d), std::min(c, e)}; break;
      default: bounds = {std::max(a, d), std::max(c, e)}; break;
    }
    bounds.unit = how == TWB_MUL ? left.bounds.unit + right.bounds.unit : std::min(left.bounds.unit, right.bounds.unit);
    if (bounds.high > 200 || bounds.low < -200 || bounds.unit < -8) return;
    numbers_.push_back({twb_calculate(b(), how, left.value, right.value), dtype, bounds});
  }

  void tensor(const Statement& s) {
    if (!has_tensors(s.dtype)) return;
    std::vector<Tensor> found = {input({s.dtype, s.choice[0] % 2 == 0 ? Domain::kGeneral : Domain::kPositive})};
    for (const Tensor& each : tensors_) {
      if (each.dtype == s.dtype) found.push_back(each);
    }
    Tensor made = found[static_cast<size_t>(choose(s.choice[1], found.size()))];
    const size_t rank = made.extents.size();
    switch (s.choice[2] % 3) {
      case 0: {  // a view
        std::vector<twb_value> at, extents;
        for (size_t i = 0; i < rank; ++i) {
          const int64_t most = made.extents[i], size = std::max<int64_t>(1, i + 2 < rank ? most : std::min<int64_t>(most, most - s.choice[3] / (i + 1) % 16));
          at.push_back(offset(most - size, s.choice[4]));
          // Some sizes only the run knows: two more than what is known.
          const bool open = s.choice[5] % 4 == 3 && size > 2 && i + 2 >= rank;
          extents.push_back(open ? sum(numbers_[0].value, index(size - 2)) : index(size));
          if (size != most && i != 0) made.dense = false;
          made.open = made.open || open;
          made.extents[i] = size;
        }
        made.value = twb_view(b(), made.value, at.data(), extents.data(), rank);
        break;
      }
      case 1: {  // other dimensions
        if (!made.dense || made.open) return;
        int64_t count = 1;
        for (const int64_t extent : made.extents) count *= extent;
        std::vector<int64_t> extents;
        if (s.choice[3] % 3 == 0 && count % 2 == 0 && made.extents[0] % 2 == 0) {
          extents = {2, made.extents[0] / 2};
          extents.insert(extents.end(), made.extents.begin() + 1, made.extents.end());
        } else if (s.choice[3] % 3 == 1) {
          extents = {1};
          extents.insert(extents.end(), made.extents.begin(), made.extents.end());
        } else {
          extents = {count / made.extents.back(), made.extents.back()};
          if (rank == 2) std::swap(extents[0], extents[1]);
        }
        if (extents.size() > 4) return;
        std::vector<twb_value> values;
        for (const int64_t extent : extents) values.push_back(index(extent));
        made.value = twb_reshape(b(), made.value, values.data(), values.size());
        made.extents = extents;
        break;
      }
      default: {
        const size_t first = s.choice[3] % (rank - 1);
        made.value = twb_transpose(b(), made.value, first, first + 1);
        std::swap(made.extents[first], made.extents[first + 1]);
        made.dense = false;
      }
    }
    if (made.value == 0) check(0);
    tensors_.push_back(made);
  }

  void create_tensor(const Statement& s) {
    const twb_dtype dtype = program_.dtype;
    if (dtype == TWB_F8E5M2 || dtype == TWB_F8E4M3) return;
    std::vector<int64_t> extents = {2 * program_.rows, std::max(program_.columns, 32)};
    if (s.choice[0] % 3 == 2) extents.insert(extents.begin(), 2);
    std::vector<twb_value> values;
    for (const int64_t extent : extents) values.push_back(index(extent));
    const twb_value zero = is_float(dtype) ? twb_float(b(), dtype, 1) : twb_integer(b(), dtype, 1);
    tensors_.push_back({twb_new_tensor(b(), dtype, values.data(), values.size(), zero, 0), dtype, extents, carried_bounds(dtype), ++roots_});
  }

  void write_tensor(const Statement& s) {
    std::vector<Tensor> found;
    for (const Tensor& each : tensors_) {
      if (each.root != 0) found.push_back(each);
    }
    if (found.empty() || independent_ > 0 || manual_) return;
    const Tensor to = found[static_cast<size_t>(choose(s.choice[0], found.size()))];
    const Number value = number_in(to.dtype, bounds_of(Domain::kCount, to.dtype), s.choice[1]);
    std::vector<twb_value> at;
    for (const int64_t extent : to.extents) at.push_back(offset(extent - 1, s.choice[2 + at.size() % 3]));
    twb_write(b(), value.value, to.value, at.data(), at.size());
  }

  // ---- control

  /// What a loop carries or a branch gives: a variable and the tile that it holds.
  struct Variable {
    twb_value value;
    Form form;
    Bounds bounds;
  };

  std::vector<Variable> declare_variables(const Statement& s, int count) {
    std::vector<Variable> variables;
    if (!in_task_) return variables;
    for (int i = 0; i < count; ++i) {
      std::optional<size_t> first;
      Bounds bounds;
      if (cube_) {
        const std::vector<size_t> sums = accumulators();
        if (sums.empty()) break;
        first = sums[static_cast<size_t>(choose(s.choice[4], sums.size()))];
        bounds = {-0x1p16, 0x1p16, tiles_[*first].bounds.unit};
        if (!tiles_[*first].bounds.within({-0x1p12, 0x1p12, Bounds::kNoUnit})) break;
      } else {
        bounds = carried_bounds(s.dtype);
        first = some_tile({Kind::kLoad, "", s.dtype, {s.choice[4] + static_cast<uint32_t>(i), s.choice[5], 0}}, false, true);
        if (first) first = bring_within(*first, bounds);
        if (!first) break;
      }
      variables.push_back({twb_declare(b(), use(*first)), tiles_[*first].form, bounds});
    }
    return variables;
  }
  std::vector<size_t> get_variables(const std::vector<Variable>& variables) {
    std::vector<size_t> tiles;
    for (const Variable& variable : variables) tiles.push_back(add_tile(twb_get(b(), variable.value), variable.form, variable.bounds));
    return tiles;
  }
  /// Gives each variable a tile of the block that ends, if there is one; `own` are what the variables held in it.
  void set_variables(const std::vector<Variable>& variables, const std::vector<size_t>& own, const Mark& begin) {
    for (size_t v = 0; v < variables.size(); ++v) {
      const Variable& variable = variables[v];
      for (size_t i = tiles_.size(); i-- > begin.tiles;) {
        if (tiles_[i].form != variable.form || std::find(own.begin(), own.end(), i) != own.end()) continue;
        if (cube_ && (tiles_[i].used || tiles_[i].bounds.unit < variable.bounds.unit)) continue;
        const std::optional<size_t> fitting = cube_ ? std::optional(i) : bring_within(i, variable.bounds);
        if (!fitting) continue;
        twb_set(b(), variable.value, use(*fitting));
        break;
      }
      if (v < own.size()) tiles_[own[v]].used = true;
    }
  }

  void for_loop(const Statement& s) {
    constexpr twb_loop kKinds_[] = {TWB_SEQUENTIAL, TWB_PARALLEL, TWB_UNROLLED, TWB_PIPELINED};
    const twb_loop kind = kKinds_[s.choice[0] % 4];
    const bool open = kind != TWB_UNROLLED && s.choice[1] % 2 == 1;
    int trips = 1 + choose(s.choice[2], 3);
    const int most = in_task_ ? kMostTurns / turns_ : kMostTaskTurns / task_turns_;
    if (kind == TWB_UNROLLED && trips * copies_ > kMostCopies) trips = 1;
    if (trips > most) return block(s.body);
    // From 0, or in larger steps from elsewhere.
    const int64_t first = s.choice[3] % 3 == 2 ? 2 : 0, step = s.choice[3] % 3 == 0 ? 1 : 3;
    twb_value end = index(first + step * trips);
    if (open) {
      trips = std::max(trips, 2);
      const twb_value turns = numbers_[trips == 2 ? 0 : 1].value;
      if (trips > most) return block(s.body);
      end = sum(product(turns, index(step)), index(first));
    }
    const bool independent = kind == TWB_PARALLEL;
    const std::vector<Variable> variables = declare_variables(s, independent || (!in_task_) ? 0 : 1 + choose(s.choice[3] / 3, 2));
    const twb_value position = independent ? 0 : twb_declare(b(), index(1));
    const twb_value i = twb_begin_for(b(), index(first), end, index(step), kind, 2);
    const Mark begin = mark();
    const std::vector<size_t> own = get_variables(variables);
    const twb_value turn = step == 1 ? i : twb_calculate(b(), TWB_DIV, twb_calculate(b(), TWB_SUB, i, index(first)), index(step));
    numbers_.push_back({i, TWB_INDEX, {static_cast<double>(first), static_cast<double>(first + step * (trips - 1)), 0}});
    if (position != 0) numbers_.push_back({twb_get(b(), position), TWB_INDEX, {0, 15, 0}});
    inside(begin, turn, trips, kind == TWB_UNROLLED ? trips : 1, independent, [&] {
      block(s.body);
      if (position != 0) {
        const twb_value next = sum(product(twb_get(b(), position), index(3)), index(1));
        twb_set(b(), position, twb_calculate(b(), TWB_REM, next, index(16)));
      }
      set_variables(variables, own, begin);
    });
    twb_end_for(b());
    finish_variables(variables);
    if (position != 0) numbers_.push_back({twb_get(b(), position), TWB_INDEX, {0, 15, 0}});
  }

  void finish_variables(const std::vector<Variable>& variables) { get_variables(variables); }

  /// The body of a loop that has `trips` turns at most, of which this is number `turn`.
  template <typename Body>
  void inside(const Mark& begin, twb_value turn, int trips, int copies, bool independent, Body&& body) {
    const auto saved = std::tuple(iteration_, turns_, task_turns_, copies_, block_tiles_);
    if (trips > 1 || (in_task_ ? turns_ : task_turns_) > 1) iteration_ = sum(product(iteration_, index(trips)), turn);
    (in_task_ ? turns_ : task_turns_) *= trips;
    copies_ *= copies;
    independent_ += independent ? 1 : 0;
    block_tiles_ = begin.tiles;
    body();
    leave(begin);
    independent_ -= independent ? 1 : 0;
    std::tie(iteration_, turns_, task_turns_, copies_, block_tiles_) = saved;
  }

  void while_loop(const Statement& s) {
    const int trips = 1 + choose(s.choice[2], 3);
    if (trips > (in_task_ ? kMostTurns / turns_ : kMostTaskTurns / task_turns_)) return block(s.body);
    const std::vector<Variable> variables = declare_variables(s, 1 + choose(s.choice[3] / 3, 2));
    const twb_value counter = twb_declare(b(), index(0));
    const bool open = s.choice[1] % 2 == 1 && trips >= 2;
    const twb_value end = open ? numbers_[trips == 2 ? 0 : 1].value : index(trips);
    const twb_value also = s.choice[1] % 3 == 2 ? condition(s.choice[0]) : 0;
    check(twb_begin_while(b()));
    twb_value go = twb_test(b(), TWB_LT, twb_get(b(), counter), end);
    if (also != 0) go = twb_calculate(b(), TWB_AND, go, also);
    twb_while_do(b(), go);
    const Mark begin = mark();
    const twb_value turn = twb_get(b(), counter);
    const std::vector<size_t> own = get_variables(variables);
    numbers_.push_back({turn, TWB_INDEX, {0, static_cast<double>(trips - 1), 0}});
    inside(begin, turn, trips, 1, false, [&] {
      block(s.body);
      twb_set(b(), counter, sum(twb_get(b(), counter), index(1)));
      set_variables(variables, own, begin);
    });
    twb_end_while(b());
    finish_variables(variables);
  }

  void branch(const Statement& s) {
    const std::vector<Variable> variables = declare_variables(s, choose(s.choice[3], 3));
    check(twb_begin_if(b(), condition(s.choice[0])));
    way(s.body, variables);
    if (!s.otherwise.empty()) {
      twb_begin_else(b());
      way(s.otherwise, variables);
    }
    twb_end_if(b());
    finish_variables(variables);
  }

  void way(const std::vector<Statement>& statements, const std::vector<Variable>& variables) {
    const Mark begin = mark();
    const size_t saved = block_tiles_;
    block_tiles_ = begin.tiles;
    block(statements);
    set_variables(variables, {}, begin);
    leave(begin);
    block_tiles_ = saved;
  }

  // ---- tasks

  /// Records a task's body with what it may use, and where its results go.
  template <typename Body>
  void in_task(bool cube, int blocks, Body&& body) {
    const Mark begin = mark();
    const std::vector<Tensor> outside = tensors_;
    one_alias_each();
    in_task_ = true;
    cube_ = cube;
    const auto saved = std::tuple(iteration_, turns_, copies_, independent_, block_tiles_);
    iteration_ = blocks > 1 ? twb_query(b(), "block_index") : index(0);
    if (blocks > 1) numbers_.push_back({iteration_, TWB_INDEX, {0, static_cast<double>(blocks - 1), 0}});
    turns_ = blocks;
    copies_ = 1;
    independent_ += blocks > 1 ? 1 : 0;
    block_tiles_ = begin.tiles;
    body();
    for (size_t i = begin.tiles; i < tiles_.size(); ++i) keep(i);
    tiles_.resize(begin.tiles);
    numbers_.resize(begin.numbers);
    tensors_ = outside;
    in_task_ = cube_ = false;
    std::tie(iteration_, turns_, copies_, independent_, block_tiles_) = saved;
  }

  /// A kernel takes its tensors for memories of their own.
  void one_alias_each() {
    std::vector<Tensor> kept;
    for (size_t i = 0; i < tensors_.size(); ++i) {
      const auto later = [&](const Tensor& other) { return other.root == tensors_[i].root; };
      if (tensors_[i].root == 0 || std::none_of(tensors_.begin() + static_cast<ptrdiff_t>(i) + 1, tensors_.end(), later)) kept.push_back(tensors_[i]);
    }
    tensors_ = kept;
  }

  /// Views of the tensors of results for one task: all types while measuring, then those that are used, as large as they are used.
  void begin_results() {
    task_rows_.clear();
    task_inputs_.clear();
    task_results_.clear();
    for (const auto& [dtype, whole] : results_) {
      int rows = kMeasuredRows;
      if (known_ != nullptr) {
        const auto& used = known_->tasks[next_task_].rows;
        if (!used.contains(dtype)) continue;
        rows = used.at(dtype);
      }
      const twb_value row = task_turns_ == 1 ? index(layout_.rows[dtype]) : sum(index(layout_.rows[dtype]), product(iteration_, index(rows)));
      const twb_value at[] = {row, index(0)}, extents[] = {index(rows), index(kResultColumns)};
      task_results_[dtype] = twb_view(b(), whole, at, extents, 2);
    }
  }
  void end_results() {
    for (const auto& [dtype, rows] : task_rows_) layout_.rows[dtype] += rows * task_turns_;
    std::erase_if(layout_.rows, [](const auto& each) { return each.second == 0; });
    layout_.tasks.push_back({task_rows_, task_inputs_});
    ++next_task_;
  }

  struct Options {
    twb_task task = {};
    std::vector<twb_value> after;
    twb_value tested_at[2] = {};
    int blocks = 1;
  };
  void choose_options(const Statement& s, Options& options) {
    twb_task& task = options.task;
    if (manual_) options.after.push_back(twb_get(b(), chain_));
    if (s.choice[0] % 3 == 1 && !task_ids_.empty()) options.after.push_back(task_ids_[s.choice[0] / 3 % task_ids_.size()]);
    if (s.choice[1] % 5 == 4) {
      options.blocks = 2 + choose(s.choice[1] / 5, 2);
      task.blocks = index(options.blocks);
      if (s.choice[1] / 10 % 2 == 1) task.blocks = numbers_[options.blocks == 2 ? 0 : 1].value;
    }
    if (s.choice[2] % 5 == 3) {
      const Tensor flags = input({TWB_I32, Domain::kCount});
      task.tested = flags.value;
      options.tested_at[0] = offset(kInputRows - 1, s.choice[3]);
      options.tested_at[1] = offset(kInputColumns - 1, s.choice[4]);
      task.tested_indices = options.tested_at;
      task.tested_count = 2;
      task.relation = static_cast<twb_compare>(s.choice[2] / 5 % 6);
      task.target = s.choice[3] % 4;
    }
    task.early_resolve = s.choice[5] % 7 == 6 ? 1 : 0;
    task.after = options.after.data();
    task.after_count = options.after.size();
  }

  void submitted(twb_value id) {
    if (id == 0) check(0);
    task_ids_.push_back(id);
    if (manual_) twb_set(b(), chain_, id);
  }

  void at_task(const Statement& s, bool cube) {
    Options options;
    choose_options(s, options);
    const std::string name = fmt::format("{}{}", cube ? "cube" : "vector", next_task_);
    options.task.name = name.c_str();
    begin_results();
    check(twb_begin_at(b(), &options.task));
    in_task(cube, options.blocks, [&] {
      block(s.body);
      if (tiles_.empty() && task_rows_.empty()) {  // a task does something
        keep(cube ? *make_product({Kind::kOperator, "matmul", TWB_F16}, 16, 16, 16) : load_tile(base_form(program_.dtype == TWB_F8E5M2 ? TWB_F32 : program_.dtype, 0), Domain::kGeneral, 0));
      }
    });
    const twb_value id = twb_end_at(b());
    end_results();
    submitted(id);
  }
  void vector_task(const Statement& s) { at_task(s, false); }
  void cube_task(const Statement& s) { at_task(s, true); }

  /// Two kernels with the same arguments: what they read, where their results go, and the numbers.
  void mixed_task(const Statement& s) {
    Options options;
    choose_options(s, options);
    begin_results();
    std::vector<Input> inputs = known_ == nullptr ? all_inputs() : std::vector<Input>(known_->tasks[next_task_].inputs.begin(), known_->tasks[next_task_].inputs.end());
    std::vector<twb_parameter> parameters;
    std::vector<twb_value> arguments;
    static constexpr int64_t kInputExtents[] = {kInputRows, kInputColumns}, kOpenExtents[] = {TWB_OPEN, kInputColumns};
    for (const Input& each : inputs) {
      parameters.push_back({TWB_TENSOR, each.dtype, TWB_IN, program_.open_tensors ? kOpenExtents : kInputExtents, 2});
      arguments.push_back(inputs_.at(each).value);
    }
    std::vector<std::array<int64_t, 2>> extents;
    extents.reserve(task_results_.size());
    for (const auto& [dtype, value] : task_results_) {
      extents.push_back({twb_extent(b(), value, 0), kResultColumns});
      parameters.push_back({TWB_TENSOR, dtype, TWB_INOUT, extents.back().data(), 2});
      arguments.push_back(value);
    }
    for (size_t i = 0; i < argument_count_; ++i) {
      parameters.push_back({TWB_NUMBER, numbers_[i].dtype, TWB_IN, nullptr, 0});
      arguments.push_back(numbers_[i].value);
    }
    const std::string names[] = {fmt::format("mixed{}_cube", next_task_), fmt::format("mixed{}_vector", next_task_)};
    for (const bool cube : {true, false}) {
      std::vector<twb_value> values(parameters.size());
      check(twb_begin_kernel(b(), names[cube ? 0 : 1].c_str(), parameters.data(), parameters.size(), values.data()));
      const auto saved = std::tuple(inputs_, task_results_, numbers_, tensors_);
      tensors_.clear();
      numbers_.resize(argument_count_);
      size_t next = 0;
      for (const Input& each : inputs) inputs_[each] = input_tensor(each, values[next++]);
      for (auto& [dtype, value] : task_results_) value = values[next++];
      for (size_t i = 0; i < argument_count_; ++i) numbers_[i].value = values[next++];
      in_task(cube, options.blocks, [&] {
        block(cube ? s.body : s.otherwise);
        if (cube && tiles_.empty()) make_product({Kind::kOperator, "matmul", TWB_F16}, 16, 16, 16);
        if (!cube && tiles_.empty()) load_tile(base_form(TWB_F32, 0), Domain::kGeneral, 0);
      });
      std::tie(inputs_, task_results_, numbers_, tensors_) = saved;
      twb_end_function(b());
    }
    const char* const kernels[] = {names[0].c_str(), names[1].c_str()};
    const twb_value id = twb_submit(b(), kernels, 2, arguments.data(), arguments.size(), &options.task);
    end_results();
    submitted(id);
  }

  /// In a manual scope each task waits for the one before it, and uses what was created there.
  void scope(const Statement& s) {
    if (manual_) return block(s.body);
    const bool manual = s.choice[0] % 2 == 1;
    const Mark begin = mark();
    const std::vector<Tensor> outside = tensors_;
    check(twb_begin_scope(b(), manual ? 1 : 0));
    manual_ = manual;
    if (manual) {
      chain_ = twb_declare(b(), twb_no_task(b()));
      std::erase_if(tensors_, [](const Tensor& tensor) { return tensor.root != 0; });
      const std::vector<twb_value> ids = std::exchange(task_ids_, {});
      block(s.body);
      task_ids_ = ids;
    } else {
      block(s.body);
    }
    manual_ = false;
    tensors_ = outside;
    numbers_.resize(begin.numbers);
    task_ids_.resize(begin.tasks);
    twb_end_scope(b());
  }

  const Program& program_;
  const Vocabulary& vocabulary_;
  const Layout* known_;
  std::unique_ptr<twb_builder, BuilderDeleter> b_;
  Layout layout_;

  std::vector<Parameter> parameters_;
  std::deque<std::array<int64_t, 2>> result_extents_;
  std::map<Input, Tensor> inputs_;
  std::map<twb_dtype, twb_value> results_;
  size_t argument_count_ = 0;

  std::vector<Tile> tiles_;
  std::vector<Tensor> tensors_;
  std::vector<Number> numbers_;
  std::vector<twb_value> task_ids_;

  twb_value iteration_ = 0;  ///< the number of this turn among those of all loops around, in the task or around it
  int turns_ = 1;            ///< of the loops in the task
  int task_turns_ = 1;       ///< of those around it
  int copies_ = 1;
  int independent_ = 0;      ///< loops around whose turns do not know of each other
  size_t block_tiles_ = 0;   ///< where the tiles of the innermost block begin
  bool in_task_ = false, cube_ = false, manual_ = false;
  twb_value chain_ = 0;  ///< variable: the last task of a manual scope
  int roots_ = 0;

  size_t next_task_ = 0;
  std::map<twb_dtype, int> task_rows_;
  std::set<Input> task_inputs_;
  std::map<twb_dtype, twb_value> task_results_;
};

}  // namespace

Recorded record(const Program& program) {
  const Layout layout = Recorder(program, nullptr).run();
  Recorder recorder(program, &layout);
  recorder.run();
  return recorder.finish();
}

}  // namespace tilewright::random_programs
