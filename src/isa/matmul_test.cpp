// Matrix products against double-precision (or exact integer) references, with random valid extents.
#include "isa/isa_test_support.h"

namespace tilewright::isa_test {
namespace {

using namespace pto;

template <typename T>
class MatmulTest : public IsaTest {
 protected:
  using C = std::conditional_t<std::is_same_v<T, int8_t>, int32_t, float>;

  template <typename A, typename B, typename Acc, typename Expected>
  void expect_product(const A& a, const B& b, const Acc& c, const std::vector<C>& before, Expected start) {
    const int m = a.GetValidRow(), k = a.GetValidCol(), n = b.GetValidCol();
    for (int i = 0; i < Acc::Rows; ++i) {
      for (int j = 0; j < Acc::Cols; ++j) {
        const C got = at(c, i, j);
        if (i >= m || j >= n) {
          ASSERT_EQ(got, before[tile_offset<Acc>(i, j)]) << "outside the valid region: " << i << "," << j;
          continue;
        }
        double sum = start(i, j), magnitude = std::abs(sum);
        for (int l = 0; l < k; ++l) {
          const double product = decode(at(a, i, l)) * decode(at(b, l, j));
          sum += product;
          magnitude += std::abs(product);
        }
        if constexpr (std::is_integral_v<C>) {
          ASSERT_EQ(static_cast<double>(got), sum) << i << "," << j;
        } else {
          ASSERT_LE(std::abs(got - sum), magnitude * (k + 1) * 6e-8 + 1e-30) << i << "," << j << " of " << m << "x" << k << "x" << n;
        }
      }
    }
  }

  /// What lies outside the valid region must not matter: NaN there would show in every sum, even multiplied by 0.
  template <typename TileT>
  void poison(TileT& tile) {
    for (int r = 0; r < TileT::Rows; ++r) {
      for (int c = 0; c < TileT::Cols; ++c) {
        if (r < tile.GetValidRow() && c < tile.GetValidCol()) continue;
        if constexpr (is_float_element<T>) tile.data()[tile_offset<TileT>(r, c)] = T(std::nanf(""));
      }
    }
  }

