#include "exec/monotonic.h"
#include "exec/scheduler_test_support.h"

#include <chrono>

namespace tilewright {
namespace {

using namespace scheduler_test;

// Blocks that start together, cores that are reserved, timing slots.
class LaunchHintsTest : public SchedulerTest {};

TEST_P(LaunchHintsTest, BlocksThatStartTogetherMeetInsideTheKernel) {
  for (const auto& [lanes, blocks] : {std::pair<uint8_t, int16_t>{PTO2_SUBTASK_MASK_AIV0, 4}, {PTO2_SUBTASK_MASK_AIC, 2}, {7, 2}}) {
    Meeting meeting(blocks * __builtin_popcount(lanes));
    std::atomic<int> met{0};
    runner_.kernel = [&](const KernelCall& call) {
      if (call.task->block_num == 1) return;
      meeting.arrive(scheduler_);
      ++met;
    };
    run([&] {
      submit_numbered(50);
      submit_together(blocks, lanes);
      submit_numbered(50);
    });
    EXPECT_EQ(scheduler_.failure().kind, RunFailure::Kind::kNone) << scheduler_.failure().text;
    EXPECT_EQ(met.load(), meeting.counter.target);
  }
}

TEST_P(LaunchHintsTest, NoBlockOfAGroupStartsBeforeThereAreCoresForAll) {
  std::atomic<int> started{0}, early{-1};
  runner_.kernel = [&](const KernelCall& call) {
    if (call.task->block_num > 1) {
      ++started;
      return;
    }
    const bool first = started.load() == 0;  // with several carriers the group may come first
    for (int i = 0; i < 1000; ++i) scheduler_.yield();  // holds one of the four cores
    early = first ? started.load() : 0;
  };
  run([&] {
    submit_numbered(1);
    submit_together(4, PTO2_SUBTASK_MASK_AIV0);
  });
  EXPECT_EQ(early.load(), 0);
  EXPECT_EQ(started.load(), 4);
}

// Four cores: each group needs three. If two groups got two cores each, nobody would ever go on.
TEST_P(LaunchHintsTest, GroupsThatStartTogetherDoNotBlockEachOther) {
  constexpr int kGroups = 40;
  std::array<std::unique_ptr<Meeting>, kGroups> meetings;
  std::atomic<int> met{0};
  for (int round = 0; round < 5; ++round) {
    for (auto& meeting : meetings) meeting = std::make_unique<Meeting>(3);
    met = 0;
    runner_.kernel = [&](const KernelCall& call) {
      meetings[number(call)]->arrive(scheduler_);
      ++met;
    };
    run([&] {
      for (uint64_t i = 0; i < kGroups; ++i) submit_together(3, PTO2_SUBTASK_MASK_AIV0, i);
    });
    ASSERT_EQ(scheduler_.failure().kind, RunFailure::Kind::kNone) << scheduler_.failure().text;
    ASSERT_EQ(met.load(), 3 * kGroups);
  }
}

// Small tasks that never leave all cores free at once must not keep the group waiting to their end.
TEST_P(LaunchHintsTest, AStreamOfSmallTasksDoesNotStarveAGroup) {
  std::atomic<uint64_t> ran{0}, ran_before_group{0};
  runner_.kernel = [&](const KernelCall& call) {
    if (call.task->block_num > 1) {
      if (call.block == 0) ran_before_group = ran.load();
      return;
    }
    for (int i = 0; i < 3; ++i) scheduler_.yield();  // keeps its core while others run
    ++ran;
  };
  run([&] {
    submit_numbered(100);
    submit_together(4, PTO2_SUBTASK_MASK_AIV0);
    submit_numbered(10000);
  });
  EXPECT_EQ(ran.load(), 10100u);
  EXPECT_LT(ran_before_group.load(), 5000u);
}

// A kernel that waits for a small task, which comes after a group that waits for that kernel's core.
TEST_P(LaunchHintsTest, AGroupDoesNotHoldBackATaskThatARunningKernelWaitsFor) {
  enum class How { kWaits, kPolls, kPollsSlowly, kPollsInAPlainLoop };
  for (const How how : {How::kWaits, How::kPolls, How::kPollsSlowly, How::kPollsInAPlainLoop}) {
    Counter counter;
    runner_.kernel = [&](const KernelCall& call) {
      if (call.task->block_num > 1) return;
      if (number(call) == 0) {
        while (how != How::kWaits && counter.value.load() == 0) {
          if (how == How::kPollsSlowly) {  // what it does between two polls passes for work
            for (const uint64_t begin = now_ns(); now_ns() < begin + 5 * PollBackoff::kWorkNs;) {
            }
          }
          if (how != How::kPollsInAPlainLoop) scheduler_.yield();
        }
        scheduler_.wait(counter.reached());
      } else {
        ++counter.value;
        scheduler_.notify();
      }
    };
    run([&] {
      submit_numbered(1);
      submit_together(4, PTO2_SUBTASK_MASK_AIV0);
      CoreTaskArgs args;
      args.add_scalar(uint64_t{1});
      submit(args);
    });
    EXPECT_EQ(scheduler_.failure().kind, RunFailure::Kind::kNone) << scheduler_.failure().text;
  }
}

TEST_P(LaunchHintsTest, AMixedTaskIsNotStarvedBySmallOnes) {
  std::atomic<uint64_t> ran{0}, ran_before{0};
  runner_.kernel = [&](const KernelCall& call) {
    if (__builtin_popcount(call.task->lanes) > 1) {
      ran_before = ran.load();
      return;
    }
    for (int i = 0; i < 3; ++i) scheduler_.yield();
    ++ran;
  };
  run([&] {
    submit_numbered(100);
    CoreTaskArgs args;
    args.add_scalar(0);
    submit(args, 7);
    submit_numbered(10000);
  });
  EXPECT_EQ(ran.load(), 10100u);
  EXPECT_LT(ran_before.load(), 5000u);
}

TEST_P(LaunchHintsTest, MoreGroupsAndTasksOfAllSortsThanCoresAllRun) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  constexpr size_t kTasks = 600;
  std::array<std::unique_ptr<Meeting>, kTasks> meetings;
  std::vector<std::pair<uint8_t, int16_t>> plan(kTasks);
  int expected = 0;
  for (size_t i = 0; i < kTasks; ++i) {
    constexpr uint8_t kLanes[] = {1, 2, 2, 3, 6, 7};
    const uint8_t lanes = kLanes[random() % 6];
    const int most = lanes == 2 ? 4 : 2;
    plan[i] = {lanes, static_cast<int16_t>(1 + random() % most)};
    const int calls = plan[i].second * __builtin_popcount(lanes);
    meetings[i] = std::make_unique<Meeting>(calls);
    expected += calls;
  }
  std::atomic<int> met{0};
  runner_.kernel = [&](const KernelCall& call) {
    meetings[number(call)]->arrive(scheduler_);
    ++met;
  };
  run([&] {
    for (uint64_t i = 0; i < kTasks; ++i) submit_together(plan[i].second, plan[i].first, i);
  });
  EXPECT_EQ(scheduler_.failure().kind, RunFailure::Kind::kNone) << scheduler_.failure().text;
  EXPECT_EQ(met.load(), expected);
}

TEST_P(LaunchHintsTest, AGroupThatWaitsForCoresOfStuckKernelsIsNamedInTheDeadlock) {
  runner_.kernel = [&](const KernelCall& call) {
    if (call.task->block_num == 1) scheduler_.wait(kNever);
  };
  run([&] {
    submit_numbered(1);
    submit_together(4, PTO2_SUBTASK_MASK_AIV0);
  });
  expect_stalled(1, {"a task of 4 blocks that start together waits for cores for 4 of them"});
}

TEST_P(LaunchHintsTest, ATimingSlotSpansAllBlocksAndLanesOfItsTasks) {
  const auto now = [] {
    return static_cast<uint64_t>(std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count());
  };
  std::mutex mutex;
  uint64_t first = UINT64_MAX, last = 0;
  int calls = 0;
  runner_.kernel = [&](const KernelCall& call) {
    const uint64_t begin = now();
    scheduler_.yield();
    const std::lock_guard lock(mutex);
    if (call.task->timing_slot() != 5) return;
    ++calls;
    first = std::min(first, begin);
    last = std::max(last, now());
  };
  const uint64_t before = now();
  run([&] {
    submit_numbered(10);
    for (int i = 0; i < 4; ++i) {
      CoreTaskArgs args;
      args.add_scalar(0);
      args.launch_spec.set_block_num(3);
      args.set_task_timing_slot(5);
      submit(args, i % 2 == 0 ? 7 : PTO2_SUBTASK_MASK_AIV0);
    }
    submit_numbered(10);
  });
  EXPECT_EQ(calls, 2 * 9 + 2 * 3);
  const TimingSlots::Span span = scheduler_.timing(5);
  ASSERT_TRUE(span.used());
  EXPECT_LE(span.first_dispatch_ns, first - before);
  EXPECT_GE(span.last_finish_ns - span.first_dispatch_ns, last - first);
  for (int32_t other = 0; other < TimingSlots::kCount; ++other) EXPECT_EQ(scheduler_.timing(other).used(), other == 5);
  run_numbered(1);
  EXPECT_FALSE(scheduler_.timing(5).used()) << "of the run before";
}

INSTANTIATE_TEST_SUITE_P(Threads, LaunchHintsTest, testing::Values(1, 2, 4), testing::PrintToStringParamName());

}  // namespace
}  // namespace tilewright
