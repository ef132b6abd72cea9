// The element types over all their bit patterns, and around every place where rounding decides. Built by g++ and by clang++. All 2^32
// floats: element_types_long_test.cpp.
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "isa/element_reference.h"
#include "pto/pto-inst.hpp"

namespace tilewright::isa_test {
namespace {

template <typename T>
class ElementTypes : public ::testing::Test {};
using SmallTypes = ::testing::Types<half, bfloat16_t, pto::float8_e4m3_t, pto::float8_e5m2_t, pto::float8_e8m0_t, pto::hifloat8_t,
                                    pto::float4_e2m1x2_t, pto::float4_e1m2x2_t>;
TYPED_TEST_SUITE(ElementTypes, SmallTypes);

template <typename T>
void expect_rounds(Neighbours<T>& reference, float value) {
  const uint32_t bits = encoded<T>(value), expected = reference.rounded(value);
  if (bits == expected || (std::isnan(Format<T>::value(expected)) && is_nan_pattern<T>(bits))) return;
  ADD_FAILURE() << std::hexfloat << value << " became " << std::hex << bits << ", not " << expected;
}

TYPED_TEST(ElementTypes, EveryPatternHasItsValueAndComesBack) {
  using F = Format<TypeParam>;
  for (uint32_t bits = 0; bits < 1u << F::kBits; ++bits) {
    const double expected = F::value(bits);
    const float value = decoded<TypeParam>(bits);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(value)) << bits;
      ASSERT_TRUE(is_nan_pattern<TypeParam>(encoded<TypeParam>(value))) << bits;
    } else {
      ASSERT_EQ(value, expected) << bits;
      ASSERT_EQ(std::signbit(value), std::signbit(expected)) << bits;
      ASSERT_EQ(encoded<TypeParam>(value), bits);
    }
  }
}

TYPED_TEST(ElementTypes, RoundsBetweenAllNeighbours) {
  Neighbours<TypeParam> reference;
  const auto& points = reference.points();
  for (size_t i = 0; i + 1 < points.size() && !::testing::Test::HasFailure(); ++i) {
    const double middle = (points[i].value + points[i + 1].value) / 2;
    for (const double point : {points[i].value, middle, points[i + 1].value}) {
      const float exact = static_cast<float>(point);
      for (const float f : {std::nextafterf(exact, 0), exact, std::nextafterf(exact, HUGE_VALF)}) {
        expect_rounds(reference, f);
        expect_rounds(reference, -f);
      }
    }
  }
}

TYPED_TEST(ElementTypes, RoundsRandomFloats) {
  const char* given = std::getenv("TW_TEST_SEED");
  const unsigned long long seed = given != nullptr ? std::strtoull(given, nullptr, 0) : std::random_device{}();
  std::mt19937_64 random(seed);
  Neighbours<TypeParam> reference;
  const int count = Format<TypeParam>::kBits == 16 ? 2000 : 200000;  // the reference walks its table
  for (int i = 0; i < count && !::testing::Test::HasFailure(); ++i) {
    const float value = __builtin_bit_cast(float, static_cast<uint32_t>(random()));
    if (!std::isnan(value)) expect_rounds(reference, value);
  }
  if (::testing::Test::HasFailure()) std::printf("random seed: TW_TEST_SEED=%llu\n", seed);
}

TYPED_TEST(ElementTypes, InfinitiesAndNansBecomeWhatTheFormatHas) {
  Neighbours<TypeParam> reference;
  const float largest_float = std::numeric_limits<float>::max();
  for (const float f : {HUGE_VALF, -HUGE_VALF, largest_float, -largest_float, 1e-45f, -1e-45f, 0.0f, -0.0f}) expect_rounds(reference, f);
  for (const uint32_t bits : {0x7fc00000u, 0xffc00000u, 0x7f800001u, 0xff800001u, 0x7fffffffu, 0x7f801000u}) {
    EXPECT_TRUE(is_nan_pattern<TypeParam>(encoded<TypeParam>(__builtin_bit_cast(float, bits)))) << std::hex << bits;
  }
}

TYPED_TEST(ElementTypes, LimitsMatchTheFormat) {
  using L = std::numeric_limits<TypeParam>;
  using F = Format<TypeParam>;
  double largest = 0, smallest = HUGE_VAL, lowest = 0;
  bool infinity = false, nan = false;
  for (uint32_t bits = 0; bits < 1u << F::kBits; ++bits) {
    const double value = F::value(bits);
    infinity = infinity || std::isinf(value);
    nan = nan || std::isnan(value);
    if (!std::isfinite(value)) continue;
    largest = std::max(largest, value);
    lowest = std::min(lowest, value);
    if (value > 0) smallest = std::min(smallest, value);
  }
  const auto value = [](TypeParam element) { return F::value(element.bits); };
  EXPECT_TRUE(L::is_specialized);
  EXPECT_EQ(L::is_signed, lowest < 0);
  EXPECT_EQ(L::digits, F::kDigits);
  EXPECT_EQ(value(L::max()), largest);
  EXPECT_EQ(value(L::lowest()), lowest == 0 ? smallest : lowest);
  EXPECT_EQ(value(L::denorm_min()), smallest);
  EXPECT_EQ(value(L::epsilon()), F::kBits == 4 ? smallest : std::ldexp(1.0, 1 - F::kDigits));
  EXPECT_EQ(value(L::round_error()), 0.5);
  if (F::kBits != 4) {
    EXPECT_EQ(value(L::min()), std::ldexp(1.0, L::min_exponent - 1));
  }
  EXPECT_GT(std::ldexp(1.0, L::max_exponent), largest);
  EXPECT_LE(std::ldexp(1.0, L::max_exponent - 1), largest);
  EXPECT_EQ(L::has_infinity, infinity);
  EXPECT_EQ(L::has_quiet_NaN, nan);
  if (infinity) {
    EXPECT_EQ(value(L::infinity()), HUGE_VAL);
  }
  if (nan) {
    EXPECT_TRUE(std::isnan(value(L::quiet_NaN())));
  }
  if (L::has_signaling_NaN) {
    EXPECT_TRUE(std::isnan(value(L::signaling_NaN())));
  }
}

