// TCI, TTRI and TCONCAT.
#include "isa/isa_test_support.h"

namespace tilewright::isa_test {
namespace {

using namespace pto;

template <typename T>
class GenerateTest : public IsaTest {};
TYPED_TEST_SUITE(GenerateTest, AllElements);

TYPED_TEST(GenerateTest, TrianglesOfOnes) {
  using T = TypeParam;
  const auto check = [this]<typename TileT, int Upper>() {
    const int rows = this->pick(1, 32), cols = this->pick(1, 64), diagonal = this->pick(-40, 70);
    TileT tile(rows, cols);
    TASSIGN(tile, 0);
    randomize(tile, this->random_);
    const auto before = snapshot(tile);
    TTRI<TileT, Upper>(tile, diagonal);
    for (int r = 0; r < 32; ++r) {
      for (int c = 0; c < 64; ++c) {
        const bool valid = r < rows && c < cols, one = Upper == 1 ? c >= r + diagonal : c <= r + diagonal;
        const double want = valid ? (one ? 1 : 0) : decode(before[static_cast<size_t>(tile_offset<TileT>(r, c))]);
        ASSERT_EQ(decode(at(tile, r, c)), want) << r << ", " << c << " diagonal " << diagonal;
      }
    }
  };
  for (int i = 0; i < 4; ++i) {
    check.template operator()<NdTile<T>, 0>();
    check.template operator()<NdTile<T>, 1>();
    check.template operator()<DnTile<T>, 1>();
  }
}

TYPED_TEST(GenerateTest, ConcatenationsOfColumns) {
  using T = TypeParam;
  using Counts = Tile<TileType::Vec, int32_t, 32, 8>;
  using Wide = Tile<TileType::Vec, T, 32, 128, BLayout::RowMajor, -1, -1>;
  const int rows = this->pick(1, 32), cols0 = this->pick(1, 64), cols1 = this->pick(1, 64);
  NdTile<T> a(rows, cols0);
  DnTile<T> b(rows, cols1);
  Wide dst(rows, cols0 + cols1);
  Counts count_a, count_b, count_dst;
  TASSIGN(a, 0);
  TASSIGN(b, 0x8000);
  TASSIGN(dst, 0x10000);
  TASSIGN(count_a, 0x20000);
  TASSIGN(count_b, 0x21000);
  TASSIGN(count_dst, 0x22000);
  randomize(a, this->random_);
  randomize(b, this->random_);
  for (int r = 0; r < 32; ++r) {
    count_a.data()[r * 8] = this->pick(0, cols0) * static_cast<int>(sizeof(T));
    count_b.data()[r * 8] = this->pick(0, cols1) * static_cast<int>(sizeof(T));
  }
  for (int form = 0; form < 3; ++form) {
    randomize(dst, this->random_);
    const auto before = snapshot(dst);
    if (form == 0) TCONCAT(dst, a, b);
    if (form == 1) TCONCAT(dst, a, b, count_a, count_b);
    if (form == 2) TCONCAT(dst, a, b, count_dst, count_a, count_b);
    for (int r = 0; r < 32; ++r) {
      const int n = form == 0 ? cols0 : count_a.data()[r * 8] / static_cast<int>(sizeof(T));
      const int m = form == 0 ? cols1 : count_b.data()[r * 8] / static_cast<int>(sizeof(T));
      for (int c = 0; c < 128; ++c) {
        const T want = r >= rows || c >= n + m ? before[static_cast<size_t>(r * 128 + c)] : c < n ? at(a, r, c) : at(b, r, c - n);
        ASSERT_EQ(std::memcmp(&dst.data()[r * 128 + c], &want, sizeof(T)), 0) << "form " << form << " at " << r << ", " << c;
      }
      if (form == 2 && r < rows) {
        EXPECT_EQ(count_dst.data()[r * 8], (n + m) * static_cast<int>(sizeof(T)));
      }
    }
  }
  count_a.data()[0] = 65 * sizeof(T);
  EXPECT_EQ(this->error_of([&] { TCONCAT(dst, a, b, count_a, count_b); }).code, 1010);
}

class CountTest : public IsaTest {};

TEST_F(CountTest, CountsUpAndDownAndWraps) {
  Tile<TileType::Vec, int32_t, 1, 64, BLayout::RowMajor, 1, -1> tile(50);
  TASSIGN(tile, 0);
  using TileT = decltype(tile);
  TCI<TileT, int32_t, 0>(tile, -3);
  for (int c = 0; c < 50; ++c) EXPECT_EQ(tile.data()[c], c - 3);
  TCI<TileT, TileT, int32_t, 1>(tile, 7, tile);
  for (int c = 0; c < 50; ++c) EXPECT_EQ(tile.data()[c], 7 - c);
  EXPECT_EQ(tile.data()[50], 0) << "outside the valid region";
  Tile<TileType::Vec, uint16_t, 1, 64> narrow;
  TASSIGN(narrow, 0);
  TCI<decltype(narrow), uint16_t, 0>(narrow, 65530);
  for (int c = 0; c < 64; ++c) EXPECT_EQ(narrow.data()[c], static_cast<uint16_t>(65530 + c));
  Tile<TileType::Vec, int32_t, 2, 64> rows;
  TASSIGN(rows, 0);
  const auto count_rows = [&] { TCI<decltype(rows), int32_t, 0>(rows, 0); };
  EXPECT_EQ(error_of(count_rows).code, 1001);
}

}  // namespace
}  // namespace tilewright::isa_test
