// Numbers of an orchestration or kernel as affine expressions, and whether conditions on them can hold.
#pragma once

#include <unordered_map>
#include <vector>

#include "compiler/passes/affine_regions.h"
#include "llvm/ADT/DenseMap.h"
#include "mlir/IR/AffineExpr.h"

namespace mlir::scf {
class ForOp;
}

namespace tilewright {

/// `expression` is 0, or at least 0. Dimensions are indices of a tensor, symbols those of AffineNumbers.
struct AffineCondition {
  mlir::AffineExpr expression;
  bool is_zero = false;
  bool operator==(const AffineCondition&) const = default;
};

/// Expressions are in a normal form, so that equal ones mostly are the same object. Arithmetic on 64 bits is taken not to overflow; what
/// is not affine, or computed on fewer bits, is a symbol of its own.
class AffineNumbers {
 public:
  /// An index or integer.
  mlir::AffineExpr of(mlir::Value number);
  /// An extent of any tensor, at least 1 in a program that runs.
  mlir::AffineExpr extent(mlir::Value tensor, unsigned dimension);
  const RegionSymbol& symbol(unsigned position) const { return symbols_[position]; }
  mlir::AffineExpr expression(mlir::MLIRContext* context, const RegionSymbol& symbol);

  /// With what is known of their symbols, and of the symbols of that, as far as a question may have so many.
  std::vector<AffineCondition> with_facts(llvm::ArrayRef<AffineCondition> conditions);

  /// Whether no integers at all satisfy all of them, and what is known of the symbols by how they are computed. False if that is too hard
  /// to say.
  bool is_impossible(llvm::ArrayRef<AffineCondition> conditions);
  /// The same of `a` in one turn of `loop` and `b` in another one.
  bool is_impossible_in_turns(mlir::scf::ForOp loop, llvm::ArrayRef<AffineCondition> a, llvm::ArrayRef<AffineCondition> b);

 private:
  mlir::AffineExpr compute(mlir::Value number);
  const std::vector<AffineCondition>& facts(mlir::MLIRContext* context, unsigned symbol);
  std::vector<AffineCondition> compute_facts(mlir::MLIRContext* context, const RegionSymbol& symbol);

  bool is_empty(llvm::ArrayRef<AffineCondition> conditions);

  std::vector<RegionSymbol> symbols_;
  llvm::DenseMap<std::pair<mlir::Value, int>, unsigned> positions_;
  llvm::DenseMap<mlir::Value, mlir::AffineExpr> expressions_;
  std::unordered_map<unsigned, std::vector<AffineCondition>> facts_;
  unsigned questions_ = 0;
};

/// Positions of the symbols in `conditions`, each once, ascending.
llvm::SmallVector<unsigned, 8> symbols_in(llvm::ArrayRef<AffineCondition> conditions);
llvm::SmallVector<unsigned, 8> symbols_in(mlir::AffineExpr expression);
/// In the normal form; the same with coefficients so large that they could overflow.
mlir::AffineExpr simplified(mlir::AffineExpr expression);
/// Null if it is not affine, or has coefficients so large that they could overflow where it is used.
mlir::AffineExpr product(mlir::AffineExpr a, mlir::AffineExpr b);

}  // namespace tilewright
