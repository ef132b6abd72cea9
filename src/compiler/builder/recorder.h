// What a builder of include/tilewright/builder.h holds, and the helpers that its functions share.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "compiler/ir/tile_dialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/OwningOpRef.h"
#include "tilewright/builder.h"

namespace tilewright::recording {

/// What is open: a function, a region of an operation.
enum class Open : uint8_t { kFunction, kAt, kScope, kFor, kThen, kElse, kWhile, kWhileBody };

struct Frame {
  Open kind;
  mlir::Operation* op;
  mlir::OpBuilder::InsertPoint resume;  ///< where recording goes on when it is closed
};

/// What twb_begin_kernel_for was asked for.
struct Kernel {
  int function;
  std::string types;  ///< of its arguments
  std::string name;
};

}  // namespace tilewright::recording

/// Nothing throws through MLIR's frames, and nothing here throws but for want of memory, which ends the program.
struct twb_builder {
  twb_builder();

  // ---- values

  /// The number of `value`, a new one.
  twb_value give(mlir::Value value);
  /// The value of a number if what is recorded now can use it. Null for 0, and after an error for what is not defined here.
  mlir::Value take(twb_value number);
  /// The same for values of one type; an error, which names `what`, for another.
  mlir::Value take_index(twb_value number, const char* what);
  mlir::Value take_number(twb_value number);
  mlir::TypedValue<tilewright::tw::DeviceTensorType> take_tensor(twb_value number);
  mlir::TypedValue<tilewright::tile::TileType> take_tile(twb_value number);
  mlir::TypedValue<tilewright::tw::TaskIdType> take_task(twb_value number);
  mlir::TypedValue<tilewright::tw::TaskIdsType> take_tasks(twb_value number);
  /// All of them; false if one is missing.
  bool take_indices(const twb_value* numbers, size_t count, const char* what, llvm::SmallVectorImpl<mlir::Value>& values);

  /// Extents for a type and, for those that are not constants, as operands.
  struct Extents {
    llvm::SmallVector<int64_t> shape;
    llvm::SmallVector<mlir::Value> open;
  };
  std::optional<Extents> take_extents(const twb_value* numbers, size_t count);

  /// A tile type of a shape, and operands for the sizes of its valid region that are open.
  struct TileShape {
    tilewright::tile::TileType type;
    llvm::SmallVector<mlir::Value> valid;
  };
  std::optional<TileShape> take_shape(const twb_shape* shape, mlir::Type element);

  mlir::Value constant_index(int64_t number);
  mlir::Type type_of(twb_dtype dtype);

  // ---- operations

  mlir::InFlightDiagnostic error() { return mlir::emitError(location); }

  /// An operation without regions. Null after an error of its verifier.
  template <typename Op, typename... Arguments>
  Op make(Arguments&&... arguments) {
    if (!recording()) return {};
    auto op = ops.create<Op>(location, std::forward<Arguments>(arguments)...);
    if (succeeded(op->getName().verifyInvariants(op))) return op;
    op->erase();
    return {};
  }
  template <typename Op>
  twb_value result(Op op) {
    return op ? give(op->getResult(0)) : 0;
  }

  /// Whether a function is open; an error if not.
  bool recording();
  void open(tilewright::recording::Open kind, mlir::Operation* op, mlir::Block* body);
  /// Closes the innermost frame if it is of this kind, else an error and null.
  mlir::Operation* close(tilewright::recording::Open kind);

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::OpBuilder ops;
  mlir::Location location;
  std::vector<mlir::Value> values;  ///< by number; values[0] is null
  std::vector<tilewright::recording::Frame> frames;
  std::vector<tilewright::tw::DeclareOp> untyped;  ///< variables that nothing has been assigned to yet
  std::deque<tilewright::recording::Kernel> kernels;
  std::deque<std::string> errors;
  std::string text;
  std::map<std::string, std::string> sources;  ///< of programs, by name; "" for what cannot be read
  std::set<std::pair<std::string, uint32_t>> checked_loops;
};
