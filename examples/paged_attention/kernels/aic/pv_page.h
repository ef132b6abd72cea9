// AIC: block_out = weights * value for the 16 heads of one tile and the valid tokens of one page.
#pragma once

#include "../attention_tiles.h"

/// weights    f16 [16, 128]      zero from column `tokens` on
/// value      f16 [tokens, 128]  rows token_stride elements apart: only tokens that exist, 1 to 128 of them
/// block_out  f32 [16, 128]
AICORE inline void pv_page(__gm__ half *weights, __gm__ half *value, int tokens, int token_stride, __gm__ float *block_out) {
  using namespace pto;
  // The sum runs over `tokens` only. A zero weight would not do: what the rest of the page holds may be a NaN.
  using WeightsGlobal = GlobalTensor<half, Shape<1, 1, 1, kHeads, DYNAMIC>, Stride<1, 1, 1, kBlock, 1>>;
  WeightsGlobal weights_global(weights, Shape<1, 1, 1, kHeads, DYNAMIC>(tokens));
  using ValueGlobal = GlobalTensor<half, Shape<1, 1, 1, DYNAMIC, kHeadDim>, Stride<1, 1, 1, DYNAMIC, 1>>;
  ValueGlobal value_global(value, Shape<1, 1, 1, DYNAMIC, kHeadDim>(tokens), Stride<1, 1, 1, DYNAMIC, 1>(token_stride));
  HeadRows<float, kHeadDim> out_global(block_out);

  // L1: 4 KiB of weights, then 32 KiB of value. L0A 4 KiB, L0B 32 KiB of 64, L0C 8 KiB of 128.
  Tile<TileType::Mat, half, kHeads, kBlock, BLayout::ColMajor, kHeads, DYNAMIC, SLayout::RowMajor> weights_mat(tokens);
  Tile<TileType::Mat, half, kBlock, kHeadDim, BLayout::ColMajor, DYNAMIC, kHeadDim, SLayout::RowMajor> value_mat(tokens);
  TileLeft<half, kHeads, kBlock, kHeads, DYNAMIC> left(tokens);
  TileRight<half, kBlock, kHeadDim, DYNAMIC, kHeadDim> right(tokens);
  TileAcc<float, kHeads, kHeadDim, kHeads, kHeadDim> acc;
  TASSIGN(weights_mat, 0x0);
  TASSIGN(value_mat, 0x1000);
  TASSIGN(left, 0x0);
  TASSIGN(right, 0x0);
  TASSIGN(acc, 0x0);

  TLOAD(weights_mat, weights_global);
  TLOAD(value_mat, value_global);
  set_flag(PIPE_MTE2, PIPE_MTE1, EVENT_ID0);
  wait_flag(PIPE_MTE2, PIPE_MTE1, EVENT_ID0);

  TMOV(left, weights_mat);
  TMOV(right, value_mat);
  set_flag(PIPE_MTE1, PIPE_M, EVENT_ID0);
  wait_flag(PIPE_MTE1, PIPE_M, EVENT_ID0);

  TMATMUL(acc, left, right);
  set_flag(PIPE_M, PIPE_FIX, EVENT_ID0);
  wait_flag(PIPE_M, PIPE_FIX, EVENT_ID0);

  TSTORE(out_global, acc);
  pipe_sync();
}
