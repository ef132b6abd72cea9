// The passes in their order.
#pragma once

namespace mlir {
class OpPassManager;
}

namespace tilewright {

struct Target;

/// From a module as it was recorded to kernels whose tiles have addresses and flags, ready for the emitters. `target` outlives the passes.
void add_lowering(mlir::OpPassManager& passes, const Target& target);

/// Makes the pipeline known to tw-opt: --tw-pipeline=platform=a2a3sim is add_lowering.
void register_pipelines();

}  // namespace tilewright
