// Every shape at every window size, for minutes rather than for seconds.
#include "exec/workload_soak.h"

namespace tilewright {
namespace {

using namespace scheduler_test;

class LongSoakTest : public testing::TestWithParam<int> {};

TEST_P(LongSoakTest, EveryShapeRunsInOrderAtEveryWindow) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (uint64_t window = 4; window <= 4096; window *= 2) {
    SCOPED_TRACE(testing::Message() << "window " << window);
    Soak soak(window, GetParam());
    for (const bool yields : {false, true}) {
      for (const Shape shape : kShapes) {
        SCOPED_TRACE(testing::Message() << "shape " << static_cast<int>(shape) << (yields ? ", yields" : ""));
        soak.run(shape, 50'000, random, yields);
        if (HasFailure()) return;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Threads, LongSoakTest, testing::Values(1, 2, 4), testing::PrintToStringParamName());

}  // namespace
}  // namespace tilewright
