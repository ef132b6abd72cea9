// Rectangles in tensors, as far as they are known when a program is compiled.
#pragma once

#include "compiler/ir/tw_dialect.h"

namespace tilewright::tw {

/// What `value` is, if it is a constant.
std::optional<int64_t> constant(mlir::Value value);

/// Whether the rectangle that begins at `offsets` and has at least these extents lies in a tensor of type `whole`, as far as it is known: one offset
/// and one extent for each dimension. Else an error at `op`.
mlir::LogicalResult verify_inside(mlir::Operation* op, DeviceTensorType whole, mlir::OperandRange offsets,
                                  llvm::ArrayRef<int64_t> least_extents);

}  // namespace tilewright::tw
