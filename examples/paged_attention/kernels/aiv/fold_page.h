// AIV: folds one page into the running softmax (Milakov and Gimelshein, "Online normalizer calculation for softmax",
// 2018), and divides by the sum after the last page:
//
//   new_max = max(max, block_max)      a = exp(max - new_max)      b = exp(block_max - new_max)
//   sum     = a * sum + b * block_sum  out = a * out + b * block_out
#pragma once

#include "../attention_tiles.h"

/// The softmax of one page, or of all pages so far.
struct PartialSoftmax {
  __gm__ float *max;  ///< [16]
  __gm__ float *sum;  ///< [16]
  __gm__ float *out;  ///< [16, 128], the weighted sum of the values; divided by `sum` after the last page
};

/// Folds `block` into `running`, which is not read at the first page.
AICORE inline void fold_page(PartialSoftmax block, PartialSoftmax running, bool first, bool last) {
  using namespace pto;
  using Matrix = Tile<TileType::Vec, float, kHeads, kHeadDim>;
  using Column = Tile<TileType::Vec, float, kHeads, 1, BLayout::ColMajor>;
  using Row = Tile<TileType::Vec, float, 1, kHeads>;
  HeadVector block_max_global(block.max);
  HeadVector block_sum_global(block.sum);
  HeadRows<float, kHeadDim> block_out_global(block.out);
  HeadVector max_global(running.max);
  HeadVector sum_global(running.sum);
  HeadRows<float, kHeadDim> out_global(running.out);

  // The page's tiles take up the running ones, so that at the first page there is nothing to do.
  Matrix out, running_out;
  Row max, sum, running_max, running_sum, new_max, page_factor, running_factor;
  Column sum_column, page_column, running_column;
  TASSIGN(out, 0x0);
  TASSIGN(running_out, 0x2000);
  TASSIGN(max, 0x4000);
  TASSIGN(sum, 0x4040);
  TASSIGN(running_max, 0x4080);
  TASSIGN(running_sum, 0x40c0);
  TASSIGN(new_max, 0x4100);
  TASSIGN(page_factor, 0x4140);
  TASSIGN(running_factor, 0x4180);
  TRESHAPE(sum_column, sum);
  TRESHAPE(page_column, page_factor);
  TRESHAPE(running_column, running_factor);

  TLOAD(max, block_max_global);
  TLOAD(sum, block_sum_global);
  TLOAD(out, block_out_global);
  if (!first) {
    TLOAD(running_max, max_global);
    TLOAD(running_sum, sum_global);
    TLOAD(running_out, out_global);
  }
  set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
  wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);

  if (!first) {
    TMAX(new_max, running_max, max);
    pipe_barrier(PIPE_V);
    TSUB(running_factor, running_max, new_max);
    TSUB(page_factor, max, new_max);
    pipe_barrier(PIPE_V);
    TEXP(running_factor, running_factor);
    TEXP(page_factor, page_factor);
    TMOV(max, new_max);
    pipe_barrier(PIPE_V);
    TMUL(running_sum, running_sum, running_factor);
    TMUL(sum, sum, page_factor);
    TROWEXPANDMUL(running_out, running_out, running_column);
    TROWEXPANDMUL(out, out, page_column);
    pipe_barrier(PIPE_V);
    TADD(sum, sum, running_sum);
    TADD(out, out, running_out);
    pipe_barrier(PIPE_V);
  }
  if (last) TROWEXPANDDIV(out, out, sum_column);
  set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
  wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);

  TSTORE(out_global, out);
  TSTORE(max_global, max);
  TSTORE(sum_global, sum);
  pipe_sync();
}
