// AIC: for each of its tiles, pushes x * w1 to the vector cores, pops what they made of it, and stores that times w2. The first
// product of the next tile is under way before the second one of this tile, so that all three cores have something to do.
//
//   args[0]  x   f16 [rows, 128]
//   args[1]  w1  f16 [128, 128]
//   args[2]  w2  f16 [128, 128]
//   args[3]  y   f32 [rows, 128]
#include "../pipeline_tiles.h"

using namespace pto;

template <typename T, int Rows>
using Dense = GlobalTensor<T, Shape<1, 1, 1, Rows, kWidth>, Stride<1, 1, 1, kWidth, 1>>;
template <int Rows>
using MatTile = Tile<TileType::Mat, half, Rows, kWidth, BLayout::ColMajor, Rows, kWidth, SLayout::RowMajor>;
using Product = TileAcc<float, kRows, kWidth>;

/// product = rows * weights
static AICORE void multiply(Product &product, MatTile<kRows> &rows, MatTile<kWidth> &weights) {
  TileLeft<half, kRows, kWidth> left;
  TileRight<half, kWidth, kWidth> right;
  TASSIGN(left, 0x0);
  TASSIGN(right, 0x0);
  TMOV(left, rows);
  TMOV(right, weights);
  set_flag(PIPE_MTE1, PIPE_M, EVENT_ID0);
  wait_flag(PIPE_MTE1, PIPE_M, EVENT_ID0);
  TMATMUL(product, left, right);
  set_flag(PIPE_M, PIPE_FIX, EVENT_ID0);
  wait_flag(PIPE_M, PIPE_FIX, EVENT_ID0);
}

/// Until the fixpipe has taken the product away, the next one must not overwrite it, nor its operands.
static AICORE void product_done() {
  set_flag(PIPE_FIX, PIPE_MTE1, EVENT_ID1);
  wait_flag(PIPE_FIX, PIPE_MTE1, EVENT_ID1);
}

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  const int tiles = rows_of(args[0]) / kRows;
  const int first = get_block_idx(args), step = get_block_num(args);

  MatTile<kWidth> w1, w2;
  MatTile<kRows> x, activated;
  Product product;
  TASSIGN(w1, 0x0);
  TASSIGN(w2, 0x8000);
  TASSIGN(x, 0x10000);
  TASSIGN(product, 0x0);
  HiddenPipe pipe(nullptr, kUbBuffer, kL1Buffer);

  Dense<half, kWidth> w1_global(data_of<half>(args[1])), w2_global(data_of<half>(args[2]));
  TLOAD(w1, w1_global);
  TLOAD(w2, w2_global);

  for (int tile = first; tile < tiles + step; tile += step) {
    if (tile < tiles) {
      Dense<half, kRows> x_global(data_of<half>(args[0]) + tile * kRows * kWidth);
      TLOAD(x, x_global);
      set_flag(PIPE_MTE2, PIPE_MTE1, EVENT_ID0);
      wait_flag(PIPE_MTE2, PIPE_MTE1, EVENT_ID0);
      multiply(product, x, w1);
      TPUSH<HiddenPipe, Product, kSplit>(pipe, product);
      product_done();
      set_flag(PIPE_MTE1, PIPE_MTE2, EVENT_ID0);  // x may be loaded again
      wait_flag(PIPE_MTE1, PIPE_MTE2, EVENT_ID0);
    }
    const int previous = tile - step;
    if (previous >= first) {
      TPOP<HiddenPipe, MatTile<kRows>, kSplit>(pipe, activated);
      set_flag(PIPE_MTE2, PIPE_MTE1, EVENT_ID1);
      wait_flag(PIPE_MTE2, PIPE_MTE1, EVENT_ID1);
      multiply(product, activated, w2);
      Dense<float, kRows> y_global(data_of<float>(args[3]) + previous * kRows * kWidth);
      TSTORE(y_global, product);
      product_done();
      TFREE<HiddenPipe, kSplit>(pipe);
    }
  }
  pipe_sync();
}
