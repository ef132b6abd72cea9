// More devices than processors: every run ends, with the right result, and none is taken for stuck because it is slow.
#include "soak.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace tilewright::faults {
namespace {

#ifdef TW_LONG_SOAK
constexpr int kDevices = 10, kRounds = 100;
#else
constexpr int kDevices = 5, kRounds = 2;
#endif

TEST(Oversubscription, EveryRunEndsWithTheRightResult) {
  const SoakResult result = run_soak(kDevices, kRounds);
  EXPECT_EQ(result.runs, kDevices * kRounds * 6);
  std::string wrong;
  for (const std::string& line : result.wrong) wrong += "\n" + line;
  EXPECT_TRUE(result.wrong.empty()) << wrong;
}

}  // namespace
}  // namespace tilewright::faults
