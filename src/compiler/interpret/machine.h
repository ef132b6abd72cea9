// The interpreter at work: values, blocks, and a handler for each operation.
#pragma once

#include <string>

#include "base/error.h"
#include "compiler/interpret/interpreter.h"
#include "compiler/interpret/recorder.h"
#include "compiler/interpret/value.h"
#include "compiler/ir/tile_dialect.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"

namespace tilewright::interpret {

/// Which core of which block runs a kernel.
struct CorePlace {
  int64_t block = 0;
  int64_t blocks = 1;
  int64_t subblock = 0;
};

class Machine {
 public:
  Machine(mlir::ModuleOp module, const Options& options) : options(options), recorder(options.log), module_(module) {}

  const Options& options;
  CorePlace core;        ///< of the kernel that runs
  bool in_task = false;  ///< a task runs, not the orchestration
  Recorder recorder;
  std::string unstable;  ///< as Outcome::unstable

  // ---- values

  const Datum& get(mlir::Value value) const;
  const Number& number(mlir::Value value) const { return std::get<Number>(get(value)); }
  const Tensor& tensor(mlir::Value value) const { return std::get<Tensor>(get(value)); }
  const Tile& tile(mlir::Value value) const { return *std::get<TilePointer>(get(value)); }
  void set(mlir::Value value, Datum datum) { frame_[value] = std::move(datum); }
  void set_all(mlir::ValueRange to, mlir::ValueRange from);
  void set_tile(mlir::Value value, Tile tile) { set(value, std::make_shared<const Tile>(std::move(tile))); }

  /// An integer that decides what `op` does: where it reads, how often it runs. Throws if it is undefined; where it is not certain a
  /// device's may differ, which is noted.
  int64_t decided(mlir::Operation* op, mlir::Value value) { return decided(op, number(value)); }
  int64_t decided(mlir::Operation* op, const Number& number);
  llvm::SmallVector<int64_t, 5> decided(mlir::Operation* op, mlir::ValueRange values);

  // ---- running

  /// All operations of a block but its terminator.
  void run_block(mlir::Block& block);
  /// The body of a kernel with these arguments, on `core`.
  void run_kernel(tile::FuncOp kernel, llvm::ArrayRef<Datum> arguments);
  tile::FuncOp kernel_named(mlir::Operation* user, mlir::FlatSymbolRefAttr name);

 private:
  mlir::ModuleOp module_;
  mlir::SymbolTableCollection symbols_;
  llvm::DenseMap<mlir::Value, Datum> frame_;  ///< of the function that runs
};

/// Throws Error: where `op` stands, its name, the message.
[[noreturn]] void fail(mlir::Operation* op, ErrorCode code, const std::string& message, const std::string& hint = {});

using Handler = void (*)(Machine& machine, mlir::Operation* op);
using Handlers = llvm::StringMap<Handler>;

/// What runs operations of this name; null if nothing does.
Handler find_handler(mlir::OperationName name);

template <typename Op, void (*kRun)(Machine&, Op)>
void add_handler(Handlers& handlers) {
  handlers[Op::getOperationName()] = [](Machine& machine, mlir::Operation* op) { kRun(machine, mlir::cast<Op>(op)); };
}
void add_arith(Handlers& handlers);
void add_control(Handlers& handlers);
void add_tensors(Handlers& handlers);
void add_tasks(Handlers& handlers);
void add_tiles(Handlers& handlers);
/// Any operation that is an operator of operators.td.
void run_operator(Machine& machine, mlir::Operation* op);
/// Whether an operator that computes something of elements knows how for integers.
bool has_integer_function(const tile::OperatorInfo& info);

// ---- what several files need

/// The rectangle of `rows` x `columns` elements over the last two dimensions from `indices` on lies in the tensor; else throws.
void check_inside(mlir::Operation* op, const Tensor& tensor, llvm::ArrayRef<int64_t> indices, int64_t rows, int64_t columns);
/// Throws if an orchestration only reads what the tensor is of.
void check_writable(mlir::Operation* op, const Tensor& tensor);
/// Calls `visit` with the indices of each element of `shape`, row-major.
void for_each_index(llvm::ArrayRef<int64_t> shape, llvm::function_ref<void(llvm::ArrayRef<int64_t>)> visit);
/// A tile of this type with nothing in it; `open` are the valid sizes that the type leaves open.
Tile empty_tile(mlir::Operation* op, tile::TileType type, llvm::ArrayRef<int64_t> open);
/// The same for a type that leaves nothing open; throws for another.
Tile known_tile(mlir::Operation* op, tile::TileType type);
/// The element's value, as the type of a scalar has it, and the other way (tw::number_type).
Number as_scalar(const Format& element, const Number& number);
Number as_element(const Format& element, const Number& number);
Relation relation_of(tw::Compare compare);

}  // namespace tilewright::interpret
