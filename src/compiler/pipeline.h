// The passes in their order.
#pragma once

namespace mlir {
class OpPassManager;
}

namespace tilewright {

struct Target;

/// From a module as it was recorded to kernels whose tiles have addresses and flags, ready for the emitters. `target` outlives the passes.
void add_lowering(mlir::OpPassManager& passes, const Target& target);

}  // namespace tilewright
