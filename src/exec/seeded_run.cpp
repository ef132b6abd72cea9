#include "exec/seeded_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "graph/graph_definition.h"

namespace tilewright {
namespace {

constexpr size_t kKernelStackBytes = 512 << 10;
constexpr size_t kOrchestrationStackBytes = 8 << 20;
constexpr uint64_t kTurnsBetweenClocks = 256;

bool one_lane(uint8_t lanes) { return (lanes & (lanes - 1)) == 0; }
CoreType kind_of(uint8_t lane) { return lane == PTO2_SUBTASK_MASK_AIC ? CoreType::AIC : CoreType::AIV; }
const char* lane_name(int32_t lane) { return lane == 0 ? "aic" : lane == 1 ? "aiv0" : "aiv1"; }
const char* kind_name(CoreType kind) { return kind == CoreType::AIC ? "AIC" : "AIV"; }

}  // namespace

struct SeededRun::Wide {
  std::shared_ptr<void> shared;
  int32_t remaining = 0;  ///< kernels
};

struct SeededRun::Ready {
  uint32_t slot;
  uint64_t priority;
  int32_t next_block;
  std::shared_ptr<Wide> wide;
};

struct SeededRun::Activity {
  enum class State : uint8_t { kRunnable, kWaits, kAbandoned, kEnded };
  std::unique_ptr<Fiber> fiber;
  std::string name;
  uint64_t priority = 0;
  State state = State::kRunnable;
  const KernelWait* wait = nullptr;  ///< kWaits; else who polls, or null
  KernelCall call{};
  std::shared_ptr<Wide> wide;
  bool over = true;  ///< the kernel registered no condition
  uint64_t started = 0;
};

/// One of those who can go on: an activity, or a task to be started.
struct SeededRun::Choice {
  Activity* activity;
  size_t ready;
  uint64_t priority;
};

SeededRun::SeededRun(const Engine& engine, const SimSeed& seed, const RunLimits& limits)
    : engine_(engine),
      limits_(limits),
      limit_start_(limits.device_ns != 0 ? limits.clock() : 0),
      policy_(seed.seed),
      log_(seed.log),
      orchestration_(std::make_unique<Activity>()) {
  for (int kind = 0; kind < 2; ++kind) {
    free_[kind].assign(static_cast<size_t>(engine.aic_cores) * (kind == 0 ? 1 : 2), true);
    used_[kind].assign(free_[kind].size(), false);
  }
}

SeededRun::~SeededRun() = default;

uint32_t SeededRun::cores_used(CoreType kind) const {
  const std::vector<bool>& used = used_[static_cast<size_t>(kind)];
  return static_cast<uint32_t>(std::count(used.begin(), used.end(), true));
}

void SeededRun::add_event(std::string_view event, const std::string& who, const std::string& more) {
  log_.add(fmt::format("{} {} {}{}{}", ++now_, event, who, more.empty() ? "" : " ", more));
}

std::string SeededRun::name_of(uint32_t slot) {
  const auto known = names_.find(slot);
  return known != names_.end() ? known->second : "?";
}

// ---- the run --------------------------------------------------------------------------------------------

void SeededRun::run(const std::function<void()>& orchestrate) {
  orchestration_->name = "orchestration";
  orchestration_->priority = policy_.priority();
  orchestration_->fiber = std::make_unique<Fiber>(kOrchestrationStackBytes);
  orchestration_->fiber->start(orchestrate);
  for (;;) {
    collect_submitted();
    if (engine_.async.any()) complete_counters();
    const bool orchestration_ended = orchestration_->state == Activity::State::kEnded;
    if (orchestration_ended && (stopped() || all_done())) break;
    if (stopped()) {  // kernels are given up; the orchestration learns it where it waits, and ends
      resume(*orchestration_);
      continue;
    }
    if (out_of_time()) continue;
    const std::vector<Choice> all = choices();
    if (all.empty()) {
      stall();
      continue;
    }
    std::vector<uint64_t> priorities;
    for (const Choice& choice : all) priorities.push_back(choice.priority);
    const Choice& chosen = all[policy_.choose(priorities)];
    if (chosen.activity == nullptr) {
      start(chosen.ready);
    } else {
      resume(*chosen.activity);
    }
  }
  add_event("end", "run");
  log_.flush();
}

std::vector<SeededRun::Choice> SeededRun::choices() const {
  std::vector<Choice> all;
  const auto can_go_on = [](const Activity& activity) {
    return activity.state == Activity::State::kRunnable ||
           (activity.state == Activity::State::kWaits && activity.wait->ready(activity.wait->data));
  };
  if (orchestration_->state != Activity::State::kEnded && (!orchestration_condition_ || orchestration_condition_()))
    all.push_back({orchestration_.get(), 0, orchestration_->priority});
  for (const auto& kernel : kernels_) {
    if (can_go_on(*kernel)) all.push_back({kernel.get(), 0, kernel->priority});
  }
  int32_t free_places[8] = {};  // by lanes
  for (uint8_t lanes = 1; lanes < 8; ++lanes) free_places[lanes] = static_cast<int32_t>(places(lanes).size());
  for (size_t i = 0; i < ready_.size(); ++i) {
    const TaskSlot& task = engine_.table.record(ready_[i]->slot);
    const int32_t needed = (task.flags & TaskSlot::kSyncStart) != 0 ? task.block_num : 1;
    if (task.lanes == 0 || free_places[task.lanes] >= needed) all.push_back({nullptr, i, ready_[i]->priority});
  }
  return all;
}

bool SeededRun::out_of_time() {
  if (limits_.device_ns == 0 || ++turns_ % kTurnsBetweenClocks != 0) return false;
  if (limits_.clock() - limit_start_ < limits_.device_ns) return false;
  if (limits_.waived != nullptr && limits_.waived()) return false;
  RunFailure failure = deadline_failure(orchestration_->state == Activity::State::kEnded);
  for (const auto& kernel : kernels_) {
    if (kernel->wait != nullptr) failure.text += "\n  " + kernel->wait->describe(kernel->wait->data);
  }
  fail(std::move(failure));
  return true;
}

void SeededRun::stall() {
  Standstill all;
  for (const auto& kernel : kernels_) {
    ++all.kernels;
    if (kernel->wait != nullptr) all.lines += "\n  " + kernel->wait->describe(kernel->wait->data);
  }
  for (const auto& ready : ready_) {
    const TaskSlot& task = engine_.table.record(ready->slot);
    all.lines += fmt::format("\n  {} waits for {} for {} of its {} blocks", name_of(ready->slot),
                             one_lane(task.lanes) ? "cores" : "clusters", task.block_num - ready->next_block, task.block_num);
  }
  all.submitted = submitted_;
  all.unfinished = submitted_ - done_;
  all.ready = static_cast<uint32_t>(ready_.size());
  all.returned = engine_.async.describe(all.lines);
  all.orchestration_done = orchestration_->state == Activity::State::kEnded;
  fail(all.failure());
}

void SeededRun::fail(RunFailure failure) {
  add_event("fail", failure.kind == RunFailure::Kind::kStalled    ? "stalled"
                    : failure.kind == RunFailure::Kind::kDeadline ? "deadline"
                                                                  : "kernel");
  if (failure_.kind == RunFailure::Kind::kNone && !stopped()) failure_ = std::move(failure);
  engine_.stop.store(true);
}

// ---- activities -----------------------------------------------------------------------------------------

std::unique_ptr<Fiber> SeededRun::take_fiber() {
  if (fibers_.empty()) return std::make_unique<Fiber>(kKernelStackBytes);
  std::unique_ptr<Fiber> fiber = std::move(fibers_.back());
  fibers_.pop_back();
  return fiber;
}

void SeededRun::resume(Activity& activity) {
  add_event("run", activity.name);
  log_.flush();
  const bool is_orchestration = &activity == orchestration_.get();
  if (is_orchestration) {
    orchestration_condition_ = nullptr;
    engine_.runner.on_orchestration();
  }
  activity.state = Activity::State::kRunnable;
  activity.wait = nullptr;
  current_ = &activity;
  activity.fiber->resume();
  current_ = nullptr;
  if (!activity.fiber->finished()) return;
  activity.state = Activity::State::kEnded;
  if (is_orchestration) return add_event("end", activity.name);
  returned(activity);
}

void SeededRun::suspend(Activity& activity) { activity.fiber->suspend(); }

void SeededRun::published() {
  ++submitted_;
  if (policy_.looks_up()) suspend(*current_);
}

void SeededRun::wait_until(std::function<bool()> condition) {
  if (stopped()) return;
  add_event("wait", orchestration_->name);
  orchestration_condition_ = std::move(condition);
  suspend(*orchestration_);
}

bool SeededRun::instruction() {
  ++now_;
  bool falls = false;
  if (!policy_.interrupts(falls)) return false;
  Activity& self = *current_;
  if (falls) self.priority = policy_.lowest();
  add_event("interrupt", self.name);
  suspend(self);
  return true;
}

void SeededRun::yield(const KernelWait* who) {
  if (current_ == nullptr || current_ == orchestration_.get()) return;
  Activity& self = *current_;
  add_event("yield", self.name);
  self.priority = policy_.lowest();
  self.wait = who;
  suspend(self);
}

void SeededRun::wait(const KernelWait& condition) {
  Activity& self = *current_;
  while (!condition.ready(condition.data)) {
    add_event("wait", self.name);
    self.state = Activity::State::kWaits;
    self.wait = &condition;
    suspend(self);
  }
}

bool SeededRun::notify() {
  if (current_ == nullptr || current_ == orchestration_.get()) return false;
  add_event("notify", current_->name);
  if (!policy_.looks_up()) return false;
  suspend(*current_);
  return true;
}

void SeededRun::fail_kernel(RunFailure failure) {
  Activity& self = *current_;
  fail(std::move(failure));
  self.state = Activity::State::kAbandoned;
  suspend(self);
  std::terminate();  // an abandoned fiber is never resumed
}

// ---- tasks ----------------------------------------------------------------------------------------------

void SeededRun::collect_submitted() {
  uint32_t slots[64];
  while (const uint32_t count = engine_.table.claim(slots, 64)) {
    for (uint32_t i = 0; i < count; ++i) {
      names_[slots[i]] = fmt::format("t{}", claimed_++);
      add_event("submit", names_[slots[i]]);
      look_at(slots[i]);
    }
  }
}

void SeededRun::look_at(uint32_t slot) {
  const TaskRef undone = engine_.table.undone_predecessor(engine_.table.record(slot));
  if (undone.slot == kNoSlot) return make_ready(slot);
  wake(engine_.table.park(slot, undone));
}

void SeededRun::wake(uint32_t list) {
  while (list != kNoSlot) {
    const uint32_t slot = list;
    list = engine_.table.next_in_list(slot);
    look_at(slot);
  }
}

void SeededRun::make_ready(uint32_t slot) {
  add_event("ready", name_of(slot));
  const uint64_t priority = heir_of_ != 0 ? policy_.heir(std::exchange(heir_of_, 0)) : policy_.priority();
  ready_.push_back(std::make_unique<Ready>(Ready{slot, priority, 0, nullptr}));
}

// Free cores of the kind if there is one lane, else clusters in which those of all lanes are free.
std::vector<int32_t> SeededRun::places(uint8_t lanes) const {
  std::vector<int32_t> found;
  if (one_lane(lanes)) {
    const std::vector<bool>& cores = free_[static_cast<size_t>(kind_of(lanes))];
    for (size_t i = 0; i < cores.size(); ++i) {
      if (cores[i]) found.push_back(static_cast<int32_t>(i));
    }
    return found;
  }
  for (size_t i = 0; i < free_[0].size(); ++i) {
    const bool aic = (lanes & PTO2_SUBTASK_MASK_AIC) == 0 || free_[0][i];
    const bool aiv0 = (lanes & PTO2_SUBTASK_MASK_AIV0) == 0 || free_[1][2 * i];
    const bool aiv1 = (lanes & PTO2_SUBTASK_MASK_AIV1) == 0 || free_[1][2 * i + 1];
    if (aic && aiv0 && aiv1) found.push_back(static_cast<int32_t>(i));
  }
  return found;
}

// Starts the next block of a ready task, or all if they start together.
void SeededRun::start(size_t index) {
  Ready& ready = *ready_[index];
  const TaskSlot& task = engine_.table.record(ready.slot);
  const auto remove = [&] { ready_.erase(ready_.begin() + static_cast<ptrdiff_t>(index)); };
  const bool skipped = (task.flags & TaskSlot::kHasPredicate) != 0 && !task.predicate().pass();
  if ((task.flags & TaskSlot::kGraph) != 0 || task.lanes == 0 || skipped) {
    const uint32_t slot = ready.slot;
    const bool timed = task.timing_slot() >= 0 && !skipped;
    remove();
    if ((task.flags & TaskSlot::kGraph) != 0) return start_graph(slot);
    if (timed) engine_.timing.add(task.timing_slot(), now_, now_);
    return complete(slot);
  }
  if (ready.wide == nullptr) {
    ready.wide = std::make_shared<Wide>();
    if (task.block_num != 1 || !one_lane(task.lanes)) ready.wide->shared = engine_.runner.share(task);
    ready.wide->remaining = task.block_num * __builtin_popcount(task.lanes);
  }
  std::vector<int32_t> free = places(task.lanes);
  const int32_t blocks = (task.flags & TaskSlot::kSyncStart) != 0 ? task.block_num : 1;
  for (int32_t i = 0; i < blocks; ++i) {
    const size_t at = policy_.below(free.size());
    start_block(ready, free[at]);
    free.erase(free.begin() + static_cast<ptrdiff_t>(at));
  }
  if (ready.next_block == task.block_num) remove();
}

// `place` is a core, or a cluster if the task has several lanes.
void SeededRun::start_block(Ready& ready, int32_t place) {
  const TaskSlot& task = engine_.table.record(ready.slot);
  const int32_t block = ready.next_block++;
  const bool single = one_lane(task.lanes);
  for (int32_t lane = 0; lane < 3; ++lane) {
    const uint8_t mask = static_cast<uint8_t>(1 << lane);
    if ((task.lanes & mask) == 0) continue;
    const CoreType kind = kind_of(mask);
    const int32_t core = single || kind == CoreType::AIC ? place : 2 * place + lane - 1;
    const int32_t named_lane = single && kind == CoreType::AIV ? 1 : lane;  // as BlockDispatch has it
    free_[static_cast<size_t>(kind)][static_cast<size_t>(core)] = false;
    used_[static_cast<size_t>(kind)][static_cast<size_t>(core)] = true;
    auto activity = std::make_unique<Activity>();
    activity->name = fmt::format("{}.b{}.{}", name_of(ready.slot), block, lane_name(named_lane));
    activity->priority = single && task.block_num == 1 ? ready.priority : policy_.priority();
    activity->call = {&task, kind, core, named_lane, block, ready.wide->shared.get()};
    activity->wide = ready.wide;
    activity->fiber = take_fiber();
    Activity* const self = activity.get();
    activity->fiber->start([this, self] {
      self->started = now_;
      self->over = engine_.runner.run(self->call);
    });
    add_event("start", activity->name, fmt::format("func {} on {} {}", task.kernel_ids[named_lane], kind_name(kind), core));
    kernels_.push_back(std::move(activity));
  }
}

// A kernel has returned.
void SeededRun::returned(Activity& activity) {
  const KernelCall call = activity.call;
  const TaskSlot& task = *call.task;
  add_event("return", activity.name);
  free_[static_cast<size_t>(call.kind)][static_cast<size_t>(call.core)] = true;
  if (task.timing_slot() >= 0) engine_.timing.add(task.timing_slot(), activity.started, now_);
  const uint64_t priority = activity.priority;
  const std::shared_ptr<Wide> wide = activity.wide;
  fibers_.push_back(std::move(activity.fiber));
  std::erase_if(kernels_, [&](const auto& kernel) { return kernel.get() == &activity; });
  if (--wide->remaining != 0) return;
  const uint32_t slot = engine_.table.slot_of(task);
  heir_of_ = priority;
  if (!engine_.async.kernels_returned(slot)) complete(slot);
  heir_of_ = 0;
}

void SeededRun::complete_counters() {
  std::vector<uint32_t> slots;
  engine_.async.take_complete(slots);
  for (const uint32_t slot : slots) complete(slot);
}

void SeededRun::complete(uint32_t slot) {
  add_event("done", name_of(slot));
  const bool is_node = engine_.table.is_node(slot);
  ReplayContext* const context = is_node ? engine_.table.node_owner(slot) : nullptr;
  engine_.table.mark_done({slot, is_node ? 0 : engine_.table.record(slot).id});
  if (!is_node) ++done_;
  wake(engine_.table.take_waiters(slot));
  if (is_node && context->remaining.fetch_sub(1, std::memory_order_relaxed) == 1) finish_graph(*context);
}

// Makes tasks of all nodes of a recorded graph.
void SeededRun::start_graph(uint32_t slot) {
  GraphDefinition& definition = *graph_shell(engine_.table.record(slot)).definition;
  ReplayContext* const context = definition.acquire(slot);
  if (context == nullptr) return;  // finish_graph of another instance starts it again
  context->complete_tasks();
  const uint32_t count = context->node_count();
  context->remaining.store(count, std::memory_order_relaxed);
  for (uint32_t i = 0; i < count; ++i) {
    engine_.table.set_node(context->slot_of(i), false);
    names_[context->slot_of(i)] = fmt::format("{}.n{}", name_of(slot), i);
  }
  if (count == 0) return finish_graph(*context);
  for (uint32_t i = 0; i < count; ++i) look_at(context->slot_of(i));
}

void SeededRun::finish_graph(ReplayContext& context) {
  const uint32_t shell = context.shell();
  const uint32_t waiting = context.definition().release(&context);
  complete(shell);
  if (waiting != kNoSlot) make_ready(waiting);
}

}  // namespace tilewright
