// What the two kernels of the pipeline agree on: the tiles and the pipe between them.
#pragma once

#include <pto/pto-inst.hpp>

#include "intrinsic.h"
#include "pipe_sync.h"
#include "tensor.h"

/// Rows of a tile; each AIV works on the half of them.
constexpr int kRows = 32;
constexpr int kWidth = 128;

// One pipe in both directions: to the vector cores f32 products, a slot each; back to the cube core f16 of half the size.
// Both ways the tile is split by rows: AIV0 has the upper half.
constexpr uint32_t kSlotBytes = kRows * kWidth * 4;
constexpr uint32_t kSlots = 4;
using HiddenPipe = pto::TPipe<0, pto::DIR_BOTH, kSlotBytes, kSlots>;
constexpr pto::TileSplitAxis kSplit = pto::TILE_UP_DOWN;

/// Where popped tiles lie: in UB of an AIV at most kSlots half slots, in L1 of the AIC at most kSlots slots.
constexpr uint32_t kUbBuffer = 0x0;
constexpr uint32_t kL1Buffer = 0x20000;

template <typename T>
AICORE inline __gm__ T *data_of(int64_t argument) {
  __gm__ ChipTensor *tensor = reinterpret_cast<__gm__ ChipTensor *>(argument);
  return reinterpret_cast<__gm__ T *>(tensor->buffer.addr) + tensor->start_offset;
}

AICORE inline int rows_of(int64_t argument) { return static_cast<int>(reinterpret_cast<__gm__ ChipTensor *>(argument)->shapes[0]); }
