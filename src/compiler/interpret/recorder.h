// Writes the log of a run (log.h) where one is wanted, and numbers events in any case: ids of tasks are such numbers.
#pragma once

#include "compiler/interpret/log.h"
#include "compiler/interpret/value.h"

namespace tilewright::interpret {

enum class Touch : uint8_t { kRead, kWrite, kAdd };

class Recorder {
 public:
  /// `log` may be null: then nothing is written.
  explicit Recorder(Log* log) : log_(log) {}

  /// A tensor that is no view of another one gets its numbers, and its memory too if it has none yet.
  void add_root(Tensor& tensor, mlir::Value value, bool untracked);

  /// What comes until the next one belongs to this event. Returns its number.
  uint32_t begin(Event::Kind kind, mlir::Operation* op);
  void name_tasks(const Datum& ids, bool derived);  ///< a task or several, which the event waits for
  void add_argument(const Tensor& tensor, unsigned operand, tw::Direction direction);
  /// The predicate tested the element at these indices, and said whether the task is to run.
  void test(const Tensor& tensor, llvm::ArrayRef<int64_t> indices, bool runs);
  /// Of a rectangle over the last two dimensions, as check_inside takes it.
  void touch(const Tensor& tensor, llvm::ArrayRef<int64_t> indices, int64_t rows, int64_t columns, Touch how) {
    if (log_ != nullptr) write_touch(tensor, indices, rows, columns, how);
  }
  void touch_all(const Tensor& tensor, Touch how);

  /// Around the tasks of a manual scope.
  void set_manual(bool manual) { manual_ = manual; }

 private:
  void write_touch(const Tensor& tensor, llvm::ArrayRef<int64_t> indices, int64_t rows, int64_t columns, Touch how);
  ElementSet& touched(const Tensor& tensor, Touch how);

  Log* log_;
  uint32_t events_ = 0;
  bool manual_ = false;
};

}  // namespace tilewright::interpret
