// emit-kernel: a planned tile.func as the C++ source of a kernel.
#pragma once

#include <string>
#include <vector>

#include "compiler/emit/tile_variables.h"

#include "mlir/Support/LogicalResult.h"

namespace tilewright::emit {

struct KernelSource {
  std::string text;
  std::vector<TilePlace> tiles;  ///< in the order of the text
};

/// The source of a kernel whose tiles have addresses: against <pto/pto-inst.hpp>, with an `extern "C" kernel_entry` that takes tensors and
/// then numbers. The same kernel gives the same text. Nothing, after an error at the operation, for what cannot be written.
mlir::FailureOr<KernelSource> kernel_source(tile::FuncOp kernel, const Target& target);

}  // namespace tilewright::emit
