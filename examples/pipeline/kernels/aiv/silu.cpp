// AIV: pops its half of each product, h, and pushes h / (1 + exp(-h)) in f16. The arguments are the task's; only their number of
// rows matters here: data come and go through the pipe.
//
//   args[0]  x   f16 [rows, 128]
//   args[1]  w1  f16 [128, 128]  not used here
//   args[2]  w2  f16 [128, 128]  not used here
//   args[3]  y   f32 [rows, 128] not used here
#include "../pipeline_tiles.h"

using namespace pto;

constexpr int kLaneRows = kRows / 2;
using Hidden = Tile<TileType::Vec, float, kLaneRows, kWidth>;
using Activated = Tile<TileType::Vec, half, kLaneRows, kWidth>;

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  const int tiles = rows_of(args[0]) / kRows;
  const int lane = get_sub_block_id(args);

  Hidden hidden, denominator;  // hidden gets its place from the pipe
  Activated activated;
  TASSIGN(denominator, 0x10000);
  TASSIGN(activated, 0x12000);
  HiddenPipe pipe(nullptr, kUbBuffer, kL1Buffer);

  for (int tile = get_block_idx(args); tile < tiles; tile += get_block_num(args)) {
    TPOP<HiddenPipe, Hidden, kSplit>(pipe, hidden, lane);
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    TMULS(denominator, hidden, -1.0f);
    pipe_barrier(PIPE_V);
    TEXP(denominator, denominator);
    pipe_barrier(PIPE_V);
    TADDS(denominator, denominator, 1.0f);
    pipe_barrier(PIPE_V);
    TDIV(denominator, hidden, denominator);
    pipe_barrier(PIPE_V);
    TCVT(activated, denominator, RoundMode::CAST_RINT);
    set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    TFREE<HiddenPipe, kSplit>(pipe);
    TPUSH<HiddenPipe, Activated, kSplit>(pipe, activated, lane);
    set_flag(PIPE_MTE3, PIPE_V, EVENT_ID0);  // activated may be written again
    wait_flag(PIPE_MTE3, PIPE_V, EVENT_ID0);
  }
  pipe_sync();
}
