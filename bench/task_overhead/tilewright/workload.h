// What the host passes to the orchestration of bench/task_overhead, which runs in the same process.
#pragma once

#include <cstdint>

#include "../shapes.h"
#include "../slot_memory.h"
#include "../stamps.h"

namespace tilewright::bench {

struct OrchestrationInput {
  const Workload* workload;
  std::byte* const* addresses;  ///< of the slots
  StampBoard* board;
  Layout layout;
  StampBoard* recording_board;  ///< stamped while a graph is recorded, if one is
  uint64_t measured_ns;         ///< set by orchestrations that measure a part themselves
};

inline constexpr uint32_t kSlotElements = SlotMemory::kSlotBytes / sizeof(float);
inline constexpr uint32_t kTileShape[] = {SlotMemory::kTileRows, SlotMemory::kTileRowBytes / sizeof(float)};

}  // namespace tilewright::bench
