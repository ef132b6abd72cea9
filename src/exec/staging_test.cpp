#include "exec/scheduler_test_support.h"

namespace tilewright {
namespace {

using namespace scheduler_test;

/// Tasks that write or read one of eight cells, with hints.
class StagingTest : public SchedulerTest {
 protected:
  struct Hints {
    bool early = false;
    int16_t blocks = 1;
    bool together = false;
    bool predicate = false;
  };
  void task(uint64_t number, std::vector<size_t> cells, const Hints& hints, uint8_t lanes = PTO2_SUBTASK_MASK_AIV0) {
    const uint32_t one = 1;
    std::vector<ChipTensor> tensors;
    for (const size_t cell : cells) tensors.push_back(make_tensor_external(&cells_[cell], &one, 1, DataType::UINT32));
    CoreTaskArgs args;
    for (const ChipTensor& tensor : tensors) args.add_inout(tensor);
    args.add_scalar(number);
    args.set_allow_early_resolve(hints.early);
    args.launch_spec.set_block_num(hints.blocks);
    args.launch_spec.set_require_sync_start(hints.together);
    const ChipTensor zero = make_tensor_external(&zero_, &one, 1, DataType::UINT32);
    CoreTaskPredicate predicate;
    predicate.operand.tensor = &zero;
    predicate.operand.ndims = 1;
    predicate.op = PredicateOp::EQ;
    if (hints.predicate) args.set_predicate(predicate);
    submit(args, lanes);
  }
  /// The scalar comes after the tensors.
  static uint64_t number(const KernelCall& call) { return call.task->scalars()[0]; }
  void expect_good_end() { EXPECT_EQ(scheduler_.failure().kind, RunFailure::Kind::kNone) << scheduler_.failure().text; }

