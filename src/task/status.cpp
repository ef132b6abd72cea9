#include "task/status.h"

namespace tilewright {
namespace {

struct Status {
  int32_t code;
  const char* name;
  const char* description;
  const char* hint;
};

constexpr Status kStatuses[] = {
    {1, "SCOPE_DEADLOCK", "one scope holds as many tasks as its ring has slots, so none can ever be freed",
     "split the scope, or raise ring_task_window"},
    {2, "HEAP_RING_DEADLOCK", "an output buffer does not fit the heap ring and nothing that runs can free space",
     "raise ring_heap, or end scopes earlier so that their outputs can be reused"},
    {3, "FLOW_CONTROL_DEADLOCK", "no task slot can be freed", "raise ring_task_window, or end scopes earlier"},
    {4, "DEP_POOL_OVERFLOW", "the pool for long dependency lists is exhausted", "raise ring_dep_pool"},
    {5, "INVALID_ARGS", "a task was submitted with invalid arguments", "see the message; the call is named in it"},
    {6, "DEPENDENCY_OVERFLOW", "a task has more dependencies than can be recorded", "gather producers behind a dummy task"},
    {7, "REQUIRE_SYNC_START_INVALID", "a task that must start on all its cores at once has more blocks than the device has cores",
     "lower the block count, or drop require_sync_start"},
    {8, "TENSOR_WAIT_TIMEOUT", "tensor data was waited for in vain", "check that a submitted task writes it"},
    {9, "EXPLICIT_ORCH_FATAL", "the orchestration reported a fatal error", "see the message it gave"},
    {10, "SCOPE_TASKS_OVERFLOW", "the list of tasks of open scopes is full", "raise ring_task_window"},
    {11, "TENSORMAP_OVERFLOW", "the TensorMap is full", "end scopes earlier, or raise ring_task_window"},
    {100, "SCHEDULER_TIMEOUT", "the run made no progress", "see the sub-class and the stuck task"},
    {101, "ASYNC_COMPLETION_INVALID", "a kernel registered an unknown completion condition",
     "check the completion type and counter address"},
    {102, "ASYNC_WAIT_OVERFLOW", "more completion conditions than can be tracked", "register at most 64 conditions for a task"},
    {103, "ASYNC_REGISTRATION_FAILED", "a completion message could not be registered", "this is a defect of the runtime; please report it"},
    {104, "READY_QUEUE_OVERFLOW", "the ready queue is full", "this is a defect of the runtime; please report it"},
};

const Status* find(int32_t code) {
  for (const Status& status : kStatuses) {
    if (status.code == code) return &status;
  }
  return nullptr;
}

}  // namespace

const char* status_name(int32_t code) {
  const Status* status = find(code);
  return status != nullptr ? status->name : "UNKNOWN";
}
const char* status_description(int32_t code) {
  const Status* status = find(code);
  return status != nullptr ? status->description : "a status code without a meaning";
}
const char* status_hint(int32_t code) {
  const Status* status = find(code);
  return status != nullptr ? status->hint : "use PTO2_ERROR_EXPLICIT_ORCH_FATAL for errors of your own";
}

int32_t runtime_status_from_error_codes(int32_t orchestration_code, int32_t scheduler_code) {
  return -(orchestration_code != 0 ? orchestration_code : scheduler_code);
}

int32_t classify_stall_detail(int32_t running, int32_t ready, int32_t waiting, bool orchestration_done) {
  if (running > 0) return 1;
  if (ready > 0) return 3;
  if (waiting > 0) return 4;
  return orchestration_done ? 99 : 5;
}

const char* stall_detail_name(int32_t detail) {
  switch (detail) {
    case 0: return "NONE";
    case 1: return "RUNNING_STALLED";
    case 3: return "READY_IDLE";
    case 4: return "DEP_DEADLOCK";
    case 5: return "ORCH_STARVATION";
    default: return "UNKNOWN";
  }
}

}  // namespace tilewright
