#include "base/log.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace tilewright {
namespace {

TEST(Log, LevelsAreNamedOrNumbered) {
  EXPECT_EQ(parse_log_level("INFO"), LogLevel::kInfo);
  EXPECT_EQ(parse_log_level("nul"), LogLevel::kNone);
  EXPECT_EQ(parse_log_level("25"), LogLevel::kTiming);
  EXPECT_THROW(parse_log_level("loud"), Error);
}

TEST(Log, ALineBelowTheLevelIsNotWritten) {
  set_log_level(LogLevel::kWarn);
  testing::internal::CaptureStderr();
  log(LogLevel::kInfo, "test", "hidden {}", 1);
  log(LogLevel::kWarn, "test", "shown {}", 2);
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(text.find("hidden"), std::string::npos);
  EXPECT_NE(text.find("[WARN] test: shown 2"), std::string::npos);
}

}  // namespace
}  // namespace tilewright
