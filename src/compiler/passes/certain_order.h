// Which tasks of an orchestration certainly start after which others have ended, by the ids that they are given.
#pragma once

#include <vector>

#include "compiler/ir/tw_dialect.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/DenseMap.h"

namespace tilewright {

/// Tasks as they stand in the program, numbered in its order; what the orchestration itself does with an element may be one of them. "a comes
/// after b" says: whenever both run, in the same turn of every loop that is
/// around b, b is complete before a starts. Memory grows with the square of the number of tasks.
class CertainOrder {
 public:
  /// The next one, behind all that were added, with what its `after` orders if it has one. Its number.
  unsigned add(mlir::Operation* task);

  /// `later` also waits for `earlier`, whenever that has run.
  void wait(unsigned later, unsigned earlier);
  bool comes_after(unsigned later, unsigned earlier) const { return earlier < later && tasks_[later].before.test(earlier); }

  /// Whether `task` runs whenever `other` does.
  bool runs_with(unsigned task, unsigned other) const;

  mlir::Operation* operation(unsigned task) const { return tasks_[task].op; }
  unsigned size() const { return static_cast<unsigned>(tasks_.size()); }

 private:
  struct Task {
    mlir::Operation* op;
    mlir::Block* block;  ///< which runs if the task does: that of a loop, a branch or the orchestration; scopes do not count
    llvm::BitVector before;
  };

  /// The tasks of which `ids`, one id or an array, certainly names those that have run.
  llvm::SmallVector<unsigned> named(mlir::Value ids) const;

  std::vector<Task> tasks_;
  llvm::DenseMap<mlir::Operation*, unsigned> numbers_;
};

}  // namespace tilewright
