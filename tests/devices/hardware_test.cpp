// What becomes of tests that need hardware, without any.
#include "hardware.h"

#include <gtest/gtest.h>

namespace tilewright::test {
namespace {

using enum HardwareDecision::Verdict;

void expect(const std::string& needed, const std::string& under_test, HardwareDecision::Verdict verdict, const std::string& reason,
            bool by_label = false) {
  const HardwareDecision decision = decide_hardware(needed, under_test, by_label);
  EXPECT_EQ(decision.verdict, verdict) << needed << " on " << under_test << ": " << decision.reason;
  EXPECT_EQ(decision.reason.substr(0, reason.size()), reason);
}

TEST(RequiresHardware, SkipsWhereNobodyAskedForHardware) {
  expect("", "", kSkip, "requires hardware; TW_TEST_PLATFORM names none");
  expect("a2a3", "", kSkip, "requires hardware a2a3; TW_TEST_PLATFORM names none");
  expect("", "a2a3sim", kSkip, "requires hardware; TW_TEST_PLATFORM names a2a3sim");
  expect("a5", "a5sim", kSkip, "requires hardware a5; TW_TEST_PLATFORM names a5sim");
}

TEST(RequiresHardware, SkipsWhereOtherHardwareWasAskedFor) {
  expect("a2a3", "a5", kSkip, "requires hardware a2a3; the tests run on a5");
  expect("a5", "no_such_hardware", kSkip, "requires hardware a5; the tests run on no_such_hardware");
}

TEST(RequiresHardware, FailsWhereTheHardwareThatWasAskedForIsMissing) {
  expect("", "no_such_hardware", kFail, "requires hardware; TW_TEST_PLATFORM names no_such_hardware: unknown platform 'no_such_hardware'");
  expect("", "a2a3", kFail, "requires hardware; TW_TEST_PLATFORM names a2a3: platform a2a3 is a real Ascend device and needs");
  expect("a5", "a5", kFail, "requires hardware a5; TW_TEST_PLATFORM names a5: platform a5 is a real Ascend device and needs");
}

TEST(RequiresHardware, FailsWhereItsLabelWasAskedForAndNoHardwareNamed) {
  expect("", "", kFail, "requires hardware; TW_TEST_PLATFORM names none", true);
  expect("a2a3", "a2a3sim", kFail, "requires hardware a2a3; TW_TEST_PLATFORM names a2a3sim", true);
  expect("a2a3", "a5", kSkip, "requires hardware a2a3; the tests run on a5", true);
}

}  // namespace
}  // namespace tilewright::test
