// Every float to every element type, by the types and by the library's run kernels.
#include <gtest/gtest.h>

#include "isa/element_reference.h"
#include "isa/kernels.h"
#include "pto/pto-inst.hpp"

namespace tilewright::isa_test {
namespace {

constexpr uint32_t kInfinity = 0x7f800000;
constexpr uint32_t kSign = 0x80000000;

template <typename T>
class EveryFloat : public ::testing::Test {};
using SmallTypes = ::testing::Types<half, bfloat16_t, pto::float8_e4m3_t, pto::float8_e5m2_t, pto::float8_e8m0_t, pto::hifloat8_t,
                                    pto::float4_e2m1x2_t, pto::float4_e1m2x2_t>;
TYPED_TEST_SUITE(EveryFloat, SmallTypes);

TYPED_TEST(EveryFloat, Rounds) {
  Neighbours<TypeParam> reference;
  for (uint32_t magnitude = 0; magnitude <= kInfinity; ++magnitude) {
    for (const uint32_t bits : {magnitude, magnitude | kSign}) {
      const float value = __builtin_bit_cast(float, bits);
      const uint32_t result = encoded<TypeParam>(value), expected = reference.rounded(value);
      const bool good = result == expected || (std::isnan(Format<TypeParam>::value(expected)) && is_nan_pattern<TypeParam>(result));
      ASSERT_TRUE(good) << std::hexfloat << value << " became " << std::hex << result << ", not " << expected;
    }
  }
}

TYPED_TEST(EveryFloat, NanStaysNan) {
  for (uint32_t magnitude = kInfinity + 1; magnitude < kSign; ++magnitude) {
    for (const uint32_t bits : {magnitude, magnitude | kSign}) {
      ASSERT_TRUE(is_nan_pattern<TypeParam>(encoded<TypeParam>(__builtin_bit_cast(float, bits)))) << std::hex << bits;
    }
  }
}

template <typename T>
class EveryFloatInRuns : public ::testing::Test {};
using RunTypes = ::testing::Types<half, bfloat16_t>;
TYPED_TEST_SUITE(EveryFloatInRuns, RunTypes);

TYPED_TEST(EveryFloatInRuns, ConvertsLikeTheType) {
  constexpr uint32_t kRun = 1u << 16;
  std::vector<float> values(kRun);
  std::vector<TypeParam> results(kRun);
  const isa::ConvertKernel convert = isa::convert_kernel(kPtoF32, pto::detail::element_of<TypeParam>());
  for (uint64_t first = 0; first < uint64_t{1} << 32; first += kRun) {
    for (uint32_t i = 0; i < kRun; ++i) values[i] = __builtin_bit_cast(float, static_cast<uint32_t>(first + i));
    convert(results.data(), values.data(), kRun);
    for (uint32_t i = 0; i < kRun; ++i) {
      const uint32_t expected = encoded<TypeParam>(values[i]), bits = results[i].bits;
      ASSERT_TRUE(bits == expected || (is_nan_pattern<TypeParam>(expected) && is_nan_pattern<TypeParam>(bits)))
          << std::hexfloat << values[i] << " became " << std::hex << bits << ", not " << expected;
    }
  }
}

}  // namespace
}  // namespace tilewright::isa_test
