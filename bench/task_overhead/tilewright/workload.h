// What the host passes to the orchestration of bench/task_overhead, which runs in the same process.
#pragma once

#include <cstdint>

#include "../shapes.h"

namespace tilewright::bench {

struct OrchestrationInput {
  const Workload* workload;
  std::byte* const* addresses;  ///< of the slots
  StampBoard* board;
  bool one_buffer;  ///< slots are views of one tensor, derived for every task
};

constexpr uint32_t kSlotElements = SlotMemory::kSlotBytes / sizeof(float);

}  // namespace tilewright::bench
