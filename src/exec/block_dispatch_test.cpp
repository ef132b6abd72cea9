#include "exec/block_dispatch.h"

#include <gtest/gtest.h>

#include "graph/graph.h"

namespace tilewright {
namespace {

constexpr uint8_t kAic = PTO2_SUBTASK_MASK_AIC, kAiv = PTO2_SUBTASK_MASK_AIV0, kMix = 7;

struct NoRunner : KernelRunner {
  bool run(const KernelCall&) override { return true; }
  void stage(const KernelCall& call) override { staged.push_back(call); }
  std::vector<KernelCall> staged;
};

/// One thread plays all carriers, on three clusters.
class BlockDispatchTest : public testing::Test {
 protected:
  BlockDispatchTest() { graph_.begin_run(&lanes_, nullptr); }

  /// A task that is ready; its slot.
  uint32_t task(uint8_t lanes, int16_t blocks = 1, bool together = false) {
    CoreTaskArgs args;
    args.launch_spec.set_block_num(blocks);
    args.launch_spec.set_require_sync_start(together);
    return submit(args, lanes);
  }
  uint32_t submit(const CoreTaskArgs& args, uint8_t lanes) {
    MixedKernels kernels;
    if ((lanes & kAic) != 0) kernels.aic_kernel_id = 0;
    if ((lanes & kAiv) != 0) kernels.aiv0_kernel_id = 0;
    if ((lanes & PTO2_SUBTASK_MASK_AIV1) != 0) kernels.aiv1_kernel_id = 0;
    TaskOutputTensors outputs;
    EXPECT_EQ(graph_.submit(kernels, args, outputs), SubmitState::kAccepted) << graph_.error_text();
    uint32_t slot = kNoSlot;
    EXPECT_EQ(graph_.table().claim(&slot, 1), 1u);
    return slot;
  }
  uint32_t open(uint8_t lanes, int16_t blocks = 1, bool together = false) {
    const uint32_t slot = task(lanes, blocks, together);
    dispatch_.open(slot);
    return slot;
  }
  /// All jobs that have cores now.
  std::vector<BlockDispatch::Job> take() {
    std::vector<BlockDispatch::Job> jobs;
    for (BlockDispatch::Job job; dispatch_.has_jobs() && dispatch_.take_job(job);) jobs.push_back(job);
    return jobs;
  }
  /// The task, if this was its last job.
  uint32_t finish(const BlockDispatch::Job& job) {
    dispatch_.give_core(warm_, job.call.kind, job.call.core);
    dispatch_.release_warm(warm_);
    return dispatch_.finish_job(job);
  }
  uint32_t slot_of(const BlockDispatch::Job& job) { return graph_.table().slot_of(job.call.task->ring, job.call.task->id); }

