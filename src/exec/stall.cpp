// When nothing goes on: carriers that rest, deadlocks, deadlines.
//
// A carrier is busy while it can change anything: make a task ready, a condition true, a core free. When none is, everything
// stands still and stays as it is: the last to rest may look at what belongs to the others, and what it finds is a fact.
#include <string>
#include <utility>

#include "exec/scheduler.h"

namespace tilewright {

void Scheduler::join_run() {
  const std::lock_guard lock(stall_mutex_);
  ++busy_;
}

// False if the carrier has reason to go on after all.
bool Scheduler::rest_unless_wanted(Carrier& carrier) {
  const std::lock_guard lock(stall_mutex_);
  if (wanted(carrier)) return false;
  carrier.rests = true;
  --busy_;
  if (busy_ == lost_) take_any_room();
  if (busy_ == 0) {
    check_stalled();
  } else if (busy_ == lost_ && dispatch_.cores_wanted() && dispatch_.ignore_reservations()) {
    wake();  // a kernel that keeps its thread may wait for what is held back
  }
  return true;
}

void Scheduler::end_rest(Carrier& carrier) {
  const std::lock_guard lock(stall_mutex_);
  carrier.rests = false;
  ++busy_;
}

// A condition may come true unannounced, by a store to memory. Carriers that rest do not look; this does it for them, while others poll
// or keep their threads.
void Scheduler::look_for_resting() {
  const std::lock_guard lock(stall_mutex_);
  take_any_room();
  for (const auto& carrier : carriers_) {
    if (carrier->rests && wanted(*carrier)) return wake();
  }
}

void Scheduler::check_stalled() {
  for (const auto& carrier : carriers_) {
    if (wanted(*carrier)) return wake();  // a condition came true that nobody announced
  }
  if (dispatch_.ignore_reservations()) return wake();
  Standstill all;
  for (const auto& carrier : carriers_) {
    carrier->suspended.for_each([&](const KernelWait* wait) {
      ++all.kernels;
      if (wait != nullptr) all.lines += "\n  " + wait->describe(wait->data);
    });
  }
  all.submitted = published_;
  all.unfinished = published_ - done_by_all();
  all.ready = dispatch_.describe_open(all.lines);
  all.returned = async_.describe(all.lines);
  all.orchestration_done = orchestration_done_.load();
  fail(all.failure());
}

// Ends a run in which kernels have only polled for too long. What they wait for cannot be known: the kernel that is resumed
// next says where it polls.
void Scheduler::check_deadline(uint64_t pause_ns) {
  if (limits_.device_ns == 0) return;
  // While another carrier works, its CPU time counts; while all of them pause, the pause does, once.
  if (pause_ns != 0 && idle_carriers_.load() >= participants_.load() + 1 - waiting_callers_.load()) {
    paused_ns_.fetch_add(pause_ns / static_cast<uint64_t>(pausing_carriers_.load()), std::memory_order_relaxed);
  }
  if (limits_.clock() - limit_start_ns_ + paused_ns_.load(std::memory_order_relaxed) < limits_.device_ns) return;
  if (limits_.waived != nullptr && limits_.waived()) return;
  past_deadline_.store(true, std::memory_order_relaxed);
}

// On the fiber of a kernel that polls. Several may come here, on as many carriers: the first one fails the run, and all are named.
void Scheduler::end_at_deadline(const KernelWait* who) {
  {  // an abandoned fiber runs no destructors
    std::string lines;
    if (who != nullptr) lines += "\n  " + who->describe(who->data);
    if (const std::string stack = runner_.stack_of_caller(); !stack.empty()) lines += "\n" + stack;
    RunFailure failure = deadline_failure(orchestration_done_.load());
    failure.text += lines;
    fail(std::move(failure), lines);
  }
  leave(Leave::kAbandoned);
}

// Gives up what the carrier has suspended, which is something only if the run was stopped.
void Scheduler::leave_run(Carrier& carrier) {
  {
    const std::lock_guard lock(stall_mutex_);
    --busy_;
  }
  if (stopped()) {
    const std::lock_guard lock(failure_mutex_);
    if (failure_.kind == RunFailure::Kind::kDeadline) {
      carrier.suspended.for_each([&](const KernelWait* wait) {
        if (wait != nullptr) failure_.text += "\n  " + wait->describe(wait->data);
      });
    }
  }
  carrier.suspended.abandon(carrier.abandoned_fibers);
}

}  // namespace tilewright
