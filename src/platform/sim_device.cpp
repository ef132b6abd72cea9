// The simulated device: an arena for memory, the engine for tasks, the scheduler for cores, compiled kernels as code.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstring>
#include <functional>
#include <map>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/process.h"
#include "check/checker.h"
#include "exec/scheduler.h"
#include "graph/graph.h"
#include "graph/graph_definition.h"
#include "isa/core.h"
#include "isa/launch.h"
#include "platform/arena.h"
#include "platform/code_cache.h"
#include "platform/crash_report.h"
#include "platform/device.h"
#include "platform/run_observer.h"
#include "platform/sim_core.h"
#include "platform/sim_runtime.h"
#include "pto_orchestration_api.h"
#include "task/callable.h"
#include "task/status.h"

namespace tilewright {
namespace {

using Clock = std::chrono::steady_clock;

/// A callable on the device: its image and what the image says.
struct LoadedCallable {
  std::vector<uint8_t> image;
  CallableParts parts;                  ///< points into image
  std::vector<uint8_t> kernel_lanes;    ///< by func_id, for Graph
  std::vector<std::string> kernel_names;  ///< by func_id, for reports
};

uint8_t lanes_of(const KernelImage& kernel) {
  constexpr uint8_t kAiv = PTO2_SUBTASK_MASK_AIV0 | PTO2_SUBTASK_MASK_AIV1;
  if (!kernel.core_type) return PTO2_SUBTASK_MASK_AIC | kAiv;
  return *kernel.core_type == CoreType::AIC ? PTO2_SUBTASK_MASK_AIC : kAiv;
}

/// What the search for races is told of memory.
check::RaceMemory race_memory(const ChipStorageTaskArgs& args) {
  check::RaceMemory memory;
  for (int32_t i = 0; i < args.tensor_count(); ++i) {
    const ChipTensor& tensor = args.tensor(i);
    memory.tensors.push_back({tensor.buffer.addr, tensor.buffer.addr + tensor.buffer.size});
  }
  return memory;
}

class SimDevice final : public Device, public KernelRunner, public InterruptibleHost {
 public:
  SimDevice(const PlatformInfo& info, int arena_fd)
      : info_(info),
        arena_(arena_fd < 0 ? new DeviceArena(info.memory_bytes, kRuntimeHeapBytes) : new DeviceArena(arena_fd)),
        code_directory_(arena_fd < 0 ? new TemporaryDirectory : nullptr),
        code_(CodeCache::kDefaultLimit, code_directory_ ? code_directory_->path() : std::filesystem::path()) {}

  const PlatformInfo& platform() const override { return info_; }
  uint64_t allocate(uint64_t bytes) override { return arena_->allocate(bytes); }
  void free(uint64_t address) override { arena_->free(address); }
  void check_range(uint64_t address, uint64_t bytes) const override { arena_->check_range(address, bytes); }
  void copy_to_device(uint64_t address, const void* source, uint64_t bytes) override {
    arena_->check_range(address, bytes);
    std::memcpy(reinterpret_cast<void*>(address), source, bytes);
  }
  void copy_from_device(void* destination, uint64_t address, uint64_t bytes) override {
    arena_->check_range(address, bytes);
    std::memcpy(destination, reinterpret_cast<const void*>(address), bytes);
  }
  void load(uint32_t slot, std::span<const uint8_t> image) override;
  void unload(uint32_t slot) override;
  RunReport run(uint32_t slot, const ChipStorageTaskArgs& args, const CallConfig& config, const RunOptions& options) override;

  // KernelRunner and CoreHost: called on worker fibers.
  bool run(const KernelCall& call) override;
  const TaskSlot* run_row(CoreType kind, int32_t core, const TaskSlot* task, TaskRow& row) override;
  bool run_nodes(NodeRun& nodes) override;
  void stage(const KernelCall& call) override;
  std::shared_ptr<void> share(const TaskSlot&) override { return std::make_shared<LaunchSlot>(); }
  std::string stack_of_caller() override { return describe_own_stack(); }
  void on_orchestration() override { runtime_.make_current(); }
  void on_thread_start() override { install_crash_stack(); }
  void yield() override;
  void interrupt() override;
  void wait(const CoreWait& condition) override;
  void notify() override;
  [[noreturn]] void fail(int code, const std::string& text) override;

