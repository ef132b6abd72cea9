#include "exec/scheduler.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <functional>
#include <random>
#include <set>

#include "graph/graph.h"

namespace tilewright {
namespace {

RingSizes rings(uint64_t window) {
  RingSizes sizes;
  sizes.task_window.fill(window);
  sizes.heap_bytes.fill(1 << 20);
  return sizes;
}

/// Calls a function for each kernel; kernel ids are free for the test's use.
class Runner : public KernelRunner {
 public:
  bool run(const KernelCall& call) override {
    later = false;
    kernel(call);
    return !later;
  }
  static thread_local bool later;  ///< set by a kernel, last, that called complete_later
  std::function<void(const KernelCall&)> kernel = [](const KernelCall&) {};
};

thread_local bool Runner::later = false;

/// A graph and a scheduler, with one scalar per task that tells the kernel who it is.
class SchedulerTest : public testing::TestWithParam<int> {
 protected:
  explicit SchedulerTest(uint64_t window = 256, int32_t aic_cores = 2)
      : graph_(rings(window), reinterpret_cast<uint64_t>(heap_.data())), scheduler_(graph_.table(), runner_, GetParam(), aic_cores) {}

  void run(std::function<void()> orchestrate, const RunLimits& limits = {}) {
    graph_.begin_run(&lanes_, nullptr);
    scheduler_.run(std::move(orchestrate), limits);
    graph_.end_run();
  }
  /// Runs `count` independent tasks of one block, numbered from 0.
  void run_numbered(uint64_t count, const RunLimits& limits = {}) {
    run([&] { submit_numbered(count); }, limits);
  }
  void submit_numbered(uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      CoreTaskArgs args;
      args.add_scalar(i);
      submit(args);
    }
  }
  void submit_together(int16_t blocks, uint8_t lanes, uint64_t number = 0) {
    CoreTaskArgs args;
    args.add_scalar(number);
    args.launch_spec.set_block_num(blocks);
    args.launch_spec.set_require_sync_start(true);
    submit(args, lanes);
  }
  /// Whether the run ended as a fact of `detail`, with all of `texts` in the report; and the next run works.
  void expect_stalled(int32_t detail, const std::vector<std::string>& texts) {
    EXPECT_EQ(scheduler_.failure().kind, RunFailure::Kind::kStalled);
    EXPECT_EQ(scheduler_.failure().status, 100);
    EXPECT_EQ(scheduler_.failure().stall_detail, detail) << scheduler_.failure().text;
    for (const std::string& text : texts)
      EXPECT_NE(scheduler_.failure().text.find(text), std::string::npos) << text << " in: " << scheduler_.failure().text;
    std::atomic<int> ran{0};
    runner_.kernel = [&](const KernelCall&) { ++ran; };
    run_numbered(20);
    EXPECT_EQ(scheduler_.failure().kind, RunFailure::Kind::kNone);
    EXPECT_EQ(ran.load(), 20);
  }
  void submit(const CoreTaskArgs& args, uint8_t lanes = PTO2_SUBTASK_MASK_AIV0) {
    MixedKernels kernels;
    if ((lanes & PTO2_SUBTASK_MASK_AIC) != 0) kernels.aic_kernel_id = 0;
    if ((lanes & PTO2_SUBTASK_MASK_AIV0) != 0) kernels.aiv0_kernel_id = 0;
    if ((lanes & PTO2_SUBTASK_MASK_AIV1) != 0) kernels.aiv1_kernel_id = 0;
    TaskOutputTensors outputs;
    for (;;) {
      const SubmitState state = graph_.submit(kernels, args, outputs);
      if (state == SubmitState::kAccepted) return scheduler_.published();
      ASSERT_EQ(state, SubmitState::kFull) << graph_.error_text();
      scheduler_.wait_done(graph_.blocking_task());
      if (scheduler_.stopped()) return;
    }
  }
  static uint64_t number(const KernelCall& call) { return call.task->scalars()[0]; }

  const std::vector<uint8_t> lanes_ = {7};
  std::vector<std::byte> heap_ = std::vector<std::byte>(4 * ((1 << 20) + 4096));
  Runner runner_;
  Graph graph_;
  Scheduler scheduler_;
};

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

/// A counter that kernels wait for.
struct Counter {
  std::atomic<int> value{0};
  int target = 1;
  std::atomic<int> early{0};  ///< resumed before the condition held

