// What an orchestration did while it was interpreted: what it created, its tasks and its own accesses, in program order, with the elements
// that each of them touched. docs/design/dependencies.md, "The oracle".
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/interpret/element_set.h"
#include "compiler/ir/tw_dialect.h"
#include "llvm/ADT/SmallVector.h"
#include "mlir/IR/Operation.h"
#include "mlir/IR/Value.h"

namespace tilewright::interpret {

/// A tensor of which all others are views: an argument of the orchestration, or one turn of a tw.create.
struct LoggedRoot {
  mlir::Value value;    ///< the argument, or the result of the create
  uint32_t memory = 0;  ///< where it lies; arguments may share one (Options::aliases)
  int64_t first = 0;    ///< its first element there
  llvm::SmallVector<int64_t, 5> shape;
  bool untracked = false;
};

struct LoggedTensor {
  uint32_t root = 0;
  int64_t first = 0;  ///< the element of the memory at indices 0
  llvm::SmallVector<int64_t, 5> shape, strides;

  ElementSet elements() const;
};

/// A tensor that is an argument of a task.
struct LoggedArgument {
  LoggedTensor tensor;
  unsigned operand = 0;                               ///< of tw.submit
  tw::Direction direction = tw::Direction::kUndecided;  ///< as tw.submit states it
};

/// What was done to the elements of one memory. An element may be in several of the sets.
struct LoggedAccess {
  uint32_t memory = 0;
  ElementSet read, written;
  ElementSet added;  ///< to, by atomic addition
};

struct LoggedElement {
  LoggedTensor tensor;
  int64_t element = 0;  ///< number in the memory
};

struct Event {
  enum class Kind : uint8_t {
    kCreate,    ///< tw.create
    kTask,      ///< tw.submit, tw.at, tw.dummy
    kRead,      ///< tw.read in the orchestration
    kWrite,     ///< tw.write in the orchestration
    kAssemble,  ///< tw.assemble
  };
  Kind kind = Kind::kTask;
  mlir::Operation* op = nullptr;
  bool manual = false;  ///< stands in a manual scope
  /// Numbers of the tasks that `after` and `derived` name, in their order; ids that name no task are left out.
  std::vector<uint32_t> after, derived;
  /// Of a tw.submit. Of a tw.at, which states none: those that it calls `no_dep`. Of an access of the orchestration the tensor: one, or
  /// for an assemble what it reads and what it writes.
  std::vector<LoggedArgument> arguments;
  std::optional<LoggedElement> tested;  ///< by the predicate, which reads it; not among `accesses`
  bool ran = true;  ///< false: the predicate said no
  /// Of all blocks and kernels, one for each memory that was touched. A create writes what it fills.
  std::vector<LoggedAccess> accesses;
};

struct Log {
  std::vector<LoggedRoot> roots;
  std::vector<Event> events;
  uint32_t memories = 0;  ///< how many there are: numbers 0 to memories - 1
};

}  // namespace tilewright::interpret
