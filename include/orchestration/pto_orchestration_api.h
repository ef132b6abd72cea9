// The orchestration API: the only header an orchestration source includes (spec/api.md, section A).
//
// An orchestration is compiled into a shared object that exports aicpu_orchestration_entry and, optionally,
// aicpu_orchestration_config. Its thread is the run's only submitting thread; none of these calls is thread safe.
#pragma once

#include <stdint.h>

#include <string>
#include <type_traits>

#include "runtime_ops.h"
#include "task_args.h"
#include "tensor.h"

struct PTO2OrchestrationConfig {
  int expected_arg_count;  ///< least number of tensors + scalars; not checked unless positive
};

#define PTO2_ERROR_NONE 0
#define PTO2_ERROR_SCOPE_DEADLOCK 1
#define PTO2_ERROR_HEAP_RING_DEADLOCK 2
#define PTO2_ERROR_FLOW_CONTROL_DEADLOCK 3
#define PTO2_ERROR_DEP_POOL_OVERFLOW 4
#define PTO2_ERROR_INVALID_ARGS 5
#define PTO2_ERROR_DEPENDENCY_OVERFLOW 6
#define PTO2_ERROR_REQUIRE_SYNC_START_INVALID 7
#define PTO2_ERROR_TENSOR_WAIT_TIMEOUT 8
#define PTO2_ERROR_EXPLICIT_ORCH_FATAL 9
#define PTO2_ERROR_SCOPE_TASKS_OVERFLOW 10
#define PTO2_ERROR_TENSORMAP_OVERFLOW 11
#define PTO2_ERROR_SCHEDULER_TIMEOUT 100
#define PTO2_ERROR_ASYNC_COMPLETION_INVALID 101
#define PTO2_ERROR_ASYNC_WAIT_OVERFLOW 102
#define PTO2_ERROR_ASYNC_REGISTRATION_FAILED 103
#define PTO2_ERROR_READY_QUEUE_OVERFLOW 104

// ---- binding: each shared object holds its own runtime pointer -------------------------------------------
// Hidden and therefore private to the object, so that two orchestrations loaded side by side never share it. A
// plain global, not thread_local, because one thread submits.

namespace pto_orchestration_detail {
extern PTO2Runtime *bound_runtime __attribute__((visibility("hidden")));
inline PTO2Runtime *bound_runtime __attribute__((visibility("hidden"))) = nullptr;
}  // namespace pto_orchestration_detail

/// Called by the runtime before the entry.
extern "C" __attribute__((visibility("default"), used)) inline void framework_bind_runtime(PTO2Runtime *rt) {
  pto_orchestration_detail::bound_runtime = rt;
}
extern "C" __attribute__((visibility("hidden"))) inline PTO2Runtime *framework_current_runtime() {
  return pto_orchestration_detail::bound_runtime;
}
/// The PTO2_RUNTIME_OPS_VERSION this object was compiled with; the runtime refuses another.
extern "C" __attribute__((visibility("default"), used)) inline uint32_t framework_ops_version() { return PTO2_RUNTIME_OPS_VERSION; }

static inline PTO2Runtime *current_runtime() { return framework_current_runtime(); }

// ---- errors and logging ----------------------------------------------------------------------------------

/// True once the run has failed; every later call then does nothing and returns an empty result.
static inline bool rt_is_fatal() { return current_runtime()->ops->is_fatal(current_runtime()); }

/// Fails the run with `code`; the first report counts.
#define rt_report_fatal(code, fmt, ...) \
  current_runtime()->ops->report_fatal(current_runtime(), (code), __func__, (fmt)__VA_OPT__(, ) __VA_ARGS__)
#define LOG_ERROR(fmt, ...) current_runtime()->ops->log_error(__func__, (fmt)__VA_OPT__(, ) __VA_ARGS__)
#define LOG_WARN(fmt, ...) current_runtime()->ops->log_warn(__func__, (fmt)__VA_OPT__(, ) __VA_ARGS__)
#define LOG_TIMING(fmt, ...) current_runtime()->ops->log_timing(__func__, (fmt)__VA_OPT__(, ) __VA_ARGS__)
#define LOG_INFO(fmt, ...) current_runtime()->ops->log_info(__func__, (fmt)__VA_OPT__(, ) __VA_ARGS__)
#define LOG_DEBUG(fmt, ...) current_runtime()->ops->log_debug(__func__, (fmt)__VA_OPT__(, ) __VA_ARGS__)

// ---- submission ------------------------------------------------------------------------------------------

