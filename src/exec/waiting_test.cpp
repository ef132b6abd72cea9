#include "exec/monotonic.h"
#include "exec/scheduler_test_support.h"

#include <fmt/format.h>

namespace tilewright {
namespace {

using namespace scheduler_test;

// Kernels that wait, poll, never end, or return before their task is over.
class WaitingTest : public SchedulerTest {};

TEST_P(WaitingTest, AKernelThatWaitsIsResumedWhenItsConditionHolds) {
  for (int round = 0; round < 50; ++round) {
    Counter counter;
    counter.target = 8;
    std::atomic<int> resumed{0};
    runner_.kernel = [&](const KernelCall& call) {
      if (number(call) % 10 == 0) {
        scheduler_.wait(counter.reached());
        resumed += counter.value.load() >= counter.target ? 1 : 0;
      } else if (number(call) % 3 == 0) {
        ++counter.value;
        scheduler_.notify();
      }
    };
    run([&] {
      for (uint64_t i = 0; i < 30; ++i) {
        CoreTaskArgs args;
        args.add_scalar(i);
        submit(args);
      }
    });
    ASSERT_EQ(resumed.load(), 3);
  }
}

// Plain tasks run in rows; a row must not go on to its end while something else wants the carrier.
TEST_P(WaitingTest, AKernelThatCanGoOnDoesNotWaitForARowOfTasksToEnd) {
  constexpr uint64_t kTasks = 200;  // fewer than the window
  Counter counter;
  std::atomic<uint64_t> ran{0}, resumed_after{0};
  runner_.kernel = [&](const KernelCall& call) {
    if (number(call) == 0) {
      scheduler_.wait(counter.reached());
      resumed_after = ran.load();
    } else if (number(call) == 1) {
      ++counter.value;
      scheduler_.notify();
    }
    ++ran;
  };
  run_numbered(kTasks);
  EXPECT_EQ(ran.load(), kTasks);
  if (GetParam() == 1) {  // others may run all of them meanwhile
    EXPECT_LT(resumed_after.load(), kTasks - 1);
  }
}

// All carriers hold nothing but a waiting kernel when the last condition comes true.
TEST_P(WaitingTest, KernelsWakeEachOtherBackAndForth) {
  constexpr int kTurns = 2000;
  std::atomic<int> turn{0};
  struct Mine {
    std::atomic<int>* turn;
    int me;
  };
  runner_.kernel = [&](const KernelCall& call) {
    const Mine mine{&turn, static_cast<int>(number(call))};
    const KernelWait my_turn{[](const void* data) {
                               const Mine& self = *static_cast<const Mine*>(data);
                               return self.turn->load() % 2 == self.me;
                             },
                             &mine, [](const void*) { return std::string("its turn"); }};
    for (int i = 0; i < kTurns; ++i) {
      scheduler_.wait(my_turn);
      ++turn;
      scheduler_.notify();
    }
  };
  run([&] {
    for (uint64_t i = 0; i < 2; ++i) {
      CoreTaskArgs args;
      args.add_scalar(i);
      submit(args);
    }
  });
  EXPECT_EQ(turn.load(), 2 * kTurns);
}

TEST_P(WaitingTest, AConditionThatNobodyAnnouncesIsSeenWhileOtherTasksRun) {
  Counter counter;
  std::atomic<uint64_t> ran{0}, resumed_after{0};
  runner_.kernel = [&](const KernelCall& call) {
    if (number(call) == 0) {
      scheduler_.wait(counter.reached());
      resumed_after = ran.load();
    }
    if (++ran == 100) counter.value = 1;  // without notify
  };
  run([&] {
    for (uint64_t i = 0; i < 20000; ++i) {
      CoreTaskArgs args;
      args.add_scalar(i);
      submit(args);
    }
  });
  EXPECT_GE(resumed_after.load(), 99u);
  EXPECT_LT(resumed_after.load(), 20000u) << "it waited until nothing else was left";
}

TEST_P(WaitingTest, KernelsThatWaitForEverAreADeadlockAtOnce) {
  for (int round = 0; round < 20; ++round) {
    runner_.kernel = [&](const KernelCall& call) {
      if (number(call) % 10 == 3) scheduler_.wait(kNever);
    };
    run_numbered(20);
    expect_stalled(1, {"RUNNING_STALLED", "of 20 submitted tasks 2 have not completed", "2 kernels wait", "somebody waits for ever",
                       "the orchestration has ended"});
  }
}

TEST_P(WaitingTest, ADeadlockNamesTasksThatFindNoCore) {
  runner_.kernel = [&](const KernelCall&) { scheduler_.wait(kNever); };
  run_numbered(10);  // on four AIV cores
  expect_stalled(1, {"4 kernels wait", "6 ready tasks have no core", "6 tasks of one block wait for a core"});
}

TEST_P(WaitingTest, TasksAndAnOrchestrationThatWaitForAStuckKernelAreADeadlock) {
  runner_.kernel = [&](const KernelCall&) { scheduler_.wait(kNever); };
  bool stopped = false;
  run([&] {
    const uint32_t one = 1;
    uint32_t cell = 0;
    const ChipTensor shared = make_tensor_external(&cell, &one, 1, DataType::UINT32);
    for (uint64_t i = 0; i < 7; ++i) {
      CoreTaskArgs args;
      args.add_inout(shared);
      args.add_scalar(i);
      submit(args);
    }
    scheduler_.wait_all();
    stopped = scheduler_.stopped();
  });
  EXPECT_TRUE(stopped);
  expect_stalled(1, {"of 7 submitted tasks 7 have not completed", "1 kernels wait", "the orchestration waits"});
}

TEST_P(WaitingTest, AConditionThatComesTrueUnannouncedIsNoDeadlock) {
  for (int round = 0; round < 200; ++round) {
    Counter counter;
    counter.target = 5;
    runner_.kernel = [&](const KernelCall& call) {
      if (number(call) < 3) return scheduler_.wait(counter.reached());
      ++counter.value;
    };
    run_numbered(8);
    ASSERT_EQ(scheduler_.failure().kind, RunFailure::Kind::kNone) << scheduler_.failure().text;
  }
}

TEST_P(WaitingTest, KernelsThatPollForEverEndAtTheDeadline) {
  static std::atomic<int> polling;  // the clock stands still until both poll
  polling = 0;
  runner_.kernel = [&](const KernelCall& call) {
    const KernelWait who{nullptr, &call,
                         [](const void* data) { return fmt::format("task {} polls", number(*static_cast<const KernelCall*>(data))); }};
    if (number(call) % 10 != 3) return;
    ++polling;
    for (;;) scheduler_.yield(&who);
  };
  run_numbered(20, {1'000'000'000, [] { return polling.load() == 2 ? uint64_t{2'000'000'000} : 0; }});
  EXPECT_EQ(scheduler_.failure().kind, RunFailure::Kind::kDeadline);
  EXPECT_EQ(scheduler_.failure().status, 100);
  EXPECT_EQ(scheduler_.failure().stall_detail, 1);
  for (const char* text : {"device time", "task 3 polls", "task 13 polls"})
    EXPECT_NE(scheduler_.failure().text.find(text), std::string::npos) << scheduler_.failure().text;
}

