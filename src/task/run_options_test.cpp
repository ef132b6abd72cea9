#include "tilewright/run_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace tilewright
