// AIC: scores = query * key^T for the 16 heads of one tile and the valid tokens of one page.
#pragma once

#include "../attention_tiles.h"

/// query   f16 [16, 128]      rows are heads
/// key     f16 [tokens, 128]  rows token_stride elements apart: only tokens that exist, 1 to 128 of them
/// scores  f32 [16, 128]      columns from `tokens` on are left as they are
AICORE inline void qk_page(__gm__ half *query, __gm__ half *key, int tokens, int token_stride, __gm__ float *scores) {
  using namespace pto;
  HeadRows<half, kHeadDim> query_global(query);
  // A row-major page read as a column-major matrix is its transpose: element (d, t) lies at t * token_stride + d.
  using KeyGlobal = GlobalTensor<half, Shape<1, 1, 1, kHeadDim, DYNAMIC>, Stride<1, 1, 1, 1, DYNAMIC>, Layout::DN>;
  KeyGlobal key_global(key, Shape<1, 1, 1, kHeadDim, DYNAMIC>(tokens), Stride<1, 1, 1, 1, DYNAMIC>(token_stride));
  using ScoresGlobal = GlobalTensor<float, Shape<1, 1, 1, kHeads, DYNAMIC>, Stride<1, 1, 1, kBlock, 1>>;
  ScoresGlobal scores_global(scores, Shape<1, 1, 1, kHeads, DYNAMIC>(tokens));

  // L1: 4 KiB of query, then 32 KiB of key. L0A 4 KiB, L0B 32 KiB of 64, L0C 8 KiB of 128.
  Tile<TileType::Mat, half, kHeads, kHeadDim, BLayout::ColMajor, kHeads, kHeadDim, SLayout::RowMajor> query_mat;
  Tile<TileType::Mat, half, kHeadDim, kBlock, BLayout::RowMajor, kHeadDim, DYNAMIC, SLayout::ColMajor> key_mat(tokens);
  TileLeft<half, kHeads, kHeadDim, kHeads, kHeadDim> left;
  TileRight<half, kHeadDim, kBlock, kHeadDim, DYNAMIC> right(tokens);
  TileAcc<float, kHeads, kBlock, kHeads, DYNAMIC> acc(tokens);
  TASSIGN(query_mat, 0x0);
  TASSIGN(key_mat, 0x1000);
  TASSIGN(left, 0x0);
  TASSIGN(right, 0x0);
  TASSIGN(acc, 0x0);

  TLOAD(query_mat, query_global);
  TLOAD(key_mat, key_global);
  set_flag(PIPE_MTE2, PIPE_MTE1, EVENT_ID0);
  wait_flag(PIPE_MTE2, PIPE_MTE1, EVENT_ID0);

  TMOV(left, query_mat);
  TMOV(right, key_mat);
  set_flag(PIPE_MTE1, PIPE_M, EVENT_ID0);
  wait_flag(PIPE_MTE1, PIPE_M, EVENT_ID0);

  TMATMUL(acc, left, right);
  set_flag(PIPE_M, PIPE_FIX, EVENT_ID0);
  wait_flag(PIPE_M, PIPE_FIX, EVENT_ID0);

  TSTORE(scores_global, acc);
  pipe_sync();
}
