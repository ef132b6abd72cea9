#include <gtest/gtest.h>

#include "queue/simulated_queue.h"

namespace tilewright::queue {
namespace {

void expect_safe(const Scenario& scenario, uint64_t at_least) {
  const Exploration found = explore(scenario);
  EXPECT_EQ(found.violation, "") << "schedule:" << found.trace;
  EXPECT_TRUE(found.complete);
  EXPECT_GE(found.states, at_least);
}

const std::vector<Device> kOne = {{0, {}, {}, 1}};
const std::vector<Device> kTwo = {{0, {}, {}, 1}, {1, {}, {}, 1}};

TEST(SeatProtocolLong, ThreeJobsOnOneDeviceWithTwoCrashes) { expect_safe({kOne, {{{0}, 1}, {{0}, 1}, {{0}, 1}}, 2, {}, 0}, 140'000); }

TEST(SeatProtocolLong, ExplicitDevicesWithACrash) { expect_safe({kTwo, {{{0}, 1}, {{1}, 1}, {{0, 1}, 2}}, 1, {}, 0}, 19'000); }

TEST(SeatProtocolLong, FourJobsOnTwoDevicesWithoutACrash) {
  expect_safe({kTwo, {{{0, 1}, 1}, {{0, 1}, 2}, {{0, 1}, 1}, {{0, 1}, 1}}, 0, {}, 0}, 10'000);
}

}  // namespace
}  // namespace tilewright::queue
