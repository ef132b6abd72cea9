// Which tensor a view is part of. Of which elements it consists: affine_regions.h.
#pragma once

#include "mlir/IR/Operation.h"
#include "mlir/IR/Value.h"

namespace tilewright {

/// The tensor that `tensor` is a view of, through any number of views, reshapes and transpositions.
mlir::Value root_tensor(mlir::Value tensor);

/// Whether `tensor` is, or is a view of, one that was created untracked: the runtime finds no dependencies of it.
bool is_untracked(mlir::Value tensor);

/// Whether tasks are ordered by name alone where `op` stands.
bool is_in_manual_scope(mlir::Operation* op);

/// Whether `tensor` is a tensor of its own: a tw.create, or an argument of an orchestration or kernel.
bool is_root(mlir::Value tensor);

/// Whether the two roots may be the same memory, or lie in each other: not if they are different created tensors or arguments, but for
/// arguments that are both marked tw.may_alias. Anything may be what is not known to be a root.
bool may_be_one(mlir::Value root, mlir::Value other);

/// The same of the root_tensor of either: whether they may have elements in common, of whatever part.
bool may_share(mlir::Value a, mlir::Value b);

}  // namespace tilewright
