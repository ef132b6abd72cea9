// The dependencies of a run (RunOptions::record_dependencies) as numbers, text, JSON, Graphviz and HTML.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tilewright/run_options.h"
#include "toolchain/tensor_order.h"

namespace tilewright {

/// Counts of pairs (predecessor, successor), each once whatever number of edges it has.
struct DependencyCounts {
  uint64_t tasks = 0;  ///< dummy tasks, allocations and recorded graphs included
  uint64_t pairs = 0;  ///< of any source
  // Pairs with an edge of that source; a pair may have several.
  uint64_t explicit_by_user = 0;
  uint64_t explicit_by_compiler = 0;  ///< and by nobody else
  uint64_t creator = 0;
  uint64_t tensormap = 0;
  uint64_t tensormap_also_explicit = 0;
  uint64_t set_dependencies_calls = 0;  ///< that were executed and named a task
  uint64_t tracking_removed = 0;  ///< tensors that the TensorMap does not see any more by the compiler's decision: none so far

  uint64_t explicit_pairs() const { return explicit_by_user + explicit_by_compiler; }
  /// Of the pairs that the TensorMap orders, the part that explicit edges order too; 1 if there are none.
  double unique_pair_coverage() const { return tensormap == 0 ? 1 : part(tensormap_also_explicit, tensormap); }
  /// Of the pairs that either orders, the part that explicit edges order; 0 if there are none.
  double explicit_share() const { return part(explicit_pairs(), explicit_pairs() + tensormap - tensormap_also_explicit); }

 private:
  static double part(uint64_t count, uint64_t all) { return all == 0 ? 0 : static_cast<double>(count) / static_cast<double>(all); }
};

/// What a report is made of. What it refers to outlives it.
struct DependencyReport {
  const RunReport& report;
  RaceNames names;        ///< of kernels
  std::string callable;   ///< for titles
  const std::vector<TensorOrder>* tensors = nullptr;  ///< what the compiler found of each; null: it was not asked
};

DependencyCounts count_dependencies(const RunReport& report);

/// Edges in an order that does not depend on the schedule: by source, successor, predecessor, argument.
std::vector<DependencyEdge> sorted_edges(const RunReport& report);

/// A line for each of the counts.
std::string dependency_counts_text(const DependencyCounts& counts);
/// "tensors: 3 (ordered by named dependencies alone: 2)"
std::string tensor_orders_heading(const std::vector<TensorOrder>& tensors);
/// Who orders the tasks that use a tensor: "named dependencies", or "the runtime: " and the reason.
std::string tensor_order_text(const TensorOrder& tensor);
/// {"tasks": [...], "dependencies": [...], "counts": {...}, "tensors": [...] or null, "tracking_removed": []}
std::string dependencies_as_json(const DependencyReport& report);
/// A digraph; an edge for each pair and source.
std::string dependencies_as_dot(const DependencyReport& report);
/// One page without anything from outside: counts, a drawing in layers (up to 1500 tasks), all edges.
std::string dependencies_as_html(const DependencyReport& report);

}  // namespace tilewright
