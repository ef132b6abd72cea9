#include "queue/device_ids.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/error.h"

namespace tilewright::queue {

long long parse_number(std::string_view text, std::string_view what, long long low, long long high) {
  long long value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || text.empty() || value < low || value > high) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{}: '{}' is no whole number from {} to {}", what, text, low, high));
  }
  return value;
}

std::vector<int> parse_device_ids(std::string_view text) {
  constexpr int kHighest = 65535;
  std::vector<int> ids;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    std::string_view part = text.substr(0, comma);
    if (comma != std::string_view::npos && comma + 1 == text.size()) {
      throw Error(ErrorCode::kInvalidArgument, fmt::format("device ids '{}': a comma at the end", text));
    }
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    const size_t dash = part.find('-');
    const int first = static_cast<int>(parse_number(part.substr(0, dash), "device id", 0, kHighest));
    const int last =
        dash == std::string_view::npos ? first : static_cast<int>(parse_number(part.substr(dash + 1), "device id", first, kHighest));
    for (int id = first; id <= last; ++id) ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

std::string format_device_ids(const std::vector<int>& ids) { return fmt::format("{}", fmt::join(ids, ",")); }

}  // namespace tilewright::queue
