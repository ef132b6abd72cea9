// Types of the communication instructions (spec/tile-isa.md, 1.4 and 2.10).
#pragma once

#include <stdint.h>

#include "pto/common/pto_tile.hpp"

namespace pto::comm {

enum class NotifyOp : uint8_t { AtomicAdd, Set };
enum class WaitCmp : uint8_t { EQ, NE, GT, GE, LT, LE };
enum class ReduceOp : uint8_t { Sum, Max, Min };
enum class DmaEngine : uint8_t { SDMA, URMA, RDMA };
enum class CollEngine : uint8_t { AIV, CCU };

/// One int32 in device memory that cores set, add to and wait for.
using Signal = GlobalTensor<int32_t, Shape<1, 1, 1, 1, 1>, Stride<1, 1, 1, 1, 1>>;
/// Signals in a row-major matrix.
template <int R, int C>
using Signal2D = GlobalTensor<int32_t, Shape<1, 1, 1, R, C>, Stride<R * C, R * C, R * C, C, 1>>;
/// Signals in any arrangement.
using GlobalSignal = GlobalTensor<int32_t, Shape<>, Stride<>>;

}  // namespace pto::comm
