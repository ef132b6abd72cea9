// Shapes, windows and threads together, and how much memory that takes. soak_long_test.cpp has more of the same.
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <fstream>
#include <iterator>

#include "exec/workload_soak.h"
#include "graph/lazy_array.h"

namespace tilewright {
namespace {

using namespace scheduler_test;

class SoakTest : public testing::TestWithParam<int> {};

TEST_P(SoakTest, EveryShapeRunsInOrderAtSmallAndLargeWindows) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (const uint64_t window : {4, 8, 32, 256, 4096}) {
    SCOPED_TRACE(testing::Message() << "window " << window);
    Soak soak(window, GetParam());
    for (const Shape shape : kShapes) {
      SCOPED_TRACE(testing::Message() << "shape " << static_cast<int>(shape));
      soak.run(shape, 700, random, window % 8 == 0);
      if (HasFailure()) return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Threads, SoakTest, testing::Values(1, 2, 4), testing::PrintToStringParamName());

// Everything a program can ask for at once: cells read and written, blocks, lanes, groups that start together, tasks without a
// kernel, kernels that yield or wait for each other, scopes, outputs; with windows that are full most of the time.
class StressTest : public SchedulerTest {
 protected:
  static constexpr uint32_t kCells = 12;
  StressTest() : SchedulerTest(16, 4) {}

  struct Plan {
    uint32_t cell = 0;
    uint32_t before = 0;  ///< value of the cell that the task must find
    uint8_t lanes = 0;
    uint32_t calls = 0;  ///< kernels of the task
    bool yields = false;
    bool meets = false;
  };
  /// A task of random sort that adds one to a cell, by its last kernel.
  Plan random_plan(std::mt19937& random, CoreTaskArgs& args) {
    static constexpr uint8_t kLanes[] = {PTO2_SUBTASK_MASK_AIV0, PTO2_SUBTASK_MASK_AIV0, PTO2_SUBTASK_MASK_AIC, 3, 7};
    Plan plan;
    plan.cell = random() % kCells;
    plan.before = written_[plan.cell];
    plan.lanes = kLanes[random() % std::size(kLanes)];
    const int16_t blocks = static_cast<int16_t>(random() % 4 == 0 ? 1 + random() % 6 : 1);
    const bool together = blocks > 1 && blocks <= 4 && random() % 2 == 0;
    plan.calls = static_cast<uint32_t>(blocks) * static_cast<uint32_t>(std::popcount(plan.lanes));
    plan.yields = random() % 5 == 0;
    plan.meets = plan.calls > 1 && (together || blocks == 1) && random() % 2 == 0;
    args.launch_spec.set_block_num(blocks);
    args.launch_spec.set_require_sync_start(together);
    args.set_allow_early_resolve(random() % 8 == 0);
    return plan;
  }

  std::array<uint32_t, kCells> cells_{};
  std::array<uint32_t, kCells> written_{};
};

TEST_P(StressTest, TasksOfAllSortsSeeWhatSubmissionOrderGives) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  constexpr uint32_t kTasks = 4000;
  for (int round = 0; round < 3; ++round) {
    cells_ = written_ = {};
    std::vector<Plan> plans(kTasks);
    std::vector<std::atomic<uint32_t>> arrived(kTasks), left(kTasks);
    std::atomic<uint32_t> wrong{0}, calls{0};
    uint32_t expected_calls = 0;
    runner_.kernel = [&](const KernelCall& call) {
      const uint64_t task = number(call);
      const Plan& plan = plans[task];
      if (cells_[plan.cell] != plan.before) ++wrong;
      ++arrived[task];
      while (plan.meets && arrived[task].load() != plan.calls) scheduler_.yield();
      if (plan.yields) scheduler_.yield();
      if (++left[task] == plan.calls) ++cells_[plan.cell];
      ++calls;
    };
    run([&] {
      int open_scopes = 0;
      for (uint32_t task = 0; task < kTasks; ++task) {
        if (random() % 16 == 0 && open_scopes < 3) {
          graph_.begin_scope(PTO2ScopeMode::AUTO);
          ++open_scopes;
        } else if (random() % 8 == 0 && open_scopes > 0) {
          graph_.end_scope();
          --open_scopes;
        }
        CoreTaskArgs args;
        const Plan plan = random_plan(random, args);
        const uint32_t one = 1;
        const ChipTensor cell = make_tensor_external(&cells_[plan.cell], &one, 1, DataType::UINT32);
        args.add_inout(cell);
        args.add_scalar(uint64_t{task});
        plans[task] = plan;
        ++written_[plan.cell];
        expected_calls += plan.calls;
        submit(args, plan.lanes);
        ASSERT_FALSE(scheduler_.stopped()) << scheduler_.failure().text;
        if (random() % 64 == 0) scheduler_.wait_all();
      }
    });
    ASSERT_EQ(scheduler_.failure().kind, RunFailure::Kind::kNone) << scheduler_.failure().text;
    EXPECT_EQ(wrong.load(), 0u);
    EXPECT_EQ(calls.load(), expected_calls);
    EXPECT_EQ(cells_, written_);
  }
}

INSTANTIATE_TEST_SUITE_P(Threads, StressTest, testing::Values(1, 2, 4), testing::PrintToStringParamName());

// ---- large windows ----

/// Windows and heaps as large as programs set them.
class LargeEngine {
 public:
  static constexpr uint64_t kWindow = 1 << 17;
  static constexpr uint64_t kHeapBytes = uint64_t{1} << 28;

