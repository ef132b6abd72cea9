#include "graph/ring_sizes.h"

#include <bit>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/log.h"

namespace tilewright {
namespace {

using Values = std::array<uint64_t, kRingCount>;

// "5" or "1,2,3,4".
std::optional<Values> parse_values(std::string_view text) {
  Values values{};
  size_t count = 0;
  while (count < kRingCount) {
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), values[count]);
    if (failure != std::errc()) return std::nullopt;
    ++count;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (text.empty()) break;
    if (text.front() != ',') return std::nullopt;
    text.remove_prefix(1);
  }
  if (!text.empty() || (count != 1 && count != kRingCount)) return std::nullopt;
  if (count == 1) values.fill(values[0]);
  return values;
}

void apply_environment(const char* name, Values& sizes, bool (*valid)(uint64_t), const char* rule) {
  const char* text = std::getenv(name);
  if (text == nullptr || *text == '\0') return;
  const std::optional<Values> values = parse_values(text);
  for (size_t ring = 0; values && ring < kRingCount; ++ring) {
    if (valid((*values)[ring])) continue;
    log(LogLevel::kWarn, "rings", "{}={} is ignored: {}", name, text, rule);
    return;
  }
  if (!values) {
    log(LogLevel::kWarn, "rings", "{}={} is ignored: write one decimal value, or four separated by commas", name, text);
    return;
  }
  sizes = *values;
}

bool valid_window(uint64_t value) { return value >= 4 && value <= INT32_MAX && std::has_single_bit(value); }
bool valid_heap(uint64_t value) { return value >= 1024; }

}  // namespace

RingSizes resolve_ring_sizes(const RuntimeEnv& config) {
  config.validate();
  RingSizes sizes;
  apply_environment("PTO2_RING_TASK_WINDOW", sizes.task_window, valid_window, "a task window is a power of two from 4 to 2^30");
  apply_environment("PTO2_RING_HEAP", sizes.heap_bytes, valid_heap, "a heap ring has at least 1024 bytes");
  for (size_t ring = 0; ring < kRingCount; ++ring) {
    if (config.ring_task_window[ring] != 0) sizes.task_window[ring] = config.ring_task_window[ring];
    if (config.ring_heap[ring] != 0) sizes.heap_bytes[ring] = config.ring_heap[ring];
  }
  return sizes;
}

}  // namespace tilewright
