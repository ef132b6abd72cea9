// A vector kernel of the usual size: twenty different instructions on tiles of two element types.
#include <pto/pto-inst.hpp>

#include "tensor.h"

using namespace pto;

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  constexpr int kRows = 32, kCols = 64;
  using Scores = Tile<TileType::Vec, float, kRows, kCols>;
  using Halves = Tile<TileType::Vec, half, kRows, kCols>;
  using Column = Tile<TileType::Vec, float, kRows, 1, BLayout::ColMajor>;
  using Row = Tile<TileType::Vec, float, 1, kCols>;
  using Mask = Tile<TileType::Vec, uint8_t, kRows, 32>;
  using Global = GlobalTensor<float, TileShape2D<float, kRows, kCols>, BaseShape2D<float, kRows, kCols>>;
  using GlobalHalf = GlobalTensor<half, TileShape2D<half, kRows, kCols>, BaseShape2D<half, kRows, kCols>>;

  Global input(reinterpret_cast<__gm__ float *>(args[0]));
  GlobalHalf output(reinterpret_cast<__gm__ half *>(args[1]));
  Scores scores, shifted, scratch;
  Halves halves;
  Column column;
  Row row;
  Mask mask;
  TASSIGN(scores, 0x0000);
  TASSIGN(shifted, 0x2000);
  TASSIGN(scratch, 0x4000);
  TASSIGN(halves, 0x6000);
  TASSIGN(column, 0x7000);
  TASSIGN(row, 0x7800);
  TASSIGN(mask, 0x8000);

  TLOAD(scores, input);                                   // 1
  set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);                 // 2
  wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);                // 3
  TMULS(scores, scores, 0.125f);                          // 4
  TROWMAX(column, scores, scratch);                       // 5
  TROWEXPANDSUB(shifted, scores, column);                 // 6
  TEXP(shifted, shifted);                                 // 7
  TROWSUM(column, shifted, scratch);                      // 8
  TROWEXPANDDIV(shifted, shifted, column);                // 9
  TCOLSUM(row, shifted);                                  // 10
  TCOLEXPANDMUL(scratch, shifted, row);                   // 11
  TADD(scratch, scratch, scores);                         // 12
  TMAX(scores, scratch, shifted);                         // 13
  TSUB(scratch, scores, shifted);                         // 14
  TCMPS(mask, scratch, 0.0f, CmpMode::GT);                // 15
  TSEL(scores, mask, scratch, shifted, scratch);          // 16
  TRELU(scores, scores);                                  // 17
  TCVT(halves, scores, RoundMode::CAST_RINT);             // 18
  pipe_barrier(PIPE_V);                                   // 19
  set_flag(PIPE_V, PIPE_MTE3, EVENT_ID1);
  wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID1);
  TSTORE(output, halves);                                 // 20
}
