#include "exec/suspended_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace tilewright {
namespace {

struct Flag {
  bool set = false;
  KernelWait wait() const {
    return {[](const void* self) { return static_cast<const Flag*>(self)->set; }, this, [](const void*) { return std::string("a flag"); }};
  }
};

TEST(SuspendedKernelsTest, KernelsWhoseConditionHoldsComeFirstThenThePollingInTurn) {
  SuspendedKernels kernels;
  Flag flag;
  const KernelWait wait = flag.wait();
  Fiber* fibers[3];
  for (Fiber*& fiber : fibers) {
    auto made = std::make_unique<Fiber>(4096);
    fiber = made.get();
    if (fiber == fibers[0]) {
      kernels.add_waiting(std::move(made), wait);
    } else {
      kernels.add_polling(std::move(made));
    }
  }
  kernels.collect_ready();
  EXPECT_TRUE(kernels.only_polls());
  auto polled = kernels.next();
  EXPECT_EQ(polled.get(), fibers[1]);
  kernels.add_polling(std::move(polled));
  flag.set = true;
  EXPECT_TRUE(kernels.any_ready());
  kernels.collect_ready();
  EXPECT_EQ(kernels.next().get(), fibers[0]);
  EXPECT_EQ(kernels.next().get(), fibers[2]);
}

TEST(SuspendedKernelsTest, ConditionsAreLookedAtWhenAnnouncedOrNowAndThen) {
  SuspendedKernels kernels;
  Flag flag;
  const KernelWait wait = flag.wait();
  kernels.add_waiting(std::make_unique<Fiber>(4096), wait);
  EXPECT_FALSE(kernels.wants_turn(0));
  flag.set = true;
  kernels.look(0);
  EXPECT_FALSE(kernels.can_run()) << "nothing was announced";
  EXPECT_TRUE(kernels.wants_turn(1));
  kernels.look(1);
  EXPECT_TRUE(kernels.can_run());

  std::vector<std::unique_ptr<Fiber>> idle;
  kernels.abandon(idle);
  EXPECT_EQ(idle.size(), 1u);
  kernels.add_waiting(std::move(idle[0]), wait);
  uint32_t looks = 0;
  for (; !kernels.can_run() && looks < 1000; ++looks) kernels.look(1);
  EXPECT_LE(looks, SuspendedKernels::kLookInterval);
}

TEST(PollBackoffTest, PausesGrowToALimitAndTakeMostOfTheTime) {
  PollBackoff backoff;
  uint64_t now = 1'000'000, paused = 0, longest = 0;
  while (now < 9'000'000'000) {
    const uint64_t pause = backoff.pause_before_turn(now);
    now += pause + 100;
    paused += pause;
    longest = std::max(longest, pause);
    EXPECT_TRUE(pause == 0 || now >= 1'000'000 + PollBackoff::kBurstNs);
  }
  EXPECT_EQ(longest, PollBackoff::kMaxPauseNs);
  EXPECT_GT(paused, 8'950'000'000u);
}

TEST(PollBackoffTest, KernelsThatWorkBetweenYieldsAreNotPaused) {
  PollBackoff backoff;
  uint64_t now = 1'000'000;
  for (int i = 0; i < 10000; ++i) {
    EXPECT_EQ(backoff.pause_before_turn(now), 0u);
    now += PollBackoff::kWorkNs + 1;
  }
}

TEST(PollBackoffTest, AnInterruptedTurnNowAndThenIsNoWork) {
  PollBackoff backoff;
  uint64_t now = 1'000'000, pauses = 0, late_pauses = 0;
  while (now < 20'000'000'000) {
    const uint64_t pause = backoff.pause_before_turn(now);
    now += pause + 100;
    if (pause == 0) continue;
    if (++pauses % 40 == 0) {
      EXPECT_EQ(backoff.pause_before_turn(now), 0u);
      now += 4'000'000;  // another thread ran
    }
    late_pauses += now > 10'000'000'000 ? 1 : 0;
  }
  EXPECT_LT(late_pauses, 200u) << "of ten seconds";
}

// On a busy host the caches are cold after a pause, and some turn of nearly every burst is a slow one.
TEST(PollBackoffTest, ASlowTurnInEveryBurstIsNoWork) {
  PollBackoff backoff;
  uint64_t now = 1'000'000, pauses = 0;
  int turn = 0;
  while (now < 20'000'000'000) {
    const uint64_t pause = backoff.pause_before_turn(now);
    turn = pause == 0 ? turn + 1 : 0;
    now += pause + (turn == 3 ? 2 * PollBackoff::kWorkNs : 300);
    pauses += pause != 0 && now > 10'000'000'000 ? 1 : 0;
  }
  EXPECT_LT(pauses, 100u) << "of ten seconds";
}

// Whoever polls must do something for the others now and then, even where it is never paused.
TEST(PollBackoffTest, ASlowPollerBeginsOneBurstAfterAnother) {
  PollBackoff backoff;
  uint64_t now = 1'000'000, bursts = 0;
  for (int turn = 0; turn < 1000; ++turn) {
    EXPECT_EQ(backoff.pause_before_turn(now), 0u);
    bursts += backoff.starts_another_burst() ? 1 : 0;
    EXPECT_TRUE(turn != 0 || bursts == 0) << "the first burst follows on none";
    now += 2 * PollBackoff::kWorkNs;
  }
  EXPECT_GT(bursts, 100u);
  backoff.reset();
  EXPECT_EQ(backoff.pause_before_turn(now), 0u);
  EXPECT_FALSE(backoff.starts_another_burst());
}

TEST(PollBackoffTest, AKernelThatBeginsToWorkIsSoonPausedNoMore) {
  PollBackoff backoff;
  uint64_t now = 1'000'000;
  while (now < 20'000'000'000) now += backoff.pause_before_turn(now) + 100;
  const uint64_t begin = now;
  uint64_t worked = 0;
  while (worked < 100'000) {
    now += backoff.pause_before_turn(now) + 3'000;
    worked += 3'000;
  }
  EXPECT_LT(now - begin, 300'000'000u) << "two of the longest pauses and some short ones";
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(backoff.pause_before_turn(now), 0u);
    now += 3'000;
  }
}

TEST(PollBackoffTest, StartsAgainAfterAReset) {
  PollBackoff backoff;
  uint64_t now = 1'000'000;
  while (backoff.pause_before_turn(now) == 0) now += 100;
  backoff.reset();
  EXPECT_EQ(backoff.pause_before_turn(now), 0u);
}

}  // namespace
}  // namespace tilewright