 private:
  void prepare_engine(const CallConfig& config, const RunOptions& options, const GraphPolicy& policy);
  void bind_code(uint32_t slot, LoadedCallable& callable, bool interruptible);
  void forget_earlier_runs();
  void bind_entry(const CodeObject& orchestration, const CallableParts& parts);
  void check_arguments(const LoadedCallable& callable, const ChipTaskArgs& args);
  void complete_later(const KernelCall& call, const SimCore& core);
  void report_timing(RunReport& report) const;
  void throw_if_failed() const;
  /// In process, where a debugger or a test watches, nothing ends by itself.
  RunLimits limits_of(const RunOptions& options) const {
    if (code_directory_ != nullptr) return {};
    const Deadline deadline = Deadline::of(options.deadline_ms);
    constexpr uint64_t kNsPerMs = 1'000'000;
    const uint64_t ms = std::min(deadline.cpu_ms, UINT64_MAX / 2 / kNsPerMs);
    return {.device_ns = ms * kNsPerMs, .waived = deadline.waived_if_traced ? traced_by_debugger : nullptr};
  }
  std::unique_ptr<Checker> make_checker(const RunOptions& options) const;
  SimCore& core(CoreType type, int32_t index) { return *(type == CoreType::AIC ? aic_ : aiv_)[static_cast<size_t>(index)]; }

  const PlatformInfo& info_;
  std::unique_ptr<DeviceArena> arena_;
  std::map<uint32_t, LoadedCallable> callables_;
  std::unique_ptr<TemporaryDirectory> code_directory_;  ///< in process: code lies in files, where a debugger finds it
  CodeCache code_;

  // The engine, kept from run to run while its settings stay the same.
  RingSizes sizes_;
  int32_t threads_ = 0;
  int32_t aic_cores_ = 0;
  std::vector<std::unique_ptr<SimCore>> aic_, aiv_;
  std::unique_ptr<Graph> graph_;
  std::unique_ptr<Scheduler> scheduler_;

