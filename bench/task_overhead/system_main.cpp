#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "base/error.h"
#include "harness/case_main.h"
#include "harness/child.h"
#include "task_overhead/system.h"

namespace tilewright::bench {

namespace {

struct Options {
  std::string shape;
  std::string layout;
  std::string stamp = "sequence";
  uint32_t tasks = 0;
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

int measure(const Options& options, System& system) {
  const Layout layout = parse_layout(options.layout);
  if (system.sees_memory() == (layout == Layout::kAny)) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{} cannot run with layout {}", system.name(), options.layout),
                system.sees_memory() ? "use own_buffers or one_buffer" : "it is not told about memory: use any");
  }
  const Workload workload = make_workload(parse_shape(options.shape), options.tasks, options.seed);
  const Order order = derive_order(workload);
  system.prepare(workload, order, layout);

  // The warm-up always proves the order, also when the timed runs only count.
  StampBoard proof(options.tasks, StampMode::kSequence);
  const RunTimes warm_up = run_once(system, order, proof);
  StampBoard board(options.tasks, options.stamp == "count" ? StampMode::kCount : StampMode::kSequence);

  std::vector<double> elapsed;
  std::vector<double> build;
  for (int i = affordable_runs(options, warm_up.elapsed); i > 0; --i) {
    const RunTimes times = run_once(system, order, board);
    elapsed.push_back(ns_per_task(times.elapsed, options.tasks));
    if (times.build) build.push_back(ns_per_task(*times.build, options.tasks));
  }

  Row row;
  row.system = system.name();
  row.fields = {{"shape", options.shape}, {"tasks", int64_t{options.tasks}}, {"layout", options.layout}, {"stamp", options.stamp}};
  if (workload.shape == Shape::kRandomReads) row.fields.push_back({"seed", static_cast<int64_t>(options.seed)});
  for (Field& field : system.describe()) row.fields.push_back(std::move(field));
  if (!build.empty()) row.fields.push_back({"build_ns_per_task", median(build)});
  row.metric = "ns_per_task";
  row.unit = "ns";
  row.set_samples(elapsed);
  fmt::print("{}\n", to_json_line(row));
  return 0;
}

}  // namespace

int system_main(int argc, char** argv, System& system) {
  end_with_parent();
  Options options;
  CLI::App app(fmt::format("Measures {} on one workload of bench/task_overhead and prints one JSON row.\nExample: "
                           "tw-bench-task_overhead-{} --shape chain --n 10000 --layout {}",
                           system.name(), system.name(), system.sees_memory() ? "own_buffers" : "any"),
               fmt::format("tw-bench-task_overhead-{}", system.name()));
  app.add_option("--shape", options.shape, "independent, chain, fork_join_31, wavefront_100, random_2_of_256")->required();
  app.add_option("--n", options.tasks, "Number of tasks")->required();
  app.add_option("--layout", options.layout, "own_buffers, one_buffer; any for a system that is not told about memory")->required();
  app.add_option("--runs", options.runs, "Timed runs")->check(CLI::Range(1, 1000))->capture_default_str();
  app.add_option("--stamp", options.stamp, "sequence: order is checked in every run; count: in the warm-up only")
      ->check(CLI::IsMember({"sequence", "count"}))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "Seed of random_2_of_256")->capture_default_str();
  app.add_option("--budget", options.budget_seconds, "Seconds after which fewer runs are made, at least one")->capture_default_str();
  return run_program(app, argc, argv, [&] { return measure(options, system); });
}

}  // namespace tilewright::bench
