// tw-bench-task_overhead: runs every system on every workload, each in a process of its own, and compares them.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdio>

#include "base/error.h"
#include "harness/case_main.h"
#include "harness/child.h"
#include "task_overhead/shapes.h"

namespace tilewright::bench {
namespace {

struct KnownSystem {
  std::string_view name;
  bool sees_memory;            ///< as System::sees_memory()
  std::string_view if_absent;  ///< why its program may be missing
};

/// In the order of the table.
constexpr KnownSystem kSystems[] = {
    {"tilewright", true, "this project's engine is not part of this build"},
    {"tbb_flow_graph", false, "install libtbb-dev and configure again"},
    {"gomp_depend", true, "it needs g++ as the project's compiler (libgomp comes with it)"},
    {"omp_depend", true, "install clang-19 and libomp-19-dev and configure again"},
    {"starpu", true, "install libstarpu-dev and configure again"},
    {"serial_loop", false, "build the target tw-bench-task_overhead-serial_loop"},
};

struct Options {
  std::string systems;
  std::string shapes;
  std::string layouts;
  std::string counts = "10000,100000";
  std::string stamp = "sequence";
  std::string baseline = "tilewright";
  int runs = 5;
  bool quick = false;
  uint64_t seed = kDefaultSeed;
  OutputOptions output;
};

/// One line of the plan: a system on a workload.
struct Measurement {
  const KnownSystem* system;
  Shape shape;
  uint32_t tasks;
  Layout layout;
};

std::vector<const KnownSystem*> chosen_systems(const std::string& list) {
  std::vector<const KnownSystem*> chosen;
  std::string known;
  for (const KnownSystem& system : kSystems) {
    known += fmt::format("{}{}", known.empty() ? "" : ", ", system.name);
    if (list.empty()) chosen.push_back(&system);
  }
  for (const std::string& name : split_list(list)) {
    const auto* found = std::find_if(std::begin(kSystems), std::end(kSystems), [&](const KnownSystem& s) { return s.name == name; });
    if (found == std::end(kSystems))
      throw Error(ErrorCode::kInvalidArgument, fmt::format("there is no system \"{}\"", name), "known are " + known);
    chosen.push_back(found);
  }
  return chosen;
}

std::vector<Shape> chosen_shapes(const std::string& list) {
  if (list.empty()) return {std::begin(kAllShapes), std::end(kAllShapes)};
  std::vector<Shape> shapes;
  for (const std::string& name : split_list(list)) shapes.push_back(parse_shape(name));
  return shapes;
}

std::vector<Layout> chosen_layouts(const std::string& list) {
  if (list.empty()) return {Layout::kOwnBuffers, Layout::kOneBuffer};
  std::vector<Layout> layouts;
  for (const std::string& name : split_list(list)) layouts.push_back(parse_layout(name));
  return layouts;
}

std::vector<uint32_t> chosen_counts(const Options& options) {
  if (options.quick) return {10000};
  std::vector<uint32_t> counts;
  for (const std::string& text : split_list(options.counts)) {
    uint32_t count = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (failure != std::errc() || end != text.data() + text.size() || count == 0) {
      throw Error(ErrorCode::kInvalidArgument, fmt::format("\"{}\" is no number of tasks", text), "write for example --n 10000,100000");
    }
    counts.push_back(count);
  }
  return counts;
}

std::vector<Measurement> plan(const Options& options) {
  std::vector<Measurement> measurements;
  const auto systems = chosen_systems(options.systems);
  for (Shape shape : chosen_shapes(options.shapes)) {
    for (uint32_t tasks : chosen_counts(options)) {
      for (const KnownSystem* system : systems) {
        if (!system->sees_memory) {
          measurements.push_back({system, shape, tasks, Layout::kAny});
          continue;
        }
        for (Layout layout : chosen_layouts(options.layouts)) measurements.push_back({system, shape, tasks, layout});
      }
    }
  }
  return measurements;
}

/// The row of a measurement that gave none.
Row row_without_value(const Measurement& m, Absence absence, std::string why) {
  Row row;
  row.system = m.system->name;
  row.fields = {{"shape", std::string(shape_name(m.shape))}, {"tasks", int64_t{m.tasks}}, {"layout", std::string(layout_name(m.layout))}};
  row.metric = "ns_per_task";
  row.unit = "ns";
  row.absence = absence;
  row.error = std::move(why);
  return row;
}

Row measure(const Measurement& m, const Options& options) {
  const std::string program = (program_directory() / fmt::format("tw-bench-task_overhead-{}", m.system->name)).string();
  if (!std::filesystem::exists(program)) return row_without_value(m, Absence::kNotFound, std::string(m.system->if_absent));
  const int runs = options.quick ? std::min(options.runs, 3) : options.runs;
  const ChildResult child = run_child({program, "--shape", std::string(shape_name(m.shape)), "--n", std::to_string(m.tasks), "--layout",
                                       std::string(layout_name(m.layout)), "--runs", std::to_string(runs), "--stamp", options.stamp,
                                       "--seed", std::to_string(options.seed)});
  if (child.exit_code != 0 || child.rows.size() != 1) {
    return row_without_value(m, Absence::kFailed,
                             fmt::format("{} ended with exit code {} and {} rows: {}", program, child.exit_code, child.rows.size(),
                                         child.chatter.empty() ? "it printed nothing else" : child.chatter));
  }
  if (!child.chatter.empty()) fmt::print(stderr, "{}: {}", m.system->name, child.chatter);
  return child.rows.front();
}

int run(const Options& options) {
  Report report("task_overhead", describe_machine());
  const auto measurements = plan(options);
  for (size_t i = 0; i < measurements.size(); ++i) {
    const Measurement& m = measurements[i];
    fmt::print(stderr, "[{}/{}] {} {} {} {}\n", i + 1, measurements.size(), shape_name(m.shape), m.tasks, layout_name(m.layout),
               m.system->name);
    report.add(measure(m, options));
  }
  return publish(report, {{"shape", "tasks", "layout"}, options.baseline}, options.output);
}

}  // namespace
}  // namespace tilewright::bench

