// --config KEY=VALUE of 'tw run'.
#pragma once

#include <string>
#include <vector>

#include "tilewright/call_config.h"
#include "tilewright/run_options.h"

namespace tilewright {

/// Applies each "KEY=VALUE". Keys: ring_task_window, ring_heap, ring_dep_pool (one number for all four rings, or four
/// with commas; 0 is the default), aicpu_thread_num, host_threads, aic_cores. Throws Error(kInvalidArgument) for an unknown
/// key, a bad value or a key given twice; kUnsupported for diagnostics that this version does not have.
void apply_settings(const std::vector<std::string>& settings, CallConfig& config, RunOptions& options);

}  // namespace tilewright
