// emit-kernel: a planned tile.func as the C++ source of a kernel.
#pragma once

#include <string>

#include "mlir/Support/LogicalResult.h"

namespace tilewright::tile {
class FuncOp;
}

namespace tilewright::emit {

/// The source of a kernel whose tiles have addresses: against <pto/pto-inst.hpp>, with an `extern "C" kernel_entry` that takes tensors and
/// then numbers. The same kernel gives the same text. Nothing, after an error at the operation, for what cannot be written.
mlir::FailureOr<std::string> kernel_source(tile::FuncOp kernel);

}  // namespace tilewright::emit
