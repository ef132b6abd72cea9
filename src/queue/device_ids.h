// Lists of device ids as users write them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tilewright::queue {

/// "0", "0-7", "0,2,5", "0,2-4": sorted, without duplicates. Empty text is no ids. Throws Error(kInvalidArgument) for
/// anything else: signs, reversed ranges, ids above 65535.
std::vector<int> parse_device_ids(std::string_view text);

/// "0,2,5": the form of TASK_DEVICE. The order is kept.
std::string format_device_ids(const std::vector<int>& ids);

/// A whole decimal number within [low, high]. Throws Error(kInvalidArgument) that names `what`.
long long parse_number(std::string_view text, std::string_view what, long long low, long long high);

}  // namespace tilewright::queue