template <typename T>
class FloatArithmetic : public ::testing::Test {};
using ArithmeticTypes = ::testing::Types<half, bfloat16_t, pto::float8_e4m3_t, pto::float8_e5m2_t, pto::hifloat8_t>;
TYPED_TEST_SUITE(FloatArithmetic, ArithmeticTypes);

TYPED_TEST(FloatArithmetic, GoesThroughFloat) {
  TypeParam a = 1.5f;
  const TypeParam b = 2;
  EXPECT_EQ(a * b + 0.5f, 3.5f);
  EXPECT_TRUE((std::is_same_v<decltype(a + b), float>));
  EXPECT_LT(a, b);
  a += b;
  EXPECT_EQ(static_cast<float>(a), 3.5f);
  a /= 2;
  EXPECT_EQ(static_cast<int>(a), 1);
  constexpr TypeParam folded(0.25f);
  static_assert(static_cast<float>(folded) == 0.25f);
}

TEST(ElementTypes, Bfloat16IsNotHalf) {
  EXPECT_EQ(bfloat16_t(1.0f).bits, 0x3f80);
  EXPECT_EQ(half(1.0f).bits, 0x3c00);
  EXPECT_EQ(static_cast<float>(bfloat16_t(1e30f)), static_cast<float>(bfloat16_t::FromRaw(0x714a)));
  EXPECT_EQ(half(F16_MAX).bits, 0x7bff);
}

// Values from the publications: OFP8 1.0 table 1, OCP MX 1.0 table 5, arXiv:2409.16626 table 2.
TEST(ElementTypes, HaveThePublishedExtremes) {
  using namespace pto;
  EXPECT_EQ(static_cast<float>(float8_e4m3_t::FromRaw(0x7e)), 448.0f);
  EXPECT_EQ(static_cast<float>(float8_e4m3_t::FromRaw(0x01)), 0x1p-9f);
  EXPECT_EQ(static_cast<float>(float8_e5m2_t::FromRaw(0x7b)), 57344.0f);
  EXPECT_EQ(static_cast<float>(float8_e5m2_t::FromRaw(0x01)), 0x1p-16f);
  EXPECT_EQ(static_cast<float>(float8_e8m0_t::FromRaw(127)), 1.0f);
  EXPECT_EQ(float4_e2m1x2_t::FromRaw(0x7).even(), 6.0f);
  EXPECT_EQ(static_cast<float>(hifloat8_t::FromRaw(0x6e)), 0x1p15f);
  EXPECT_EQ(static_cast<float>(hifloat8_t::FromRaw(0x7e)), 0x1p-15f);
  EXPECT_EQ(static_cast<float>(hifloat8_t::FromRaw(0x01)), 0x1p-22f);
}

TEST(ElementTypes, TwinsKeepTheirElementsApart) {
  const pto::float4_e2m1x2_t twin(1.5f, -4.0f);
  EXPECT_EQ(twin.bits, 0xe3);
  EXPECT_EQ(twin.even(), 1.5f);
  EXPECT_EQ(twin.odd(), -4.0f);
  constexpr pto::float4_e1m2x2_t other(-0.75f, 1.75f);
  static_assert(other.bits == 0x7b && other.even() == -0.75f && other.odd() == 1.75f);
}

TEST(ElementTypes, FourBitIntegersWrapAndExtendTheirSign) {
  for (int32_t value = -40; value < 40; ++value) {
    const pto::int4b_t element(value);
    const int wrapped = ((value % 16) + 16) % 16;
    EXPECT_EQ(element.storage, wrapped);
    EXPECT_EQ(static_cast<int>(static_cast<int8_t>(element)), wrapped < 8 ? wrapped : wrapped - 16);
  }
  static_assert(!std::is_convertible_v<int32_t, pto::int4b_t>, "construction is explicit");
  EXPECT_EQ(static_cast<int8_t>(std::numeric_limits<pto::int4b_t>::lowest()), -8);
  EXPECT_EQ(static_cast<int8_t>(std::numeric_limits<pto::int4b_t>::max()), 7);
}

TEST(ElementTypes, CustomPadValuesHoldTheBitsOfTheirType) {
  using pto::PadValueCustom;
  const auto bits = [](pto::PadValue pad) { return static_cast<uint64_t>(pad); };
  EXPECT_EQ(bits(PadValueCustom(-1.0f)), 0x1bf800000u);
  EXPECT_EQ(bits(PadValueCustom(half(1.0f))), 0x100003c00u);
  EXPECT_EQ(bits(PadValueCustom(static_cast<int8_t>(-1))), 0x1000000ffu);
  EXPECT_EQ(bits(PadValueCustom(int32_t{-2})), 0x1fffffffeu);
  EXPECT_EQ(bits(pto::PadCustom<int16_t{-3}>), 0x10000fffdu);
}

}  // namespace
}  // namespace tilewright::isa_test
