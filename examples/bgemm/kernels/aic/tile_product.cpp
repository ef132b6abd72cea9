// AIC: product = a * b for one pair of 64 x 64 tiles.
//
//   args[0]  a        f16 [1, 64, 64]  a view, rows strides[1] apart
//   args[1]  b        f16 [1, 64, 64]  a view, rows strides[1] apart
//   args[2]  product  f32 [64, 64]
#include <pto/pto-inst.hpp>

#include "pipe_sync.h"
#include "tensor.h"

using namespace pto;

constexpr int kTile = 64;

template <typename T>
static AICORE __gm__ T *data_of(__gm__ ChipTensor *tensor) {
  return reinterpret_cast<__gm__ T *>(tensor->buffer.addr) + tensor->start_offset;
}

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  __gm__ ChipTensor *a = reinterpret_cast<__gm__ ChipTensor *>(args[0]);
  __gm__ ChipTensor *b = reinterpret_cast<__gm__ ChipTensor *>(args[1]);
  __gm__ ChipTensor *product = reinterpret_cast<__gm__ ChipTensor *>(args[2]);

  using Pitch = Stride<1, 1, 1, DYNAMIC, 1>;
  using TileGlobal = GlobalTensor<half, Shape<1, 1, 1, kTile, kTile>, Pitch>;
  using ProductGlobal = GlobalTensor<float, Shape<1, 1, 1, kTile, kTile>, Stride<1, 1, 1, kTile, 1>>;
  TileGlobal a_global(data_of<half>(a), {}, Pitch(static_cast<int>(a->strides[1])));
  TileGlobal b_global(data_of<half>(b), {}, Pitch(static_cast<int>(b->strides[1])));
  ProductGlobal product_global(data_of<float>(product));

  Tile<TileType::Mat, half, kTile, kTile, BLayout::ColMajor, kTile, kTile, SLayout::RowMajor> a_mat, b_mat;
  TileLeft<half, kTile, kTile> left;
  TileRight<half, kTile, kTile> right;
  TileAcc<float, kTile, kTile> acc;
  TASSIGN(a_mat, 0x0);
  TASSIGN(b_mat, 0x2000);
  TASSIGN(left, 0x0);
  TASSIGN(right, 0x0);
  TASSIGN(acc, 0x0);

  TLOAD(a_mat, a_global);
  TLOAD(b_mat, b_global);
  set_flag(PIPE_MTE2, PIPE_MTE1, EVENT_ID0);
  wait_flag(PIPE_MTE2, PIPE_MTE1, EVENT_ID0);
  TMOV(left, a_mat);
  TMOV(right, b_mat);
  set_flag(PIPE_MTE1, PIPE_M, EVENT_ID0);
  wait_flag(PIPE_MTE1, PIPE_M, EVENT_ID0);
  TMATMUL(acc, left, right);
  set_flag(PIPE_M, PIPE_FIX, EVENT_ID0);
  wait_flag(PIPE_M, PIPE_FIX, EVENT_ID0);
  TSTORE(product_global, acc);
  pipe_sync();
}
