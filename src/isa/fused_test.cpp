// Several operations in one, against the formulas in double precision (floating point) and 128-bit integers.
#include "isa/isa_test_support.h"

namespace tilewright::isa_test {
namespace {

using namespace pto;

template <typename T>
class FusedTest : public IsaTest {
 protected:
  /// dst = formula(a, b, c, scalar) of exact values; `slack` is how much of f32 each result may be off for roundings on the way.
  template <typename TileT, typename Instruction, typename Formula>
  void check(Instruction instruction, Formula formula) {
    const int rows = pick(1, 32), cols = pick(1, 64);
    TileT dst(rows, cols), a(rows, cols), b(rows, cols), c(rows, cols);
    int address = 0;
    for (TileT* tile : {&dst, &a, &b, &c}) {
      TASSIGN(*tile, address);
      randomize(*tile, random_);
      address += 0x8000;
    }
    if constexpr (std::is_integral_v<T>) {  // divisors of every kind
      for (int i = 0; i < TileT::Numel; i += 3) b.data()[i] = static_cast<T>(pick(0, 6) - 3);
    }
    const T scalar = b.data()[pick(0, 8) * 3];
    const auto before = snapshot(dst);
    instruction(dst, a, b, c, scalar);
    for (int r = 0; r < 32; ++r) {
      for (int col = 0; col < 64; ++col) {
        const T held = before[static_cast<size_t>(tile_offset<TileT>(r, col))];
        if (r >= rows || col >= cols) {
          ASSERT_EQ(std::memcmp(&held, &dst.data()[tile_offset<TileT>(r, col)], sizeof(T)), 0);
          continue;
        }
        const T x = at(a, r, col), y = at(b, r, col), z = at(c, r, col), got = at(dst, r, col);
        if constexpr (is_float_element<T>) {
          const double want = formula(decode(x), decode(y), decode(z), decode(scalar), decode(held));
          // Values are below 32, so no step is off by more than half of f32's spacing there.
          const double bound = 2 * std::ldexp(1.0, -19) + 0.5 * ulp<T>(want) * (1 + std::ldexp(1.0, -10));
          ASSERT_LE(std::abs(decode(got) - want), bound) << r << ", " << col;
        } else {
          const __int128 want = formula(__int128{x}, __int128{y}, __int128{z}, __int128{scalar}, __int128{held});
          ASSERT_EQ(got, static_cast<T>(want)) << r << ", " << col;
        }
      }
    }
  }
  template <typename Instruction, typename Formula>
  void check_all(Instruction instruction, Formula formula) {
    for (int i = 0; i < 3; ++i) {
      check<NdTile<T>>(instruction, formula);
      check<DnTile<T>>(instruction, formula);
      check<NzTile<T>>(instruction, formula);
    }
  }
};
TYPED_TEST_SUITE(FusedTest, AllElements);

/// The remainder by its definition, with the quotient rounded down (`floored`) or towards zero.
template <typename V>
V remainder_of(V a, V b, bool floored) {
  if constexpr (std::is_same_v<V, double>) {
    return floored ? a - std::floor(a / b) * b : a - std::trunc(a / b) * b;
  } else {
    if (b == 0) return 0;
    V quotient = a / b;
    if (floored && quotient * b != a && (a < 0) != (b < 0)) --quotient;
    return a - quotient * b;
  }
}

TYPED_TEST(FusedTest, SumsOfThree) {
  this->check_all([](auto& d, auto& a, auto& b, auto& c, auto) { TADDC(d, a, b, c); },
                  [](auto x, auto y, auto z, auto, auto) { return x + y + z; });
  this->check_all([](auto& d, auto& a, auto& b, auto& c, auto) { TSUBC(d, a, b, c); },
                  [](auto x, auto y, auto z, auto, auto) { return x - y + z; });
  this->check_all([](auto& d, auto& a, auto& b, auto&, auto s) { TADDSC(d, a, s, b); },
                  [](auto x, auto y, auto, auto s, auto) { return x + s + y; });
  this->check_all([](auto& d, auto& a, auto& b, auto&, auto s) { TSUBSC(d, a, s, b); },
                  [](auto x, auto y, auto, auto s, auto) { return x - s + y; });
}

template <typename T>
class FusedFloatTest : public FusedTest<T> {};
TYPED_TEST_SUITE(FusedFloatTest, FloatElements);

TYPED_TEST(FusedFloatTest, MultiplyAdditionsAndRelus) {
  const auto relu = [](double x) { return x > 0 ? x : 0; };
  this->check_all([](auto& d, auto& a, auto& b, auto&, auto) { TMULADDDST(d, a, b); },
                  [](double x, double y, double, double, double d) { return x * y + d; });
  this->check_all([](auto& d, auto& a, auto& b, auto&, auto) { TFUSEDMULADD(d, a, b); },
                  [](double x, double y, double, double, double d) { return x * d + y; });
  this->check_all([](auto& d, auto& a, auto& b, auto&, auto) { TFUSEDMULADDRELU(d, a, b); },
                  [=](double x, double y, double, double, double d) { return relu(x * d + y); });
  this->check_all([](auto& d, auto& a, auto& b, auto&, auto) { TSUBRELU(d, a, b); },
                  [=](double x, double y, double, double, double) { return relu(x - y); });
  this->check_all([](auto& d, auto& a, auto& b, auto& c, auto) { TPRELU(d, a, b, c); },
                  [](double x, double y, double, double, double) { return x > 0 ? x : x * y; });
  this->check_all([](auto& d, auto& a, auto&, auto&, auto s) { TLRELU(d, a, s); },
                  [](double x, double, double, double s, double) { return x > 0 ? x : x * s; });
  this->check_all([](auto& d, auto& a, auto&, auto&, auto s) { TAXPY(d, a, s); },
                  [](double x, double, double, double s, double d) { return d + s * x; });
}

TYPED_TEST(FusedTest, RemaindersOfBothKinds) {
  if constexpr (is_float_element<TypeParam>) {
    // Fixed divisors, so that no quotient is near an integer by chance of rounding in the reference.
    NdTile<TypeParam> dst(1, 8), a(1, 8), b(1, 8);
    TASSIGN(dst, 0);
    TASSIGN(a, 0x8000);
    TASSIGN(b, 0x10000);
    const float x[] = {5.5f, -5.5f, 5.5f, -5.5f, 6, -6, 0.25f, -0.25f}, y[] = {2, 2, -2, -2, 3, 3, 1, 1};
    const float floored[] = {1.5f, 0.5f, -0.5f, -1.5f, 0, 0, 0.25f, 0.75f}, truncated[] = {1.5f, -1.5f, 1.5f, -1.5f, 0, 0, 0.25f, -0.25f};
    for (int i = 0; i < 8; ++i) {
      a.data()[i] = TypeParam(x[i]);
      b.data()[i] = TypeParam(y[i]);
    }
    TREM(dst, a, b, b);
    for (int i = 0; i < 8; ++i) EXPECT_EQ(decode(dst.data()[i]), floored[i]) << i;
    TFMOD(dst, a, b);
    for (int i = 0; i < 8; ++i) EXPECT_EQ(decode(dst.data()[i]), truncated[i]) << i;
    TREMS(dst, a, TypeParam(-2.0f), b);
    EXPECT_EQ(decode(dst.data()[0]), -0.5);
    TFMODS(dst, a, TypeParam(-2.0f));
    EXPECT_EQ(decode(dst.data()[0]), 1.5);
  } else {
    this->check_all([](auto& d, auto& a, auto& b, auto& c, auto) { TREM(d, a, b, c); },
                    [](auto x, auto y, auto, auto, auto) { return remainder_of(x, y, true); });
    this->check_all([](auto& d, auto& a, auto& b, auto&, auto) { TFMOD(d, a, b); },
                    [](auto x, auto y, auto, auto, auto) { return remainder_of(x, y, false); });
    this->check_all([](auto& d, auto& a, auto&, auto& c, auto s) { TREMS(d, a, s, c); },
                    [](auto x, auto, auto, auto s, auto) { return remainder_of(x, s, true); });
    this->check_all([](auto& d, auto& a, auto&, auto&, auto s) { TFMODS(d, a, s); },
                    [](auto x, auto, auto, auto s, auto) { return remainder_of(x, s, false); });
  }
}

class RemainderTest : public IsaTest {};

/// Remainders of f32 have no rounding error, whatever the quotient; the C library's are the reference.
TEST_F(RemainderTest, OfFloatsIsExact) {
  using TileT = Tile<TileType::Vec, float, 16, 64>;
  TileT dst, a, b;
  TASSIGN(dst, 0);
  TASSIGN(a, 0x8000);
  TASSIGN(b, 0x10000);
  const float special[] = {0.0f,  -0.0f,  1.0f,      -1.0f,      3.0f,          1e-45f,     -1e-45f,   1e-38f,
                           3e38f, -3e38f, HUGE_VALF, -HUGE_VALF, std::nanf(""), 4194303.0f, 8388609.0f};
  constexpr int kSpecial = std::size(special);
  for (int round = 0; round < 200; ++round) {
    const int near = pick(-24, 24);
    for (int i = 0; i < TileT::Numel; ++i) {
      const auto any = [&] { return __builtin_bit_cast(float, static_cast<uint32_t>(random_())); };
      b.data()[i] = round == 0 ? special[i % kSpecial] : any();
      // Dividends of a like size, or nearly multiples of the divisor, where a rounded quotient errs.
      const float multiple = b.data()[i] * static_cast<float>(pick(1, 3000000));
      a.data()[i] = round == 0       ? special[i / kSpecial % kSpecial]
                    : round % 3 == 0 ? any()
                    : round % 3 == 1 ? std::nextafterf(multiple, i % 2 != 0 ? HUGE_VALF : -HUGE_VALF)
                                     : std::ldexp(b.data()[i], near) * 1.2345f;
    }
    TFMOD(dst, a, b);
    for (int i = 0; i < TileT::Numel; ++i) {
      const float want = std::fmod(a.data()[i], b.data()[i]), got = dst.data()[i];
      ASSERT_TRUE(same_value(got, want) && (std::isnan(want) || std::signbit(got) == std::signbit(want)))
          << std::hexfloat << a.data()[i] << " by " << b.data()[i] << " leaves " << want << ", not " << got;
    }
    TREM(dst, a, b, b);
    for (int i = 0; i < TileT::Numel; ++i) {
      const float rest = std::fmod(a.data()[i], b.data()[i]);
      const float want = rest != 0 && std::signbit(rest) != std::signbit(b.data()[i]) ? rest + b.data()[i] : rest, got = dst.data()[i];
      ASSERT_TRUE(same_value(got, want)) << std::hexfloat << a.data()[i] << " by " << b.data()[i] << " leaves " << want << ", not " << got;
    }
  }
}

}  // namespace
}  // namespace tilewright::isa_test