  template <typename A, typename B, int M, int N>
  void check(int m, int k, int n) {
    using Acc = TileAcc<C, M, N, -1, -1>;
    using Bias = Tile<TileType::Bias, C, 1, N, BLayout::RowMajor, 1, -1>;
    A a(m, k);
    B b(k, n);
    Acc c(m, n), c_in(m, n);
    Bias bias(n);
    TASSIGN(a, 0x0);
    TASSIGN(b, 0x0);
    TASSIGN(c, 0x0);
    TASSIGN(c_in, 0x8000);
    TASSIGN(bias, 0x0);
    randomize(a, random_, -2, 2);
    randomize(b, random_, -2, 2);
    poison(a);
    poison(b);
    const auto fresh = [&](auto& tile) {
      for (int i = 0; i < tile.Numel; ++i) tile.data()[i] = static_cast<C>(pick(-1000, 1000));
      return snapshot(tile);
    };
    auto before = fresh(c);
    TMATMUL(c, a, b);
    expect_product(a, b, c, before, [](int, int) { return 0.0; });
    before = fresh(c);
    TMATMUL_ACC(c, a, b);
    expect_product(a, b, c, before, [&](int i, int j) { return static_cast<double>(before[tile_offset<Acc>(i, j)]); });
    before = fresh(c);
    const auto start = fresh(c_in);
    TMATMUL_ACC<AccPhase::Final>(c, c_in, a, b);
    expect_product(a, b, c, before, [&](int i, int j) { return static_cast<double>(start[tile_offset<Acc>(i, j)]); });
    before = fresh(c);
    fresh(bias);
    TMATMUL_BIAS(c, a, b, bias);
    expect_product(a, b, c, before, [&](int, int j) { return static_cast<double>(bias.data()[j]); });
    if (m == 1) {
      before = fresh(c);
      TGEMV_BIAS(c, a, b, bias);
      expect_product(a, b, c, before, [&](int, int j) { return static_cast<double>(bias.data()[j]); });
      TGEMV(c, a, b);
      expect_product(a, b, c, before, [](int, int) { return 0.0; });
      before = snapshot(c);
      TGEMV_ACC(c, c, a, b);
      expect_product(a, b, c, before, [&](int i, int j) { return static_cast<double>(before[tile_offset<Acc>(i, j)]); });
    }
  }
};

using MatmulElements = ::testing::Types<float, half, bfloat16_t, int8_t>;
TYPED_TEST_SUITE(MatmulTest, MatmulElements);

template <typename T, int R, int C>
using ZzLeft = Tile<TileType::Left, T, R, C, BLayout::RowMajor, -1, -1, SLayout::RowMajor>;

TYPED_TEST(MatmulTest, RandomExtentsInBothSpellingsOfLeft) {
  using T = TypeParam;
  for (int trial = 0; trial < 6; ++trial) {
    const int m = this->pick(1, 48), k = this->pick(1, 64), n = this->pick(1, 64);
    this->template check<TileLeft<T, 48, 64, -1, -1>, TileRight<T, 64, 64, -1, -1>, 48, 64>(m, k, n);
    this->template check<ZzLeft<T, 48, 64>, TileRight<T, 64, 64, -1, -1>, 48, 64>(m, k, n);
  }
  this->template check<TileLeft<T, 16, 64, -1, -1>, TileRight<T, 64, 64, -1, -1>, 16, 64>(1, 64, 64);
  this->template check<TileLeft<T, 16, 64, -1, -1>, TileRight<T, 64, 64, -1, -1>, 16, 64>(1, 33, 17);
}

TYPED_TEST(MatmulTest, DepthBeyondOneBlock) {
  using T = TypeParam;
  this->template check<TileLeft<T, 16, 512, -1, -1>, TileRight<T, 512, 16, -1, -1>, 16, 16>(13, 512, 16);
  this->template check<TileLeft<T, 16, 512, -1, -1>, TileRight<T, 512, 16, -1, -1>, 16, 16>(16, 300, 9);
}

TYPED_TEST(MatmulTest, TallAndWideProducts) {
  using T = TypeParam;
  this->template check<TileLeft<T, 320, 32, -1, -1>, TileRight<T, 32, 16, -1, -1>, 320, 16>(317, 32, 11);
  this->template check<TileLeft<T, 16, 32, -1, -1>, TileRight<T, 32, 224, -1, -1>, 16, 224>(5, 20, 210);
}

/// Rows in whole boxes, of which a narrow A is widened while it is multiplied: several of them, several panels and passes over K, a last box
/// of K that is not full, a last panel that is not.
TYPED_TEST(MatmulTest, RowsInWholeBoxes) {
  using T = TypeParam;
  this->template check<TileLeft<T, 48, 320, -1, -1>, TileRight<T, 320, 48, -1, -1>, 48, 48>(48, 301, 48);
  this->template check<ZzLeft<T, 48, 320>, TileRight<T, 320, 48, -1, -1>, 48, 48>(32, 277, 41);
  this->template check<TileLeft<T, 320, 32, -1, -1>, TileRight<T, 32, 16, -1, -1>, 320, 16>(304, 19, 11);
  this->template check<TileLeft<T, 32, 32, -1, -1>, TileRight<T, 32, 32, -1, -1>, 32, 32>(32, 1, 32);
}

class MatmulFull : public IsaTest {};

/// The instructions that multiply pairs of bf16 take subnormal elements for zero, so they must not be used here.
TEST_F(MatmulFull, SubnormalBf16sAreNoZeros) {
  TileLeft<bfloat16_t, 48, 64> a;
  TileRight<bfloat16_t, 64, 48> b;
  TileAcc<float, 48, 48> c;
  TASSIGN(a, 0);
  TASSIGN(b, 0);
  TASSIGN(c, 0);
  for (const float power : {0x1p100f, 0x1p20f, 0x1p-10f}) {  // sums that are large, small, and subnormal themselves
    for (int i = 0; i < a.Numel; ++i) a.data()[i] = bfloat16_t::FromRaw(static_cast<uint16_t>(pick(1, 127)));
    for (int i = 0; i < b.Numel; ++i) b.data()[i] = bfloat16_t(static_cast<float>(pick(1, 15)) * power);
    TMATMUL(c, a, b);
    for (int i = 0; i < 48; ++i) {
      for (int j = 0; j < 48; ++j) {
        double sum = 0;
        for (int k = 0; k < 64; ++k) sum += decode(at(a, i, k)) * decode(at(b, k, j));
        const double rounding = 65 * (0x1p-24 * sum + std::numeric_limits<float>::denorm_min() / 2);
        ASSERT_LE(std::abs(static_cast<double>(at(c, i, j)) - sum), rounding) << i << "," << j << " with " << power;
        ASSERT_NE(at(c, i, j), 0);
      }
    }
  }
}

/// A whole L0A of i8 is the largest operand there is; extreme values must not overflow on the way.
TEST_F(MatmulFull, LargestInt8Operands) {
  TileLeft<int8_t, 128, 512> a;
  TileRight<int8_t, 512, 128> b;
  TileAcc<int32_t, 128, 128> c;
  TASSIGN(a, 0);
  TASSIGN(b, 0);
  TASSIGN(c, 0);
  for (int i = 0; i < a.Numel; ++i) a.data()[i] = -128, b.data()[i] = -128;
  TMATMUL(c, a, b);
  for (int i = 0; i < c.Numel; ++i) ASSERT_EQ(c.data()[i], 512 * 16384);
}

TEST_F(MatmulFull, NanOutsideTheValidRegionStaysOutside) {
  TileLeft<float, 32, 32, -1, -1> a(20, 20);
  TileRight<float, 32, 32, -1, -1> b(20, 20);
  TileAcc<float, 32, 32, -1, -1> c(20, 20);
  TASSIGN(a, 0);
  TASSIGN(b, 0);
  TASSIGN(c, 0);
  for (int i = 0; i < a.Numel; ++i) a.data()[i] = b.data()[i] = std::nanf("");
  for (int i = 0; i < 20; ++i) {
    for (int j = 0; j < 20; ++j) a.data()[tile_offset<decltype(a)>(i, j)] = 1, b.data()[tile_offset<decltype(b)>(i, j)] = 2;
  }
  TMATMUL(c, a, b);
  for (int i = 0; i < 20; ++i) {
    for (int j = 0; j < 20; ++j) ASSERT_EQ(at(c, i, j), 40);
  }
}

TEST_F(MatmulFull, RefusesExtentsThatDoNotFit) {
  TileLeft<half, 32, 32, -1, -1> a(32, 32);
  TileRight<half, 32, 32, -1, -1> b(16, 32);
  TileAcc<float, 16, 32, -1, -1> c(16, 32);
  TASSIGN(a, 0);
  TASSIGN(b, 0);
  TASSIGN(c, 0);
  KernelError error = error_of([&] { TMATMUL(c, a, b); });
  EXPECT_EQ(error.code, 1001);
  EXPECT_NE(error.text.find("K differs"), std::string::npos) << error.text;
  b.SetValidRow(32);
  error = error_of([&] { TMATMUL(c, a, b); });
  EXPECT_EQ(error.code, 1010) << error.text;
  error = error_of([&] { TGEMV(c, a, b); });
  EXPECT_NE(error.text.find("use TMATMUL"), std::string::npos) << error.text;
}

}  // namespace
}  // namespace tilewright::isa_test
