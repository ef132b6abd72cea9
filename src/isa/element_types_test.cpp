// half and bfloat16_t over all their bit patterns, and the constants that kernels see.
#include "isa/isa_test_support.h"
#include "isa/kernels.h"

namespace tilewright::isa_test {
namespace {

template <typename T>
class Float16 : public ::testing::Test {};
using Float16Types = ::testing::Types<half, bfloat16_t>;
TYPED_TEST_SUITE(Float16, Float16Types);

constexpr uint32_t kPatterns = 1u << 16;

TYPED_TEST(Float16, EveryPatternConvertsToItsValueAndBack) {
  for (uint32_t bits = 0; bits < kPatterns; ++bits) {
    const TypeParam element = TypeParam::FromRaw(static_cast<uint16_t>(bits));
    const float value = element;
    ASSERT_TRUE(same_value(value, decode(element))) << bits;
    const TypeParam back(value);
    if (std::isnan(value)) {
      ASSERT_TRUE(std::isnan(static_cast<float>(back))) << bits;
    } else {
      ASSERT_EQ(back.bits, bits);
    }
  }
}

TYPED_TEST(Float16, RoundsToNearestEvenAroundEveryPattern) {
  for (uint32_t bits = 0; bits < kPatterns; ++bits) {
    const double value = decode(TypeParam::FromRaw(static_cast<uint16_t>(bits)));
    const double next = decode(TypeParam::FromRaw(static_cast<uint16_t>(bits + 1)));
    if (!std::isfinite(value) || !std::isfinite(next)) continue;
    const float middle = static_cast<float>((value + next) / 2);  // exact: one more bit than the format has
    for (const float f : {middle, std::nextafterf(middle, -HUGE_VALF), std::nextafterf(middle, HUGE_VALF)}) {
      const double expected = round_float<TypeParam>(f);
      ASSERT_EQ(decode(TypeParam(f)), expected) << f;
      ASSERT_EQ(std::signbit(static_cast<float>(TypeParam(f))), std::signbit(f)) << f;
    }
  }
}

TYPED_TEST(Float16, OverflowsToInfinityFromHalfAStepBeyondTheLargestValue) {
  const double largest = decode(std::numeric_limits<TypeParam>::max());
  const float limit = static_cast<float>(largest + ulp<TypeParam>(largest) / 2);
  EXPECT_EQ(decode(TypeParam(std::nextafterf(limit, 0))), largest);
  EXPECT_EQ(decode(TypeParam(limit)), HUGE_VAL);
  EXPECT_EQ(decode(TypeParam(-limit)), -HUGE_VAL);
}

/// The run kernels convert with instructions or with bit arithmetic, depending on the processor; both must agree with the types.
TYPED_TEST(Float16, RunKernelsConvertEveryPatternLikeTheType) {
  const PtoElement element = pto::detail::element_of<TypeParam>();
  std::vector<TypeParam> all;
  for (uint32_t bits = 0; bits < kPatterns; ++bits) all.push_back(TypeParam::FromRaw(static_cast<uint16_t>(bits)));
  std::vector<float> wide(all.size() * 2);
  isa::convert_kernel(element, kPtoF32)(wide.data(), all.data(), kPatterns);
  for (uint32_t i = 0; i < kPatterns; ++i) ASSERT_TRUE(same_value(wide[i], decode(all[i]))) << i;
  for (uint32_t i = 0; i < kPatterns; ++i) {  // points between two neighbours, ties included
    wide[2 * i] = static_cast<float>(decode(all[i]) / 2 + decode(all[(i + 1) % kPatterns]) / 2);
    wide[2 * i + 1] = std::nextafterf(wide[2 * i], i % 2 != 0 ? HUGE_VALF : -HUGE_VALF);
  }
  std::vector<TypeParam> narrow(wide.size());
  isa::convert_kernel(kPtoF32, element)(narrow.data(), wide.data(), static_cast<int64_t>(wide.size()));
  for (size_t i = 0; i < wide.size(); ++i) ASSERT_TRUE(same_value(decode(narrow[i]), round_float<TypeParam>(wide[i]))) << wide[i];
}

TYPED_TEST(Float16, LimitsMatchTheFormat) {
  using L = std::numeric_limits<TypeParam>;
  const int mantissa = FloatFormat<TypeParam>::kMantissaBits, bias = (1 << (FloatFormat<TypeParam>::kExponentBits - 1)) - 1;
  EXPECT_TRUE(L::is_specialized);
  EXPECT_EQ(L::digits, mantissa + 1);
  EXPECT_EQ(decode(L::max()), std::ldexp(2 - std::ldexp(1.0, -mantissa), bias));
  EXPECT_EQ(decode(L::lowest()), -decode(L::max()));
  EXPECT_EQ(decode(L::min()), std::ldexp(1.0, 1 - bias));
  EXPECT_EQ(decode(L::denorm_min()), std::ldexp(1.0, 1 - bias - mantissa));
  EXPECT_EQ(decode(L::epsilon()), std::ldexp(1.0, -mantissa));
  EXPECT_EQ(L::max_exponent, bias + 1);
  EXPECT_EQ(L::min_exponent, 2 - bias);
  EXPECT_EQ(decode(L::infinity()), HUGE_VAL);
  EXPECT_TRUE(std::isnan(decode(L::quiet_NaN())));
}

TYPED_TEST(Float16, ArithmeticGoesThroughFloat) {
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
