#include "platform/sim_runtime.h"

#include <fmt/format.h>

#include <cstdarg>
#include <cstring>
#include <vector>

#include "base/log.h"
#include "platform/crash_report.h"
#include "pto_orchestration_api.h"
#include "task/status.h"

namespace tilewright {
namespace {

std::string format_list(const char* format, va_list list) {
  va_list again;
  va_copy(again, list);
  const int length = std::vsnprintf(nullptr, 0, format, again);
  va_end(again);
  std::string text(length > 0 ? static_cast<size_t>(length) : 0, '\0');
  std::vsnprintf(text.data(), text.size() + 1, format, list);
  return text;
}

#define TW_LOG_FUNCTION(name, level)                               \
  void name(const char* func, const char* format, ...) {           \
    if (level < log_level()) return;                               \
    va_list list;                                                  \
    va_start(list, format);                                        \
    log(level, func, std::string_view(format_list(format, list))); \
    va_end(list);                                                  \
  }
TW_LOG_FUNCTION(log_error_function, LogLevel::kError)
TW_LOG_FUNCTION(log_warn_function, LogLevel::kWarn)
TW_LOG_FUNCTION(log_timing_function, LogLevel::kTiming)
TW_LOG_FUNCTION(log_info_function, LogLevel::kInfo)
TW_LOG_FUNCTION(log_debug_function, LogLevel::kDebug)
#undef TW_LOG_FUNCTION

}  // namespace

// Tells the scheduler what the graph has published since the last time.
void SimRuntime::announce_published() {
  for (const uint64_t published = graph_->published_count(); announced_ != published; ++announced_) scheduler_->published();
}

template <typename Submit>
[[gnu::always_inline]] inline TaskOutputTensors SimRuntime::submit(Submit&& submit_once) {
  TaskOutputTensors outputs;
  while (!scheduler_->stopped()) {
    const SubmitState state = submit_once(outputs);
    if (state == SubmitState::kAccepted) [[likely]] {
      if (graph_->published_count() == announced_ + 1) [[likely]] {
        ++announced_;
        scheduler_->published();
      } else {
        announce_published();
      }
      return outputs;
    }
    not_accepted(state);
  }
  outputs = TaskOutputTensors();
  return outputs;
}

// Waits until it is worth trying again, or ends the run.
void SimRuntime::not_accepted(SubmitState state) {
  if (state == SubmitState::kFatal) return scheduler_->stop();
  scheduler_->wait_for_room(graph_->blocking_task());
  if (waited_in_vain()) graph_->fail(graph_->full_code(), graph_->full_text() + ", and what is in it can no longer complete");
}

struct SimRuntime::Ops {
  static SimRuntime& of(PTO2Runtime* rt) { return *static_cast<SimRuntime*>(rt); }

  static TaskOutputTensors submit_task(PTO2Runtime* rt, const MixedKernels& kernels, const CoreTaskArgs& args) {
    SimRuntime& runtime = of(rt);
    if (GraphRecorder* recorder = runtime.recorder(); recorder != nullptr) [[unlikely]] {
      return runtime.record([&](TaskOutputTensors& outputs) { return recorder->submit(kernels, args, outputs); });
    }
    return runtime.submit([&](TaskOutputTensors& outputs) { return runtime.graph_->submit(kernels, args, outputs); });
  }
  static TaskOutputTensors submit_dummy_task(PTO2Runtime* rt, const CoreTaskArgs& args) {
    SimRuntime& runtime = of(rt);
    return runtime.submit_dummy(args);
  }
  static TaskOutputTensors alloc_tensors(PTO2Runtime* rt, const CoreTaskArgs& args) {
    SimRuntime& runtime = of(rt);
    if (GraphRecorder* recorder = runtime.recorder(); recorder != nullptr) {
      return runtime.record([&](TaskOutputTensors& outputs) { return recorder->graph().allocate(args, outputs); });
    }
    return runtime.submit([&](TaskOutputTensors& outputs) { return runtime.graph_->allocate(args, outputs); });
  }
  static void scope_begin(PTO2Runtime* rt) {
    SimRuntime& runtime = of(rt);
    runtime.target().begin_scope(rt->pending_scope_mode);
    runtime.stop_if_fatal();
  }
  static void scope_end(PTO2Runtime* rt) {
    SimRuntime& runtime = of(rt);
    runtime.target().end_scope();
    runtime.announce_published();
    runtime.stop_if_fatal();
  }
  static void orchestration_done(PTO2Runtime*) {}  // the entry's return says it
  static bool is_fatal(PTO2Runtime* rt) { return of(rt).graph_->is_fatal() || of(rt).scheduler_->stopped(); }
  static void report_fatal(PTO2Runtime* rt, int32_t code, const char* func, const char* format, ...) {
    va_list list;
    va_start(list, format);
    std::string text = fmt::format("{}: {}", func, format_list(format, list));
    va_end(list);
    of(rt).fail(code, std::move(text));
  }
  static uint64_t get_tensor_data(PTO2Runtime* rt, const ChipTensor& tensor, uint32_t ndims, const uint32_t indices[]) {
    uint64_t bits = 0;
    if (!of(rt).wait_for_element(tensor, ndims, indices, false)) return bits;
    const uint64_t size = get_element_size(tensor.dtype);
    std::memcpy(&bits, reinterpret_cast<const void*>(tensor.buffer.addr + tensor.compute_flat_offset(indices, ndims) * size), size);
    return bits;
  }
  static void set_tensor_data(PTO2Runtime* rt, const ChipTensor& tensor, uint32_t ndims, const uint32_t indices[], uint64_t value) {
    if (!of(rt).wait_for_element(tensor, ndims, indices, true)) return;
    const uint64_t size = get_element_size(tensor.dtype);
    std::memcpy(reinterpret_cast<void*>(tensor.buffer.addr + tensor.compute_flat_offset(indices, ndims) * size), &value, size);
  }
  static int32_t available_cluster_count(PTO2Runtime* rt) { return of(rt).aic_cores_; }
  static int32_t available_aiv_count(PTO2Runtime* rt) { return 2 * of(rt).aic_cores_; }
  static GraphScopeResult graph_begin(PTO2Runtime* rt, uint64_t key, const GraphTaskArgs& args) {
    SimRuntime& runtime = of(rt);
    return runtime.go_on_with_graph(runtime.graphs_->begin(key, args));
  }
  static bool graph_prepare(PTO2Runtime* rt, void* handle, const GraphTaskArgs&) {
    return handle != nullptr && handle == of(rt).recorder();
  }
  static void graph_abort(PTO2Runtime* rt, void* handle) {
    GraphRecorder* const recorder = of(rt).recorder();
    if (recorder != nullptr && handle == recorder) recorder->refuse("rt_graph_abort was called");
  }
  static GraphScopeResult graph_end(PTO2Runtime* rt, bool may_repeat) {
    SimRuntime& runtime = of(rt);
    return runtime.go_on_with_graph(runtime.graphs_->end(may_repeat));
  }
  static void graph_commit(PTO2Runtime*) {}  // nothing is left open when a graph has been ended

