#include "exec/block_dispatch.h"

#include <fmt/format.h>

#include <algorithm>

namespace tilewright {

/// A task of several blocks or lanes.
struct BlockDispatch::Multi {
  uint32_t slot;
  uint8_t lanes;
  std::shared_ptr<void> shared;
  int32_t next_block = 0;
  int32_t blocks;
  std::atomic<int32_t> remaining;  ///< blocks x lanes not finished
};

BlockDispatch::BlockDispatch(TaskTable& table, int32_t aic_cores) : table_(table), cores_(aic_cores) {}

BlockDispatch::~BlockDispatch() = default;

void BlockDispatch::reset() {
  cores_.reset();
  open_.clear();
  jobs_.clear();
  running_.clear();
  starved_.clear();
  multi_work_.store(false);
  cores_wanted_.store(false);
}

BlockDispatch::Freed BlockDispatch::starve(uint32_t slot, CoreType kind) {
  {
    const std::lock_guard lock(mutex_);
    starved_.push_back(slot);
    cores_wanted_.store(true);
  }
  const int32_t freed = cores_.acquire(kind);  // between the caller's look and our wish
  if (freed == CorePool::kNone) return {};
  cores_.release(kind, freed);
  return released();
}

BlockDispatch::Freed BlockDispatch::release_warm(WarmCores& warm) {
  bool any = false;
  for (CoreType kind : {CoreType::AIC, CoreType::AIV}) {
    int32_t& held = warm.core[static_cast<size_t>(kind)];
    if (held == CorePool::kNone) continue;
    cores_.release(kind, std::exchange(held, CorePool::kNone));
    any = true;
  }
  return any ? released() : Freed{};
}

// Lets those who found no free core try again.
BlockDispatch::Freed BlockDispatch::released() {
  if (!cores_wanted_.load()) return {};
  Freed freed{true, kNoSlot};
  const std::lock_guard lock(mutex_);
  for (auto slot = starved_.rbegin(); slot != starved_.rend(); ++slot) {
    table_.set_next_in_list(*slot, freed.again);
    freed.again = *slot;
  }
  starved_.clear();
  cores_wanted_.store(false);
  multi_work_.store(!jobs_.empty() || !open_.empty());
  return freed;
}

void BlockDispatch::open(uint32_t slot, std::shared_ptr<void> shared) {
  const TaskSlot& task = table_.record(slot);
  auto multi = std::make_unique<Multi>();
  multi->slot = slot;
  multi->lanes = task.lanes;
  multi->shared = std::move(shared);
  multi->blocks = task.block_num;
  multi->remaining.store(task.block_num * __builtin_popcount(task.lanes));
  const std::lock_guard lock(mutex_);
  open_.push_back(std::move(multi));
  multi_work_.store(true);
}

bool BlockDispatch::take_job(Job& job) {
  const std::lock_guard lock(mutex_);
  if (jobs_.empty() && !open_.empty()) {
    cores_wanted_.store(true);  // before looking: whoever frees a core afterwards sees it
    for (auto at = open_.begin(); at != open_.end(); ++at) {
      if (!start_block(**at)) continue;
      if ((*at)->next_block == (*at)->blocks) {
        running_.push_back(std::move(*at));
        open_.erase(at);
      }
      break;
    }
  }
  cores_wanted_.store((jobs_.empty() && !open_.empty()) || !starved_.empty());
  if (jobs_.empty()) {
    multi_work_.store(false);
    return false;
  }
  job = jobs_.front();
  jobs_.pop_front();
  multi_work_.store(!jobs_.empty() || !open_.empty());
  return true;
}

bool BlockDispatch::start_block(Multi& multi) {
  const TaskSlot& task = table_.record(multi.slot);
  if ((multi.lanes & (multi.lanes - 1)) == 0) {
    const CoreType kind = multi.lanes == PTO2_SUBTASK_MASK_AIC ? CoreType::AIC : CoreType::AIV;
    const int32_t core = cores_.acquire(kind);
    if (core == CorePool::kNone) return false;
    jobs_.push_back({&multi, {&task, kind, core, kind == CoreType::AIC ? 0 : 1, multi.next_block++, multi.shared.get()}});
    return true;
  }
  const int32_t cluster = cores_.acquire_cluster(multi.lanes);
  if (cluster == CorePool::kNone) return false;
  if ((multi.lanes & PTO2_SUBTASK_MASK_AIC) != 0)
    jobs_.push_back({&multi, {&task, CoreType::AIC, cluster, 0, multi.next_block, multi.shared.get()}});
  if ((multi.lanes & PTO2_SUBTASK_MASK_AIV0) != 0)
    jobs_.push_back({&multi, {&task, CoreType::AIV, 2 * cluster, 1, multi.next_block, multi.shared.get()}});
  if ((multi.lanes & PTO2_SUBTASK_MASK_AIV1) != 0)
    jobs_.push_back({&multi, {&task, CoreType::AIV, 2 * cluster + 1, 2, multi.next_block, multi.shared.get()}});
  ++multi.next_block;
  return true;
}

uint32_t BlockDispatch::describe_open(std::string& lines) {
  const std::lock_guard lock(mutex_);
  for (const auto& multi : open_) {
    lines += fmt::format("\n  a task of {} blocks waits for cores for {} of them", multi->blocks, multi->blocks - multi->next_block);
  }
  if (!starved_.empty()) lines += fmt::format("\n  {} tasks of one block wait for a core", starved_.size());
  return static_cast<uint32_t>(open_.size() + starved_.size());
}

uint32_t BlockDispatch::finish_job(const Job& job) {
  if (job.multi->remaining.fetch_sub(1, std::memory_order_acq_rel) != 1) return kNoSlot;
  const uint32_t slot = job.multi->slot;
  const std::lock_guard lock(mutex_);
  std::erase_if(running_, [&](const auto& multi) { return multi.get() == job.multi; });
  return slot;
}

}  // namespace tilewright
