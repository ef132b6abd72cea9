// AIC lane: y = x * w for 32 rows. The AIV lanes of the same task get the same arguments and use others of them.
//
//   args[0]  x         f16 [32, 128]
//   args[1]  w         f16 [128, 128]
//   args[2]  gate      f32 [32, 128]   not used here
//   args[3]  y         f32 [32, 128]
//   args[4]  silu      f32 [32, 128]   not used here
#include <pto/pto-inst.hpp>

#include "pipe_sync.h"
#include "tensor.h"

using namespace pto;

constexpr int kRows = 32;
constexpr int kWidth = 128;

template <typename T>
static AICORE __gm__ T *data_of(__gm__ ChipTensor *tensor) {
  return reinterpret_cast<__gm__ T *>(tensor->buffer.addr) + tensor->start_offset;
}

template <typename T, int Rows>
using Dense = GlobalTensor<T, Shape<1, 1, 1, Rows, kWidth>, Stride<Rows * kWidth, Rows * kWidth, Rows * kWidth, kWidth, 1>>;

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  Dense<half, kRows> x_global(data_of<half>(reinterpret_cast<__gm__ ChipTensor *>(args[0])));
  Dense<half, kWidth> w_global(data_of<half>(reinterpret_cast<__gm__ ChipTensor *>(args[1])));
  Dense<float, kRows> y_global(data_of<float>(reinterpret_cast<__gm__ ChipTensor *>(args[3])));

  Tile<TileType::Mat, half, kRows, kWidth, BLayout::ColMajor, kRows, kWidth, SLayout::RowMajor> x_mat;
  Tile<TileType::Mat, half, kWidth, kWidth, BLayout::ColMajor, kWidth, kWidth, SLayout::RowMajor> w_mat;
  TileLeft<half, kRows, kWidth, kRows, kWidth> left;
  TileRight<half, kWidth, kWidth, kWidth, kWidth> right;
  TileAcc<float, kRows, kWidth, kRows, kWidth> acc;
  TASSIGN(x_mat, 0x0);
  TASSIGN(w_mat, 0x2000);
  TASSIGN(left, 0x0);
  TASSIGN(right, 0x0);
  TASSIGN(acc, 0x0);

  TLOAD(x_mat, x_global);
  TLOAD(w_mat, w_global);
  set_flag(PIPE_MTE2, PIPE_MTE1, EVENT_ID0);
  wait_flag(PIPE_MTE2, PIPE_MTE1, EVENT_ID0);
  TMOV(left, x_mat);
  TMOV(right, w_mat);
  set_flag(PIPE_MTE1, PIPE_M, EVENT_ID0);
  wait_flag(PIPE_MTE1, PIPE_M, EVENT_ID0);
  TMATMUL(acc, left, right);
  set_flag(PIPE_M, PIPE_FIX, EVENT_ID0);
  wait_flag(PIPE_M, PIPE_FIX, EVENT_ID0);
  TSTORE(y_global, acc);
  pipe_sync();
}
