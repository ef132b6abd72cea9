// What bench/device measures, one function a system; each gives rows of the fields "what".
#pragma once

#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "harness/row.h"

namespace tilewright::bench {

struct Sizes {
  int runs = 300;      ///< single runs and round trips
  int pauses = 100;    ///< round trips after a pause
  int starts = 30;     ///< processes and threads started
  int switches = 200'000;  ///< a sample of context switches
  int burst = 2000;    ///< runs of a device in a sample of throughput
  int repeats = 7;     ///< samples of what is measured in bulk
};

// The figures; systems that have nothing to say to one leave it out.
inline constexpr const char* kRoundTrip = "one small piece of work, there and back";
inline constexpr const char* kAfterPause = "the same after a pause of 50 ms";
inline constexpr const char* kStart = "start, until it can work";
inline constexpr const char* kThroughputOne = "small pieces of work, one worker";
inline constexpr const char* kThroughputEight = "small pieces of work, eight workers at once";
inline constexpr const char* kSwitch = "switch to another context and back";
inline constexpr const char* kMemory = "memory of an idle worker, its share (PSS)";
inline constexpr const char* kResident = "memory of an idle worker, with what it shares (RSS)";
inline constexpr const char* kCrash = "it crashes: until the caller knows";
inline constexpr const char* kDeadlock = "all wait for each other: until the caller knows";
inline constexpr const char* kDeadline = "it never returns: from the deadline until the caller knows";
inline constexpr const char* kRecovery = "after a crash: start again and do a small piece of work";
inline constexpr const char* kMemoryUsed = "memory of a worker that has worked, its share (PSS)";

std::vector<Row> measure_tilewright(const Sizes& sizes);
/// Processes without anything in them: posix_spawn of /bin/true, round trips over a socket with a child that echoes.
std::vector<Row> measure_processes(const Sizes& sizes);
/// std::thread: created and joined, handed work through a condition variable.
std::vector<Row> measure_threads(const Sizes& sizes);
/// ucontext and Boost.Context without what a fiber carries.
std::vector<Row> measure_contexts(const Sizes& sizes);

// ---- for all of them ----

Row make_row(const std::string& system, const std::string& what, const std::string& metric, const std::string& unit);
/// A line of /proc/<pid>/smaps_rollup, "Pss" or "Rss", in KiB. Throws Error(kIoError, kFileNotFound).
double memory_kib(int pid, const std::string& line);
inline double proportional_kib(int pid) { return memory_kib(pid, "Pss"); }

/// `times` calls, each a sample in microseconds; one more before, which does not count.
template <typename Work>
std::vector<double> each_in_us(int times, Work&& work) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> samples;
  work();
  for (int i = 0; i < times; ++i) {
    const Clock::time_point start = Clock::now();
    work();
    samples.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  return samples;
}

/// The same with a pause before each call: all that belongs to the system has gone to sleep by then.
template <typename Work>
std::vector<double> each_after_pause_in_us(int times, Work&& work) {
  std::vector<double> samples;
  for (int i = 0; i < times; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const auto start = std::chrono::steady_clock::now();
    work();
    samples.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
  }
  return samples;
}

/// `repeats` samples of work() in seconds, turned into what `figure` makes of them.
template <typename Work, typename Figure>
std::vector<double> in_bulk(int repeats, Work&& work, Figure&& figure) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> samples;
  work();
  for (int i = 0; i < repeats; ++i) {
    const Clock::time_point start = Clock::now();
    work();
    samples.push_back(figure(std::chrono::duration<double>(Clock::now() - start).count()));
  }
  return samples;
}

}  // namespace tilewright::bench