  // The run under way.
  SimRuntime runtime_;
  const LoadedCallable* callable_ = nullptr;
  std::vector<CodeCache::Pin> pins_;
  struct Kernel {
    KernelFunction* entry = nullptr;
    const char* name = nullptr;  ///< for reports
    const KernelImage* image = nullptr;
  };
  const Kernel& kernel_of(const KernelCall& call) const { return kernels_[static_cast<size_t>(call.task->kernel_ids[call.lane])]; }
  std::vector<Kernel> kernels_;  ///< by func_id
  std::unique_ptr<check::Races> races_;  ///< of a run that looks for them; null otherwise
  std::unique_ptr<Checker> checker_;     ///< of such a run and of a checked one; null otherwise
  std::function<void(const ChipTaskArgs&)> entry_;
  std::function<PTO2OrchestrationConfig(const ChipTaskArgs&)> config_;  ///< empty if the callable has none
};

// ---- callables ------------------------------------------------------------------------------------------

constexpr uint32_t kOrchestrationKey = UINT32_MAX;
CodeCache::Key code_key(uint32_t slot, uint32_t part) { return uint64_t{slot} << 32 | part; }

void SimDevice::load(uint32_t slot, std::span<const uint8_t> image) {
  LoadedCallable callable;
  callable.image.assign(image.begin(), image.end());
  callable.parts = parse_chip_callable(callable.image);
  for (const KernelImage& kernel : callable.parts.kernels) {
    const size_t id = static_cast<size_t>(kernel.func_id);
    if (callable.kernel_lanes.size() <= id) {
      callable.kernel_lanes.resize(id + 1, 0);
      callable.kernel_names.resize(id + 1);
    }
    callable.kernel_lanes[id] = lanes_of(kernel);
    callable.kernel_names[id] = kernel.name.empty() ? fmt::format("func_id {}", id) : fmt::format("{} (func_id {})", kernel.name, id);
  }
  unload(slot);
  callables_.emplace(slot, std::move(callable));
}

void SimDevice::unload(uint32_t slot) {
  const auto at = callables_.find(slot);
  if (at == callables_.end()) return;
  code_.erase(code_key(slot, kOrchestrationKey));
  for (const KernelImage& kernel : at->second.parts.kernels) code_.erase(code_key(slot, static_cast<uint32_t>(kernel.func_id)));
  callables_.erase(at);
}

// An orchestration in another spelling exports how its functions are called (include/aicpu_build_graph).
void SimDevice::bind_entry(const CodeObject& orchestration, const CallableParts& parts) {
  using Any = void (*)();
  using CallEntry = void(Any, const ChipTaskArgs&);
  using CallConfig = PTO2OrchestrationConfig(Any, const ChipTaskArgs&);
  const auto entry = orchestration.function<void(const ChipTaskArgs&)>(parts.entry_name.c_str());
  const auto config = reinterpret_cast<PTO2OrchestrationConfig (*)(const ChipTaskArgs&)>(
      parts.config_name.empty() ? nullptr : orchestration.find(parts.config_name.c_str()));
  entry_ = entry;
  config_ = config != nullptr ? decltype(config_)(config) : nullptr;
  if (void* const call = orchestration.find("framework_call_entry"); call != nullptr) {
    entry_ = [call = reinterpret_cast<CallEntry*>(call), entry](const ChipTaskArgs& args) { call(reinterpret_cast<Any>(entry), args); };
  }
  if (void* const call = orchestration.find("framework_call_config"); call != nullptr && config != nullptr) {
    config_ = [call = reinterpret_cast<CallConfig*>(call), config](const ChipTaskArgs& args) {
      return call(reinterpret_cast<Any>(config), args);
    };
  }
}

void SimDevice::bind_code(uint32_t slot, LoadedCallable& callable, bool interruptible) {
  pins_.clear();
  pins_.push_back(code_.acquire(code_key(slot, kOrchestrationKey), callable.parts.orchestration, "orchestration.so"));
  const CodeObject& orchestration = *pins_.back();
  bind_entry(orchestration, callable.parts);
  if (config_ == nullptr && !callable.parts.config_name.empty()) {
    log(LogLevel::kInfo, "orchestration", "no {} in the callable: the number of arguments is not checked", callable.parts.config_name);
  }
  const uint32_t version = orchestration.function<uint32_t()>("framework_ops_version")();
  if (version != PTO2_RUNTIME_OPS_VERSION) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("the callable was built for runtime interface {}, this is {}", version, PTO2_RUNTIME_OPS_VERSION),
                "build it again with this version's headers");
  }
  orchestration.function<void(PTO2Runtime*)>("framework_bind_runtime")(&runtime_);

  kernels_.assign(callable.kernel_lanes.size(), {});
  for (const KernelImage& kernel : callable.parts.kernels) {
    const size_t id = static_cast<size_t>(kernel.func_id);
    pins_.push_back(code_.acquire(code_key(slot, static_cast<uint32_t>(id)), kernel.binary, fmt::format("kernel_{}.so", id)));
    kernels_[id] = {bind_kernel(*pins_.back(), core_arch(info_.arch), interruptible), callable.kernel_names[id].c_str(), &kernel};
  }
}

// ---- runs -----------------------------------------------------------------------------------------------

