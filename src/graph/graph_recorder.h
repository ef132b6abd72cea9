// Records the body of a graph: what it submits goes into a graph of its own, which finds the dependencies among its tasks by
// the same rules, and becomes a GraphDefinition instead of being run.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "graph/graph_definition.h"

namespace tilewright {

/// One recording at a time. Belongs to the submitting thread.
class GraphRecorder {
 public:
  /// Ring number that ids of recorded tasks carry: ids of other graphs are told apart from them.
  static constexpr uint8_t kPublicRing = 200;

  GraphRecorder();

  /// Starts recording a body that is called with `args`, which outlive the recording, and would run in a scope of `outer`.
  void begin(const Graph& outer, const std::vector<uint8_t>* kernel_lanes, const GraphTaskArgs& args);
  /// Where the body's calls go meanwhile.
  Graph& graph() { return graph_; }
  const Graph& graph() const { return graph_; }
  SubmitState submit(const MixedKernels& kernels, const CoreTaskArgs& args, TaskOutputTensors& outputs);
  SubmitState submit_dummy(const CoreTaskArgs& args, TaskOutputTensors& outputs);

  /// The body did something that a replay could not repeat; the first reason counts.
  void refuse(std::string why);

  /// Ends the recording. True, and the body, if it can be replayed; else why_not() says why. graph().is_fatal() says that the
  /// body broke a rule, which it would have broken without recording too.
  bool end(RecordedBody& body);
  const std::string& why_not() const { return why_not_; }

  /// Whether an address is that of an output of a recorded task.
  static bool is_virtual(uint64_t address) { return address >= RecordedBody::kVirtualHeap; }

 private:
  /// A scalar of a recorded task that is one of the boundary's.
  struct Forwarded {
    uint32_t task;
    uint32_t scalar;
    uint32_t boundary;
  };

  void note_scalars(const CoreTaskArgs& args);
  void add_boundary(RecordedBody& body) const;
  bool add_nodes(RecordedBody& body);
  bool add_arguments(uint32_t index, const TaskSlot& task, RecordedBody& body);
  /// Notes that the bytes from `address` on, which the image has at `offset`, belong to a boundary tensor or to internal memory.
  bool add_address(uint32_t offset, ByteRange range, uint64_t address, RecordedBody& body);
  void add_uses(const CoreTaskArgs& args);
  void fix_scalars(RecordedBody& body) const;

  Graph graph_;
  const GraphTaskArgs* args_ = nullptr;
  std::vector<ByteRange> ranges_;     ///< of the boundary tensors
  std::vector<uint8_t> reads_, writes_;  ///< by boundary tensor: some node does that to it
  std::vector<uint32_t> looks_;       ///< by boundary scalar, before the recording
  std::vector<Forwarded> forwarded_;  ///< in order of tasks
  size_t scope_depth_ = 0;
  std::string why_not_;
};

}  // namespace tilewright
