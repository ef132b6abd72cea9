// TCVT for every pair of element types, rounding mode and saturation, against the words of the specification.
#include "isa/isa_test_support.h"
#include "isa/kernels.h"

namespace tilewright::isa_test {
namespace {

using namespace pto;

constexpr RoundMode kModes[] = {RoundMode::CAST_NONE, RoundMode::CAST_RINT,  RoundMode::CAST_ROUND, RoundMode::CAST_FLOOR,
                                RoundMode::CAST_CEIL, RoundMode::CAST_TRUNC, RoundMode::CAST_ODD};

/// What a value becomes as an element of To.
template <typename To>
double expected_conversion(double x, RoundMode mode, SaturationMode saturation) {
  const double lowest = decode(std::numeric_limits<To>::lowest()), highest = decode(std::numeric_limits<To>::max());
  const bool saturate = saturation == SaturationMode::ON;
  if constexpr (is_float_element<To>) {
    const double rounded = round_float<To>(x, mode);
    return saturate && !std::isnan(x) ? std::fmin(std::fmax(rounded, lowest), highest) : rounded;
  } else {
    if (std::isnan(x)) return 0;
    const double rounded = round_integer(x, mode);
    if (saturate) return std::fmin(std::fmax(rounded, lowest), highest);
    if (!(std::abs(rounded) < 0x1p63)) return 0;
    return static_cast<double>(static_cast<To>(static_cast<int64_t>(rounded)));
  }
}

template <typename From>
class ConvertTest : public IsaTest {
 protected:
  using Src = Tile<TileType::Vec, From, 16, 256, BLayout::RowMajor, -1, -1>;

  /// Values that conversions get wrong: ties, neighbours of powers of two, limits of all types, subnormals, infinities, NaN.
  void fill(Src& src) {
    randomize(src, random_, -300, 300);
    int next = 0;
    const auto put = [&](double value) {
      if constexpr (is_float_element<From>) {
        src.data()[next++] = From(static_cast<float>(value));
      } else {
        const double lowest = decode(std::numeric_limits<From>::lowest()), highest = decode(std::numeric_limits<From>::max());
        src.data()[next++] = static_cast<From>(static_cast<int64_t>(std::fmin(std::fmax(value, lowest), highest)));
      }
    };
    for (int i = -40; i < 40; ++i) put(i + 0.5), put(i), put(std::nextafter(i + 0.5, 100.0)), put(i * 2049.0 / 8);
    for (int e = -30; e < 70; ++e) {
      for (const double m : {1.0, -1.0, 1.0 + 0x1p-8, 1.0 + 0x1p-9, 1.0 + 3 * 0x1p-9, 1.0 + 0x1p-11, -1.0 - 3 * 0x1p-12, 2.0 - 0x1p-23})
        put(std::ldexp(m, e));
    }
    for (const double v : {127.0, 128.0, 127.5, -128.5, -129.0, 255.5, 32767.5, 65504.0, 65519.996, 65520.0, 2147483647.0, 4294967295.0,
                           -0.4, -0.0, 16777217.0})
      put(v), put(-v);
    if (is_float_element<From>)
      put(HUGE_VAL), put(-HUGE_VAL), put(std::nan("")), put(3.4e38), put(1e-45), put(-1e-40), put(5.9e-8), put(2.9e-8);
    ASSERT_LE(next, Src::Numel);
  }

