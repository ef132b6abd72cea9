// AIC: product = a * b for one tile of 64 x 128, summed over K in steps of 128.
//
//   args[0]  a        f16 [64, K]    K a multiple of 128; a view, rows strides[0] apart
//   args[1]  b        f16 [K, 128]   a view, rows strides[0] apart
//   args[2]  product  f32 [64, 128]
#include <pto/pto-inst.hpp>

#include "pipe_sync.h"
#include "tensor.h"

using namespace pto;

constexpr int kM = 64;
constexpr int kN = 128;
constexpr int kStep = 128;

template <typename T>
static AICORE __gm__ T *data_of(__gm__ ChipTensor *tensor) {
  return reinterpret_cast<__gm__ T *>(tensor->buffer.addr) + tensor->start_offset;
}

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  __gm__ ChipTensor *a = reinterpret_cast<__gm__ ChipTensor *>(args[0]);
  __gm__ ChipTensor *b = reinterpret_cast<__gm__ ChipTensor *>(args[1]);
  __gm__ ChipTensor *product = reinterpret_cast<__gm__ ChipTensor *>(args[2]);
  const int depth = static_cast<int>(a->shapes[1]);
  const int a_pitch = static_cast<int>(a->strides[0]);
  const int b_pitch = static_cast<int>(b->strides[0]);

  using Pitch = Stride<1, 1, 1, DYNAMIC, 1>;
  using AGlobal = GlobalTensor<half, Shape<1, 1, 1, kM, kStep>, Pitch>;
  using BGlobal = GlobalTensor<half, Shape<1, 1, 1, kStep, kN>, Pitch>;
  using ProductGlobal = GlobalTensor<float, Shape<1, 1, 1, kM, kN>, Stride<kM * kN, kM * kN, kM * kN, kN, 1>>;
  ProductGlobal product_global(data_of<float>(product));

  // L1: 16 KiB of a, then 32 KiB of b. L0A 16 KiB and L0B 32 KiB of 64 each, L0C 32 KiB of 128.
  Tile<TileType::Mat, half, kM, kStep, BLayout::ColMajor, kM, kStep, SLayout::RowMajor> a_mat;
  Tile<TileType::Mat, half, kStep, kN, BLayout::ColMajor, kStep, kN, SLayout::RowMajor> b_mat;
  TileLeft<half, kM, kStep, kM, kStep> left;
  TileRight<half, kStep, kN, kStep, kN> right;
  TileAcc<float, kM, kN, kM, kN> acc;
  TASSIGN(a_mat, 0x0);
  TASSIGN(b_mat, 0x4000);
  TASSIGN(left, 0x0);
  TASSIGN(right, 0x0);
  TASSIGN(acc, 0x0);

  // Flags forward say "filled", flags backward "may be filled again"; the backward ones start out raised.
  set_flag(PIPE_MTE1, PIPE_MTE2, EVENT_ID0);
  set_flag(PIPE_M, PIPE_MTE1, EVENT_ID0);
  for (int k = 0; k < depth; k += kStep) {
    AGlobal a_global(data_of<half>(a) + k, {}, Pitch(a_pitch));
    BGlobal b_global(data_of<half>(b) + static_cast<int64_t>(k) * b_pitch, {}, Pitch(b_pitch));

    wait_flag(PIPE_MTE1, PIPE_MTE2, EVENT_ID0);
    TLOAD(a_mat, a_global);
    TLOAD(b_mat, b_global);
    set_flag(PIPE_MTE2, PIPE_MTE1, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_MTE1, EVENT_ID0);

    wait_flag(PIPE_M, PIPE_MTE1, EVENT_ID0);
    TMOV(left, a_mat);
    TMOV(right, b_mat);
    set_flag(PIPE_MTE1, PIPE_MTE2, EVENT_ID0);
    set_flag(PIPE_MTE1, PIPE_M, EVENT_ID0);
    wait_flag(PIPE_MTE1, PIPE_M, EVENT_ID0);

    if (k == 0) {
      TMATMUL(acc, left, right);
    } else {
      TMATMUL_ACC(acc, acc, left, right);
    }
    set_flag(PIPE_M, PIPE_MTE1, EVENT_ID0);
  }
  wait_flag(PIPE_MTE1, PIPE_MTE2, EVENT_ID0);
  wait_flag(PIPE_M, PIPE_MTE1, EVENT_ID0);

  set_flag(PIPE_M, PIPE_FIX, EVENT_ID0);
  wait_flag(PIPE_M, PIPE_FIX, EVENT_ID0);
  TSTORE(product_global, acc);
  pipe_sync();
}
