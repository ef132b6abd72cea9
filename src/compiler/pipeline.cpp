#include "compiler/pipeline.h"

#include "compiler/passes/passes.h"
#include "compiler/target.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

namespace tilewright {

namespace {

/// What folds, what is the same as something else, and what nobody uses.
void add_cleaning(mlir::OpPassManager& passes) {
  passes.addPass(mlir::createCanonicalizerPass());
  passes.addPass(mlir::createCSEPass());
}

void add_passes(mlir::OpPassManager& passes, llvm::StringRef platform, bool derive_dependencies) {
  add_front(passes);
  if (derive_dependencies) passes.addPass(create_derive_dependencies());
  passes.addPass(create_infer_memory_space(platform));
  passes.addPass(create_legalise(platform));
  passes.addPass(create_plan_memory_and_sync(platform));
  passes.addPass(create_verify_plan(platform));
}

struct PipelineOptions : mlir::PassPipelineOptions<PipelineOptions> {
  Option<std::string> platform{*this, "platform", llvm::cl::desc("the platform that kernels are for"), llvm::cl::init("a2a3")};
  Option<bool> derive_dependencies{*this, "derive-dependencies", llvm::cl::desc("name the tasks that a task has to wait for"),
                                   llvm::cl::init(false)};
};

}  // namespace

void add_front(mlir::OpPassManager& passes) {
  passes.addPass(create_promote_variables());
  add_cleaning(passes);
  passes.addPass(create_unroll());
  add_cleaning(passes);
  passes.addPass(create_lower_assemble());
  passes.addPass(create_outline_incore());
  add_cleaning(passes);
  passes.addPass(create_track_predicates());
  passes.addPass(create_infer_directions());
}

void add_lowering(mlir::OpPassManager& passes, const Target& target, bool derive_dependencies) {
  add_passes(passes, target.name, derive_dependencies);
}

void register_pipelines() {
  const auto build = [](mlir::OpPassManager& passes, const PipelineOptions& options) {
    add_passes(passes, options.platform, options.derive_dependencies);
  };
  static const mlir::PassPipelineRegistration<PipelineOptions> registration("tw-pipeline", "From a recorded module to planned kernels",
                                                                            build);
}

}  // namespace tilewright
