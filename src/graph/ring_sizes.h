// Sizes of the rings that bound a run's memory (spec/l2-runtime.md, 3.2).
#pragma once

#include <array>
#include <cstdint>

#include "tilewright/call_config.h"

namespace tilewright {

/// Scope depth d uses ring min(d, 3).
constexpr uint32_t kRingCount = 4;
constexpr uint32_t kMaxScopeDepth = 64;

struct RingSizes {
  std::array<uint64_t, kRingCount> task_window{16384, 16384, 16384, 16384};  ///< tasks in flight; powers of two
  std::array<uint64_t, kRingCount> heap_bytes{256ull << 20, 256ull << 20, 256ull << 20, 256ull << 20};

  friend bool operator==(const RingSizes&, const RingSizes&) = default;
};

/// Per ring: the CallConfig entry if non-zero, else PTO2_RING_TASK_WINDOW / PTO2_RING_HEAP (one decimal value, or four
/// separated by commas), else the default. An invalid environment value is logged and ignored; an invalid CallConfig
/// throws Error(kInvalidArgument). PTO2_RING_DEP_POOL is not read: dependency lists live with their tasks.
RingSizes resolve_ring_sizes(const RuntimeEnv& config);

}  // namespace tilewright
