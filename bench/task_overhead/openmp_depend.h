// OpenMP tasks with depend clauses, for every OpenMP runtime: gomp_depend.cpp (libgomp) and omp_depend.cpp (libomp) compile
// it, each with its own compiler. One thread of a team of two submits; both run tasks.
#pragma once

#include <omp.h>

#include <optional>
#include <utility>

#include "task_overhead/system.h"

namespace tilewright::bench {

class OpenmpDepend : public System {
 public:
  explicit OpenmpDepend(std::string name, std::string runtime) : name_(std::move(name)), runtime_(std::move(runtime)) {}

  std::string name() const override { return name_; }
  bool sees_memory() const override { return true; }

  void prepare(const Workload& workload, const Order&, Layout layout) override {
    workload_ = &workload;
    memory_.emplace(workload.slot_count, layout);
    omp_set_dynamic(0);
  }

  std::vector<Field> describe() const override {
    return {{"discovery", "data"},
            {"threads", int64_t{kThreads}},
            {"version", runtime_},
            {"compiler", compiler_version()},
            {"note", "a view is known by its first byte; overlapping views with different first bytes would not be ordered"}};
  }

  RunTimes run(StampBoard& board) override {
    RunTimes times;
#pragma omp parallel num_threads(kThreads)
#pragma omp single
    {
      const auto start = Clock::now();
      for (uint32_t task = 0; task < workload_->task_count(); ++task) submit(task, &board);
#pragma omp taskwait
      times.elapsed = Clock::now() - start;
    }
    return times;
  }

 private:
  /// Clauses spelled out for the common counts: the iterator modifier builds its list at run time and costs more.
  void submit(uint32_t task, StampBoard* board) {
    std::byte* const* const slots = memory_->addresses();
    std::byte* const own = slots[workload_->inout[task]];
    const auto reads = workload_->reads_of(task);
    const uint32_t* const read = reads.data();
    switch (reads.size()) {
      case 0:
#pragma omp task firstprivate(board, task) depend(inout : own[0])
        board->stamp(task);
        break;
      case 1:
#pragma omp task firstprivate(board, task) depend(in : slots[read[0]][0]) depend(inout : own[0])
        board->stamp(task);
        break;
      case 2:
#pragma omp task firstprivate(board, task) depend(in : slots[read[0]][0], slots[read[1]][0]) depend(inout : own[0])
        board->stamp(task);
        break;
      default: {
        const int count = static_cast<int>(reads.size());
#pragma omp task firstprivate(board, task) depend(iterator(int k = 0 : count), in : slots[read[k]][0]) depend(inout : own[0])
        board->stamp(task);
      }
    }
  }

  std::string name_;
  std::string runtime_;
  const Workload* workload_ = nullptr;
  std::optional<SlotMemory> memory_;
};

}  // namespace tilewright::bench
