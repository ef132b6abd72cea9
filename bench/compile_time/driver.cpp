// tw-bench-compile_time: how long kernels and a small orchestration take to compile, beside the project's targets.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "harness/case_main.h"
#include "toolchain/compiler.h"

namespace tilewright::bench {
namespace {

struct Source {
  std::string_view name;
  UnitKind kind;
  double target_seconds;
};
constexpr Source kSources[] = {{"empty_kernel", UnitKind::kAivKernel, 0.5},
                               {"twenty_instructions", UnitKind::kAivKernel, 1.0},
                               {"empty_orchestration", UnitKind::kOrchestration, 0.6}};

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

/// What the toolchain compiles; it decides the flags.
CompileUnit unit_of(const Source& source) {
  const std::filesystem::path root = TW_SOURCE_DIR;
  CompileUnit unit;
  unit.kind = source.kind;
  unit.source = root / "bench" / "compile_time" / fmt::format("{}.cpp", source.name);
  unit.include_dirs = {root / "include", root / "include" / "pto", root / "include" / "orchestration"};
  unit.arch = "a2a3";
  unit.target_level = "x86-64-v3";
  return unit;
}

Row measure(const std::string& name, const Source& source, const Options& options) {
  Row row = make_row(name, source);
  Compiler compiler;
  compiler.path = find_program(name);
  if (compiler.path.empty()) {
    row.absence = Absence::kNotFound;
    row.error = fmt::format("no {} on PATH; install it", name);
    return row;
  }
  const TemporaryDirectory directory;
  std::vector<std::string> argv = compile_command(unit_of(source), compiler);
  argv.insert(argv.end(), {"-o", directory.path() / "object.so"});
  if (name.starts_with("clang")) std::erase(argv, "-fno-gnu-unique");  // the one flag of g++ that it does not know
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
      "Compile time of an empty kernel, of one that uses twenty instructions and of a small orchestration, source to shared\n"
      "object with the flags of the toolchain and without ccache, beside the targets.\n"
      "Example: tw-bench-compile_time --compilers g++-12 --runs 3",
      "tw-bench-compile_time");
  app.add_option("--compilers", options.compilers, "Comma-separated")->capture_default_str();
  app.add_option("--runs", options.runs, "Timed runs of which the median is taken")->check(CLI::Range(1, 1000))->capture_default_str();
  app.add_flag("--quick", [&options](int64_t) { options.runs = 1; }, "One run");
  add_output_options(app, options.output);
  return tilewright::bench::run_program(app, argc, argv, [&] { return tilewright::bench::run(options); });
}
