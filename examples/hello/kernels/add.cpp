// AIV: c = a + b for one stretch of up to 4096 elements.
//
//   args[0]  a  f32 [count]
//   args[1]  b  f32 [count]
//   args[2]  c  f32 [count]
#include <pto/pto-inst.hpp>

#include "pipe_sync.h"
#include "tensor.h"

using namespace pto;

constexpr int kStretch = 4096;

// An argument is the address of a descriptor; the data lie where the descriptor says.
static AICORE __gm__ float *data_of(__gm__ ChipTensor *tensor) {
  return reinterpret_cast<__gm__ float *>(tensor->buffer.addr) + tensor->start_offset;
}

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  __gm__ ChipTensor *a = reinterpret_cast<__gm__ ChipTensor *>(args[0]);
  __gm__ ChipTensor *b = reinterpret_cast<__gm__ ChipTensor *>(args[1]);
  __gm__ ChipTensor *c = reinterpret_cast<__gm__ ChipTensor *>(args[2]);
  const int count = static_cast<int>(c->shapes[0]);

  // Global tensors always have five dimensions; DYNAMIC is known only now.
  using Line = Shape<1, 1, 1, 1, DYNAMIC>;
  using Pitch = Stride<kStretch, kStretch, kStretch, kStretch, 1>;
  using Global = GlobalTensor<float, Line, Pitch>;
  Global a_global(data_of(a), Line(count));
  Global b_global(data_of(b), Line(count));
  Global c_global(data_of(c), Line(count));

  // Three tiles of 16 KiB in the core's vector memory, of which the first `count` elements count.
  using Stretch = Tile<TileType::Vec, float, 1, kStretch, BLayout::RowMajor, 1, DYNAMIC>;
  Stretch a_tile(count), b_tile(count), c_tile(count);
  TASSIGN(a_tile, 0x0);
  TASSIGN(b_tile, 0x4000);
  TASSIGN(c_tile, 0x8000);

  TLOAD(a_tile, a_global);
  TLOAD(b_tile, b_global);
  set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);  // the vector unit waits for the loads
  wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
  TADD(c_tile, a_tile, b_tile);
  set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);  // the store waits for the vector unit
  wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
  TSTORE(c_global, c_tile);
  pipe_sync();  // the task is over when the store is
}