TEST_P(WaitingTest, KernelsThatPollSlowlyEndAtTheDeadlineToo) {
  runner_.kernel = [&](const KernelCall&) {
    for (;;) {
      for (const uint64_t begin = now_ns(); now_ns() < begin + 2 * PollBackoff::kWorkNs;) {
      }
      scheduler_.yield();
    }
  };
  run_numbered(2, {1'000'000'000, [] {
                     static std::atomic<uint64_t> looks{0};
                     return ++looks * 100'000'000;
                   }});
  EXPECT_EQ(scheduler_.failure().kind, RunFailure::Kind::kDeadline);
}

TEST_P(WaitingTest, PausesBetweenPollsCountAsDeviceTime) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a turn takes as long as work does, which is not paused";
#endif
  runner_.kernel = [&](const KernelCall&) {
    for (;;) scheduler_.yield();
  };
  run_numbered(2, {5'000'000, [] { return uint64_t{0}; }});
  EXPECT_EQ(scheduler_.failure().kind, RunFailure::Kind::kDeadline);
}

TEST_P(WaitingTest, ATaskIsOverWhenItsCountersAreThereAndNotBefore) {
  for (int round = 0; round < 50; ++round) {
    uint32_t counters[2] = {};
    std::atomic<int> early{0}, after{0};
    uint32_t cell = 0;
    runner_.kernel = [&](const KernelCall& call) {
      switch (number(call)) {
        case 0: {  // two blocks wait for one counter each
          const CounterCondition condition{&counters[call.block], 3};
          scheduler_.complete_later(call, {&condition, 1}, "kernel 0");
          Runner::later = true;
          return;
        }
        case 1:
          __atomic_fetch_add(&counters[0], 1, __ATOMIC_SEQ_CST);
          __atomic_fetch_add(&counters[1], 1, __ATOMIC_SEQ_CST);
          return;
        case 2:
          ++after;
          if (counters[0] < 3 || counters[1] < 3) ++early;
          return;
      }
    };
    run([&] {
      const uint32_t one = 1;
      const ChipTensor shared = make_tensor_external(&cell, &one, 1, DataType::UINT32);
      const auto task = [&](uint64_t n, bool uses, int16_t blocks) {
        CoreTaskArgs args;
        if (uses) args.add_inout(shared);
        args.add_scalar(n);
        args.launch_spec.set_block_num(blocks);
        submit(args);
      };
      task(0, true, 2);
      task(2, true, 1);
      for (int i = 0; i < 3; ++i) task(1, false, 1);
    });
    ASSERT_EQ(scheduler_.failure().kind, RunFailure::Kind::kNone) << scheduler_.failure().text;
    ASSERT_EQ(early.load(), 0);
    ASSERT_EQ(after.load(), 1);
  }
}

