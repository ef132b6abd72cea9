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
enum class CcuInputSource : uint8_t { HostManaged, AivStored };

/// One int32 in device memory that cores set, add to and wait for.
using Signal = GlobalTensor<int32_t, Shape<1, 1, 1, 1, 1>, Stride<1, 1, 1, 1, 1>>;
/// Signals in a row-major matrix.
template <int R, int C>
using Signal2D = GlobalTensor<int32_t, Shape<1, 1, 1, R, C>, Stride<R * C, R * C, R * C, C, 1>>;
/// Signals in any arrangement.
using GlobalSignal = GlobalTensor<int32_t, Shape<>, Stride<>>;

/// The tensors of the ranks that communicate, one for each. Owns nothing.
template <typename GlobalData>
struct ParallelGroup {
  GlobalData* tensors = nullptr;  ///< nranks of them
  int nranks = 0;
  int rootIdx = 0;
};

/// What the asynchronous instructions of a kernel have in common. BuildAsyncSession makes it.
struct AsyncSession {
  DmaEngine engine = DmaEngine::SDMA;
  bool valid = false;
};

/// An asynchronous copy. The simulator copies at once, so it is complete when the instruction returns.
struct AsyncEvent {
  uint64_t handle = 0;  ///< 0: nothing was started
  DmaEngine engine = DmaEngine::SDMA;

  /// Whether the copy is complete; Wait returns when it is, false only if nothing was started.
  PTO_FN bool Wait() const { return handle != 0; }
  PTO_FN bool Test() const { return handle != 0; }
  PTO_FN bool Wait(const AsyncSession&) const { return Wait(); }
  PTO_FN bool Test(const AsyncSession&) const { return Test(); }
};

}  // namespace pto::comm
