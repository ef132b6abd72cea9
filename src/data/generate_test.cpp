#include "data/generate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/error.h"
#include "base/hash.h"
#include "data/small_float.h"

namespace tilewright {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

HostTensor made(DataType dtype, std::vector<uint32_t> shape, std::string_view generator) {
  HostTensor tensor(dtype, std::move(shape));
  generate(tensor, generator);
  return tensor;
}

std::string failure_of(DataType dtype, std::string_view generator, ErrorCode expected = ErrorCode::kInvalidArgument) {
  try {
    made(dtype, {300}, generator);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), expected) << error.what();
    return error.what();
  }
  return "accepted";
}

Digest digest_of(const HostTensor& tensor) { return sha256({reinterpret_cast<const uint8_t*>(tensor.data()), tensor.byte_count()}); }

TEST(Generate, SplitMix64IsThePublishedStream) {
  // The first outputs of the authors' reference code from state 1234567.
  EXPECT_EQ(splitmix64(1234567, 0), 6457827717110365317u);
  EXPECT_EQ(splitmix64(1234567, 1), 3203168211198807973u);
  EXPECT_EQ(splitmix64(1234567, 2), 9817491932198370423u);
  EXPECT_EQ(splitmix64(1234567, 3), 4593380528125082431u);
  EXPECT_EQ(splitmix64(1234567, 4), 16408922859458223821u);
}

TEST(Generate, NormalNumbersAgreeWithTheLibraryOfTheMachine) {
  for (uint64_t n = 0; n < 20000; ++n) {
    const long double pi = 3.14159265358979323846264338327950288L;
    const long double radius = std::sqrt(-2 * std::log1p(-static_cast<long double>(uniform_number(42, 2 * n))));
    const long double angle = 2 * pi * uniform_number(42, 2 * n + 1);
    const auto [even, odd] = normal_numbers(42, n);
    ASSERT_NEAR(even, static_cast<double>(radius * std::cos(angle)), 4e-15) << n;
    ASSERT_NEAR(odd, static_cast<double>(radius * std::sin(angle)), 4e-15) << n;
  }
}

TEST(Generate, NormalNumbersHaveTheMomentsOfTheNormalDistribution) {
  const HostTensor tensor = made(DataType::FLOAT32, {1000, 1001}, "randn:3");
  const double count = static_cast<double>(tensor.element_count());
  double sum = 0, squares = 0, fourth = 0;
  for (const float x : tensor.elements<float>()) {
    sum += x;
    squares += static_cast<double>(x) * x;
    fourth += std::pow(static_cast<double>(x), 4);
  }
  // Five standard errors of each moment.
  EXPECT_NEAR(sum / count, 0, 5 / std::sqrt(count));
  EXPECT_NEAR(squares / count, 1, 5 * std::sqrt(2 / count));
  EXPECT_NEAR(fourth / count, 3, 5 * std::sqrt(96 / count));
}

TEST(Generate, TheSameTextGivesTheSameBytesOnEveryMachine) {
  EXPECT_EQ(digest_of(made(DataType::FLOAT32, {100, 101}, "randn:7")).hex(),
            "df061c5f19dfa1df9641c7968772f2501317a6e666082f5b4bfe73a893200ef6");
  EXPECT_EQ(digest_of(made(DataType::BFLOAT16, {100, 101}, "randn:7")).hex(),
            "d913127ddba73df222b45f310a7b80e2e631c87f2f6b62514f77565764853af1");
  EXPECT_EQ(digest_of(made(DataType::FLOAT32, {100, 101}, "uniform:-2:3.5:9")).hex(),
            "9bf2f8d1b02cee1289122b49e4da450f7a1d4fe8ac847d63456f4020ea78f92e");
  EXPECT_EQ(digest_of(made(DataType::INT32, {100, 101}, "uniform:-50:50:9")).hex(),
            "e2f8d614692491fbf76b7672ea858ac8afa19d8864ce5967af5c25ee3e8c5eb1");
}

TEST(Generate, SeedsAndPositionsDiffer) {
  EXPECT_NE(digest_of(made(DataType::FLOAT32, {64}, "randn:1")), digest_of(made(DataType::FLOAT32, {64}, "randn:2")));
  const HostTensor tensor = made(DataType::FLOAT32, {1001}, "randn:1");
  const auto elements = tensor.elements<float>();
  EXPECT_GT(std::set<float>(elements.begin(), elements.end()).size(), 990u);
}

TEST(Generate, AShorterTensorIsAPrefixOfALongerOne) {
  const HostTensor longer = made(DataType::FLOAT16, {10}, "randn:5");
  const HostTensor shorter = made(DataType::FLOAT16, {7}, "randn:5");
  for (size_t i = 0; i < 7; ++i) EXPECT_EQ(shorter.elements<uint16_t>()[i], longer.elements<uint16_t>()[i]);
}