  static void add_dependency(PTO2Runtime* rt, PTO2TaskId producer, PTO2TaskId consumer) {
    SimRuntime& runtime = of(rt);
    runtime.target().add_dependency(producer, consumer);
    runtime.stop_if_fatal();
  }

  // One run at a time has its orchestration on a thread; the site belongs to the scope that begins next there.
  static thread_local SimRuntime* running;
  static void scope_set_site(const char* file, int line) {
    if (running != nullptr) running->target().set_scope_site(file, line);
  }

  static const PTO2RuntimeOps table;
};

thread_local SimRuntime* SimRuntime::Ops::running = nullptr;

const PTO2RuntimeOps SimRuntime::Ops::table = {
    PTO2_RUNTIME_OPS_VERSION,
    sizeof(PTO2RuntimeOps),
    submit_task,
    scope_begin,
    scope_end,
    orchestration_done,
    is_fatal,
    report_fatal,
    log_error_function,
    log_warn_function,
    log_timing_function,
    log_info_function,
    log_debug_function,
    get_tensor_data,
    set_tensor_data,
    alloc_tensors,
    submit_dummy_task,
    available_cluster_count,
    available_aiv_count,
    graph_begin,
    graph_prepare,
    graph_abort,
    graph_end,
    graph_commit,
    scope_set_site,
    add_dependency,
};

SimRuntime::SimRuntime() : PTO2Runtime{&Ops::table, PTO2ScopeMode::AUTO} {}

void SimRuntime::attach(Graph& graph, Scheduler& scheduler, int32_t aic_cores) {
  if (graphs_ == nullptr || graph_ != &graph) graphs_ = std::make_unique<RecordedGraphs>(graph);
  graph_ = &graph;
  scheduler_ = &scheduler;
  aic_cores_ = aic_cores;
}

void SimRuntime::begin_run(const std::vector<uint8_t>* kernel_lanes) {
  graphs_->begin_run(kernel_lanes, aic_cores_);
  pending_scope_mode = PTO2ScopeMode::AUTO;
  announced_ = 0;
}

constexpr CrashContext kOrchestrationContext{"orchestration", "orchestrator"};

void SimRuntime::make_current() {
  Ops::running = this;
  *crash_context() = kOrchestrationContext;
}

void SimRuntime::end_run() {
  Ops::running = nullptr;
  graphs_->end_run();
}

void SimRuntime::orchestrate(const std::string& name, const std::function<void(const ChipTaskArgs&)>& entry, const ChipTaskArgs& args) {
  try {
    entry(args);
  } catch (const std::exception& exception) {
    fail(PTO2_ERROR_EXPLICIT_ORCH_FATAL, fmt::format("orchestration {} threw an exception: {}", name, exception.what()));
  } catch (...) {
    fail(PTO2_ERROR_EXPLICIT_ORCH_FATAL, fmt::format("orchestration {} threw an exception", name));
  }
  graph_->finish_build();
  announce_published();
}

TaskOutputTensors SimRuntime::submit_dummy(const CoreTaskArgs& args) {
  if (GraphRecorder* to = recorder(); to != nullptr) {
    return record([&](TaskOutputTensors& outputs) { return to->submit_dummy(args, outputs); });
  }
  return submit([&](TaskOutputTensors& outputs) { return graph_->submit_dummy(args, outputs); });
}

// Into the recording. What breaks a rule there would break it without recording too.
template <typename Submit>
TaskOutputTensors SimRuntime::record(Submit&& submit_once) {
  TaskOutputTensors outputs;
  if (!scheduler_->stopped() && submit_once(outputs) == SubmitState::kAccepted) return outputs;
  stop_if_fatal();
  return TaskOutputTensors();
}

// What a step of a recorded graph means for its caller.
GraphScopeResult SimRuntime::go_on_with_graph(const RecordedGraphs::Next& next) {
  GraphScopeResult result;
  result.execute_block = next.step == RecordedGraphs::Step::kBody && !scheduler_->stopped();
  result.recording = result.execute_block;
  result.recording_handle = recorder();
  switch (next.step) {
    case RecordedGraphs::Step::kBody: break;
    case RecordedGraphs::Step::kFailed: stop_if_fatal(); break;
    case RecordedGraphs::Step::kReplay:
      result.task_id =
          submit([&](TaskOutputTensors& outputs) { return graph_->submit_graph(*next.args, *next.definition, outputs); }).task_id();
      break;
    case RecordedGraphs::Step::kJoin: {
      CoreTaskArgs join;
      join.set_dependencies(next.tasks.data(), static_cast<uint32_t>(next.tasks.size()));
      result.task_id = submit_dummy(join).task_id();
      break;
    }
  }
  return result;
}

bool SimRuntime::waited_in_vain() const {
  if (!scheduler_->stopped()) return false;
  const RunFailure::Kind kind = scheduler_->failure().kind;
  return kind == RunFailure::Kind::kStalled || kind == RunFailure::Kind::kDeadline;
}

void SimRuntime::stop_if_fatal() {
  if (const GraphRecorder* from = recorder(); from != nullptr && from->graph().is_fatal()) {
    graph_->fail(from->graph().error_code(), "in the body of a recorded graph: " + from->graph().error_text());
  }
  if (graph_->is_fatal()) scheduler_->stop();
}

void SimRuntime::fail(int32_t code, std::string text) {
  graph_->fail(code, std::move(text));
  scheduler_->stop();
}

bool SimRuntime::wait_for_element(const ChipTensor& tensor, uint32_t ndims, const uint32_t indices[], bool write) {
  if (graph_->is_fatal() || scheduler_->stopped()) return false;
  if (tensor.buffer.addr == 0) {
    log(LogLevel::kError, write ? "set_tensor_data" : "get_tensor_data", "the tensor has no memory: {}", tensor.dump());
    return false;
  }
  if (GraphRecorder* into = recorder(); into != nullptr) {  // the body will be called again, without being recorded
    into->refuse(write ? "it writes tensor data" : "it reads tensor data");
    if (write || GraphRecorder::is_virtual(tensor.buffer.addr)) return false;
  }
  if (!graph_->check_element(tensor, ndims, indices)) {
    scheduler_->stop();
    return false;
  }
  // Readers are not tracked one by one, and without automatic dependencies neither are writers: all that was published may use
  // the element.
  const bool all_tasks = write || !graph_->policy().automatic;
  if (!graph_->check_published(tensor, all_tasks)) {
    scheduler_->stop();
    return false;
  }
  static constexpr CrashWait kReads{"get_tensor_data", PTO2_ERROR_TENSOR_WAIT_TIMEOUT},
      kWrites{"set_tensor_data", PTO2_ERROR_TENSOR_WAIT_TIMEOUT};
  crash_wait().store(write ? &kWrites : &kReads);
  if (all_tasks) {
    scheduler_->wait_all();
  } else {
    std::vector<TaskRef> producers;
    graph_->collect_producers(tensor, producers);
    for (TaskRef producer : producers) {
      if (!graph_->table().is_done(producer)) scheduler_->wait_done(producer);
    }
  }
  crash_wait().store(nullptr);
  if (waited_in_vain()) {
    graph_->fail(PTO2_ERROR_TENSOR_WAIT_TIMEOUT, fmt::format("{} waited for tasks that can no longer complete: {}",
                                                             write ? "set_tensor_data" : "get_tensor_data", tensor.dump()));
  }
  if (graph_->is_observed() && !scheduler_->stopped()) {
    const uint64_t size = get_element_size(tensor.dtype);
    graph_->report_host_access(tensor, tensor.buffer.addr + tensor.compute_flat_offset(indices, ndims) * size, size, write, all_tasks);
  }
  return !scheduler_->stopped();
}

}  // namespace tilewright
