// Row and column reductions against double-precision references.
#include "isa/isa_test_support.h"

namespace tilewright::isa_test {
namespace {

using namespace pto;

template <typename T>
class ReduceTest : public IsaTest {
 protected:
  static constexpr int kBlock = 32 / static_cast<int>(sizeof(T));
  using ColumnDn = Tile<TileType::Vec, T, 32, 1, BLayout::ColMajor, -1, 1>;
  using ColumnNd = Tile<TileType::Vec, T, 32, kBlock, BLayout::RowMajor, -1, -1>;
  using Row = Tile<TileType::Vec, T, 1, 64, BLayout::RowMajor, 1, -1>;

  /// The reduction of a run of elements: sums in double (floats) or modulo the type's range, extrema of the numbers.
  struct Reference {
    char op;
    double sum = 0, magnitude = 0, best = std::nan("");
    std::make_unsigned_t<std::conditional_t<is_float_element<T>, int64_t, T>> wrapped = 0;
    void add(T element) {
      const double x = decode(element);
      sum += x;
      magnitude += std::abs(x);
      best = op == 'M' ? std::fmax(best, x) : std::fmin(best, x);
      if constexpr (!is_float_element<T>) {
        wrapped = static_cast<decltype(wrapped)>(wrapped + static_cast<decltype(wrapped)>(element));
      }
    }
    void expect(T got) const {
      if (op != '+') {
        ASSERT_TRUE(same_value(decode(got), best)) << decode(got) << " " << best;
      } else if constexpr (is_float_element<T>) {
        // One rounding of the result, and the error of 64 additions in f32.
        ASSERT_LE(std::abs(decode(got) - sum), 0.5001 * ulp<T>(sum) + magnitude * 64 * 6e-8);
      } else {
        ASSERT_EQ(got, static_cast<T>(wrapped));
      }
    }
  };

  template <typename Src, typename Dst, typename Instruction>
  void check_rows(char op, Dst dst, Instruction instruction) {
    Src src(pick(1, 32), pick(1, 64));
    TASSIGN(src, 0x0);
    TASSIGN(dst, 0x8000);
    randomize(src, random_);
    randomize(dst, random_);
    dst.SetValidRow(src.GetValidRow());
    const auto before = snapshot(dst);
    instruction(dst, src);
    for (int r = 0; r < 32; ++r) {
      if (r >= src.GetValidRow()) {
        ASSERT_EQ(decode(at(dst, r, 0)), decode(before[tile_offset<Dst>(r, 0)]));
        continue;
      }
      Reference reference{op};
      for (int c = 0; c < src.GetValidCol(); ++c) reference.add(at(src, r, c));
      reference.expect(at(dst, r, 0));
    }
  }

