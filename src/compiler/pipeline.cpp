#include "compiler/pipeline.h"

#include "compiler/passes/passes.h"
#include "compiler/target.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

namespace tilewright {

void add_lowering(mlir::OpPassManager& passes, const Target&) {
  passes.addPass(create_promote_variables());
  passes.addPass(mlir::createCanonicalizerPass());
  passes.addPass(create_unroll());
  passes.addPass(mlir::createCanonicalizerPass());
  passes.addPass(mlir::createCSEPass());
  passes.addPass(create_outline_incore());
}

}  // namespace tilewright
