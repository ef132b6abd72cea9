#include "exec/block_dispatch.h"

#include <fmt/format.h>

#include <algorithm>

namespace tilewright {
namespace {

constexpr uint8_t kAivLanes = PTO2_SUBTASK_MASK_AIV0 | PTO2_SUBTASK_MASK_AIV1;

bool one_lane(uint8_t lanes) { return (lanes & (lanes - 1)) == 0; }
CoreType kind_of(uint8_t lane) { return lane == PTO2_SUBTASK_MASK_AIC ? CoreType::AIC : CoreType::AIV; }
uint32_t bit(CoreType kind) { return 1u << static_cast<uint32_t>(kind); }
uint32_t kinds_of(uint8_t lanes) {
  return ((lanes & PTO2_SUBTASK_MASK_AIC) != 0 ? bit(CoreType::AIC) : 0) | ((lanes & kAivLanes) != 0 ? bit(CoreType::AIV) : 0);
}

}  // namespace

/// A task of several blocks or lanes.
struct BlockDispatch::Wide {
  std::shared_ptr<void> shared;
  int32_t next_block = 0;
  std::atomic<int32_t> remaining;  ///< blocks x lanes not finished
};

BlockDispatch::BlockDispatch(TaskTable& table, KernelRunner& runner, int32_t aic_cores)
    : table_(table), runner_(runner), cores_(aic_cores) {}

BlockDispatch::~BlockDispatch() = default;

void BlockDispatch::reset() {
  cores_.reset();
  for (auto& queue : open_) queue.clear();
  jobs_.clear();
  running_.clear();
  dispatched_.clear();
  candidates_.clear();
  staged_.clear();
  staged_early_ = 0;
  reserved_ = 0;
  look_ = false;
  update_flags();
}

bool BlockDispatch::release_warm(WarmCores& warm) {
  bool any = false;
  for (CoreType kind : {CoreType::AIC, CoreType::AIV}) {
    int32_t& held = warm.core[static_cast<size_t>(kind)];
    if (held == CorePool::kNone) continue;
    cores_.release(kind, std::exchange(held, CorePool::kNone));
    any = true;
  }
  return any && look_again();
}

// After a core was given back.
bool BlockDispatch::look_again() {
  if (!cores_wanted_.load()) return false;
  const std::lock_guard lock(mutex_);
  look_ = any_open();
  update_flags();
  return look_;
}

BlockDispatch::Sort BlockDispatch::sort_of(const TaskSlot& task) const {
  if ((task.flags & TaskSlot::kSyncStart) != 0) return kTogether;
  if (!one_lane(task.lanes)) return kMixed;
  return kind_of(task.lanes) == CoreType::AIC ? kAic : kAiv;
}

BlockDispatch::Open BlockDispatch::make_open(uint32_t slot) {
  const TaskSlot& task = table_.record(slot);
  Open open{slot, nullptr};
  if (task.block_num != 1 || !one_lane(task.lanes)) {
    open.wide = std::make_unique<Wide>();
    open.wide->shared = runner_.share(task);
    open.wide->remaining.store(task.block_num * __builtin_popcount(task.lanes));
  }
  return open;
}

void BlockDispatch::open(uint32_t slot) {
  Open opened = make_open(slot);
  const std::lock_guard lock(mutex_);
  open_[sort_of(table_.record(slot))].push_back(std::move(opened));
  look_ = true;
  update_flags();
}

bool BlockDispatch::any_open() const {
  return std::any_of(open_.begin(), open_.end(), [](const auto& queue) { return !queue.empty(); });
}

void BlockDispatch::update_flags() {
  has_jobs_.store(!jobs_.empty() || look_);
  cores_wanted_.store(reserved_ != 0);
  cores_.reserve(reserved_);
}

bool BlockDispatch::take_job(Job& job) {
  const std::lock_guard lock(mutex_);
  if (jobs_.empty() && look_) look_ = place(true);
  const bool found = !jobs_.empty();
  if (found) {
    job = jobs_.front();
    jobs_.pop_front();
  }
  update_flags();
  return found;
}

bool BlockDispatch::ignore_reservations() {
  const std::lock_guard lock(mutex_);
  const bool placed = reserved_ != 0 && place(false);
  update_flags();
  return placed;
}

// Gives cores to one open task: for one block, or for all if they start together.
bool BlockDispatch::place(bool respect_reservations) {
  cores_wanted_.store(true);  // before looking: whoever frees a core afterwards looks again
  for (;;) {
    uint32_t reserved = 0;
    for (const Sort sort : {kTogether, kMixed, kAic, kAiv}) {
      if (place_from(sort, reserved, respect_reservations)) {
        if (!any_open()) reserved_ = 0;  // else the next look tells
        return true;
      }
    }
    if (give_up_staged(reserved)) continue;
    reserved_ = reserved;
    return false;
  }
}

// Adds to `reserved` what the tasks of this sort wait for.
bool BlockDispatch::place_from(Sort sort, uint32_t& reserved, bool respect_reservations) {
  std::deque<Open>& queue = open_[sort];
  for (auto at = queue.begin(); at != queue.end(); ++at) {
    const uint32_t kinds = kinds_of(table_.record(at->slot).lanes);
    const bool may = !respect_reservations || (kinds & reserved) == 0;
    if (may && (sort == kTogether ? place_together(*at, jobs_) : place_block(*at, jobs_))) {
      const TaskSlot& task = table_.record(at->slot);
      if (at->wide != nullptr && at->wide->next_block != task.block_num) return true;
      const bool wide = at->wide != nullptr;
      if (wide) running_.push_back(std::move(at->wide));
      queue.erase(at);
      if (wide) add_dispatched(task);
      return true;
    }
    reserved |= kinds;
    if (sort != kTogether) return false;  // who comes later needs the same cores
  }
  return false;
}

bool BlockDispatch::place_block(Open& open, std::deque<Job>& jobs) {
  const TaskSlot& task = table_.record(open.slot);
  const int32_t core = one_lane(task.lanes) ? cores_.acquire_reserved(kind_of(task.lanes)) : cores_.acquire_cluster(task.lanes);
  if (core == CorePool::kNone) return false;
  add_jobs(jobs, open.wide.get(), task, core, open.wide != nullptr ? open.wide->next_block++ : 0);
  return true;
}

bool BlockDispatch::place_together(Open& open, std::deque<Job>& jobs) {
  const TaskSlot& task = table_.record(open.slot);
  const std::vector<int32_t> cores = cores_.acquire_all(task.lanes, task.block_num);
  for (const int32_t core : cores) add_jobs(jobs, open.wide.get(), task, core, open.wide->next_block++);
  return !cores.empty();
}

// `core` is a cluster if the task has several lanes.
void BlockDispatch::add_jobs(std::deque<Job>& jobs, Wide* wide, const TaskSlot& task, int32_t core, int32_t block) {
  const auto add = [&](CoreType kind, int32_t index, int32_t lane) {
    jobs.push_back({wide, {&task, kind, index, lane, block, wide != nullptr ? wide->shared.get() : nullptr}});
  };
  if (one_lane(task.lanes)) {
    const CoreType kind = kind_of(task.lanes);
    return add(kind, core, kind == CoreType::AIC ? 0 : 1);
  }
  if ((task.lanes & PTO2_SUBTASK_MASK_AIC) != 0) add(CoreType::AIC, core, 0);
  if ((task.lanes & PTO2_SUBTASK_MASK_AIV0) != 0) add(CoreType::AIV, 2 * core, 1);
  if ((task.lanes & PTO2_SUBTASK_MASK_AIV1) != 0) add(CoreType::AIV, 2 * core + 1, 2);
}

uint32_t BlockDispatch::finish_job(const Job& job) {
  const uint32_t slot = table_.slot_of(*job.call.task);
  if (job.wide == nullptr) return slot;
  if (job.wide->remaining.fetch_sub(1, std::memory_order_acq_rel) != 1) return kNoSlot;
  const std::lock_guard lock(mutex_);
  std::erase_if(running_, [&](const auto& wide) { return wide.get() == job.wide; });
  return slot;
}

// ---- staging --------------------------------------------------------------------------------------------

void BlockDispatch::dispatched(const TaskSlot& task) {
  const std::lock_guard lock(mutex_);
  add_dispatched(task);
  update_flags();
}

void BlockDispatch::add_dispatched(const TaskSlot& task) {
  if ((task.flags & TaskSlot::kEarlyResolve) == 0) return;
  std::erase_if(dispatched_, [&](TaskRef other) { return table_.is_done(other); });
  dispatched_.push_back({table_.slot_of(task.ring, task.id), task.id});
  for (size_t i = 0; i < candidates_.size();) {
    const uint32_t slot = candidates_[i];
    if (!can_stage(slot)) {
      ++i;
      continue;
    }
    candidates_.erase(candidates_.begin() + static_cast<ptrdiff_t>(i));
    stage(slot);
  }
}

void BlockDispatch::offer(uint32_t slot) {
  const std::lock_guard lock(mutex_);
  if (std::find(candidates_.begin(), candidates_.end(), slot) != candidates_.end()) return;
  if (std::any_of(staged_.begin(), staged_.end(), [&](const Staged& staged) { return staged.open.slot == slot; })) return;
  if (can_stage(slot)) {
    stage(slot);
  } else if (candidates_.size() < kMaxCandidates) {
    candidates_.push_back(slot);
  }
}

bool BlockDispatch::can_stage(uint32_t slot) const {
  const TaskSlot& task = table_.record(slot);
  bool waits = false;
  for (uint32_t i = 0; i < task.predecessor_count; ++i) {
    const TaskRef predecessor = task.predecessors()[i];
    if (table_.is_done(predecessor)) continue;
    if (std::find(dispatched_.begin(), dispatched_.end(), predecessor) == dispatched_.end()) return false;
    waits = true;
  }
  return waits;
}

// Takes cores for as many blocks as there are, unless an open task waits for some.
void BlockDispatch::stage(uint32_t slot) {
  const TaskSlot& task = table_.record(slot);
  if (any_open() || reserved_ != 0) return;
  Staged staged{make_open(slot), {}};
  if (sort_of(task) == kTogether) {
    place_together(staged.open, staged.jobs);
  } else {
    for (int32_t block = 0; block < task.block_num && place_block(staged.open, staged.jobs); ++block) {
    }
  }
  if (staged.jobs.empty()) return;
  for (Job& job : staged.jobs) {
    runner_.stage(job.call);
    job.call.staged = true;
  }
  staged_.push_back(std::move(staged));
}

// Frees the cores of the task staged last that has some of these kinds. It starts as any other when it is ready.
bool BlockDispatch::give_up_staged(uint32_t kinds) {
  for (size_t i = staged_.size(); i-- > 0;) {
    if ((kinds_of(table_.record(staged_[i].open.slot).lanes) & kinds) == 0) continue;
    for (const Job& job : staged_[i].jobs) cores_.release(job.call.kind, job.call.core);
    staged_.erase(staged_.begin() + static_cast<ptrdiff_t>(i));
    return true;
  }
  return false;
}

bool BlockDispatch::start_staged(uint32_t slot) {
  const std::lock_guard lock(mutex_);
  std::erase(candidates_, slot);
  const auto at = std::find_if(staged_.begin(), staged_.end(), [&](const Staged& staged) { return staged.open.slot == slot; });
  if (at == staged_.end()) return false;
  Staged staged = std::move(*at);
  staged_.erase(at);
  const TaskSlot& task = table_.record(slot);
  jobs_.insert(jobs_.begin(), staged.jobs.begin(), staged.jobs.end());
  if (staged.open.wide != nullptr && staged.open.wide->next_block != task.block_num) {
    open_[sort_of(task)].push_front(std::move(staged.open));
    look_ = true;
  } else if (staged.open.wide != nullptr) {
    running_.push_back(std::move(staged.open.wide));
    add_dispatched(task);
  }
  staged_early_.fetch_add(1, std::memory_order_relaxed);
  update_flags();
  return true;
}

uint32_t BlockDispatch::describe_open(std::string& lines) {
  const std::lock_guard lock(mutex_);
  size_t singles = 0, count = 0;
  for (size_t sort = 0; sort < kSortCount; ++sort) {
    count += open_[sort].size();
    for (const Open& open : open_[sort]) {
      const TaskSlot& task = table_.record(open.slot);
      if (open.wide == nullptr) {
        ++singles;
      } else {
        lines += fmt::format("\n  a task of {} blocks{} waits for {} for {} of them", task.block_num,
                             sort == kTogether ? " that start together" : "", one_lane(task.lanes) ? "cores" : "clusters",
                             task.block_num - open.wide->next_block);
      }
    }
  }
  if (singles != 0) lines += fmt::format("\n  {} tasks of one block wait for a core", singles);
  return static_cast<uint32_t>(count);
}

}  // namespace tilewright
