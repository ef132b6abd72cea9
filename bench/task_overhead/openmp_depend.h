// OpenMP tasks with depend clauses, for every OpenMP runtime: gomp_depend.cpp (libgomp) and omp_depend.cpp (libomp) compile
// it, each with its own compiler. The first thread of the team submits; all run tasks.
#pragma once

#include <omp.h>

#include <optional>
#include <semaphore>
#include <string>
#include <utility>

#include "task_overhead/system.h"

namespace tilewright::bench {

class OpenmpDepend : public System {
 public:
  explicit OpenmpDepend(std::string name, std::string runtime) : name_(std::move(name)), runtime_(std::move(runtime)) {}

  std::string name() const override { return name_; }
  bool sees_memory() const override { return true; }

  void prepare(const Workload& workload, const Order&, const Conditions& conditions) override {
    workload_ = &workload;
    memory_.emplace(workload.slot_count, conditions.layout);
    omp_set_dynamic(0);
    // On one thread a runtime may call every task where it is created and look at no dependency, because submission order
    // is a valid order. libomp does. That would measure a function call, so it gets a second thread that sleeps.
    partner_sleeps_ = conditions.threads == 1 && runs_tasks_at_once();
    team_ = partner_sleeps_ ? 2 : conditions.threads;
  }

  std::vector<Field> describe() const override {
    std::vector<Field> fields = {
        {"discovery", "data"},
        {"version", runtime_},
        {"compiler", compiler_version()},
        {"note", "a view is known by its first byte; overlapping views with different first bytes would not be ordered"}};
    if (partner_sleeps_) {
      fields.push_back(
          {"one_thread",
           "a team of one calls tasks at once and ignores dependencies, so the team is two, the second asleep in a semaphore"});
    }
    return fields;
  }

  RunTimes run(StampBoard& board) override {
    RunTimes times;
#pragma omp parallel num_threads(team_)
    if (omp_get_thread_num() == 0) {
      const auto start = Clock::now();
      for (uint32_t task = 0; task < workload_->task_count(); ++task) submit(task, &board);
#pragma omp taskwait
      times.elapsed = Clock::now() - start;
      if (partner_sleeps_) wake_.release();
    } else if (partner_sleeps_) {
      wake_.acquire();
    }  // else the thread goes to the barrier at the end of the region, where it runs tasks
    return times;
  }

 private:
  /// Whether a team of one runs a task inside the directive that creates it.
  static bool runs_tasks_at_once() {
    bool ran = false;
    bool at_once = false;
#pragma omp parallel num_threads(1) shared(ran, at_once)
    {
#pragma omp task shared(ran) depend(inout : ran)
      ran = true;
      at_once = ran;
#pragma omp taskwait
    }
    return at_once;
  }

  /// Clauses spelled out for the common counts: the iterator modifier builds its list at run time and costs more.
  void submit(uint32_t task, StampBoard* board) {
    std::byte* const* const slots = memory_->addresses();
    std::byte* const own = slots[workload_->inout[task]];
    const auto reads = workload_->reads_of(task);
    const uint32_t* const read = reads.data();
    switch (reads.size()) {
      case 0:
#pragma omp task firstprivate(board, task) depend(inout : own[0])
        board->run_task(task);
        break;
      case 1:
#pragma omp task firstprivate(board, task) depend(in : slots[read[0]][0]) depend(inout : own[0])
        board->run_task(task);
        break;
      case 2:
#pragma omp task firstprivate(board, task) depend(in : slots[read[0]][0], slots[read[1]][0]) depend(inout : own[0])
        board->run_task(task);
        break;
      default: {
        const int count = static_cast<int>(reads.size());
#pragma omp task firstprivate(board, task) depend(iterator(int k = 0 : count), in : slots[read[k]][0]) depend(inout : own[0])
        board->run_task(task);
      }
    }
  }

  std::string name_;
  std::string runtime_;
  const Workload* workload_ = nullptr;
  std::optional<SlotMemory> memory_;
  int team_ = 0;
  bool partner_sleeps_ = false;
  std::binary_semaphore wake_{0};
};

}  // namespace tilewright::bench
