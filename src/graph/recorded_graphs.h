// The recorded graphs of a run: what each call of rt_submit_graph leads to (spec/l2-runtime.md, 4.1).
#pragma once

#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "graph/graph_definition.h"
#include "graph/graph_recorder.h"

namespace tilewright {

/// Belongs to the submitting thread. Definitions live to the end of the run: a body may use what another run changes.
class RecordedGraphs {
 public:
  explicit RecordedGraphs(Graph& graph) : graph_(graph) {}

  void begin_run(const std::vector<uint8_t>* kernel_lanes, int32_t aic_cores);
  /// After all tasks have completed or no core will touch them any more.
  void end_run();

  /// What the caller does next.
  enum class Step : uint8_t {
    kFailed,  ///< nothing: the graph has failed
    kReplay,  ///< submit `definition` with `args`
    kBody,    ///< call the body, then end()
    kJoin,    ///< the body's tasks stand for themselves: submit a task without a kernel that waits for `tasks`
  };
  struct Next {
    Step step;
    GraphDefinition* definition = nullptr;
    const GraphTaskArgs* args = nullptr;
    std::vector<PTO2TaskId> tasks;
  };

  /// A graph of this key is submitted with `args`, which outlive the matching end().
  Next begin(uint64_t key, const GraphTaskArgs& args);
  /// The body has been called. `may_repeat`: whether the caller can call it once more.
  Next end(bool may_repeat);

  /// Where tasks are submitted to now: null, or the recorder.
  GraphRecorder* recorder() const { return recording_ ? recorder_.get() : nullptr; }

 private:
  using Key = std::pair<uint64_t, bool>;  ///< of the caller, and whether the scope is MANUAL
  struct Frame {
    bool records;
    Key key;
    const GraphTaskArgs* args;
    Graph::Mark mark;
  };

  Next run_directly(const Key& key, const GraphTaskArgs& args, const std::string& why);
  Next fail(std::string text);

  Graph& graph_;
  const std::vector<uint8_t>* kernel_lanes_ = nullptr;
  int32_t aic_cores_ = 0;
  std::unique_ptr<GraphRecorder> recorder_;  ///< made when it is needed first
  bool recording_ = false;
  std::vector<Frame> frames_;                                   ///< bodies under way, the innermost last
  std::map<Key, std::unique_ptr<GraphDefinition>> definitions_;  ///< null: cannot be recorded
  std::set<std::pair<Key, std::string>> warned_;
};

}  // namespace tilewright
