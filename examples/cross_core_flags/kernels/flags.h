// What the two kernels agree on: flags, and the workspace they guard.
#pragma once

#include <pto/pto-inst.hpp>

#include "intrinsic.h"
#include "pipe_sync.h"
#include "tensor.h"

constexpr int kRows = 32;
constexpr int kLaneRows = kRows / 2;
constexpr int kWidth = 128;

// Flag ids. The product and "may be reused" have one for each half of the workspace.
AICORE constexpr int product_stored(int half_index) { return half_index; }
AICORE constexpr int may_reuse(int half_index) { return 2 + half_index; }
constexpr int kSumsStored = 4;

/// The configuration word of ffts_cross_core_sync.
AICORE constexpr uint64_t flag_config(int mode, int id) { return 1u | static_cast<uint64_t>(mode) << 4 | static_cast<uint64_t>(id) << 8; }
constexpr int kAmongAivs = 1;
constexpr int kBetweenAicAndAivs = 2;

template <typename T>
AICORE inline __gm__ T *data_of(int64_t argument) {
  __gm__ ChipTensor *tensor = reinterpret_cast<__gm__ ChipTensor *>(argument);
  return reinterpret_cast<__gm__ T *>(tensor->buffer.addr) + tensor->start_offset;
}

AICORE inline int rows_of(int64_t argument) { return static_cast<int>(reinterpret_cast<__gm__ ChipTensor *>(argument)->shapes[0]); }

template <typename T, int Rows>
using Dense = pto::GlobalTensor<T, pto::Shape<1, 1, 1, Rows, kWidth>, pto::Stride<1, 1, 1, kWidth, 1>>;
