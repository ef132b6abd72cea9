// What an orchestration on the simulator calls: the ops table (spec/api.md, A.4) over one graph and one scheduler.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "exec/scheduler.h"
#include "graph/graph.h"
#include "graph/recorded_graphs.h"
#include "runtime_ops.h"

namespace tilewright {

/// The object behind an orchestration's runtime pointer. Its functions are called on the orchestration's fiber; there is
/// one run at a time on a thread.
class SimRuntime : public PTO2Runtime {
 public:
  SimRuntime();
  SimRuntime(const SimRuntime&) = delete;
  SimRuntime& operator=(const SimRuntime&) = delete;

  /// Where calls go until the next attach. Both outlive the runs.
  void attach(Graph& graph, Scheduler& scheduler, int32_t aic_cores);

  /// Around a run, on the thread that runs it. `kernel_lanes` as for Graph::begin_run.
  void begin_run(const std::vector<uint8_t>* kernel_lanes);
  void end_run();
  /// The orchestration goes on, on the calling thread.
  void make_current();

  /// Calls `entry` (named `name` in messages). An exception that leaves it fails the run.
  void orchestrate(const std::string& name, const std::function<void(const ChipTaskArgs&)>& entry, const ChipTaskArgs& args);

  /// Ends the run with a status code of spec/api.md, section F; the first one counts.
  void fail(int32_t code, std::string text);

 private:
  struct Ops;  // the functions of the table

  template <typename Submit>
  TaskOutputTensors submit(Submit&& submit_once);
  template <typename Submit>
  TaskOutputTensors record(Submit&& submit_once);
  TaskOutputTensors submit_dummy(const CoreTaskArgs& args);
  GraphScopeResult go_on_with_graph(const RecordedGraphs::Next& next);
  void announce_published();
  void not_accepted(SubmitState state);
  GraphRecorder* recorder() const { return graphs_->recorder(); }
  /// The graph that calls concern now: the run's, or that of a recording.
  Graph& target() { return recorder() != nullptr ? recorder()->graph() : *graph_; }
  /// Whether the run ended because what the orchestration waited for cannot happen.
  bool waited_in_vain() const;
  void stop_if_fatal();
  bool wait_for_element(const ChipTensor& tensor, uint32_t ndims, const uint32_t indices[], bool write);

  Graph* graph_ = nullptr;
  Scheduler* scheduler_ = nullptr;
  std::unique_ptr<RecordedGraphs> graphs_;
  int32_t aic_cores_ = 0;
  uint64_t announced_ = 0;  ///< published tasks that the scheduler was told of
};

}  // namespace tilewright
