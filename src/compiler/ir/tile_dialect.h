// The dialect of in-core kernels (tile_dialect.td, tile_ops.td).
#pragma once

#include "compiler/ir/operator_info.h"
#include "compiler/ir/tw_dialect.h"

namespace tilewright::tile {

using tw::Compare;
using tw::parseFull;
using tw::printFull;

/// An operator's attribute that plan-memory-and-sync gives it: the address of its scratch tile, in bytes.
inline constexpr const char kScratchAttribute[] = "tile.scratch";
inline constexpr int64_t kFlagsPerPipePair = 8;  ///< spec/tile-isa.md, 2.8: EVENT_ID0 to EVENT_ID7

/// `custom<OperatorTypes>`: one type if operands and result have the same, else "(operands) -> result".
mlir::ParseResult parseOperatorTypes(mlir::OpAsmParser& parser, llvm::ArrayRef<mlir::OpAsmParser::UnresolvedOperand> operands,
                                     llvm::SmallVectorImpl<mlir::Type>& types, mlir::Type& result);
void printOperatorTypes(mlir::OpAsmPrinter& printer, mlir::Operation* op, mlir::OperandRange operands, mlir::TypeRange types,
                        mlir::Type result);

}  // namespace tilewright::tile

#include "compiler/ir/tile_enums.h.inc"

#include "compiler/ir/tile_dialect.h.inc"

#define GET_TYPEDEF_CLASSES
#include "compiler/ir/tile_types.h.inc"

#include "compiler/ir/tile_interfaces.h.inc"

#define GET_OP_CLASSES
#include "compiler/ir/tile_ops.h.inc"
