#include "exec/async_waits.h"

#include <fmt/format.h>

#include <algorithm>

namespace tilewright {

bool AsyncWaits::Task::complete() const {
  return returned && std::all_of(conditions.begin(), conditions.end(), [](const Condition& c) { return c.counter.holds(); });
}

void AsyncWaits::reset() {
  const std::lock_guard lock(mutex_);
  tasks_.clear();
  any_.store(false);
}

void AsyncWaits::add(uint32_t slot, std::span<const CounterCondition> conditions, std::string who) {
  const std::lock_guard lock(mutex_);
  Task& task = tasks_[slot];
  for (const CounterCondition& condition : conditions) task.conditions.push_back({condition, static_cast<uint32_t>(task.kernels.size())});
  task.kernels.push_back(std::move(who));
  any_.store(true);
}

bool AsyncWaits::kernels_returned(uint32_t slot) {
  if (!any()) return false;
  const std::lock_guard lock(mutex_);
  const auto at = tasks_.find(slot);
  if (at == tasks_.end()) return false;
  at->second.returned = true;
  return true;
}

bool AsyncWaits::any_complete() const {
  if (!any()) return false;
  const std::lock_guard lock(mutex_);
  return std::any_of(tasks_.begin(), tasks_.end(), [](const auto& task) { return task.second.complete(); });
}

void AsyncWaits::take_complete(std::vector<uint32_t>& slots) {
  const std::lock_guard lock(mutex_);
  for (auto at = tasks_.begin(); at != tasks_.end();) {
    if (!at->second.complete()) {
      ++at;
      continue;
    }
    slots.push_back(at->first);
    at = tasks_.erase(at);
  }
  any_.store(!tasks_.empty());
}

uint32_t AsyncWaits::describe(std::string& lines) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [slot, task] : tasks_) {
    for (const Condition& condition : task.conditions) {
      if (condition.counter.holds()) continue;
      lines += fmt::format("\n  {} has returned and waits for counter {:#x} to reach {}; it is {}", task.kernels[condition.kernel],
                           reinterpret_cast<uint64_t>(condition.counter.counter), condition.counter.expected,
                           __atomic_load_n(condition.counter.counter, __ATOMIC_ACQUIRE));
    }
  }
  return static_cast<uint32_t>(tasks_.size());
}

}  // namespace tilewright
