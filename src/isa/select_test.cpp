// TCMP, TCMPS, TSEL, TSELS against bits taken one by one.
#include <algorithm>

#include "isa/isa_test_support.h"

namespace tilewright::isa_test {
namespace {

using namespace pto;

/// a cmp b by the words of IEEE 754, on the exact values.
template <typename T>
bool holds(T a, T b, CmpMode mode) {
  if constexpr (is_float_element<T>) return compares(mode, decode(a), decode(b));
  return compares(mode, a, b);
}

/// Bit (r, c) of a mask, by the definition: bit c % width of word c / width, for words of the mask's own type.
template <typename MaskT>
bool bit(const MaskT& mask, int64_t r, int64_t c) {
  constexpr int64_t kWidth = 8 * sizeof(typename MaskT::DType);
  return (static_cast<uint64_t>(mask.data()[r * MaskT::Cols + c / kWidth]) >> (c % kWidth) & 1) != 0;
}

using Mask8 = Tile<TileType::Vec, uint8_t, 32, 32>;
using Mask32 = Tile<TileType::Vec, uint32_t, 32, 8>;

constexpr CmpMode kModes[] = {CmpMode::EQ, CmpMode::NE, CmpMode::LT, CmpMode::LE, CmpMode::GT, CmpMode::GE};

template <typename T>
class SelectTest : public IsaTest {
 protected:
  /// Few distinct values, so that many are equal; and the special ones of floating-point types.
  T draw() {
    if constexpr (is_float_element<T>) {
      const float values[] = {0, -0.0f, 1, -1, 0.5f, HUGE_VALF, -HUGE_VALF, std::nanf("")};
      return T(values[pick(0, 7)]);
    } else {
      const T values[] = {0, 1, static_cast<T>(-1), std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
      return values[pick(0, 4)];
    }
  }
  template <typename TileT>
  void draw_all(TileT& tile) {
    for (int i = 0; i < TileT::Numel; ++i) tile.data()[i] = draw();
  }

  template <typename TileT, typename MaskT>
  void compare(CmpMode mode) {
    const int rows = pick(1, 32), cols = pick(1, 64);
    TileT a(rows, cols), b(rows, cols);
    MaskT mask;
    TASSIGN(a, 0);
    TASSIGN(b, 0x8000);
    TASSIGN(mask, 0x10000);
    draw_all(a);
    draw_all(b);
    const T scalar = draw();
    for (int form = 0; form < 3; ++form) {
      std::fill_n(mask.data(), MaskT::Numel, static_cast<typename MaskT::DType>(-1));
      if (form == 0) TCMP(mask, a, b, mode);
      if (form == 1) TCMPS(mask, a, scalar, mode);
      if (form == 2) TCMPS(mask, a, b, mode);
      const int64_t bits = MaskT::Cols * 8 * static_cast<int64_t>(sizeof(typename MaskT::DType));
      for (int64_t r = 0; r < MaskT::Rows; ++r) {
        for (int64_t c = 0; c < bits; ++c) {
          const T right = form == 0 ? at(b, std::min<int64_t>(r, 31), std::min<int64_t>(c, 63)) : form == 1 ? scalar : at(b, 0, 0);
          const bool want = r < rows && c < cols && holds(at(a, r, c), right, mode);
          ASSERT_EQ(bit(mask, r, c), want) << "form " << form << " mode " << static_cast<int>(mode) << " at " << r << ", " << c;
        }
      }
    }
  }

  template <typename TileT, typename MaskT>
  void select() {
    const int rows = pick(1, 32), cols = pick(1, 64);
    TileT dst(rows, cols), a(rows, cols), b(rows, cols);
    MaskT mask;
    Mask8 tmp;
    TASSIGN(dst, 0);
    TASSIGN(a, 0x8000);
    TASSIGN(b, 0x10000);
    TASSIGN(mask, 0x18000);
    TASSIGN(tmp, 0x1a000);
    for (int i = 0; i < TileT::Numel; ++i) {
      a.data()[i] = T(1);
      b.data()[i] = T(2);
      dst.data()[i] = T(4);
    }
    for (int i = 0; i < MaskT::Numel; ++i) mask.data()[i] = static_cast<typename MaskT::DType>(random_());
    const auto expect = [&](double otherwise) {
      for (int64_t r = 0; r < 32; ++r) {
        for (int64_t c = 0; c < 64; ++c) {
          const double want = r >= rows || c >= cols ? 4 : bit(mask, r, c) ? 1 : otherwise;
          ASSERT_EQ(decode(at(dst, r, c)), want) << r << ", " << c;
        }
      }
    };
    TSEL(dst, mask, a, b, tmp);
    expect(2);
    TSELS(dst, mask, a, tmp, T(3));
    expect(3);
    // In place, and bits are copied as they are.
    if constexpr (is_float_element<T>) {
      b.data()[0] = T(std::nanf(""));
      TSEL(b, mask, a, b, tmp);
      EXPECT_EQ(std::isnan(decode(b.data()[0])), !bit(mask, 0, 0));
    }
  }
};
TYPED_TEST_SUITE(SelectTest, AllElements);

TYPED_TEST(SelectTest, ComparesIntoPackedBits) {
  for (const CmpMode mode : kModes) {
    for (int i = 0; i < 3; ++i) {
      this->template compare<NdTile<TypeParam>, Mask8>(mode);
      this->template compare<NdTile<TypeParam>, Mask32>(mode);
    }
    this->template compare<DnTile<TypeParam>, Mask8>(mode);
    this->template compare<NzTile<TypeParam>, Mask32>(mode);
  }
}

TYPED_TEST(SelectTest, SelectsByPackedBits) {
  for (int i = 0; i < 4; ++i) {
    this->template select<NdTile<TypeParam>, Mask8>();
    this->template select<NdTile<TypeParam>, Mask32>();
    this->template select<DnTile<TypeParam>, Mask8>();
    this->template select<ZnTile<TypeParam>, Mask32>();
  }
}

class MaskTest : public IsaTest {};

TEST_F(MaskTest, RowsLongerThanABufferAreWhole) {
  Tile<TileType::Vec, float, 2, 1000> a, b, dst;
  Tile<TileType::Vec, uint8_t, 2, 128> mask;
  TASSIGN(a, 0);
  TASSIGN(b, 0x4000);
  TASSIGN(dst, 0x8000);
  TASSIGN(mask, 0xc000);
  randomize(a, random_);
  randomize(b, random_);
  TCMP(mask, a, b, CmpMode::GT);
  TSEL(dst, mask, a, b, mask);
  for (int i = 0; i < 2000; ++i) ASSERT_EQ(dst.data()[i], std::max(a.data()[i], b.data()[i])) << i;
}

TEST_F(MaskTest, RefusesAMaskWithTooFewBits) {
  Tile<TileType::Vec, float, 32, 512> a;
  Mask8 mask;
  TASSIGN(a, 0);
  TASSIGN(mask, 0x20000);
  KernelError error = error_of([&] { TCMPS(mask, a, 1.0f, CmpMode::EQ); });
  EXPECT_EQ(error.code, 1010);
  EXPECT_NE(error.text.find("has 32 rows of 256 bits, and 32 rows of 512 are needed"), std::string::npos) << error.text;
  error = error_of([&] { TSELS(a, mask, a, a, 1.0f); });
  EXPECT_EQ(error.code, 1010);
  Tile<TileType::Vec, float, 32, 256> fits;
  TASSIGN(fits, 0);
  EXPECT_EQ(error_of([&] { TCMPS(mask, fits, 1.0f, static_cast<CmpMode>(6)); }).code, 1001);
}

}  // namespace
}  // namespace tilewright::isa_test