/// Submits one task: up to one AIC and two AIV lanes that share `args`. Returns its outputs and id.
static inline TaskOutputTensors rt_submit_task(const MixedKernels &mixed_kernels, const CoreTaskArgs &args) {
  PTO2Runtime *rt = current_runtime();
  return rt->ops->submit_task(rt, mixed_kernels, args);
}
static inline TaskOutputTensors rt_submit_aic_task(int32_t kernel_id, const CoreTaskArgs &args) {
  MixedKernels kernels;
  kernels.aic_kernel_id = kernel_id;
  return rt_submit_task(kernels, args);
}
static inline TaskOutputTensors rt_submit_aiv_task(int32_t kernel_id, const CoreTaskArgs &args) {
  MixedKernels kernels;
  kernels.aiv0_kernel_id = kernel_id;
  return rt_submit_task(kernels, args);
}
/// A node without a kernel: it only carries dependencies (and may allocate outputs).
static inline TaskOutputTensors rt_submit_dummy_task(const CoreTaskArgs &args) {
  PTO2Runtime *rt = current_runtime();
  return rt->ops->submit_dummy_task(rt, args);
}

/// Makes a submitted task wait for another one. `consumer` must not run yet: the scope of its submission is still open
/// (aicpu_build_graph), or the orchestration has not ended (host_build_graph). tensormap_and_ringbuffer refuses it: there
/// tasks run from their submission on. Edges that close a cycle are refused. Refusals are INVALID_ARGS (5).
static inline void rt_add_dependency(PTO2TaskId producer, PTO2TaskId consumer) {
  current_runtime()->ops->add_dependency(current_runtime(), producer, consumer);
}

/// Allocates tensors that live to the end of the enclosing scope. `args` holds outputs only.
static inline TaskOutputTensors alloc_tensors(const CoreTaskArgs &args) {
  PTO2Runtime *rt = current_runtime();
  return rt->ops->alloc_tensors(rt, args);
}
static inline TaskOutputTensors alloc_tensors(const TensorCreateInfo create_infos[], uint32_t count) {
  CoreTaskArgs args;
  for (uint32_t i = 0; i < count; ++i) args.add_output(create_infos[i]);
  return alloc_tensors(args);
}
template <typename... CIs>
  requires(sizeof...(CIs) >= 1 && (std::is_same_v<CIs, TensorCreateInfo> && ...))
static inline TaskOutputTensors alloc_tensors(const CIs &...cis) {
  CoreTaskArgs args;
  (args.add_output(cis), ...);
  return alloc_tensors(args);
}

static inline int32_t rt_available_cluster_count() { return current_runtime()->ops->available_cluster_count(current_runtime()); }
static inline int32_t rt_available_aiv_count() { return current_runtime()->ops->available_aiv_count(current_runtime()); }

/// Reads one element, after every task that writes it has completed.
template <typename T = uint64_t>
static inline T get_tensor_data(const ChipTensor &tensor, uint32_t ndims, const uint32_t indices[]) {
  PTO2Runtime *rt = current_runtime();
  return from_u64<T>(rt->ops->get_tensor_data(rt, tensor, ndims, indices));
}
/// Writes one element, after every task that uses it has completed.
template <typename T = uint64_t>
static inline void set_tensor_data(const ChipTensor &tensor, uint32_t ndims, const uint32_t indices[], T value) {
  PTO2Runtime *rt = current_runtime();
  rt->ops->set_tensor_data(rt, tensor, ndims, indices, to_u64(value));
}

// ---- scopes ----------------------------------------------------------------------------------------------

static inline void rt_scope_begin(PTO2ScopeMode mode = PTO2ScopeMode::AUTO) {
  PTO2Runtime *rt = current_runtime();
  rt->pending_scope_mode = mode;
  rt->ops->scope_begin(rt);
}
static inline void rt_scope_end() { current_runtime()->ops->scope_end(current_runtime()); }
/// The framework calls this when the entry returns.
static inline void rt_orchestration_done() { current_runtime()->ops->orchestration_done(current_runtime()); }

class PTO2ScopeGuard {
 public:
  explicit PTO2ScopeGuard(PTO2ScopeMode mode = PTO2ScopeMode::AUTO, const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
    if (current_runtime()->ops->scope_set_site != nullptr) current_runtime()->ops->scope_set_site(file, line);
    rt_scope_begin(mode);
  }
  ~PTO2ScopeGuard() { rt_scope_end(); }
  PTO2ScopeGuard(const PTO2ScopeGuard &) = delete;
  PTO2ScopeGuard &operator=(const PTO2ScopeGuard &) = delete;
};

#define PTO2_DETAIL_CONCAT2(a, b) a##b
#define PTO2_DETAIL_CONCAT(a, b) PTO2_DETAIL_CONCAT2(a, b)
/// A scope to the end of the enclosing block.
#define PTO2_SCOPE_GUARD(...) \
  [[maybe_unused]] PTO2ScopeGuard PTO2_DETAIL_CONCAT(pto2_scope_guard_, __LINE__) { __VA_ARGS__ }
