// Traces of jobs, and how long schedulers would take for one if starting a job cost nothing.
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

namespace tilewright::bench {

struct TraceJob {
  double arrival = 0;   ///< s from the begin of the trace
  double duration = 0;  ///< s, as it turns out
  double limit = 0;     ///< s, as its user says beforehand; no less than the duration. 0: says nothing
  int width = 1;        ///< devices
};

/// trace.csv, or another file of that form; at most `most` jobs, all times multiplied by `scale`. Throws Error(kFileNotFound).
std::vector<TraceJob> read_trace(const std::filesystem::path& path, size_t most, double scale);
/// Jobs like those of make_trace.py.
std::vector<TraceJob> make_trace(unsigned seed, size_t jobs);

/// The sum of device seconds.
double total_work(const std::vector<TraceJob>& trace);
/// No schedule ends earlier: the work spread evenly, and no job ends before arrival + duration.
double lower_bound(const std::vector<TraceJob>& trace, int devices);

/// kAnyFit starts whatever fits, in the order of arrival, so that wide jobs wait for a chance.
enum class Policy { kFifo, kEasy, kAnyFit };
/// The makespan by the textbook, written from the papers and not from src/queue: devices are a number. EASY (Lifka, 1995; Mu'alem and
/// Feitelson, 2001): the first job of the queue gets the earliest time at which enough devices are free by what is known of those that
/// run, and a later job starts if it ends by then, or needs only what is to spare then. `oracle`: durations are known beforehand.
double textbook_makespan(const std::vector<TraceJob>& trace, int devices, Policy policy, bool oracle);

/// The makespan of the queue's own plan (src/queue/plan.h), that knows the limits only.
double planned_makespan(const std::vector<TraceJob>& trace, int devices);

}  // namespace tilewright::bench
