#include "compiler/passes/register.h"

#include "compiler/passes/passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

namespace tilewright {

void register_passes() {
  for (const auto& create : {create_promote_variables, create_unroll, create_outline_incore}) mlir::registerPass(create);
  mlir::registerPass([] { return create_plan_memory_and_sync("a2a3"); });
  mlir::registerPass([] { return create_verify_plan("a2a3"); });
}

}  // namespace tilewright
