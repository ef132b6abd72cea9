// How well the queue's plan fills devices: the target of the benchmark, where no host's speed matters.
#include "schedules.h"

#include <gtest/gtest.h>

#include <cstdio>

namespace tilewright::bench {
namespace {

constexpr int kDevices = 4;

TEST(Schedules, TextbookMakespansOfATraceWorkedOutByHand) {
  // Two devices. A: 0..4 on one; B wants both; C (1 s) fits in front of B, D (9 s) does not.
  const std::vector<TraceJob> trace = {{0, 4, 4, 1}, {0, 2, 2, 2}, {0, 1, 1, 1}, {0, 9, 9, 1}};
  EXPECT_DOUBLE_EQ(textbook_makespan(trace, 2, Policy::kFifo, true), 4 + 2 + 9);
  EXPECT_DOUBLE_EQ(textbook_makespan(trace, 2, Policy::kEasy, true), 4 + 2 + 9);
  EXPECT_DOUBLE_EQ(textbook_makespan(trace, 2, Policy::kAnyFit, true), 1 + 9 + 2);
  EXPECT_DOUBLE_EQ(planned_makespan(trace, 2), 4 + 2 + 9);
  // E is short and first behind B: only backfilling uses A's neighbour.
  const std::vector<TraceJob> gap = {{0, 4, 4, 1}, {0, 2, 2, 2}, {0, 4, 4, 1}};
  EXPECT_DOUBLE_EQ(textbook_makespan(gap, 2, Policy::kFifo, true), 4 + 2 + 4);
  EXPECT_DOUBLE_EQ(textbook_makespan(gap, 2, Policy::kEasy, true), 4 + 2);
  EXPECT_DOUBLE_EQ(planned_makespan(gap, 2), 4 + 2);
  EXPECT_DOUBLE_EQ(lower_bound(gap, 2), 6);
}

TEST(Schedules, OnTheKeptTraceThePlanFillsDevicesAsWellAsEasyThatKnowsTheFuture) {
  const std::vector<TraceJob> trace = read_trace(TW_TRACE, SIZE_MAX, 1);
  ASSERT_EQ(trace.size(), 90u);
  const double easy = textbook_makespan(trace, kDevices, Policy::kEasy, true), planned = planned_makespan(trace, kDevices);
  std::printf("utilisation: EASY %.1f %%, plan %.1f %%; makespan over lower bound %.3f\n", 100 * total_work(trace) / kDevices / easy,
              100 * total_work(trace) / kDevices / planned, planned / lower_bound(trace, kDevices));
  EXPECT_GE(easy / planned, 0.95);
  EXPECT_LT(planned, textbook_makespan(trace, kDevices, Policy::kFifo, true));
}

TEST(Schedules, SoItDoesOnTheMeanOfManyTraces) {
  double ratio = 0, fifo = 0, unlimited = 0, worst = 9;
  constexpr unsigned kTraces = 100;
  for (unsigned seed = 0; seed < kTraces; ++seed) {
    std::vector<TraceJob> trace = make_trace(seed, 90);
    const double easy = textbook_makespan(trace, kDevices, Policy::kEasy, true);
    const double one = easy / planned_makespan(trace, kDevices);
    ratio += one / kTraces;
    worst = std::min(worst, one);
    fifo += easy / textbook_makespan(trace, kDevices, Policy::kFifo, true) / kTraces;
    for (TraceJob& job : trace) job.limit = 0;
    unlimited += easy / planned_makespan(trace, kDevices) / kTraces;
  }
  std::printf("of EASY's utilisation: plan %.3f (worst %.3f), FIFO %.3f, plan without limits %.3f\n", ratio, worst, fifo, unlimited);
  EXPECT_GE(ratio, 0.95);
  EXPECT_GE(unlimited, fifo - 0.01) << "without limits the plan is first in, first out, and no worse";
}

TEST(Schedules, AJobThatCanNeverStartIsAnError) {
  const std::vector<TraceJob> trace = {{0, 1, 1, 5}};
  EXPECT_ANY_THROW(textbook_makespan(trace, kDevices, Policy::kEasy, true));
  EXPECT_ANY_THROW(planned_makespan(trace, kDevices));
  EXPECT_ANY_THROW(read_trace("/nonexistent", 1, 1));
}

}  // namespace
}  // namespace tilewright::bench
