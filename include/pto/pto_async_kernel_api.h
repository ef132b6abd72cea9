// Deferred completion: a kernel returns, and its task completes when the conditions it registered hold (spec/api.md, B).
#pragma once

#include "intrinsic.h"
#include "pto/comm/comm_types.hpp"
#include "pto/common/atomics.hpp"

/// Latched into the slab when a kernel's registrations are wrong; numbers of spec/api.md, F.
enum : int32_t { PTO_ASYNC_COMPLETION_INVALID = 101, PTO_ASYNC_WAIT_OVERFLOW = 102 };

PTO_FN static AsyncCtx get_async_ctx(__gm__ int64_t* args) { return pto::detail::local_context(args).async_ctx; }

/// Whether the task may register conditions.
PTO_FN static bool async_ctx_is_deferred(const AsyncCtx& ctx) {
  return ctx.completion_count != nullptr && ctx.completion_entries != nullptr;
}

/// Adds a condition. False if the context has no slab; and, with the slab's error code set so that the run fails with a reason,
/// if the condition names no counter or the slab is full.
PTO_FN static bool register_completion_condition(AsyncCtx& ctx, const CompletionToken& token) {
  if (!async_ctx_is_deferred(ctx)) return false;
  const uint32_t count = *ctx.completion_count;
  const bool valid = token.addr != 0;
  if (!valid || count >= ctx.completion_capacity) {
    if (ctx.completion_error_code != nullptr && *ctx.completion_error_code == 0) {
      *ctx.completion_error_code = valid ? PTO_ASYNC_WAIT_OVERFLOW : PTO_ASYNC_COMPLETION_INVALID;
    }
    return false;
  }
  volatile DeferredCompletionEntry& entry = ctx.completion_entries[count];
  entry.addr = token.addr;
  entry.backend_cookie = token.backend_cookie;
  entry.expected_value = token.expected_value;
  entry.engine = token.engine;
  entry.completion_type = token.completion_type;
  entry._pad = 0;
  pto::detail::store_release(ctx.completion_count, count + 1);
  return true;
}

/// The task completes no sooner than the counter reaches expected_value.
PTO_FN static void save_expected_notification_counter(AsyncCtx& ctx, volatile __gm__ void* counter_addr, uint32_t expected_value) {
  register_completion_condition(
      ctx, {reinterpret_cast<uint64_t>(counter_addr), expected_value, COMPLETION_ENGINE_SDMA, COMPLETION_TYPE_COUNTER, 0});
}

/// Adds to, or sets, a 32-bit counter that another rank can see.
PTO_FN static void send_notification(volatile __gm__ void* remote_counter_addr, int32_t value, pto::comm::NotifyOp op) {
  volatile int32_t* counter = static_cast<volatile int32_t*>(remote_counter_addr);
  if (op == pto::comm::NotifyOp::AtomicAdd) {
    pto::detail::add_in_order(counter, value);
  } else {
    pto::detail::store_in_order(counter, value);
  }
}
