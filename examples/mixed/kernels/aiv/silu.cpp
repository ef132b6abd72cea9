// AIV lanes: silu = gate / (1 + exp(-gate)) for 16 of 32 rows each. Both lanes run this kernel with the same arguments;
// get_sub_block_id tells them apart, and with it which rows are theirs.
//
//   args[0]  x         f16 [32, 128]   not used here
//   args[1]  w         f16 [128, 128]  not used here
//   args[2]  gate      f32 [32, 128]
//   args[3]  y         f32 [32, 128]   not used here
//   args[4]  silu      f32 [32, 128]
#include <pto/pto-inst.hpp>

#include "intrinsic.h"
#include "pipe_sync.h"
#include "tensor.h"

using namespace pto;

constexpr int kLaneRows = 16;
constexpr int kWidth = 128;

static AICORE __gm__ float *data_of(__gm__ ChipTensor *tensor) {
  return reinterpret_cast<__gm__ float *>(tensor->buffer.addr) + tensor->start_offset;
}

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  const int first_element = get_sub_block_id(args) * kLaneRows * kWidth;
  using Rows =
      GlobalTensor<float, Shape<1, 1, 1, kLaneRows, kWidth>, Stride<kLaneRows * kWidth, kLaneRows * kWidth, kLaneRows * kWidth, kWidth, 1>>;
  Rows gate_global(data_of(reinterpret_cast<__gm__ ChipTensor *>(args[2])) + first_element);
  Rows silu_global(data_of(reinterpret_cast<__gm__ ChipTensor *>(args[4])) + first_element);

  Tile<TileType::Vec, float, kLaneRows, kWidth> gate, denominator;
  TASSIGN(gate, 0x0);
  TASSIGN(denominator, 0x2000);

  TLOAD(gate, gate_global);
  set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
  wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
  TMULS(denominator, gate, -1.0f);
  pipe_barrier(PIPE_V);
  TEXP(denominator, denominator);
  pipe_barrier(PIPE_V);
  TADDS(denominator, denominator, 1.0f);
  pipe_barrier(PIPE_V);
  TDIV(gate, gate, denominator);
  set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
  wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
  TSTORE(silu_global, gate);
  pipe_sync();
}