TEST(Generate, UniformIntegersCoverTheirRangeAndNothingElse) {
  const HostTensor tensor = made(DataType::INT8, {2000}, "uniform:-3:4:1");
  const auto elements = tensor.elements<int8_t>();
  EXPECT_EQ(std::set<int8_t>(elements.begin(), elements.end()), (std::set<int8_t>{-3, -2, -1, 0, 1, 2, 3}));
  const HostTensor bools = made(DataType::BOOL, {100}, "uniform:0:2:1");
  EXPECT_EQ(std::set<uint8_t>(bools.elements<uint8_t>().begin(), bools.elements<uint8_t>().end()), (std::set<uint8_t>{0, 1}));
}

TEST(Generate, UniformReachesTheWholeRangeOf64Bits) {
  const HostTensor unsigned_ones = made(DataType::UINT64, {100}, "uniform:0:18446744073709551615:1");
  EXPECT_THAT(unsigned_ones.elements<uint64_t>(), testing::Contains(testing::Gt(uint64_t{1} << 63)));
  const HostTensor signed_ones = made(DataType::INT64, {100}, "uniform:-9223372036854775808:9223372036854775808:1");
  EXPECT_THAT(signed_ones.elements<int64_t>(), testing::Contains(testing::Lt(-(int64_t{1} << 61))));
  EXPECT_THAT(signed_ones.elements<int64_t>(), testing::Contains(testing::Gt(int64_t{1} << 61)));
}

TEST(Generate, UniformFloatsStayInTheirRange) {
  EXPECT_THAT(made(DataType::FLOAT32, {5000}, "uniform:-1.5:2:4").elements<float>(),
              Each(testing::AllOf(testing::Ge(-1.5f), testing::Le(2.0f))));
}

TEST(Generate, FullAndArangeFillEveryType) {
  EXPECT_THAT(made(DataType::UINT8, {3}, "full:255").elements<uint8_t>(), Each(255));
  EXPECT_THAT(made(DataType::FLOAT16, {2}, "full:1.5").elements<uint16_t>(), Each(0x3e00));
  EXPECT_THAT(made(DataType::BFLOAT16, {2}, "full:-inf").elements<uint16_t>(), Each(0xff80));
  EXPECT_TRUE(std::isnan(made(DataType::FLOAT32, {1}, "full:nan").elements<float>()[0]));
  EXPECT_THAT(made(DataType::UINT64, {1}, "full:18446744073709551615").elements<uint64_t>(), Each(UINT64_MAX));
  EXPECT_THAT(made(DataType::INT32, {2, 2}, "arange").elements<int32_t>(), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(made(DataType::INT8, {3}, "arange:5:-5").elements<int8_t>(), ElementsAre(5, 0, -5));
  EXPECT_THAT(made(DataType::FLOAT32, {3}, "arange:1:0.25").elements<float>(), ElementsAre(1.0f, 1.25f, 1.5f));
}

TEST(Generate, ZerosClearsWhatWasThere) {
  HostTensor tensor = made(DataType::INT32, {4}, "full:-1");
  generate(tensor, "zeros");
  EXPECT_THAT(tensor.elements<int32_t>(), Each(0));
}

TEST(Generate, UnknownAndMalformedGeneratorsShowTheForms) {
  for (const char* text :
       {"", "ones", "full", "full:", "full:1:2", "full:x", "full:1x", "zeros:1", "randn", "randn:", "randn:-1", "randn:1.5", "uniform:0:1",
        "uniform:1:0:5", "uniform:0:inf:5", "uniform:0:nan:5", "arange:1:2:3", "arange::1", "randn:99999999999999999999"}) {
    EXPECT_THAT(failure_of(DataType::FLOAT32, text), HasSubstr("uniform:LO:HI:SEED")) << text;
  }
}

TEST(Generate, NumbersOutsideTheTypeAreRefused) {
  EXPECT_THAT(failure_of(DataType::INT8, "full:128"), HasSubstr("128 does not fit the type, which holds -128 to 127"));
  EXPECT_THAT(failure_of(DataType::UINT8, "full:-1"), HasSubstr("holds 0 to 255"));
  EXPECT_THAT(failure_of(DataType::BOOL, "full:2"), HasSubstr("holds 0 to 1"));
  EXPECT_THAT(failure_of(DataType::INT32, "full:1.5"), HasSubstr("'1.5' is no integer"));
  EXPECT_THAT(failure_of(DataType::UINT8, "arange"), HasSubstr("leaves the range"));
  EXPECT_THAT(failure_of(DataType::UINT8, "uniform:0:257:1"), HasSubstr("does not fit"));
  EXPECT_THAT(failure_of(DataType::INT32, "uniform:5:5:1"), HasSubstr("LO < HI"));
  EXPECT_THAT(failure_of(DataType::INT32, "randn:1"), HasSubstr("floating-point numbers only"));
}

TEST(Generate, Fp8AndFp4HaveZerosOnly) {
  EXPECT_THAT(failure_of(DataType::FP8E4M3FN, "full:1", ErrorCode::kUnsupported), HasSubstr("fp8e4m3[300]"));
  EXPECT_EQ(failure_of(DataType::FP4E2M1, "zeros"), "accepted");
}

}  // namespace
}  // namespace tilewright
