#include "kernel.h"

// The device is asked here, not the compiler.
#undef PTO_STRICT_ARCH

#include <pto/pto-inst.hpp>

#include "intrinsic.h"
#include "tensor.h"

using namespace pto;

static AICORE __gm__ float *data_of(int64_t argument) {
  __gm__ ChipTensor *tensor = reinterpret_cast<__gm__ ChipTensor *>(argument);
  return reinterpret_cast<__gm__ float *>(tensor->buffer.addr) + tensor->start_offset;
}

template <typename T>
static AICORE void place(int64_t address) {
  T tile;
  TASSIGN(tile, address);
}

/// A tile in each memory, by TileType; device_suite_test.cpp knows their sizes.
static AICORE void place_in(int space, int64_t address) {
  switch (static_cast<TileType>(space)) {
    case TileType::Vec: return place<Tile<TileType::Vec, float, 2, 32>>(address);
    case TileType::Mat: return place<Tile<TileType::Mat, float, 2, 32>>(address);
    case TileType::Left: return place<TileLeft<half, 16, 16>>(address);
    case TileType::Right: return place<TileRight<half, 16, 16>>(address);
    case TileType::Acc: return place<TileAcc<float, 16, 16>>(address);
    case TileType::Bias: return place<Tile<TileType::Bias, float, 1, 64>>(address);
    case TileType::Scaling: return place<Tile<TileType::Scaling, uint64_t, 1, 32>>(address);
    case TileType::ScaleLeft: return place<TileLeftScale<float8_e8m0_t, 16, 2>>(address);
    case TileType::ScaleRight: return place<TileRightScale<float8_e8m0_t, 2, 16>>(address);
    default: return;
  }
}

/// Forms that one generation has: Acc to Vec (A5), storing a Mat tile (A2A3).
static AICORE void only_one_has_it(int verb, __gm__ float *y) {
  using Line = GlobalTensor<float, Shape<1, 1, 1, 16, 16>, Stride<1, 1, 1, 16, 1>>;
  Line global(y);
  if (verb == kA5Only) {
    TileAcc<float, 16, 16> acc;
    Tile<TileType::Vec, float, 16, 16> vec;
    TASSIGN(acc, 0);
    TASSIGN(vec, 0);
    TMOV(vec, acc);
  } else {
    Tile<TileType::Mat, float, 16, 16> mat;
    TASSIGN(mat, 0);
    TSTORE(global, mat);
  }
}

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  __gm__ float *x = data_of(args[0]);
  __gm__ float *y = data_of(args[1]);
  const int verb = static_cast<int>(args[2]);
  const int64_t value = args[3];
  if (verb == kScale) {
    const uint64_t count = reinterpret_cast<__gm__ ChipTensor *>(args[1])->numel();
    for (uint64_t i = 0; i < count; ++i) y[i] = 2 * x[i] + static_cast<float>(value);
  }
  if (verb == kSignIn) y[get_block_idx(args)] = static_cast<float>(get_block_idx(args) + value);
  if (verb == kCrash) *reinterpret_cast<volatile int *>(uintptr_t{16}) = 1;
  if (verb == kWaitForEver) wait_flag_dev(3);
  while (verb == kPollForEver) dsb(DSB_DDR);
  if (verb == kPlace) place_in(static_cast<int>(args[4]), value);
  if (verb == kA5Only || verb == kA2A3Only) only_one_has_it(verb, y);
}
