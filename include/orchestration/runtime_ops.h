// The function table between an orchestration shared object and the runtime (spec/api.md, A.4). An orchestration
// has no link dependency on the runtime: every call goes through this table. It is ours; compatibility with
// existing programs is of sources, not of binaries.
#pragma once

#include <stdint.h>

#include "task_args.h"

enum class PTO2ScopeMode : uint8_t { AUTO = 0, MANUAL = 1 };

/// The outputs (in add_output order) and the id of a submitted task. The descriptors live in the task's slot:
/// they are valid inside the scope of the submit.
class TaskOutputTensors {
 public:
  TaskOutputTensors() : count_(0), task_id_(PTO2TaskId::invalid()) {}  // references_ stay as they are: submit is hot
  TaskOutputTensors(const TaskOutputTensors &other) { *this = other; }
  TaskOutputTensors &operator=(const TaskOutputTensors &other) {
    count_ = other.count_;
    task_id_ = other.task_id_;
    for (uint32_t i = 0; i < count_; ++i) references_[i] = other.references_[i];
    return *this;
  }

  bool empty() const { return count_ == 0; }
  uint32_t size() const { return count_; }
  const ChipTensor &get_ref(uint32_t i) const & { return *references_[i]; }
  const ChipTensor &get_ref(uint32_t i) const && = delete;
  PTO2TaskId task_id() const { return task_id_; }
  void set_task_id(PTO2TaskId id) { task_id_ = id; }
  void materialize_output(const ChipTensor &tensor) { references_[count_++] = &tensor; }

 private:
  uint32_t count_;
  PTO2TaskId task_id_;
  const ChipTensor *references_[CORE_MAX_TENSOR_ARGS];
};
using TaskSubmitResult = TaskOutputTensors;

/// What a graph call tells its caller: call the body if execute_block, and end the graph after it if recording. task_id is the
/// task that has completed when the whole graph has; it is known when the graph has been ended.
struct GraphScopeResult {
  bool execute_block{true};
  bool recording{false};
  PTO2TaskId task_id{PTO2TaskId::invalid()};
  void *recording_handle{nullptr};
};
using GraphSubmitResult = GraphScopeResult;

struct PTO2Runtime;

/// Incremented whenever the table below or what it passes changes.
constexpr uint32_t PTO2_RUNTIME_OPS_VERSION = 4;

struct PTO2RuntimeOps {
  uint32_t version;  ///< PTO2_RUNTIME_OPS_VERSION of the runtime
  uint32_t size;     ///< sizeof(PTO2RuntimeOps) of the runtime
  TaskOutputTensors (*submit_task)(PTO2Runtime *, const MixedKernels &, const CoreTaskArgs &);
  void (*scope_begin)(PTO2Runtime *);
  void (*scope_end)(PTO2Runtime *);
  void (*orchestration_done)(PTO2Runtime *);
  bool (*is_fatal)(PTO2Runtime *);
  void (*report_fatal)(PTO2Runtime *, int32_t error_code, const char *func, const char *fmt, ...);
  void (*log_error)(const char *func, const char *fmt, ...);
  void (*log_warn)(const char *func, const char *fmt, ...);
  void (*log_timing)(const char *func, const char *fmt, ...);
  void (*log_info)(const char *func, const char *fmt, ...);
  void (*log_debug)(const char *func, const char *fmt, ...);
  uint64_t (*get_tensor_data)(PTO2Runtime *, const ChipTensor &, uint32_t ndims, const uint32_t indices[]);
  void (*set_tensor_data)(PTO2Runtime *, const ChipTensor &, uint32_t ndims, const uint32_t indices[], uint64_t value);
  TaskOutputTensors (*alloc_tensors)(PTO2Runtime *, const CoreTaskArgs &);
  TaskOutputTensors (*submit_dummy_task)(PTO2Runtime *, const CoreTaskArgs &);
  int32_t (*available_cluster_count)(PTO2Runtime *);
  int32_t (*available_aiv_count)(PTO2Runtime *);
  GraphScopeResult (*graph_begin)(PTO2Runtime *, uint64_t key, const GraphTaskArgs &);
  bool (*graph_prepare)(PTO2Runtime *, void *recording_handle, const GraphTaskArgs &);
  void (*graph_abort)(PTO2Runtime *, void *recording_handle);
  /// The body has been called. With execute_block in the result it is to be called once more, and graph_end after it, which
  /// happens only if may_repeat says that the caller can.
  GraphScopeResult (*graph_end)(PTO2Runtime *, bool may_repeat);
  void (*graph_commit)(PTO2Runtime *);
  void (*scope_set_site)(const char *file, int line);
  void (*add_dependency)(PTO2Runtime *, PTO2TaskId producer, PTO2TaskId consumer);
};

/// What an orchestration sees of the runtime object.
struct PTO2Runtime {
  const PTO2RuntimeOps *ops;
  PTO2ScopeMode pending_scope_mode;
};
