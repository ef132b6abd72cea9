#include "graph/task_table.h"

#include <gtest/gtest.h>

#include <memory>

namespace tilewright {
namespace {

RingSizes small() {
  RingSizes sizes;
  sizes.task_window = {4, 4, 4, 4};
  return sizes;
}

TEST(TaskTable, DoneMeansThisLapOrALaterOne) {
  TaskTable table(small());
  const TaskRef first{table.slot_of(0, 1), 1}, next_lap{table.slot_of(0, 5), 5};
  EXPECT_EQ(first.slot, next_lap.slot);
  EXPECT_FALSE(table.is_done(first));
  table.mark_done(first);
  EXPECT_TRUE(table.is_done(first));
  EXPECT_FALSE(table.is_done(next_lap));
  table.mark_done(next_lap);
  EXPECT_TRUE(table.is_done(first));
}

TEST(TaskTable, ClaimsFollowSubmissionOrderAcrossLaps) {
  TaskTable table(small());
  uint32_t slots[8];
  for (uint32_t round = 0; round < 40; ++round) {
    EXPECT_FALSE(table.has_unclaimed());
    EXPECT_EQ(table.claim(slots, 8), 0u);
    table.publish(3);
    table.publish(round % 16);
    EXPECT_TRUE(table.has_unclaimed());
    ASSERT_EQ(table.claim(slots, 1), 1u);
    EXPECT_EQ(slots[0], 3u);
    ASSERT_EQ(table.claim(slots, 8), 1u);
    EXPECT_EQ(slots[0], round % 16);
  }
}

TEST(TaskTable, ParkedTasksAreHandedToWhoeverCompletes) {
  TaskTable table(small());
  const TaskRef producer{0, 0};
  EXPECT_EQ(table.park(1, producer), kNoSlot);
  EXPECT_EQ(table.park(2, producer), kNoSlot);
  table.mark_done(producer);
  const uint32_t head = table.take_waiters(0);
  ASSERT_EQ(head, 2u);
  EXPECT_EQ(table.next_in_list(head), 1u);
  EXPECT_EQ(table.next_in_list(1), kNoSlot);
  EXPECT_EQ(table.take_waiters(0), kNoSlot);
}

TEST(TaskTable, ParkingOnATaskThatCompletedMeanwhileHandsTheListBack) {
  TaskTable table(small());
  const TaskRef producer{0, 0};
  EXPECT_EQ(table.park(1, producer), kNoSlot);
  table.mark_done(producer);
  EXPECT_EQ(table.park(2, producer), 2u);  // and takes the other along
  EXPECT_EQ(table.next_in_list(2), 1u);
}

TEST(TaskTable, DiscardedTasksAreNotClaimed) {
  TaskTable table(small());
  table.publish(1);
  table.discard_unclaimed();
  uint32_t slot;
  EXPECT_EQ(table.claim(&slot, 1), 0u);
  table.publish(2);
  EXPECT_EQ(table.claim(&slot, 1), 1u);
  EXPECT_EQ(slot, 2u);
}

}  // namespace
}  // namespace tilewright
