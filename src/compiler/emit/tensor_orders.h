// What derive-dependencies left in a module: marks of tensors (tw.ordered, tw.tracked).
#pragma once

#include <optional>
#include <vector>

#include "mlir/IR/Value.h"
#include "toolchain/tensor_order.h"

namespace tilewright::tw {
class OrchestrationOp;
}

namespace tilewright::emit {

/// Of each tensor that has a mark: arguments first, then what is created, in program order. Nothing if none has, because the pass did
/// not run or there is no tensor.
std::optional<std::vector<TensorOrder>> tensor_orders(tw::OrchestrationOp orchestration);

/// Whether named dependencies alone order all tasks that use `root`, an argument or a created tensor.
bool is_ordered(mlir::Value root);

}  // namespace tilewright::emit
