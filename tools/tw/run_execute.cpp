#include "run_execute.h"

#include <fmt/format.h>

#include <chrono>
#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "data/npy.h"
#include "interpret_execute.h"
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
  options.line_tables = words.check || words.check_races;
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

/// What the interpreter says of each tensor that the program writes becomes its golden.
void take_golden(const RunWords& words, const std::string& platform, Store& store, RunRequest& request) {
  const std::filesystem::path path = words.callable;
  Interpretation interpretation = interpret_request(program_text(path, store), path.filename().string(), request, platform);
  if (!interpretation.unstable.empty()) {
    throw Error(
        ErrorCode::kInvalidArgument,
        fmt::format("{} decides by a number that lies within its rounding errors of the other answer, so that the interpreter cannot "
                    "say what a device computes",
                    interpretation.unstable),
        "'tw interpret --output' and --golden with a tolerance compare all the same");
  }
  for (size_t i = 0; i < request.tensors.size(); ++i) {
    RunTensor& argument = request.tensors[i];
    if (argument.direction == ArgDirection::IN) continue;
    argument.golden = std::move(interpretation.tensors[i].values);
    argument.allowed = std::move(interpretation.tensors[i].bounds);
  }
}

}  // namespace

RunSession::RunSession(const RunWords& words) {
  const PlatformInfo& platform = find_platform(words.platform);
  require_available(platform);
  Store store;
  const std::optional<RuntimeVariant> asked = words.runtime.empty() ? std::nullopt : std::optional(parse_runtime(words.runtime));
  const auto begin = std::chrono::steady_clock::now();
  LoadedCallable loaded = load_callable(words.callable, platform.name, asked, words.derive_dependencies, store);
  const auto load_time = std::chrono::steady_clock::now() - begin;
  CallableSpec& spec = loaded.spec;
  request = prepare_run(words, {spec.arguments, spec.orchestration.signature}, spec.runtime);
  spec.runtime = request.options.runtime;
  // Where tasks are ordered by their edges alone, there is nothing that could be told to track.
  const bool tracks = spec.track_war && spec.runtime != RuntimeVariant::kAicpuBuildGraph;
  request.options.track_war = request.options.track_war || tracks;

  result.callable = words.callable;
  result.platform = platform.name;
  result.device = words.device;
  result.runtime = request.options.runtime;
  result.lists_dependencies = words.list_dependencies;
  result.checked = words.check;
  result.looked_for_races = words.check_races;
  for (const RunTensor& argument : request.tensors) result.tensor_names.push_back(argument.name);
  result.tensor_orders = std::move(loaded.tensor_orders);
  const BuiltCallable built = build(spec, words, platform, store, load_time, result);

  WorkerOptions options;
  if (words.golden_from_interpreter) take_golden(words, platform.name, store, request);
  options.platform = platform.name;
  options.device_id = words.device;
  options.runtime = request.options.runtime;
  options.in_process = words.in_process || words.debug_kernel;
  worker_ = std::make_unique<ChipWorker>(options);
  handle_ = worker_->register_callable(built.image);
  arguments_ = task_arguments(request);
  for (const RunTensor& argument : request.tensors) {
    if (request.rounds > 1 || request.explore > 1) initial_.push_back(argument.tensor.clone());
  }
}

RunReport RunSession::run() {
  for (size_t i = 0; ran_ && i < initial_.size(); ++i) {
    std::memcpy(request.tensors[i].tensor.data(), initial_[i].data(), initial_[i].byte_count());
  }
  ran_ = true;
  return worker_->run(handle_, arguments_, request.config, request.options);
}

std::vector<NamedComparison> compare_all(const RunRequest& request) {
  std::vector<NamedComparison> comparisons;
  for (const RunTensor& argument : request.tensors) {
    if (!argument.golden) continue;
    comparisons.push_back({argument.name, compare(argument.tensor, *argument.golden, argument.comparison, argument.allowed)});
  }
  return comparisons;
}

std::vector<WrittenOutput> write_outputs(const RunRequest& request) {
  const Uninterrupted whole;
  std::vector<WrittenOutput> outputs;
  for (const RunTensor& argument : request.tensors) {
    if (argument.output.empty()) continue;
    write_npy(argument.output, argument.tensor);
    outputs.push_back({argument.name, argument.tensor.description(), argument.output.string()});
  }
  return outputs;
}

RunResult execute_run(const RunWords& words) {
  RunSession session(words);
  for (int32_t round = 0; round < session.request.rounds; ++round) {
    RunReport report = session.run();
    session.result.rounds.push_back({std::move(report), compare_all(session.request)});
  }
  session.result.outputs = write_outputs(session.request);
  return std::move(session.result);
}

}  // namespace tilewright
