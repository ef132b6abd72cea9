// The dialect of orchestrations (tw_dialect.td, tw_ops.td).
#pragma once

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypeInterfaces.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace tilewright::tw {

/// What the runtime does with a tensor that is an argument of a task (tw_ops.td, submit). The numbers are in modules.
enum class Direction : int32_t { kUndecided = 0, kIn = 1, kOut = 2, kInOut = 3, kNoDep = 4 };
/// "in", "out", "inout", "no_dep"; "" for kUndecided.
llvm::StringRef direction_name(Direction direction);

/// Attributes of an argument that its function writes, and reads and writes. Without either it reads.
inline constexpr const char kOutAttribute[] = "tw.out";
inline constexpr const char kInOutAttribute[] = "tw.inout";

/// Attribute of an orchestration's tensor: the caller may give memory that another one so marked has as well.
inline constexpr const char kMayAliasAttribute[] = "tw.may_alias";

/// Attributes of tensors (arguments of an orchestration, tw.create), set by derive-dependencies: that named dependencies alone order the tasks
/// which use it; or the reason (a string, "used in a loop (softmax.cpp:12)") why the runtime has to order them.
inline constexpr const char kOrderedAttribute[] = "tw.ordered";
inline constexpr const char kTrackedAttribute[] = "tw.tracked";

/// Attributes of an scf.for: its turns do not depend on each other; one copy of the body for each turn; so many turns in flight.
inline constexpr const char kParallelAttribute[] = "tw.parallel";
inline constexpr const char kUnrollAttribute[] = "tw.unroll";
inline constexpr const char kPipelineAttribute[] = "tw.pipeline";

inline constexpr unsigned kMaxRank = 5;  ///< spec/api.md, section A

/// Whether tensors, and tiles, can have elements of this type.
bool is_element_type(mlir::Type type);

/// The type of a number that goes into or comes out of an element: arithmetic knows no unsigned types, so that those of an unsigned
/// element have the same width and no sign. Others are the element type itself.
mlir::Type number_type(mlir::Type element);

/// Whether the marks on the arguments of an orchestration or kernel are such that it can be called: tensors first, only they
/// are marked, no results.
mlir::LogicalResult verify_signature(mlir::FunctionOpInterface function);

/// Whether a body of a kernel (tw.at, tile.func) holds only what a core can do: no tasks, scopes or new tensors.
mlir::LogicalResult verify_kernel_body(mlir::Operation* kernel);

mlir::ParseResult parse_function(mlir::OpAsmParser& parser, mlir::OperationState& result);
void print_function(mlir::OpAsmPrinter& printer, mlir::FunctionOpInterface function, llvm::ArrayRef<llvm::StringRef> elided = {});

/// The names that locations give to a function's arguments (mlir::NameLoc), for the text.
void name_arguments(mlir::Region& body, mlir::OpAsmSetValueNameFn name);

/// `custom<Full>(type($x))` in assembly formats: the whole type, where `type($x)` leaves "!tw.tensor" away.
mlir::ParseResult parseFull(mlir::OpAsmParser& parser, mlir::Type& type);
void printFull(mlir::OpAsmPrinter& printer, mlir::Operation* op, mlir::Type type);

}  // namespace tilewright::tw

#include "compiler/ir/tw_enums.h.inc"

#include "compiler/ir/tw_dialect.h.inc"

#define GET_TYPEDEF_CLASSES
#include "compiler/ir/tw_types.h.inc"

#define GET_OP_CLASSES
#include "compiler/ir/tw_ops.h.inc"
