#include "common/example.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace tilewright::examples {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TEST(Compare, TheBoundItselfIsWithin) {
  const Comparison comparison = compare(std::vector<float>{1.5f, -2.0f}, std::vector<double>{1.0, -2.0}, std::vector<double>{0.5, 0.0});
  EXPECT_TRUE(comparison.within);
  EXPECT_EQ(comparison.largest_error, 0.5);
  EXPECT_EQ(comparison.relative_error, 0.25);
  EXPECT_EQ(comparison.of_bound, 1.0);
  EXPECT_EQ(comparison.worst, 0u);
}

TEST(Compare, OneElementBeyondItsBoundIsEnough) {
  const Comparison comparison = compare(std::vector<float>{8.0f, 1.25f}, std::vector<double>{10.0, 1.0}, std::vector<double>{100.0, 0.125});
  EXPECT_FALSE(comparison.within);
  EXPECT_EQ(comparison.largest_error, 2.0);
  EXPECT_EQ(comparison.worst, 1u);
  EXPECT_EQ(describe(comparison),
            "largest error 2.00e+00, 2.00e-01 of the largest value, 2.00 of what rounding allows; element 1 is 1.25, not 1");
}

TEST(Compare, ANaNIsNeverWithin) {
  const Comparison comparison = compare(std::vector<float>{0.0f, kNan}, std::vector<double>{0.0, 1.0}, std::vector<double>{1.0, 1e300});
  EXPECT_FALSE(comparison.within);
  EXPECT_TRUE(std::isinf(comparison.largest_error));
  EXPECT_EQ(comparison.worst, 1u);
}

TEST(Problem, DescribesItsTensorsAndStartsOutputsAsNaN) {
  Problem problem;
  problem.input({2, 3}, std::vector<int32_t>{1, 2, 3, 4, 5, 6});
  problem.output("y", {2}, {0.0, 0.0}, {1.0, 1.0});
  problem.scalar(0.5f);
  ASSERT_EQ(problem.args().tensor_count(), 2);
  EXPECT_EQ(problem.args().tensor(0).dtype, DataType::INT32);
  EXPECT_EQ(problem.args().tensor(0).data_as<int32_t>()[5], 6);
  EXPECT_EQ(problem.direction(0), ArgDirection::IN);
  EXPECT_EQ(problem.direction(1), ArgDirection::OUT);
  EXPECT_EQ(from_u64<float>(problem.args().scalar(0)), 0.5f);
  EXPECT_FALSE(compare(problem.outputs()[0]).within);
}

TEST(Random, TheStandardFixesTheNumbers) {
  // The 10000th output of a default-seeded std::mt19937_64 (ISO C++, [rand.predef]).
  Random random(5489);
  for (int i = 1; i < 10000; ++i) random.below(2);
  EXPECT_EQ(random.below(UINT64_MAX), 9981545732273789042u);
}

TEST(Random, UniformStaysInItsInterval) {
  Random random(1);
  for (float value : random.uniform<float>(1000, -2, 3)) {
    EXPECT_GE(value, -2);
    EXPECT_LE(value, 3);
  }
}

}  // namespace
}  // namespace tilewright::examples
