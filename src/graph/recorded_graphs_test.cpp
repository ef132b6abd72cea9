// What each submission of a recorded graph leads to, and where recordings end.
#include "graph/recorded_graphs.h"

#include <gtest/gtest.h>

#include "pto_orchestration_api.h"

namespace tilewright {
namespace {

using Step = RecordedGraphs::Step;

class RecordedGraphsTest : public testing::Test {
 protected:
  RecordedGraphsTest() {
    graph_.begin_run(&lanes_, nullptr);
    graphs_.begin_run(&lanes_, 2);
  }
  ~RecordedGraphsTest() override {
    graphs_.end_run();
    graph_.end_run();
  }
  static RingSizes sizes() {
    RingSizes sizes;
    sizes.task_window.fill(64);
    sizes.heap_bytes.fill(1 << 16);
    return sizes;
  }
  SubmitState node(const CoreTaskArgs& args) {
    TaskOutputTensors outputs;
    MixedKernels kernels;
    kernels.aiv0_kernel_id = 0;
    return graphs_.recorder()->submit(kernels, args, outputs);
  }

  const std::vector<uint8_t> lanes_ = {7};
  std::vector<std::byte> heap_ = std::vector<std::byte>(4 * ((1 << 16) + 4096));
  Graph graph_{sizes(), reinterpret_cast<uint64_t>(heap_.data())};
  RecordedGraphs graphs_{graph_};
};

TEST_F(RecordedGraphsTest, TheNodesOfARecordingHaveTheDependenciesOfItsTasks) {
  int memory[64];
  const uint32_t shape[] = {16};
  const ChipTensor t = make_tensor_external(memory, shape, 1);
  GraphTaskArgs args;
  args.add_input(t);
  ASSERT_EQ(graphs_.begin(1, args).step, Step::kBody);
  CoreTaskArgs step;
  step.add_inout(args.tensor(0).ref());
  for (int i = 0; i < 3; ++i) ASSERT_EQ(node(step), SubmitState::kAccepted);
  const RecordedGraphs::Next next = graphs_.end(true);
  ASSERT_EQ(next.step, Step::kReplay);
  const RecordedBody& body = next.definition->body();
  ASSERT_EQ(body.nodes.size(), 3u);
  EXPECT_EQ(body.predecessors, (std::vector<uint32_t>{0, 1}));
  EXPECT_EQ(body.tags, (std::vector<TensorArgType>{TensorArgType::INOUT})) << "declared as input, and written";
  EXPECT_EQ(graph_.task_count(), 0u) << "nothing was submitted";
  EXPECT_EQ(graphs_.begin(1, args).step, Step::kReplay);
  EXPECT_EQ(graphs_.begin(2, args).step, Step::kBody) << "another key";
}

TEST_F(RecordedGraphsTest, OutputsOfRecordedTasksAreGoodArgumentsThoughTheyHaveNoMemory) {
  GraphTaskArgs none;
  ASSERT_EQ(graphs_.begin(1, none).step, Step::kBody);
  const uint32_t shape[] = {1 << 20};
  TensorCreateInfo info(shape, 1);
  info.set_initial_value(1.0f);
  CoreTaskArgs make;
  make.add_output(info);
  TaskOutputTensors made;
  MixedKernels kernels;
  kernels.aiv0_kernel_id = 0;
  ASSERT_EQ(graphs_.recorder()->submit(kernels, make, made), SubmitState::kAccepted);
  EXPECT_TRUE(GraphRecorder::is_virtual(made.get_ref(0).buffer.addr));
  CoreTaskArgs use;
  use.add_inout(made.get_ref(0));
  ASSERT_EQ(node(use), SubmitState::kAccepted) << graphs_.recorder()->graph().error_text();
  const RecordedGraphs::Next next = graphs_.end(true);
  ASSERT_EQ(next.step, Step::kReplay);
  EXPECT_EQ(next.definition->body().heap_bytes, uint64_t{4} << 20);
  ASSERT_EQ(next.definition->body().initial_values.size(), 1u);
  EXPECT_EQ(next.definition->body().initial_values[0].address, 0u);
}

TEST_F(RecordedGraphsTest, TheSameKeyInAManualScopeIsAnotherRecording) {
  GraphTaskArgs none;
  ASSERT_EQ(graphs_.begin(1, none).step, Step::kBody);
  ASSERT_EQ(graphs_.end(true).step, Step::kReplay);
  graph_.begin_scope(PTO2ScopeMode::MANUAL);
  EXPECT_EQ(graphs_.begin(1, none).step, Step::kBody);
}

TEST_F(RecordedGraphsTest, RecordingsEndWithTheRun) {
  GraphTaskArgs none;
  ASSERT_EQ(graphs_.begin(1, none).step, Step::kBody);
  ASSERT_EQ(graphs_.end(true).step, Step::kReplay);
  graphs_.end_run();
  graph_.end_run();
  graph_.begin_run(&lanes_, nullptr);
  graphs_.begin_run(&lanes_, 2);
  EXPECT_EQ(graphs_.begin(1, none).step, Step::kBody);
}

TEST_F(RecordedGraphsTest, ARunThatEndsInABodyLeavesNothingBehind) {
  GraphTaskArgs none;
  ASSERT_EQ(graphs_.begin(1, none).step, Step::kBody);
  graphs_.end_run();
  graph_.end_run();
  graph_.begin_run(&lanes_, nullptr);
  graphs_.begin_run(&lanes_, 2);
  EXPECT_EQ(graphs_.recorder(), nullptr);
  ASSERT_EQ(graphs_.begin(1, none).step, Step::kBody);
  EXPECT_EQ(graphs_.end(true).step, Step::kReplay);
}

TEST_F(RecordedGraphsTest, EndWithoutBeginIsRefused) {
  EXPECT_EQ(graphs_.end(true).step, Step::kFailed);
  EXPECT_EQ(graph_.error_code(), PTO2_ERROR_INVALID_ARGS);
}

TEST_F(RecordedGraphsTest, ABodyThatLeavesAScopeOpenOrHasBackwardEdgesIsNotRecorded) {
  GraphTaskArgs none;
  ASSERT_EQ(graphs_.begin(1, none).step, Step::kBody);
  graphs_.recorder()->graph().begin_scope(PTO2ScopeMode::AUTO);
  EXPECT_EQ(graphs_.end(true).step, Step::kBody) << "to be called once more";
  EXPECT_EQ(graphs_.recorder(), nullptr);
  EXPECT_EQ(graphs_.end(true).step, Step::kJoin);

  ASSERT_EQ(graphs_.begin(2, none).step, Step::kBody);
  CoreTaskArgs empty;
  ASSERT_EQ(node(empty), SubmitState::kAccepted);
  ASSERT_EQ(node(empty), SubmitState::kAccepted);
  graphs_.recorder()->graph().add_dependency(PTO2TaskId::make(GraphRecorder::kPublicRing, 1),
                                             PTO2TaskId::make(GraphRecorder::kPublicRing, 0));
  EXPECT_EQ(graphs_.end(true).step, Step::kBody);
}

TEST_F(RecordedGraphsTest, ABodyOfMoreThanAMillionTasksFailsWithTheLimit) {
  GraphTaskArgs none;
  ASSERT_EQ(graphs_.begin(1, none).step, Step::kBody);
  CoreTaskArgs empty;
  for (uint32_t i = 0; i < 1u << 20; ++i) ASSERT_EQ(node(empty), SubmitState::kAccepted);
  EXPECT_EQ(node(empty), SubmitState::kFatal);
  EXPECT_EQ(graphs_.end(true).step, Step::kFailed);
  EXPECT_EQ(graph_.error_code(), PTO2_ERROR_FLOW_CONTROL_DEADLOCK);
  EXPECT_NE(graph_.error_text().find("all 1048576 task slots are in use"), std::string::npos) << graph_.error_text();
}

TEST_F(RecordedGraphsTest, WithoutNodeSlotsBodiesRunTaskByTask) {
  GraphTaskArgs none;
  CoreTaskArgs empty;
  for (uint64_t key = 0;; ++key) {
    ASSERT_LE(key, 1u << 16);
    ASSERT_EQ(graphs_.begin(key, none).step, Step::kBody);
    ASSERT_EQ(node(empty), SubmitState::kAccepted);
    if (graphs_.end(true).step == Step::kReplay) continue;
    EXPECT_EQ(key, 1u << 16) << "64 slots a recording at least, of 4194304";
    break;
  }
  EXPECT_EQ(graphs_.end(true).step, Step::kJoin);
  EXPECT_EQ(graphs_.begin(0, none).step, Step::kReplay) << "what is recorded stays";
}

}  // namespace
}  // namespace tilewright
