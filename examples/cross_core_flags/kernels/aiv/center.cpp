// AIV: takes its 16 rows of each product and subtracts the mean of every column. The sum over the other 16 rows comes from the other
// AIV, through device memory.
//
//   args[0]  x         f16 [rows, 128]
//   args[1]  w         f16 [128, 128]            not used here
//   args[2]  y         f32 [rows, 128]
//   args[3]  products  f32 [blocks, 2, 32, 128]
//   args[4]  sums      f32 [blocks, 2, 2, 128]
#include "../flags.h"

using namespace pto;

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  const int tiles = rows_of(args[0]) / kRows, lane = get_sub_block_id(args);
  __gm__ float *products = data_of<float>(args[3]) + get_block_idx(args) * 2 * kRows * kWidth;
  __gm__ float *sums = data_of<float>(args[4]) + get_block_idx(args) * 2 * 2 * kWidth;

  Tile<TileType::Vec, float, kLaneRows, kWidth> rows;
  Tile<TileType::Vec, float, 1, kWidth> my_sum, other_sum;
  TASSIGN(rows, 0x0);
  TASSIGN(my_sum, 0x2000);
  TASSIGN(other_sum, 0x2200);

  int round = 0;
  for (int tile = get_block_idx(args); tile < tiles; tile += get_block_num(args), ++round) {
    const int half_index = round % 2;
    Dense<float, kLaneRows> product_global(products + (half_index * kRows + lane * kLaneRows) * kWidth);
    Dense<float, 1> my_sum_global(sums + (half_index * 2 + lane) * kWidth), other_sum_global(sums + (half_index * 2 + 1 - lane) * kWidth);
    Dense<float, kLaneRows> y_global(data_of<float>(args[2]) + (tile * kRows + lane * kLaneRows) * kWidth);

    wait_flag_dev(product_stored(half_index));
    TLOAD(rows, product_global);
    ffts_cross_core_sync(PIPE_MTE2, flag_config(kBetweenAicAndAivs, may_reuse(half_index)));
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    TCOLSUM(my_sum, rows);
    set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);

    // The meeting of the round after this one comes before this half of `sums` is written again.
    TSTORE(my_sum_global, my_sum);
    ffts_cross_core_sync(PIPE_MTE3, flag_config(kAmongAivs, kSumsStored));
    wait_flag_dev(kSumsStored);
    TLOAD(other_sum, other_sum_global);
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);

    TADD(other_sum, other_sum, my_sum);
    pipe_barrier(PIPE_V);
    TMULS(other_sum, other_sum, 1.0f / kRows);
    pipe_barrier(PIPE_V);
    TCOLEXPANDSUB(rows, rows, other_sum);
    set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    TSTORE(y_global, rows);
    set_flag(PIPE_MTE3, PIPE_MTE2, EVENT_ID0);  // rows may be loaded again
    wait_flag(PIPE_MTE3, PIPE_MTE2, EVENT_ID0);
  }
  pipe_sync();
}
