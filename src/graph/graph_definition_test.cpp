#include "graph/graph_definition.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <random>

#include "graph/recorded_graphs.h"
#include "pto_orchestration_api.h"

namespace tilewright {
namespace {

constexpr uint32_t kNodes = 5, kScalars = 3;

/// A graph of kNodes plain nodes, one or two tensors and all boundary scalars each, the node's number before them. Nothing is run.
class GraphDefinitionTest : public testing::Test {
 protected:
  GraphDefinitionTest() : graph_(sizes(), reinterpret_cast<uint64_t>(heap_.data())) {
    graph_.begin_run(&lanes_, nullptr);
    graphs_.begin_run(&lanes_, 1);
  }
  ~GraphDefinitionTest() override {
    graphs_.end_run();
    graph_.end_run();
  }
  static RingSizes sizes() {
    RingSizes sizes;
    sizes.task_window.fill(256);
    sizes.heap_bytes.fill(1 << 16);
    return sizes;
  }
  using Scalars = std::array<uint64_t, kScalars>;

  void fill_args(GraphTaskArgs& args, const ChipTensor& in, const ChipTensor& out, const Scalars& scalars) {
    args.add_input(in);
    args.add_inout(out);
    for (uint64_t scalar : scalars) args.add_scalar(scalar);
  }
  /// Submits an instance, the first of which is recorded; returns its slot.
  uint32_t submit(int* in, int* out, const Scalars& scalars) {
    const uint32_t one = 1;
    const ChipTensor tensors[] = {make_tensor_external(in, &one, 1, DataType::INT32), make_tensor_external(out, &one, 1, DataType::INT32)};
    GraphTaskArgs args;
    fill_args(args, tensors[0], tensors[1], scalars);
    RecordedGraphs::Next next = graphs_.begin(1, args);
    if (next.step == RecordedGraphs::Step::kBody) {
      for (uint64_t n = 0; n < kNodes; ++n) record_node(args, n);
      next = graphs_.end(false);
    }
    EXPECT_EQ(next.step, RecordedGraphs::Step::kReplay) << graph_.error_text();
    definition_ = next.definition;
    TaskOutputTensors outputs;
    EXPECT_EQ(graph_.submit_graph(args, *definition_, outputs), SubmitState::kAccepted) << graph_.error_text();
    return graph_.table().slot_of(0, submitted_++);
  }
  void record_node(const GraphTaskArgs& g, uint64_t number) {
    CoreTaskArgs args;
    if (number % 2 == 0) args.add_input(g.tensor(0).ref());
    args.add_inout(g.tensor(1).ref());
    args.add_scalar(number);
    for (int32_t i = 0; i < static_cast<int32_t>(kScalars); ++i) args.add_scalar(g.scalar(i));
    MixedKernels kernels;
    kernels.aiv0_kernel_id = 0;
    TaskOutputTensors outputs;
    ASSERT_EQ(graphs_.recorder()->submit(kernels, args, outputs), SubmitState::kAccepted);
  }
  /// What kernels get, by the words and by the records.
  void expect_bound(ReplayContext& context, const int* in, const int* out, const Scalars& scalars) {
    context.complete_tasks();
    for (uint32_t n = 0; n < kNodes; ++n) {
      const TaskSlot& task = context.node(n);
      const uint64_t* word = context.words(n);
      const NodeHeader header = std::bit_cast<NodeHeader>(*word++);
      ASSERT_EQ(header.argument_count, task.tensor_count + task.scalar_count);
      for (uint32_t t = 0; t < task.tensor_count; ++t) {
        EXPECT_EQ(*word++, reinterpret_cast<uint64_t>(task.tensors() + t));
        EXPECT_EQ(task.tensors()[t].data_as<int>(), t + 1 == task.tensor_count ? out : in) << "node " << n;
      }
      EXPECT_EQ(*word++, n);
      EXPECT_EQ(task.scalars()[0], n);
      for (uint32_t i = 0; i < kScalars; ++i) {
        EXPECT_EQ(word[i], scalars[i]) << "word of scalar " << i << ", node " << n;
        EXPECT_EQ(task.scalars()[1 + i], scalars[i]) << "scalar " << i << ", node " << n;
      }
    }
  }

  const std::vector<uint8_t> lanes_ = {7};
  std::vector<std::byte> heap_ = std::vector<std::byte>(4 * ((1 << 16) + 4096));
  Graph graph_;
  RecordedGraphs graphs_{graph_};
  GraphDefinition* definition_ = nullptr;
  uint32_t submitted_ = 0;
};

// Zero is what a context takes to be in force before its first instance, whatever the recording had.
TEST_F(GraphDefinitionTest, TheFirstInstanceOfAContextMayHaveScalarsThatAreZero) {
  int memory[4] = {};
  const uint32_t recorded = submit(memory, memory + 1, {3, 4, 5});
  const uint32_t zeros = submit(memory + 2, memory + 3, {0, 7, 0});
  const uint32_t other = submit(memory, memory + 3, {0, 0, 0});
  ReplayContext* const first = definition_->acquire(zeros);  // before the recorded one
  expect_bound(*first, memory + 2, memory + 3, {0, 7, 0});
  ReplayContext* const second = definition_->acquire(other);  // while the first is in use
  ASSERT_NE(first, second);
  expect_bound(*second, memory, memory + 3, {0, 0, 0});
  definition_->release(first);
  ReplayContext* const again = definition_->acquire(recorded);
  ASSERT_EQ(first, again);
  expect_bound(*again, memory, memory + 1, {3, 4, 5});
}

TEST_F(GraphDefinitionTest, EveryInstanceHasItsOwnArgumentsWhicheverContextItGets) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  struct Instance {
    ReplayContext* context;
    const int *in, *out;
    Scalars scalars;
  };
  std::vector<int> memory(16);
  std::vector<Instance> bound;
  for (int i = 0; i < 200; ++i) {
    int *const in = &memory[random() % 8], *const out = &memory[8 + random() % 8];
    Scalars scalars;
    for (uint64_t& scalar : scalars) scalar = random() % 3;
    const uint32_t slot = submit(in, out, scalars);
    bound.push_back({definition_->acquire(slot), in, out, scalars});
    ASSERT_NE(bound.back().context, nullptr);
    for (const Instance& instance : bound) expect_bound(*instance.context, instance.in, instance.out, instance.scalars);
    while (bound.size() > random() % 8) {
      std::swap(bound[random() % bound.size()], bound.back());
      definition_->release(bound.back().context);
      bound.pop_back();
    }
  }
}

}  // namespace
}  // namespace tilewright
