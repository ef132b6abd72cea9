#include "task_overhead/stamps.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "task_overhead/shapes.h"

namespace tilewright::bench {

namespace {

constexpr uint32_t kNobody = UINT32_MAX;

/// Throws unless the numbers 1 to numbers.size() stand in `numbers`, each once.
void check_permutation(const std::vector<uint32_t>& numbers, uint32_t task_count) {
  std::vector<uint32_t> owner(numbers.size(), kNobody);
  for (uint32_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] == 0 || numbers[i] > numbers.size() || owner[numbers[i] - 1] != kNobody) {
      throw Error(ErrorCode::kMismatch, fmt::format("task {} holds stamp {}, which is not its own", i % task_count, numbers[i]));
    }
    owner[numbers[i] - 1] = i;
  }
}

}  // namespace

void StampBoard::clear() {
  std::fill(cells_.begin(), cells_.end(), 0);
  std::fill(begins_.begin(), begins_.end(), 0);
  next_.store(0, std::memory_order_relaxed);
}

void check_stamps(const Order& order, const StampBoard& board) {
  const auto cells = board.cells();
  const auto count = static_cast<uint32_t>(order.begin.size() - 1);
  if (cells.size() != count) {
    throw Error(ErrorCode::kMismatch, fmt::format("the board has {} cells for {} tasks", cells.size(), count));
  }
  for (uint32_t task = 0; task < count; ++task) {
    if (cells[task] == 0) throw Error(ErrorCode::kMismatch, fmt::format("task {} of {} never ran", task, count));
    if (board.mode() == StampMode::kCount && cells[task] != 1) {
      throw Error(ErrorCode::kMismatch, fmt::format("task {} ran {} times", task, cells[task]));
    }
  }
  if (board.mode() == StampMode::kCount) return;
  // Every cell holds a number. With exactly as many numbers given out as the tasks need, no task ran twice.
  const auto begins = board.mode() == StampMode::kSpan ? board.begins() : cells;
  std::vector<uint32_t> numbers(cells.begin(), cells.end());
  if (board.mode() == StampMode::kSpan) numbers.insert(numbers.end(), begins.begin(), begins.end());
  if (board.stamped() != numbers.size()) {
    throw Error(ErrorCode::kMismatch, fmt::format("{} tasks stamped {} times in all, not {}", count, board.stamped(), numbers.size()));
  }
  check_permutation(numbers, count);
  for (uint32_t task = 0; task < count; ++task) {
    for (uint32_t pred : order.preds_of(task)) {
      if (cells[pred] < begins[task]) continue;
      throw Error(ErrorCode::kMismatch, fmt::format("task {} began as number {}, before its predecessor {}, which {} as number {}", task,
                                                    begins[task], pred, board.mode() == StampMode::kSpan ? "ended" : "began", cells[pred]));
    }
  }
}

}  // namespace tilewright::bench
