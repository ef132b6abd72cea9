#include "tilewright/run_options.h"

#include <fmt/format.h>

#include "base/error.h"

namespace tilewright {

const char* runtime_name(RuntimeVariant variant) {
  switch (variant) {
    case RuntimeVariant::kTensormapAndRingbuffer: return "tensormap_and_ringbuffer";
    case RuntimeVariant::kHostBuildGraph: return "host_build_graph";
    case RuntimeVariant::kAicpuBuildGraph: return "aicpu_build_graph";
  }
  return "unknown";
}

RuntimeVariant parse_runtime(const std::string& name) {
  for (RuntimeVariant variant :
       {RuntimeVariant::kTensormapAndRingbuffer, RuntimeVariant::kHostBuildGraph, RuntimeVariant::kAicpuBuildGraph}) {
    if (name == runtime_name(variant)) return variant;
  }
  throw Error(ErrorCode::kUnknownRuntime, fmt::format("unknown runtime '{}'", name),
              "use tensormap_and_ringbuffer, host_build_graph or aicpu_build_graph");
}

const char* edge_source_name(EdgeSource source) {
  switch (source) {
    case EdgeSource::kCreator: return "creator";
    case EdgeSource::kTensorMap: return "tensormap";
    case EdgeSource::kExplicit: return "explicit";
  }
  return "unknown";
}

}  // namespace tilewright
