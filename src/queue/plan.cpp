#include "queue/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <compare>
#include <map>

namespace tilewright::queue {

namespace {

/// When a job could start at best: first as few devices of unknown end as possible, then the time of the others.
struct Start {
  int unknown = 0;
  int64_t time = 0;
  std::vector<size_t> devices;  ///< indices; those of the best choice
  bool no_later_than(const Start& other) const { return unknown != other.unknown ? unknown < other.unknown : time <= other.time; }
};

/// The devices' slots and when each becomes free.
class Timeline {
 public:
  explicit Timeline(const PlanInput& input) : input_(input) {
    bool any_group = false;
    for (size_t i = 0; i < input.devices.size(); ++i) {
      const PlanDevice& device = input.devices[i];
      index_[device.id] = i;
      slots_.emplace_back(static_cast<size_t>(std::max(1, device.slots)), input.now);
      any_group = any_group || !device.group.empty();
    }
    int own = 0;  // without any group, all devices are together; else one without is a group of its own
    for (const PlanDevice& device : input.devices) {
      group_.push_back(!any_group ? "" : device.group.empty() ? fmt::format("\1{}", own++) : device.group);
    }
    for (const PlanRunning& running : input.running) {
      for (int id : running.devices) {
        if (const auto found = index_.find(id); found != index_.end()) occupy(found->second, std::max(running.ends, input.now + 1));
      }
    }
  }

  int id(size_t device) const { return input_.devices[device].id; }

  void occupy(size_t device, int64_t until) { *std::min_element(slots_[device].begin(), slots_[device].end()) = until; }
  void occupy(const std::vector<size_t>& devices, int64_t until) {
    for (size_t device : devices) occupy(device, until);
  }

  /// The sets of devices that the job could take now, one for each group; the fullest group first. Devices in `reserved` are last choice.
  std::vector<std::vector<size_t>> placements(const PlanJob& job, const std::vector<size_t>& reserved) const {
    std::vector<std::pair<size_t, std::vector<size_t>>> found;  // by free devices in the group
    for (auto& [group, members] : candidates(job)) {
      std::vector<size_t> free;
      for (size_t device : members) {
        if (free_at(device) <= input_.now) free.push_back(device);
      }
      if (free.size() < static_cast<size_t>(job.width)) continue;
      const size_t count = free.size();
      std::vector<size_t> spare, last;
      for (size_t device : free) (std::find(reserved.begin(), reserved.end(), device) == reserved.end() ? spare : last).push_back(device);
      spare.insert(spare.end(), last.begin(), last.end());
      free = std::move(spare);
      free.resize(static_cast<size_t>(job.width));
      found.emplace_back(count, std::move(free));
    }
    std::sort(found.begin(), found.end());
    std::vector<std::vector<size_t>> sets;
    for (auto& [count, set] : found) sets.push_back(std::move(set));
    return sets;
  }

  /// The earliest start; `devices` is empty if there are too few available devices, whatever ends.
  Start earliest(const PlanJob& job) const {
    Start best{static_cast<int>(input_.devices.size()) + 1, kNever, {}};
    for (auto& [group, members] : candidates(job)) {
      if (members.size() < static_cast<size_t>(job.width)) continue;
      std::sort(members.begin(), members.end(), [&](size_t a, size_t b) { return std::pair(free_at(a), a) < std::pair(free_at(b), b); });
      Start start;
      start.devices.assign(members.begin(), members.begin() + job.width);
      for (size_t device : start.devices) {
        const int64_t time = free_at(device);
        if (time == kNever)
          ++start.unknown;
        else
          start.time = std::max(start.time, time);
      }
      if (best.devices.empty() || !best.no_later_than(start)) best = std::move(start);
    }
    return best;
  }

  int free_now(const PlanJob& job) const {
    int count = 0;
    for (auto& [group, members] : candidates(job)) {
      for (size_t device : members) count += free_at(device) <= input_.now;
    }
    return count;
  }

