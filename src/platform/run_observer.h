// What a simulated run keeps of its graph: tasks and edges for the report, and what the search for races needs to know.
#pragma once

#include "check/races.h"
#include "graph/graph.h"
#include "tilewright/run_options.h"

namespace tilewright {

/// Called by Graph, on the orchestration's fiber.
class RunObserver final : public GraphObserver {
 public:
  /// Both outlive this, and either may be null. `orchestration`: an address in the orchestration's code.
  RunObserver(RunReport* report, check::Races* races, const void* orchestration);

  void on_task(const TaskRecord& task) override;
  void on_edge(const DependencyEdge& edge) override;
  void on_arguments(PTO2TaskId task, std::span<const ChipTensor> tensors, uint64_t begin, uint64_t end,
                    const DispatchPredicate* predicate) override;
  void on_host_access(uint64_t address, uint64_t bytes, bool write, std::span<const PTO2TaskId> after,
                      std::span<const PTO2TaskId> pending) override;

 private:
  std::vector<const void*> stack_of_orchestration() const;

  RunReport* const report_;
  check::Races* const races_;
  const void* code_ = nullptr;  ///< where the loader put the orchestration
};

}  // namespace tilewright
