#include "graph/task_table.h"

#include <fmt/format.h>

#include <bit>

namespace tilewright {
namespace {

constexpr uint64_t kMaxSlots = 1u << 30;

uint32_t checked_slot_count(const RingSizes& sizes) {
  uint64_t total = 0;
  for (uint64_t window : sizes.task_window) total += window;
  if (total > kMaxSlots) {
    throw Error(ErrorCode::kLimitExceeded, fmt::format("the task windows have {} slots in all", total),
                "use at most 2^30 in the four rings together");
  }
  return static_cast<uint32_t>(total);
}

}  // namespace

TaskTable::TaskTable(const RingSizes& sizes)
    : slot_count_(checked_slot_count(sizes)),
      stream_shift_(static_cast<uint32_t>(std::countr_zero(std::bit_ceil(slot_count_)))),
      stream_mask_((uint64_t{1} << stream_shift_) - 1),
      records_(size_t{slot_count_} + kNodeSlots),
      done_(size_t{slot_count_} + kNodeSlots),
      stream_(stream_mask_ + 1),
      node_owners_(kNodeGroups) {
  uint32_t base = 0;
  for (uint32_t ring = 0; ring < kRingCount; ++ring) {
    base_[ring] = base;
    mask_[ring] = static_cast<uint32_t>(sizes.task_window[ring] - 1);
    base += static_cast<uint32_t>(sizes.task_window[ring]);
  }
}

}  // namespace tilewright
