// What the four kernels of paged attention agree on: the geometry of their tiles and how they read arguments.
#pragma once

#include <pto/pto-inst.hpp>

#include "intrinsic.h"
#include "pipe_sync.h"
#include "tensor.h"

/// Query heads of one tile: they share a key/value head, and are the 16 rows of a cube fractal.
constexpr int kHeads = 16;
constexpr int kHeadDim = 128;
/// Tokens of one page of the cache.
constexpr int kBlock = 128;

AICORE inline __gm__ ChipTensor *tensor_arg(__gm__ int64_t *args, int index) { return reinterpret_cast<__gm__ ChipTensor *>(args[index]); }

/// The first element of a tensor argument, which may be a view into a larger buffer.
template <typename T>
AICORE inline __gm__ T *data_of(__gm__ ChipTensor *tensor) {
  return reinterpret_cast<__gm__ T *>(tensor->buffer.addr) + tensor->start_offset;
}

/// A dense [kHeads, kHeadDim] or [kHeads, kBlock] matrix in device memory.
template <typename T, int Cols>
using HeadRows = pto::GlobalTensor<T, pto::Shape<1, 1, 1, kHeads, Cols>, pto::Stride<kHeads * Cols, kHeads * Cols, kHeads * Cols, Cols, 1>>;

/// One number per head.
using HeadVector = pto::GlobalTensor<float, pto::Shape<1, 1, 1, 1, kHeads>, pto::Stride<kHeads, kHeads, kHeads, kHeads, 1>>;
