// AIC: stores x * w for each of its tiles into the workspace, one half after the other.
//
//   args[0]  x         f16 [rows, 128]
//   args[1]  w         f16 [128, 128]
//   args[2]  y         f32 [rows, 128]            not used here
//   args[3]  products  f32 [blocks, 2, 32, 128]
//   args[4]  sums      f32 [blocks, 2, 2, 128]    not used here
#include "../flags.h"

using namespace pto;

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  const int tiles = rows_of(args[0]) / kRows;
  __gm__ float *products = data_of<float>(args[3]) + get_block_idx(args) * 2 * kRows * kWidth;

  Tile<TileType::Mat, half, kRows, kWidth, BLayout::ColMajor, kRows, kWidth, SLayout::RowMajor> x;
  Tile<TileType::Mat, half, kWidth, kWidth, BLayout::ColMajor, kWidth, kWidth, SLayout::RowMajor> w;
  TileLeft<half, kRows, kWidth> left;
  TileRight<half, kWidth, kWidth> right;
  TileAcc<float, kRows, kWidth> acc;
  TASSIGN(x, 0x0);
  TASSIGN(w, 0x2000);
  TASSIGN(left, 0x0);
  TASSIGN(right, 0x0);
  TASSIGN(acc, 0x0);
  Dense<half, kWidth> w_global(data_of<half>(args[1]));
  TLOAD(w, w_global);

  int round = 0;
  for (int tile = get_block_idx(args); tile < tiles; tile += get_block_num(args), ++round) {
    const int half_index = round % 2;
    Dense<half, kRows> x_global(data_of<half>(args[0]) + tile * kRows * kWidth);
    Dense<float, kRows> product_global(products + half_index * kRows * kWidth);
    TLOAD(x, x_global);
    set_flag(PIPE_MTE2, PIPE_MTE1, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_MTE1, EVENT_ID0);
    TMOV(left, x);
    TMOV(right, w);
    set_flag(PIPE_MTE1, PIPE_M, EVENT_ID0);
    wait_flag(PIPE_MTE1, PIPE_M, EVENT_ID0);
    TMATMUL(acc, left, right);
    set_flag(PIPE_M, PIPE_FIX, EVENT_ID0);
    wait_flag(PIPE_M, PIPE_FIX, EVENT_ID0);

    if (round >= 2) wait_flag_dev(may_reuse(half_index));
    TSTORE(product_global, acc);
    ffts_cross_core_sync(PIPE_FIX, flag_config(kBetweenAicAndAivs, product_stored(half_index)));

    set_flag(PIPE_FIX, PIPE_MTE2, EVENT_ID0);  // x and acc may be written again
    wait_flag(PIPE_FIX, PIPE_MTE2, EVENT_ID0);
  }
  // What the vector cores gave back last: no flag is left set at the end.
  for (int i = round < 2 ? 0 : round - 2; i < round; ++i) wait_flag_dev(may_reuse(i % 2));
  pipe_sync();
}
