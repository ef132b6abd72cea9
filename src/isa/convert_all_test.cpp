// TCVT for the small floats, int4 and 64-bit integers: every mode, with and without saturation, against references in exact arithmetic
// (element_reference.h for the formats). And what else works with the small types: moves, products, prints.
#include "isa/element_reference.h"
#include "isa/isa_test_support.h"

namespace tilewright::isa_test {
namespace {

using namespace pto;

constexpr RoundMode kModes[] = {RoundMode::CAST_NONE, RoundMode::CAST_RINT,  RoundMode::CAST_ROUND, RoundMode::CAST_FLOOR,
                                RoundMode::CAST_CEIL, RoundMode::CAST_TRUNC, RoundMode::CAST_ODD};
constexpr SaturationMode kSaturations[] = {SaturationMode::ON, SaturationMode::OFF};

template <typename T>
using Line = Tile<TileType::Vec, T, 8, 512, BLayout::RowMajor, -1, -1>;

/// Whether x between two neighbouring magnitudes goes away from zero.
bool goes_up(double magnitude, double low, double high, bool low_even, bool negative, RoundMode mode, bool ties_to_even) {
  const double middle = (low + high) / 2;  // exact for these formats
  switch (mode) {
    case RoundMode::CAST_FLOOR: return negative;
    case RoundMode::CAST_CEIL: return !negative;
    case RoundMode::CAST_TRUNC: return false;
    case RoundMode::CAST_ODD: return low_even;
    case RoundMode::CAST_ROUND: return magnitude >= middle;
    case RoundMode::CAST_RINT: return magnitude > middle || (magnitude == middle && !low_even);
    default: return magnitude > middle || (magnitude == middle && (!ties_to_even || !low_even));
  }
}

/// The pattern that x becomes. `any_nan` is set where every NaN pattern will do.
template <typename To>
uint32_t expected_pattern(double x, RoundMode mode, bool saturate, bool& any_nan) {
  using F = Format<To>;
  static const Neighbours<To> neighbours;
  const auto& points = neighbours.points();
  const auto& highest = points[points.size() - 2];
  any_nan = std::isnan(x);
  if (std::isnan(x)) return F::kOverflow;  // where there is no NaN, the largest value
  const bool negative = std::signbit(x);
  if (F::kSign == 0 && negative && x != 0) {
    any_nan = true;
    return F::kOverflow;
  }
  const double magnitude = std::abs(x);
  uint32_t bits;
  if (magnitude <= points[0].value) {
    bits = points[0].bits;
  } else if (magnitude > highest.value) {
    bool up = std::isinf(x);
    if (!up && mode != RoundMode::CAST_ODD) {
      const double inside = std::min(magnitude, F::beyond());
      up = goes_up(inside, highest.value, F::beyond(), highest.bits % 2 == 0, negative, mode, F::kTiesToEven);
    }
    bits = up && !saturate ? F::kOverflow : highest.bits;
    any_nan = up && !saturate && F::kHasNan && std::isnan(F::value(F::kOverflow));
  } else {
    size_t i = 0;
    while (points[i + 1].value <= magnitude) ++i;
    bits = points[i].bits;
    if (points[i].value != magnitude &&
        goes_up(magnitude, points[i].value, points[i + 1].value, bits % 2 == 0, negative, mode, F::kTiesToEven))
      bits = points[i + 1].bits;
  }
  const bool has_negative_zero = F::kSign != 0 && F::value(F::kSign) == 0;
  return negative && F::kSign != 0 && (bits != 0 || has_negative_zero) ? bits | F::kSign : bits;
}

template <typename T>
uint32_t pattern(const T* elements, int i) {
  const uint8_t* bytes = reinterpret_cast<const uint8_t*>(elements);
  if constexpr (Format<T>::kBits == 4) return bytes[i / 2] >> (i % 2 * 4) & 15;
  return bytes[i];
}

/// Every value of a small format, the middles between neighbours, and what lies just beside both.
template <typename To>
std::vector<double> hard_values() {
  const Neighbours<To> neighbours;
  std::vector<double> values = {0.0, HUGE_VAL, std::nan(""), 1e30, 3e38, 1e-45, 1e-30};
  const auto& points = neighbours.points();
  for (size_t i = 0; i < points.size(); ++i) {
    const double next = i + 1 < points.size() ? points[i + 1].value : 2 * points[i].value;
    for (const double v : {points[i].value, (points[i].value + next) / 2}) {
      const float f = static_cast<float>(v);
      for (const float near : {f, std::nextafterf(f, 0.0f), std::nextafterf(f, HUGE_VALF)}) values.push_back(static_cast<double>(near));
    }
  }
  const size_t positive = values.size();
  for (size_t i = 0; i < positive; ++i) values.push_back(-values[i]);
  return values;
}

class ConvertAll : public IsaTest {
 protected:
  template <typename From, typename To>
  void to_small(const std::vector<double>& values) {
    ASSERT_LE(values.size(), size_t{Line<From>::Numel});
    Line<From> src(8, 512);
    Line<To> dst(8, 512);
    TASSIGN(src, 0);
    TASSIGN(dst, 0x10000);
    for (int i = 0; i < Line<From>::Numel; ++i) src.data()[i] = From(static_cast<float>(values[static_cast<size_t>(i) % values.size()]));
    for (const RoundMode mode : kModes) {
      for (const SaturationMode saturation : kSaturations) {
        TCVT(dst, src, mode, saturation);
        for (int i = 0; i < static_cast<int>(values.size()); ++i) {
          bool any_nan;
          const double x = static_cast<double>(static_cast<float>(src.data()[i]));
          const uint32_t want = expected_pattern<To>(x, mode, saturation == SaturationMode::ON, any_nan), got = pattern(dst.data(), i);
          ASSERT_TRUE(got == want || (any_nan && is_nan_pattern<To>(got))) << x << " mode " << static_cast<int>(mode) << " saturation off "
                                                                           << static_cast<int>(saturation) << ": " << got << " != " << want;
        }
      }
    }
  }