  KernelWait reached() const {
    return {[](const void* self) {
              const Counter& counter = *static_cast<const Counter*>(self);
              return counter.value.load() >= counter.target;
            },
            this, [](const void*) { return std::string("a counter"); }};
  }
};

TEST_P(SchedulerTest, AKernelThatWaitsIsResumedWhenItsConditionHolds) {
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

// All carriers hold nothing but a waiting kernel when the last condition comes true.
TEST_P(SchedulerTest, KernelsWakeEachOtherBackAndForth) {
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

TEST_P(SchedulerTest, AConditionThatNobodyAnnouncesIsSeenWhileOtherTasksRun) {
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

const KernelWait kNever{[](const void*) { return false; }, nullptr, [](const void*) { return std::string("somebody waits for ever"); }};

TEST_P(SchedulerTest, KernelsThatWaitForEverAreADeadlockAtOnce) {
  for (int round = 0; round < 20; ++round) {
    runner_.kernel = [&](const KernelCall& call) {
      if (number(call) % 10 == 3) scheduler_.wait(kNever);
    };
    run_numbered(20);
    expect_stalled(1, {"RUNNING_STALLED", "of 20 submitted tasks 2 have not completed", "2 kernels wait", "somebody waits for ever",
                       "the orchestration has ended"});
  }
}

TEST_P(SchedulerTest, ADeadlockNamesTasksThatFindNoCore) {
  runner_.kernel = [&](const KernelCall&) { scheduler_.wait(kNever); };
  run_numbered(10);  // on four AIV cores
  expect_stalled(1, {"4 kernels wait", "6 ready tasks have no core", "6 tasks of one block wait for a core"});
}

TEST_P(SchedulerTest, TasksAndAnOrchestrationThatWaitForAStuckKernelAreADeadlock) {
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

TEST_P(SchedulerTest, AConditionThatComesTrueUnannouncedIsNoDeadlock) {
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

TEST_P(SchedulerTest, KernelsThatPollForEverEndAtTheDeadline) {
  static std::atomic<uint64_t> clock{0};
  runner_.kernel = [&](const KernelCall& call) {
    const KernelWait who{nullptr, &call,
                         [](const void* data) { return fmt::format("task {} polls", number(*static_cast<const KernelCall*>(data))); }};
    while (number(call) % 10 == 3) scheduler_.yield(&who);
  };
  run_numbered(20, {1'000'000'000, [] { return clock.fetch_add(300'000'000); }});
  EXPECT_EQ(scheduler_.failure().kind, RunFailure::Kind::kDeadline);
  EXPECT_EQ(scheduler_.failure().status, 100);
  EXPECT_EQ(scheduler_.failure().stall_detail, 1);
  for (const char* text : {"device time", "task 3 polls", "task 13 polls"})
    EXPECT_NE(scheduler_.failure().text.find(text), std::string::npos) << scheduler_.failure().text;
}

TEST_P(SchedulerTest, PausesBetweenPollsCountAsDeviceTime) {
  runner_.kernel = [&](const KernelCall&) {
    for (;;) scheduler_.yield();
  };
  run_numbered(2, {5'000'000, [] { return uint64_t{0}; }});
  EXPECT_EQ(scheduler_.failure().kind, RunFailure::Kind::kDeadline);
}

/// A place where `expected` kernels meet: arrive() waits for the last.
struct Meeting {
  explicit Meeting(int expected_in) { counter.target = expected_in; }
  void arrive(Scheduler& scheduler) {
    ++counter.value;
    scheduler.notify();
    scheduler.wait(counter.reached());
  }
  Counter counter;
};

TEST_P(SchedulerTest, BlocksThatStartTogetherMeetInsideTheKernel) {
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

TEST_P(SchedulerTest, NoBlockOfAGroupStartsBeforeThereAreCoresForAll) {
  std::atomic<int> started{0}, early{-1};
  runner_.kernel = [&](const KernelCall& call) {
    if (call.task->block_num > 1) {
      ++started;
      return;
    }
    for (int i = 0; i < 1000; ++i) scheduler_.yield();  // holds one of the four cores
    early = started.load();
  };
  run([&] {
    submit_numbered(1);
    submit_together(4, PTO2_SUBTASK_MASK_AIV0);
  });
  EXPECT_EQ(early.load(), 0);
  EXPECT_EQ(started.load(), 4);
}

// Four cores: each group needs three. If two groups got two cores each, nobody would ever go on.
TEST_P(SchedulerTest, GroupsThatStartTogetherDoNotBlockEachOther) {
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
TEST_P(SchedulerTest, AStreamOfSmallTasksDoesNotStarveAGroup) {
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
TEST_P(SchedulerTest, AGroupDoesNotHoldBackATaskThatARunningKernelWaitsFor) {
  for (const bool polls : {false, true}) {
    Counter counter;
    std::atomic<bool> started{false};
    runner_.kernel = [&](const KernelCall& call) {
      if (call.task->block_num > 1) return;
      if (number(call) == 0) {
        started = true;
        while (polls && counter.value.load() == 0) scheduler_.yield();
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

TEST_P(SchedulerTest, AMixedTaskIsNotStarvedBySmallOnes) {
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

TEST_P(SchedulerTest, MoreGroupsAndTasksOfAllSortsThanCoresAllRun) {
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

TEST_P(SchedulerTest, AGroupThatWaitsForCoresOfStuckKernelsIsNamedInTheDeadlock) {
  runner_.kernel = [&](const KernelCall& call) {
    if (call.task->block_num == 1) scheduler_.wait(kNever);
  };
  run([&] {
    submit_numbered(1);
    submit_together(4, PTO2_SUBTASK_MASK_AIV0);
  });
  expect_stalled(1, {"a task of 4 blocks that start together waits for cores for 4 of them"});
}

TEST_P(SchedulerTest, ATimingSlotSpansAllBlocksAndLanesOfItsTasks) {
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

TEST_P(SchedulerTest, ATaskIsOverWhenItsCountersAreThereAndNotBefore) {
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

TEST_P(SchedulerTest, MoreTasksThanTheMailboxOfTheOtherSystemHoldsWaitForCounters) {
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

TEST_P(SchedulerTest, ACounterThatNobodyCanRaiseIsADeadlockOfDependencies) {
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

INSTANTIATE_TEST_SUITE_P(Threads, SchedulerTest, testing::Values(1, 2, 4), testing::PrintToStringParamName());

}  // namespace
}  // namespace tilewright