void SimDevice::prepare_engine(const CallConfig& config, const RunOptions& options, const GraphPolicy& policy) {
  const RingSizes sizes = used_rings(resolve_ring_sizes(config.runtime_env), policy);
  const int32_t threads = options.check || options.check_races ? 1
                          : options.host_threads > 0           ? options.host_threads
                                                               : std::max(1, static_cast<int32_t>(std::thread::hardware_concurrency()));
  const int32_t aic_cores = options.aic_cores > 0 ? options.aic_cores : info_.aic_cores;
  if (aic_cores > info_.aic_cores) {
    throw Error(ErrorCode::kLimitExceeded, fmt::format("{} AIC cores asked for, {} has {}", aic_cores, info_.name, info_.aic_cores));
  }
  uint64_t heap_bytes = 0;
  for (uint64_t bytes : sizes.heap_bytes) heap_bytes += (bytes + 4095) / 4096 * 4096;
  if (heap_bytes > arena_->runtime_bytes()) {
    throw Error(ErrorCode::kDeviceMemory,
                fmt::format("the heap rings need {} bytes, the device keeps {} for them", heap_bytes, arena_->runtime_bytes()),
                "lower ring_heap");
  }
  if (scheduler_ != nullptr && sizes == sizes_ && threads == threads_ && aic_cores == aic_cores_) return;
  scheduler_.reset();
  graph_ = std::make_unique<Graph>(sizes, arena_->runtime_base());
  graph_->set_cores(aic_cores);
  graph_->set_threads(threads);
  aic_.clear();
  aiv_.clear();
  for (int32_t i = 0; i < aic_cores; ++i) aic_.push_back(std::make_unique<SimCore>(info_, CoreType::AIC, i, this));
  for (int32_t i = 0; i < 2 * aic_cores; ++i) aiv_.push_back(std::make_unique<SimCore>(info_, CoreType::AIV, i, this));
  scheduler_ = std::make_unique<Scheduler>(graph_->table(), *this, threads, aic_cores);
  sizes_ = sizes;
  threads_ = threads;
  aic_cores_ = aic_cores;
}

// What a kernel reads before anybody wrote it must not depend on what ran before.
void SimDevice::forget_earlier_runs() {
  for (auto* cores : {&aic_, &aiv_}) {
    for (const auto& core : *cores) core->clear_memory();
  }
  arena_->clear_runtime();
}

RunReport SimDevice::run(uint32_t slot, const ChipStorageTaskArgs& args, const CallConfig& config, const RunOptions& options) {
  require_supported(config);
  config.validate();
  const auto at = callables_.find(slot);
  if (at == callables_.end()) throw Error(ErrorCode::kUnknownHandle, fmt::format("no callable is loaded in slot {}", slot));
  const GraphPolicy policy = policy_of(options);
  prepare_engine(config, options, policy);
  runtime_.attach(*graph_, *scheduler_, aic_cores_);
  callable_ = &at->second;
  bind_code(slot, at->second, options.sim_seed != 0);
  if (options.sim_seed != 0) forget_earlier_runs();
  ChipTaskArgs entry_args;
  entry_args.create_from_chip_args(args);
  check_arguments(at->second, entry_args);

  RunReport report;
  if (options.check_races) races_ = std::make_unique<check::Races>(race_memory(args));
  RunObserver observer(options.record_dependencies ? &report : nullptr, races_.get(), pins_.front()->find("framework_ops_version"));
  if (options.check || options.check_races) checker_ = make_checker(options);
  graph_->begin_run(&callable_->kernel_lanes, options.record_dependencies || options.check_races ? &observer : nullptr, policy);
  runtime_.begin_run(&callable_->kernel_lanes);
  const Clock::time_point start = Clock::now();
  try {
    scheduler_->run([&] { runtime_.orchestrate(callable_->parts.entry_name, entry_, entry_args); }, limits_of(options),
                    {options.sim_seed, options.sim_log});
  } catch (const Error& error) {
    throw DeviceFailed(error);  // no error of the program: those are in failure()
  }
  report.run_ns = static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count());
  runtime_.end_run();
  *crash_context() = CrashContext{};
  set_current_core(nullptr);
  graph_->end_run();
  const std::unique_ptr<check::Races> races = std::move(races_);
  const std::unique_ptr<Checker> checker = std::move(checker_);
  if (checker != nullptr) report.check = checker->report();
  if (races != nullptr) report.races = checker->race_report();
  try {
    throw_if_failed();
  } catch (const Error& error) {
    // What ends a run is often what the checker has to say something about.
    if (report.check.clean() && report.races.clean()) throw;
    throw Error(error.code(), error.message() + "\n" + format_check_report(report.check) + format_race_report(report.races), error.hint(),
                error.status());
  }

  report.task_count = graph_->task_count();
  const std::array<uint64_t, 3> edge_count = graph_->edge_count();
  std::copy(edge_count.begin(), edge_count.end(), report.edge_count);
  report.aic_cores_used = scheduler_->cores_used(CoreType::AIC);
  report.aiv_cores_used = scheduler_->cores_used(CoreType::AIV);
  std::copy(sizes_.task_window.begin(), sizes_.task_window.end(), report.task_window);
  std::copy(sizes_.heap_bytes.begin(), sizes_.heap_bytes.end(), report.heap_bytes);
  report.staged_early = scheduler_->staged_early();
  if (const SeededRun* const seeded = scheduler_->seeded()) {
    report.run_ns = seeded->now();
    report.sim_events = seeded->log().events();
    report.sim_digest = seeded->log().digest();
  }
  report_timing(report);
  return report;
}

