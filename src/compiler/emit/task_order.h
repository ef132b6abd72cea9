// Which order of tasks an orchestration needs, and who gives it.
#pragma once

#include "compiler/ir/tw_dialect.h"

namespace tilewright::emit {

/// The word for an argument of a task: that of the submit, else what its first kernel does with it.
tw::Direction direction_of(tw::SubmitOp submit, unsigned operand);

/// Whether the runtime must make tasks that write wait for earlier tasks that read the same elements (RunOptions::track_war), which it
/// does not do by itself: whether such a pair may exist that neither other accesses nor `after` and `derived` order already. Pairs on a
/// tensor that is marked 'tw.ordered' are ordered. Pairs that share a tensor of which one is 'no_dep', and writers in manual scopes, are the
/// program's own.
bool needs_track_war(tw::OrchestrationOp orchestration);

/// Whether an orchestration may run where dependencies are those that it names (aicpu_build_graph): of two tasks that use the same tensor,
/// one of them writing, the later waits for the earlier by an id of `after` or `derived`. Else an error at the later one. Tensors that are
/// marked 'tw.ordered' are taken on the word of derive-dependencies.
mlir::LogicalResult verify_named_dependencies(tw::OrchestrationOp orchestration);

}  // namespace tilewright::emit
