// The smallest program with the same failure.
#pragma once

#include <functional>

#include "program.h"

namespace tilewright::oracle {

/// Delta debugging on a program's tree: statements go, what is around a statement goes, choices become the simplest, tensors small. What
/// `fails` says yes to is kept; it is asked about `most` programs at most.
Program shrink(Program program, const std::function<bool(const Program&)>& fails, int most = 2000);

}  // namespace tilewright::oracle
