// Operations on integers at the edges of their types: every pair of edge values and random ones, in tile, scalar and expanding forms,
// against arithmetic on 128 bits.
#include "isa/isa_test_support.h"

namespace tilewright::isa_test {
namespace {

using namespace pto;

/// The low bits of an exact result.
template <typename T>
T wrapped(__int128 exact) {
  return static_cast<T>(static_cast<unsigned __int128>(exact));
}

/// Every operation as docs/design/isa.md defines it.
template <typename T>
T expected(const char* op, T a, T b) {
  constexpr int kWidth = 8 * sizeof(T);
  const __int128 x = a, y = b;
  const std::string name = op;
  if (name == "add") return wrapped<T>(x + y);
  if (name == "sub") return wrapped<T>(x - y);
  if (name == "mul") return wrapped<T>(x * y);
  if (name == "div") return b == 0 ? T{0} : wrapped<T>(x / y);
  if (name == "max") return x > y ? a : b;
  if (name == "min") return x < y ? a : b;
  if (name == "fmod") return b == 0 ? T{0} : wrapped<T>(x % y);
  if (name == "rem") return b == 0 ? T{0} : wrapped<T>(x % y + (x % y != 0 && (x < 0) != (y < 0) ? y : 0));
  if (name == "and") return wrapped<T>(x & y);
  if (name == "or") return wrapped<T>(x | y);
  if (name == "xor") return wrapped<T>(x ^ y);
  const bool out = y < 0 || y >= kWidth;
  if (name == "shl") return out ? T{0} : wrapped<T>(static_cast<__int128>(static_cast<unsigned __int128>(x) << static_cast<int>(y)));
  return out ? (x < 0 ? static_cast<T>(-1) : T{0}) : wrapped<T>(x >> static_cast<int>(y));
}

template <typename T>
class SpecialIntegers : public IsaTest {
 protected:
  static constexpr int kCount = 32;
  using Square = Tile<TileType::Vec, T, kCount, kCount>;

  void SetUp() override {
    IsaTest::SetUp();
    constexpr T kLow = std::numeric_limits<T>::lowest(), kHigh = std::numeric_limits<T>::max();
    constexpr int kWidth = 8 * sizeof(T);
    for (const int v : {0, 1, 2, 3, 5, 7, -1, -2, -3, -7, kWidth - 1, kWidth, kWidth + 1}) values_.push_back(static_cast<T>(v));
    for (const int v : {0, 1, 2})
      values_.push_back(static_cast<T>(kLow + static_cast<T>(v))), values_.push_back(static_cast<T>(kHigh - static_cast<T>(v)));
    for (const T v :
         {static_cast<T>(kHigh / 2), static_cast<T>(kHigh / 2 + 1), static_cast<T>(kLow / 2), static_cast<T>(T{1} << kWidth / 2)})
      values_.push_back(v);
    while (values_.size() < kCount) values_.push_back(static_cast<T>(random_()));
    TASSIGN(a_, 0);
    TASSIGN(b_, 0x2000);
    TASSIGN(c_, 0x4000);
    TASSIGN(column_, 0x6000);
    TASSIGN(row_, 0x7000);
    for (int r = 0; r < kCount; ++r) {
      column_.data()[r] = row_.data()[r] = value(r);
      for (int c = 0; c < kCount; ++c) a_.data()[r * kCount + c] = value(r), b_.data()[r * kCount + c] = value(c);
    }
  }
  T value(int i) const { return values_[static_cast<size_t>(i)]; }

  /// That c_ holds op of every pair, a value of the row first.
  void expect_pairs(const char* op) {
    for (int r = 0; r < kCount; ++r) {
      for (int c = 0; c < kCount; ++c) {
        ASSERT_EQ(c_.data()[r * kCount + c], expected(op, value(r), value(c))) << op << " of " << +value(r) << " and " << +value(c);
      }
    }
  }
  template <typename Instruction>
  void scalars(const char* op, bool first, Instruction instruction) {
    for (const T scalar : values_) {
      instruction(scalar);
      for (int c = 0; c < kCount; ++c) {
        const T x = first ? scalar : value(c), y = first ? value(c) : scalar;
        ASSERT_EQ(c_.data()[c], expected(op, x, y)) << op << " of " << +x << " and " << +y;
      }
    }
  }

