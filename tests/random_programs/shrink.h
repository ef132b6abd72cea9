// The smallest program with the same failure.
#pragma once

#include <functional>

#include "program.h"

namespace tilewright::random_programs {

/// Delta debugging on a program's tree: statements go, what is around a statement goes, choices become the simplest, tiles become small. What
/// `fails` says yes to is kept; it is called with `most` programs at most. `programs` that are asked about together may be judged side by
/// side: it gives one answer for each.
Program shrink(Program program, const std::function<std::vector<bool>(const std::vector<Program>&)>& fails, int most = 400);

}  // namespace tilewright::random_programs
