#include "exec/scheduler_test_support.h"

namespace tilewright {
namespace {

using namespace scheduler_test;

TEST_P(SchedulerTest, ARunWithoutTasksEnds) {
  int calls = 0;
  for (int i = 0; i < 3; ++i) run([&] { ++calls; });
  EXPECT_EQ(calls, 3);
}

// Random reads and writes of few cells: each task checks that it sees exactly what the serial order gives.
TEST_P(SchedulerTest, EveryTaskSeesWhatSubmissionOrderGives) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  constexpr int kCells = 24, kTasks = 5000;
  std::array<uint32_t, kCells> cells{};
  for (int round = 0; round < 4; ++round) {
    cells.fill(0);
    std::array<uint32_t, kCells> serial{};
    std::vector<std::array<uint32_t, 4>> plan(kTasks);  // read a, write b, expected a, expected b before
    std::atomic<int> wrong{0}, ran{0};
    runner_.kernel = [&](const KernelCall& call) {
      const auto& [a, b, seen_a, seen_b] = plan[number(call)];
      if (cells[a] != seen_a || cells[b] != seen_b) ++wrong;
      if (number(call) % 7 == 0) scheduler_.yield();
      cells[b] = static_cast<uint32_t>(number(call) + 1);
      ++ran;
    };
    run([&] {
      for (uint32_t i = 0; i < kTasks; ++i) {
        const uint32_t b = random() % kCells;
        plan[i] = {b, b, serial[b], serial[b]};  // readers are not ordered against later writers: read what you write
        serial[b] = i + 1;
        const uint32_t one = 1;
        const ChipTensor cell = make_tensor_external(&cells[b], &one, 1, DataType::UINT32);
        CoreTaskArgs args;
        args.add_inout(cell);
        args.add_scalar(uint64_t{i});
        submit(args);
      }
    });
    EXPECT_EQ(wrong.load(), 0);
    EXPECT_EQ(ran.load(), kTasks);
    EXPECT_EQ(cells, serial);
  }
}

TEST_P(SchedulerTest, ReadersWaitForTheWriterTheyFollow) {
  constexpr uint32_t kRounds = 300, kReaders = 31;
  uint32_t value = 0;
  std::array<uint32_t, kReaders> out{};
  std::atomic<int> wrong{0};
  runner_.kernel = [&](const KernelCall& call) {
    const uint64_t what = number(call) % 100, round = number(call) / 100;
    if (what == 99) {
      for (uint32_t seen : out) wrong += seen != round ? 1 : 0;
      value = static_cast<uint32_t>(round + 1);
    } else {
      out[what] = value;
    }
  };
  run([&] {
    const uint32_t one = 1;
    const ChipTensor shared = make_tensor_external(&value, &one, 1, DataType::UINT32);
    std::vector<ChipTensor> outs;
    for (uint32_t& cell : out) outs.push_back(make_tensor_external(&cell, &one, 1, DataType::UINT32));
    for (uint64_t round = 0; round < kRounds; ++round) {
      for (uint64_t i = 0; i < kReaders; ++i) {
        CoreTaskArgs args;
        args.add_input(shared);
        args.add_inout(outs[i]);
        args.add_scalar(round * 100 + i);
        submit(args);
      }
      CoreTaskArgs args;
      for (ChipTensor& t : outs) args.add_input(t);
      args.add_inout(shared);
      args.add_scalar(round * 100 + 99);
      submit(args);
    }
  });
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_EQ(value, kRounds);
}

TEST_P(SchedulerTest, EveryBlockAndLaneRunsOnceOnItsOwnCore) {
  std::mutex mutex;
  std::multiset<std::array<int32_t, 3>> calls;  // lane, block, number
  std::set<std::pair<int, int32_t>> busy;
  bool clash = false;
  runner_.kernel = [&](const KernelCall& call) {
    {
      const std::lock_guard lock(mutex);
      calls.insert({call.lane, call.block, static_cast<int32_t>(number(call))});
      clash = clash || !busy.insert({static_cast<int>(call.kind), call.core}).second;
    }
    scheduler_.yield();
    const std::lock_guard lock(mutex);
    busy.erase({static_cast<int>(call.kind), call.core});
  };
  run([&] {
    for (uint64_t i = 0; i < 20; ++i) {
      CoreTaskArgs args;
      args.add_scalar(i);
      args.launch_spec.set_block_num(static_cast<int16_t>(1 + i % 5));
      submit(args, i % 2 == 0 ? 7 : PTO2_SUBTASK_MASK_AIV0);
    }
  });
  EXPECT_FALSE(clash);
  size_t expected = 0;
  for (int32_t i = 0; i < 20; ++i) {
    for (int32_t block = 0; block < 1 + i % 5; ++block) {
      for (int32_t lane = 0; lane < 3; ++lane) {
        const size_t times = i % 2 == 0 || lane == 1 ? 1 : 0;
        expected += times;
        EXPECT_EQ(calls.count({lane, block, i}), times);
      }
    }
  }
  EXPECT_EQ(calls.size(), expected);
}

// AIC waits for what both AIV lanes write, and they for it: they must run side by side, on one thread too.
TEST_P(SchedulerTest, TasksInARowRunOnCoresOfTheirOwnKind) {
  std::atomic<int> wrong{0}, ran{0};
  runner_.kernel = [&](const KernelCall& call) {
    const bool aic = call.task->lanes == PTO2_SUBTASK_MASK_AIC;
    if (aic != (call.kind == CoreType::AIC) || call.lane != (aic ? 0 : 1)) ++wrong;
    ++ran;
  };
  run([&] {
    for (int i = 0; i < 2000; ++i) submit({}, i % 3 == 0 || i % 7 < 3 ? PTO2_SUBTASK_MASK_AIC : PTO2_SUBTASK_MASK_AIV0);
  });
  EXPECT_EQ(ran.load(), 2000);
  EXPECT_EQ(wrong.load(), 0);
}

TEST_P(SchedulerTest, LanesOfABlockRunSideBySide) {
  std::atomic<int> arrived{0};
  runner_.kernel = [&](const KernelCall&) {
    arrived.fetch_add(1);
    while (arrived.load() % 3 != 0) scheduler_.yield();
  };
  run([&] {
    CoreTaskArgs args;
    args.add_scalar(0);
    submit(args, 7);
  });
  EXPECT_EQ(arrived.load(), 3);
}

// A kernel that polls for what a later task writes: the later one must get its turn, with cores to spare or none.
TEST_P(SchedulerTest, AKernelThatPollsLetsLaterTasksRun) {
  std::atomic<bool> flag{false};
  runner_.kernel = [&](const KernelCall& call) {
    if (number(call) == 9) flag.store(true);
    while (number(call) < 3 && !flag.load()) scheduler_.yield();
  };
  run([&] {
    for (uint64_t i = 0; i < 10; ++i) {
      CoreTaskArgs args;
      args.add_scalar(i);
      submit(args);
    }
  });
  EXPECT_TRUE(flag.load());
}

// A carrier that only resumes kernels which poll must not keep a warm core that another one needs.
TEST_P(SchedulerTest, ACoreKeptWarmIsGivenUpWhenItIsWanted) {
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> polling{0};
    std::atomic<bool> flag{false};
    runner_.kernel = [&](const KernelCall& call) {
      if (number(call) == 29) flag.store(true);
      if (number(call) % 10 != 0) return;
      ++polling;  // three of the four AIV cores
      while (!flag.load()) scheduler_.yield();
    };
    run([&] {
      for (uint64_t i = 0; i < 30; ++i) {
        CoreTaskArgs args;
        args.add_scalar(i);
        submit(args);
      }
    });
    ASSERT_EQ(polling.load(), 3);
  }
}

