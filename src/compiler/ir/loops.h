// Loops whose turns are known when they are compiled.
#pragma once

#include <cstdint>
#include <optional>

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace tilewright {

struct Turns {
  int64_t first;
  int64_t step;
  int64_t count;
};

/// Nothing if a bound or the step is no constant, or the step is not above 0.
std::optional<Turns> turns_of(mlir::scf::ForOp loop);

}  // namespace tilewright
