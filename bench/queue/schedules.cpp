#include "schedules.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>
#include <string>

#include "base/error.h"
#include "queue/plan.h"

namespace tilewright::bench {

namespace {

constexpr double kNeverEnds = std::numeric_limits<double>::infinity();
/// The queue's clock counts whole nanoseconds; this one's rounding errors are smaller than this.
constexpr double kSameTime = 1e-9;

/// The clock of a simulation: calls `decide`, which starts jobs, at every arrival and every end.
class Simulation {
 public:
  Simulation(const std::vector<TraceJob>& trace, int devices) : trace_(trace), free_(devices) {}

  struct Running {
    size_t job;
    double end;
  };

  template <typename Decide>
  double run(Decide decide) {
    while (arrived_ < trace_.size() || !waiting_.empty() || !running_.empty()) {
      for (; arrived_ < trace_.size() && trace_[arrived_].arrival <= now_ + kSameTime; ++arrived_) waiting_.push_back(arrived_);
      decide(*this);
      double next = arrived_ < trace_.size() ? trace_[arrived_].arrival : kNeverEnds;
      for (const Running& job : running_) next = std::min(next, job.end);
      if (next == kNeverEnds) throw Error(ErrorCode::kInternal, "a job of the trace is wider than there are devices");
      now_ = std::max(now_, next);
      std::erase_if(running_, [&](const Running& job) {
        const bool over = job.end <= now_ + kSameTime;
        if (over) free_ += trace_[job.job].width;
        return over;
      });
    }
    return now_;
  }

  double now() const { return now_; }
  int free() const { return free_; }
  const std::vector<size_t>& waiting() const { return waiting_; }
  const std::vector<Running>& running() const { return running_; }
  const TraceJob& job(size_t index) const { return trace_[index]; }
  bool fits(size_t index) const { return trace_[index].width <= free_; }
  void start(size_t index) {
    free_ -= trace_[index].width;
    running_.push_back({index, now_ + trace_[index].duration});
    std::erase(waiting_, index);
  }

 private:
  const std::vector<TraceJob>& trace_;
  double now_ = 0;
  int free_;
  size_t arrived_ = 0;
  std::vector<size_t> waiting_;  ///< in the order of arrival
  std::vector<Running> running_;
};

/// How long a job is believed to take.
double believed(const TraceJob& job, bool oracle) { return oracle ? job.duration : job.limit > 0 ? job.limit : kNeverEnds; }

void backfill(Simulation& at, bool oracle) {
  if (at.waiting().empty()) return;
  const int wanted = at.job(at.waiting().front()).width;
  std::vector<std::pair<double, int>> ends;  // by what is believed
  for (const Simulation::Running& running : at.running()) {
    const TraceJob& job = at.job(running.job);
    ends.emplace_back(running.end - job.duration + believed(job, oracle), job.width);
  }
  std::sort(ends.begin(), ends.end());
  int there = at.free();
  double shadow = kNeverEnds;
  for (size_t i = 0; i < ends.size() && there < wanted; ++i) {
    shadow = ends[i].first;
    there += ends[i].second;
    while (i + 1 < ends.size() && ends[i + 1].first <= shadow + kSameTime) there += ends[++i].second;
  }
  int extra = there - wanted;
  for (const size_t index : std::vector<size_t>(at.waiting().begin() + 1, at.waiting().end())) {
    if (!at.fits(index)) continue;
    const bool ends_before = shadow < kNeverEnds && at.now() + believed(at.job(index), oracle) <= shadow + kSameTime;
    if (!ends_before && at.job(index).width > extra) continue;
    if (!ends_before) extra -= at.job(index).width;
    at.start(index);
  }
}

}  // namespace

std::vector<TraceJob> read_trace(const std::filesystem::path& path, size_t most, double scale) {
  std::ifstream file(path);
  if (!file) throw Error(ErrorCode::kFileNotFound, "cannot read the trace " + path.string());
  std::vector<TraceJob> jobs;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line) && jobs.size() < most) {
    TraceJob job;
    char comma;
    std::istringstream(line) >> job.arrival >> comma >> job.width >> comma >> job.duration >> comma >> job.limit;
    job.arrival *= scale;
    job.duration *= scale;
    job.limit *= scale;
    jobs.push_back(job);
  }
  return jobs;
}

std::vector<TraceJob> make_trace(unsigned seed, size_t jobs) {
  std::mt19937 random(seed);
  // No distributions of the library: they differ between implementations.
  const auto uniform = [&](double low, double high) { return low + (high - low) * (random() / 4294967296.0); };
  std::vector<TraceJob> trace;
  double arrival = 0;
  while (trace.size() < jobs) {
    const double kind = uniform(0, 1);
    TraceJob job;
    job.arrival = arrival;
    job.width = kind < 0.7 ? 1 : kind < 0.9 ? 2 : 4;
    job.duration = random() % 2 == 0 ? uniform(0.1, 0.4) : uniform(0.4, 1.2);
    job.limit = job.duration * (1 + 0.5 * (random() % 3));
    trace.push_back(job);
    arrival += uniform(0, 0.24);
  }
  return trace;
}

double total_work(const std::vector<TraceJob>& trace) {
  double work = 0;
  for (const TraceJob& job : trace) work += job.width * job.duration;
  return work;
}

double lower_bound(const std::vector<TraceJob>& trace, int devices) {
  double bound = total_work(trace) / devices;
  for (const TraceJob& job : trace) bound = std::max(bound, job.arrival + job.duration);
  return bound;
}

double textbook_makespan(const std::vector<TraceJob>& trace, int devices, Policy policy, bool oracle) {
  return Simulation(trace, devices).run([&](Simulation& at) {
    while (!at.waiting().empty() && at.fits(at.waiting().front())) at.start(at.waiting().front());
    if (policy == Policy::kEasy) backfill(at, oracle);
    if (policy != Policy::kAnyFit) return;
    for (const size_t index : std::vector<size_t>(at.waiting())) {
      if (at.fits(index)) at.start(index);
    }
  });
}

double planned_makespan(const std::vector<TraceJob>& trace, int devices) {
  using queue::kSecond;
  queue::PlanInput input;
  std::vector<int> pool;
  for (int id = 0; id < devices; ++id) {
    input.devices.push_back({id, "", 1, {}});
    pool.push_back(id);
  }
  return Simulation(trace, devices).run([&](Simulation& at) {
    input.now = static_cast<int64_t>(at.now() * kSecond);
    input.waiting.clear();
    for (const size_t index : at.waiting()) {
      queue::PlanJob job;
      job.id = std::to_string(index);
      job.arrival = static_cast<int64_t>(index);
      job.width = at.job(index).width;
      job.pool = pool;
      job.limit = static_cast<int64_t>(at.job(index).limit * kSecond);
      input.waiting.push_back(std::move(job));
    }
    std::erase_if(input.running, [&](const queue::PlanRunning& running) {
      return std::none_of(at.running().begin(), at.running().end(), [&](const auto& job) { return std::to_string(job.job) == running.id; });
    });
    for (const queue::Decision& decision : queue::plan(input)) {
      if (!decision.start) continue;
      const size_t index = std::stoul(decision.id);
      const int64_t limit = static_cast<int64_t>(at.job(index).limit * kSecond);
      input.running.push_back({decision.id, 0, decision.devices, limit == 0 ? queue::kNever : input.now + limit});
      at.start(index);
    }
  });
}

}  // namespace tilewright::bench
