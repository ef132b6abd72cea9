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

struct OrchestrationSource {
  std::string text;                     ///< against pto_orchestration_api.h; exports aicpu_orchestration_entry and _config
  std::vector<std::string> arguments;   ///< names of tensors and numbers, in order
  std::vector<ArgDirection> signature;  ///< one entry each
};

/// The source of an orchestration whose tasks are submits, for any runtime: func_ids has the number of each kernel. The same orchestration
/// gives the same text. Nothing, after an error at the operation, for what cannot be written.
mlir::FailureOr<OrchestrationSource> orchestration_source(tw::OrchestrationOp orchestration, const llvm::StringMap<int32_t>& func_ids);

}  // namespace tilewright::emit
