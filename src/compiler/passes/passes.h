// The passes from a recorded module to kernels that have their memories. docs/design/compiler.md says what each is for; pipeline.cpp
// has their order.
#pragma once

#include <memory>

#include "mlir/Pass/Pass.h"

namespace tilewright {

/// tw.declare, get and set become values: iteration arguments of loops, results of branches and scopes. A read where not every way
/// sets the variable is an error, and so is a task that sets a variable from outside of it.
std::unique_ptr<mlir::Pass> create_promote_variables();

/// Loops marked tw.unroll become copies of their bodies, outer ones first; loops of one turn or none go as well. Loops of tasks marked tw.pipeline
/// do so many turns in one. An error where the turns are not known or too many, or a loop of an orchestration is to be pipelined.
std::unique_ptr<mlir::Pass> create_unroll();

/// tw.assemble goes: a tensor that was created for it, and that nobody uses behind it, is made as a view of the place; else a task copies it
/// tile by tile. An error in a manual scope, where nothing would order that task, and where a tensor would be copied onto itself.
/// Precondition: no variables (promote-variables).
std::unique_ptr<mlir::Pass> create_lower_assemble();

/// Regions of tw.at become kernels (tile.func), and what is left of them a tw.submit. Values that a region uses become parameters,
/// tensors before numbers, each in the order of first use; constants are made again in the kernel. Kernels that are the same are one.
/// Precondition: no variables (promote-variables).
std::unique_ptr<mlir::Pass> create_outline_incore();

/// A tensor that the predicate of a task looks at becomes an argument of its kernels, if it is none yet: then what writes it is waited for, and
/// may be made to wait. Not in manual scopes and for untracked tensors. Precondition: kernels (outline-incore).
std::unique_ptr<mlir::Pass> create_track_predicates();

/// Marks tensors of kernels in, out or inout by what their code does, and gives each tensor of a tw.submit its direction. `out` only where
/// nothing is read that the kernel has not written before, and where no earlier task can have written the same elements; what is not
/// known is inout. An error where an orchestration writes an argument that is not marked. Precondition: kernels (outline-incore).
std::unique_ptr<mlir::Pass> create_infer_directions();

/// Gives each tw.submit outside of manual scopes, as `derived`, the tasks that it has to wait for because of what both access, beyond those that
/// `after` orders, and marks each tensor as tw.ordered or tw.tracked (tw_dialect.h). Only adds order. docs/design/dependencies.md.
/// Precondition: directions (infer-directions). Ids that are needed outside of their blocks are variables behind it.
std::unique_ptr<mlir::Pass> create_derive_dependencies();

/// Each tile gets its memory, moves where a tile is needed in another one than it lies in, and each kernel its kind of core. Memories
/// that are stated are kept. An error where the target (find_target(platform)) has no way, or where one kernel uses both kinds of core.
/// Sums of products that begin with zeros begin with their first product, or with a product of zeros where there may be none. Precondition: kernels (outline-incore).
std::unique_ptr<mlir::Pass> create_infer_memory_space(llvm::StringRef platform);

/// Changes nothing: an error for each operation that becomes an instruction, with element types and memories, which the platform does not
/// have, and for each tile whose rows or boxes are not whole blocks. Precondition: memories (infer-memory-space).
std::unique_ptr<mlir::Pass> create_legalise(llvm::StringRef platform);

/// Tiles get their addresses (in their types; `tile.scratch` for scratch tiles) and pipes the flags that order them, and the kernel a
/// barrier at its end. A tile.move makes a copy where an operation overwrites what is still needed. An error, with what is alive at the peak,
/// where a memory is too small. Precondition: memories are decided (infer-memory-space), and no flags.
std::unique_ptr<mlir::Pass> create_plan_memory_and_sync(llvm::StringRef platform);

/// Changes nothing: an error for each access in a planned kernel that flags do not order, or that finds something else in its place.
std::unique_ptr<mlir::Pass> create_verify_plan(llvm::StringRef platform);

}  // namespace tilewright