  template <typename Src, typename Instruction>
  void check_columns(char op, Instruction instruction) {
    Src src(pick(1, 32), pick(1, 64));
    Row dst(src.GetValidCol());
    TASSIGN(src, 0x0);
    TASSIGN(dst, 0x8000);
    randomize(src, random_);
    randomize(dst, random_);
    const auto before = snapshot(dst);
    instruction(dst, src);
    for (int c = 0; c < 64; ++c) {
      if (c >= src.GetValidCol()) {
        ASSERT_EQ(decode(dst.data()[c]), decode(before[c]));
        continue;
      }
      Reference reference{op};
      for (int r = 0; r < src.GetValidRow(); ++r) reference.add(at(src, r, c));
      reference.expect(dst.data()[c]);
    }
  }
};

TYPED_TEST_SUITE(ReduceTest, AllElements);

TYPED_TEST(ReduceTest, ReducesRowsIntoAColumn) {
  using T = TypeParam;
  using F = ReduceTest<T>;
  const auto sum = [](auto& d, auto& s) { TROWSUM(d, s, s); };
  const auto max = [](auto& d, auto& s) { TROWMAX(d, s, s); };
  const auto min = [](auto& d, auto& s) { TROWMIN(d, s, s); };
  for (int trial = 0; trial < 4; ++trial) {
    this->template check_rows<NdTile<T>>('+', typename F::ColumnDn(1), sum);
    this->template check_rows<NdTile<T>>('M', typename F::ColumnDn(1), max);
    this->template check_rows<NdTile<T>>('m', typename F::ColumnDn(1), min);
    this->template check_rows<NdTile<T>>('+', typename F::ColumnNd(1, 1), sum);
    this->template check_rows<NzTile<T>>('M', typename F::ColumnDn(1), max);
    this->template check_rows<DnTile<T>>('+', typename F::ColumnNd(1, 1), sum);
  }
}

TYPED_TEST(ReduceTest, ReducesColumnsIntoARow) {
  using T = TypeParam;
  const auto sum = [](auto& d, auto& s) { TCOLSUM(d, s); };
  const auto max = [](auto& d, auto& s) { TCOLMAX(d, s); };
  const auto min = [](auto& d, auto& s) { TCOLMIN(d, s); };
  for (int trial = 0; trial < 4; ++trial) {
    this->template check_columns<NdTile<T>>('+', sum);
    this->template check_columns<NdTile<T>>('M', max);
    this->template check_columns<NdTile<T>>('m', min);
    this->template check_columns<NdTile<T>>('+', [](auto& d, auto& s) { TCOLSUM(d, s, s, true); });
    this->template check_columns<NzTile<T>>('+', sum);
    this->template check_columns<DnTile<T>>('m', min);
  }
}

class ReduceEdges : public IsaTest {};

TEST_F(ReduceEdges, SumsOfHalfAccumulateInF32) {
  Tile<TileType::Vec, half, 16, 4096> src;
  Tile<TileType::Vec, half, 16, 1, BLayout::ColMajor> dst;
  TASSIGN(src, 0);
  TASSIGN(dst, 0x20000);
  for (int i = 0; i < src.Numel; ++i) src.data()[i] = half(1.0f);
  TROWSUM(dst, src, src);
  EXPECT_EQ(static_cast<float>(dst.data()[7]), 4096.0f);  // a sum in half stops at 2048
}

TEST_F(ReduceEdges, ExtremaSkipNanAndReportItOnlyAlone) {
  Tile<TileType::Vec, float, 8, 24> src;
  Tile<TileType::Vec, float, 8, 1, BLayout::ColMajor> dst;
  TASSIGN(src, 0);
  TASSIGN(dst, 0x2000);
  const float nan = std::nanf("");
  for (int i = 0; i < src.Numel; ++i) src.data()[i] = nan;
  src.data()[24 + 23] = -3;
  src.data()[48 + 0] = -HUGE_VALF;
  TROWMAX(dst, src, src);
  EXPECT_TRUE(std::isnan(dst.data()[0]));
  EXPECT_EQ(dst.data()[1], -3);
  EXPECT_EQ(dst.data()[2], -HUGE_VALF);
  TROWMIN(dst, src, src);
  EXPECT_TRUE(std::isnan(dst.data()[0]));
  EXPECT_EQ(dst.data()[1], -3);
}

TEST_F(ReduceEdges, RefusesAnEmptySource) {
  Tile<TileType::Vec, float, 8, 8, BLayout::RowMajor, -1, -1> src(8, 0);
  Tile<TileType::Vec, float, 8, 1, BLayout::ColMajor> dst;
  TASSIGN(src, 0);
  TASSIGN(dst, 0x2000);
  const KernelError error = error_of([&] { TROWMAX(dst, src, src); });
  EXPECT_EQ(error.code, 1001);
  EXPECT_NE(error.text.find("TROWMAX"), std::string::npos) << error.text;
  EXPECT_NE(error.text.find("is empty"), std::string::npos) << error.text;
}

}  // namespace
}  // namespace tilewright::isa_test
