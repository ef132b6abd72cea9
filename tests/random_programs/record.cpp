#include "recorder.h"

namespace tilewright::random_programs {

using tile::Rule;
using FormKind = OperandForm::Kind;

double element_of(const Input& input, int row, int column) {
  if (input.domain == Domain::kRows) return (5 * row + column) % input.modulus;
  const Bounds bounds = bounds_of(input.domain, input.dtype);
  const double step = bounds.unit == Bounds::kNoUnit ? 1 : std::ldexp(1, bounds.unit);
  const auto count = static_cast<uint32_t>((bounds.high - bounds.low) / step) + 1;
  uint32_t hash =
      static_cast<uint32_t>(row) * 2654435761U + static_cast<uint32_t>(column) * 40503U + static_cast<uint32_t>(input.dtype) * 97U;
  hash ^= hash >> 15;
  hash *= 2246822519U;
  hash ^= hash >> 13;
  return bounds.low + step * (hash % count);
}

Layout Recorder::run() {
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

Recorded Recorder::finish() {
  if (twb_finish(b()) == 0) {
    std::string text;
    for (size_t i = 0; i < twb_error_count(b()); ++i) text += std::string(twb_error_text(b(), i)) + "\n";
    throw Error(ErrorCode::kInternal, fmt::format("cannot be recorded: {}\n{}", text, text_of(program_)));
  }
  std::string text = twb_text(b(), 0);
  return {std::move(b_), std::move(parameters_), std::move(text), static_cast<int>(next_task_)};
}

// ---- parameters

std::vector<twb_parameter> Recorder::declare_parameters() {
  std::vector<twb_parameter> list;
  static constexpr int64_t kInputExtents[] = {kInputRows, kInputColumns}, kOpenExtents[] = {TWB_OPEN, kInputColumns};
  for (const Input& input : used_inputs()) {
    parameters_.push_back({Parameter::Role::kInput, input.dtype, input});
    list.push_back({TWB_TENSOR, input.dtype, TWB_IN, program_.open_tensors ? kOpenExtents : kInputExtents, 2, nullptr, 0});
  }
  for (const twb_dtype dtype : kDtypes) {
    const int rows = known_ == nullptr ? 1 << 24 : known_->rows.contains(dtype) ? known_->rows.at(dtype) : 0;
    if (rows == 0) continue;
    parameters_.push_back({Parameter::Role::kResults, dtype, {}, rows});
    result_extents_.push_back({rows, kResultColumns});
    list.push_back({TWB_TENSOR, dtype, TWB_INOUT, nullptr, 2, nullptr, 0});
  }
  for (size_t i = 0, next = 0; i < list.size(); ++i) {
    if (list[i].extents == nullptr) list[i].extents = result_extents_[next++].data();
  }
  for (const auto& [dtype, value] : number_arguments()) {
    parameters_.push_back({Parameter::Role::kNumber, dtype, {}, 0, value});
    list.push_back({TWB_NUMBER, dtype, TWB_IN, nullptr, 0, nullptr, 0});
  }
  return list;
}

std::vector<std::pair<twb_dtype, double>> Recorder::number_arguments() const {
  return {{TWB_INDEX, 2}, {TWB_INDEX, 3}, {TWB_INDEX, valid_size(Part::kRows)}, {TWB_INDEX, valid_size(Part::kColumns)},
          {TWB_I32, 2},   {TWB_F32, 1.5}};
}

std::vector<Input> Recorder::used_inputs() const {
  if (known_ != nullptr) return {known_->inputs.begin(), known_->inputs.end()};
  return all_inputs();
}

std::vector<Input> Recorder::all_inputs() {
  std::vector<Input> inputs;
  for (const twb_dtype dtype : kDtypes) {
    if (dtype == TWB_F8E5M2) continue;  // no tensor of the run time has it
    for (const Domain domain : {Domain::kGeneral, Domain::kPositive, Domain::kCount, Domain::kBit}) inputs.push_back({dtype, domain});
  }
  for (const int modulus : {1, 2, 4, 8, 16, 32, 64}) inputs.push_back({TWB_I32, Domain::kRows, modulus});
  return inputs;
}

Tensor Recorder::input_tensor(const Input& input, twb_value value) const {
  return {value, input.dtype, {kInputRows, kInputColumns}, bounds_of(input.domain, input.dtype), 0, true, program_.open_tensors};
}

void Recorder::take_parameters(const twb_value* values) {
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

const Tensor& Recorder::input(const Input& wanted) {
  layout_.inputs.insert(wanted);
  if (in_task_) task_inputs_.insert(wanted);
  return inputs_.at(wanted);
}

// ---- blocks

void Recorder::leave(const Mark& at) {
  if (in_task_) {
    for (size_t i = at.tiles; i < tiles_.size(); ++i) keep(i);
  }
  tiles_.resize(at.tiles);
  tensors_.resize(at.tensors, Tensor{});
  numbers_.resize(at.numbers);
  task_ids_.resize(at.tasks);
}

void Recorder::block(const std::vector<Statement>& statements) {
  for (const Statement& each : statements) statement(each);
}

void Recorder::statement(const Statement& s) {
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

Recorded record(const Program& program) {
  const Layout layout = Recorder(program, nullptr).run();
  Recorder recorder(program, &layout);
  recorder.run();
  return recorder.finish();
}

}  // namespace tilewright::random_programs
