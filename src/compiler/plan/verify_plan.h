// Reads a planned kernel back: plan/validator.h on what stands in its types, attributes and flags.
#pragma once

#include "compiler/plan/validator.h"
#include "compiler/target.h"

namespace tilewright {

/// The kernel as the validator executes it; `ids` gets what its ids stand for. An error at a tile without an address.
mlir::FailureOr<plan::Listing> listing_of(tile::FuncOp kernel, const Target& target, std::vector<mlir::Operation*>& ids);

/// An error for each thing that is wrong with the addresses and flags of a kernel.
mlir::LogicalResult verify_plan(tile::FuncOp kernel, const Target& target);

}  // namespace tilewright
