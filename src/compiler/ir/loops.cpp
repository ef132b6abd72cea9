#include "compiler/ir/loops.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace tilewright {

std::optional<Turns> turns_of(mlir::scf::ForOp loop) {
  const std::optional<int64_t> from = mlir::getConstantIntValue(loop.getLowerBound()), to = mlir::getConstantIntValue(loop.getUpperBound()),
                               step = mlir::getConstantIntValue(loop.getStep());
  if (!from || !to || !step || *step <= 0) return std::nullopt;
  return Turns{*from, *step, *to <= *from ? 0 : (*to - *from - 1) / *step + 1};
}

}  // namespace tilewright
