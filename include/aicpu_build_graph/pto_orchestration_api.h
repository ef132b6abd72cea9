// The older spelling of aicpu_build_graph orchestrations, over today's API: the runtime is the first parameter of every call, `Arg`
// and `Tensor` are types, a submission returns its task id beside its outputs. Sources that are written so include
// "pto_orchestration_api.h" and find this header if callable.json says "orchestration": {"api": "aicpu_build_graph"}.
// See docs/reference/aicpu-build-graph.md.
#pragma once

#include "../orchestration/pto_orchestration_api.h"

/// A view of memory.
using Tensor = ChipTensor;

/// What a submission returns. As of any outputs, those of a task are valid inside the scope of its submission.
struct SubmitResult {
  PTO2TaskId task_id = PTO2TaskId::invalid();
  TaskOutputTensors outputs;
};

/// A tensor of the entry's arguments.
inline Tensor from_tensor_arg(const ChipTensor &tensor) { return tensor; }

namespace pto_orchestration_detail {
inline SubmitResult with_task_id(const TaskOutputTensors &outputs) { return {outputs.task_id(), outputs}; }
}  // namespace pto_orchestration_detail

static inline SubmitResult rt_submit_task(PTO2Runtime *, const MixedKernels &mixed_kernels, const CoreTaskArgs &args) {
  return pto_orchestration_detail::with_task_id(rt_submit_task(mixed_kernels, args));
}
static inline SubmitResult rt_submit_aic_task(PTO2Runtime *, int32_t kernel_id, const CoreTaskArgs &args) {
  return pto_orchestration_detail::with_task_id(rt_submit_aic_task(kernel_id, args));
}
static inline SubmitResult rt_submit_aiv_task(PTO2Runtime *, int32_t kernel_id, const CoreTaskArgs &args) {
  return pto_orchestration_detail::with_task_id(rt_submit_aiv_task(kernel_id, args));
}
/// `consumer`, submitted in a scope that is still open, waits for `producer`.
static inline void rt_add_dependency(PTO2Runtime *, PTO2TaskId producer, PTO2TaskId consumer) { rt_add_dependency(producer, consumer); }
static inline bool rt_is_fatal(PTO2Runtime *) { return rt_is_fatal(); }
static inline void rt_scope_begin(PTO2Runtime *) { rt_scope_begin(); }
static inline void rt_scope_end(PTO2Runtime *) { rt_scope_end(); }

// ---- the entry: (PTO2Runtime *, const ChipStorageTaskArgs &) ----------------------------------------------

namespace pto_orchestration_detail {
inline void to_storage_args(const ChipTaskArgs &args, ChipStorageTaskArgs &storage) {
  for (int32_t i = 0; i < args.tensor_count(); ++i) storage.add_tensor(args.tensor(i).ref());
  for (int32_t i = 0; i < args.scalar_count(); ++i) storage.add_scalar(args.scalar(i));
}
}  // namespace pto_orchestration_detail

/// The runtime calls entry and configuration function through these where an object exports them.
extern "C" __attribute__((visibility("default"), used)) inline void framework_call_entry(void (*entry)(), const ChipTaskArgs &args) {
  ChipStorageTaskArgs storage;
  pto_orchestration_detail::to_storage_args(args, storage);
  reinterpret_cast<void (*)(PTO2Runtime *, const ChipStorageTaskArgs &)>(entry)(current_runtime(), storage);
}
extern "C" __attribute__((visibility("default"), used)) inline PTO2OrchestrationConfig framework_call_config(void (*config)(),
                                                                                                             const ChipTaskArgs &args) {
  ChipStorageTaskArgs storage;
  pto_orchestration_detail::to_storage_args(args, storage);
  return reinterpret_cast<PTO2OrchestrationConfig (*)(const ChipStorageTaskArgs &)>(config)(storage);
}

// ---- names that today's API uses in another way ------------------------------------------------------------

#define Arg CoreTaskArgs  // a template there

#undef LOG_ERROR
#undef LOG_WARN
#undef LOG_TIMING
#undef LOG_INFO
#undef LOG_DEBUG
#undef rt_report_fatal
#undef PTO2_SCOPE
#undef PTO2_SCOPE_GUARD
#define LOG_ERROR(rt, fmt, ...) (rt)->ops->log_error(__func__, (fmt)__VA_OPT__(, ) __VA_ARGS__)
#define LOG_WARN(rt, fmt, ...) (rt)->ops->log_warn(__func__, (fmt)__VA_OPT__(, ) __VA_ARGS__)
#define LOG_TIMING(rt, fmt, ...) (rt)->ops->log_timing(__func__, (fmt)__VA_OPT__(, ) __VA_ARGS__)
#define LOG_INFO(rt, fmt, ...) (rt)->ops->log_info(__func__, (fmt)__VA_OPT__(, ) __VA_ARGS__)
#define LOG_DEBUG(rt, fmt, ...) (rt)->ops->log_debug(__func__, (fmt)__VA_OPT__(, ) __VA_ARGS__)
#define rt_report_fatal(rt, code, fmt, ...) (rt)->ops->report_fatal((rt), (code), __func__, (fmt)__VA_OPT__(, ) __VA_ARGS__)
/// PTO2_SCOPE(rt) { ... }
#define PTO2_SCOPE(rt) \
  if ([[maybe_unused]] PTO2ScopeGuard PTO2_DETAIL_CONCAT(pto2_scope_, __LINE__){((void)(rt), PTO2ScopeMode::AUTO)}; true)
/// A scope to the end of the enclosing block.
#define PTO2_SCOPE_GUARD(rt) \
  [[maybe_unused]] PTO2ScopeGuard PTO2_DETAIL_CONCAT(pto2_scope_guard_, __LINE__) { ((void)(rt), PTO2ScopeMode::AUTO) }