void SimDevice::report_timing(RunReport& report) const {
  for (int32_t i = 0; i < TimingSlots::kCount; ++i) {
    const TimingSlots::Span span = scheduler_->timing(i);
    if (!span.used()) continue;
    report.timing_slots[i] = {span.first_dispatch_ns, span.last_finish_ns};
    log(LogLevel::kTiming, "run", "task_slot_{} dispatch_ns={} finish_ns={} dur_ns={}", i, span.first_dispatch_ns, span.last_finish_ns,
        span.last_finish_ns - span.first_dispatch_ns);
  }
}

void SimDevice::check_arguments(const LoadedCallable& callable, const ChipTaskArgs& args) {
  if (config_ == nullptr) return;
  const int expected = config_(args).expected_arg_count;
  const int actual = args.tensor_count() + args.scalar_count();
  if (expected <= 0 || actual >= expected) return;
  throw Error(ErrorCode::kSignatureMismatch,
              fmt::format("orchestration {} expects at least {} arguments, {} were given ({} tensors, {} scalars)",
                          callable.parts.entry_name, expected, actual, args.tensor_count(), args.scalar_count()),
              {}, -1);
}

void SimDevice::throw_if_failed() const {
  const RunFailure& failure = scheduler_->failure();
  std::string schedule;
  if (const SeededRun* const seeded = scheduler_->seeded())
    schedule = fmt::format("\n  schedule: {} events, digest {:016x}", seeded->log().events(), seeded->log().digest());
  if (failure.kind == RunFailure::Kind::kKernel && failure.status == 0) throw Error(ErrorCode::kRunFailed, failure.text + schedule);
  if (failure.kind == RunFailure::Kind::kNone && !graph_->is_fatal()) return;
  const ErrorCode error = failure.kind == RunFailure::Kind::kStalled    ? ErrorCode::kDeadlock
                          : failure.kind == RunFailure::Kind::kDeadline ? ErrorCode::kDeadline
                                                                        : ErrorCode::kRunFailed;
  const int32_t status = runtime_status_from_error_codes(graph_->error_code(), failure.status);
  std::string text = graph_->error_text();
  if (!text.empty() && !failure.text.empty()) text += "; ";
  text += failure.text + schedule;
  throw Error(error, fmt::format("run failed with code {} ({}): {}", status, status_name(-status), text), status_hint(-status), status);
}

std::unique_ptr<Checker> SimDevice::make_checker(const RunOptions& options) const {
  auto checker = std::make_unique<Checker>(CheckOptions{.faults = options.check,
                                                        .device_begin = arena_->base(),
                                                        .device_end = arena_->runtime_base() + arena_->runtime_bytes(),
                                                        .races = races_.get()});
  checker->add_code(pins_.front()->find("framework_ops_version"), callable_->parts.orchestration);
  for (const Kernel& kernel : kernels_) {
    if (kernel.image != nullptr) checker->add_code(reinterpret_cast<const void*>(kernel.entry), kernel.image->binary);
  }
  return checker;
}

// ---- kernels --------------------------------------------------------------------------------------------

std::string who(const SimCore& core) {
  return fmt::format("kernel {} on {} (block {} of {})", core.kernel_name(), core.name(), core.block_idx, core.block_num);
}

