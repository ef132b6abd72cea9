// AIV: the softmax of one page by itself: weights = exp(scale * scores - max), with the max and the sum of each row.
#pragma once

#include "../attention_tiles.h"

/// What softmax_page makes of a page.
struct PageWeights {
  __gm__ half *weights;  ///< [16, 128], zero from column `tokens` on
  __gm__ float *max;     ///< [16]
  __gm__ float *sum;     ///< [16], of the weights as rounded to f16, so that weights / sum add up to one
};

/// scores_at  f32 [16, 128]  columns from `tokens` (1 to 128) on hold anything
/// scale      1 / sqrt(head dim)
AICORE inline void softmax_page(__gm__ float *scores_at, int tokens, float scale, PageWeights page) {
  using namespace pto;
  using ScoresGlobal = GlobalTensor<float, Shape<1, 1, 1, kHeads, DYNAMIC>, Stride<1, 1, 1, kBlock, 1>>;
  ScoresGlobal scores_global(scores_at, Shape<1, 1, 1, kHeads, DYNAMIC>(tokens));
  HeadRows<half, kBlock> weights_global(page.weights);
  HeadVector max_global(page.max);
  HeadVector sum_global(page.sum);

  // `loaded` and `scores` are one buffer: the first as long as it arrives, the second full width, its tail -inf.
  Tile<TileType::Vec, float, kHeads, kBlock, BLayout::RowMajor, kHeads, DYNAMIC> loaded(tokens);
  Tile<TileType::Vec, float, kHeads, kBlock, BLayout::RowMajor, kHeads, kBlock, SLayout::NoneBox, 512, PadValue::Min> scores;
  Tile<TileType::Vec, float, kHeads, kBlock> scratch;
  Tile<TileType::Vec, half, kHeads, kBlock> weights;
  // A number per row is a column while rows are reduced or expanded, and a row when it goes to memory.
  Tile<TileType::Vec, float, kHeads, 1, BLayout::ColMajor> max_column, sum_column;
  Tile<TileType::Vec, float, 1, kHeads> max_row, sum_row;
  TASSIGN(loaded, 0x0);
  TASSIGN(scores, 0x0);
  TASSIGN(scratch, 0x2000);
  TASSIGN(weights, 0x4000);
  TASSIGN(max_column, 0x5000);
  TASSIGN(sum_column, 0x5040);
  TRESHAPE(max_row, max_column);
  TRESHAPE(sum_row, sum_column);

  TLOAD(loaded, scores_global);
  set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
  wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);

  TFILLPAD_INPLACE(scores, loaded);
  pipe_barrier(PIPE_V);
  TMULS(scores, scores, scale);
  pipe_barrier(PIPE_V);
  TROWMAX(max_column, scores, scratch);
  pipe_barrier(PIPE_V);
  TROWEXPANDSUB(scores, scores, max_column);
  pipe_barrier(PIPE_V);
  TEXP(scores, scores);  // exp(-inf) = 0 in the tail
  pipe_barrier(PIPE_V);
  TCVT(weights, scores, RoundMode::CAST_RINT);
  pipe_barrier(PIPE_V);
  TCVT(scores, weights, RoundMode::CAST_NONE);
  pipe_barrier(PIPE_V);
  TROWSUM(sum_column, scores, scratch);
  set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
  wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);

  TSTORE(weights_global, weights);
  TSTORE(max_global, max_row);
  TSTORE(sum_global, sum_row);
  pipe_sync();
}
