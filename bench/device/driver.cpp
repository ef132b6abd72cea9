// tw-bench-device: what a simulated device costs, beside bare processes, threads and contexts.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "base/error.h"
#include "base/file.h"
#include "harness/case_main.h"
#include "systems.h"

namespace tilewright::bench {

Row make_row(const std::string& system, const std::string& what, const std::string& metric, const std::string& unit) {
  Row row;
  row.system = system;
  row.fields = {{"what", what}};
  row.metric = metric;
  row.unit = unit;
  return row;
}

double memory_kib(int pid, const std::string& line) {
  const std::string text = read_file(fmt::format("/proc/{}/smaps_rollup", pid));
  const size_t at = text.find("\n" + line + ":");
  if (at == std::string::npos) throw Error(ErrorCode::kIoError, fmt::format("smaps_rollup has no line '{}'", line));
  return std::stod(text.substr(at + line.size() + 2));
}

namespace {

struct Options {
  bool quick = false;
  OutputOptions output;
};

int run(const Options& options) {
  Sizes sizes;
  if (options.quick) sizes = {.runs = 50, .pauses = 10, .starts = 5, .switches = 20'000, .burst = 200, .repeats = 3};
  Report report("device", describe_machine());
  for (const auto measure : {measure_tilewright, measure_processes, measure_threads, measure_contexts}) {
    for (Row& row : measure(sizes)) report.add(std::move(row));
  }
  return publish(report, {{"what"}, "tilewright"}, options.output);
}

}  // namespace
}  // namespace tilewright::bench

int main(int argc, char** argv) {
  tilewright::bench::Options options;
  CLI::App app(
      "What a simulated device costs: a small run, starting the process, many small runs on one and on eight devices,\n"
      "a fiber switch, memory; beside bare processes, threads and contexts.\n"
      "Example: tw-bench-device",
      "tw-bench-device");
  app.add_flag("--quick", options.quick, "Fewer samples: seconds instead of half a minute");
  tilewright::bench::add_output_options(app, options.output);
  return tilewright::bench::run_program(app, argc, argv, [&] { return tilewright::bench::run(options); });
}
