// tw-bench-compile: how long tile programs take from their source to code that is loaded on a device, phase by phase and kernel by kernel.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <regex>

#include "base/error.h"
#include "base/file.h"
#include "harness/case_main.h"
#include "program.h"
#include "tables.h"
#include "tilewright/worker.h"
#include "toolchain/toolchain.h"
#include "worker/build_target.h"

namespace tilewright::bench {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr const char* kPrograms = TW_SOURCE_DIR "/examples/tile_programs";
constexpr const char* kEmptyKernel = TW_SOURCE_DIR "/bench/compile_time/empty_kernel.cpp";

/// What a person wrote who had the same to do: the callable of an example.
struct ByHand {
  std::string_view program;
  const char* callable;
};
constexpr ByHand kByHand[] = {{"hello", TW_SOURCE_DIR "/examples/hello/callable.json"},
                              {"elementwise", TW_SOURCE_DIR "/examples/vector_dag/callable.json"},
                              {"matmul", TW_SOURCE_DIR "/examples/matmul_bias/callable.json"}};

struct Options {
  std::string programs = ".*";
  std::string platform = "a2a3sim";
  int runs = 5;
  OutputOptions output;
};

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

/// The samples of one program under one system, by metric, and by kernel.
struct Samples {
  std::map<std::string, std::vector<double>> phases;
  std::map<std::string, std::vector<double>> kernels;
  size_t objects = 0;
};

/// Takes a callable to a device: the phases "objects" and "load" if `samples` is given.
void build_and_load(const CallableSpec& spec, const Options& options, Store& store, ChipWorker& worker, Samples* samples) {
  const auto begin = Clock::now();
  const BuiltCallable built = build_callable(spec, build_options_for(options.platform), store);
  const double objects = seconds_since(begin);
  const auto loading = Clock::now();
  const CallableHandle handle = worker.register_callable(built.image);
  if (samples != nullptr) {
    samples->phases["load"].push_back(seconds_since(loading));
    samples->phases["objects"].push_back(objects);
    samples->objects = built.sources.size();
  }
  worker.unregister_callable(handle);
}

/// Each kernel alone, with nothing in the store.
void build_kernels(const CallableSpec& spec, const Options& options, Samples& samples) {
  const TemporaryDirectory directory;
  Store store(directory.path());
  BuildOptions one_at_a_time = build_options_for(options.platform);
  one_at_a_time.jobs = 1;
  const BuiltCallable built = build_callable(spec, one_at_a_time, store);
  for (size_t i = 1; i < built.sources.size(); ++i) samples.kernels[built.sources[i].name].push_back(built.sources[i].milliseconds / 1e3);
}

/// `load` gives the callable from its source. Everything is built once with an empty store and once more with what that left there.
template <typename Load>
void measure_once(const Load& load, const Options& options, ChipWorker& worker, Samples* samples) {
  const TemporaryDirectory directory;
  Store store(directory.path());
  const auto cold = Clock::now();
  const LoadedCallable loaded = load(store);
  build_and_load(loaded.spec, options, store, worker, samples);
  const double all = seconds_since(cold);
  const auto unchanged = Clock::now();
  build_and_load(load(store).spec, options, store, worker, nullptr);
  if (samples == nullptr) return;
  samples->phases["cold"].push_back(all);
  samples->phases["unchanged"].push_back(seconds_since(unchanged));
  for (const CompilePhase& phase : loaded.phases) samples->phases[phase.name].push_back(phase.milliseconds / 1e3);
  build_kernels(loaded.spec, options, *samples);
}

void add_rows(Report& report, const std::string& system, const std::string& program, const Samples& samples) {
  const auto add = [&](const std::string& metric, const std::vector<double>& seconds, std::vector<Field> more) {
    Row row;
    row.system = system;
    row.fields = {{"program", program}};
    row.fields.insert(row.fields.end(), more.begin(), more.end());
    row.metric = metric;
    row.unit = "s";
    row.set_samples(seconds);
    report.add(std::move(row));
  };
  for (const char* phase : kPhases) {
    const auto found = samples.phases.find(phase);
    if (found != samples.phases.end()) add(phase, found->second, {{"objects", static_cast<int64_t>(samples.objects)}});
  }
  for (const auto& [kernel, seconds] : samples.kernels) add(kKernelMetric, seconds, {{"kernel", kernel}});
}

/// One warm-up brings compilers and headers into the page cache.
template <typename Load>
void measure(Report& report, const std::string& system, const std::string& program, const Load& load, const Options& options,
             ChipWorker& worker) {
  Samples samples;
  try {
    measure_once(load, options, worker, nullptr);
    for (int run = 0; run < options.runs; ++run) measure_once(load, options, worker, &samples);
  } catch (const Error& error) {
    Row row;
    row.system = system;
    row.fields = {{"program", program}};
    row.metric = "cold";
    row.unit = "s";
    row.error = error.what();
    report.add(std::move(row));
    return;
  }
  add_rows(report, system, program, samples);
}

/// What the headers that every kernel includes cost: nothing generated can be quicker.
void measure_empty_kernel(Report& report, const Options& options) {
  CallableSpec spec = load_callable_spec(kByHand[0].callable);
  spec.incores.resize(1);
  spec.incores[0].source = kEmptyKernel;
  spec.incores[0].name = "empty_kernel";
  Samples samples;
  for (int run = 0; run <= options.runs; ++run) build_kernels(spec, options, samples);
  for (auto& [name, seconds] : samples.kernels) seconds.erase(seconds.begin());
  add_rows(report, "by hand", "any", samples);
}

std::vector<fs::path> find_programs(const std::string& pattern) {
  std::vector<fs::path> programs;
  const std::regex wanted(pattern);
  for (const fs::directory_entry& entry : fs::directory_iterator(kPrograms)) {
    if (entry.path().extension() == ".cpp" && std::regex_match(entry.path().stem().string(), wanted)) programs.push_back(entry.path());
  }
  std::sort(programs.begin(), programs.end());
  if (programs.empty()) throw Error(ErrorCode::kInvalidArgument, fmt::format("no program of {} is called '{}'", kPrograms, pattern));
  return programs;
}

int run(const Options& options) {
  ::setenv("CCACHE_DISABLE", "1", 1);  // a compiler name may resolve to ccache
  const std::vector<fs::path> programs = find_programs(options.programs);
  Report report("compile", describe_machine());
  WorkerOptions device;
  device.platform = options.platform;
  ChipWorker worker(device);
  worker.init();
  measure_empty_kernel(report, options);
  for (const fs::path& path : programs) {
    const std::string program = path.stem().string();
    fmt::print(stderr, "{}\n", program);
    const auto load = [&](Store& store) { return load_callable(path, options.platform, std::nullopt, false, store); };
    measure(report, "tilewright", program, load, options, worker);
    for (const ByHand& example : kByHand) {
      if (example.program != program) continue;
      measure(
          report, "by hand", program, [&](Store&) { return LoadedCallable{load_callable_spec(example.callable), nullptr}; }, options,
          worker);
    }
  }
  return publish_tables(report, program_tables(report), options.output);
}

}  // namespace
}  // namespace tilewright::bench

int main(int argc, char** argv) {
  tilewright::bench::Options options;
  CLI::App app(
      "Tile programs from their source to code that is loaded on a device: with an empty store, phase by phase; unchanged, with a warm\n"
      "one; and each generated kernel alone. Beside them examples that do the same and are written by hand. ccache is off.\n"
      "Example: tw-bench-compile --programs 'hello|matmul' --runs 3",
      "tw-bench-compile");
  app.add_option("--programs", options.programs, "Which of examples/tile_programs, a regular expression")->capture_default_str();
  app.add_option("--platform", options.platform, "A simulated platform")->capture_default_str();
  app.add_option("--runs", options.runs, "Timed runs of which the median is taken")->check(CLI::Range(1, 1000))->capture_default_str();
  app.add_flag("--quick", [&options](int64_t) { options.runs = 1; }, "One run");
  add_output_options(app, options.output);
  return tilewright::bench::run_program(app, argc, argv, [&] { return tilewright::bench::run(options); });
}
