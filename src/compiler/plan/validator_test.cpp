#include "compiler/plan/validator.h"

#include <gtest/gtest.h>

namespace tilewright::plan {
namespace {

constexpr int kV = 1, kMte2 = 4, kMte3 = 5;

Listed access(int id, int pipe, bool write, int64_t begin, int64_t end, int slot = -1) {
  Listed listed;
  listed.id = id;
  listed.pipe = pipe;
  listed.accesses.push_back({0, begin, end, slot, write});
  return listed;
}

Listed flag(Listed::Kind kind, int from, int to, int event = 0) {
  Listed listed;
  listed.kind = kind;
  listed.id = 100;
  listed.pipe = from;
  listed.to_pipe = to;
  listed.event = event;
  return listed;
}
Listed set(int from, int to, int event = 0) { return flag(Listed::Kind::kSetFlag, from, to, event); }
Listed wait(int from, int to, int event = 0) { return flag(Listed::Kind::kWaitFlag, from, to, event); }

Listed loop(Listing body, int64_t min, int64_t max) {
  Listed listed;
  listed.kind = Listed::Kind::kLoop;
  listed.first = std::move(body);
  listed.min_trips = min;
  listed.max_trips = max;
  return listed;
}

void expect_only(const Listing& listing, PlanFault::Kind kind, int first, int second) {
  const std::vector<PlanFault> faults = validate(listing);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].kind, kind) << faults[0].text;
  EXPECT_EQ(faults[0].first, first);
  EXPECT_EQ(faults[0].second, second);
}

TEST(ValidatorTest, AFlagOrdersTwoPipes) {
  EXPECT_TRUE(validate({access(0, kMte2, true, 0, 64), set(kMte2, kV), wait(kMte2, kV), access(1, kV, false, 32, 40)}).empty());
}

TEST(ValidatorTest, TellsUnorderedAccessesToTheSameBytes) {
  expect_only({access(0, kMte2, true, 0, 64), access(1, kV, false, 63, 70)}, PlanFault::Kind::kUnordered, 0, 1);
  expect_only({access(0, kMte2, false, 0, 64), access(1, kV, true, 0, 64)}, PlanFault::Kind::kUnordered, 0, 1);
  EXPECT_TRUE(validate({access(0, kMte2, true, 0, 64), access(1, kV, false, 64, 70)}).empty());
  EXPECT_TRUE(validate({access(0, kMte2, false, 0, 64), access(1, kV, false, 0, 64)}).empty());
}

TEST(ValidatorTest, AFlagThatIsSetTooEarlyDoesNotOrder) {
  expect_only({set(kMte2, kV), access(0, kMte2, true, 0, 64), wait(kMte2, kV), access(1, kV, false, 0, 64)}, PlanFault::Kind::kUnordered, 0,
              1);
}

TEST(ValidatorTest, ScalarsAndBarriersOrderAllThatFollows) {
  EXPECT_TRUE(validate({access(0, kListedScalar, true, 0, 64), access(1, kV, false, 0, 64)}).empty());
  EXPECT_TRUE(validate({access(0, kMte2, true, 0, 64), set(kMte2, kListedScalar), wait(kMte2, kListedScalar), access(1, kV, false, 0, 64)})
                  .empty());
  Listed barrier;
  barrier.kind = Listed::Kind::kBarrier;
  EXPECT_TRUE(validate({access(0, kMte2, true, 0, 64), barrier, access(1, kV, false, 0, 64)}).empty());
}

TEST(ValidatorTest, TellsFlagsThatDoNotMatch) {
  expect_only({set(kMte2, kV), set(kMte2, kV), wait(kMte2, kV)}, PlanFault::Kind::kSetTwice, 100, 100);
  expect_only({wait(kMte2, kV)}, PlanFault::Kind::kWaitWithoutSet, -1, 100);
  expect_only({set(kMte2, kV, 3), wait(kMte2, kV, 3), set(kMte2, kV)}, PlanFault::Kind::kLeftSet, 100, -1);
}

TEST(ValidatorTest, TellsWhatOverwroteAValue) {
  expect_only({access(0, kV, true, 0, 64, 7), access(1, kV, true, 32, 96, 8), access(2, kV, false, 0, 64, 7)},
              PlanFault::Kind::kOverwritten, 1, 2);
}

TEST(ValidatorTest, ValuesAreHandedOnThroughSlots) {
  Listed assign;
  assign.kind = Listed::Kind::kAssign;
  assign.assigned = {{8, 7}, {7, 8}};
  const Listing two = {access(0, kV, true, 0, 64, 7), access(1, kV, true, 64, 128, 8), assign};
  Listing right = two, wrong = two;
  right.push_back(access(2, kV, false, 0, 64, 8));
  wrong.push_back(access(2, kV, false, 0, 64, 7));
  EXPECT_TRUE(validate(right).empty());
  expect_only(wrong, PlanFault::Kind::kOverwritten, 0, 2);
}

TEST(ValidatorTest, TriesAllTurnsAndBothWays) {
  // Only the second turn meets what the first one read.
  const Listing turn = {access(0, kMte2, true, 0, 64), set(kMte2, kMte3), wait(kMte2, kMte3), access(1, kMte3, false, 0, 64)};
  EXPECT_TRUE(validate({loop(turn, 0, 1)}).empty());
  expect_only({loop(turn, 0, 2)}, PlanFault::Kind::kUnordered, 1, 0);
  Listed branch;
  branch.kind = Listed::Kind::kBranch;
  branch.second = {access(1, kV, true, 0, 64)};
  expect_only({access(0, kMte2, true, 0, 64), branch}, PlanFault::Kind::kUnordered, 0, 1);
  Listed again;
  again.kind = Listed::Kind::kWhile;
  again.first = {access(0, kMte2, true, 0, 64)};
  again.second = {access(1, kV, true, 0, 64)};
  const std::vector<PlanFault> faults = validate({again});  // both ways round
  ASSERT_EQ(faults.size(), 2u);
  EXPECT_EQ(faults[0].second, 1);
  EXPECT_EQ(faults[1].second, 0);
}

}  // namespace
}  // namespace tilewright::plan
