#include "compiler/pipeline.h"

#include "compiler/passes/passes.h"
#include "compiler/target.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

namespace tilewright {

void add_lowering(mlir::OpPassManager& passes, const Target&) { passes.addPass(create_outline_incore()); }

}  // namespace tilewright
