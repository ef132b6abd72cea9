#include "exec/interleavings.h"

#include <bit>
#include <cstring>

namespace tilewright::interleavings {
namespace {

constexpr size_t kStackBytes = 64 << 10;
constexpr size_t kMaxSteps = 1000;  // no execution of a few-step protocol has as many

}  // namespace

Explorer::Result Explorer::explore(const std::function<std::unique_ptr<Scenario>()>& make) {
  Result result;
  path_.clear();
  current_ = this;
  do {
    if (!execute(make, result)) break;
  } while (next_path());
  current_ = nullptr;
  return result;
}

// Two steps of which the order makes no difference are independent. A thread and its own buffer always depend on each other.
bool Explorer::depend(size_t a, const Step& step_a, size_t b, const Step& step_b) {
  if (a % kMaxThreads == b % kMaxThreads) return true;
  if (step_a.place == nullptr || step_a.place != step_b.place) return false;
  return step_a.kind != Step::kLoad || step_b.kind != Step::kLoad;
}

// On a thread's fiber: says what comes next, and waits for its turn.
void Explorer::step(Step next) {
  const size_t self = self_;
  next_[self] = next;
  fibers_[self]->suspend();
  next_[self] = {};
}

// One execution, along path_ and then wherever is new. False if it was a bad one.
bool Explorer::execute(const std::function<std::unique_ptr<Scenario>()>& make, Result& result) {
  const std::unique_ptr<Scenario> scenario = make();
  threads_ = scenario->threads();
  const auto resume = [this](size_t thread) {
    self_ = thread;
    running_ = true;
    fibers_[thread]->resume();
    running_ = false;
  };
  for (size_t i = 0; i < threads_; ++i) {
    if (fibers_[i] == nullptr) fibers_[i] = std::make_unique<Fiber>(kStackBytes);
    buffers_[i].clear();
    next_[i] = {};
    fibers_[i]->start([&scenario, i] { scenario->run(i); });
    resume(i);  // to its first step
  }
  for (size_t depth = 0; scenario->fault.empty(); ++depth) {
    if (depth == kMaxSteps) {
      scenario->fault = "the threads do not end";
      break;
    }
    if (depth == path_.size()) {
      Node node = look();
      if (depth > 0) {
        const Node& before = path_.back();
        const Step& taken = before.steps[before.chosen];
        const uint32_t known = (before.asleep | before.tried) & ~(1u << before.chosen);
        for (size_t agent = 0; agent < kAgents; ++agent) {
          const bool stays = (known >> agent & 1) != 0 && !depend(agent, before.steps[agent], before.chosen, taken);
          if (stays) node.asleep |= 1u << agent;
        }
      }
      if (node.enabled == 0) break;
      if (!choose(node)) return true;  // whatever goes on from here has been tried
      path_.push_back(node);
    }
    const size_t agent = path_[depth].chosen;
    if (agent < kMaxThreads) {
      resume(agent);
    } else {
      std::deque<Store>& buffer = buffers_[agent - kMaxThreads];
      std::memcpy(buffer.front().place, &buffer.front().value, buffer.front().bytes);
      buffer.pop_front();
    }
  }
  if (scenario->fault.empty()) scenario->finish();
  ++result.executions;
  result.fault = scenario->fault;
  return result.fault.empty();
}

// Who can do what now.
Explorer::Node Explorer::look() const {
  Node node;
  for (size_t i = 0; i < threads_; ++i) {
    node.steps[i] = next_[i];
    const bool drains = next_[i].kind == Step::kUpdate || next_[i].kind == Step::kFence;
    if (next_[i].kind != Step::kNone && (!drains || buffers_[i].empty())) node.enabled |= 1u << i;
    if (buffers_[i].empty()) continue;
    node.steps[kMaxThreads + i] = {Step::kWrite, buffers_[i].front().place};
    node.enabled |= 1u << (kMaxThreads + i);
  }
  return node;
}

// Takes the next agent that has not been tried. False if there is none.
bool Explorer::choose(Node& node) {
  const uint32_t open = node.enabled & ~node.tried & ~node.asleep;
  if (open == 0) return false;
  node.chosen = static_cast<size_t>(std::countr_zero(open));
  node.tried |= 1u << node.chosen;
  return true;
}

bool Explorer::next_path() {
  while (!path_.empty() && !choose(path_.back())) path_.pop_back();
  return !path_.empty();
}

}  // namespace tilewright::interleavings