  uint32_t cells_[8] = {};
  uint32_t zero_ = 0;
};

TEST_P(StagingTest, AConsumerIsStagedBeforeItsProducerEndsAndStartsOnThatCore) {
  Counter staged;
  std::atomic<int32_t> core{-1}, ran_on{-1};
  runner_.staged = [&](const KernelCall& call) {
    EXPECT_EQ(number(call), 1u);
    EXPECT_FALSE(call.staged);
    core = call.core;
    ++staged.value;
    scheduler_.notify();
  };
  runner_.kernel = [&](const KernelCall& call) {
    if (number(call) == 0) return scheduler_.wait(staged.reached());  // a deadlock if the hint is ignored
    EXPECT_TRUE(call.staged);
    ran_on = call.core;
  };
  run([&] {
    task(0, {0}, {.early = true});
    task(1, {0}, {});
  });
  expect_good_end();
  EXPECT_EQ(ran_on.load(), core.load());
  EXPECT_EQ(scheduler_.staged_early(), 1u);
}

TEST_P(StagingTest, NothingIsStagedThatMayNotBe) {
  Counter zero_ended;
  std::atomic<bool> one_ended{false};
  std::atomic<int> ran{0};
  runner_.staged = [&](const KernelCall& call) {
    // Only tasks that have not ended count: once task 1 has, task 10 waits for task 0 alone.
    EXPECT_TRUE(number(call) == 10 && one_ended.load()) << "task " << number(call) << " was staged";
  };
  runner_.kernel = [&](const KernelCall& call) {
    ++ran;
    for (int i = 0; number(call) < 10 && i < 200; ++i) scheduler_.yield();
    if (number(call) == 0) {
      ++zero_ended.value;
      scheduler_.notify();
    } else if (number(call) == 1) {
      scheduler_.wait(zero_ended.reached());
      one_ended = true;
    }
  };
  run([&] {
    task(0, {0}, {.early = true});
    task(1, {1}, {});
    task(10, {0, 1}, {});                // one of its producers does not allow it
    task(11, {0}, {.predicate = true});  // its predicate may depend on the producer
    task(2, {2}, {.early = true});
    task(3, {2}, {.early = true, .predicate = true});
  });
  expect_good_end();
  EXPECT_EQ(ran.load(), 6);
}

TEST_P(StagingTest, AConsumerOfSeveralIsStagedWhenTheLastOfThemHasItsCore) {
  Counter staged, released;
  std::atomic<bool> early{false};
  runner_.staged = [&](const KernelCall&) {
    early = released.value.load() == 0;
    ++staged.value;
    scheduler_.notify();
  };
  runner_.kernel = [&](const KernelCall& call) {
    switch (number(call)) {
      case 0:
      case 2: scheduler_.wait(staged.reached()); break;
      case 1: scheduler_.wait(released.reached()); break;
      case 4:
        for (int i = 0; i < 200; ++i) scheduler_.yield();
        ++released.value;
        scheduler_.notify();
        break;
      default: break;
    }
  };
  run([&] {
    task(0, {0}, {.early = true});
    task(1, {1}, {});               // keeps task 2 from its core
    task(2, {1}, {.early = true});
    task(3, {0, 1}, {});
    task(4, {4}, {});
  });
  expect_good_end();
  EXPECT_FALSE(early.load());
  EXPECT_EQ(scheduler_.staged_early(), 1u);
}

// Five blocks on four cores: the consumer must not take a core that the fifth block needs.
TEST_P(StagingTest, AWideProducerCountsWhenAllItsBlocksHaveCores) {
  std::atomic<int> started{0}, started_when_staged{-1};
  runner_.staged = [&](const KernelCall&) { started_when_staged = started.load(); };
  runner_.kernel = [&](const KernelCall& call) {
    if (number(call) != 0) return;
    ++started;
    for (int i = 0; i < 50; ++i) scheduler_.yield();
  };
  run([&] {
    task(0, {0}, {.early = true, .blocks = 5});
    task(1, {0}, {});
  });
  expect_good_end();
  EXPECT_EQ(started.load(), 5);
  EXPECT_TRUE(started_when_staged.load() == -1 || started_when_staged.load() >= 4) << started_when_staged.load();
}

TEST_P(StagingTest, WideConsumersAreStagedAsFarAsThereAreCores) {
  for (const bool together : {false, true}) {
    Counter staged;
    std::atomic<int> calls{0}, blocks_staged{0};
    runner_.staged = [&](const KernelCall&) {
      ++blocks_staged;
      ++staged.value;
      scheduler_.notify();
    };
    Meeting meeting(3);
    runner_.kernel = [&](const KernelCall& call) {
      if (number(call) == 0) return scheduler_.wait(staged.reached());
      ++calls;
      if (together) meeting.arrive(scheduler_);
    };
    run([&] {
      task(0, {0}, {.early = true});
      task(1, {0}, {.blocks = static_cast<int16_t>(together ? 3 : 10), .together = together});
    });
    expect_good_end();
    EXPECT_EQ(blocks_staged.load(), 3);
    EXPECT_EQ(calls.load(), together ? 3 : 10);
  }
}

TEST_P(StagingTest, MixedConsumersAreStagedOnOneCluster) {
  Counter staged;
  staged.target = 3;
  std::mutex mutex;
  std::set<std::pair<int32_t, int32_t>> lanes;  // lane, cluster
  runner_.staged = [&](const KernelCall& call) {
    const std::lock_guard lock(mutex);
    lanes.insert({call.lane, call.lane == 0 ? call.core : call.core / 2});
    ++staged.value;
    scheduler_.notify();
  };
  runner_.kernel = [&](const KernelCall& call) {
    if (number(call) == 0) scheduler_.wait(staged.reached());
  };
  run([&] {
    task(0, {0}, {.early = true}, PTO2_SUBTASK_MASK_AIC);
    task(1, {0}, {}, 7);
  });
  expect_good_end();
  ASSERT_EQ(lanes.size(), 3u);
  for (const auto& [lane, cluster] : lanes) EXPECT_EQ(cluster, lanes.begin()->second);
}

// The producer ends only when a group of three has met, and one of the four cores is staged.
TEST_P(StagingTest, StagedCoresAreGivenUpWhenSomethingReadyWantsThem) {
  for (int round = 0; round < 20; ++round) {
    Counter staged, met;
    Meeting meeting(3);
    std::atomic<int> consumer{0};
    runner_.staged = [&](const KernelCall&) {
      ++staged.value;
      scheduler_.notify();
    };
    runner_.kernel = [&](const KernelCall& call) {
      switch (number(call)) {
        case 0: scheduler_.wait(met.reached()); break;
        case 1: ++consumer; break;
        case 2: scheduler_.wait(staged.reached()); break;  // on an AIC core
        default:
          meeting.arrive(scheduler_);
          ++met.value;
          scheduler_.notify();
      }
    };
    run([&] {
      task(2, {2}, {}, PTO2_SUBTASK_MASK_AIC);
      task(0, {0}, {.early = true});
      task(1, {0}, {});
      task(3, {2}, {.blocks = 3, .together = true});
    });
    expect_good_end();
    ASSERT_EQ(consumer.load(), 1);
    ASSERT_EQ(staged.value.load(), 1);
    ASSERT_EQ(scheduler_.staged_early(), 0u);
  }
}

TEST_P(StagingTest, TheSameResultAsInSubmissionOrderWithHintsEverywhere) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  constexpr uint32_t kTasks = 4000;
  std::vector<std::vector<uint32_t>> expected(kTasks);  // what each task sees in its cells
  std::vector<std::vector<size_t>> cells(kTasks);
  std::vector<Hints> hints(kTasks);
  std::array<uint32_t, 8> serial{};
  for (uint32_t i = 0; i < kTasks; ++i) {
    for (size_t cell = random() % 8; cell < 8; cell += 1 + random() % 8) cells[i].push_back(cell);
    hints[i] = {.early = random() % 3 != 0, .blocks = static_cast<int16_t>(random() % 4 == 0 ? 1 + random() % 6 : 1)};
    hints[i].together = hints[i].blocks <= 4 && random() % 2 == 0;
    for (const size_t cell : cells[i]) expected[i].push_back(serial[cell]);
    for (const size_t cell : cells[i]) serial[cell] = i + 1;
  }
  std::atomic<int> wrong{0};
  runner_.kernel = [&](const KernelCall& call) {
    const uint64_t i = number(call);
    if (i % 5 == 0) scheduler_.yield();
    if (call.block != call.task->block_num - 1) return;  // the last block started writes; earlier ones may still run
    for (size_t n = 0; n < cells[i].size(); ++n) wrong += cells_[cells[i][n]] != expected[i][n] ? 1 : 0;
    for (const size_t cell : cells[i]) cells_[cell] = static_cast<uint32_t>(i + 1);
  };
  run([&] {
    for (uint32_t i = 0; i < kTasks; ++i) task(i, cells[i], hints[i]);
  });
  expect_good_end();
  EXPECT_EQ(wrong.load(), 0);
}

INSTANTIATE_TEST_SUITE_P(Threads, StagingTest, testing::Values(1, 2, 4), testing::PrintToStringParamName());

}  // namespace
}  // namespace tilewright
