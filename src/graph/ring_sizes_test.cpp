#include "graph/ring_sizes.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/error.h"

namespace tilewright {
namespace {

class RingSizesTest : public testing::Test {
 protected:
  void TearDown() override {
    ::unsetenv("PTO2_RING_TASK_WINDOW");
    ::unsetenv("PTO2_RING_HEAP");
  }
};

TEST_F(RingSizesTest, DefaultsArePublished) {
  const RingSizes sizes = resolve_ring_sizes({});
  for (int ring = 0; ring < 4; ++ring) {
    EXPECT_EQ(sizes.task_window[ring], 16384u);
    EXPECT_EQ(sizes.heap_bytes[ring], 256u << 20);
  }
}

TEST_F(RingSizesTest, TheEnvironmentGivesOneValueOrFour) {
  ::setenv("PTO2_RING_TASK_WINDOW", "64", 1);
  ::setenv("PTO2_RING_HEAP", "1024,2048,4096,8192", 1);
  const RingSizes sizes = resolve_ring_sizes({});
  EXPECT_EQ(sizes.task_window[3], 64u);
  EXPECT_EQ(sizes.heap_bytes[2], 4096u);
}

TEST_F(RingSizesTest, AnInvalidEnvironmentIsIgnored) {
  for (const char* text : {"65", "abc", "64,64", "64,", "64,64,64,64,64", "-4", "2"}) {
    ::setenv("PTO2_RING_TASK_WINDOW", text, 1);
    EXPECT_EQ(resolve_ring_sizes({}).task_window[0], 16384u) << text;
  }
}

TEST_F(RingSizesTest, TheConfigurationWinsPerRing) {
  ::setenv("PTO2_RING_TASK_WINDOW", "64", 1);
  RuntimeEnv config;
  config.ring_task_window[1] = 128;
  EXPECT_EQ(resolve_ring_sizes(config).task_window[0], 64u);
  EXPECT_EQ(resolve_ring_sizes(config).task_window[1], 128u);
  config.ring_task_window[1] = 100;
  EXPECT_THROW(resolve_ring_sizes(config), Error);
}

}  // namespace
}  // namespace tilewright
