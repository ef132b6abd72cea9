// What both kinds of cores do: write who they are into one line of 64 bytes, which is what a core may write without disturbing
// others.
#pragma once

#include <pto/pto-inst.hpp>

#include "intrinsic.h"
#include "tensor.h"

/// line: block index, number of blocks, lane (0 AIC, 1 AIV0, 2 AIV1)
AICORE inline void sign_in(__gm__ int64_t *args, int lane) {
  __gm__ ChipTensor *lines = reinterpret_cast<__gm__ ChipTensor *>(args[0]);
  const int64_t lines_per_block = args[1];
  const int64_t line = get_block_idx(args) * lines_per_block + (lines_per_block == 1 ? 0 : lane);
  __gm__ float *words = reinterpret_cast<__gm__ float *>(lines->buffer.addr) + lines->start_offset + line * 16;
  words[0] = static_cast<float>(get_block_idx(args));
  words[1] = static_cast<float>(get_block_num(args));
  words[2] = static_cast<float>(lines_per_block == 1 ? 0 : lane);
  for (int i = 3; i < 16; ++i) words[i] = 0;
  dcci(words, SINGLE_CACHE_LINE, CACHELINE_OUT);  // scalar stores go through the data cache
  dsb(DSB_DDR);
}
