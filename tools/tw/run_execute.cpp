#include "run_execute.h"

#include <fmt/format.h>

#include <chrono>
#include <cstring>

#include "data/npy.h"
#include "interrupt.h"
#include "platform/device.h"
#include "program.h"
#include "tilewright/worker.h"
#include "worker/build_target.h"

namespace tilewright {
namespace {

TaskArguments task_arguments(RunRequest& request) {
  TaskArguments arguments;
  for (RunTensor& argument : request.tensors) {
    const std::vector<uint32_t>& shape = argument.tensor.shape();
    arguments.add_tensor(argument.tensor.data(), argument.tensor.dtype(), {shape.begin(), shape.end()}, argument.direction);
  }
  for (const RunScalar& scalar : request.scalars) arguments.add_scalar_bits(scalar.value.bits);
  return arguments;
}

/// Builds the callable and fills in what the result says about it.
BuiltCallable build(const CallableSpec& spec, const RunWords& words, const PlatformInfo& platform, Store& store,
                    std::chrono::nanoseconds load_time, RunResult& result) {
  BuildOptions options = build_options_for(platform.name);
  options.debug = words.debug_kernel;
  options.line_tables = words.check;
  const auto begin = std::chrono::steady_clock::now();
  BuiltCallable built = build_callable(spec, options, store);
  const auto elapsed = load_time + (std::chrono::steady_clock::now() - begin);
  result.build_ns = static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(elapsed).count());
  result.callable_id = built.id.hex();
  result.units = static_cast<uint32_t>(built.sources.size());
  for (const SourceReport& source : built.sources) result.units_cached += source.cached ? 1 : 0;
  // The kernels follow the orchestration in the order of the spec.
  for (size_t i = 0; i < spec.incores.size(); ++i) result.kernel_names[spec.incores[i].func_id] = built.sources.at(i + 1).name;
  return built;
}

std::vector<NamedComparison> compare_all(const RunRequest& request) {
  std::vector<NamedComparison> comparisons;
  for (const RunTensor& argument : request.tensors) {
    if (argument.golden) comparisons.push_back({argument.name, compare(argument.tensor, *argument.golden, argument.comparison)});
  }
  return comparisons;
}

void run_rounds(ChipWorker& worker, CallableHandle handle, RunRequest& request, RunResult& result) {
  const TaskArguments arguments = task_arguments(request);
  std::vector<HostTensor> initial;
  for (const RunTensor& argument : request.tensors) {
    if (request.rounds > 1) initial.push_back(argument.tensor.clone());
  }
  for (int32_t round = 0; round < request.rounds; ++round) {
    for (size_t i = 0; round > 0 && i < initial.size(); ++i) {
      std::memcpy(request.tensors[i].tensor.data(), initial[i].data(), initial[i].byte_count());
    }
    RunReport report = worker.run(handle, arguments, request.config, request.options);
    result.rounds.push_back({std::move(report), compare_all(request)});
  }
}

void write_outputs(const RunRequest& request, RunResult& result) {
  const std::unique_lock<std::mutex> whole = InterruptHandler::hold_off();
  for (const RunTensor& argument : request.tensors) {
    if (argument.output.empty()) continue;
    write_npy(argument.output, argument.tensor);
    result.outputs.push_back({argument.name, argument.tensor.description(), argument.output.string()});
  }
}

}  // namespace

RunResult execute_run(const RunWords& words) {
  const PlatformInfo& platform = find_platform(words.platform);
  require_available(platform);
  Store store;
  const std::optional<RuntimeVariant> asked = words.runtime.empty() ? std::nullopt : std::optional(parse_runtime(words.runtime));
  const auto begin = std::chrono::steady_clock::now();
  LoadedCallable loaded = load_callable(words.callable, platform.name, asked, store);
  const auto load_time = std::chrono::steady_clock::now() - begin;
  CallableSpec& spec = loaded.spec;
  RunRequest request = prepare_run(words, {spec.arguments, spec.orchestration.signature}, spec.runtime);
  spec.runtime = request.options.runtime;

  RunResult result;
  result.callable = words.callable;
  result.platform = platform.name;
  result.device = words.device;
  result.runtime = request.options.runtime;
  result.lists_dependencies = words.list_dependencies;
  result.checked = words.check;
  const BuiltCallable built = build(spec, words, platform, store, load_time, result);

  WorkerOptions options;
  options.platform = platform.name;
  options.device_id = words.device;
  options.runtime = request.options.runtime;
  options.in_process = words.in_process || words.debug_kernel;
  ChipWorker worker(options);
  const CallableHandle handle = worker.register_callable(built.image);
  run_rounds(worker, handle, request, result);
  write_outputs(request, result);
  return result;
}

}  // namespace tilewright
