// The spelling that orchestrations of aicpu_build_graph were written in until that variant was removed from the existing system
// (spec/l2-runtime.md, 4b): the runtime is the first parameter of everything, Arg and Tensor are the argument types, a submission
// returns {task_id, outputs}. Include this instead of pto_orchestration_api.h; the entry keeps its old signature
//
//   extern "C" void aicpu_orchestration_entry(PTO2Runtime *rt, const ChipStorageTaskArgs &orch_args);
//
// and its name, which is the one that a callable names by default. All of it is today's API under other names; what is not
// spelled here is spelled as there.
#pragma once

#include "pto_orchestration_api.h"

// The old entry under another name, and today's in its place.
extern "C" void pto2_old_orchestration_entry(PTO2Runtime *rt, const ChipStorageTaskArgs &orch_args);

extern "C" __attribute__((visibility("default"), used)) inline void pto2_todays_orchestration_entry(const ChipTaskArgs &orch_args) __asm__(
    "aicpu_orchestration_entry");
extern "C" __attribute__((visibility("default"), used)) inline void pto2_todays_orchestration_entry(const ChipTaskArgs &orch_args) {
  ChipStorageTaskArgs stored;  // 34 KiB, on a stack of megabytes
  for (int32_t i = 0; i < orch_args.tensor_count(); ++i) stored.add_tensor(orch_args.tensor(i).ref());
  for (int32_t i = 0; i < orch_args.scalar_count(); ++i) stored.add_scalar(orch_args.scalar(i));
  pto2_old_orchestration_entry(current_runtime(), stored);
}
#define aicpu_orchestration_entry pto2_old_orchestration_entry

using Tensor = ChipTensor;
#define Arg CoreTaskArgs

/// A tensor as the entry got it.
static inline Tensor from_tensor_arg(const ChipTensor &argument) { return argument; }

struct SubmitResult {
  PTO2TaskId task_id;
  TaskOutputTensors outputs;
};

static inline SubmitResult rt_submit_task(PTO2Runtime *, const MixedKernels &mixed_kernels, const CoreTaskArgs &args) {
  SubmitResult result;
  result.outputs = rt_submit_task(mixed_kernels, args);
  result.task_id = result.outputs.task_id();
  return result;
}
static inline SubmitResult rt_submit_aic_task(PTO2Runtime *rt, int32_t kernel_id, const CoreTaskArgs &args) {
  MixedKernels kernels;
  kernels.aic_kernel_id = kernel_id;
  return rt_submit_task(rt, kernels, args);
}
static inline SubmitResult rt_submit_aiv_task(PTO2Runtime *rt, int32_t kernel_id, const CoreTaskArgs &args) {
  MixedKernels kernels;
  kernels.aiv0_kernel_id = kernel_id;
  return rt_submit_task(rt, kernels, args);
}
/// `consumer` waits for `producer`. The scope of the consumer's submission is still open.
static inline void rt_add_dependency(PTO2Runtime *, PTO2TaskId producer, PTO2TaskId consumer) { rt_add_dependency(producer, consumer); }
static inline bool rt_is_fatal(PTO2Runtime *) { return rt_is_fatal(); }

// PTO2_SCOPE(rt) { ... }: its tasks run when it is closed.
#undef PTO2_SCOPE
#undef PTO2_SCOPE_GUARD
#define PTO2_SCOPE(rt) if ([[maybe_unused]] PTO2ScopeGuard PTO2_DETAIL_CONCAT(pto2_scope_, __LINE__){}; (void)(rt), true)
#define PTO2_SCOPE_GUARD(rt) \
  (void)(rt);                \
  [[maybe_unused]] PTO2ScopeGuard PTO2_DETAIL_CONCAT(pto2_scope_guard_, __LINE__) {}

#undef rt_report_fatal
#undef LOG_ERROR
#undef LOG_WARN
#undef LOG_TIMING
#undef LOG_INFO
#undef LOG_DEBUG
#define rt_report_fatal(rt, code, fmt, ...) (rt)->ops->report_fatal((rt), (code), __func__, (fmt)__VA_OPT__(, ) __VA_ARGS__)
#define LOG_ERROR(rt, fmt, ...) (rt)->ops->log_error(__func__, (fmt)__VA_OPT__(, ) __VA_ARGS__)
#define LOG_WARN(rt, fmt, ...) (rt)->ops->log_warn(__func__, (fmt)__VA_OPT__(, ) __VA_ARGS__)
#define LOG_TIMING(rt, fmt, ...) (rt)->ops->log_timing(__func__, (fmt)__VA_OPT__(, ) __VA_ARGS__)
#define LOG_INFO(rt, fmt, ...) (rt)->ops->log_info(__func__, (fmt)__VA_OPT__(, ) __VA_ARGS__)
#define LOG_DEBUG(rt, fmt, ...) (rt)->ops->log_debug(__func__, (fmt)__VA_OPT__(, ) __VA_ARGS__)
