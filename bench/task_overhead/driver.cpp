// tw-bench-task_overhead: runs every system on every workload, each in a process of its own, and compares them.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "base/error.h"
#include "harness/case_main.h"
#include "harness/child.h"
#include "task_overhead/plan.h"
#include "task_overhead/tables.h"

namespace tilewright::bench {
namespace {

constexpr double kQuickBudget = 0.5;  // seconds

struct Options {
  PlanOptions plan;
  std::string stamp = "sequence";
  std::string baseline = "tilewright";
  std::string statistic = "median";
  int runs = 5;
  double budget_seconds = 5;
  uint64_t seed = kDefaultSeed;
  OutputOptions output;
};

/// The row of a measurement that gave none.
Row row_without_value(const Measurement& m, Absence absence, std::string why) {
  Row row;
  row.system = m.system->name;
  row.fields = fields_of(m);
  row.metric = "ns_per_task";
  row.unit = "ns";
  row.absence = absence;
  row.error = std::move(why);
  return row;
}

Row measure(const Measurement& m, const Options& options) {
  const std::string program = (program_directory() / fmt::format("tw-bench-task_overhead-{}", m.system->name)).string();
  if (!std::filesystem::exists(program)) return row_without_value(m, Absence::kNotFound, std::string(m.system->if_absent));
  const int runs = options.plan.quick ? std::min(options.runs, 3) : options.runs;
  std::vector<std::string> argv = {program};
  const auto add = [&](std::string option, std::string value) { argv.insert(argv.end(), {std::move(option), std::move(value)}); };
  add("--shape", std::string(shape_name(m.shape)));
  add("--n", std::to_string(m.tasks));
  add("--layout", std::string(layout_name(m.conditions.layout)));
  add("--threads", m.system->uses_threads ? std::to_string(m.conditions.threads) : std::string(kAnyGroup));
  add("--kernel-ns", std::to_string(m.conditions.kernel_ns));
  add("--runs", std::to_string(runs));
  add("--stamp", options.stamp);
  add("--seed", std::to_string(options.seed));
  add("--budget", std::to_string(options.plan.quick ? std::min(options.budget_seconds, kQuickBudget) : options.budget_seconds));
  const ChildResult child = run_child(argv);
  if (child.exit_code != 0 || child.rows.size() != 1) {
    return row_without_value(m, Absence::kFailed,
                             fmt::format("{} ended with exit code {} and {} rows: {}", program, child.exit_code, child.rows.size(),
                                         child.chatter.empty() ? "it printed nothing else" : child.chatter));
  }
  if (!child.chatter.empty()) fmt::print(stderr, "{}: {}", m.system->name, child.chatter);
  return child.rows.front();
}

/// "tilewright chain 1000 own_buffers 2 0".
std::string describe(const Measurement& m) {
  std::string text(m.system->name);
  for (const Field& field : fields_of(m)) text += fmt::format(" {}", to_text(field.value));
  return text;
}

void print_progress(const Measurement& m, size_t done, size_t all, Clock::duration elapsed) {
  const double seconds = std::chrono::duration<double>(elapsed).count();
  const std::string left =
      done == 0 ? "" : fmt::format(", about {:.0f} s left", seconds / static_cast<double>(done) * static_cast<double>(all - done));
  fmt::print(stderr, "[{}/{}, {:.0f} s{}] {}\n", done + 1, all, seconds, left, describe(m));
}

int run(const Options& options) {
  Report report("task_overhead", describe_machine());
  const auto plan = make_plan(options.plan);
  const auto start = Clock::now();
  for (size_t i = 0; i < plan.size(); ++i) {
    print_progress(plan[i], i, plan.size(), Clock::now() - start);
    report.add(measure(plan[i], options));
    report.write(output_path(report, options.output));  // a run that is ended early leaves what it has measured
  }
  const TableOptions table_options = {options.baseline, options.statistic == "min" ? Statistic::kLeast : Statistic::kMedian};
  const auto metg = metg_rows(report.rows(), table_options.statistic);
  const std::string tables = report.heading() + "\n" + overhead_tables(report.rows(), table_options) +
                             sizes_table(report.rows(), table_options) + efficiency_tables(report.rows(), table_options) +
                             metg_tables(metg, table_options) + report.remarks({{"shape", "tasks", "layout", "threads", "kernel_ns"}, {}});
  for (const Row& row : metg) report.add(row);
  return publish_tables(report, tables, options.output);
}

}  // namespace
}  // namespace tilewright::bench

int main(int argc, char** argv) {
  using tilewright::bench::Options;
  Options options;
  CLI::App app(
      "Overhead of a task: tasks in five dependency shapes, beside oneTBB, libgomp, libomp and StarPU.\n"
      "First submit to last completion; every run's stamps and order are checked. Without options everything is measured\n"
      "(about ten minutes); a list given replaces that list wherever it occurs.\n"
      "Example: tw-bench-task_overhead --quick --shapes chain,independent --systems tilewright,tbb_flow_graph",
      "tw-bench-task_overhead");
  app.add_flag("--quick", options.plan.quick, "Under a minute: fewer sizes, layouts, kernel times and runs");
  app.add_option("--systems", options.plan.systems,
                 "Comma-separated: tilewright, tbb_flow_graph, gomp_depend, omp_depend, starpu, serial_loop");
  app.add_option("--shapes", options.plan.shapes, "Comma-separated: independent, chain, fork_join_31, wavefront_100, random_2_of_256");
  app.add_option("--layout", options.plan.layouts, "Comma-separated: own_buffers, shuffled_buffers, one_buffer, tiles");
  app.add_option("--n", options.plan.counts, "Numbers of tasks, comma-separated");
  app.add_option("--threads", options.plan.threads, "Numbers of threads, the submitting one included, comma-separated");
  app.add_option("--kernel-ns", options.plan.kernel_ns, "Times that each task works, comma-separated; 0 for empty tasks");
  app.add_option("--runs", options.runs, "Timed runs of which the median is taken")->check(CLI::Range(1, 1000))->capture_default_str();
  app.add_option("--stamp", options.stamp, "sequence: order is checked in every run; count: cheaper stamp, order only in the warm-up")
      ->check(CLI::IsMember({"sequence", "count"}))
      ->capture_default_str();
  app.add_option("--budget", options.budget_seconds, "Seconds that the runs of one measurement may take; slower ones are made fewer")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--seed", options.seed, "Seed of random_2_of_256")->capture_default_str();
  app.add_option("--baseline", options.baseline, "System that ratios are taken against")->capture_default_str();
  app.add_option("--statistic", options.statistic, "Which run the tables show: median, or min on a machine that does other work too")
      ->check(CLI::IsMember({"median", "min"}))
      ->capture_default_str();
  add_output_options(app, options.output);
  return tilewright::bench::run_program(app, argc, argv, [&] { return tilewright::bench::run(options); });
}
