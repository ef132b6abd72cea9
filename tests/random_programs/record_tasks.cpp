// Tasks and scopes.
#include "recorder.h"

namespace tilewright::random_programs {

using tile::Rule;
using FormKind = OperandForm::Kind;

// ---- tasks

void Recorder::one_alias_each() {
  std::vector<Tensor> kept;
  for (size_t i = 0; i < tensors_.size(); ++i) {
    const auto later = [&](const Tensor& other) { return other.root == tensors_[i].root; };
    if (tensors_[i].root == 0 || std::none_of(tensors_.begin() + static_cast<ptrdiff_t>(i) + 1, tensors_.end(), later))
      kept.push_back(tensors_[i]);
  }
  tensors_ = kept;
}

void Recorder::begin_results() {
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

void Recorder::end_results() {
  for (const auto& [dtype, rows] : task_rows_) layout_.rows[dtype] += rows * task_turns_;
  std::erase_if(layout_.rows, [](const auto& each) { return each.second == 0; });
  layout_.tasks.push_back({task_rows_, task_inputs_});
  ++next_task_;
}

void Recorder::choose_options(const Statement& s, Options& options) {
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

void Recorder::submitted(twb_value id) {
  if (id == 0) check(0);
  task_ids_.push_back(id);
  if (manual_) twb_set(b(), chain_, id);
}

void Recorder::at_task(const Statement& s, bool cube) {
  Options options;
  choose_options(s, options);
  const std::string name = fmt::format("{}{}", cube ? "cube" : "vector", next_task_);
  options.task.name = name.c_str();
  begin_results();
  check(twb_begin_at(b(), &options.task));
  in_task(cube, options.blocks, [&] {
    block(s.body);
    if (tiles_.empty() && task_rows_.empty()) {  // a task does something
      keep(cube ? *make_product({Kind::kOperator, "matmul", TWB_F16}, 16, 16, 16)
                : load_tile(base_form(program_.dtype == TWB_F8E5M2 ? TWB_F32 : program_.dtype, 0), Domain::kGeneral, 0));
    }
  });
  const twb_value id = twb_end_at(b());
  end_results();
  submitted(id);
}

void Recorder::mixed_task(const Statement& s) {
  Options options;
  choose_options(s, options);
  begin_results();
  std::vector<Input> inputs = known_ == nullptr
                                  ? all_inputs()
                                  : std::vector<Input>(known_->tasks[next_task_].inputs.begin(), known_->tasks[next_task_].inputs.end());
  std::vector<twb_parameter> parameters;
  std::vector<twb_value> arguments;
  static constexpr int64_t kInputExtents[] = {kInputRows, kInputColumns}, kOpenExtents[] = {TWB_OPEN, kInputColumns};
  for (const Input& each : inputs) {
    parameters.push_back({TWB_TENSOR, each.dtype, TWB_IN, program_.open_tensors ? kOpenExtents : kInputExtents, 2, nullptr, 0});
    arguments.push_back(inputs_.at(each).value);
  }
  std::vector<std::array<int64_t, 2>> extents;
  extents.reserve(task_results_.size());
  for (const auto& [dtype, value] : task_results_) {
    extents.push_back({twb_extent(b(), value, 0), kResultColumns});
    parameters.push_back({TWB_TENSOR, dtype, TWB_INOUT, extents.back().data(), 2, nullptr, 0});
    arguments.push_back(value);
  }
  for (size_t i = 0; i < argument_count_; ++i) {
    parameters.push_back({TWB_NUMBER, numbers_[i].dtype, TWB_IN, nullptr, 0, nullptr, 0});
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

void Recorder::scope(const Statement& s) {
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

}  // namespace tilewright::random_programs
