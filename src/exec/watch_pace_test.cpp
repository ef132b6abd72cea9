#include "exec/watch_pace.h"

#include <gtest/gtest.h>

namespace tilewright {
namespace {

using Found = WatchPace::Found;

/// Looks in `ns` nanoseconds of which each finds the same.
uint64_t looks_in(WatchPace& pace, uint64_t ns, Found found) {
  uint64_t looks = 0;
  for (uint64_t now = 0; now < ns; ++looks) {
    now += pace.tick_ns();
    pace.looked(found);
  }
  return looks;
}

constexpr uint64_t kSecond = 1'000'000'000;

TEST(WatchPace, WhileKernelsRunItLooksEveryTick) {
  WatchPace pace;
  EXPECT_EQ(looks_in(pace, kSecond, Found::kSomebody), kSecond / WatchPace::kTickNs);
}

TEST(WatchPace, AThreadThatStaysIsLookedAtMoreOften) {
  WatchPace pace;
  pace.looked(Found::kSomebodyStays);
  EXPECT_EQ(looks_in(pace, kSecond, Found::kSomebodyStays), kSecond / WatchPace::kShortTickNs);
}

TEST(WatchPace, WhileNobodyIsInsideItLooksEverMoreSeldom) {
  WatchPace pace;
  EXPECT_LE(looks_in(pace, 64'000'000, Found::kNobody), 16u);
  EXPECT_LT(looks_in(pace, 3 * kSecond, Found::kNobody), 100u);
  EXPECT_LE(looks_in(pace, 10 * kSecond, Found::kNobody), 10 * kSecond / WatchPace::kMaxTickNs + 1);
}

TEST(WatchPace, WhoIsMetInsideIsLookedAtAgainSoon) {
  WatchPace pace;
  looks_in(pace, 10 * kSecond, Found::kNobody);
  pace.looked(Found::kSomebody);
  EXPECT_EQ(pace.tick_ns(), WatchPace::kTickNs);
  pace.looked(Found::kNobody);
  EXPECT_EQ(pace.tick_ns(), WatchPace::kMaxTickNs) << "a kernel that polls is met now and then";
}

TEST(WatchPace, NoTickIsLongerThanItsShareOfTheQuietTime) {
  WatchPace pace;
  for (uint64_t quiet = 0; quiet < 10 * kSecond;) {
    EXPECT_LE(pace.tick_ns(), std::max(WatchPace::kTickNs, quiet / WatchPace::kQuietShare));
    quiet += pace.tick_ns();
    pace.looked(Found::kNobody);
  }
}

TEST(WatchPace, BetweenRunsItGoesToSleepUntilOneBegins) {
  WatchPace pace;
  looks_in(pace, 10 * kSecond, Found::kNobody);
  for (uint32_t i = 1; i < WatchPace::kLooksWithoutRun; ++i) {
    pace.looked_between_runs();
    EXPECT_EQ(pace.tick_ns(), WatchPace::kTickNs);
  }
  pace.looked_between_runs();
  EXPECT_EQ(pace.tick_ns(), WatchPace::kForever);
  pace = {};
  EXPECT_EQ(pace.tick_ns(), WatchPace::kTickNs);
}

}  // namespace
}  // namespace tilewright
