// Values that must lie at one place: what an operation changes in place, what a loop carries, what branches hand on.
#pragma once

#include "compiler/ir/tile_dialect.h"
#include "llvm/ADT/EquivalenceClasses.h"

namespace tilewright {

/// The tiles of a kernel, values that share a place in one class.
class SharedPlaces {
 public:
  /// Joins values of `kernel` that must share a place. Where the content that one of them overwrites is still needed, a tile.move makes a copy
  /// first. An error where a copy is needed in a memory that has none.
  mlir::LogicalResult make(tile::FuncOp kernel);

  /// One number per class, in the order of the text, for each tile of the kernel.
  unsigned number(mlir::Value tile) const { return numbers_.lookup(tile); }
  /// The tiles of each class, in the order of the text.
  const std::vector<llvm::SmallVector<mlir::Value>>& classes() const { return classes_; }

 private:
  using Operand = mlir::OpOperand;

  mlir::LogicalResult visit(mlir::Operation* op);
  mlir::LogicalResult visit(mlir::Block& block);
  mlir::LogicalResult in_place(mlir::Operation* op, unsigned operand);
  mlir::LogicalResult carry(mlir::Operation* loop, llvm::MutableArrayRef<Operand> initial, mlir::ValueRange carried);
  mlir::LogicalResult hand_back(mlir::Operation* yield, llvm::MutableArrayRef<Operand> yielded, mlir::ValueRange carried);
  mlir::LogicalResult branch(mlir::Operation* op);

  /// Puts a copy of what `operand` is into its place, made before `before`.
  mlir::LogicalResult copy(Operand& operand, mlir::Operation* before);

  bool same(mlir::Value a, mlir::Value b) const { return union_.isEquivalent(key(a), key(b)); }
  void join(mlir::Value a, mlir::Value b) { union_.unionSets(key(a), key(b)); }
  llvm::SmallVector<mlir::Value> members(mlir::Value value) const;
  /// Whether all values of the class of `value` are defined inside of `region`, below its arguments.
  bool is_local(mlir::Value value, mlir::Region& region) const;
  /// The operation that first makes a value of the class, which is local to a region.
  mlir::Operation* first_definition(mlir::Value value) const;
  /// Whether the class of `value` has content that is needed after `at` overwrites its place. What `at` itself takes through `consumed`, or may be
  /// overwritten with its own result, is not.
  bool is_needed_after(mlir::Value value, mlir::Operation* at, const Operand* consumed = nullptr) const;
  /// Whether a class that is local may share the place of the other one: from where it begins, neither overwrites what the other still needs.
  bool can_take_over(mlir::Value local, mlir::Value other) const;

  static void* key(mlir::Value value) { return value.getAsOpaquePointer(); }
  static mlir::Value value_of(void* key) { return mlir::Value::getFromOpaquePointer(key); }

  llvm::EquivalenceClasses<void*> union_;
  llvm::DenseMap<mlir::Value, unsigned> numbers_;
  std::vector<llvm::SmallVector<mlir::Value>> classes_;
};

/// Whether the result of `op` may lie on its operand `operand`, by the table of operators, if nothing else needs that.
bool may_lie_on(mlir::Operation* op, unsigned operand);

}  // namespace tilewright
