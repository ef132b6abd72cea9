#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdio>

#include "base/error.h"
#include "harness/case_main.h"
#include "harness/child.h"
#include "harness/report.h"
#include "task_overhead/kernel_time.h"
#include "task_overhead/system.h"

namespace tilewright::bench {

namespace {

struct Options {
  std::string shape;
  std::string layout;
  std::string threads = "2";
  std::string stamp = "sequence";
  uint32_t tasks = 0;
  uint32_t kernel_ns = 0;
  int runs = 5;
  uint64_t seed = kDefaultSeed;
  double budget_seconds = 20;
};

double ns_per_task(Clock::duration time, uint32_t tasks) {
  return std::chrono::duration<double, std::nano>(time).count() / static_cast<double>(tasks);
}

/// One run, checked.
RunTimes run_once(System& system, const Order& order, StampBoard& board) {
  board.clear();
  const RunTimes times = system.run(board);
  check_stamps(order, board);
  return times;
}

/// A slow system is measured in fewer runs, never left out: as many as fit the budget, at least one.
int affordable_runs(const Options& options, Clock::duration one_run) {
  const double seconds = std::chrono::duration<double>(one_run).count();
  if (seconds * options.runs <= options.budget_seconds) return options.runs;
  return std::clamp(static_cast<int>(options.budget_seconds / seconds), 1, options.runs);
}

constexpr int kMostThreads = 1024;

/// What the options ask of `system`. Throws Error(kInvalidArgument) if it makes no sense for it.
Conditions conditions_for(const System& system, const Options& options) {
  Conditions conditions;
  conditions.layout = parse_layout(options.layout);
  conditions.kernel_ns = options.kernel_ns;
  if (system.sees_memory() == (conditions.layout == Layout::kAny)) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{} cannot run with layout {}", system.name(), options.layout),
                system.sees_memory() ? "use own_buffers, shuffled_buffers, one_buffer or tiles" : "it is not told about memory: use any");
  }
  if (!system.uses_threads()) {
    if (options.threads != kAnyGroup) {
      throw Error(ErrorCode::kInvalidArgument, fmt::format("{} has one thread, whatever is asked for", system.name()), "use --threads any");
    }
    conditions.threads = 1;
    return conditions;
  }
  const auto [end, failure] = std::from_chars(options.threads.data(), options.threads.data() + options.threads.size(), conditions.threads);
  if (failure != std::errc() || end != options.threads.data() + options.threads.size() || conditions.threads < 1 ||
      conditions.threads > kMostThreads) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("\"{}\" is no number of threads", options.threads), "1 to 1024");
  }
  return conditions;
}

/// The row without its figures.
Row describe_row(const Options& options, const System& system, const Conditions& conditions) {
  Row row;
  row.system = system.name();
  row.fields = {{"shape", options.shape}, {"tasks", int64_t{options.tasks}}, {"layout", options.layout}};
  if (system.uses_threads()) {
    row.fields.push_back({"threads", int64_t{conditions.threads}});
  } else {
    row.fields.push_back({"threads", std::string(kAnyGroup)});
  }
  row.fields.push_back({"kernel_ns", int64_t{conditions.kernel_ns}});
  row.fields.push_back({"stamp", options.stamp});
  row.metric = "ns_per_task";
  row.unit = "ns";
  return row;
}

/// Runs the prepared system and completes the row.
void measure_runs(const Options& options, System& system, const Workload& workload, const Order& order, const Conditions& conditions,
                  Row& row) {
  const uint64_t work_steps = work_steps_for(conditions.kernel_ns);
  // The warm-up always proves the order, also when the timed runs only count.
  StampBoard proof(options.tasks, StampMode::kSpan, work_steps);
  const RunTimes warm_up = run_once(system, order, proof);
  StampBoard board(options.tasks, options.stamp == "count" ? StampMode::kCount : StampMode::kSequence, work_steps);

  std::vector<double> elapsed;
  std::vector<double> build;
  for (int i = affordable_runs(options, warm_up.elapsed); i > 0; --i) {
    const RunTimes times = run_once(system, order, board);
    elapsed.push_back(ns_per_task(times.elapsed, options.tasks));
    if (times.build) build.push_back(ns_per_task(*times.build, options.tasks));
  }

  row.set_samples(elapsed);
  if (conditions.kernel_ns > 0) row.fields.push_back({"efficiency", conditions.kernel_ns / (conditions.threads * *row.value)});
  if (workload.shape == Shape::kRandomReads) row.fields.push_back({"seed", static_cast<int64_t>(options.seed)});
  for (Field& field : system.describe()) row.fields.push_back(std::move(field));
  if (!build.empty()) row.fields.push_back({"build_ns_per_task", median(build)});
}

int measure(const Options& options, System& system) {
  const Conditions conditions = conditions_for(system, options);
  const Workload workload = make_workload(parse_shape(options.shape), options.tasks, options.seed);
  const Order order = derive_order(workload);
  Row row = describe_row(options, system, conditions);
  try {
    system.prepare(workload, order, conditions);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kUnsupported) throw;
    row.absence = Absence::kNotApplicable;
    row.error = error.what();
    fmt::print("{}\n", to_json_line(row));
    return 0;
  }
  measure_runs(options, system, workload, order, conditions, row);
  fmt::print("{}\n", to_json_line(row));
  return 0;
}

}  // namespace

int system_main(int argc, char** argv, System& system) {
  end_with_parent();
  Options options;
  CLI::App app(fmt::format("Measures {} on one workload of bench/task_overhead and prints one JSON row.\nExample: "
                           "tw-bench-task_overhead-{} --shape chain --n 10000 --layout {}{}",
                           system.name(), system.name(), system.sees_memory() ? "own_buffers" : "any",
                           system.uses_threads() ? "" : " --threads any"),
               fmt::format("tw-bench-task_overhead-{}", system.name()));
  app.add_option("--shape", options.shape, "independent, chain, fork_join_31, wavefront_100, random_2_of_256")->required();
  app.add_option("--n", options.tasks, "Number of tasks")->required();
  app.add_option("--layout", options.layout,
                 "own_buffers, shuffled_buffers, one_buffer, tiles; any for a system that is not told about memory")
      ->required();
  app.add_option("--threads", options.threads, "Threads that work, the submitting one included; any for a system that has but one")
      ->capture_default_str();
  app.add_option("--kernel-ns", options.kernel_ns, "Time that each task works after its stamp")->capture_default_str();
  app.add_option("--runs", options.runs, "Timed runs")->check(CLI::Range(1, 1000))->capture_default_str();
  app.add_option("--stamp", options.stamp, "sequence: order is checked in every run; count: in the warm-up only")
      ->check(CLI::IsMember({"sequence", "count"}))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "Seed of random_2_of_256")->capture_default_str();
  app.add_option("--budget", options.budget_seconds, "Seconds after which fewer runs are made, at least one")->capture_default_str();
  return run_program(app, argc, argv, [&] { return measure(options, system); });
}

}  // namespace tilewright::bench
