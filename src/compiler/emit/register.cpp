#include "compiler/emit/register.h"

#include "compiler/emit/emit_kernel.h"
#include "compiler/emit/emit_orchestration.h"
#include "compiler/emit/program.h"
#include "compiler/ir/tile_dialect.h"
#include "llvm/Support/raw_ostream.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassRegistry.h"

namespace tilewright::emit {

using namespace mlir;

namespace {

struct EmitKernel : PassWrapper<EmitKernel, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(EmitKernel)
  StringRef getArgument() const override { return "emit-kernel"; }
  StringRef getDescription() const override { return "Print each kernel as C++ on standard output"; }

  void runOnOperation() override {
    for (auto kernel : getOperation().getOps<tile::FuncOp>()) {
      const FailureOr<KernelSource> source = kernel_source(kernel);
      if (failed(source)) return signalPassFailure();
      llvm::outs() << source->text;
    }
    markAllAnalysesPreserved();
  }
};

struct EmitOrchestration : PassWrapper<EmitOrchestration, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(EmitOrchestration)
  StringRef getArgument() const override { return "emit-orchestration"; }
  StringRef getDescription() const override { return "Print each orchestration as C++ on standard output"; }

  void runOnOperation() override {
    const llvm::StringMap<int32_t> ids = func_ids(getOperation());
    for (auto orchestration : getOperation().getOps<tw::OrchestrationOp>()) {
      const FailureOr<OrchestrationSource> source = orchestration_source(orchestration, ids);
      if (failed(source)) return signalPassFailure();
      llvm::outs() << source->text;
    }
    markAllAnalysesPreserved();
  }
};

}  // namespace

void register_emitters() {
  PassRegistration<EmitKernel>();
  PassRegistration<EmitOrchestration>();
}

}  // namespace tilewright::emit
