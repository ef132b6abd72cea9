// A whole planned module as the sources of a callable.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/emit/tile_variables.h"
#include "llvm/ADT/StringMap.h"
#include "mlir/IR/BuiltinOps.h"
#include "toolchain/callable_spec.h"
#include "toolchain/tensor_order.h"

namespace tilewright::emit {

struct KernelMemory {
  std::string name;
  std::vector<TilePlace> tiles;
};

struct ProgramSources {
  CallableSpec spec;  ///< sources are relative: "orchestration/softmax.cpp", "kernels/aiv/exp.cpp"
  std::vector<std::pair<std::string, std::string>> files;  ///< relative path and text, all that the spec names
  std::vector<KernelMemory> memory;  ///< one for each kernel
  std::optional<std::vector<TensorOrder>> tensor_orders;  ///< what derive-dependencies says of the orchestration's tensors, if it ran
};

/// func_id by name: kernels are numbered in the order of the module.
llvm::StringMap<int32_t> func_ids(mlir::ModuleOp module);

/// Kernels and the orchestration of `module`, which has one orchestration, for `target`. Nothing, after an error at the operation that cannot be written.
mlir::FailureOr<ProgramSources> program_sources(mlir::ModuleOp module, RuntimeVariant runtime, const Target& target);

}  // namespace tilewright::emit
