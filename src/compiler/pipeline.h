// The passes in their order.
#pragma once

namespace mlir {
class OpPassManager;
}

namespace tilewright {

struct Target;

/// The first part of add_lowering, up to infer-directions: from a module as it was recorded to one of tasks that are tw.submit, with
/// the direction of each tensor, the same for each target.
void add_front(mlir::OpPassManager& passes);

/// From a module as it was recorded to kernels whose tiles have addresses and flags, ready for the emitters; with `derive_dependencies`
/// tasks also name those that they have to wait for. `target` outlives the passes.
void add_lowering(mlir::OpPassManager& passes, const Target& target, bool derive_dependencies = false);

/// Makes the pipeline known to tw-opt: --tw-pipeline="platform=a2a3sim derive-dependencies" is add_lowering.
void register_pipelines();

}  // namespace tilewright