bool SimDevice::run(const KernelCall& call) {
  SimCore& core = this->core(call.kind, call.core);
  const Kernel& kernel = kernel_of(call);
  int64_t* args = call.staged ? core.arguments() : core.prepare(call, kernel.name);
  core.make_current();
  if (checker_ != nullptr) [[unlikely]]
    checker_->begin_kernel(
        core, {kernel.name, {call.task->tensors(), call.task->tensor_count}, kernel.image->signature, graph_->id_of(*call.task)});
  try {
    kernel.entry(args);
  } catch (const std::exception& exception) {
    fail(static_cast<int>(ErrorCode::kRunFailed), fmt::format("threw an exception: {}", exception.what()));
  } catch (...) {
    fail(static_cast<int>(ErrorCode::kRunFailed), "threw an exception");
  }
  core.leave_kernel();
  if (checker_ != nullptr) [[unlikely]]
    checker_->end_kernel(core);
  if (!core.has_completions()) [[likely]]
    return true;
  complete_later(call, core);
  return false;
}

const TaskSlot* SimDevice::run_row(CoreType kind, int32_t index, const TaskSlot* task, TaskRow& row) {
  if (checker_ != nullptr) [[unlikely]]
    return KernelRunner::run_row(kind, index, task, row);  // each through run(), which tells the checker
  SimCore& core = this->core(kind, index);
  const int32_t lane = kind == CoreType::AIC ? 0 : 1;
  int64_t* const args = core.prepare_row();
  core.make_current();
  try {
    do {
      const Kernel& kernel = kernels_[static_cast<size_t>(task->kernel_ids[lane])];
      core.set_arguments(*task);
      core.begin_kernel(kernel.name);
      kernel.entry(args);
      core.leave_kernel();
      if (core.has_completions()) [[unlikely]]
        break;
      task = row.next();
    } while (task != nullptr);
  } catch (const std::exception& exception) {
    fail(static_cast<int>(ErrorCode::kRunFailed), fmt::format("threw an exception: {}", exception.what()));
  } catch (...) {
    fail(static_cast<int>(ErrorCode::kRunFailed), "threw an exception");
  }
  if (task != nullptr) complete_later({task, kind, index, lane, 0}, core);
  return task;
}

bool SimDevice::run_nodes(NodeRun& nodes) {
  if (checker_ != nullptr) [[unlikely]]
    return true;  // each through run(), which tells the checker
  SimCore& core = this->core(nodes.kind, nodes.core);
  const uint8_t lane = nodes.kind == CoreType::AIC ? 0 : 1;
  int64_t* const args = core.prepare_row();
  core.make_current();
  try {
    while (nodes.node.load(std::memory_order_relaxed) != nodes.end) {
      const NodeHeader header = std::bit_cast<NodeHeader>(*nodes.words);
      if (header.lane != lane) break;
      for (uint32_t i = 0; i < header.argument_count; ++i) args[i] = static_cast<int64_t>(nodes.words[1 + i]);
      const Kernel& kernel = kernels_[header.kernel];
      core.begin_kernel(kernel.name);
      kernel.entry(args);
      if (nodes.handed_over.load(std::memory_order_relaxed) || core.has_completions()) [[unlikely]] {
        nodes.returned = true;
        break;
      }
      nodes.words += 1 + header.argument_count;
      if (!nodes.advance()) [[unlikely]]
        break;
    }
  } catch (const std::exception& exception) {
    fail(static_cast<int>(ErrorCode::kRunFailed), fmt::format("threw an exception: {}", exception.what()));
  } catch (...) {
    fail(static_cast<int>(ErrorCode::kRunFailed), "threw an exception");
  }
  core.leave_kernel();
  if (!core.has_completions()) return true;
  complete_later({&nodes.tasks[nodes.node], nodes.kind, nodes.core, lane, 0}, core);
  return false;
}

void SimDevice::stage(const KernelCall& call) { core(call.kind, call.core).prepare(call, kernel_of(call).name); }