  std::vector<T> values_;
  Square a_, b_, c_;
  Tile<TileType::Vec, T, kCount, 1, BLayout::ColMajor> column_;
  Tile<TileType::Vec, T, 1, kCount> row_;
};
using Integers = ::testing::Types<int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t, int64_t, uint64_t>;
TYPED_TEST_SUITE(SpecialIntegers, Integers);

TYPED_TEST(SpecialIntegers, EveryPairInTileForms) {
  auto &a = this->a_, &b = this->b_, &c = this->c_;
  const auto check = [this](const char* op, auto instruction) {
    instruction();
    this->expect_pairs(op);
  };
  check("add", [&] { TADD(c, a, b); });
  check("sub", [&] { TSUB(c, a, b); });
  check("mul", [&] { TMUL(c, a, b); });
  check("div", [&] { TDIV(c, a, b); });
  check("max", [&] { TMAX(c, a, b); });
  check("min", [&] { TMIN(c, a, b); });
  check("rem", [&] { TREM(c, a, b, b); });
  check("fmod", [&] { TFMOD(c, a, b); });
  check("and", [&] { TAND(c, a, b); });
  check("or", [&] { TOR(c, a, b); });
  check("xor", [&] { TXOR(c, a, b, b); });
  check("shl", [&] { TSHL(c, a, b); });
  check("shr", [&] { TSHR(c, a, b); });
}

TYPED_TEST(SpecialIntegers, EveryPairInExpandingForms) {
  auto &a = this->a_, &b = this->b_, &c = this->c_;
  auto& column = this->column_;
  auto& row = this->row_;
  const auto check = [this](const char* op, auto instruction) {
    instruction();
    this->expect_pairs(op);
  };
  check("add", [&] { TROWEXPANDADD(c, column, b); });
  check("sub", [&] { TROWEXPANDSUB(c, column, b); });
  check("mul", [&] { TROWEXPANDMUL(c, column, b); });
  check("div", [&] { TROWEXPANDDIV(c, column, b); });
  check("max", [&] { TROWEXPANDMAX(c, column, b); });
  check("min", [&] { TROWEXPANDMIN(c, column, b); });
  check("add", [&] { TCOLEXPANDADD(c, a, row); });
  check("sub", [&] { TCOLEXPANDSUB(c, a, row); });
  check("mul", [&] { TCOLEXPANDMUL(c, a, row); });
  check("div", [&] { TCOLEXPANDDIV(c, a, row); });
  check("max", [&] { TCOLEXPANDMAX(c, a, row); });
  check("min", [&] { TCOLEXPANDMIN(c, a, row); });
}

TYPED_TEST(SpecialIntegers, EveryPairInScalarForms) {
  auto &b = this->b_, &c = this->c_;
  this->scalars("add", false, [&](auto s) { TADDS(c, b, s); });
  this->scalars("sub", false, [&](auto s) { TSUBS(c, b, s); });
  this->scalars("mul", false, [&](auto s) { TMULS(c, b, s); });
  this->scalars("div", false, [&](auto s) { TDIVS(c, b, s); });
  this->scalars("div", true, [&](auto s) { TDIVS(c, s, b); });
  this->scalars("max", false, [&](auto s) { TMAXS(c, b, s); });
  this->scalars("min", false, [&](auto s) { TMINS(c, b, s); });
  this->scalars("rem", false, [&](auto s) { TREMS(c, b, s, b); });
  this->scalars("fmod", false, [&](auto s) { TFMODS(c, b, s); });
  this->scalars("and", false, [&](auto s) { TANDS(c, b, s); });
  this->scalars("or", false, [&](auto s) { TORS(c, b, s); });
  this->scalars("xor", false, [&](auto s) { TXORS(c, b, s, b); });
  this->scalars("shl", false, [&](auto s) { TSHLS(c, b, s); });
  this->scalars("shr", false, [&](auto s) { TSHRS(c, b, s); });
}

TYPED_TEST(SpecialIntegers, EveryTripleInSumsOfThree) {
  auto &a = this->a_, &b = this->b_, &c = this->c_;
  Tile<TileType::Vec, TypeParam, TestFixture::kCount, TestFixture::kCount> third;
  TASSIGN(third, 0x8000);
  for (const TypeParam v : this->values_) {
    TEXPANDS(third, v);
    const auto check = [&](const char* what, auto instruction, auto exact) {
      instruction();
      for (int i = 0; i < TestFixture::Square::Numel; ++i) {
        const TypeParam x = a.data()[i], y = b.data()[i];
        ASSERT_EQ(c.data()[i], wrapped<TypeParam>(exact(__int128{x}, __int128{y}, __int128{v})))
            << what << " of " << +x << ", " << +y << " and " << +v;
      }
    };
    check("a + b + c", [&] { TADDC(c, a, b, third); }, [](auto x, auto y, auto z) { return x + y + z; });
    check("a - b + c", [&] { TSUBC(c, a, b, third); }, [](auto x, auto y, auto z) { return x - y + z; });
    check("a + s + b", [&] { TADDSC(c, a, v, b); }, [](auto x, auto y, auto s) { return x + s + y; });
    check("a - s + b", [&] { TSUBSC(c, a, v, b); }, [](auto x, auto y, auto s) { return x - s + y; });
  }
}

TYPED_TEST(SpecialIntegers, EveryPairIsCompared) {
  Tile<TileType::Vec, uint8_t, TestFixture::kCount, 32> bits;
  TASSIGN(bits, 0x8000);
  for (const CmpMode mode : {CmpMode::EQ, CmpMode::NE, CmpMode::LT, CmpMode::LE, CmpMode::GT, CmpMode::GE}) {
    TCMP(bits, this->a_, this->b_, mode);
    for (int r = 0; r < TestFixture::kCount; ++r) {
      for (int c = 0; c < TestFixture::kCount; ++c) {
        ASSERT_EQ((bits.data()[r * 32 + c / 8] >> c % 8 & 1) != 0, compares(mode, this->value(r), this->value(c)))
            << +this->value(r) << " and " << +this->value(c) << " mode " << static_cast<int>(mode);
      }
    }
    for (const auto scalar : this->values_) {
      TCMPS(bits, this->b_, scalar, mode);
      for (int c = 0; c < TestFixture::kCount; ++c) {
        ASSERT_EQ((bits.data()[c / 8] >> c % 8 & 1) != 0, compares(mode, this->value(c), scalar)) << +this->value(c) << " and " << +scalar;
      }
    }
  }
}

}  // namespace
}  // namespace tilewright::isa_test
