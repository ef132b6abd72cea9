#include <gtest/gtest.h>

#include <string>

#include "base/error.h"
#include "platform/device.h"

namespace tilewright {
namespace {

TEST(Platforms, SimulatedOnesComeFirstAndNeedNothing) {
  ASSERT_GE(platforms().size(), 4u);
  EXPECT_STREQ(platforms()[0]->name, "a2a3sim");
  EXPECT_EQ(find_platform("a2a3sim").aic_cores, 24);
  EXPECT_EQ(find_platform("a5sim").aic_cores, 36);
  for (const char* name : {"a2a3sim", "a5sim"}) {
    EXPECT_NO_THROW(require_available(find_platform(name)));
    EXPECT_GT(find_platform(name).memory_bytes, 0u);
    EXPECT_LE(find_platform(name).memory_bytes, uint64_t{64} << 30);
  }
}

TEST(Platforms, AnUnknownNameListsTheKnownOnes) {
  try {
    find_platform("a6");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnknownPlatform);
    EXPECT_NE(std::string(error.what()).find("unknown platform 'a6'\n  hint: use one of: a2a3sim, a5sim, a2a3, a5"), std::string::npos);
  }
}

TEST(Platforms, RealDevicesSayWhatIsMissing) {
  for (const char* name : {"a2a3", "a5"}) {
    try {
      require_available(find_platform(name));
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kPlatformUnavailable);
      EXPECT_EQ(error.message(),
                std::string("platform ") + name + " is a real Ascend device and needs a Tilewright platform plug-in, none is installed");
    }
  }
}

}  // namespace
}  // namespace tilewright
