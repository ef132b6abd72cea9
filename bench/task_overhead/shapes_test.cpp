#include "task_overhead/shapes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/error.h"

namespace tilewright::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<uint32_t> to_vector(std::span<const uint32_t> values) { return {values.begin(), values.end()}; }

template <typename F>
std::string message_of(F&& action, ErrorCode expected) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), expected);
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

TEST(Shapes, IndependentTasksHaveNoPredecessors) {
  const Workload workload = make_workload(Shape::kIndependent, 100);
  EXPECT_EQ(workload.slot_count, 100u);
  EXPECT_THAT(derive_order(workload).preds, IsEmpty());
}

TEST(Shapes, ChainTasksFollowEachOtherOnOneSlot) {
  const Workload workload = make_workload(Shape::kChain, 4);
  const Order order = derive_order(workload);
  EXPECT_EQ(workload.slot_count, 1u);
  EXPECT_THAT(order.preds, ElementsAre(0, 1, 2));
  EXPECT_THAT(to_vector(order.preds_of(0)), IsEmpty());
}

TEST(Shapes, ForkJoinReadersReadTheirWriterAndTheJoinerReadsThemAll) {
  const Workload workload = make_workload(Shape::kForkJoin, 70);
  const Order order = derive_order(workload);
  EXPECT_THAT(to_vector(order.preds_of(33)), IsEmpty()) << "the second group's writer";
  for (uint32_t reader = 34; reader < 65; ++reader) EXPECT_THAT(to_vector(order.preds_of(reader)), ElementsAre(33));
  const auto joiner = to_vector(order.preds_of(65));
  ASSERT_EQ(joiner.size(), 31u);
  EXPECT_EQ(joiner.front(), 34u);
  EXPECT_EQ(joiner.back(), 64u);
  EXPECT_THAT(to_vector(order.preds_of(69)), ElementsAre(66)) << "the group that is cut off";
}

TEST(Shapes, WavefrontTasksFollowTheirUpperAndLeftNeighbour) {
  const Order order = derive_order(make_workload(Shape::kWavefront, 300));
  EXPECT_THAT(to_vector(order.preds_of(0)), IsEmpty());
  EXPECT_THAT(to_vector(order.preds_of(99)), ElementsAre(98));
  EXPECT_THAT(to_vector(order.preds_of(100)), ElementsAre(0));
  EXPECT_THAT(to_vector(order.preds_of(257)), ElementsAre(157, 256));
}

TEST(Shapes, RandomReadsAreTwoDifferentOnesOfTheLast256) {
  const Workload workload = make_workload(Shape::kRandomReads, 5000);
  EXPECT_THAT(to_vector(workload.reads_of(0)), IsEmpty());
  EXPECT_THAT(to_vector(workload.reads_of(1)), ElementsAre(0));
  std::set<uint32_t> distances;
  for (uint32_t task = 2; task < 5000; ++task) {
    const auto reads = workload.reads_of(task);
    ASSERT_EQ(reads.size(), 2u) << "task " << task << ", seed " << workload.seed;
    ASSERT_NE(reads[0], reads[1]) << "task " << task << ", seed " << workload.seed;
    for (uint32_t slot : reads) {
      ASSERT_LT(slot, task);
      distances.insert(task - slot);
    }
  }
  EXPECT_EQ(*distances.begin(), 1u);
  EXPECT_EQ(*distances.rbegin(), 256u);
  EXPECT_EQ(distances.size(), 256u) << "some distance never occurs, seed " << workload.seed;
}

TEST(Shapes, TheSeedDecidesTheRandomReads) {
  EXPECT_EQ(make_workload(Shape::kRandomReads, 500, 7).reads, make_workload(Shape::kRandomReads, 500, 7).reads);
  EXPECT_NE(make_workload(Shape::kRandomReads, 500, 7).reads, make_workload(Shape::kRandomReads, 500, 8).reads);
}

// The order leaves out write-after-read, which is right only while no shape has a hazard of that kind alone.
TEST(Shapes, NoSlotThatIsOnlyReadIsWrittenAgain) {
  for (Shape shape : kAllShapes) {
    const Workload workload = make_workload(shape, 3000);
    std::vector<bool> was_read(workload.slot_count);
    for (uint32_t task = 0; task < workload.task_count(); ++task) {
      ASSERT_FALSE(was_read[workload.inout[task]]) << shape_name(shape) << " task " << task;
      for (uint32_t slot : workload.reads_of(task)) was_read[slot] = true;
    }
  }
}

TEST(Shapes, NamesAreReadBack) {
  for (Shape shape : kAllShapes) EXPECT_EQ(parse_shape(shape_name(shape)), shape);
}

TEST(Shapes, BadInputIsNamed) {
  EXPECT_THAT(message_of([] { parse_shape("circle"); }, ErrorCode::kInvalidArgument), HasSubstr("circle"));
  EXPECT_THAT(message_of([] { make_workload(Shape::kChain, 0); }, ErrorCode::kInvalidArgument), HasSubstr("no tasks"));
}

}  // namespace
}  // namespace tilewright::bench