TEST_P(WaitingTest, MoreTasksThanTheMailboxOfTheOtherSystemHoldsWaitForCounters) {
  uint32_t counter = 0;
  std::atomic<int> returned{0};
  runner_.kernel = [&](const KernelCall& call) {
    if (number(call) == 199) {
      __atomic_store_n(&counter, 1, __ATOMIC_SEQ_CST);
      return;
    }
    const CounterCondition condition{&counter, 1};
    scheduler_.complete_later(call, {&condition, 1}, "kernel");
    ++returned;
    Runner::later = true;
  };
  run_numbered(200);
  EXPECT_EQ(scheduler_.failure().kind, RunFailure::Kind::kNone) << scheduler_.failure().text;
  EXPECT_EQ(returned.load(), 199);
}

TEST_P(WaitingTest, ACounterThatNobodyCanRaiseIsADeadlockOfDependencies) {
  uint32_t counter = 2;
  uint32_t cell = 0;
  runner_.kernel = [&](const KernelCall& call) {
    if (number(call) != 0) return;
    const CounterCondition condition{&counter, 5};
    scheduler_.complete_later(call, {&condition, 1}, "kernel zero");
    Runner::later = true;
  };
  run([&] {
    const uint32_t one = 1;
    const ChipTensor shared = make_tensor_external(&cell, &one, 1, DataType::UINT32);
    for (uint64_t i = 0; i < 4; ++i) {
      CoreTaskArgs args;
      args.add_inout(shared);
      args.add_scalar(i);
      submit(args);
    }
  });
  expect_stalled(4, {"DEP_DEADLOCK", "of 4 submitted tasks 4 have not completed", "0 kernels wait", "1 wait for counters",
                     "kernel zero has returned and waits for counter 0x", "to reach 5; it is 2"});
}

INSTANTIATE_TEST_SUITE_P(Threads, WaitingTest, testing::Values(1, 2, 4), testing::PrintToStringParamName());

}  // namespace
}  // namespace tilewright
