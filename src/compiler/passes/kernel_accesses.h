// What operations of kernels do with device memory.
#pragma once

#include <optional>

#include "compiler/ir/tile_dialect.h"

namespace tilewright {

/// One access of a kernel: `rows` x `columns` elements over the last two dimensions from `indices` on, at most; of any elements if there are no
/// indices.
struct KernelAccess {
  mlir::Operation* op;
  mlir::Value tensor;
  mlir::OperandRange indices;
  int64_t rows;
  int64_t columns;
  bool reads;
  bool writes;
  bool whole;  ///< all of rows x columns is accessed, whatever happens

  /// Adds atomically, in any order with others that do.
  bool adds() const;
  /// The number of elements in each dimension of the tensor, at most. Precondition: indices.
  llvm::SmallVector<int64_t, 5> extents() const;
};

/// Nothing if `op` accesses no device memory.
std::optional<KernelAccess> access_of(mlir::Operation* op);

}  // namespace tilewright
