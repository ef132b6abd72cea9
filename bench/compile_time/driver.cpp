// tw-bench-compile_time: how long an empty kernel and a small orchestration take to compile, beside the project's targets.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "harness/case_main.h"

namespace tilewright::bench {
namespace {

struct Source {
  std::string_view name;
  double target_seconds;
};
constexpr Source kSources[] = {{"empty_kernel", 0.5}, {"empty_orchestration", 0.6}};

struct Options {
  std::string compilers = "g++-12,clang++-19";
  int runs = 5;
  OutputOptions output;
};

Row make_row(std::string system, const Source& source) {
  Row row;
  row.system = std::move(system);
  row.fields = {{"source", std::string(source.name)}};
  row.metric = "compile_and_link";
  row.unit = "s";
  return row;
}

/// As the toolchain compiles a kernel or an orchestration.
std::vector<std::string> command(const std::string& compiler, const Source& source, const std::filesystem::path& object) {
  const std::string root = TW_SOURCE_DIR;
  return {compiler,
          "-std=c++20",
          "-O2",
          "-fPIC",
          "-shared",
          "-march=x86-64-v3",
          "-D__CPU_SIM",
          "-D__DAV_VEC__",
          "-I" + root + "/include",
          "-I" + root + "/include/pto",
          "-I" + root + "/include/orchestration",
          fmt::format("{}/bench/compile_time/{}.cpp", root, source.name),
          "-o",
          object.string()};
}

Row measure(const std::string& compiler, const Source& source, const Options& options) {
  Row row = make_row(compiler, source);
  if (find_program(compiler).empty()) {
    row.absence = Absence::kNotFound;
    row.error = fmt::format("no {} on PATH; install it", compiler);
    return row;
  }
  const TemporaryDirectory directory;
  const auto argv = command(compiler, source, directory.path() / "object.so");
  std::vector<double> seconds;
  for (int run = 0; run <= options.runs; ++run) {
    const auto start = std::chrono::steady_clock::now();
    const ProcessResult result = run_process(argv);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    if (result.exit_code != 0) {
      row.error = fmt::format("exit code {} of {}\n{}", result.exit_code, fmt::join(argv, " "), result.output);
      return row;
    }
    if (run > 0) seconds.push_back(elapsed.count());  // the first one brings compiler and headers into the page cache
  }
  row.set_samples(seconds);
  return row;
}

int run(const Options& options) {
  ::setenv("CCACHE_DISABLE", "1", 1);  // a compiler name may resolve to ccache
  Report report("compile_time", describe_machine());
  const auto compilers = split_list(options.compilers);
  for (const Source& source : kSources) {
    Row target = make_row("target", source);
    target.set_samples({source.target_seconds});
    report.add(std::move(target));
    for (const std::string& compiler : compilers) report.add(measure(compiler, source, options));
  }
  return publish(report, {{"source"}, "target"}, options.output);
}

}  // namespace
}  // namespace tilewright::bench

int main(int argc, char** argv) {
  tilewright::bench::Options options;
  CLI::App app(
      "Compile time of an empty kernel and of a small orchestration, sources to shared object, beside the targets.\n"
      "Example: tw-bench-compile_time --compilers g++-12 --runs 3",
      "tw-bench-compile_time");
  app.add_option("--compilers", options.compilers, "Comma-separated")->capture_default_str();
  app.add_option("--runs", options.runs, "Timed runs of which the median is taken")->check(CLI::Range(1, 1000))->capture_default_str();
  add_output_options(app, options.output);
  return tilewright::bench::run_program(app, argc, argv, [&] { return tilewright::bench::run(options); });
}