  template <typename To>
  void check() {
    using Dst = Tile<TileType::Vec, To, 16, 256, BLayout::RowMajor, -1, -1>;
    Src src(pick(9, 16), pick(200, 256));
    Dst dst(src.GetValidRow(), src.GetValidCol());
    TASSIGN(src, 0x0);
    TASSIGN(dst, 0x10000);
    fill(src);
    for (const RoundMode mode : kModes) {
      for (const SaturationMode saturation : {SaturationMode::ON, SaturationMode::OFF}) {
        randomize(dst, random_);
        const auto before = snapshot(dst);
        if (saturation == SaturationMode::ON) {
          TCVT(dst, src, mode, saturation);
        } else {
          TCVT(dst, src, mode);  // off is the default
        }
        for (int r = 0; r < 16; ++r) {
          for (int c = 0; c < 256; ++c) {
            const int i = r * 256 + c;
            const double x = decode(src.data()[i]);
            const bool valid = r < src.GetValidRow() && c < src.GetValidCol();
            const double want = valid ? expected_conversion<To>(x, mode, saturation) : decode(before[i]);
            ASSERT_TRUE(same_value(decode(dst.data()[i]), want))
                << x << " in mode " << static_cast<int>(mode) << " saturation off " << static_cast<int>(saturation) << ": "
                << decode(dst.data()[i]) << " != " << want;
          }
        }
      }
    }
  }
};

using Elements32 = ::testing::Types<float, half, bfloat16_t, int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t>;
TYPED_TEST_SUITE(ConvertTest, Elements32);

TYPED_TEST(ConvertTest, ToFloats) {
  this->template check<float>();
  this->template check<half>();
  this->template check<bfloat16_t>();
}
TYPED_TEST(ConvertTest, ToSignedIntegers) {
  this->template check<int8_t>();
  this->template check<int16_t>();
  this->template check<int32_t>();
}
TYPED_TEST(ConvertTest, ToUnsignedIntegers) {
  this->template check<uint8_t>();
  this->template check<uint16_t>();
  this->template check<uint32_t>();
}

class Convert : public IsaTest {};

TEST_F(Convert, BetweenArrangementsAndWithScratch) {
  NzTile<float> src(30, 50);
  NdTile<int16_t> dst(30, 50);
  TASSIGN(src, 0);
  TASSIGN(dst, 0x8000);
  randomize(src, random_, -1000, 1000);
  TCVT(dst, src, src, RoundMode::CAST_FLOOR);
  for (int r = 0; r < 30; ++r) {
    for (int c = 0; c < 50; ++c) ASSERT_EQ(at(dst, r, c), std::floor(at(src, r, c)));
  }
  TCVT(dst, src, src, RoundMode::CAST_CEIL, SaturationMode::ON);
  ASSERT_EQ(at(dst, 29, 49), std::ceil(at(src, 29, 49)));
}

/// Every pattern of half and bfloat16 goes to every integer type as the mode says.
TEST_F(Convert, EveryHalfAndBfloat16ToIntegers) {
  const auto check = [](auto zero, auto target) {
    using From = decltype(zero);
    using To = decltype(target);
    std::vector<From> src;
    for (uint32_t bits = 0; bits < 65536; ++bits) src.push_back(From::FromRaw(static_cast<uint16_t>(bits)));
    std::vector<To> dst(src.size());
    for (const RoundMode mode : kModes) {
      isa::convert_rounded({detail::element_of<From>(), detail::element_of<To>(), mode, true}, dst.data(), src.data(), 65536);
      for (uint32_t bits = 0; bits < 65536; ++bits) {
        ASSERT_EQ(static_cast<double>(dst[bits]), expected_conversion<To>(decode(src[bits]), mode, SaturationMode::ON)) << bits;
      }
    }
  };
  check(half(0), int8_t{});
  check(half(0), uint8_t{});
  check(half(0), int32_t{});
  check(bfloat16_t(0), int8_t{});
  check(bfloat16_t(0), int32_t{});
  check(bfloat16_t(0), uint16_t{});
}

template <typename T>
class RunConversion : public ::testing::Test {};
using Float16Types = ::testing::Types<half, bfloat16_t>;
TYPED_TEST_SUITE(RunConversion, Float16Types);

/// The run kernels convert with instructions or with bit arithmetic, depending on the processor; both must agree with the types.
TYPED_TEST(RunConversion, ConvertsEveryPatternLikeTheType) {
  constexpr uint32_t kPatterns = 1u << 16;
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

}  // namespace
}  // namespace tilewright::isa_test
