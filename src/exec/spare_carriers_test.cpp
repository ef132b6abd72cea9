#include "exec/monotonic.h"
#include "exec/scheduler_test_support.h"

namespace tilewright {
namespace {

using namespace scheduler_test;

// Kernels that poll memory in plain loops, which the scheduler never sees: on hardware, where all of them run at once, all of these
// programs end.
class SpareCarriersTest : public SchedulerTest {
 protected:
  static constexpr int32_t kAicCores = 4;  // and 8 AIV
  SpareCarriersTest() : SchedulerTest(64, kAicCores) {}

  /// A plain loop.
  static void poll(const std::atomic<int>& flag, int at_least = 1) {
    while (flag.load(std::memory_order_relaxed) < at_least) {
    }
  }
  void expect_good() { ASSERT_EQ(scheduler_.failure().kind, RunFailure::Kind::kNone) << scheduler_.failure().text; }
};

TEST_P(SpareCarriersTest, EachOfMoreKernelsThanCarriersPollsForTheNext) {
  constexpr uint64_t kKernels = 8;
  for (int round = 0; round < 2; ++round) {
    std::array<std::atomic<int>, kKernels + 1> flags{};
    flags[kKernels] = 1;
    runner_.kernel = [&](const KernelCall& call) {
      poll(flags[number(call) + 1]);
      flags[number(call)] = 1;
    };
    run_numbered(kKernels);
    expect_good();
    EXPECT_EQ(flags[0].load(), 1);
    EXPECT_LE(scheduler_.thread_count(), GetParam() - 1 + 3 * kAicCores) << "spares are reused";
  }
}

TEST_P(SpareCarriersTest, AKernelPollsForOneThatIsSuspendedOnItsCarrier) {
  Counter counter;
  std::atomic<int> started{0}, flag{0};
  runner_.kernel = [&](const KernelCall& call) {
    switch (number(call)) {
      case 0:
        ++started;
        scheduler_.wait(counter.reached());
        flag = 1;
        return;
      case 1: return poll(flag);
      case 2:
        poll(started);
        ++counter.value;
        scheduler_.notify();
        return;
    }
  };
  run_numbered(3);
  expect_good();
  EXPECT_EQ(flag.load(), 1);
}

TEST_P(SpareCarriersTest, PlainLoopsYieldsAndWaitsTakeTurns) {
  constexpr int kTurns = 20, kPlayers = 5;
  std::atomic<int> turn{0};
  struct Mine {
    const std::atomic<int>* turn;
    int me;
  };
  runner_.kernel = [&](const KernelCall& call) {
    const Mine mine{&turn, static_cast<int>(number(call))};
    const KernelWait my_turn{[](const void* data) {
                               const Mine& self = *static_cast<const Mine*>(data);
                               return self.turn->load() % kPlayers == self.me;
                             },
                             &mine, [](const void*) { return std::string("its turn"); }};
    for (int i = 0; i < kTurns; ++i) {
      if (mine.me == 0) {
        scheduler_.wait(my_turn);
      } else if (mine.me == 1) {
        while (!my_turn.ready(&mine)) scheduler_.yield();
      } else {
        while (turn.load(std::memory_order_relaxed) % kPlayers != mine.me) {
        }
      }
      ++turn;
      scheduler_.notify();
    }
  };
  run_numbered(kPlayers);
  expect_good();
  EXPECT_EQ(turn.load(), kTurns * kPlayers);
}

TEST_P(SpareCarriersTest, AGroupThatStartsTogetherMeetsInAPlainLoop) {
  std::atomic<int> arrived{0}, others{0};
  runner_.kernel = [&](const KernelCall& call) {
    if (number(call) != 7) {
      ++others;
      return;
    }
    ++arrived;
    poll(arrived, 12);
    poll(arrived, 12);
  };
  run([&] {
    submit_numbered(5);
    submit_together(4, 7, 7);
    submit_numbered(5);
  });
  expect_good();
  EXPECT_EQ(arrived.load(), 12);
  EXPECT_EQ(others.load(), 10);
}

// Who writes memory need not say so: a store is all that hardware needs.
TEST_P(SpareCarriersTest, AKernelThatWaitsLearnsOfAStoreThatNobodyAnnounced) {
  enum class How { kYields, kYieldsSlowly, kPlainLoop };
  for (const How how : {How::kYields, How::kYieldsSlowly, How::kPlainLoop}) {
    for (int round = 0; round < 5; ++round) {
      Counter asked;
      std::atomic<int> waits{0}, answered{0};
      runner_.kernel = [&](const KernelCall& call) {
        if (number(call) == 0) {
          poll(waits);
          asked.value = 1;
          while (answered.load(std::memory_order_relaxed) == 0) {
            if (how == How::kYieldsSlowly) {
              for (const uint64_t begin = now_ns(); now_ns() < begin + 5 * PollBackoff::kWorkNs;) {
              }
            }
            if (how != How::kPlainLoop) scheduler_.yield();
          }
        } else if (number(call) == 1) {
          waits = 1;
          scheduler_.wait(asked.reached());
          answered = 1;
        }
      };
      run_numbered(4);
      expect_good();
      EXPECT_EQ(answered.load(), 1);
    }
  }
}

TEST_P(SpareCarriersTest, AKernelPollsForATaskThatTheOrchestrationSubmitsLater) {
  std::atomic<int> first{0}, last{0};
  runner_.kernel = [&](const KernelCall& call) {
    if (number(call) == 0) {
      poll(last);
    } else if (number(call) == 1) {
      first = 1;
    } else {
      last = 1;
    }
  };
  std::thread::id before, after;
  run([&] {
    uint32_t cell = 0;
    const uint32_t one = 1;
    const ChipTensor shared = make_tensor_external(&cell, &one, 1, DataType::UINT32);
    submit_numbered(1);
    CoreTaskArgs args;
    args.add_inout(shared);
    args.add_scalar(uint64_t{1});
    submit(args);
    std::vector<TaskRef> producers;
    graph_.collect_producers(shared, producers);
    for (const TaskRef producer : producers) scheduler_.wait_done(producer);
    EXPECT_EQ(first.load(), 1);
    CoreTaskArgs late;
    late.add_scalar(uint64_t{2});
    submit(late);
    scheduler_.wait_all();
    EXPECT_EQ(last.load(), 1);
  });
  expect_good();
}

TEST_P(SpareCarriersTest, ADeadlockAfterPlainLoopsIsStillAFact) {
  std::atomic<int> flag{0};
  runner_.kernel = [&](const KernelCall& call) {
    if (number(call) == 0) return poll(flag);
    if (number(call) % 10 == 3) scheduler_.wait(kNever);
    if (number(call) == 4) flag = 1;
  };
  run_numbered(20);
  expect_stalled(
      1, {"of 20 submitted tasks 2 have not completed", "2 kernels wait", "somebody waits for ever", "the orchestration has ended"});
}

TEST_P(SpareCarriersTest, AKernelThatFailsAfterItLostItsCarrierIsReported) {
  std::atomic<int> flag{0};
  runner_.kernel = [&](const KernelCall& call) {
    if (number(call) == 1) flag = 1;
    if (number(call) != 0) return;
    poll(flag);
    scheduler_.fail_kernel("it polled and failed", 9);
  };
  for (int round = 0; round < 3; ++round) {
    flag = 0;
    run_numbered(2);
    ASSERT_EQ(scheduler_.failure().kind, RunFailure::Kind::kKernel);
    EXPECT_EQ(scheduler_.failure().text, "it polled and failed");
  }
  std::atomic<int> ran{0};
  runner_.kernel = [&](const KernelCall&) { ++ran; };
  run_numbered(20);
  expect_good();
  EXPECT_EQ(ran.load(), 20);
}

// As library functions do it: within one function the compiler may keep the address of a thread's errno.
__attribute__((noinline)) int error_number() {
  asm volatile("" ::: "memory");
  return errno;
}
__attribute__((noinline)) void set_error_number(int number) {
  asm volatile("" ::: "memory");
  errno = number;
}

// What belongs to a thread follows the fiber, or is left behind: errno and the exceptions that are being handled.
TEST_P(SpareCarriersTest, ExceptionsAndErrnoStayWithTheKernel) {
  std::atomic<int> flag{0}, good{0};
  runner_.kernel = [&](const KernelCall& call) {
    const int me = static_cast<int>(number(call));
    set_error_number(100 + me);
    try {
      throw me;
    } catch (int caught) {
      if (me == 3) flag = 1;
      if (me < 3) poll(flag);
      scheduler_.yield();
      good += error_number() == 100 + me ? 1 : 0;
      try {
        throw;
      } catch (int again) {
        good += again == me && caught == me ? 1 : 0;
      }
    }
    good += std::uncaught_exceptions() == 0 && !std::current_exception() ? 1 : 0;
  };
  run_numbered(6);
  expect_good();
  EXPECT_EQ(good.load(), 18);
}

// The submitter waits for room for several tasks, as long as others work. Here just one can complete until it has gone on.
class FullRingTest : public SchedulerTest {
 protected:
  FullRingTest() : SchedulerTest(8, 4) {}
};

TEST_P(FullRingTest, AnyRoomIsEnoughWhereTheOtherKernelsWaitForATaskToCome) {
  enum class How { kWaits, kYields, kPlainLoop };
  for (const How how : {How::kWaits, How::kYields, How::kPlainLoop}) {
    for (int round = 0; round < 2; ++round) {
      Counter came;
      std::atomic<int> waiting{0};
      runner_.kernel = [&](const KernelCall& call) {
        if (number(call) == 0) {
          while (waiting.load() < 7) scheduler_.yield();
        } else if (number(call) == 8) {
          came.value = 1;
          scheduler_.notify();
        } else if (number(call) < 8) {
          ++waiting;
          if (how == How::kWaits) scheduler_.wait(came.reached());
          while (came.value.load() == 0) {
            if (how == How::kYields) scheduler_.yield();
          }
        }
      };
      run_numbered(20);
      ASSERT_EQ(scheduler_.failure().kind, RunFailure::Kind::kNone) << scheduler_.failure().text;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Threads, FullRingTest, testing::Values(1, 2, 3));

INSTANTIATE_TEST_SUITE_P(Threads, SpareCarriersTest, testing::Values(1, 2, 4), testing::PrintToStringParamName());

}  // namespace
}  // namespace tilewright
