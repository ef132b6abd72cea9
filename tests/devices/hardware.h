// Which platform a test program runs on, and what that means for tests that need hardware (docs/guide/hardware-labels.md).
#pragma once

#include <gtest/gtest.h>

#include <string>

namespace tilewright::test {

/// TW_TEST_PLATFORM: the platform under test, empty if none is named. The one source of truth about hardware.
std::string platform_under_test();

/// Whether ctest runs this as a test labelled requires_hardware: then the simulators are not meant, and nothing may be skipped for
/// want of hardware.
bool selected_by_label();

/// What becomes of a test that needs hardware.
struct HardwareDecision {
  enum class Verdict { kRun, kSkip, kFail } verdict;
  std::string reason;  ///< of kSkip and kFail
};

/// `needed`: "a2a3", "a5", or empty for any hardware; `under_test` as platform_under_test(). Skips where nobody asked for hardware or
/// where another one is asked for; fails where hardware was asked for and is not there: a device that has vanished must not look
/// like a test that was not meant to run. `by_label` as selected_by_label().
HardwareDecision decide_hardware(const std::string& needed, const std::string& under_test, bool by_label);

}  // namespace tilewright::test

/// First in a test: TW_REQUIRES_HARDWARE("") or TW_REQUIRES_HARDWARE("a2a3").
#define TW_REQUIRES_HARDWARE(needed)                                                                                                     \
  do {                                                                                                                                   \
    const auto tw_decision =                                                                                                             \
        ::tilewright::test::decide_hardware(needed, ::tilewright::test::platform_under_test(), ::tilewright::test::selected_by_label()); \
    if (tw_decision.verdict == ::tilewright::test::HardwareDecision::Verdict::kSkip) GTEST_SKIP() << tw_decision.reason;                 \
    if (tw_decision.verdict == ::tilewright::test::HardwareDecision::Verdict::kFail) GTEST_FAIL() << tw_decision.reason;                 \
  } while (false)
