#include "compiler/interpret/number.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "llvm/ADT/APFloat.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/MLIRContext.h"

namespace tilewright::interpret {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

class NumberTest : public testing::Test {
 protected:
  mlir::MLIRContext context_;
  mlir::Builder builder_{&context_};
  const Format f32_ = *format_of(builder_.getF32Type());
  const Format f16_ = *format_of(builder_.getF16Type());
  const Format i32_ = *format_of(builder_.getI32Type());
  const Format i8_ = *format_of(builder_.getIntegerType(8));
  const Format u8_ = *format_of(builder_.getIntegerType(8, false));
};

// LLVM's arithmetic, which shares nothing with round_real.
double rounded_by_llvm(mlir::FloatType type, double value, llvm::RoundingMode mode) {
  llvm::APFloat number(value);
  bool inexact = false;
  number.convert(type.getFloatSemantics(), mode, &inexact);
  number.convert(llvm::APFloat::IEEEdouble(), llvm::RoundingMode::NearestTiesToEven, &inexact);
  return number.convertToDouble();
}

TEST_F(NumberTest, RoundsAsLlvmDoes) {
  const mlir::FloatType types[] = {builder_.getF32Type(), builder_.getF16Type(), builder_.getBF16Type(), builder_.getFloat8E5M2Type(),
                                   builder_.getFloat8E4M3FNType()};
  const std::pair<Rounding, llvm::RoundingMode> modes[] = {{Rounding::kToEven, llvm::RoundingMode::NearestTiesToEven},
                                                           {Rounding::kAwayFromZero, llvm::RoundingMode::NearestTiesToAway},
                                                           {Rounding::kDown, llvm::RoundingMode::TowardNegative},
                                                           {Rounding::kUp, llvm::RoundingMode::TowardPositive},
                                                           {Rounding::kToZero, llvm::RoundingMode::TowardZero}};
  const unsigned seed = 20261127;
  std::mt19937_64 random(seed);
  for (mlir::FloatType type : types) {
    const Format format = *format_of(type);
    for (int i = 0; i < 20000; ++i) {
      const int exponent = static_cast<int>(random() % 300) - 150;
      // Few digits, so that ties come up.
      const double value =
          std::ldexp(static_cast<double>(static_cast<int64_t>(random())) / (1 << 20), exponent - 63 + 20) * (i % 2 == 0 ? 1 : 0) +
          (i % 2 == 0 ? 0 : std::ldexp(static_cast<double>(random() % 64) - 32, exponent / 4));
      for (const auto& [rounding, mode] : modes) {
        const double expected = rounded_by_llvm(type, value, mode);
        // LLVM's e4m3fn has no rule of its own for directed overflow.
        if (!format.has_infinity && std::fabs(value) > format.largest && rounding != Rounding::kToEven) continue;
        EXPECT_EQ(distance(round_real(format, value, rounding), expected), 0)
            << value << " to " << format.width << " bits, mode " << static_cast<int>(rounding) << ": "
            << round_real(format, value, rounding) << ", expected " << expected << ", seed " << seed;
      }
    }
  }
}

TEST_F(NumberTest, RoundsToOdd) {
  EXPECT_EQ(round_real(f16_, 2049, Rounding::kToOdd), 2050) << "2048 and 2050 are 1024 and 1025 units";
  EXPECT_EQ(round_real(f16_, 2051, Rounding::kToOdd), 2050);
  EXPECT_EQ(round_real(f16_, -2049, Rounding::kToOdd), -2050);
  EXPECT_EQ(round_real(f16_, 2048, Rounding::kToOdd), 2048) << "exact";
}

TEST_F(NumberTest, OverflowGoesWhereTheDirectionSays) {
  EXPECT_EQ(round_real(f16_, 65519), 65504);
  EXPECT_EQ(round_real(f16_, 65520), kInfinity);
  EXPECT_EQ(round_real(f16_, 1e9, Rounding::kDown), 65504);
  EXPECT_EQ(round_real(f16_, -1e9, Rounding::kDown), -kInfinity);
  EXPECT_EQ(round_real(f16_, -1e9, Rounding::kToZero), -65504);
  EXPECT_EQ(round_real(f16_, 1e9, Rounding::kToOdd), 65504);
  const Format e4m3 = *format_of(builder_.getFloat8E4M3FNType());
  EXPECT_EQ(round_real(e4m3, 464), 448) << "the tie is even";
  EXPECT_TRUE(std::isnan(round_real(e4m3, 465)));
}

TEST_F(NumberTest, LargeIntegersRoundOnce) {
  const Format i64 = *format_of(builder_.getI64Type());
  // 2^60 + 2^36 + 1 lies just above the middle of two floats; by way of a double it would be the middle, and go down.
  const Number number = Number::of_integer((int64_t{1} << 60) + (int64_t{1} << 36) + 1);
  EXPECT_EQ(convert(i64, f32_, number, Rounding::kToEven).real, std::ldexp(1, 60) + std::ldexp(1, 37));
}

TEST_F(NumberTest, ConversionsToIntegersKeepTheLowBits) {
  const auto to = [&](const Format& format, double value, Rounding rounding = Rounding::kToEven) {
    return convert(f32_, format, Number::of_real(value), rounding).integer;
  };
  EXPECT_EQ(to(i8_, 200), 200 - 256);
  EXPECT_EQ(to(u8_, -1), 255);
  EXPECT_EQ(to(i32_, kNan), 0);
  EXPECT_EQ(to(i32_, 0x1p70), 0) << "beyond 64 bits";
  EXPECT_EQ(to(i32_, 2.5), 2);
  EXPECT_EQ(to(i32_, 2.5, Rounding::kAwayFromZero), 3);
  EXPECT_EQ(to(i32_, -2.5, Rounding::kDown), -3);
  EXPECT_EQ(to(i32_, -2.5, Rounding::kUp), -2);
  EXPECT_EQ(to(i32_, 2.25, Rounding::kToOdd), 3);
  EXPECT_EQ(to(i32_, -4.25, Rounding::kToOdd), -5);
  EXPECT_EQ(to(i32_, 3.75, Rounding::kToOdd), 3);
}

TEST_F(NumberTest, ExactNumbersHaveNoErrorAndOthersTheirOperands) {
  const auto sum = [](double a, double b, double) { return a + b; };
  const Number exact[] = {Number::of_real(1), Number::of_real(0x1p-30)};
  EXPECT_EQ(apply_real(f32_, f32_, exact, sum).error, 0) << "a device rounds as well";
  const Number near[] = {Number::of_real(1, 0.25), Number::of_real(2)};
  EXPECT_EQ(apply_real(f32_, f32_, near, sum).error, 0.25);
  const auto quotient = [](double a, double b, double) { return a / b; };
  const Number pole[] = {Number::of_real(1), Number::of_real(0.5, 1)};
  EXPECT_EQ(apply_real(f32_, f32_, pole, quotient).error, kInfinity);
  const Number undefined[] = {Number::of_real(1), Number()};
  EXPECT_FALSE(apply_real(f32_, f32_, undefined, sum).defined);
}

TEST_F(NumberTest, AccuracyOfADeviceIsPartOfTheError) {
  const Number one = Number::of_real(1);
  const auto e = [](double a, double, double) { return std::exp(a); };
  const Number result = apply_real(f32_, f32_, one, e, 2);
  EXPECT_EQ(result.real, static_cast<double>(std::exp(1.0F)));
  EXPECT_GE(result.error, 2 * 0x1p-22);
  EXPECT_LE(result.error, 3 * 0x1p-22);
  // Within the error of the largest number everything may have become infinite.
  const Number large = Number::of_real(88.722839);
  EXPECT_EQ(apply_real(f32_, f32_, large, e, 2).error, kInfinity);
}

TEST_F(NumberTest, ComparisonsThatTheErrorDecidesAreUncertain) {
  EXPECT_EQ(compare(f32_, Relation::kLess, Number::of_real(1, 0.5), Number::of_real(2)).error, 0);
  EXPECT_EQ(compare(f32_, Relation::kLess, Number::of_real(1, 1), Number::of_real(2)).error, 1);
  EXPECT_EQ(compare(f32_, Relation::kEqual, Number::of_real(1), Number::of_real(1)).error, 0);
  EXPECT_EQ(compare(f32_, Relation::kEqual, Number::of_real(1, 0.1), Number::of_real(1)).error, 1);
  EXPECT_EQ(compare(f32_, Relation::kNotEqual, Number::of_real(kNan), Number::of_real(kNan)).integer, 1);
  EXPECT_EQ(compare(u8_, Relation::kLess, Number::of_integer(200), Number::of_integer(100)).integer, 0);
  const Number chosen = choose(f32_, Number::of_integer(1, 1), Number::of_real(5), Number::of_real(3));
  EXPECT_EQ(chosen.real, 5);
  EXPECT_EQ(chosen.error, 2);
}

TEST_F(NumberTest, IntegersWrap) {
  EXPECT_EQ(wrap(i8_, 128), -128);
  EXPECT_EQ(wrap(u8_, 256 + 7), 7);
  EXPECT_EQ(wrap(*format_of(builder_.getI1Type()), 3), 1);
  EXPECT_EQ(wrap(i32_, 0x80000000), std::numeric_limits<int32_t>::min());
}

}  // namespace
}  // namespace tilewright::interpret
