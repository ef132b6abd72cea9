// A kernel as what is planned: its operations as instructions on buffers.
#pragma once

#include "compiler/plan/planner.h"
#include "compiler/plan/share_places.h"
#include "compiler/target.h"

namespace tilewright {

/// Bytes that a tile takes in its memory. A row of a mask is bits, in whole blocks of 32 bytes.
int64_t tile_bytes(tile::TileType type);

/// Names of the pipes and memories of plans and of the dialect.
plan::Pipe to_plan(tile::Pipe pipe);
tile::Pipe from_plan(plan::Pipe pipe);

/// The tensor that a value is a view of: an argument of the kernel; null if that depends on what happens.
mlir::Value tensor_of(mlir::Value value);

/// What the core plans, and what its numbers stand for.
struct KernelProgram {
  plan::Program program;
  std::vector<mlir::Operation*> instructions;
  std::vector<mlir::Value> buffers;          ///< the first tile of a place; null for scratch and tensors
  llvm::DenseMap<mlir::Operation*, int> scratch;  ///< buffer, by operation
  std::vector<mlir::Operation*> scratch_of;  ///< by buffer; null for others
  /// By region of the program, in the order of plan::Structure: the block, and the operation of each child.
  std::vector<mlir::Block*> blocks;
  std::vector<std::vector<mlir::Operation*>> children;
};

/// Buffers 0 to classes - 1 are the classes of `places`. An error at what has no memory or no pipe.
mlir::FailureOr<KernelProgram> program_of(tile::FuncOp kernel, const SharedPlaces& places, const Target& target);

}  // namespace tilewright
