// Tasks run where they are submitted; their ids say no more than that there is a task.
#include <fmt/format.h>

#include <limits>

#include "compiler/interpret/machine.h"

namespace tilewright::interpret {

using namespace mlir;

namespace {

/// The region of a scope, in the frame around it.
void run_scope(Machine& machine, tw::ScopeOp scope) {
  Block& block = scope.getBody().front();
  if (scope.getManual()) machine.recorder.set_manual(true);  // no other scope stands in it
  machine.run_block(block);
  machine.recorder.set_manual(false);
  machine.set_all(scope.getResults(), block.getTerminator()->getOperands());
}

/// Whether the predicate of a task lets it run.
template <typename TaskOp>
bool is_to_run(Machine& machine, TaskOp task) {
  if (!task.getTested()) return true;
  const Tensor& tensor = machine.tensor(task.getTested());
  const auto indices = machine.decided(task, task.getTestedIndices());
  check_inside(task, tensor, indices, 1, 1);
  Number element = tensor.at(indices);
  Format format = tensor.memory->format;
  const auto target = static_cast<int64_t>(*task.getTarget());
  if (format.kind == Format::Kind::kUnsigned && target < 0) {  // below every unsigned element, whatever its bits
    format.kind = Format::Kind::kSigned;
    element.integer = 0;
  }
  const Number result = compare(format, relation_of(*task.getRelation()), element, Number::of_integer(target));
  const bool runs = machine.decided(task, result) != 0;
  machine.recorder.test(tensor, indices, runs);
  return runs;
}

template <typename TaskOp>
uint32_t begin_task(Machine& machine, TaskOp task) {
  const uint32_t event = machine.recorder.begin(Event::Kind::kTask, task);
  for (const Value ids : task.getDependencies()) machine.recorder.name_tasks(machine.get(ids), false);
  if constexpr (std::is_same_v<TaskOp, tw::SubmitOp>) {
    for (const Value id : task.getDerived()) machine.recorder.name_tasks(machine.get(id), true);
  }
  return event;
}

void log_arguments(Machine& machine, tw::SubmitOp submit) {
  for (const auto& [i, operand] : llvm::enumerate(submit.getOperands_())) {
    if (!isa<tw::DeviceTensorType>(operand.getType())) continue;
    const auto number = static_cast<unsigned>(i);
    machine.recorder.add_argument(machine.tensor(operand), number, submit.direction(number));
  }
}

void log_arguments(Machine& machine, tw::AtOp at) {
  for (const auto& [i, operand] : llvm::enumerate(at.getNoDep()))
    machine.recorder.add_argument(machine.tensor(operand), static_cast<unsigned>(i), tw::Direction::kNoDep);
}

/// Calls `run` for each block of the task.
template <typename TaskOp>
void for_each_block(Machine& machine, TaskOp task, llvm::function_ref<void()> run) {
  const int64_t blocks = task.getBlocks() ? machine.decided(task, task.getBlocks()) : 1;
  if (blocks < 1 || blocks > std::numeric_limits<int16_t>::max()) {
    fail(task, ErrorCode::kInvalidArgument, fmt::format("has {} blocks; a task has 1 to {}", blocks, std::numeric_limits<int16_t>::max()));
  }
  const uint32_t event = begin_task(machine, task);
  log_arguments(machine, task);
  const bool runs = is_to_run(machine, task);
  machine.in_task = true;
  for (int64_t block = 0; runs && block < blocks; ++block) {
    machine.core = {block, blocks, 0};
    run();
  }
  machine.in_task = false;
  machine.core = {};
  machine.set(task.getTask(), Task{event});
}

void run_at(Machine& machine, tw::AtOp at) {
  for_each_block(machine, at, [&] {
    if (!at.getBody().empty()) machine.run_block(at.getBody().front());
  });
}

/// Whether a kernel runs on the cube core: as it says, or if it has not been decided, because it multiplies.
bool is_cube(tile::FuncOp kernel) {
  if (kernel.getCore()) return *kernel.getCore() == tile::Core::kAic;
  const WalkResult found = kernel->walk([](Operation* op) {
    const tile::OperatorInfo* info = tile::operator_info(op);
    return info != nullptr && info->place == tile::Place::kCube ? WalkResult::interrupt() : WalkResult::advance();
  });
  return found.wasInterrupted();
}

void run_submit(Machine& machine, tw::SubmitOp submit) {
  std::vector<Datum> arguments;
  for (const Value operand : submit.getOperands_()) arguments.push_back(machine.get(operand));
  for_each_block(machine, submit, [&] {
    int64_t vector_cores = 0;
    for (const auto name : submit.getKernels().getAsRange<FlatSymbolRefAttr>()) {
      tile::FuncOp kernel = machine.kernel_named(submit, name);
      machine.core.subblock = is_cube(kernel) ? 0 : vector_cores++;
      machine.run_kernel(kernel, arguments);
    }
  });
}

void run_dummy(Machine& machine, tw::DummyOp dummy) { machine.set(dummy.getTask(), Task{begin_task(machine, dummy)}); }
void run_no_task(Machine& machine, tw::NoTaskOp none) { machine.set(none.getTask(), Task{}); }
void run_is_task(Machine& machine, tw::IsTaskOp is) {
  machine.set(is.getNamed(), Number::of_integer(std::get<Task>(machine.get(is.getTask())).named() ? 1 : 0));
}

// ---- arrays of ids

void run_no_tasks(Machine& machine, tw::NoTasksOp none) {
  machine.set(none.getTasks(), Tasks(static_cast<size_t>(none.getTasks().getType().getCount())));
}

Task& task_at(Operation* op, Tasks& tasks, int64_t index) {
  if (index >= 0 && static_cast<size_t>(index) < tasks.size()) return tasks[static_cast<size_t>(index)];
  fail(op, ErrorCode::kOutOfBounds, fmt::format("takes number {} of {} task ids", index, tasks.size()));
}

void run_get_task(Machine& machine, tw::GetTaskOp get) {
  Tasks tasks = std::get<Tasks>(machine.get(get.getTasks()));
  machine.set(get.getTask(), task_at(get, tasks, machine.decided(get, get.getIndex())));
}

void run_set_task(Machine& machine, tw::SetTaskOp set) {
  Tasks tasks = std::get<Tasks>(machine.get(set.getTasks()));
  task_at(set, tasks, machine.decided(set, set.getIndex())) = std::get<Task>(machine.get(set.getTask()));
  machine.set(set.getResult(), std::move(tasks));
}

// ---- the device

void run_cluster_count(Machine& machine, tw::ClusterCountOp count) {
  machine.set(count.getCount(), Number::of_integer(machine.options.cluster_count));
}
void run_aiv_count(Machine& machine, tw::AivCountOp count) { machine.set(count.getCount(), Number::of_integer(machine.options.aiv_count)); }

}  // namespace

void add_tasks(Handlers& handlers) {
  add_handler<tw::ScopeOp, run_scope>(handlers);
  add_handler<tw::AtOp, run_at>(handlers);
  add_handler<tw::SubmitOp, run_submit>(handlers);
  add_handler<tw::DummyOp, run_dummy>(handlers);
  add_handler<tw::NoTaskOp, run_no_task>(handlers);
  add_handler<tw::IsTaskOp, run_is_task>(handlers);
  add_handler<tw::NoTasksOp, run_no_tasks>(handlers);
  add_handler<tw::GetTaskOp, run_get_task>(handlers);
  add_handler<tw::SetTaskOp, run_set_task>(handlers);
  add_handler<tw::ClusterCountOp, run_cluster_count>(handlers);
  add_handler<tw::AivCountOp, run_aiv_count>(handlers);
}

}  // namespace tilewright::interpret