  LargeEngine()
      : heap_(4 * (kHeapBytes + 4096)),
        graph_(sizes(), reinterpret_cast<uint64_t>(&heap_[0])),
        scheduler_(graph_.table(), runner_, 2, 24) {}

  void run(const std::function<void()>& orchestrate) {
    graph_.begin_run(&lanes_, nullptr);
    scheduler_.run(orchestrate);
    graph_.end_run();
    EXPECT_EQ(scheduler_.failure().kind, RunFailure::Kind::kNone) << scheduler_.failure().text;
  }
  void submit(const CoreTaskArgs& args) {
    MixedKernels kernels;
    kernels.aiv0_kernel_id = 0;
    TaskOutputTensors outputs;
    ASSERT_EQ(graph_.submit(kernels, args, outputs), SubmitState::kAccepted) << graph_.error_text();
    scheduler_.published();
  }

  const std::vector<uint8_t> lanes_ = {7};
  LazyArray<std::byte> heap_;
  Runner runner_;
  Graph graph_;
  Scheduler scheduler_;

 private:
  static RingSizes sizes() {
    RingSizes sizes = rings(kWindow);
    sizes.heap_bytes.fill(kHeapBytes);
    return sizes;
  }
};

// They all wait for one task, which ends when the last of them has been submitted: then all are ready at once.
TEST(LargeWindow, AHundredThousandReadyTasksOfOneScopeRun) {
  constexpr uint32_t kTasks = 100'000;
  LargeEngine engine;
  std::vector<std::atomic<uint8_t>> ran(kTasks);
  uint32_t cell = 0;
  std::atomic<uint32_t> early{0};
  Counter submitted;
  engine.runner_.kernel = [&](const KernelCall& call) {
    const uint64_t task = call.task->scalars()[0];
    if (task == 0) {
      engine.scheduler_.wait(submitted.reached());
      cell = 1;
    }
    if (cell != 1) ++early;
    ++ran[task];
  };
  engine.run([&] {
    engine.graph_.begin_scope(PTO2ScopeMode::AUTO);
    const uint32_t one = 1;
    const ChipTensor tensor = make_tensor_external(&cell, &one, 1, DataType::UINT32);
    for (uint64_t task = 0; task < kTasks; ++task) {
      CoreTaskArgs args;
      if (task == 0) args.add_inout(tensor);
      if (task != 0) args.add_input(tensor);
      args.add_scalar(task);
      ASSERT_NO_FATAL_FAILURE(engine.submit(args));
    }
    submitted.value = 1;
    engine.scheduler_.notify();
    engine.graph_.end_scope();
  });
  EXPECT_EQ(early.load(), 0u);
  EXPECT_TRUE(std::all_of(ran.begin(), ran.end(), [](const std::atomic<uint8_t>& times) { return times.load() == 1; }));
}

struct Pages {
  uint64_t reserved = 0;
  uint64_t resident = 0;
};

Pages pages_of_process() {
  std::ifstream file("/proc/self/statm");
  Pages pages;
  file >> pages.reserved >> pages.resident;
  const uint64_t page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  return {pages.reserved * page, pages.resident * page};
}

TEST(LargeWindow, MemoryIsCommittedAsItIsUsed) {
  const Pages before = pages_of_process();
  ASSERT_GT(before.resident, 0u);
  LargeEngine engine;
  int ran = 0;
  engine.runner_.kernel = [&](const KernelCall& call) {
    call.task->tensors()[0].data_as<float>()[0] = 1;
    ++ran;
  };
  engine.run([&] {
    const uint32_t shape[] = {1024};
    const TensorCreateInfo info(shape, 1);
    CoreTaskArgs args;
    args.add_output(info);
    engine.submit(args);
  });
  const Pages after = pages_of_process();
  EXPECT_EQ(ran, 1);
  EXPECT_GT(after.reserved - before.reserved, uint64_t{1} << 30) << "nothing large enough to tell the difference";
  EXPECT_LT(after.resident, before.resident + (uint64_t{64} << 20));
}

}  // namespace
}  // namespace tilewright
