// AIV: out = x + addend
//
//   args[0]  x       f32 [32, 128]
//   args[1]  out     f32 [32, 128]
//   args[2]  addend  f32, in the low half of the word
#include <pto/pto-inst.hpp>

#include "pipe_sync.h"
#include "tensor.h"

using namespace pto;

constexpr int kRows = 32;
constexpr int kWidth = 128;

static AICORE __gm__ float *data_of(int64_t argument) {
  __gm__ ChipTensor *tensor = reinterpret_cast<__gm__ ChipTensor *>(argument);
  return reinterpret_cast<__gm__ float *>(tensor->buffer.addr) + tensor->start_offset;
}

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  using Rows = GlobalTensor<float, Shape<1, 1, 1, kRows, kWidth>, Stride<1, 1, 1, kWidth, 1>>;
  Rows x_global(data_of(args[0])), out_global(data_of(args[1]));
  const float addend = __builtin_bit_cast(float, static_cast<uint32_t>(args[2]));
  Tile<TileType::Vec, float, kRows, kWidth> x;
  TASSIGN(x, 0x0);

  TLOAD(x, x_global);
  set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
  wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
  TADDS(x, x, addend);
  set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
  wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
  TSTORE(out_global, x);
  pipe_sync();
}
