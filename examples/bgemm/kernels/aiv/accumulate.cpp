// AIV: c = c + product for one tile of 64 x 64.
//
//   args[0]  product  f32 [64, 64]
//   args[1]  c        f32 [1, 64, 64]  a view, rows strides[1] apart
#include <pto/pto-inst.hpp>

#include "pipe_sync.h"
#include "tensor.h"

using namespace pto;

constexpr int kTile = 64;

static AICORE __gm__ float *data_of(__gm__ ChipTensor *tensor) {
  return reinterpret_cast<__gm__ float *>(tensor->buffer.addr) + tensor->start_offset;
}

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  __gm__ ChipTensor *product = reinterpret_cast<__gm__ ChipTensor *>(args[0]);
  __gm__ ChipTensor *c = reinterpret_cast<__gm__ ChipTensor *>(args[1]);

  using Pitch = Stride<1, 1, 1, DYNAMIC, 1>;
  using TileGlobal = GlobalTensor<float, Shape<1, 1, 1, kTile, kTile>, Pitch>;
  TileGlobal product_global(data_of(product), {}, Pitch(kTile));
  TileGlobal c_global(data_of(c), {}, Pitch(static_cast<int>(c->strides[1])));

  Tile<TileType::Vec, float, kTile, kTile> addend, sum;
  TASSIGN(addend, 0x0);
  TASSIGN(sum, 0x4000);

  TLOAD(addend, product_global);
  TLOAD(sum, c_global);
  set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
  wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
  TADD(sum, sum, addend);
  set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
  wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
  TSTORE(c_global, sum);
  pipe_sync();
}
