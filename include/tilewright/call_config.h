// CallConfig: settings of one run that cross every process border unchanged (spec/api.md, section D).
#pragma once

#include <stdint.h>

#ifdef __cplusplus

/// Ring sizes per scope depth (ring = min(depth, 3)); 0 = environment variable, else the default.
struct RuntimeEnv {
  uint64_t ring_task_window[4] = {};  ///< tasks; a power of two in [4, INT32_MAX]
  uint64_t ring_heap[4] = {};         ///< bytes; at least 1024
  uint64_t ring_dep_pool[4] = {};     ///< entries; in [4, INT32_MAX]

  bool any() const;
  /// Throws tilewright::Error(kInvalidArgument) naming the entry, its value and the rule.
  void validate() const;
};

/// Packed plain data of exactly 24 + 96 + 1024 bytes.
struct CallConfig {
  int32_t aicpu_thread_num = 0;
  int32_t enable_chip_swimlane = 0;
  int32_t enable_dump_args = 0;
  int32_t enable_pmu = 0;
  int32_t enable_dep_gen = 0;
  int32_t enable_scope_stats = 0;
  RuntimeEnv runtime_env;
  char output_prefix[1024] = {};

  bool diagnostics_any() const;
  bool output_prefix_set() const { return output_prefix[0] != '\0'; }
  /// Throws tilewright::Error(kInvalidArgument): a bad ring size, or a diagnostic without an output_prefix.
  void validate() const;
};
static_assert(sizeof(RuntimeEnv) == 96 && sizeof(CallConfig) == 24 + 96 + 1024, "published size");

#endif
