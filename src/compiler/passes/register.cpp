#include "compiler/passes/register.h"

#include "compiler/passes/passes.h"
#include "compiler/pipeline.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

namespace tilewright {

void register_passes() {
  mlir::registerPass(create_promote_variables);
  mlir::registerPass(create_unroll);
  mlir::registerPass(create_lower_assemble);
  mlir::registerPass(create_outline_incore);
  mlir::registerPass(create_track_predicates);
  mlir::registerPass(create_infer_directions);
  mlir::registerPass(create_derive_dependencies);
  mlir::registerPass([] { return create_infer_memory_space("a2a3"); });
  mlir::registerPass([] { return create_legalise("a2a3"); });
  mlir::registerPass([] { return create_plan_memory_and_sync("a2a3"); });
  mlir::registerPass([] { return create_verify_plan("a2a3"); });
  register_pipelines();
}

}  // namespace tilewright
