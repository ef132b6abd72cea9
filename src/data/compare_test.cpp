#include "data/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>

#include "base/error.h"

namespace tilewright {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

template <typename T>
HostTensor tensor_of(DataType dtype, std::vector<uint32_t> shape, const std::vector<T>& values) {
  HostTensor tensor(dtype, std::move(shape));
  std::copy(values.begin(), values.end(), tensor.elements<T>().begin());
  return tensor;
}
HostTensor floats(const std::vector<float>& values) { return tensor_of(DataType::FLOAT32, {static_cast<uint32_t>(values.size())}, values); }

uint64_t mismatches(const std::vector<float>& actual, const std::vector<float>& golden, CompareOptions options) {
  return compare(floats(actual), floats(golden), options).mismatches;
}

TEST(Compare, TheBoundIsAbsolutePlusRelativeTimesGolden) {
  const CompareOptions options{.tolerance = {.relative = 0.25, .absolute = 0.5}};
  EXPECT_EQ(mismatches({5.5f}, {4.0f}, options), 0u) << "0.5 + 0.25 * 4 = 1.5, met exactly";
  EXPECT_EQ(mismatches({std::nextafter(5.5f, 6.0f)}, {4.0f}, options), 1u);
  EXPECT_EQ(mismatches({-5.5f}, {-4.0f}, options), 0u);
  EXPECT_EQ(mismatches({4.0f}, {5.6f}, {.tolerance = {.relative = 0.25}}), 1u) << "relative to golden";
  EXPECT_EQ(mismatches({5.6f}, {4.0f}, {.tolerance = {.relative = 0.25}}), 1u);
  EXPECT_EQ(mismatches({0.0f}, {-0.0f}, {}), 0u);
}

TEST(Compare, InfinitiesMatchThemselvesOnly) {
  const CompareOptions loose{.tolerance = {.relative = 1, .absolute = 1}};
  EXPECT_EQ(mismatches({kInf, -kInf}, {kInf, -kInf}, loose), 0u);
  EXPECT_EQ(mismatches({-kInf, 1.0f, kInf}, {kInf, kInf, 1.0f}, loose), 3u);
  EXPECT_EQ(mismatches({1.0f}, {kInf}, {.tolerance = {.relative = 0, .absolute = 1}}), 1u);
}

TEST(Compare, ElementsMayHaveBoundsOfTheirOwn) {
  const double allowed[] = {0, std::numeric_limits<double>::infinity(), 0.5, 2};
  const CompareReport report = compare(floats({1, 2, 3, 3}), floats({1, 5, 4, 5}), {}, allowed);
  EXPECT_EQ(report.mismatches, 1u);
  EXPECT_EQ(report.ignored, 1u);
  EXPECT_EQ(report.examples[0].flat_index, 2u);
  EXPECT_THAT(format_report(report, "x"), HasSubstr("(rtol 0, atol 0 beyond each bound, NaN never)"));
  EXPECT_EQ(compare(floats({3}), floats({4}), {.tolerance = {.relative = 0, .absolute = 0.5}}, std::span(allowed).subspan(2, 1)).mismatches,
            0u);
  EXPECT_THROW(compare(floats({1, 2}), floats({1, 5}), {}, allowed), Error);
}

TEST(Compare, TheThreeNanRules) {
  const std::vector<float> actual = {kNan, kNan, 1.0f};
  const std::vector<float> golden = {kNan, 1.0f, kNan};
  EXPECT_EQ(mismatches(actual, golden, {.nan = NanRule::kNeverEqual}), 3u);
  EXPECT_EQ(mismatches(actual, golden, {.nan = NanRule::kEqual}), 2u);
  const CompareReport report = compare(floats(actual), floats(golden), {.nan = NanRule::kIgnoreInGolden});
  EXPECT_EQ(report.mismatches, 1u);
  EXPECT_EQ(report.ignored, 2u);
  EXPECT_TRUE(std::isinf(report.worst_absolute->absolute_error));
}

TEST(Compare, TheReportNamesTheWorstElementsAndTheirPlaces) {
  const HostTensor golden = tensor_of<float>(DataType::FLOAT32, {2, 3}, {1, 100, 0.001f, 0, 1, 1});
  const HostTensor actual = tensor_of<float>(DataType::FLOAT32, {2, 3}, {1, 103, 0.002f, 0.5f, 1, 1.000001f});
  const CompareReport report = compare(actual, golden, {.tolerance = default_tolerance(DataType::FLOAT32)});
  EXPECT_EQ(report.total, 6u);
  EXPECT_EQ(report.mismatches, 3u);
  ASSERT_TRUE(report.worst_absolute && report.worst_relative);
  EXPECT_THAT(report.worst_absolute->index, ElementsAre(0, 1));
  EXPECT_EQ(report.worst_absolute->actual, "103");
  EXPECT_EQ(report.worst_absolute->golden, "100");
  EXPECT_EQ(report.worst_absolute->absolute_error, 3);
  EXPECT_THAT(report.worst_relative->index, ElementsAre(0, 2)) << "a golden of 0 has no relative error";
  EXPECT_NEAR(report.worst_relative->relative_error, 1, 1e-6);
  EXPECT_EQ(report.examples.size(), 3u);
  EXPECT_EQ(report.examples[2].flat_index, 3u);
  const std::string text = format_report(report, "y");
  EXPECT_THAT(text, HasSubstr("y: f32[2,3] does not match golden: 3 of 6 elements differ (rtol 1e-05, atol 1e-05, NaN never)"));
  EXPECT_THAT(text, HasSubstr("worst absolute error at [0,1] actual 103, golden 100, absolute error 3, relative error 0.03"));
}

TEST(Compare, ErrorsWithinTheToleranceAreReportedToo) {
  const CompareReport report = compare(floats({1.25f}), floats({1.0f}), {.tolerance = {.relative = 0, .absolute = 1}});
  EXPECT_TRUE(report.passed());
  EXPECT_EQ(report.worst_absolute->absolute_error, 0.25);
  EXPECT_THAT(format_report(report, "y"), HasSubstr("y: f32[1] matches golden: 1 elements compared"));
}

TEST(Compare, EqualTensorsHaveNoWorstElement) {
  const CompareReport report = compare(floats({1, 2}), floats({1, 2}), {});
  EXPECT_TRUE(report.passed());
  EXPECT_FALSE(report.worst_absolute || report.worst_relative);
}

TEST(Compare, IntegersOf64BitsAreComparedExactly) {
  const int64_t big = (int64_t{1} << 53) + 1;
  const HostTensor golden = tensor_of<int64_t>(DataType::INT64, {3}, {big, INT64_MIN, 5});
  const HostTensor actual = tensor_of<int64_t>(DataType::INT64, {3}, {big - 1, INT64_MAX, 5});
  const CompareReport report = compare(actual, golden, {});
  EXPECT_EQ(report.mismatches, 2u) << "2^53 and 2^53 + 1 are the same double";
  EXPECT_EQ(report.examples[0].golden, "9007199254740993");
  EXPECT_EQ(report.worst_absolute->absolute_error, 18446744073709551615.0);
  const HostTensor ones = tensor_of<uint64_t>(DataType::UINT64, {1}, {UINT64_MAX});
  EXPECT_EQ(compare(tensor_of<uint64_t>(DataType::UINT64, {1}, {UINT64_MAX - 1}), ones, {}).mismatches, 1u);
  EXPECT_EQ(
      compare(tensor_of<uint64_t>(DataType::UINT64, {1}, {UINT64_MAX - 1}), ones, {.tolerance = {.relative = 0, .absolute = 1}}).mismatches,
      0u);
}

TEST(Compare, EveryTypeIsReadAsItsNumbers) {
  const auto one_differs = [](DataType dtype, auto actual, auto golden, const char* actual_text, const char* golden_text) {
    using T = decltype(actual);
    const CompareReport report = compare(tensor_of<T>(dtype, {1}, {actual}), tensor_of<T>(dtype, {1}, {golden}), {});
    ASSERT_EQ(report.mismatches, 1u);
    EXPECT_EQ(report.examples[0].actual, actual_text);
    EXPECT_EQ(report.examples[0].golden, golden_text);
  };
  one_differs(DataType::FLOAT16, uint16_t{0x3e00}, uint16_t{0x3c00}, "1.5", "1");
  one_differs(DataType::BFLOAT16, uint16_t{0x3fc0}, uint16_t{0x3f80}, "1.5", "1");
  one_differs(DataType::FP8E4M3FN, uint8_t{0x7e}, uint8_t{0x38}, "448", "1");
  one_differs(DataType::FP8E8M0, uint8_t{128}, uint8_t{127}, "2", "1");
  one_differs(DataType::FP4E2M1, uint8_t{0xf}, uint8_t{0}, "-6", "0");
  one_differs(DataType::INT8, int8_t{-1}, int8_t{1}, "-1", "1");
  one_differs(DataType::UINT16, uint16_t{65535}, uint16_t{1}, "65535", "1");
  one_differs(DataType::INT16, int16_t{-5}, int16_t{1}, "-5", "1");
  one_differs(DataType::UINT32, uint32_t{4000000000}, uint32_t{1}, "4000000000", "1");
  one_differs(DataType::INT32, int32_t{-7}, int32_t{1}, "-7", "1");
  one_differs(DataType::BOOL, uint8_t{1}, uint8_t{0}, "true", "false");
  EXPECT_TRUE(compare(tensor_of<uint8_t>(DataType::BOOL, {1}, {255}), tensor_of<uint8_t>(DataType::BOOL, {1}, {1}), {}).passed());
}

TEST(Compare, ExamplesStopAtTheirLimitButMismatchesAreAllCounted) {
  const CompareReport report = compare(floats(std::vector<float>(100, 1.0f)), floats(std::vector<float>(100, 2.0f)), {});
  EXPECT_EQ(report.mismatches, 100u);
  EXPECT_EQ(report.examples.size(), 20u);
  EXPECT_THAT(format_report(report, "y"), HasSubstr("first 20 of 100 mismatches"));
}

TEST(Compare, AgreesWithTheFormulaOnRandomTensors) {
  const uint32_t seed = 71;
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> value(-2, 2);
  std::uniform_real_distribution<float> noise(-0.02f, 0.02f);
  std::vector<float> actual(10000), golden(10000);
  uint64_t expected = 0;
  long double worst = 0;
  for (size_t i = 0; i < golden.size(); ++i) {
    golden[i] = value(random);
    actual[i] = golden[i] + noise(random);
    const long double error = std::fabs(static_cast<long double>(actual[i]) - golden[i]);
    expected += error > 0.002L + 0.01L * std::fabs(static_cast<long double>(golden[i])) ? 1 : 0;
    worst = std::max(worst, error);
  }
  const CompareReport report = compare(floats(actual), floats(golden), {.tolerance = {.relative = 0.01, .absolute = 0.002}});
  EXPECT_EQ(report.mismatches, expected) << "seed " << seed;
  EXPECT_EQ(report.worst_absolute->absolute_error, static_cast<double>(worst)) << "seed " << seed;
}

TEST(Compare, OtherShapesAndTypesAreRefused) {
  try {
    compare(floats({1, 2}), HostTensor(DataType::FLOAT32, {1, 2}), {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kSignatureMismatch);
    EXPECT_THAT(error.what(), HasSubstr("cannot compare f32[2] with golden f32[1,2]"));
  }
  EXPECT_THROW(compare(floats({1}), HostTensor(DataType::INT32, {1}), {}), Error);
}

TEST(Compare, SenselessTolerancesAreRefused) {
  for (const double bad : {-1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    EXPECT_THROW(compare(floats({1}), floats({1}), {.tolerance = {.relative = bad, .absolute = 0}}), Error);
    EXPECT_THROW(compare(floats({1}), floats({1}), {.tolerance = {.relative = 0, .absolute = bad}}), Error);
  }
}

TEST(Compare, NanRulesParseAndUnknownOnesListTheKnown) {
  EXPECT_EQ(parse_nan_rule("ignore"), NanRule::kIgnoreInGolden);
  EXPECT_EQ(parse_nan_rule("equal"), NanRule::kEqual);
  EXPECT_EQ(parse_nan_rule("never"), NanRule::kNeverEqual);
  EXPECT_THROW(parse_nan_rule("maybe"), Error);
}

TEST(Compare, JsonHoldsTheWholeReport) {
  const CompareReport report = compare(floats({1, kNan, 3}), floats({1, 2, 2}), {});
  const nlohmann::json json = nlohmann::json::parse(report_as_json(report, "y"));
  EXPECT_EQ(json["name"], "y");
  EXPECT_EQ(json["passed"], false);
  EXPECT_EQ(json["mismatches"], 2);
  EXPECT_EQ(json["worst_absolute"]["actual"], "nan");
  EXPECT_EQ(json["worst_absolute"]["absolute_error"], "inf");
  EXPECT_EQ(json["examples"][1]["index"], nlohmann::json::array({2}));
  EXPECT_EQ(json["examples"][1]["actual"], 3);
  EXPECT_TRUE(nlohmann::json::parse(report_as_json(compare(floats({1}), floats({1}), {}), "y"))["worst_absolute"].is_null());
}

}  // namespace
}  // namespace tilewright
