#include "graph/graph_policy.h"

#include <fmt/format.h>

#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "base/log.h"

namespace tilewright {
namespace {

/// The switch of an environment variable: 0 or 1. Other values are logged and ignored.
bool switch_of(const char* name, bool normally, const char* meanings) {
  const char* const text = std::getenv(name);
  if (text == nullptr || *text == '\0') return normally;
  if (std::string_view(text) == "1") return true;
  if (std::string_view(text) == "0") return false;
  log(LogLevel::kWarn, "policy", "{}='{}' is neither {}; {} is used", name, text, meanings, normally ? 1 : 0);
  return normally;
}

/// Whether published scopes may run while building goes on.
bool runs_while_building() {
  return switch_of("PTO_AICPU_BUILD_GRAPH_BUILD_MODE", true, "0 (build all, then schedule) nor 1 (schedule while building)");
}

bool tracks_war() { return switch_of("TW_TRACK_WAR", false, "0 (writers do not wait for readers) nor 1 (they do)"); }

}  // namespace

GraphPolicy policy_of(const RunOptions& options) {
  GraphPolicy policy;
  switch (options.runtime) {
    case RuntimeVariant::kTensormapAndRingbuffer: break;
    case RuntimeVariant::kHostBuildGraph:
      policy.publish = GraphPolicy::Publish::kAtGraphEnd;
      policy.reclaims = false;
      policy.rings = 1;
      break;
    case RuntimeVariant::kAicpuBuildGraph:
      policy.automatic = false;
      policy.reclaims = runs_while_building();
      policy.publish = policy.reclaims ? GraphPolicy::Publish::kAtScopeEnd : GraphPolicy::Publish::kAtGraphEnd;
      break;
  }
  if (options.track_war && !policy.automatic) {
    throw Error(ErrorCode::kUnsupported, fmt::format("track_war orders accesses by itself, {} does not", runtime_name(options.runtime)),
                "add the edges that the program needs, or use another runtime");
  }
  policy.track_war = policy.automatic && (options.track_war || tracks_war());
  return policy;
}

RingSizes used_rings(RingSizes sizes, const GraphPolicy& policy) {
  for (uint32_t ring = policy.rings; ring < kRingCount; ++ring) {
    sizes.task_window[ring] = 4;
    sizes.heap_bytes[ring] = 1024;
  }
  return sizes;
}

}  // namespace tilewright
