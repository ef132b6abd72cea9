// Access to a kernel's arguments beyond tensors and scalars (spec/api.md, B). Kernels that the runtime launches ask these
// functions, with their args, not the intrinsics of the same names without.
#pragma once

#include <stdint.h>

#include "pto/common/macros.hpp"
#include "pto_async_context.h"

constexpr int SPMD_LOCAL_CONTEXT_INDEX = 48;
constexpr int SPMD_GLOBAL_CONTEXT_INDEX = 49;
constexpr int PTO2_EXT_PARAMS_COUNT = 2;

enum : int { DMA_WORKSPACE_SDMA = 0, DMA_WORKSPACE_URMA = 1, DMA_WORKSPACE_COUNT = 2 };

/// Per block. One field, two published spellings.
struct LocalContext {
  union {
    int32_t block_idx;
    int32_t s_block_idx;
  };
  union {
    int32_t block_num;
    int32_t s_block_num;
  };
  AsyncCtx async_ctx;
};

/// Per core.
struct GlobalContext {
  int32_t sub_block_id;  ///< 0 for a cluster's first AIV, 1 for its second
  uint64_t dma_workspace[DMA_WORKSPACE_COUNT];
};

namespace pto::detail {

PTO_FN static const LocalContext& local_context(__gm__ int64_t* args) {
  return *reinterpret_cast<const LocalContext*>(args[SPMD_LOCAL_CONTEXT_INDEX]);
}
PTO_FN static const GlobalContext& global_context(__gm__ int64_t* args) {
  return *reinterpret_cast<const GlobalContext*>(args[SPMD_GLOBAL_CONTEXT_INDEX]);
}

}  // namespace pto::detail

PTO_FN static int32_t get_block_idx(__gm__ int64_t* args) { return pto::detail::local_context(args).block_idx; }
PTO_FN static int32_t get_block_num(__gm__ int64_t* args) { return pto::detail::local_context(args).block_num; }
PTO_FN static int32_t get_sub_block_id(__gm__ int64_t* args) { return pto::detail::global_context(args).sub_block_id; }

/// The runtime's workspace for a DMA engine; null if it has none.
PTO_FN static __gm__ uint8_t* get_dma_workspace(__gm__ int64_t* args, int kind) {
  if (kind < 0 || kind >= DMA_WORKSPACE_COUNT) return nullptr;
  return reinterpret_cast<__gm__ uint8_t*>(pto::detail::global_context(args).dma_workspace[kind]);
}
