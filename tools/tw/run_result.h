// 'tw run' after the run: what it found, as text and as JSON.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/compare.h"
#include "tilewright/run_options.h"
#include "toolchain/tensor_order.h"

namespace tilewright {

struct NamedComparison {
  std::string name;
  CompareReport report;
};

struct RunRound {
  RunReport report;
  std::vector<NamedComparison> comparisons;
};

struct WrittenOutput {
  std::string name;
  std::string description;
  std::string file;
};

struct RunResult {
  std::string callable;  ///< path of callable.json
  std::string platform;
  int32_t device = 0;
  RuntimeVariant runtime = RuntimeVariant::kTensormapAndRingbuffer;
  uint64_t build_ns = 0;
  uint32_t units = 0;         ///< sources: the orchestration and the kernels
  uint32_t units_cached = 0;  ///< found in the store instead of compiled
  std::string callable_id;    ///< SHA-256 of the image
  bool lists_dependencies = false;
  bool checked = false;
  bool looked_for_races = false;
  std::map<int32_t, std::string> kernel_names;  ///< by func_id
  std::vector<std::string> tensor_names;         ///< of the callable, by argument
  std::optional<std::vector<TensorOrder>> tensor_orders;  ///< of an artifact or a program, with --derive-dependencies
  std::vector<RunRound> rounds;                 ///< at least one
  std::vector<WrittenOutput> outputs;

  /// Every comparison of every round matched, and neither faults nor races were found.
  bool passed() const;
};

/// Of kernels and tensors; refers to `result`.
RaceNames report_names(const RunResult& result);
/// The table of tensors; empty without tensor_orders.
std::string tensor_orders_text(const RunResult& result);
/// The table of edges of the last round.
std::string dependencies_text(const RunResult& result);

/// What was found of faults and races, as far as they were looked for.
std::string findings_text(const RunResult& result);

std::string format_result(const RunResult& result);
std::string result_as_json(const RunResult& result);

}  // namespace tilewright
