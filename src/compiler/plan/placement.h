// Where buffers lie.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "compiler/plan/planner.h"

namespace tilewright::plan {

/// An address for each buffer that is used. `flags` are those that the program needs wherever buffers lie; a place that was another buffer's costs
/// the flags that it needs beyond them, and is taken only where nothing costs less.
std::variant<std::vector<int64_t>, DoesNotFit> place(const Structure& structure, const Program& program, std::vector<Flag> flags);

}  // namespace tilewright::plan
