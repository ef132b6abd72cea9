// AIV: y = exp(x - max) / sum for the chunks block, block + blocks, ... of x, with maximum and sum over all chunks of all blocks.
//
//   args[0]  x     f32 [chunks, 16, 128]
//   args[1]  y     f32 [chunks, 16, 128]
//   args[2]  maxima  f32 [blocks, 16]     the first of each line is used
//   args[3]  sums    f32 [blocks, 16]
#include <pto/pto-inst.hpp>

#include "intrinsic.h"
#include "pipe_sync.h"
#include "tensor.h"

using namespace pto;

constexpr int kRows = 16;
constexpr int kWidth = 128;
constexpr int kMaxBlocks = 128;
constexpr int kLine = 16;

using Chunk = Tile<TileType::Vec, float, kRows, kWidth>;
using Row = Tile<TileType::Vec, float, 1, kWidth>;
using Number = Tile<TileType::Vec, float, 1, 8, BLayout::RowMajor, 1, 1>;
using Numbers = Tile<TileType::Vec, float, kMaxBlocks, 8, BLayout::RowMajor, DYNAMIC, 1>;
using ChunkGlobal = GlobalTensor<float, Shape<1, 1, 1, kRows, kWidth>, Stride<1, 1, 1, kWidth, 1>>;
using NumbersGlobal = GlobalTensor<float, Shape<1, 1, 1, DYNAMIC, 1>, Stride<1, 1, 1, kLine, 1>>;

static AICORE __gm__ float *data_of(int64_t argument) {
  __gm__ ChipTensor *tensor = reinterpret_cast<__gm__ ChipTensor *>(argument);
  return reinterpret_cast<__gm__ float *>(tensor->buffer.addr) + tensor->start_offset;
}

static AICORE void order(pipe_t before, pipe_t after) {
  set_flag(before, after, EVENT_ID0);
  wait_flag(before, after, EVENT_ID0);
}

/// Stores this block's number, meets the other blocks and loads the numbers of all.
static AICORE void exchange(Number &mine, Numbers &all, __gm__ float *lines, int block, int blocks) {
  NumbersGlobal my_line(lines + block * kLine, {1}), all_lines(lines, {blocks});
  order(PIPE_V, PIPE_MTE3);
  TSTORE(my_line, mine);
  SYNCALL();
  TLOAD(all, all_lines);
  order(PIPE_MTE2, PIPE_V);
}

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  __gm__ float *x = data_of(args[0]), *y = data_of(args[1]);
  const int chunks = static_cast<int>(reinterpret_cast<__gm__ ChipTensor *>(args[0])->shapes[0]);
  const int block = get_block_idx(args), blocks = get_block_num(args);

  Chunk chunk;
  Row columns, scratch;  // one number for each column, over the chunks so far
  Number mine, total;
  Numbers all(blocks);
  TASSIGN(chunk, 0x0);
  TASSIGN(columns, 0x2000);
  TASSIGN(scratch, 0x2200);
  TASSIGN(mine, 0x2400);
  TASSIGN(total, 0x2440);
  TASSIGN(all, 0x3000);

  TEXPANDS(columns, -__builtin_inff());
  for (int i = block; i < chunks; i += blocks) {
    ChunkGlobal x_global(x + i * kRows * kWidth);
    TLOAD(chunk, x_global);
    order(PIPE_MTE2, PIPE_V);
    TCOLMAX(scratch, chunk);
    pipe_barrier(PIPE_V);
    TMAX(columns, columns, scratch);
    order(PIPE_V, PIPE_MTE2);
  }
  TROWMAX(mine, columns, scratch);
  exchange(mine, all, data_of(args[2]), block, blocks);
  TCOLMAX(total, all);
  order(PIPE_V, PIPE_S);
  const float maximum = total.GetValue(0);

  TEXPANDS(columns, 0.0f);
  for (int i = block; i < chunks; i += blocks) {
    ChunkGlobal x_global(x + i * kRows * kWidth), y_global(y + i * kRows * kWidth);
    TLOAD(chunk, x_global);
    order(PIPE_MTE2, PIPE_V);
    TADDS(chunk, chunk, -maximum);
    pipe_barrier(PIPE_V);
    TEXP(chunk, chunk);
    pipe_barrier(PIPE_V);
    TCOLSUM(scratch, chunk);
    pipe_barrier(PIPE_V);
    TADD(columns, columns, scratch);
    order(PIPE_V, PIPE_MTE3);
    TSTORE(y_global, chunk);
    order(PIPE_MTE3, PIPE_MTE2);
  }
  TROWSUM(mine, columns, scratch);
  exchange(mine, all, data_of(args[3]), block, blocks);
  TCOLSUM(total, all);
  order(PIPE_V, PIPE_S);
  const float factor = 1.0f / total.GetValue(0);

  for (int i = block; i < chunks; i += blocks) {
    ChunkGlobal y_global(y + i * kRows * kWidth);
    TLOAD(chunk, y_global);
    order(PIPE_MTE2, PIPE_V);
    TMULS(chunk, chunk, factor);
    order(PIPE_V, PIPE_MTE3);
    TSTORE(y_global, chunk);
    order(PIPE_MTE3, PIPE_MTE2);
  }
  pipe_sync();
}
