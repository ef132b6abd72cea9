// What the runtime variants differ in. A variant is a policy of one engine; nothing else asks for its name.
#pragma once

#include <cstdint>

#include "graph/ring_sizes.h"
#include "tilewright/run_options.h"

namespace tilewright {

/// How a graph is built and when its tasks may run.
struct GraphPolicy {
  enum class Publish : uint8_t {
    kAtSubmit,    ///< each task may run from its submission on
    kAtScopeEnd,  ///< the tasks of a scope, together, when it ends: until then edges may be added
    kAtGraphEnd,  ///< all tasks, when the orchestration has ended
  };

  bool automatic = true;                 ///< creator edges and overlap of bytes order tasks; if not, explicit edges alone
  bool track_war = false;                ///< overlap also orders writers after readers; see TensorMap
  Publish publish = Publish::kAtSubmit;
  bool reclaims = true;                  ///< slots and output memory are used again within a run
  uint32_t rings = kRingCount;           ///< scope depth d uses ring min(d, rings - 1); settings of other rings do not count

  // Only for the body of a recorded graph (graph_recorder.h):
  uint8_t first_public_ring = 0;  ///< ring number that ids of ring 0 carry
  bool foreign_tasks = false;     ///< tensors may belong to tasks of another graph: they are external here
  bool virtual_heap = false;      ///< outputs have addresses but no memory yet: initial values are listed, not written
};

/// The policy of a runtime variant:
///   tensormap_and_ringbuffer  automatic, published at submit, reclaimed, four rings
///   host_build_graph          automatic, published when complete, nothing reclaimed, one ring
///   aicpu_build_graph         explicit edges, published scope by scope, reclaimed, four rings; with
///                             PTO_AICPU_BUILD_GRAPH_BUILD_MODE=0 published when complete and nothing reclaimed. An invalid
///                             value of the variable is logged and ignored, as those of PTO2_RING_* are.
/// RunOptions::track_war or TW_TRACK_WAR=1 sets track_war where order is automatic. Throws Error(kUnsupported) if the option
/// asks for it where it is not; the variable, which is for all runs, does not. Its invalid values are treated likewise.
GraphPolicy policy_of(const RunOptions& options);

/// Sizes with the rings that `policy` does not use as small as they can be.
RingSizes used_rings(RingSizes sizes, const GraphPolicy& policy);

}  // namespace tilewright