 private:
  int64_t free_at(size_t device) const { return *std::min_element(slots_[device].begin(), slots_[device].end()); }

  /// The available devices of the job's pool, in the preferred order, by group where the job wants one group.
  std::map<std::string, std::vector<size_t>> candidates(const PlanJob& job) const {
    std::map<std::string, std::vector<size_t>> groups;
    for (size_t i = 0; i < input_.devices.size(); ++i) {
      if (!input_.devices[i].out.empty() || std::find(job.pool.begin(), job.pool.end(), input_.devices[i].id) == job.pool.end()) continue;
      groups[job.one_group && job.width > 1 ? group_[i] : std::string()].push_back(i);
    }
    return groups;
  }

  const PlanInput& input_;
  std::map<int, size_t> index_;
  std::vector<std::string> group_;
  std::vector<std::vector<int64_t>> slots_;
};

int64_t end_of(const PlanJob& job, int64_t start) { return job.limit == 0 || start == kNever ? kNever : start + job.limit; }

/// Which job of one pool is first: it has the reservation.
struct Head {
  const PlanJob* job;
  std::vector<int> pool;
  Start start;
};

class Planner {
 public:
  Planner(const PlanInput& input, bool backfill)
      : input_(input), backfill_(backfill), timeline_(input), order_(queue_order(input.waiting, input.running)) {
    for (const PlanRunning& running : input.running) deviceless_ += running.devices.empty();
  }

  std::vector<Decision> run(bool with_forecast) {
    decisions_.reserve(order_.size());
    for (const PlanJob& job : order_) decisions_.push_back(decide(job));
    if (with_forecast) forecast();
    return std::move(decisions_);
  }

 private:
  Decision decide(const PlanJob& job) {
    Decision decision;
    decision.id = job.id;
    if (job.width == 0) {
      decision.start = deviceless_ < input_.deviceless_limit && (backfill_ || heads_.empty());
      deviceless_ += decision.start;
      return decision;
    }
    if (!backfill_ && !heads_.empty()) return decision;
    std::vector<size_t> reserved;
    for (const Head& head : heads_) reserved.insert(reserved.end(), head.start.devices.begin(), head.start.devices.end());
    for (const std::vector<size_t>& devices : timeline_.placements(job, reserved)) {
      Timeline with = timeline_;
      with.occupy(devices, end_of(job, input_.now));
      const bool harmless =
          std::all_of(heads_.begin(), heads_.end(), [&](const Head& head) { return with.earliest(*head.job).no_later_than(head.start); });
      if (!harmless) continue;
      timeline_.occupy(devices, end_of(job, input_.now));
      decision.start = true;
      for (size_t device : devices) decision.devices.push_back(timeline_.id(device));
      std::sort(decision.devices.begin(), decision.devices.end());
      return decision;
    }
    add_head(job);
    return decision;
  }

  /// The first blocked job of every pool is protected. One of the same pool behind it has to wait for it anyway; with one of another pool
  /// there is no such relation, and jobs that fit in front of it for ever would starve it.
  void add_head(const PlanJob& job) {
    std::vector<int> pool = job.pool;
    std::sort(pool.begin(), pool.end());
    if (std::any_of(heads_.begin(), heads_.end(), [&](const Head& head) { return head.pool == pool; })) return;
    Start start = timeline_.earliest(job);
    if (start.devices.empty() && backfill_) return;  // waits for a device that was taken out: keeps nobody from the others
    heads_.push_back({&job, std::move(pool), std::move(start)});
  }

