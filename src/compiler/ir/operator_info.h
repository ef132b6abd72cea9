// What is to be known of an operator beyond its name: one entry per operator of operators.td.
#pragma once

#include <cmath>
#include <cstdint>

#include "mlir/IR/Operation.h"
#include "mlir/Support/LogicalResult.h"

namespace tilewright::tile {

enum class Space : uint32_t;
class TileType;

/// How the types of an operator belong together. Two tiles "agree" if rows, columns, element type and valid region are equal,
/// wherever they lie; M, N, K are rows and columns. A rule with "any" takes that part of the result's type as it is given.
enum class Rule : uint8_t {
  kOneTile,              ///< (MxN) -> MxN
  kSameTiles,            ///< (MxN, MxN) -> MxN
  kSameTilesAndNumber,   ///< (MxN, MxN, number of the element type) -> MxN
  kSameTilesToMask,      ///< (MxN, MxN) -> MxN of i1
  kMaskAndTiles,         ///< (MxN of i1, MxN, MxN) -> MxN
  kMaskTileAndNumber,    ///< (MxN of i1, MxN, number) -> MxN
  kTileAndNumber,        ///< (MxN, number) -> MxN
  kTileAndNumberToMask,  ///< (MxN, number) -> MxN of i1
  kNumber,               ///< (number) -> any MxN
  kCount,                ///< (number) -> any 1xN
  kOtherElement,         ///< (MxN) -> MxN of any element type
  kTransposed,           ///< (MxN) -> NxM
  kRowToOne,             ///< (MxN) -> Mx1
  kColumnToOne,          ///< (MxN) -> 1xN
  kTileAndColumn,        ///< (MxN, Mx1) -> MxN
  kTileAndRow,           ///< (MxN, 1xN) -> MxN
  kColumnToTile,         ///< (Mx1) -> Mx any
  kRowToTile,            ///< (1xN) -> any xN
  kProduct,              ///< (MxK, KxN) -> MxN of the accumulator's type
  kAccumulate,           ///< (MxN, MxK, KxN) -> MxN, all sums of the accumulator's type
  kProductAndRow,        ///< (MxK, KxN, 1xN) -> MxN
  kSideBySide,           ///< (MxN, MxK) -> Mx(N+K)
  kGather,               ///< (any, MxN of 32-bit integers) -> MxN of the first one's element type
  kScatter,              ///< (PxN, MxN, MxN of integers) -> PxN
  kPadded,               ///< (MxN) -> MxN with everything valid
};

/// The unit that executes an operator, which decides where its tiles lie and on which pipe it runs.
enum class Place : uint8_t { kVector, kCube };

/// Element types of an operator's tiles, masks and indices aside.
enum class Elements : uint8_t { kAny, kFloats, kIntegers };

/// The tile that an instruction needs beside its operands: none, or one of the type of the first operand, or of the result.
enum class Scratch : uint8_t { kNone, kLikeFirst, kLikeResult };

struct OperatorInfo {
  const char* name;  ///< "row_sum"
  Rule rule;
  /// The instruction of include/pto: "TROWSUM($result, $0, $scratch)". `$how` is the attribute of that name; `$type` and `$element` are the
  /// C++ types of the result and of its elements, for template arguments.
  const char* call;
  Place place;
  Elements elements;
  uint32_t onto;  ///< bit i: the result may take the place of operand i where that is no longer needed and its elements are as wide
  bool in_place;  ///< the result takes the place of the first operand, always
  Scratch scratch;
  Space also_in;  ///< a memory beside that of `place` in which the result may lie, written by the pipe that loads it; or kUndecided
  /// What it makes of floating-point elements of its operands; a reduction combines two elements. Null where only places change, for what
  /// compares or selects, and for operators of integers: interpret/run_operator.cpp.
  double (*reference)(double a, double b, double c);
};

/// The entry of the operator that an operation is; null for another operation.
const OperatorInfo* operator_info(mlir::Operation* op);
/// The entry of the operator of this name; null if there is none. The context has loaded the dialect.
const OperatorInfo* find_operator(mlir::MLIRContext* context, llvm::StringRef name);

/// The result type of an operator on operands of these types, not placed; or nothing, after an error that shows what was given.
/// `wanted` is what a rule with "any" takes; null is good for other rules.
mlir::FailureOr<TileType> infer_result(llvm::function_ref<mlir::InFlightDiagnostic()> error, const OperatorInfo& info,
                                       mlir::TypeRange operands, TileType wanted);

/// Where the tile of operand `operand` lies when the operator is executed, and where its result does.
Space operand_space(const OperatorInfo& info, unsigned operand);
Space result_space(const OperatorInfo& info);

/// The operand in whose place the result of `op` lies, whatever is planned: the first one of matmul_acc or insert. Nothing for
/// an operation whose result has a place of its own.
std::optional<unsigned> shared_operand(mlir::Operation* op);

/// Whether types and memories of `op` are as its entry says; else an error at `op`.
mlir::LogicalResult verify_operator(mlir::Operation* op, const OperatorInfo& info);

/// The type that sums of products of `element` have: f32 for floating-point types, i32 for integers.
mlir::Type accumulator_type(mlir::Type element);

}  // namespace tilewright::tile
