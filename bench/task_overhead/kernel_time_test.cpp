#include "task_overhead/kernel_time.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/error.h"

namespace tilewright::bench {
namespace {

TEST(KernelTime, TheQuickestTrialCounts) {
  std::vector<double> times = {900, 250, 4000, 300};
  std::vector<uint64_t> asked;
  const double step = calibrate_step_ns(
      [&](uint64_t steps) {
        asked.push_back(steps);
        return times[asked.size() - 1];
      },
      100, 4);
  EXPECT_DOUBLE_EQ(step, 2.5);
  EXPECT_EQ(asked, std::vector<uint64_t>(4, 100));
}

TEST(KernelTime, AClockThatStandsStillIsAnError) {
  EXPECT_THROW(calibrate_step_ns([](uint64_t) { return 0.0; }, 100, 3), Error);
  EXPECT_THROW(calibrate_step_ns([](uint64_t) { return 1.0; }, 100, 0), Error) << "no trial at all";
}

TEST(KernelTime, StepsGrowWithTheTime) {
  EXPECT_EQ(work_steps_for(0), 0u);
  EXPECT_GE(work_steps_for(1), 1u);
  const uint64_t thousand = work_steps_for(1000);
  EXPECT_GT(thousand, work_steps_for(10));
  EXPECT_NEAR(static_cast<double>(work_steps_for(10000)), 10.0 * static_cast<double>(thousand), 10);
}

}  // namespace
}  // namespace tilewright::bench
