// Which elements of which tensor a view names, as far as offsets and extents say it plainly: boxes of offsets that are a value plus a
// number. What they do not say counts as "may".
#pragma once

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Value.h"

namespace tilewright {

/// The tensor that `tensor` is a view of, through any number of views, reshapes and transpositions.
mlir::Value root_tensor(mlir::Value tensor);

/// Whether `tensor` is, or is a view of, one that was created untracked: the runtime finds no dependencies of it.
bool is_untracked(mlir::Value tensor);

/// Whether tasks are ordered by name alone where `op` stands.
bool is_in_manual_scope(mlir::Operation* op);

/// Whether the two may have elements in common, of whatever part: not if they are of different created tensors or arguments.
bool may_share(mlir::Value a, mlir::Value b);

/// Whether two views are sure to have no element in common, where their offsets have the same values.
bool are_disjoint(mlir::Value a, mlir::Value b);

/// Whether view `a` in one turn of the loop and view `b` in another one are sure to have no element in common.
bool are_disjoint_in_turns(mlir::scf::ForOp loop, mlir::Value a, mlir::Value b);

}  // namespace tilewright
