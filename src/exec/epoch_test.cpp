#include "exec/epoch.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace tilewright {
namespace {

TEST(Epoch, AnOldEpochIsNotWaitedFor) {
  Epoch epoch;
  const uint32_t old = epoch.load();
  epoch.advance();
  epoch.wait(old);
  EXPECT_NE(epoch.load(), old);
}

TEST(Epoch, AWaitEndsAfterItsTimeout) {
  Epoch epoch;
  epoch.wait(epoch.load(), 1000);
  epoch.wait(epoch.load(), 0);
}

TEST(Epoch, AllSleepersWakeUp) {
  Epoch epoch;
  for (int round = 0; round < 50; ++round) {
    const uint32_t now = epoch.load();
    std::vector<std::thread> sleepers;
    for (int i = 0; i < 3; ++i) {
      sleepers.emplace_back([&] {
        while (epoch.load() == now) epoch.wait(now);
      });
    }
    epoch.advance();
    for (std::thread& sleeper : sleepers) sleeper.join();
  }
}

}  // namespace
}  // namespace tilewright