// The kernel registered conditions: its task is over when they hold.
void SimDevice::complete_later(const KernelCall& call, const SimCore& core) {
  const DeferredCompletionSlab& slab = core.completions();
  const auto refuse = [&](int32_t status, const std::string& why) {
    scheduler_->fail_kernel(fmt::format("{} {}", who(core), why), status);
  };
  if (slab.error_code == PTO2_ERROR_ASYNC_COMPLETION_INVALID)
    refuse(slab.error_code, "registered a completion condition without a counter");
  if (slab.error_code == PTO2_ERROR_ASYNC_WAIT_OVERFLOW) {
    refuse(slab.error_code, fmt::format("registered more than {} completion conditions", MAX_COMPLETIONS_PER_TASK));
  }
  if (slab.error_code != 0) refuse(slab.error_code, fmt::format("set completion error {}", slab.error_code));
  std::vector<CounterCondition> conditions;
  for (uint32_t i = 0; i < slab.count; ++i) {
    const DeferredCompletionEntry& entry = slab.entries[i];
    if (entry.completion_type != COMPLETION_TYPE_COUNTER) {
      refuse(
          PTO2_ERROR_ASYNC_COMPLETION_INVALID,
          fmt::format("registered completion condition {} of type {}; a simulated device has counters (0) only", i, entry.completion_type));
    }
    const bool inside = entry.addr >= arena_->base() && entry.addr < arena_->runtime_base() + arena_->runtime_bytes();
    if (!inside || entry.addr % sizeof(uint32_t) != 0) {
      refuse(PTO2_ERROR_ASYNC_COMPLETION_INVALID,
             fmt::format("registered completion condition {} on counter {:#x}, which is not a 4-byte aligned address in device memory", i,
                         entry.addr));
    }
    conditions.push_back({reinterpret_cast<const uint32_t*>(entry.addr), entry.expected_value});
  }
  scheduler_->complete_later(call, conditions, who(core));
}

/// A kernel that polls, for reports.
struct NamedPoll {
  const SimCore& core;
  static std::string describe(const void* self) { return who(static_cast<const NamedPoll*>(self)->core) + " polls memory"; }
};

/// A condition with the core that waits, for reports.
struct NamedWait {
  const CoreWait& condition;
  const SimCore& core;

  static bool ready(const void* self) {
    const CoreWait& condition = static_cast<const NamedWait*>(self)->condition;
    return condition.ready(condition.data);
  }
  static std::string describe(const void* self) {
    const auto& [condition, core] = *static_cast<const NamedWait*>(self);
    return fmt::format("{} waits for {}", who(core), condition.describe(condition.data));
  }
};

void SimDevice::yield() {
  SimCore& core = SimCore::of(*current_core());
  const NamedPoll named{core};
  const KernelWait who{nullptr, &named, NamedPoll::describe};
  scheduler_->yield(&who);
  core.make_current();  // other kernels ran on this thread meanwhile
}

void SimDevice::notify() {
  SimCore& core = SimCore::of(*current_core());
  if (scheduler_->notify()) core.make_current();  // other kernels ran on this thread meanwhile
}

void SimDevice::interrupt() {
  SimCore& core = SimCore::of(*current_core());
  if (scheduler_->instruction()) core.make_current();  // other kernels ran on this thread meanwhile
}

void SimDevice::wait(const CoreWait& condition) {
  SimCore& core = SimCore::of(*current_core());
  const NamedWait named{condition, core};
  scheduler_->wait({NamedWait::ready, &named, NamedWait::describe});
  core.make_current();  // other kernels ran on this thread meanwhile
}

void SimDevice::fail(int, const std::string& text) {
  const SimCore& core = SimCore::of(*current_core());
  scheduler_->fail_kernel(fmt::format("kernel {} on {}: {}", core.kernel_name(), core.name(), text));
}

}  // namespace

std::unique_ptr<Device> make_simulated_device(const PlatformInfo& info, int arena_fd) {
  require_available(info);
  if (!info.simulated) throw Error(ErrorCode::kUnsupported, fmt::format("platform {} is not simulated", info.name));
  return std::make_unique<SimDevice>(info, arena_fd);
}

}  // namespace tilewright
