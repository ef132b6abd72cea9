// 'tw run' in between: build the callable, run it, compare, write the outputs.
#pragma once

#include "run_request.h"
#include "run_result.h"

namespace tilewright {

/// Outputs are written after the last round, mismatch or not, and only if every round ran. Throws Error.
RunResult execute_run(const RunWords& words);

}  // namespace tilewright
