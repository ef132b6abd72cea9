// What the runtime hands to a kernel for deferred completion: plain data shared by kernels and the device (spec/api.md, B).
#pragma once

#include <stdint.h>

#include "task_id.h"

constexpr uint32_t MAX_COMPLETIONS_PER_TASK = 64;
constexpr uint32_t MAX_ASYNC_WAITS = 64;

enum : uint32_t { COMPLETION_ENGINE_SDMA = 0, COMPLETION_ENGINE_ROCE = 1, COMPLETION_ENGINE_URMA = 2, COMPLETION_ENGINE_CCU = 3 };
enum : int32_t { COMPLETION_TYPE_COUNTER = 0, COMPLETION_TYPE_SDMA_EVENT_RECORD = 1 };

/// One condition that a task's completion waits for: the 32-bit counter at addr reaches expected_value.
struct DeferredCompletionEntry {
  uint64_t addr;
  uint64_t backend_cookie;
  uint32_t expected_value;
  uint32_t engine;
  int32_t completion_type;
  uint32_t _pad;
};
static_assert(sizeof(DeferredCompletionEntry) == 32, "published layout");

/// Where a kernel's conditions are collected while it runs.
struct DeferredCompletionSlab {
  volatile uint32_t count;
  volatile int32_t error_code;
  DeferredCompletionEntry entries[MAX_COMPLETIONS_PER_TASK];
};

/// A kernel's access to its slab. The pointers are null if the task completes with its kernel.
struct AsyncCtx {
  volatile uint32_t* completion_count;
  volatile int32_t* completion_error_code;
  volatile DeferredCompletionEntry* completion_entries;
  uint32_t completion_capacity;
  PTO2TaskId task_token;
};

/// A condition as a kernel states it.
struct CompletionToken {
  uint64_t addr;
  uint32_t expected_value;
  uint32_t engine;
  int32_t completion_type;
  uint64_t backend_cookie;
};