  const std::vector<uint8_t> lanes_ = {7};
  std::vector<std::byte> heap_ = std::vector<std::byte>(4 * ((1 << 20) + 4096));
  RingSizes sizes_ = [] {
    RingSizes sizes;
    sizes.task_window.fill(64);
    sizes.heap_bytes.fill(1 << 20);
    return sizes;
  }();
  Graph graph_{sizes_, reinterpret_cast<uint64_t>(heap_.data())};
  NoRunner runner_;
  BlockDispatch dispatch_{graph_.table(), runner_, 3};
  WarmCores warm_;
};

TEST_F(BlockDispatchTest, BlocksComeInWavesAndTheLastOneCompletesTheTask) {
  const uint32_t slot = open(kAiv, 8);
  auto jobs = take();
  ASSERT_EQ(jobs.size(), 6u);
  int32_t next = 6;
  for (int done = 0; done < 8; ++done) {
    const auto job = jobs[static_cast<size_t>(done)];
    EXPECT_EQ(job.call.block, done);
    EXPECT_EQ(finish(job), done == 7 ? slot : kNoSlot);
    for (const auto& more : take()) {
      EXPECT_EQ(more.call.block, next++);
      jobs.push_back(more);
    }
  }
  EXPECT_FALSE(dispatch_.cores_wanted());
}

TEST_F(BlockDispatchTest, TheLanesOfABlockGetOneCluster) {
  open(kMix, 3);
  const auto jobs = take();
  ASSERT_EQ(jobs.size(), 9u);
  for (const auto& job : jobs) {
    const int32_t cluster = job.call.lane == 0 ? job.call.core : job.call.core / 2;
    EXPECT_EQ(cluster, jobs[static_cast<size_t>(job.call.block) * 3].call.core);
    EXPECT_TRUE(job.call.lane == 0 || job.call.core % 2 == job.call.lane - 1) << job.call.core;
  }
}

TEST_F(BlockDispatchTest, WhoFindsNoCoreReservesItsKindAndIsServedFirst) {
  open(kAiv, 6);
  auto jobs = take();
  const uint32_t first = open(kAiv), second = open(kAiv);
  EXPECT_TRUE(take().empty());
  EXPECT_TRUE(dispatch_.cores_wanted());
  EXPECT_NE(dispatch_.take_core(warm_, CoreType::AIC), CorePool::kNone) << "the other kind is not reserved";
  finish(jobs[0]);
  EXPECT_EQ(dispatch_.take_core(warm_, CoreType::AIV), CorePool::kNone) << "kept for who came first";
  auto next = take();
  ASSERT_EQ(next.size(), 1u);
  EXPECT_EQ(slot_of(next[0]), first);
  finish(jobs[1]);
  next = take();
  ASSERT_EQ(next.size(), 1u);
  EXPECT_EQ(slot_of(next[0]), second);
}

TEST_F(BlockDispatchTest, AGroupGetsAllItsCoresOrNone) {
  open(kAiv);
  const auto one = take();
  open(kAiv, 6, true);
  EXPECT_TRUE(take().empty());
  const uint32_t small = open(kAiv, 2, true);
  EXPECT_TRUE(take().empty()) << "the group before waits for the same cores";
  open(kAic, 3, true);
  EXPECT_EQ(take().size(), 3u) << "other cores";
  finish(one[0]);
  auto group = take();
  ASSERT_EQ(group.size(), 6u);
  for (const auto& job : group) finish(job);
  group = take();
  ASSERT_EQ(group.size(), 2u);
  EXPECT_EQ(slot_of(group[0]), small);
}

TEST_F(BlockDispatchTest, ReservationsCanBeIgnored) {
  open(kAiv);
  take();
  open(kAiv, 6, true);
  const uint32_t small = open(kAiv);
  EXPECT_TRUE(take().empty());
  EXPECT_TRUE(dispatch_.ignore_reservations());
  const auto jobs = take();
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(slot_of(jobs[0]), small);
  EXPECT_FALSE(dispatch_.ignore_reservations()) << "the group still finds too few";
  std::string lines;
  EXPECT_EQ(dispatch_.describe_open(lines), 1u);
  EXPECT_EQ(lines, "\n  a task of 6 blocks that start together waits for cores for 6 of them");
}

class BlockDispatchStagingTest : public BlockDispatchTest {
 protected:
  /// A task on x; with the hint or not.
  uint32_t on_x(bool early, int16_t blocks = 1, bool together = false) {
    const uint32_t one = 1;
    const ChipTensor x = make_tensor_external(&x_, &one, 1);
    CoreTaskArgs args;
    args.add_inout(x);
    args.set_allow_early_resolve(early);
    args.launch_spec.set_block_num(blocks);
    args.launch_spec.set_require_sync_start(together);
    return submit(args, kAiv);
  }
  float x_ = 0;
};

TEST_F(BlockDispatchStagingTest, ACandidateIsStagedWhenItsProducerIsDispatched) {
  const uint32_t producer = on_x(true), consumer = on_x(false, 4);
  dispatch_.offer(consumer);
  dispatch_.offer(consumer);
  EXPECT_TRUE(runner_.staged.empty());
  ASSERT_NE(dispatch_.take_core(warm_, CoreType::AIV), CorePool::kNone);
  dispatch_.dispatched(graph_.table().record(producer));
  EXPECT_EQ(runner_.staged.size(), 4u);
  EXPECT_FALSE(dispatch_.has_jobs());
  graph_.table().mark_done({producer, graph_.table().record(producer).id});
  EXPECT_TRUE(dispatch_.start_staged(consumer));
  const auto jobs = take();
  ASSERT_EQ(jobs.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_TRUE(jobs[i].call.staged);
    EXPECT_EQ(jobs[i].call.core, runner_.staged[i].core);
    EXPECT_EQ(finish(jobs[i]), i == 3 ? consumer : kNoSlot);
  }
  EXPECT_EQ(dispatch_.staged_early(), 1u);
  EXPECT_FALSE(dispatch_.start_staged(consumer));
}

TEST_F(BlockDispatchStagingTest, BlocksWithoutACoreFollowTheStagedOnes) {
  const uint32_t producer = on_x(true), consumer = on_x(false, 8);
  const int32_t core = dispatch_.take_core(warm_, CoreType::AIV);
  dispatch_.dispatched(graph_.table().record(producer));
  dispatch_.offer(consumer);
  EXPECT_EQ(runner_.staged.size(), 5u);
  dispatch_.give_core(warm_, CoreType::AIV, core);
  dispatch_.release_warm(warm_);
  EXPECT_TRUE(dispatch_.start_staged(consumer));
  auto jobs = take();
  ASSERT_EQ(jobs.size(), 6u);
  for (size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(jobs[i].call.staged, i < 5);
    EXPECT_EQ(jobs[i].call.block, static_cast<int32_t>(i));
  }
  for (const auto& job : jobs) finish(job);
  jobs = take();
  ASSERT_EQ(jobs.size(), 2u);
  EXPECT_EQ(finish(jobs[0]), kNoSlot);
  EXPECT_EQ(finish(jobs[1]), consumer);
}

TEST_F(BlockDispatchStagingTest, StagedCoresGoToWhoIsReady) {
  const uint32_t producer = on_x(true), consumer = on_x(false, 4);
  dispatch_.take_core(warm_, CoreType::AIV);
  dispatch_.dispatched(graph_.table().record(producer));
  dispatch_.offer(consumer);
  EXPECT_EQ(runner_.staged.size(), 4u);
  open(kAiv, 3, true);
  EXPECT_EQ(take().size(), 3u);
  EXPECT_FALSE(dispatch_.start_staged(consumer)) << "it starts as any other";
  EXPECT_EQ(dispatch_.staged_early(), 0u);
}

TEST_F(BlockDispatchStagingTest, NothingIsStagedWhileSomethingReadyWaits) {
  const uint32_t producer = on_x(true), consumer = on_x(false);
  dispatch_.take_core(warm_, CoreType::AIV);
  open(kAiv, 6, true);
  EXPECT_TRUE(take().empty());
  dispatch_.dispatched(graph_.table().record(producer));
  dispatch_.offer(consumer);
  EXPECT_TRUE(runner_.staged.empty());
}

}  // namespace
}  // namespace tilewright
