#include "compiler/emit/register.h"

#include "compiler/emit/emit_kernel.h"
#include "compiler/emit/emit_orchestration.h"
#include "compiler/emit/program.h"
#include "compiler/emit/task_order.h"
#include "compiler/ir/tile_dialect.h"
#include "llvm/Support/raw_ostream.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassRegistry.h"

namespace tilewright::emit {

using namespace mlir;

namespace {

struct EmitKernel : PassWrapper<EmitKernel, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(EmitKernel)
  EmitKernel() = default;
  EmitKernel(const EmitKernel& other) : PassWrapper(other) { platform = other.platform.getValue(); }
  StringRef getArgument() const override { return "emit-kernel"; }
  StringRef getDescription() const override { return "Print each kernel as C++ on standard output"; }

  void runOnOperation() override {
    const Target* target = find_target(platform);
    if (target == nullptr) {
      getOperation().emitError() << "'" << platform << "' is no platform; there are " << kPlatforms;
      return signalPassFailure();
    }
    for (auto kernel : getOperation().getOps<tile::FuncOp>()) {
      const FailureOr<KernelSource> source = kernel_source(kernel, *target);
      if (failed(source)) return signalPassFailure();
      llvm::outs() << source->text;
    }
    markAllAnalysesPreserved();
  }

  Option<std::string> platform{*this, "platform", llvm::cl::desc("the platform that kernels are for"), llvm::cl::init("a2a3")};
};

struct EmitOrchestration : PassWrapper<EmitOrchestration, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(EmitOrchestration)
  EmitOrchestration() = default;
  EmitOrchestration(const EmitOrchestration& other) : PassWrapper(other) { named_dependencies = other.named_dependencies.getValue(); }
  StringRef getArgument() const override { return "emit-orchestration"; }
  StringRef getDescription() const override { return "Print each orchestration as C++ on standard output"; }

  void runOnOperation() override {
    const llvm::StringMap<int32_t> ids = func_ids(getOperation());
    for (auto orchestration : getOperation().getOps<tw::OrchestrationOp>()) {
      if (named_dependencies && failed(verify_named_dependencies(orchestration))) return signalPassFailure();
      const FailureOr<OrchestrationSource> source = orchestration_source(orchestration, ids);
      if (failed(source)) return signalPassFailure();
      llvm::outs() << source->text;
    }
    markAllAnalysesPreserved();
  }

  Option<bool> named_dependencies{*this, "named-dependencies", llvm::cl::desc("as for a runtime that knows no others"),
                                  llvm::cl::init(false)};
};

}  // namespace

void register_emitters() {
  PassRegistration<EmitKernel>();
  PassRegistration<EmitOrchestration>();
}

}  // namespace tilewright::emit
