#include "task/status.h"

#include <gtest/gtest.h>

namespace tilewright {
namespace {

TEST(Status, TheOrchestratorsCodeHasPriority) {
  EXPECT_EQ(runtime_status_from_error_codes(5, 100), -5);
  EXPECT_EQ(runtime_status_from_error_codes(0, 100), -100);
  EXPECT_EQ(runtime_status_from_error_codes(0, 0), 0);
}

TEST(Status, EveryCodeHasANameADescriptionAndAHint) {
  for (int code : {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 100, 101, 102, 103, 104}) {
    EXPECT_STRNE(status_name(code), "UNKNOWN") << code;
    EXPECT_STRNE(status_description(code), "") << code;
    EXPECT_STRNE(status_hint(code), "") << code;
  }
  EXPECT_STREQ(status_name(77), "UNKNOWN");
}

TEST(StallDetail, TheFirstThatAppliesCounts) {
  EXPECT_EQ(classify_stall_detail(1, 1, 1, true), 1);
  EXPECT_EQ(classify_stall_detail(0, 1, 1, true), 3);
  EXPECT_EQ(classify_stall_detail(0, 0, 1, true), 4);
  EXPECT_EQ(classify_stall_detail(0, 0, 0, false), 5);
  EXPECT_EQ(classify_stall_detail(0, 0, 0, true), 99);
}

}  // namespace
}  // namespace tilewright
