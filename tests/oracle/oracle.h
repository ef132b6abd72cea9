// Judges the order that a compiled orchestration asks for by what its tasks really do with their elements, one run at a time.
// docs/design/dependencies.md, "The oracle". It looks at no analysis of the compiler but needs_track_war, which is judged with the rest.
//
//   mlir::OwningOpRef<mlir::ModuleOp> module = compile(context, example.text, true);
//   const interpret::Log log = run(*module, example);
//   const Judgement judgement = judge(*module, log, Tracking::kUnlessOrdered);
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "compiler/interpret/interpreter.h"
#include "compiler/interpret/log.h"
#include "llvm/ADT/StringRef.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

namespace tilewright::oracle {

/// A program, and what to call it with.
struct Case {
  std::string text;  ///< of a module with one orchestration, as it is recorded or behind any pass
  std::vector<interpret::Argument> arguments;
  std::vector<interpret::Alias> aliases = {};
};

/// A context that knows the dialects, for one thread. It grows with what is parsed: take a new one after some thousand programs.
std::unique_ptr<mlir::MLIRContext> make_context();

/// The module as the text says, with lines of "case.mlir". Throws Error(kParseError) with the diagnostics.
mlir::OwningOpRef<mlir::ModuleOp> parse(mlir::MLIRContext& context, llvm::StringRef text);

/// The module that the passes in front of those for a target make of it (add_front), and derive-dependencies if `derive` is true.
/// Throws what parse() throws, and Error(kInvalidArgument) with the diagnostics where a pass fails.
mlir::OwningOpRef<mlir::ModuleOp> compile(mlir::MLIRContext& context, llvm::StringRef text, bool derive);

/// What its orchestration does on a copy of these arguments. Throws what interpret() throws.
interpret::Log run(mlir::ModuleOp module, const Case& example);

/// For which tensors the order that the runtime finds counts (writers that a task's arguments share elements with; readers too where
/// needs_track_war asks for them). Never for untracked ones.
enum class Tracking : uint8_t {
  kUnlessOrdered,  ///< for those that are not tw.ordered, and derived ids count: what is left when tracking is removed
  kAll,  ///< for all, and derived ids do not count: what the runtime does for a program that nothing was derived for
};

/// Two events of the log that touch an element, one of them writing, and that nothing orders.
struct Violation {
  uint32_t earlier = 0, later = 0;
  uint32_t memory = 0;
  int64_t element = 0;  ///< number in the memory; the lowest
  std::string text = {};  ///< both events with their lines, what they do and the element
};

/// The later task names the earlier one.
struct Edge {
  uint32_t earlier = 0, later = 0;
  std::string text = {};
};

struct Judgement {
  /// Conflicts of tensors that the compiler and the runtime are to order. None in a compiler without mistakes.
  std::vector<Violation> violations;
  /// Conflicts that are the program's own business: in a task of a manual scope; of an access of the orchestration with a writer in one;
  /// of untracked tensors; of elements that a task has by `no_dep` arguments alone.
  std::vector<Violation> own_violations;

  // Tasks are those with kernels; pairs of them count once. Conflicts include those that are the program's own.
  uint64_t tasks = 0;
  uint64_t conflicts = 0;  ///< pairs that touch a common element, one writing
  uint64_t reduction = 0;  ///< pairs in the transitive reduction of these
  /// Pairs that derived ids have to order at least, if they alone are to order what `violations` would name: those of the transitive
  /// reduction of conflicts, user ids and waits of the orchestration that are no user ids.
  uint64_t needed = 0;
  uint64_t derived = 0;  ///< pairs that `derived` ids order directly
  uint64_t user = 0;  ///< pairs that `after` ids order directly, dummies among them
  /// Pairs that derived ids order, with user ids and waits of the orchestration, but conflicts would not with these.
  uint64_t excess = 0;
  /// Tasks in the longest chain: of conflicts, user ids and waits of the orchestration; and of the order that is given.
  uint64_t path_needed = 0, path_given = 0;
  /// Derived ids between tasks whose tensors, as arguments, have no element in common that one of the two may write.
  std::vector<Edge> needless;

  // Arguments that are tensors, and tw.create operations.
  uint64_t tensors = 0, ordered = 0, tracked = 0;
};

/// `module` is behind infer-directions, and `log` is of its orchestration. Throws Error(kInvalidArgument) for a module of several
/// orchestrations and for a log with tw.at or tw.assemble.
Judgement judge(mlir::ModuleOp module, const interpret::Log& log, Tracking tracking = Tracking::kUnlessOrdered);

/// All three steps.
Judgement judge(mlir::MLIRContext& context, const Case& example, bool derive, Tracking tracking = Tracking::kUnlessOrdered);

/// The log as text, an event a line, for messages: "3 task @scale (test.mlir:12:8) after 1 derived 2: in %x[0:8] ...".
std::string text_of(const interpret::Log& log);

}  // namespace tilewright::oracle
