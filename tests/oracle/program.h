// Random programs of tasks as plain data: a tree of statements that text.h makes a module of. Whatever is deleted or made smaller in the
// tree, what is left is a program with a meaning: a statement names what it works on by choices among what is in reach when it is
// written.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace tilewright::oracle {

enum class Kind : uint8_t {
  // parameters
  kTensor,
  kNumber,
  // of the orchestration
  kCreate,
  kView,  ///< a view, reshape or transpose that later statements may use
  kCalculate,  ///< a number from numbers
  kHostRead,
  kHostWrite,
  kAssemble,  ///< of a new tensor that `body` fills, or of one that is there
  kTask,  ///< `body`: its accesses
  kMixed,  ///< a task on the cube core and the vector core; `body`: accesses of the latter
  kDummy,
  kArray,  ///< an array of task ids, or one of its elements
  kFor,
  kWhile,
  kIf,  ///< `body`, `otherwise`
  kScope,
  // of a task
  kAccess,
};
const char* kind_name(Kind kind);

/// What a task does with one tensor.
enum class Mode : uint8_t { kRead, kWrite, kReadWrite, kAtomic, kGather, kScatter };
inline constexpr int kModes = 6;

/// What stands around a statement. Several may hold: kNested beside the innermost loop's, kBranch beside any.
enum class LoopForm : uint8_t {
  kStraight,
  kUnrolled,
  kSingleTurn,
  kZeroTurns,
  kStatic,
  kDynamic,
  kDescending,
  kParallel,
  kWhile,
  kNested,
  kBranch,
};
inline constexpr int kLoopForms = 11;
const char* loop_form_name(LoopForm form);

/// How an access comes to its elements. Several may hold. kNone is that of what takes no tensor.
enum class AliasForm : uint8_t {
  kWhole,
  kSlice,
  kSliceOfSlice,
  kStrided,
  kTransposed,
  kReshaped,
  kSymbolicOffset,
  kSymbolicExtent,
  kTurn,  ///< a place that the turn of a loop decides
  kBranchResult,
  kCarried,
  kMayAlias,
  kCreated,
  kNone,
};
inline constexpr int kAliasForms = 14;
const char* alias_form_name(AliasForm form);

struct Statement {
  Kind kind = Kind::kTask;
  /// Taken modulo the number of ways there are, each for one decision; 0 is the simplest way. What each decides stands at the function of
  /// the writer (writer.h) for the kind.
  std::array<uint32_t, 8> choice = {};
  std::vector<Statement> body = {};
  std::vector<Statement> otherwise = {};
};

struct Program {
  uint64_t seed = 0;
  int rows = 8, columns = 8;  ///< of most tensors
  /// Kernels access every element of what they are given; else some only a part.
  bool whole = true;
  /// Tasks behind a manual scope name those in it that they have to wait for; else that is left to the compiler. Where a loop stands
  /// around a manual scope, or in one, they always do: nothing inside of a loop can be named for what comes behind, and the runtime knows
  /// of no task of a manual scope.
  bool names_manual_tasks = true;
  std::vector<Statement> parameters = {};
  std::vector<Statement> body = {};
};

/// The number of statements.
size_t size_of(const std::vector<Statement>& statements);
/// The tree, a line each.
std::string tree_of(const Program& program);

}  // namespace tilewright::oracle
