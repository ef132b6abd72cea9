#include "queue/seat.h"

#include <gtest/gtest.h>

#include "queue/simulated_queue.h"

namespace tilewright::queue {
namespace {

std::vector<Device> devices(int count) {
  std::vector<Device> all;
  for (int id = 0; id < count; ++id) all.push_back({id, {}, {}, 1});
  return all;
}

void expect_safe(const Scenario& scenario, uint64_t at_least) {
  const Exploration found = explore(scenario);
  EXPECT_EQ(found.violation, "") << "schedule:" << found.trace;
  EXPECT_TRUE(found.complete);
  EXPECT_GE(found.states, at_least) << "the exploration is smaller than it was: does it still branch?";
  std::printf("%llu states, %llu runs\n", static_cast<unsigned long long>(found.states), static_cast<unsigned long long>(found.runs));
}

// Every interleaving of system calls of all processes, and every place where one or two of them may be killed.

TEST(SeatProtocol, ThreeJobsOnOneDevice) { expect_safe({devices(1), {{{0}, 1}, {{0}, 1}, {{0}, 1}}, 0, {}, 0}, 900); }

TEST(SeatProtocol, TwoJobsOnOneDeviceWithTwoCrashes) { expect_safe({devices(1), {{{0}, 1}, {{0}, 1}}, 2, {}, 0}, 1500); }

TEST(SeatProtocol, ThreeJobsOnOneDeviceWithACrash) { expect_safe({devices(1), {{{0}, 1}, {{0}, 1}, {{0}, 1}}, 1, {}, 0}, 15000); }

TEST(SeatProtocol, WideAndNarrowJobsWithACrash) { expect_safe({devices(2), {{{0, 1}, 1}, {{0, 1}, 2}, {{0, 1}, 1}}, 1, {}, 0}, 20000); }

TEST(SeatProtocol, ADeviceLockedOutsideTheQueue) { expect_safe({devices(2), {{{0, 1}, 1}, {{0, 1}, 1}, {{0}, 1}}, 1, {0}, 0}, 15000); }

}  // namespace
}  // namespace tilewright::queue
