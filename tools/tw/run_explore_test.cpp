#include "run_explore.h"

#include <gtest/gtest.h>

namespace tilewright {
namespace {

TEST(ReplayCommand, RunsOneSeedWithTheOtherWordsAsTheyWere) {
  const std::vector<std::string> words = {"tw", "run", "a b.json", "--explore", "5", "--sim-seed=3", "--check", "--json", "--rounds", "1"};
  EXPECT_EQ(replay_command(words, 7, false), "tw run 'a b.json' --check --rounds 1 --sim-seed 7");
  EXPECT_EQ(replay_command({"tw", "--explore=5", "--sim-seed", "3"}, 4, true), "tw --sim-seed 4");
}

TEST(ReplayCommand, LooksForRacesOnlyWhereTheRunDid) {
  const std::vector<std::string> words = {"tw", "run", "x", "--check-races", "--explore", "5"};
  EXPECT_EQ(replay_command(words, 1, true), "tw run x --check-races --sim-seed 1");
  EXPECT_EQ(replay_command(words, 2, false), "tw run x --sim-seed 2");
}

}  // namespace
}  // namespace tilewright
