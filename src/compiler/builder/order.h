// The order of what was recorded, where C++ leaves it open.
#pragma once

#include "mlir/IR/BuiltinOps.h"

namespace tilewright::recording {

/// Compilers evaluate the arguments of a call in an order of their own, so that f(load(x), load(y)) records its loads in one or the other
/// order. Orders what computes and reads by how it is used, between operations that have effects, which stay as they are; and erases
/// of it what nobody uses. After this the module does not depend on the compiler, unless an argument has effects itself.
void order_operations(mlir::ModuleOp module);

}  // namespace tilewright::recording
