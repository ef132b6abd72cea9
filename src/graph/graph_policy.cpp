#include "graph/graph_policy.h"

#include <cstdlib>
#include <string_view>

#include "base/log.h"

namespace tilewright {
namespace {

constexpr const char* kBuildMode = "PTO_AICPU_BUILD_GRAPH_BUILD_MODE";

/// Whether published scopes may run while building goes on.
bool runs_while_building() {
  const char* const text = std::getenv(kBuildMode);
  if (text == nullptr || *text == '\0' || std::string_view(text) == "1") return true;
  if (std::string_view(text) == "0") return false;
  log(LogLevel::kWarn, "policy", "{}='{}' is neither 0 (build all, then schedule) nor 1 (schedule while building); 1 is used", kBuildMode,
      text);
  return true;
}

}  // namespace

GraphPolicy policy_of(RuntimeVariant variant) {
  GraphPolicy policy;
  switch (variant) {
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
