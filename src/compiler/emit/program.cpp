#include "compiler/emit/program.h"

#include <fmt/format.h>

#include "compiler/emit/cpp_text.h"
#include "compiler/emit/emit_kernel.h"
#include "compiler/emit/emit_orchestration.h"
#include "compiler/emit/task_order.h"
#include "compiler/emit/tensor_orders.h"
#include "compiler/ir/tile_dialect.h"

namespace tilewright::emit {

using namespace mlir;

llvm::StringMap<int32_t> func_ids(ModuleOp module) {
  llvm::StringMap<int32_t> ids;
  for (auto kernel : module.getOps<tile::FuncOp>()) ids[kernel.getName()] = static_cast<int32_t>(ids.size());
  return ids;
}

namespace {

/// Of its tensors, which come first.
std::vector<ArgDirection> tensor_directions(tile::FuncOp kernel) {
  std::vector<ArgDirection> signature;
  for (unsigned i = 0; i < kernel.getNumArguments(); ++i) {
    if (!isa<tw::DeviceTensorType>(kernel.getArgumentTypes()[i])) break;
    signature.push_back(kernel.getArgAttr(i, tw::kOutAttribute)     ? ArgDirection::OUT
                        : kernel.getArgAttr(i, tw::kInOutAttribute) ? ArgDirection::INOUT
                                                                    : ArgDirection::IN);
  }
  return signature;
}

}  // namespace

FailureOr<ProgramSources> program_sources(ModuleOp module, RuntimeVariant runtime, const Target& target) {
  SmallVector<tw::OrchestrationOp> orchestrations(module.getOps<tw::OrchestrationOp>());
  if (orchestrations.empty()) return module.emitError("the program has no tw.orchestration, so there is nothing to run");
  if (orchestrations.size() > 1) {
    return orchestrations[1].emitOpError() << "is the second orchestration of the program, after '" << orchestrations[0].getName()
                                           << "'; a callable has one";
  }
  tw::OrchestrationOp orchestration = orchestrations.front();
  if (runtime == RuntimeVariant::kAicpuBuildGraph && failed(verify_named_dependencies(orchestration))) return failure();

  const llvm::StringMap<int32_t> ids = func_ids(module);
  ProgramSources sources;
  sources.spec.name = identifier(orchestration.getName().str());
  sources.spec.runtime = runtime;
  sources.spec.track_war = runtime != RuntimeVariant::kAicpuBuildGraph && needs_track_war(orchestration);
  Names files;
  for (auto kernel : module.getOps<tile::FuncOp>()) {
    FailureOr<KernelSource> source = kernel_source(kernel, target);
    if (failed(source)) return failure();
    const bool aic = *kernel.getCore() == tile::Core::kAic;
    KernelSpec spec;
    spec.func_id = ids.lookup(kernel.getName());
    spec.name = files.unique(kernel.getName().str());
    spec.source = fmt::format("kernels/{}/{}.cpp", aic ? "aic" : "aiv", spec.name);
    spec.core_type = aic ? CoreType::AIC : CoreType::AIV;
    spec.signature = tensor_directions(kernel);
    sources.files.emplace_back(spec.source.string(), source->text);
    sources.memory.push_back({spec.name, std::move(source->tiles)});
    sources.spec.incores.push_back(std::move(spec));
  }
  FailureOr<OrchestrationSource> source = orchestration_source(orchestration, ids);
  if (failed(source)) return failure();
  sources.tensor_orders = tensor_orders(orchestration);
  OrchestrationSpec& spec = sources.spec.orchestration;
  spec.source = fmt::format("orchestration/{}.cpp", sources.spec.name);
  spec.config_name = "aicpu_orchestration_config";
  spec.signature = source->signature.directions;
  sources.spec.arguments = source->signature.arguments;
  sources.files.emplace_back(spec.source.string(), source->text);
  return sources;
}

}  // namespace tilewright::emit
