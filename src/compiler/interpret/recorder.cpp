#include "compiler/interpret/recorder.h"

namespace tilewright::interpret {

namespace {

LoggedTensor logged(const Tensor& tensor) { return {tensor.root, tensor.first, tensor.shape, tensor.strides}; }

}  // namespace

ElementSet LoggedTensor::elements() const {
  ElementSet set;
  // The innermost dimension in one piece where its elements lie side by side.
  const size_t rank = shape.size();
  const bool runs = rank > 0 && strides[rank - 1] == 1;
  const size_t outer = runs ? rank - 1 : rank;
  const int64_t length = runs ? shape[rank - 1] : 1;
  llvm::SmallVector<int64_t, 5> at(outer, 0);
  int64_t begin = first;
  while (true) {
    set.add({begin, begin + length});
    size_t d = outer;
    while (d > 0 && at[d - 1] + 1 == shape[d - 1]) {
      --d;
      begin -= at[d] * strides[d];
      at[d] = 0;
    }
    if (d == 0) return set;
    ++at[d - 1];
    begin += strides[d - 1];
  }
}

void Recorder::add_root(Tensor& tensor, mlir::Value value, bool untracked) {
  if (log_ == nullptr) return;
  if (tensor.memory->number == Memory::kNoNumber) tensor.memory->number = log_->memories++;
  tensor.root = static_cast<uint32_t>(log_->roots.size());
  log_->roots.push_back({value, tensor.memory->number, tensor.first, tensor.shape, untracked});
}

uint32_t Recorder::begin(Event::Kind kind, mlir::Operation* op) {
  if (log_ != nullptr) {
    Event& event = log_->events.emplace_back();
    event.kind = kind;
    event.op = op;
    event.manual = manual_;
  }
  return events_++;
}

void Recorder::name_tasks(const Datum& ids, bool derived) {
  if (log_ == nullptr) return;
  Event& event = log_->events.back();
  const auto add = [&](const Task& task) {
    if (task.named()) (derived ? event.derived : event.after).push_back(*task.event);
  };
  if (const auto* task = std::get_if<Task>(&ids)) return add(*task);
  for (const Task& task : std::get<Tasks>(ids)) add(task);
}

void Recorder::add_argument(const Tensor& tensor, unsigned operand, tw::Direction direction) {
  if (log_ != nullptr) log_->events.back().arguments.push_back({logged(tensor), operand, direction});
}

void Recorder::test(const Tensor& tensor, llvm::ArrayRef<int64_t> indices, bool runs) {
  if (log_ == nullptr) return;
  log_->events.back().tested = {logged(tensor), tensor.place(indices)};
  log_->events.back().ran = runs;
}

ElementSet& Recorder::touched(const Tensor& tensor, Touch how) {
  std::vector<LoggedAccess>& accesses = log_->events.back().accesses;
  LoggedAccess* access = nullptr;
  for (LoggedAccess& each : accesses) {
    if (each.memory == tensor.memory->number) access = &each;
  }
  if (access == nullptr) {
    access = &accesses.emplace_back();
    access->memory = tensor.memory->number;
  }
  return how == Touch::kRead ? access->read : how == Touch::kWrite ? access->written : access->added;
}

void Recorder::write_touch(const Tensor& tensor, llvm::ArrayRef<int64_t> indices, int64_t rows, int64_t columns, Touch how) {
  if (rows == 0 || columns == 0) return;
  ElementSet& set = touched(tensor, how);
  const size_t rank = tensor.shape.size();
  const int64_t across = tensor.strides[rank - 1], down = rank > 1 ? tensor.strides[rank - 2] : 0;
  int64_t row = tensor.place(indices);
  for (int64_t r = 0; r < rows; ++r, row += down) {
    if (across == 1) {
      set.add({row, row + columns});
    } else {
      for (int64_t c = 0; c < columns; ++c) set.add({row + c * across, row + c * across + 1});
    }
  }
}

void Recorder::touch_all(const Tensor& tensor, Touch how) {
  if (log_ != nullptr) touched(tensor, how).add(logged(tensor).elements());
}

}  // namespace tilewright::interpret