TEST_P(SchedulerTest, MoreTasksThanCoresThatBlockWaitForACore) {
  std::atomic<int> waiting{0}, done{0};
  std::atomic<bool> go{false};
  runner_.kernel = [&](const KernelCall& call) {
    if (call.lane == 0) {
      go.store(true);  // an AIC task, last: its kind of core is free
    } else {
      ++waiting;
      while (!go.load()) scheduler_.yield();
    }
    ++done;
  };
  run([&] {
    for (int i = 0; i < 40; ++i) {
      CoreTaskArgs args;
      args.add_scalar(0);
      submit(args);
    }
    CoreTaskArgs args;
    args.add_scalar(0);
    submit(args, PTO2_SUBTASK_MASK_AIC);
  });
  EXPECT_EQ(done.load(), 41);
}

TEST_P(SchedulerTest, AFailedKernelEndsTheRunAndTheNextRunWorks) {
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> ran{0};
    runner_.kernel = [&](const KernelCall& call) {
      if (number(call) == 50) scheduler_.fail_kernel("kernel 50 broke");
      if (number(call) % 10 == 0) scheduler_.yield();
      ++ran;
    };
    const uint32_t one = 1;
    uint32_t cell = 0;
    const ChipTensor shared = make_tensor_external(&cell, &one, 1, DataType::UINT32);
    const auto orchestrate = [&] {
      for (uint64_t i = 0; i < 1000 && !scheduler_.stopped(); ++i) {
        CoreTaskArgs args;
        args.add_inout(shared);
        args.add_scalar(i);
        submit(args);
      }
    };
    run(orchestrate);
    EXPECT_EQ(scheduler_.failure().text, "kernel 50 broke");
    EXPECT_EQ(ran.load(), 50);
    ran = 0;
    runner_.kernel = [&](const KernelCall&) { ++ran; };
    run(orchestrate);
    EXPECT_EQ(scheduler_.failure().kind, RunFailure::Kind::kNone);
    EXPECT_EQ(ran.load(), 1000);
  }
}

TEST_P(SchedulerTest, WaitAllAndWaitDoneReturnWhenTheirTasksAre) {
  std::atomic<int> ran{0};
  runner_.kernel = [&](const KernelCall&) { ++ran; };
  run([&] {
    for (int i = 1; i <= 100; ++i) {
      CoreTaskArgs args;
      args.add_scalar(0);
      submit(args);
      scheduler_.wait_all();
      EXPECT_EQ(ran.load(), i);
    }
  });
}

TEST_P(SchedulerTest, RunsMayComeFromDifferentThreads) {
  std::atomic<int> ran{0};
  runner_.kernel = [&](const KernelCall& call) {
    if (number(call) % 3 == 0) scheduler_.yield();
    ++ran;
  };
  for (int i = 0; i < 4; ++i) std::thread([&] { run_numbered(100); }).join();
  run_numbered(100);
  EXPECT_EQ(ran.load(), 500);
}

INSTANTIATE_TEST_SUITE_P(Threads, SchedulerTest, testing::Values(1, 2, 4), testing::PrintToStringParamName());

}  // namespace
}  // namespace tilewright