/// PTO2_SCOPE() { ... } and PTO2_SCOPE(PTO2ScopeMode::MANUAL) { ... }
#define PTO2_SCOPE(...) if ([[maybe_unused]] PTO2ScopeGuard PTO2_DETAIL_CONCAT(pto2_scope_, __LINE__){__VA_ARGS__}; true)

// ---- graphs: record once, replay (host_build_graph) ------------------------------------------------------

using GraphFunction = void (*)(const GraphTaskArgs &);
template <typename... C>
using GraphFunctionWithConfig = void (*)(const GraphTaskArgs &, C...);

/// FNV-1a, 64 bits, with the programming model's offset basis.
constexpr uint64_t GRAPH_KEY(const char *s) {
  uint64_t hash = 1469598103934665603ULL;
  for (; *s != '\0'; ++s) hash = (hash ^ static_cast<uint8_t>(*s)) * 1099511628211ULL;
  return hash;
}

// The functions that rt_submit_graph is made of. Between begin and end, submissions of the body are recorded.
static inline GraphScopeResult rt_graph_begin(uint64_t graph_key, const GraphTaskArgs &args) {
  return current_runtime()->ops->graph_begin(current_runtime(), graph_key, args);
}
/// Whether the handle is that of the recording under way.
static inline bool rt_graph_prepare(void *recording_handle, const GraphTaskArgs &args) {
  return current_runtime()->ops->graph_prepare(current_runtime(), recording_handle, args);
}
/// The graph is not to be recorded; its body is to be called again, which only rt_submit_graph does.
static inline void rt_graph_abort(void *recording_handle) { current_runtime()->ops->graph_abort(current_runtime(), recording_handle); }
/// False, and the run fails, if the body cannot be recorded: it would have to be called again.
static inline bool rt_graph_end() { return current_runtime()->ops->graph_end(current_runtime(), false).task_id.is_valid(); }
/// Nothing is left to commit: a graph is complete when it has been ended.
static inline void rt_graph_commit() { current_runtime()->ops->graph_commit(current_runtime()); }

template <typename F>
uint64_t rt_graph_function_id(F function) {
  return reinterpret_cast<uint64_t>(function);
}
inline uint64_t rt_graph_make_key(uint64_t graph_id) { return graph_id; }
template <typename... C>
uint64_t rt_graph_make_key(uint64_t graph_id, C... config) {
  static_assert(((std::is_integral_v<C> || std::is_same_v<C, float> || std::is_same_v<C, double>) && ...),
                "graph configuration values are integers, bool, float or double");
  uint64_t hash = graph_id;
  for (uint64_t bits : {to_u64(config)...}) {
    for (int i = 0; i < 8; ++i) hash = (hash ^ (bits >> (8 * i) & 0xff)) * 1099511628211ULL;
  }
  return hash;
}
/// Whether a graph with these arguments can be recorded: no outputs to allocate, no explicit dependencies.
inline bool rt_graph_args_cacheable(const GraphTaskArgs &args) {
  if (args.has_error || args.explicit_dep_count() != 0 || args.tensor_count() == 0) return false;
  for (int32_t i = 0; i < args.tensor_count(); ++i) {
    if (args.tag(i) == TensorArgType::OUTPUT) return false;
  }
  return true;
}
/// Submits the tasks of `function` as one task. The first call of an id and configuration calls the function and records what it
/// submits; later ones replay that with other addresses and scalars of `args`, without a call. What cannot be replayed is called
/// and runs task by task, with a warning (docs/reference/recorded-graphs.md). task_id completes with the last of the tasks.
template <typename... C>
GraphSubmitResult rt_submit_graph(uint64_t graph_id, GraphFunctionWithConfig<C...> function, const GraphTaskArgs &args,
                                  std::type_identity_t<C>... config) {
  GraphScopeResult result = rt_graph_begin(rt_graph_make_key(graph_id, config...), args);
  while (result.execute_block) {
    function(args, config...);
    if (!result.recording) break;
    result = current_runtime()->ops->graph_end(current_runtime(), true);
  }
  return result;
}
template <typename... C>
GraphSubmitResult rt_submit_graph(GraphFunctionWithConfig<C...> function, const GraphTaskArgs &args, std::type_identity_t<C>... config) {
  return rt_submit_graph(rt_graph_function_id(function), function, args, config...);
}

inline std::string ChipTensor::dump() const {
  std::string text = "ChipTensor{";
  text.append(get_dtype_name(dtype));
  const auto append_list = [&](const char *name, const uint32_t values[]) {
    text.append(name);
    for (uint32_t i = 0; i < ndims && i < MAX_TENSOR_DIMS; ++i) {
      if (i != 0) text.push_back(',');
      text.append(std::to_string(values[i]));
    }
  };
  append_list(" shape=[", shapes);
  append_list("] strides=[", strides);
  text.append("] offset=").append(std::to_string(start_offset)).append(" version=").append(std::to_string(version)).push_back('}');
  return text;
}

#include "pto_arg_with_deps.h"
