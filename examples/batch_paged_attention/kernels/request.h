// What the four kernels have in common: a block works on one request of the chunk, and in each step on that request's next page.
#pragma once

#include "../../paged_attention/kernels/attention_tiles.h"

/// The page that a block works on.
struct RequestPage {
  int request;  ///< of the chunk
  int step;     ///< which of the request's pages
  int tokens;   ///< that the page holds, 1 to 128; 0 or less: the request has no such page, and the block nothing to do
  bool last;    ///< the request has no page behind it
};

/// context_lens  i32 [requests]
AICORE inline RequestPage request_page(__gm__ int64_t *args, __gm__ ChipTensor *context_lens, int step) {
  const int request = get_block_idx(args);
  const int left = data_of<int32_t>(context_lens)[request] - step * kBlock;
  return {request, step, left < kBlock ? left : kBlock, left <= kBlock};
}

/// Where element `index` of the tensor's first dimension begins.
template <typename T>
AICORE inline __gm__ T *element_of(__gm__ ChipTensor *tensor, int index) {
  return data_of<T>(tensor) + static_cast<int64_t>(index) * tensor->strides[0];
}

/// Rows of one key/value head in a cache page.
struct PageRows {
  __gm__ half *data;
  int stride;  ///< elements from a token to the next
};

/// cache        f16 [pages, 128, 1, 128]
/// block_table  i32 [requests, 1]  the page of each request in this step
AICORE inline PageRows page_rows(__gm__ ChipTensor *cache, __gm__ ChipTensor *block_table, int request) {
  const int page = *element_of<int32_t>(block_table, request);
  return {element_of<half>(cache, page), static_cast<int>(cache->strides[1])};
}
