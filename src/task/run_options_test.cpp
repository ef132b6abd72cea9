#include "tilewright/run_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/error.h"

namespace tilewright {
namespace {

TEST(RunOptions, RuntimeNamesRoundTrip) {
  for (const char* name : {"tensormap_and_ringbuffer", "host_build_graph", "aicpu_build_graph"}) {
    EXPECT_STREQ(runtime_name(parse_runtime(name)), name);
  }
}

TEST(RunOptions, UnknownRuntimeListsTheKnown) {
  try {
    parse_runtime("ring");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnknownRuntime);
    EXPECT_THAT(error.what(), ::testing::AllOf(::testing::HasSubstr("'ring'"), ::testing::HasSubstr("host_build_graph")));
  }
}

TEST(RunOptions, DeadlinesAreSecondsOrNone) {
  EXPECT_EQ(parse_deadline("60"), 60'000u);
  EXPECT_EQ(parse_deadline("0.5"), 500u);
  EXPECT_EQ(parse_deadline("1e-9"), 1u) << "never 0, which is the default";
  EXPECT_EQ(parse_deadline("1e9"), 1'000'000'000'000u);
  EXPECT_EQ(parse_deadline("none"), kNoDeadline);
  for (const char* bad : {"", "0", "-1", "nan", "inf", "2e9", "5s", " 5", "None"}) {
    try {
      parse_deadline(bad);
      FAIL() << bad;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
      EXPECT_THAT(error.what(), ::testing::HasSubstr("'" + std::string(bad) + "'"));
    }
  }
}

TEST(RunOptions, TheEnvironmentNamesTheDefaultDeadline) {
  ::unsetenv("TW_DEADLINE");
  EXPECT_EQ(deadline_from_environment(), 0u);
  ::setenv("TW_DEADLINE", "2.5", 1);
  EXPECT_EQ(deadline_from_environment(), 2500u);
  ::setenv("TW_DEADLINE", "none", 1);
  EXPECT_EQ(deadline_from_environment(), kNoDeadline);
  for (const char* bad : {"", "soon", "-3"}) {
    ::setenv("TW_DEADLINE", bad, 1);
    EXPECT_EQ(deadline_from_environment(), 0u) << bad;
  }
  ::unsetenv("TW_DEADLINE");
}

TEST(RunOptions, SeedsAreNumbersAboveZero) {
  EXPECT_EQ(parse_sim_seed("--sim-seed", "7"), 7u);
  EXPECT_EQ(parse_sim_seed("--sim-seed", "18446744073709551615"), UINT64_MAX);
  for (const char* bad : {"", "0", "-1", "7x", " 7", "0x7", "18446744073709551616", "1.5"}) {
    try {
      parse_sim_seed("--sim-seed", bad);
      ADD_FAILURE() << bad;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
      EXPECT_THAT(error.what(), ::testing::HasSubstr(std::string("--sim-seed: '") + bad + "' is no seed"));
    }
  }
  ::unsetenv("TW_SIM_SEED");
  EXPECT_EQ(sim_seed_from_environment(), 0u);
  ::setenv("TW_SIM_SEED", "12", 1);
  EXPECT_EQ(sim_seed_from_environment(), 12u);
  ::setenv("TW_SIM_SEED", "twelve", 1);
  EXPECT_THROW(sim_seed_from_environment(), Error);
  ::unsetenv("TW_SIM_SEED");
}

}  // namespace
}  // namespace tilewright
