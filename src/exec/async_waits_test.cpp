#include "exec/async_waits.h"

#include <gtest/gtest.h>

namespace tilewright {
namespace {

TEST(AsyncWaits, ATaskIsCompleteWhenItsKernelsHaveReturnedAndAllConditionsHold) {
  AsyncWaits waits;
  uint32_t counters[2] = {};
  const CounterCondition first{&counters[0], 1}, second{&counters[1], 0x80000000u};
  std::vector<uint32_t> done;
  EXPECT_FALSE(waits.any());
  EXPECT_FALSE(waits.kernels_returned(7)) << "no condition: complete at once";
  waits.add(7, {&first, 1}, "block 0");
  waits.add(7, {&second, 1}, "block 1");
  counters[0] = 5;
  counters[1] = 0xffffffffu;  // counters are unsigned
  waits.take_complete(done);
  EXPECT_TRUE(done.empty()) << "kernels still run";
  EXPECT_TRUE(waits.kernels_returned(7));
  EXPECT_FALSE(waits.kernels_returned(8)) << "another task";
  counters[1] = 0x7fffffffu;
  EXPECT_FALSE(waits.any_complete());
  std::string lines;
  EXPECT_EQ(waits.describe(lines), 1u);
  EXPECT_EQ(lines.find("block 0"), std::string::npos) << lines;
  EXPECT_NE(lines.find("block 1 has returned and waits for counter"), std::string::npos) << lines;
  EXPECT_NE(lines.find("to reach 2147483648; it is 2147483647"), std::string::npos) << lines;
  ++counters[1];
  EXPECT_TRUE(waits.any_complete());
  waits.take_complete(done);
  EXPECT_EQ(done, std::vector<uint32_t>{7});
  EXPECT_FALSE(waits.any());
}

TEST(AsyncWaits, ARunStartsEmpty) {
  AsyncWaits waits;
  uint32_t counter = 0;
  const CounterCondition condition{&counter, 1};
  waits.add(1, {&condition, 1}, "kernel");
  waits.reset();
  EXPECT_FALSE(waits.any());
  EXPECT_FALSE(waits.kernels_returned(1));
}

}  // namespace
}  // namespace tilewright
