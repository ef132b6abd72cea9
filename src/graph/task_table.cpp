#include "graph/task_table.h"

#include <fmt/format.h>

namespace tilewright {
namespace {

constexpr uint64_t kMaxSlots = 1u << 30;

}  // namespace

uint32_t checked_slot_count(const RingSizes& sizes) {
  uint64_t total = 0;
  for (uint64_t window : sizes.task_window) total += window;
  if (total > kMaxSlots) {
    throw Error(ErrorCode::kLimitExceeded, fmt::format("the task windows have {} slots in all", total),
                "use at most 2^30 in the four rings together");
  }
  return static_cast<uint32_t>(total);
}

}  // namespace tilewright
