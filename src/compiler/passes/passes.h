// The passes from a recorded module to kernels that have their memories. docs/design/compiler.md says what each is for; register.cpp
// has their order.
#pragma once

#include <memory>

#include "mlir/Pass/Pass.h"

namespace tilewright {

/// Regions of tw.at become kernels (tile.func), and what is left of them a tw.submit. Values that a region uses become parameters,
/// tensors before numbers, each in the order of first use; constants are made again in the kernel. Kernels that are the same are one.
/// Precondition: no variables (promote-variables).
std::unique_ptr<mlir::Pass> create_outline_incore();

}  // namespace tilewright
