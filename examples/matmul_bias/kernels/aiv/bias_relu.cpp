// AIV: c = max(product + bias, 0) for one tile of 64 x 128.
//
//   args[0]  product  f32 [64, 128]
//   args[1]  bias     f32 [128]
//   args[2]  c        f32 [64, 128]  a view, rows strides[0] apart
#include <pto/pto-inst.hpp>

#include "pipe_sync.h"
#include "tensor.h"

using namespace pto;

constexpr int kM = 64;
constexpr int kN = 128;

static AICORE __gm__ float *data_of(__gm__ ChipTensor *tensor) {
  return reinterpret_cast<__gm__ float *>(tensor->buffer.addr) + tensor->start_offset;
}

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  __gm__ ChipTensor *product = reinterpret_cast<__gm__ ChipTensor *>(args[0]);
  __gm__ ChipTensor *bias = reinterpret_cast<__gm__ ChipTensor *>(args[1]);
  __gm__ ChipTensor *c = reinterpret_cast<__gm__ ChipTensor *>(args[2]);

  using Pitch = Stride<1, 1, 1, DYNAMIC, 1>;
  GlobalTensor<float, Shape<1, 1, 1, kM, kN>, Stride<kM * kN, kM * kN, kM * kN, kN, 1>> product_global(data_of(product));
  GlobalTensor<float, Shape<1, 1, 1, 1, kN>, Stride<kN, kN, kN, kN, 1>> bias_global(data_of(bias));
  GlobalTensor<float, Shape<1, 1, 1, kM, kN>, Pitch> c_global(data_of(c), {}, Pitch(static_cast<int>(c->strides[0])));

  Tile<TileType::Vec, float, kM, kN> tile;  // 32 KiB of the 192 KiB of vector memory
  Tile<TileType::Vec, float, 1, kN> bias_row;
  TASSIGN(tile, 0x0);
  TASSIGN(bias_row, 0x8000);

  TLOAD(tile, product_global);
  TLOAD(bias_row, bias_global);
  set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
  wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);

  TCOLEXPANDADD(tile, tile, bias_row);
  pipe_barrier(PIPE_V);
  TRELU(tile, tile);
  set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
  wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);

  TSTORE(c_global, tile);
  pipe_sync();
}
