#include "task_overhead/stamps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "base/error.h"
#include "task_overhead/shapes.h"

namespace tilewright::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

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

void stamp_in_order(StampBoard& board, std::initializer_list<uint32_t> tasks) {
  for (uint32_t task : tasks) board.run_task(task);
}

TEST(CheckStamps, SubmissionOrderIsGoodForEveryShape) {
  for (Shape shape : kAllShapes) {
    const Order order = derive_order(make_workload(shape, 1000));
    StampBoard board(1000, StampMode::kSequence);
    for (uint32_t task = 0; task < 1000; ++task) board.run_task(task);
    EXPECT_NO_THROW(check_stamps(order, board)) << shape_name(shape);
  }
}

TEST(CheckStamps, AnyOrderIsGoodForIndependentTasks) {
  StampBoard board(3, StampMode::kSequence);
  stamp_in_order(board, {2, 0, 1});
  EXPECT_NO_THROW(check_stamps(derive_order(make_workload(Shape::kIndependent, 3)), board));
}

TEST(CheckStamps, ATaskBeforeItsPredecessorIsNamedWithIt) {
  StampBoard board(3, StampMode::kSequence);
  stamp_in_order(board, {0, 2, 1});
  const std::string text = message_of([&] { check_stamps(derive_order(make_workload(Shape::kChain, 3)), board); }, ErrorCode::kMismatch);
  EXPECT_THAT(text, HasSubstr("task 2 began as number 2, before its predecessor 1, which began as number 3"));
}

TEST(CheckStamps, ATaskThatNeverRanIsNamed) {
  const Order order = derive_order(make_workload(Shape::kIndependent, 3));
  for (StampMode mode : {StampMode::kSequence, StampMode::kCount}) {
    StampBoard board(3, mode);
    stamp_in_order(board, {0, 2});
    EXPECT_THAT(message_of([&] { check_stamps(order, board); }, ErrorCode::kMismatch), HasSubstr("task 1 of 3 never ran"));
  }
}

TEST(CheckStamps, ATaskThatRanTwiceIsNoticed) {
  const Order order = derive_order(make_workload(Shape::kIndependent, 3));
  for (StampMode mode : {StampMode::kSequence, StampMode::kCount}) {
    StampBoard board(3, mode);
    stamp_in_order(board, {0, 1, 2, 1});
    EXPECT_THAT(message_of([&] { check_stamps(order, board); }, ErrorCode::kMismatch), HasSubstr("times"));
  }
}

TEST(CheckStamps, CopiedStampsThatAreNotAPermutationAreNoticed) {
  const Order order = derive_order(make_workload(Shape::kIndependent, 3));
  StampBoard board(3, StampMode::kSequence);
  for (uint32_t task = 0; task < 3; ++task) board.cells()[task] = 1;
  board.set_stamped(3);
  EXPECT_THAT(message_of([&] { check_stamps(order, board); }, ErrorCode::kMismatch), HasSubstr("not its own"));
}

TEST(CheckStamps, ABoardOfAnotherSizeIsRefused) {
  const StampBoard board(2, StampMode::kSequence);
  EXPECT_THAT(message_of([&] { check_stamps(derive_order(make_workload(Shape::kChain, 3)), board); }, ErrorCode::kMismatch),
              HasSubstr("2 cells for 3 tasks"));
}

TEST(CheckStamps, SpansShowATaskThatBeganBeforeItsPredecessorEnded) {
  const Order order = derive_order(make_workload(Shape::kChain, 2));
  StampBoard board(2, StampMode::kSpan);
  stamp_in_order(board, {0, 1});
  EXPECT_NO_THROW(check_stamps(order, board));
  std::swap(board.cells()[0], board.begins()[1]);  // begin 0, begin 1, end 0, end 1: overlapping, each in order of submission
  EXPECT_THAT(message_of([&] { check_stamps(order, board); }, ErrorCode::kMismatch),
              HasSubstr("task 1 began as number 2, before its predecessor 0, which ended as number 3"));
}

TEST(CheckStamps, SpansThatNeverEndedAreNoticed) {
  StampBoard board(2, StampMode::kSpan);
  stamp_in_order(board, {0, 1});
  board.cells()[1] = 0;
  EXPECT_THAT(message_of([&] { check_stamps(derive_order(make_workload(Shape::kChain, 2)), board); }, ErrorCode::kMismatch),
              HasSubstr("task 1 of 2 never ran"));
}

TEST(StampBoard, WorkFollowsTheStampInEveryMode) {
  for (StampMode mode : {StampMode::kSequence, StampMode::kCount, StampMode::kSpan}) {
    StampBoard board(1, mode, 10);
    board.run_task(0);
    EXPECT_NO_THROW(check_stamps(derive_order(make_workload(Shape::kIndependent, 1)), board));
  }
}

TEST(StampBoard, ClearMakesItNew) {
  StampBoard board(2, StampMode::kSpan);
  stamp_in_order(board, {1, 0});
  board.clear();
  EXPECT_EQ(board.stamped(), 0u);
  EXPECT_THAT(to_vector(board.cells()), ElementsAre(0, 0));
  EXPECT_THAT(to_vector(board.begins()), ElementsAre(0, 0));
}

}  // namespace
}  // namespace tilewright::bench
