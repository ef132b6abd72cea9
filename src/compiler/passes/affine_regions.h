// Which elements of which tensor a value names, as affine sets over the numbers that the orchestration computes: slices of slices, strides,
// transpositions and reshapes exactly, as long as what offsets, extents and strides are computed by is affine; else the whole of what they
// are part of.
#pragma once

#include <memory>

#include "llvm/ADT/ArrayRef.h"
#include "mlir/IR/IntegerSet.h"
#include "mlir/IR/Value.h"
#include "mlir/IR/ValueRange.h"

namespace mlir::scf {
class ForOp;
}

namespace tilewright {

namespace tw {
class SubmitOp;
}
struct KernelAccess;

/// A number that is the same wherever it appears: a value of the orchestration (dimension -1), an extent of a tensor (its dimension), or a
/// value in a kernel, in one access of one task (below -1, another number for each).
struct RegionSymbol {
  mlir::Value value;
  int dimension = -1;
  bool operator==(const RegionSymbol&) const = default;
};

/// Elements of one tensor in device memory.
struct Region {
  /// The tw.create, or the argument of the orchestration or kernel; null where it is not known which tensor it is.
  mlir::Value root;
  /// Over the root's indices (as dimensions) and `symbols` (in order). Null: every element may be among them. Constraints without any
  /// index say nothing of the elements: they hold of the symbols whenever the value is made, because a view lies in its tensor.
  mlir::IntegerSet elements;
  llvm::SmallVector<RegionSymbol, 4> symbols;
  /// Exactly these elements, each time that the value is made; else these at most.
  bool exact = false;
  /// `root` is made in a loop that hands it on, so that it may be the tensor of another turn.
  bool of_any_turn = false;
};

/// Regions of the tensors of one orchestration or kernel, and questions about them. Answers are kept. The function must not change
/// meanwhile, but for operations that make no tensor and no number. Questions that would take long are not answered: "not sure".
class Regions {
 public:
  Regions();
  ~Regions();
  Regions(const Regions&) = delete;
  Regions& operator=(const Regions&) = delete;

  /// What `tensor` may name: one region, or one for each tensor that branches and loops may give it, none of them exact then. A region
  /// with a null root stands alone.
  llvm::ArrayRef<Region> of(mlir::Value tensor);
  /// The one element of `tensor` at `indices`, likewise.
  llvm::SmallVector<Region, 1> element(mlir::Value tensor, mlir::ValueRange indices);

  /// Of what `submit` gives its kernels as operand `operand`, that which `access`, of one of them and of this argument, may touch. What the
  /// kernel computes for itself may be any number that it can be; nothing is exact then. Exact says here that
  /// the set is certain, not that all of it is accessed.
  llvm::SmallVector<Region, 1> accessed(tw::SubmitOp submit, unsigned operand, const KernelAccess& access);

  /// Sure to have no element in common, in one and the same turn of every loop that is around what computes the symbols of either. Regions
  /// of different roots have none, except of arguments that both may alias (tw.may_alias), and unknown ones.
  bool are_disjoint(const Region& a, const Region& b);
  /// The same of all that the two may name.
  bool are_disjoint(mlir::Value a, mlir::Value b);
  /// Sure that `a` in one turn of the loop and `b` in another one have no element in common, in one and the same turn of the loops around
  /// it.
  bool are_disjoint_in_turns(mlir::scf::ForOp loop, const Region& a, const Region& b);
  bool are_disjoint_in_turns(mlir::scf::ForOp loop, mlir::Value a, mlir::Value b);
  /// Sure that every element of `inner` is one of `outer`, under the same condition as are_disjoint. False unless `outer` is exact;
  /// `inner` may be not.
  bool covers(const Region& outer, const Region& inner);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tilewright