  template <typename To>
  void floats_to_small() {
    to_small<float, To>(hard_values<To>());
    std::vector<double> values;
    for (int i = 0; i < 4096; ++i) values.push_back(std::ldexp(std::uniform_real_distribution<double>(-2, 2)(random_), pick(-24, 18)));
    to_small<float, To>(values);
    to_small<half, To>(values);
    to_small<bfloat16_t, To>(values);
  }

  /// Every pattern of a small type to f32, f16, bf16 and integers.
  template <typename From>
  void from_small() {
    constexpr int kCodes = Format<From>::kBits == 4 ? 16 : 256;
    Line<From> src(1, kCodes);
    TASSIGN(src, 0);
    uint8_t* bytes = reinterpret_cast<uint8_t*>(src.data());
    for (int code = 0; code < kCodes; ++code) {
      if (kCodes == 256) {
        bytes[code] = static_cast<uint8_t>(code);
      } else {
        bytes[code / 2] = static_cast<uint8_t>(code % 2 == 0 ? code : bytes[code / 2] | code << 4);
      }
    }
    const auto check = [&](auto zero) {
      using To = decltype(zero);
      Line<To> dst(1, kCodes);
      TASSIGN(dst, 0x10000);
      for (const RoundMode mode : kModes) {
        TCVT(dst, src, mode, SaturationMode::ON);
        for (int code = 0; code < kCodes; ++code) {
          const double x = Format<From>::value(static_cast<uint32_t>(code));
          const double lowest = decode(std::numeric_limits<To>::lowest()), highest = decode(std::numeric_limits<To>::max());
          double want;
          if constexpr (is_float_element<To>) {
            const double rounded = round_float<To>(x, mode);
            want = std::isnan(x) ? x : std::fmin(std::fmax(rounded, lowest), highest);
          } else {
            want = std::isnan(x) ? 0 : std::fmin(std::fmax(round_integer(x, mode), lowest), highest);
          }
          ASSERT_TRUE(same_value(decode(dst.data()[code]), want)) << "code " << code << " mode " << static_cast<int>(mode);
        }
      }
    };
    check(0.0f);
    check(half(0));
    check(bfloat16_t(0));
    check(int8_t{});
    check(int32_t{});
    check(uint16_t{});
    Line<float> exact(1, kCodes);
    TASSIGN(exact, 0x10000);
    TCVT(exact, src, RoundMode::CAST_NONE);  // infinities stay
    for (int code = 0; code < kCodes; ++code)
      ASSERT_TRUE(same_value(decode(exact.data()[code]), Format<From>::value(static_cast<uint32_t>(code))));
  }
};

TEST_F(ConvertAll, FloatsToE4m3) { floats_to_small<float8_e4m3_t>(); }
TEST_F(ConvertAll, FloatsToE5m2) { floats_to_small<float8_e5m2_t>(); }
TEST_F(ConvertAll, FloatsToE8m0) { floats_to_small<float8_e8m0_t>(); }
TEST_F(ConvertAll, FloatsToHif8) { floats_to_small<hifloat8_t>(); }
TEST_F(ConvertAll, FloatsToE2m1) { floats_to_small<float4_e2m1x2_t>(); }
TEST_F(ConvertAll, FloatsToE1m2) { floats_to_small<float4_e1m2x2_t>(); }

TEST_F(ConvertAll, EveryPatternOfASmallFloatHasItsValue) {
  from_small<float8_e4m3_t>();
  from_small<float8_e5m2_t>();
  from_small<float8_e8m0_t>();
  from_small<hifloat8_t>();
  from_small<float4_e2m1x2_t>();
  from_small<float4_e1m2x2_t>();
}

TEST_F(ConvertAll, BetweenSmallFloatsAndFromIntegers) {
  Line<float8_e5m2_t> from(1, 256);
  Line<float8_e4m3_t> to(1, 256);
  Line<float4_e2m1x2_t> twins(1, 256);
  Line<int64_t> wide(1, 256);
  TASSIGN(from, 0);
  TASSIGN(to, 0x4000);
  TASSIGN(twins, 0x8000);
  TASSIGN(wide, 0x10000);
  for (int i = 0; i < 256; ++i) {
    from.data()[i] = float8_e5m2_t::FromRaw(static_cast<uint8_t>(i));
    wide.data()[i] = (i - 128) * (i % 3 == 0 ? 1 : i % 3 == 1 ? 1 << 20 : 1LL << 45);
  }
  bool any_nan;
  for (const RoundMode mode : kModes) {
    TCVT(to, from, mode, SaturationMode::ON);
    TCVT(twins, from, mode);
    for (int i = 0; i < 256; ++i) {
      const double x = Format<float8_e5m2_t>::value(static_cast<uint32_t>(i));
      const uint32_t want = expected_pattern<float8_e4m3_t>(x, mode, true, any_nan);
      ASSERT_TRUE(pattern(to.data(), i) == want || (any_nan && is_nan_pattern<float8_e4m3_t>(pattern(to.data(), i)))) << i;
      ASSERT_EQ(pattern(twins.data(), i), expected_pattern<float4_e2m1x2_t>(x, mode, false, any_nan)) << i;
    }
    TCVT(to, wide, mode, SaturationMode::ON);
    for (int i = 0; i < 256; ++i)
      ASSERT_EQ(pattern(to.data(), i), expected_pattern<float8_e4m3_t>(static_cast<double>(wide.data()[i]), mode, true, any_nan)) << i;
  }
}

TEST_F(ConvertAll, Int4KeepsTheLowBitsOrClamps) {
  Line<float> src(1, 512);
  Line<int4b_t> dst(1, 512);
  Line<int32_t> back(1, 512);
  TASSIGN(src, 0);
  TASSIGN(dst, 0x8000);
  TASSIGN(back, 0xc000);
  for (int i = 0; i < 512; ++i) src.data()[i] = static_cast<float>(i - 256) / 8;
  for (const RoundMode mode : kModes) {
    for (const SaturationMode saturation : kSaturations) {
      TCVT(dst, src, mode, saturation);
      TCVT(back, dst, RoundMode::CAST_NONE);
      for (int i = 0; i < 512; ++i) {
        const int rounded = static_cast<int>(round_integer(static_cast<double>(src.data()[i]), mode));
        const int want = saturation == SaturationMode::ON ? std::clamp(rounded, -8, 7) : ((rounded + 8) & 15) - 8;
        ASSERT_EQ(int{static_cast<int8_t>(dst.data()[i])}, want) << src.data()[i];
        ASSERT_EQ(back.data()[i], want);
      }
    }
  }
}

// ---- 64-bit integers ------------------------------------------------------------------------------------

using Int128 = __int128;

template <typename T>
std::vector<T> hard_integers(std::mt19937_64& random) {
  std::vector<T> values;
  for (int shift = 0; shift < 64; ++shift) {
    for (const int64_t near : {-3, -2, -1, 0, 1, 2, 3}) {
      const uint64_t power = uint64_t{1} << shift;
      values.push_back(static_cast<T>(power + static_cast<uint64_t>(near)));
      values.push_back(static_cast<T>(0 - power + static_cast<uint64_t>(near)));
      // A tie of f32 (or bf16, f16) at the top of this binade, and what lies just beside it.
      for (const int digits : {8, 11, 24})
        if (shift >= digits) values.push_back(static_cast<T>(power + (power >> digits) + static_cast<uint64_t>(near)));
    }
  }
  while (values.size() < 4096) values.push_back(static_cast<T>(random() >> (random() % 64)));
  return values;
}

/// The float of type T that an integer rounds to, by its neighbours in exact arithmetic.
template <typename T>
double integer_to_float(Int128 v, RoundMode mode, bool saturate) {
  if (v == 0) return 0;
  const bool negative = v < 0;
  const Int128 magnitude = negative ? -v : v;
  int top = 127;
  while ((magnitude >> top & 1) == 0) --top;
  const int digits = FloatFormat<T>::kMantissaBits + 1;
  Int128 low = magnitude, step = 1;
  if (top >= digits) step = Int128{1} << (top + 1 - digits), low = magnitude / step * step;
  const Int128 rest = magnitude - low;
  const bool low_even = low / step % 2 == 0;
  bool up = false;
  if (rest != 0) {
    switch (mode) {
      case RoundMode::CAST_FLOOR: up = negative; break;
      case RoundMode::CAST_CEIL: up = !negative; break;
      case RoundMode::CAST_TRUNC: break;
      case RoundMode::CAST_ODD: up = low_even; break;
      case RoundMode::CAST_ROUND: up = 2 * rest >= step; break;
      default: up = 2 * rest > step || (2 * rest == step && !low_even); break;
    }
  }
  const double rounded = static_cast<double>(up ? low + step : low);  // has at most 24 bits
  const double highest = decode(std::numeric_limits<T>::max());
  if (rounded <= highest) return negative ? -rounded : rounded;
  const bool toward_zero = mode == RoundMode::CAST_TRUNC || mode == RoundMode::CAST_ODD || (mode == RoundMode::CAST_FLOOR && !negative) ||
                           (mode == RoundMode::CAST_CEIL && negative);
  return std::copysign(saturate || toward_zero ? highest : HUGE_VAL, negative ? -1.0 : 1.0);
}

template <typename From>
class ConvertWide : public IsaTest {
 protected:
  template <typename To>
  void check() {
    Line<From> src(8, 512);
    Line<To> dst(8, 512);
    TASSIGN(src, 0);
    TASSIGN(dst, 0x10000);
    const std::vector<From> values = hard_integers<From>(random_);
    for (int i = 0; i < 4096; ++i) src.data()[i] = values[static_cast<size_t>(i)];
    for (const RoundMode mode : kModes) {
      for (const SaturationMode saturation : kSaturations) {
        const bool saturate = saturation == SaturationMode::ON;
        TCVT(dst, src, mode, saturation);
        for (int i = 0; i < 4096; ++i) {
          const Int128 v = values[static_cast<size_t>(i)];
          if constexpr (is_float_element<To>) {
            ASSERT_EQ(decode(dst.data()[i]), integer_to_float<To>(v, mode, saturate)) << i << " " << static_cast<int>(mode);
          } else {
            const Int128 lowest = std::numeric_limits<To>::lowest(), highest = std::numeric_limits<To>::max();
            ASSERT_EQ(dst.data()[i], saturate ? static_cast<To>(std::clamp(v, lowest, highest)) : static_cast<To>(v)) << i;
          }
        }
      }
    }
  }
};
using WideIntegers = ::testing::Types<int64_t, uint64_t>;
TYPED_TEST_SUITE(ConvertWide, WideIntegers);

TYPED_TEST(ConvertWide, ToFloats) {
  this->template check<float>();
  this->template check<half>();
  this->template check<bfloat16_t>();
}
TYPED_TEST(ConvertWide, ToIntegers) {
  this->template check<int8_t>();
  this->template check<uint16_t>();
  this->template check<int32_t>();
  this->template check<int64_t>();
  this->template check<uint64_t>();
}
TYPED_TEST(ConvertWide, FromFloatsAndNarrowIntegers) {
  using To = TypeParam;
  Line<float> src(8, 512);
  Line<To> dst(8, 512);
  Line<int32_t> narrow(8, 512);
  TASSIGN(src, 0);
  TASSIGN(dst, 0x10000);
  TASSIGN(narrow, 0x8000);
  for (int i = 0; i < 4096; ++i) {
    src.data()[i] = static_cast<float>(std::ldexp(std::uniform_real_distribution<double>(-2, 2)(this->random_), this->pick(-3, 66)));
    narrow.data()[i] = static_cast<int32_t>(this->random_());
  }
  const float special[] = {HUGE_VALF, -HUGE_VALF, std::nanf(""), 0.5f, -0.5f, 1.5f, 2.5f, 0x1p63f, -0x1p63f, 0x1p64f, -0.0f};
  std::copy(std::begin(special), std::end(special), src.data());
  for (const RoundMode mode : kModes) {
    for (const SaturationMode saturation : kSaturations) {
      TCVT(dst, src, mode, saturation);
      for (int i = 0; i < 4096; ++i) {
        const double x = static_cast<double>(src.data()[i]), rounded = round_integer(x, mode);
        const double lowest = static_cast<double>(std::numeric_limits<To>::lowest()), beyond = std::is_signed_v<To> ? 0x1p63 : 0x1p64;
        To want;
        if (std::isnan(x)) {
          want = 0;
        } else if (saturation == SaturationMode::ON) {
          want = rounded >= beyond ? std::numeric_limits<To>::max() : rounded <= lowest ? std::numeric_limits<To>::lowest() : To(rounded);
        } else if (rounded < -0x1p63 || rounded >= 0x1p64) {
          want = 0;  // not even 64 bits hold it
        } else {
          want = rounded < 0 ? static_cast<To>(static_cast<int64_t>(rounded)) : static_cast<To>(static_cast<uint64_t>(rounded));
        }
        ASSERT_EQ(dst.data()[i], want) << x << " mode " << static_cast<int>(mode) << " off " << static_cast<int>(saturation);
      }
      TCVT(dst, narrow, mode, saturation);
      for (int i = 0; i < 4096; ++i) {
        const int32_t v = narrow.data()[i];
        ASSERT_EQ(dst.data()[i], saturation == SaturationMode::ON && v < 0 && std::is_unsigned_v<To> ? To(0) : static_cast<To>(v));
      }
    }
  }
}

// ---- what else works with small types -------------------------------------------------------------------

class SmallTypes : public IsaTest {};

template <typename T>
void load_move_store(std::mt19937_64& random) {
  constexpr int kElements = std::is_same_v<T, float4_e2m1x2_t> || std::is_same_v<T, float4_e1m2x2_t> ? 2 : 1;  // in a byte
  std::vector<uint8_t> memory(32 * 80), result(32 * 80, 0xaa);
  for (uint8_t& byte : memory) byte = static_cast<uint8_t>(random());
  using Global = GlobalTensor<T, Shape<1, 1, 1, 32, 64 * kElements>, Stride<1, 1, 1, 80 * kElements, 1>>;
  Global from(reinterpret_cast<T*>(memory.data())), to(reinterpret_cast<T*>(result.data()));
  Tile<TileType::Mat, T, 32, 64 * kElements, BLayout::ColMajor, 32, 64 * kElements, SLayout::RowMajor> boxed;
  Tile<TileType::Left, T, 32, 64 * kElements, BLayout::RowMajor, 32, 64 * kElements, SLayout::RowMajor> left;
  Tile<TileType::Left, T, 32, 32 * kElements, BLayout::ColMajor, 32, 32 * kElements, SLayout::RowMajor> part;
  static_assert(decltype(boxed)::InnerCols == 32 * kElements);
  TASSIGN(boxed, 0);
  TASSIGN(left, 0);
  TASSIGN(part, 0x8000);
  TLOAD(boxed, from);
  TMOV(left, boxed);
  EXPECT_EQ(reinterpret_cast<uint8_t*>(left.data())[32 * 16], memory[32]);  // the second box of the first row of boxes
  TSTORE(to, boxed);
  for (size_t i = 0; i < result.size(); ++i) ASSERT_EQ(result[i], i % 80 < 64 ? memory[i] : 0xaa) << i;
  TEXTRACT(part, boxed, 0, 32 * kElements);
  for (int r = 0; r < 32; ++r) ASSERT_EQ(std::memcmp(part.data() + r * 32, memory.data() + r * 80 + 32, 32), 0) << r;
}

TEST_F(SmallTypes, AreLoadedMovedAndStored) {
  load_move_store<float8_e4m3_t>(random_);
  load_move_store<float8_e5m2_t>(random_);
  load_move_store<float8_e8m0_t>(random_);
  load_move_store<hifloat8_t>(random_);
  load_move_store<int4b_t>(random_);
  load_move_store<float4_e2m1x2_t>(random_);
  load_move_store<float4_e1m2x2_t>(random_);
}

TEST_F(SmallTypes, ViewsBeginAtBytes) {
  using T = float4_e2m1x2_t;
  Tile<TileType::Vec, T, 16, 64> rows;
  Tile<TileType::Vec, T, 16, 64, BLayout::RowMajor, 4, 32> part;
  Tile<TileType::Vec, T, 64, 16, BLayout::ColMajor> columns;
  Tile<TileType::Vec, T, 64, 16, BLayout::ColMajor, 32, 4> part_of_columns;
  TASSIGN(rows, 0);
  TASSIGN(columns, 0x1000);
  TSUBVIEW(part, rows, 3, 6);
  EXPECT_EQ(reinterpret_cast<uint8_t*>(part.data()) - reinterpret_cast<uint8_t*>(rows.data()), (3 * 64 + 6) / 2);
  TSUBVIEW(part_of_columns, columns, 6, 3);
  EXPECT_EQ(reinterpret_cast<uint8_t*>(part_of_columns.data()) - reinterpret_cast<uint8_t*>(columns.data()), (3 * 64 + 6) / 2);
  for (const KernelError& error :
       {error_of([&] { TSUBVIEW(part, rows, 2, 5); }), error_of([&] { TSUBVIEW(part_of_columns, columns, 5, 2); })}) {
    EXPECT_EQ(error.code, 1001);
    EXPECT_NE(error.text.find("two fp4 elements share a byte"), std::string::npos) << error.text;
  }
}

TEST_F(SmallTypes, AMoveThatSeparatesTwinsIsRefused) {
  Tile<TileType::Vec, float4_e2m1x2_t, 16, 64> dst, src;
  TASSIGN(dst, 0);
  TASSIGN(src, 0x1000);
  const KernelError error = error_of([&] { TEXTRACT(dst, src, 0, 1); });
  EXPECT_EQ(error.code, 1001);
  EXPECT_NE(error.text.find("two fp4 elements share a byte"), std::string::npos) << error.text;
  Tile<TileType::Vec, float4_e2m1x2_t, 64, 16, BLayout::ColMajor> column;
  TASSIGN(column, 0x1000);
  Tile<TileType::Vec, float4_e2m1x2_t, 64, 64, BLayout::RowMajor, 64, 16> row;
  TASSIGN(row, 0);
  EXPECT_EQ(error_of([&] { TMOV(row, column); }).code, 1001);
}

TEST_F(SmallTypes, ProductsOfSmallFloatsAreF32) {
  const auto check = [this](auto a_zero, auto b_zero) {
    using A = decltype(a_zero);
    using B = decltype(b_zero);
    TileLeft<A, 32, 64> a;
    TileRight<B, 64, 48> b;
    TileAcc<float, 32, 48> c;
    TASSIGN(a, 0);
    TASSIGN(b, 0);
    TASSIGN(c, 0);
    for (int i = 0; i < 32 * 64; ++i) a.data()[i] = A(static_cast<float>(pick(-16, 16)) / 4);
    for (int i = 0; i < 64 * 48; ++i) b.data()[i] = B(static_cast<float>(pick(-16, 16)) / 4);
    TMATMUL(c, a, b);
    for (int m = 0; m < 32; ++m) {
      for (int n = 0; n < 48; ++n) {
        double sum = 0;
        for (int k = 0; k < 64; ++k) sum += static_cast<double>(float(at(a, m, k))) * static_cast<double>(float(at(b, k, n)));
        ASSERT_EQ(static_cast<double>(at(c, m, n)), sum);  // multiples of 1/16 below 2^20 are exact
      }
    }
  };
  check(float8_e4m3_t(0), float8_e4m3_t(0));
  check(float8_e4m3_t(0), float8_e5m2_t(0));
  check(float8_e5m2_t(0), float8_e4m3_t(0));
  check(hifloat8_t(0), hifloat8_t(0));
}

TEST_F(SmallTypes, ArePrintedAsNumbers) {
  Tile<TileType::Vec, float4_e2m1x2_t, 1, 64, BLayout::RowMajor, 1, 3> twins;
  Tile<TileType::Vec, float8_e4m3_t, 1, 32, BLayout::RowMajor, 1, 2> bytes;
  Tile<TileType::Vec, int4b_t, 1, 32, BLayout::RowMajor, 1, 2> nibbles;
  TASSIGN(twins, 0);
  TASSIGN(bytes, 0x100);
  TASSIGN(nibbles, 0x200);
  twins.data()[0] = float4_e2m1x2_t(1.5f, -6.0f);
  twins.data()[1] = float4_e2m1x2_t(0.5f, 0.0f);
  bytes.data()[0] = float8_e4m3_t(448.0f);
  bytes.data()[1] = float8_e4m3_t::FromRaw(0x7f);
  nibbles.data()[0] = int4b_t(-8);
  nibbles.data()[1] = int4b_t(7);
  ::testing::internal::CaptureStdout();
  TPRINT(twins);
  TPRINT(bytes);
  TPRINT(nibbles);
  const std::string text = ::testing::internal::GetCapturedStdout();
  EXPECT_NE(text.find("\n  1.5000  -6.0000   0.5000\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\n448.0000      nan\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\n      -8        7\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace tilewright::isa_test
