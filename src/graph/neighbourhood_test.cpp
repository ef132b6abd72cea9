#include "graph/neighbourhood.h"

#include <gtest/gtest.h>

#include "graph/random_views.h"

namespace tilewright {
namespace {

constexpr uint64_t kGiB = 1 << 30;

TEST(Neighbourhood, KnowsWhatIsNearAndForgetsItWhenCleared) {
  Neighbourhood near;
  EXPECT_FALSE(near.touches({0, UINT64_MAX / 2}));
  near.add({10 * kGiB + 5000, 10 * kGiB + 5001});
  EXPECT_TRUE(near.touches({10 * kGiB, 10 * kGiB + 8192}));
  EXPECT_TRUE(near.touches({0, UINT64_MAX / 2}));
  EXPECT_FALSE(near.touches({10 * kGiB + (1 << 20), 10 * kGiB + (1 << 21)}));
  near.clear();
  EXPECT_FALSE(near.touches({10 * kGiB, 10 * kGiB + 8192}));
  near.add({10 * kGiB + 5000, 10 * kGiB + 5001});
  EXPECT_TRUE(near.touches({10 * kGiB, 10 * kGiB + 8192}));
}

class NeighbourhoodRandom : public test::RandomTest {};

// Ranges from a byte to several GiB, which go around the modulus.
TEST_F(NeighbourhoodRandom, NeverMissesARangeThatIntersects) {
  const auto range = [&] {
    const uint64_t begin = (uint64_t{random_()} << 2) % (8 * kGiB);
    return ByteRange{begin, begin + 1 + random_() % (uint64_t{1} << random_() % 33)};
  };
  int missed = 0;
  for (int round = 0; round < 3000; ++round) {
    Neighbourhood near;
    std::vector<ByteRange> added;
    for (uint32_t i = 0, n = 1 + random_() % 4; i < n; ++i) near.add(added.emplace_back(range()));
    for (int probe = 0; probe < 20; ++probe) {
      const ByteRange asked = range();
      const bool truth = std::any_of(added.begin(), added.end(), [&](ByteRange other) { return intersects(asked, other); });
      const bool said = near.touches(asked);
      if (truth) {
        ASSERT_TRUE(said) << asked.begin << " " << asked.end;
      }
      missed += said ? 0 : 1;
    }
  }
  EXPECT_GT(missed, 1000) << "or it is of no use";
}

}  // namespace
}  // namespace tilewright
