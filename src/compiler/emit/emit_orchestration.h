// emit-orchestration: a tw.orchestration as the C++ source that submits its tasks.
#pragma once

#include <string>
#include <vector>

#include "llvm/ADT/StringMap.h"
#include "mlir/Support/LogicalResult.h"
#include "task_args.h"

namespace tilewright::tw {
class OrchestrationOp;
}

namespace tilewright::emit {

/// What an orchestration is called with, before any pass or after all of them.
struct OrchestrationSignature {
  std::vector<std::string> arguments;    ///< names of tensors and numbers, in order: those of the text, "arg0" where it has none
  std::vector<ArgDirection> directions;  ///< one entry each
};
OrchestrationSignature signature_of(tw::OrchestrationOp orchestration);

struct OrchestrationSource {
  std::string text;  ///< against pto_orchestration_api.h; exports aicpu_orchestration_entry and _config
  OrchestrationSignature signature;
};

/// The source of an orchestration whose tasks are submits, for any runtime: func_ids has the number of each kernel. The same orchestration
/// gives the same text. Nothing, after an error at the operation, for what cannot be written.
mlir::FailureOr<OrchestrationSource> orchestration_source(tw::OrchestrationOp orchestration, const llvm::StringMap<int32_t>& func_ids);

}  // namespace tilewright::emit
