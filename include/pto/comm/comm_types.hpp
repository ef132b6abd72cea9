// Enumerations of the communication instructions (spec/tile-isa.md, 1.4). The instructions themselves come later.
#pragma once

#include <stdint.h>

namespace pto::comm {

enum class NotifyOp : uint8_t { AtomicAdd, Set };
enum class WaitCmp : uint8_t { EQ, NE, GT, GE, LT, LE };
enum class ReduceOp : uint8_t { Sum, Max, Min };
enum class DmaEngine : uint8_t { SDMA, URMA, RDMA };
enum class CollEngine : uint8_t { AIV, CCU };

}  // namespace pto::comm
