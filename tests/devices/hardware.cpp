#include "hardware.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/error.h"
#include "platform/device.h"
#include "platform/plugin.h"

namespace tilewright::test {

std::string platform_under_test() {
  const char* const name = std::getenv("TW_TEST_PLATFORM");
  return name != nullptr ? name : "";
}

bool selected_by_label() { return std::getenv("TW_TEST_SELECTED_BY_LABEL") != nullptr; }

HardwareDecision decide_hardware(const std::string& needed, const std::string& under_test, bool by_label) {
  using enum HardwareDecision::Verdict;
  const std::string needs = needed.empty() ? "requires hardware" : fmt::format("requires hardware {}", needed);
  if (under_test.empty() || under_test.ends_with("sim")) {
    return {by_label ? kFail : kSkip, fmt::format("{}; TW_TEST_PLATFORM names {}", needs, under_test.empty() ? "none" : under_test)};
  }
  if (!needed.empty() && needed != under_test) return {kSkip, fmt::format("{}; the tests run on {}", needs, under_test)};
  try {
    const PlatformInfo& info = find_platform(under_test);
    require_available(info);
    if (info.plugin->device_count() > 0) return {kRun, ""};
    return {kFail, fmt::format("{}; TW_TEST_PLATFORM names {}, which has no device", needs, under_test)};
  } catch (const Error& error) {
    return {kFail, fmt::format("{}; TW_TEST_PLATFORM names {}: {}", needs, under_test, error.what())};
  }
}

}  // namespace tilewright::test
