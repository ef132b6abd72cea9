// A kernel object as the toolchain builds them, for kernel_object_test: out = exp(in) * KERNEL_FACTOR + block index.
#include <pto/pto-inst.hpp>

#include "intrinsic.h"
#include "pipe_sync.h"
#include "pto_async_kernel_api.h"
#include "tensor.h"

using namespace pto;

#ifndef KERNEL_FACTOR
#error "KERNEL_FACTOR tells the two objects apart"
#endif

extern "C" __attribute__((visibility("default"))) __aicore__ void kernel_entry(__gm__ int64_t* args) {
  __gm__ ChipTensor* in = reinterpret_cast<__gm__ ChipTensor*>(args[0]);
  __gm__ ChipTensor* out = reinterpret_cast<__gm__ ChipTensor*>(args[1]);
  const int cols = static_cast<int>(in->shapes[1]);
  using Global = GlobalTensor<float, Shape<1, 1, 1, DYNAMIC, DYNAMIC>, Stride<1, 1, 1, DYNAMIC, 1>>;
  using TileData = Tile<TileType::Vec, float, 16, 64, BLayout::RowMajor, DYNAMIC, DYNAMIC>;
  const int rows = static_cast<int>(in->shapes[0]);
  Global source(in->data_as<float>() + in->start_offset, {rows, cols}, {static_cast<int>(in->strides[0])});
  Global target(out->data_as<float>() + out->start_offset, {rows, cols}, {static_cast<int>(out->strides[0])});
  TileData tile(rows, cols);
  TASSIGN(tile, 0x0);
  TLOAD(tile, source);
  set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
  wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
  TEXP(tile, tile);
  TMULS(tile, tile, KERNEL_FACTOR);
  TADDS(tile, tile, static_cast<float>(get_block_idx(args)));
  Event<Op::TADDS, Op::TSTORE_VEC> done;
  done.Record();
  TSTORE(target, tile, done);
  pipe_sync();
}
