// tw-bench-queue: what a job costs, how many trivial jobs a second, and how well a mixed trace fills four devices; beside tsp and nq.
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "base/error.h"
#include "base/process.h"
#include "harness/case_main.h"
#include "schedules.h"

namespace tilewright::bench {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int kDevices = 4;

struct Options {
  int latency_runs = 100;
  int jobs = 1000;
  double time_scale = 1;
  bool quick = false;
  OutputOptions output;
};

double seconds_of(const std::function<void()>& body) {
  const auto begin = Clock::now();
  body();
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

void must(const std::vector<std::string>& argv) {
  const ProcessResult result = run_process(argv);
  if (result.exit_code != 0)
    throw Error(ErrorCode::kRunFailed, fmt::format("{} ended with {}: {}", argv[0], result.exit_code, result.output));
}

Row row(const std::string& system, const std::string& what, const std::string& metric, const std::string& unit) {
  Row row;
  row.system = system;
  row.fields = {{"what", what}};
  row.metric = metric;
  row.unit = unit;
  return row;
}

/// Each job submitted at its time by a thread of its own that waits for it.
double replay(const std::vector<TraceJob>& trace, const std::function<std::vector<std::string>(const TraceJob&)>& argv) {
  return seconds_of([&] {
    const auto begin = Clock::now();
    std::vector<std::thread> threads;
    for (const TraceJob& job : trace) {
      std::this_thread::sleep_until(begin + std::chrono::duration<double>(job.arrival));
      threads.emplace_back([command = argv(job)] { run_process(command); });
    }
    for (std::thread& thread : threads) thread.join();
  });
}

class Bench {
 public:
  explicit Bench(const Options& options) : options_(options), report_("queue", describe_machine()) {
    std::string pattern = "/tmp/tw-bench-queue-XXXXXX";
    root_ = ::mkdtemp(pattern.data());
    ::chmod(root_.c_str(), 0755);
    for (const char* name : {"queue", "nq"}) fs::create_directory(root_ / name);
    ::chmod((root_ / "queue").c_str(), 01777);
    for (const auto& [name, value] :
         std::vector<std::pair<std::string, std::string>>{{"TW_QUEUE_DIR", root_ / "queue"},
                                                          {"XDG_STATE_HOME", root_ / "state"},
                                                          {"TW_TASK_DEVICES", fmt::format("0-{}", kDevices - 1)},
                                                          {"NQDIR", root_ / "nq"},
                                                          {"TS_SOCKET", root_ / "tsp.socket"},
                                                          {"TMPDIR", root_},
                                                          {"TS_MAXFINISHED", "2000"}}) {
      ::setenv(name.c_str(), value.c_str(), 1);
    }
    ::unsetenv("TW_QUEUE_CONFIG");
    ::unsetenv("TASKQUEUE_INSIDE");
    // Its server starts with its first command and keeps that one's streams.
    if (has("tsp")) must({"sh", "-c", fmt::format("tsp -S {} > /dev/null 2>&1", kDevices)});
  }
  ~Bench() {
    if (has("tsp")) run_process({"tsp", "-K"});
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }

  int run(const Options& options) {
    grant();
    latency();
    throughput();
    utilisation();
    return publish(report_, {{"what"}, "task-submit"}, options.output);
  }

 private:
  static bool has(const std::string& program) { return !find_program(program).empty(); }

  void add(Row measured, const std::function<std::vector<double>()>& samples, const std::string& needs = {}) {
    if (!needs.empty() && !has(needs)) {
      measured.absence = Absence::kNotFound;
      measured.error = needs + " is not installed";
    } else {
      try {
        measured.set_samples(samples());
      } catch (const Error& error) {
        measured.error = error.what();
      }
    }
    report_.add(std::move(measured));
  }

  /// Until the command's first output is here; the command alone beside it.
  void grant() {
    std::vector<double> plain, ours;
    const auto first_byte = [](const std::string& command) {
      FILE* output = nullptr;
      const double seconds = seconds_of([&] {
        output = ::popen(command.c_str(), "r");
        if (output == nullptr || std::fgetc(output) != 'x') throw Error(ErrorCode::kRunFailed, command + " printed nothing");
      });
      ::pclose(output);
      return 1e3 * seconds;
    };
    for (int i = 0; i < options_.latency_runs; ++i) {
      plain.push_back(first_byte("exec /bin/echo x"));
      ours.push_back(first_byte("exec " TW_TASK_SUBMIT " --device auto -- /bin/echo x"));
    }
    const std::string what = "grant: one job, submit to its first output";
    add(row("echo, no queue", what, "time", "ms"), [&] { return plain; });
    add(row("task-submit", what, "time", "ms"), [&] { return ours; });
  }

  /// The systems take turns, so that what the machine does meanwhile hits all.
  void latency() {
    std::vector<double> plain, ours, alone, tsp, nq;
    for (int i = 0; i < options_.latency_runs; ++i) {
      plain.push_back(1e3 * seconds_of([] { must({"true"}); }));
      ours.push_back(1e3 * seconds_of([] { must({TW_TASK_SUBMIT, "--device", "auto", "--", "true"}); }));
      alone.push_back(1e3 * seconds_of([] { must({TW_TASK_SUBMIT, "--device", "auto", "--isolation", "none", "--", "true"}); }));
      if (has("tsp")) tsp.push_back(1e3 * seconds_of([] { must({"sh", "-c", "tsp -nf true > /dev/null 2>&1"}); }));
      if (has("nq")) nq.push_back(1e3 * seconds_of([] { must({"sh", "-c", "nq -q true > /dev/null 2>&1 && nq -w > /dev/null 2>&1"}); }));
    }
    const std::string what = "one job, submit to exit code";
    add(row("true, no queue", what, "time", "ms"), [&] { return plain; });
    add(row("task-submit", what, "time", "ms"), [&] { return ours; });
    add(row("task-submit --isolation none", what, "time", "ms"), [&] { return alone; });
    add(row("tsp", what, "time", "ms"), [&] { return tsp; }, "tsp");
    add(row("nq", what, "time", "ms"), [&] { return nq; }, "nq");
  }

  void throughput() {
    const int jobs = options_.jobs;
    const std::string what = fmt::format("{} trivial jobs, submitted one after the other", jobs);
    const auto shell = [&](const std::string& script) {
      return [=] { return std::vector<double>{seconds_of([&] { must({"bash", "-c", "exec > /dev/null 2>&1; " + script}); })}; };
    };
    const auto loop = [&](const std::string& submit, const std::string& wait) {
      return fmt::format("for ((i = 0; i < {}; ++i)); do {} > /dev/null || exit 1; done; {}", jobs, submit, wait);
    };
    add(row("task-submit", what, "time", "s"), shell(loop(TW_TASK_SUBMIT " --device auto -- true", "true")));
    add(row("task-submit --detach", what, "time", "s"),
        shell(loop("last=$(" TW_TASK_SUBMIT " --detach --device auto -- true)", TW_TASK_SUBMIT " --device-num 4 -- true")));
    add(row("tsp", what, "time", "s"), shell(fmt::format("tsp -S {}; ", kDevices) + loop("tsp -n true", "tsp -w")), "tsp");
    add(row("nq", what, "time", "s"), shell(loop("nq -q true", "nq -w")), "nq");
  }

  void utilisation() {
    const double scale = options_.time_scale;
    const std::vector<TraceJob> trace = read_trace(TW_TRACE, options_.quick ? 20 : SIZE_MAX, scale);
    const double bound = lower_bound(trace, kDevices), work = total_work(trace);
    const std::string what = fmt::format("trace, {} jobs of {:.1f} s on average", trace.size(), mean_duration(trace));
    const auto report = [&](const std::string& system, const std::function<double()>& makespan, const std::string& needs = {}) {
      double seconds = 0;
      add(
          row(system, what + ": makespan over lower bound", "ratio", "x"),
          [&] { return std::vector<double>{(seconds = makespan()) / bound}; }, needs);
      if (seconds > 0)
        add(row(system, what + ": utilisation", "share", "%"), [&] { return std::vector<double>{100 * work / kDevices / seconds}; });
    };
    report("EASY with true durations (computed)", [&] { return textbook_makespan(trace, kDevices, Policy::kEasy, true); });
    report("EASY with the limits (computed)", [&] { return textbook_makespan(trace, kDevices, Policy::kEasy, false); });
    report("task-submit's plan (computed)", [&] { return planned_makespan(trace, kDevices); });
    report("FIFO (computed)", [&] { return textbook_makespan(trace, kDevices, Policy::kFifo, true); });
    report("task-submit", [&] {
      return replay(trace, [](const TraceJob& job) {
        return std::vector<std::string>{TW_TASK_SUBMIT,
                                        "--device",
                                        "auto",
                                        "--device-num",
                                        std::to_string(job.width),
                                        "--grace",
                                        "0.1",
                                        "--max-time",
                                        fmt::format("{:.3f}", job.limit + 0.1),
                                        "--",
                                        "sleep",
                                        fmt::format("{}", job.duration)};
      });
    });
    report(
        "tsp",
        [&] {
          must({"sh", "-c", fmt::format("tsp -S {} > /dev/null 2>&1", kDevices)});
          return replay(trace, [](const TraceJob& job) {
            return std::vector<std::string>{"sh", "-c", fmt::format("tsp -nf -N {} sleep {} > /dev/null 2>&1", job.width, job.duration)};
          });
        },
        "tsp");
    report(
        "nq (one job at a time)",
        [&] {
          return seconds_of([&] {
            replay(trace, [](const TraceJob& job) {
              return std::vector<std::string>{"sh", "-c", fmt::format("nq -q sleep {} > /dev/null 2>&1", job.duration)};
            });
            run_process({"nq", "-w"});
          });
        },
        "nq");
  }

  static double mean_duration(const std::vector<TraceJob>& trace) {
    double sum = 0;
    for (const TraceJob& job : trace) sum += job.duration;
    return sum / static_cast<double>(trace.size());
  }

  const Options& options_;
  Report report_;
  fs::path root_;
};

}  // namespace
}  // namespace tilewright::bench

int main(int argc, char** argv) {
  using namespace tilewright::bench;
  CLI::App app("The queue's costs and its schedule beside those of tsp, nq and FIFO.", "tw-bench-queue");
  Options options;
  app.add_option("--latency-runs", options.latency_runs, "Jobs one after the other")->check(CLI::PositiveNumber);
  app.add_option("--jobs", options.jobs, "Trivial jobs for throughput")->check(CLI::PositiveNumber);
  app.add_option("--time-scale", options.time_scale, "Multiplies all times of the trace: longer jobs against the same costs")
      ->check(CLI::Range(0.1, 1000.0));
  app.add_flag("--quick", options.quick, "Fewer jobs, and only the begin of the trace");
  add_output_options(app, options.output);
  return run_program(app, argc, argv, [&] {
    if (options.quick) {
      options.latency_runs = 20;
      options.jobs = 100;
    }
    return Bench(options).run(options);
  });
}