  /// Expected starts: the waiting jobs put into the timeline one after the other.
  void forecast() {
    Timeline future = timeline_;
    int in_front = 0;
    for (size_t i = 0; i < order_.size(); ++i) {
      Decision& decision = decisions_[i];
      const PlanJob& job = order_[i];
      if (decision.start) continue;
      if (job.width == 0) {
        decision.reason =
            fmt::format("the limit of jobs without a device is reached: running {}, waiting in front {}", deviceless_, in_front++);
        continue;
      }
      const Start start = future.earliest(job);
      const bool reserved = std::any_of(heads_.begin(), heads_.end(), [&](const Head& head) { return head.job == &job; });
      if (start.devices.empty()) {
        decision.reason = unavailable(job);
      } else {
        if (start.unknown == 0) decision.expected = start.time;
        future.occupy(start.devices, end_of(job, start.unknown == 0 ? start.time : kNever));
        const int free = timeline_.free_now(job);
        decision.reason = fmt::format("needs {} of {} devices, free now {}; ", job.width, job.pool.size(), free);
        if (reserved) {
          decision.reason += "first in line: its devices are reserved as they become free";
        } else {
          decision.reason += fmt::format("waiting in front {}", in_front);
          if (free >= job.width) decision.reason += "; a start now would delay a reservation";
        }
        if (start.unknown > 0) decision.reason += fmt::format("; devices it needs whose jobs have no time limit: {}", start.unknown);
      }
      ++in_front;
    }
  }

  std::string unavailable(const PlanJob& job) const {
    std::string text = fmt::format("needs {} devices, and too few are available", job.width);
    for (const PlanDevice& device : input_.devices) {
      if (!device.out.empty()) text += fmt::format("; device {}: {}", device.id, device.out);
    }
    return text;
  }

  const PlanInput& input_;
  const bool backfill_;
  Timeline timeline_;
  std::vector<PlanJob> order_;
  std::vector<Head> heads_;
  std::vector<Decision> decisions_;
  int deviceless_ = 0;
};

}  // namespace

std::vector<PlanJob> queue_order(std::vector<PlanJob> waiting, const std::vector<PlanRunning>& running) {
  std::map<uint32_t, int64_t> load;
  for (const PlanRunning& job : running) load[job.uid] += std::max<int64_t>(1, static_cast<int64_t>(job.devices.size()));
  std::sort(waiting.begin(), waiting.end(), [](const PlanJob& a, const PlanJob& b) {
    if (a.priority != b.priority) return a.priority > b.priority;
    return a.arrival != b.arrival ? a.arrival < b.arrival : a.id < b.id;
  });
  std::vector<std::pair<int64_t, size_t>> keys;
  for (size_t i = 0; i < waiting.size(); ++i) {
    int64_t& mine = load[waiting[i].uid];
    keys.emplace_back(waiting[i].arrival + mine * kFairShareDelay, i);
    mine += std::max(1, waiting[i].width);
  }
  std::sort(keys.begin(), keys.end(), [&](const auto& a, const auto& b) {
    const int first = waiting[a.second].priority, second = waiting[b.second].priority;
    return first != second ? first > second : a < b;
  });
  std::vector<PlanJob> ordered;
  ordered.reserve(waiting.size());
  for (const auto& [key, index] : keys) ordered.push_back(std::move(waiting[index]));
  return ordered;
}

std::vector<Decision> plan(const PlanInput& input, bool forecast) { return Planner(input, true).run(forecast); }

std::vector<Decision> plan_fifo(const PlanInput& input) { return Planner(input, false).run(false); }

std::string never_possible(const std::vector<PlanDevice>& devices, const std::vector<int>& pool, int width, bool one_group) {
  std::map<std::string, int> groups;
  int total = 0;
  bool any_group = false;
  for (const PlanDevice& device : devices) {
    if (std::find(pool.begin(), pool.end(), device.id) == pool.end()) continue;
    ++total;
    if (!device.group.empty()) {
      any_group = true;
      ++groups[device.group];
    }
  }
  if (total < width) return fmt::format("{} devices are asked for, and there are {}", width, total);
  if (one_group && width > 1 && any_group) {
    int largest = 0;
    for (const auto& [group, count] : groups) largest = std::max(largest, count);
    if (largest < width) return fmt::format("{} devices of one group are asked for, and the largest group has {}", width, largest);
  }
  return {};
}

}  // namespace tilewright::queue
