#include "data/small_float.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

namespace tilewright {
namespace {

/// The value of a format with `fraction_bits` and bias, from its definition, in double.
double value_of(uint32_t exponent, uint32_t fraction, int fraction_bits, int bias) {
  if (exponent == 0) return std::ldexp(static_cast<double>(fraction), 1 - bias - fraction_bits);
  return std::ldexp(static_cast<double>(fraction + (1u << fraction_bits)), static_cast<int>(exponent) - bias - fraction_bits);
}

struct Format {
  uint16_t (*encode)(float);
  float (*decode)(uint16_t);
  int fraction_bits;
  int exponent_bits;
  int bias() const { return (1 << (exponent_bits - 1)) - 1; }
  uint16_t infinity() const { return static_cast<uint16_t>(((1 << exponent_bits) - 1) << fraction_bits); }
};

class SmallFloat : public testing::TestWithParam<Format> {};

TEST_P(SmallFloat, EveryBitPatternHasItsDefinedValue) {
  const Format format = GetParam();
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const uint32_t exponent = (bits & 0x7fff) >> format.fraction_bits;
    const uint32_t fraction = bits & ((1u << format.fraction_bits) - 1);
    const float decoded = format.decode(static_cast<uint16_t>(bits));
    ASSERT_EQ(std::signbit(decoded), bits >= 0x8000) << bits;
    if ((bits & 0x7fff) > format.infinity()) {
      ASSERT_TRUE(std::isnan(decoded)) << bits;
    } else if ((bits & 0x7fff) == format.infinity()) {
      ASSERT_TRUE(std::isinf(decoded)) << bits;
    } else {
      ASSERT_EQ(std::fabs(static_cast<double>(decoded)), value_of(exponent, fraction, format.fraction_bits, format.bias())) << bits;
    }
  }
}

TEST_P(SmallFloat, EveryBitPatternSurvivesTheRoundTrip) {
  const Format format = GetParam();
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const uint16_t pattern = static_cast<uint16_t>(bits);
    const uint16_t back = format.encode(format.decode(pattern));
    if ((bits & 0x7fff) > format.infinity()) {
      ASSERT_GT(back & 0x7fff, format.infinity()) << bits;
      ASSERT_EQ(back & 0x8000, pattern & 0x8000) << bits;
    } else {
      ASSERT_EQ(back, pattern);
    }
  }
}

// Rounding is monotonic, so it is right everywhere if it is right at and beside every midpoint between neighbours.
TEST_P(SmallFloat, EveryMidpointGoesToEvenAndItsNeighboursToTheNearest) {
  const Format format = GetParam();
  for (uint16_t below = 0; below < format.infinity(); ++below) {
    const uint16_t above = static_cast<uint16_t>(below + 1);
    // The midpoint before infinity is where the next finite value would have been halfway.
    const double low = format.decode(below);
    const double high = above == format.infinity() ? std::ldexp(1.0, format.bias() + 1) : format.decode(above);
    const float middle = static_cast<float>((low + high) / 2);
    ASSERT_EQ(static_cast<double>(middle), (low + high) / 2) << "a midpoint is a float";
    const uint16_t even = (below & 1) == 0 ? below : above;
    for (const bool negative : {false, true}) {
      const uint16_t sign = negative ? 0x8000 : 0;
      const float s = negative ? -1.0f : 1.0f;
      ASSERT_EQ(format.encode(s * middle), even | sign) << below;
      ASSERT_EQ(format.encode(s * std::nextafter(middle, 0.0f)), below | sign) << below;
      ASSERT_EQ(format.encode(s * std::nextafter(middle, std::numeric_limits<float>::infinity())), above | sign) << below;
    }
  }
}

TEST_P(SmallFloat, TheLargestFloatIsInfinityAndTheSmallestZero) {
  const Format format = GetParam();
  EXPECT_EQ(format.encode(std::numeric_limits<float>::max()), format.infinity());
  EXPECT_EQ(format.encode(-std::numeric_limits<float>::infinity()), format.infinity() | 0x8000);
  EXPECT_EQ(format.encode(std::numeric_limits<float>::denorm_min()), 0);
  EXPECT_EQ(format.encode(-0.0f), 0x8000);
}

TEST_P(SmallFloat, ANanWithOnlyLowPayloadBitsStaysNan) {
  const Format format = GetParam();
  EXPECT_GT(format.encode(std::bit_cast<float>(0x7f800001u)) & 0x7fff, format.infinity());
  EXPECT_GT(format.encode(std::bit_cast<float>(0xffffffffu)) & 0x7fff, format.infinity());
}

INSTANTIATE_TEST_SUITE_P(Formats, SmallFloat,
                         testing::Values(Format{float_to_half, half_to_float, 10, 5}, Format{float_to_bfloat16, bfloat16_to_float, 7, 8}),
                         [](const auto& info) { return info.index == 0 ? "half" : "bfloat16"; });

TEST(Fp8, E4m3FollowsItsDefinition) {
  for (uint32_t bits = 0; bits < 0x100; ++bits) {
    const float decoded = fp8e4m3fn_to_float(static_cast<uint8_t>(bits));
    if ((bits & 0x7f) == 0x7f) {
      EXPECT_TRUE(std::isnan(decoded));
      continue;
    }
    EXPECT_EQ(std::fabs(static_cast<double>(decoded)), value_of(bits >> 3 & 15, bits & 7, 3, 7)) << bits;
    EXPECT_EQ(std::signbit(decoded), bits >= 0x80);
  }
  EXPECT_EQ(fp8e4m3fn_to_float(0x7e), 448.0f) << "the largest value that the OCP specification names";
}

TEST(Fp8, E8m0IsAPowerOfTwo) {
  EXPECT_EQ(fp8e8m0_to_float(127), 1.0f);
  EXPECT_EQ(fp8e8m0_to_float(0), 0x1p-127f);
  EXPECT_EQ(fp8e8m0_to_float(254), 0x1p127f);
  EXPECT_TRUE(std::isnan(fp8e8m0_to_float(255)));
}

TEST(Fp4, E2m1FollowsItsDefinition) {
  for (uint32_t bits = 0; bits < 0x100; ++bits) {
    const float decoded = fp4e2m1_to_float(static_cast<uint8_t>(bits));
    EXPECT_EQ(std::fabs(static_cast<double>(decoded)), value_of(bits >> 1 & 3, bits & 1, 1, 1)) << bits;
    EXPECT_EQ(std::signbit(decoded), (bits & 8) != 0);
  }
}

}  // namespace
}  // namespace tilewright
