// Bit operations and shifts against arithmetic on wider integers.
#include "isa/isa_test_support.h"

namespace tilewright::isa_test {
namespace {

using namespace pto;

template <typename T>
class BitwiseTest : public IsaTest {
 protected:
  static constexpr int kWidth = 8 * sizeof(T);

  /// a op b from the bits one by one, or by shifting a number of 128 bits.
  static T expected(char op, T a, T b) {
    using U = std::make_unsigned_t<T>;
    const U x = static_cast<U>(a), y = static_cast<U>(b);
    if (op == '<') return static_cast<uint64_t>(y) >= kWidth ? T{0} : static_cast<T>(static_cast<unsigned __int128>(x) << y);
    if (op == '>') return static_cast<T>(static_cast<__int128>(a) >> (static_cast<uint64_t>(y) >= kWidth ? 127 : static_cast<int>(y)));
    U result = 0;
    for (int i = 0; i < kWidth; ++i) {
      const int p = static_cast<int>(x >> i & 1), q = static_cast<int>(y >> i & 1);
      const int bit = op == '&' ? p * q : op == '|' ? p + q - p * q : op == '^' ? (p + q) % 2 : 1 - p;
      result = static_cast<U>(result + (static_cast<U>(bit) << i));
    }
    return static_cast<T>(result);
  }

  template <typename TileT, typename Instruction>
  void check(char op, bool scalar, Instruction instruction) {
    const int rows = pick(1, 32), cols = pick(1, 64);
    TileT dst(rows, cols), a(rows, cols), b(rows, cols);
    TASSIGN(dst, 0);
    TASSIGN(a, 0x8000);
    TASSIGN(b, 0x10000);
    randomize(dst, random_);
    randomize(a, random_);
    randomize(b, random_);
    const bool shift = op == '<' || op == '>';
    // Shift amounts around the width, negative ones included.
    for (int i = 0; shift && i < TileT::Numel; ++i) b.data()[i] = static_cast<T>(pick(-2, kWidth + 2));
    const T value = shift ? static_cast<T>(pick(-2, kWidth + 2)) : static_cast<T>(random_());
    const auto before = snapshot(dst);
    instruction(dst, a, b, value);
    for (int r = 0; r < 32; ++r) {
      for (int c = 0; c < 64; ++c) {
        const bool valid = r < rows && c < cols;
        const T want =
            valid ? expected(op, at(a, r, c), scalar ? value : at(b, r, c)) : before[static_cast<size_t>(tile_offset<TileT>(r, c))];
        ASSERT_EQ(at(dst, r, c), want) << op << " at " << r << ", " << c;
      }
    }
  }
  template <typename Instruction>
  void check_all(char op, bool scalar, Instruction instruction) {
    for (int i = 0; i < 3; ++i) {
      check<NdTile<T>>(op, scalar, instruction);
      check<DnTile<T>>(op, scalar, instruction);
      check<NzTile<T>>(op, scalar, instruction);
    }
  }
};

using Integers = ::testing::Types<int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t, int64_t, uint64_t>;
TYPED_TEST_SUITE(BitwiseTest, Integers);

TYPED_TEST(BitwiseTest, TileWithTile) {
  this->check_all('&', false, [](auto& d, auto& a, auto& b, auto) { TAND(d, a, b); });
  this->check_all('|', false, [](auto& d, auto& a, auto& b, auto) { TOR(d, a, b); });
  this->check_all('^', false, [](auto& d, auto& a, auto& b, auto) { TXOR(d, a, b, b); });
  this->check_all('~', false, [](auto& d, auto& a, auto&, auto) { TNOT(d, a); });
  this->check_all('<', false, [](auto& d, auto& a, auto& b, auto) { TSHL(d, a, b); });
  this->check_all('>', false, [](auto& d, auto& a, auto& b, auto) { TSHR(d, a, b); });
}

TYPED_TEST(BitwiseTest, TileWithScalar) {
  this->check_all('&', true, [](auto& d, auto& a, auto&, auto v) { TANDS(d, a, v); });
  this->check_all('|', true, [](auto& d, auto& a, auto&, auto v) { TORS(d, a, v); });
  this->check_all('^', true, [](auto& d, auto& a, auto& b, auto v) { TXORS(d, a, v, b); });
  this->check_all('<', true, [](auto& d, auto& a, auto&, auto v) { TSHLS(d, a, v); });
  this->check_all('>', true, [](auto& d, auto& a, auto&, auto v) { TSHRS(d, a, v); });
}

class BitwiseErrorTest : public IsaTest {};

TEST_F(BitwiseErrorTest, ASourceMustCoverTheDestination) {
  Tile<TileType::Vec, int32_t, 16, 16> dst;
  Tile<TileType::Vec, int32_t, 8, 16> src;
  TASSIGN(dst, 0);
  TASSIGN(src, 0x1000);
  EXPECT_EQ(error_of([&] { TNOT(dst, src); }).code, 1010);
}

}  // namespace
}  // namespace tilewright::isa_test
