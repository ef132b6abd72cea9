// tw-bench-latency: a one-task run on a warm worker, and a process from its start to its first result, beside the targets.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <vector>

#include "base/error.h"
#include "base/process.h"
#include "harness/case_main.h"
#include "tilewright/worker.h"
#include "toolchain/toolchain.h"

namespace tilewright::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;

constexpr double kWarmTargetUs = 500;
constexpr double kStartTargetUs = 100'000;
constexpr int64_t kElements = 1024;

struct Options {
  int runs = 200;
  int starts = 15;
  bool child = false;  ///< be the process whose start is measured
  OutputOptions output;
};

/// c = a + b of examples/hello on a device process.
class Hello {
 public:
  Hello() {
    Store store;
    const CallableSpec spec = load_callable_spec(TW_SOURCE_DIR "/examples/hello/callable.json");
    handle_ = worker_.register_callable(build_callable(spec, {}, store).image);
    args_.add_tensor(a_.data(), DataType::FLOAT32, {kElements}, ArgDirection::IN)
        .add_tensor(b_.data(), DataType::FLOAT32, {kElements}, ArgDirection::IN)
        .add_tensor(c_.data(), DataType::FLOAT32, {kElements}, ArgDirection::OUT);
  }
  void run() {
    worker_.run(handle_, args_);
    if (c_.back() != 3) throw Error(ErrorCode::kMismatch, fmt::format("1 + 2 gave {}", c_.back()));
  }

 private:
  ChipWorker worker_;
  CallableHandle handle_;
  std::vector<float> a_ = std::vector<float>(kElements, 1), b_ = std::vector<float>(kElements, 2), c_ = std::vector<float>(kElements);
  TaskArguments args_;
};

Row make_row(std::string system, std::string what) {
  Row row;
  row.system = std::move(system);
  row.fields = {{"what", std::move(what)}};
  row.metric = "time";
  row.unit = "us";
  return row;
}

template <typename Run>
Row measure(const std::string& what, int runs, Run&& run) {
  Row row = make_row("tilewright", what);
  std::vector<double> samples;
  run();  // caches filled, pages touched
  for (int i = 0; i < runs; ++i) {
    const Clock::time_point start = Clock::now();
    run();
    samples.push_back(Microseconds(Clock::now() - start).count());
  }
  row.set_samples(std::move(samples));
  return row;
}

Row target(const std::string& what, double microseconds) {
  Row row = make_row("target", what);
  row.set_samples({microseconds});
  return row;
}

int run(const Options& options) {
  if (options.child) {
    Hello().run();
    return 0;
  }
  Report report("latency", describe_machine());
  Hello hello;
  report.add(target("one-task run, warm worker", kWarmTargetUs));
  report.add(measure("one-task run, warm worker", options.runs, [&] { hello.run(); }));
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  report.add(target("process start to first result, all cached", kStartTargetUs));
  report.add(measure("process start to first result, all cached", options.starts, [&] {
    const ProcessResult result = run_process({self, "--child"});
    if (result.exit_code != 0) throw Error(ErrorCode::kInternal, result.output);
  }));
  return publish(report, {{"what"}, "target"}, options.output);
}

}  // namespace
}  // namespace tilewright::bench

int main(int argc, char** argv) {
  tilewright::bench::Options options;
  CLI::App app(
      "How long a user waits: a one-task run on a warm worker, and a whole process (start, load, run, exit) with all\n"
      "objects in the store, beside the targets.\n"
      "Example: tw-bench-latency --runs 1000",
      "tw-bench-latency");
  app.add_option("--runs", options.runs, "Timed runs on the warm worker")->check(CLI::Range(1, 1000000))->capture_default_str();
  app.add_option("--starts", options.starts, "Timed process starts")->check(CLI::Range(1, 10000))->capture_default_str();
  app.add_flag("--child", options.child)->group("");
  app.add_flag("--quick", [&options](int64_t) { options.runs = 20, options.starts = 3; }, "Twenty runs, three starts");
  tilewright::bench::add_output_options(app, options.output);
  return tilewright::bench::run_program(app, argc, argv, [&] { return tilewright::bench::run(options); });
}