int main(int argc, char** argv) {
  using tilewright::bench::Options;
  Options options;
  CLI::App app(
      "Overhead of a task: empty tasks in five dependency shapes, beside oneTBB, libgomp, libomp and StarPU.\n"
      "First submit to last completion, two threads in all; every run's stamps and order are checked.\n"
      "Example: tw-bench-task_overhead --quick --shapes chain,independent --systems tilewright,tbb_flow_graph",
      "tw-bench-task_overhead");
  app.add_flag("--quick", options.quick, "10000 tasks only, at most 3 runs");
  app.add_option("--systems", options.systems,
                 "Comma-separated: tilewright, tbb_flow_graph, gomp_depend, omp_depend, starpu, serial_loop (default: all)");
  app.add_option("--shapes", options.shapes,
                 "Comma-separated: independent, chain, fork_join_31, wavefront_100, random_2_of_256 (default: all)");
  app.add_option("--layout", options.layouts, "Comma-separated: own_buffers, one_buffer (default: both)");
  app.add_option("--n", options.counts, "Numbers of tasks, comma-separated")->capture_default_str();
  app.add_option("--runs", options.runs, "Timed runs of which the median is taken")->check(CLI::Range(1, 1000))->capture_default_str();
  app.add_option("--stamp", options.stamp, "sequence: order is checked in every run; count: cheaper stamp, order only in the warm-up")
      ->check(CLI::IsMember({"sequence", "count"}))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "Seed of random_2_of_256")->capture_default_str();
  app.add_option("--baseline", options.baseline, "System that ratios are taken against")->capture_default_str();
  add_output_options(app, options.output);
  return tilewright::bench::run_program(app, argc, argv, [&] { return tilewright::bench::run(options); });
}
