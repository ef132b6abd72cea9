#include "compiler/passes/register.h"

#include "compiler/passes/passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

namespace tilewright {

void register_passes() { mlir::registerPass(create_outline_incore); }

}  // namespace tilewright
