#include "graph/recorded_graphs.h"

#include <fmt/format.h>

#include "base/log.h"
#include "pto_orchestration_api.h"

namespace tilewright {

void RecordedGraphs::begin_run(const std::vector<uint8_t>* kernel_lanes, int32_t aic_cores) {
  kernel_lanes_ = kernel_lanes;
  aic_cores_ = aic_cores;
}

void RecordedGraphs::end_run() {
  if (recording_) {
    RecordedBody unfinished;
    recorder_->refuse("the run has ended");
    recorder_->end(unfinished);
  }
  recording_ = false;
  frames_.clear();
  definitions_.clear();
  warned_.clear();
}

RecordedGraphs::Next RecordedGraphs::begin(uint64_t key_bits, const GraphTaskArgs& args) {
  if (graph_.is_fatal()) return {Step::kFailed, nullptr, nullptr, {}};
  if (args.has_error) return fail(fmt::format("rt_submit_graph: {}", args.error_msg));
  for (int32_t i = 0; i < args.tensor_count(); ++i) {
    if (args.tag(i) != TensorArgType::OUTPUT) continue;
    return fail(fmt::format("rt_submit_graph, argument {}: a graph takes tensors that exist; its tasks make others", i));
  }
  Graph& target = recording_ ? recorder_->graph() : graph_;
  const Key key{key_bits, target.in_manual_scope()};
  if (recording_) return run_directly(key, args, {});  // a graph within a graph: its nodes are nodes of the outer one
  if (const auto known = definitions_.find(key); known != definitions_.end()) {
    GraphDefinition* const definition = known->second.get();
    if (definition == nullptr) return run_directly(key, args, "it cannot be recorded");
    const std::string mismatch = definition->mismatch(args);
    if (mismatch.empty()) return {Step::kReplay, definition, &args, {}};
    return run_directly(key, args, "the arguments do not fit the recording: " + mismatch);
  }
  if (recorder_ == nullptr) recorder_ = std::make_unique<GraphRecorder>();
  recorder_->graph().set_cores(aic_cores_);
  recorder_->begin(graph_, kernel_lanes_, args);
  recording_ = true;
  frames_.push_back({true, key, &args, {}});
  return {Step::kBody, nullptr, nullptr, {}};
}

RecordedGraphs::Next RecordedGraphs::run_directly(const Key& key, const GraphTaskArgs& args, const std::string& why) {
  if (args.explicit_dep_count() != 0) {
    return fail(fmt::format("graph {:#x} has explicit dependencies, which only a recorded graph can wait for, and {}", key.first,
                            why.empty() ? "it is part of another graph" : why));
  }
  if (!why.empty() && warned_.insert({key, why}).second) {
    log(LogLevel::kWarn, "graph", "graph {:#x} runs task by task: {}", key.first, why);
  }
  frames_.push_back({false, key, &args, (recording_ ? recorder_->graph() : graph_).mark()});
  return {Step::kBody, nullptr, nullptr, {}};
}

RecordedGraphs::Next RecordedGraphs::end(bool may_repeat) {
  if (graph_.is_fatal()) return {Step::kFailed, nullptr, nullptr, {}};
  if (frames_.empty()) return fail("rt_graph_end without rt_graph_begin");
  const Frame frame = frames_.back();
  frames_.pop_back();
  if (!frame.records) return {Step::kJoin, nullptr, nullptr, (recording_ ? recorder_->graph() : graph_).tasks_since(frame.mark)};

  RecordedBody body;
  recording_ = false;
  const bool good = recorder_->end(body);
  const int32_t code = recorder_->graph().error_code();
  if (code != 0) {
    graph_.fail(code, fmt::format("in the body of graph {:#x}: {}", frame.key.first, recorder_->graph().error_text()));
    return {Step::kFailed, nullptr, nullptr, {}};
  }
  std::string why = recorder_->why_not();
  if (good) {
    auto definition = std::make_unique<GraphDefinition>(std::move(body), graph_.table());
    if (definition->usable()) {
      GraphDefinition* const made = definition.get();
      definitions_.emplace(frame.key, std::move(definition));
      return {Step::kReplay, made, frame.args, {}};
    }
    why = "there are no node slots left";
  }
  definitions_.emplace(frame.key, nullptr);
  if (!may_repeat) return fail(fmt::format("graph {:#x} cannot be recorded: {}; submit it with rt_submit_graph", frame.key.first, why));
  return run_directly(frame.key, *frame.args, why);
}

RecordedGraphs::Next RecordedGraphs::fail(std::string text) {
  graph_.fail(PTO2_ERROR_INVALID_ARGS, std::move(text));
  return {Step::kFailed, nullptr, nullptr, {}};
}

}  // namespace tilewright
