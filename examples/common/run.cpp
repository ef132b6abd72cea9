#include "common/run.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <new>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "platform/device.h"
#include "tilewright/worker.h"
#include "worker/build_target.h"

namespace tilewright::examples {
namespace {

constexpr EdgeSource kEdgeSources[] = {EdgeSource::kCreator, EdgeSource::kTensorMap, EdgeSource::kExplicit};

void print_json(const ProgramOptions& options, const Problem& problem, const Outcome& outcome) {
  nlohmann::ordered_json dependencies;
  for (EdgeSource source : kEdgeSources) dependencies[edge_source_name(source)] = outcome.report.edge_count[static_cast<size_t>(source)];
  nlohmann::ordered_json results = nlohmann::ordered_json::array();
  for (size_t i = 0; i < outcome.comparisons.size(); ++i) {
    const Comparison& comparison = outcome.comparisons[i];
    results.push_back({{"output", problem.outputs()[i].name},
                       {"elements", problem.outputs()[i].want.size()},
                       {"largest_error", comparison.largest_error},
                       {"relative_error", comparison.relative_error},
                       {"error_over_bound", comparison.of_bound},
                       {"worst_element", comparison.worst},
                       {"within", comparison.within}});
  }
  const nlohmann::ordered_json document = {
      {"example", options.name},
      {"platform", options.platform},
      {"runtime", outcome.runtime},
      {"seed", options.seed},
      {"tasks", outcome.report.task_count},
      {"dependencies", dependencies},
      {"aic_cores_used", outcome.report.aic_cores_used},
      {"aic_cores", outcome.aic_cores},
      {"aiv_cores_used", outcome.report.aiv_cores_used},
      {"aiv_cores", 2 * outcome.aic_cores},
      {"sources", outcome.sources},
      {"cached_sources", outcome.cached_sources},
      {"build_seconds", outcome.build_seconds},
      {"run_seconds", static_cast<double>(outcome.report.run_ns) * 1e-9},
      {"results", results},
      {"pass", outcome.within},
  };
  fmt::print("{}\n", document.dump(2));
}

void print_row(const std::string& name, const std::string& value) { fmt::print("  {:<14}{}\n", name, value); }

}  // namespace

void add_program_options(CLI::App& app, ProgramOptions& options) {
  app.add_option("--platform", options.platform, "where to run: a2a3sim, a5sim, or a2a3, a5 if their plug-in is installed")
      ->capture_default_str();
  app.add_option("--runtime", options.runtime, "tensormap_and_ringbuffer, host_build_graph or aicpu_build_graph (default: callable.json)");
  app.add_option("--seed", options.seed, "of the random inputs")->capture_default_str();
  app.add_flag("--json", options.json, "print one JSON object instead of a table");
}

TaskArguments task_arguments(const Problem& problem) {
  TaskArguments arguments;
  const ChipStorageTaskArgs& args = problem.args();
  for (int32_t i = 0; i < args.tensor_count(); ++i) {
    const ChipTensor& tensor = args.tensor(i);
    arguments.add_tensor(tensor.data_as<void>(), tensor.dtype, std::vector<int64_t>(tensor.shapes, tensor.shapes + tensor.ndims),
                         problem.direction(i));
  }
  for (int32_t i = 0; i < args.scalar_count(); ++i) arguments.add_scalar_bits(args.scalar(i));
  return arguments;
}

Outcome run_problem(const ProgramOptions& options, const Problem& problem) {
  Outcome outcome;
  outcome.aic_cores = find_platform(options.platform).aic_cores;
  WorkerOptions worker_options;
  worker_options.platform = options.platform;
  ChipWorker worker(worker_options);
  worker.init();  // before the compilers: without a device there is nothing to build for

  const CallableSpec spec = load_callable_spec(std::filesystem::path(TW_EXAMPLES_DIR) / options.name / "callable.json");
  RunOptions run_options;
  run_options.runtime = options.runtime.empty() ? spec.runtime : parse_runtime(options.runtime);
  outcome.runtime = runtime_name(run_options.runtime);

  Store store;
  const auto start = std::chrono::steady_clock::now();
  const BuiltCallable built = build_callable(spec, build_options_for(options.platform), store);
  outcome.build_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  outcome.sources = built.sources.size();
  outcome.cached_sources = static_cast<size_t>(
      std::count_if(built.sources.begin(), built.sources.end(), [](const SourceReport& source) { return source.cached; }));

  const CallableHandle handle = worker.register_callable(built.image);
  outcome.report = worker.run(handle, task_arguments(problem), {}, run_options);
  outcome.within = true;
  for (const Problem::Output& output : problem.outputs()) {
    outcome.comparisons.push_back(compare(output));
    outcome.within = outcome.within && outcome.comparisons.back().within;
  }
  return outcome;
}

void print_outcome(const ProgramOptions& options, const Problem& problem, const Outcome& outcome, const std::string& about) {
  if (options.json) return print_json(options, problem, outcome);
  const RunReport& report = outcome.report;
  fmt::print("{}: {}\n", options.name, about);
  print_row("platform", options.platform);
  print_row("runtime", outcome.runtime);
  print_row("tasks", fmt::format("{}", report.task_count));
  std::string dependencies;
  for (EdgeSource source : kEdgeSources) {
    dependencies +=
        fmt::format("{}{} {}", dependencies.empty() ? "" : ", ", report.edge_count[static_cast<size_t>(source)], edge_source_name(source));
  }
  print_row("dependencies", dependencies);
  print_row("cores used", fmt::format("{} of {} AIC, {} of {} AIV", report.aic_cores_used, outcome.aic_cores, report.aiv_cores_used,
                                      2 * outcome.aic_cores));
  print_row("compile", fmt::format("{:.2f} s, {} of {} sources from the object store", outcome.build_seconds, outcome.cached_sources,
                                   outcome.sources));
  print_row("run", fmt::format("{:.2f} ms", static_cast<double>(report.run_ns) * 1e-6));
  for (size_t i = 0; i < outcome.comparisons.size(); ++i) print_row(problem.outputs()[i].name, describe(outcome.comparisons[i]));
  fmt::print("{}\n", outcome.within ? "PASS" : "FAIL");
}

int run_reporting_errors(const std::function<bool()>& body) {
  try {
    return body() ? 0 : 1;
  } catch (const Error& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return exit_code(error.code());
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "error: this host has not enough memory for the inputs\n");
    return 3;
  }
}

int example_main(int argc, char** argv, const std::string& name, const std::string& about, Problem (*make_problem)(uint64_t seed)) {
  ProgramOptions options{.name = name};
  CLI::App app(about);
  add_program_options(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return run_reporting_errors([&] {
    const Problem problem = make_problem(options.seed);
    const Outcome outcome = run_problem(options, problem);
    print_outcome(options, problem, outcome, about);
    return outcome.within;
  });
}

}  // namespace tilewright::examples
