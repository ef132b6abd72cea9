// Gather and scatter against element-by-element definitions.
#include <algorithm>
#include <map>

#include "isa/isa_test_support.h"

namespace tilewright::isa_test {
namespace {

using namespace pto;

/// The indices below n that a pattern keeps; its name is read from the right, the right-most digit being index 0.
std::vector<int> kept(MaskPattern pattern, int n) {
  static const std::map<MaskPattern, std::string> kDigits = {
      {MaskPattern::P0101, "0101"}, {MaskPattern::P1010, "1010"}, {MaskPattern::P0001, "0001"}, {MaskPattern::P0010, "0010"},
      {MaskPattern::P0100, "0100"}, {MaskPattern::P1000, "1000"}, {MaskPattern::P1111, "1111"}};
  std::vector<int> result;
  for (int i = 0; i < n; ++i) {
    if (kDigits.at(pattern)[static_cast<size_t>(3 - i % 4)] == '1') result.push_back(i);
  }
  return result;
}

template <typename T>
bool same_bits(T a, T b) {
  return std::memcmp(&a, &b, sizeof(T)) == 0;
}

template <typename T>
class GatherTest : public IsaTest {
 protected:
  template <typename... Tiles>
  void place(Tiles&... tiles) {
    int address = 0;
    ((TASSIGN(tiles, address), randomize(tiles, random_), address += 0x4000), ...);
  }

  template <MaskPattern P, GatherAxis A, typename TileT>
  void gather_pattern() {
    constexpr bool kRows = A == GatherAxis::GATHER_COL;
    const int rows = pick(1, 32), cols = pick(1, 64);
    TileT src(rows, cols);
    NdTile<T> dst(32, 64);
    place(src, dst);
    const auto before = snapshot(dst);
    TGATHER<NdTile<T>, TileT, P, A>(dst, src);
    const std::vector<int> keep = kept(P, kRows ? rows : cols);
    for (int r = 0; r < 32; ++r) {
      for (int c = 0; c < 64; ++c) {
        const size_t k = static_cast<size_t>(kRows ? r : c);
        const bool written = k < keep.size() && (kRows ? c < cols : r < rows);
        const T want = !written ? before[static_cast<size_t>(r * 64 + c)] : kRows ? at(src, keep[k], c) : at(src, r, keep[k]);
        ASSERT_TRUE(same_bits(at(dst, r, c), want)) << r << ", " << c;
      }
    }
  }

  template <MaskPattern P, ScatterAxis A, typename TileT>
  void scatter_pattern() {
    constexpr bool kRows = A == ScatterAxis::SCATTER_COL;
    const int rows = pick(1, 32), cols = pick(1, 64);
    TileT dst(rows, cols);
    NdTile<T> src(32, 64);
    place(src, dst);
    const auto before = snapshot(dst);
    TSCATTER<P, A>(dst, src);
    const std::vector<int> keep = kept(P, kRows ? rows : cols);
    for (int r = 0; r < 32; ++r) {
      for (int c = 0; c < 64; ++c) {
        const auto found = std::find(keep.begin(), keep.end(), kRows ? r : c);
        const int k = static_cast<int>(found - keep.begin());
        const T want = r >= rows || c >= cols ? before[static_cast<size_t>(tile_offset<TileT>(r, c))]
                       : found == keep.end()  ? T(0)
                       : kRows                ? at(src, k, c)
                                              : at(src, r, k);
        ASSERT_TRUE(same_bits(at(dst, r, c), want)) << r << ", " << c;
      }
    }
  }
};
TYPED_TEST_SUITE(GatherTest, AllElements);

TYPED_TEST(GatherTest, TakesElementsByFlatIndexAndZerosOutside) {
  using T = TypeParam;
  using Index = Tile<TileType::Vec, int32_t, 32, 64, BLayout::RowMajor, -1, -1>;
  const auto check = [this](auto src, auto dst) {
    Index index(dst.GetValidRow(), dst.GetValidCol());
    this->place(src, dst);
    TASSIGN(index, 0x10000);
    for (int i = 0; i < Index::Numel; ++i) index.data()[i] = this->pick(-3, 32 * 64 + 2);
    const auto before = snapshot(dst);
    TGATHER(dst, src, index, index);
    for (int r = 0; r < 32; ++r) {
      for (int c = 0; c < 64; ++c) {
        const int i = index.data()[r * 64 + c];
        const bool valid = r < dst.GetValidRow() && c < dst.GetValidCol(), inside = i >= 0 && i < 32 * 64;
        const T want = !valid ? before[static_cast<size_t>(tile_offset<decltype(dst)>(r, c))] : !inside ? T(0) : at(src, i / 64, i % 64);
        ASSERT_TRUE(same_bits(at(dst, r, c), want)) << r << ", " << c << " index " << i;
      }
    }
  };
  for (int i = 0; i < 3; ++i) {
    const int rows = this->pick(1, 32), cols = this->pick(1, 64);
    check(NdTile<T>(32, 64), NdTile<T>(rows, cols));
    check(DnTile<T>(32, 64), NdTile<T>(rows, cols));
    check(NdTile<T>(32, 64), DnTile<T>(rows, cols));
  }
}

template <MaskPattern... Ps, typename Check>
void for_each_pattern(Check check) {
  (check.template operator()<Ps>(), ...);
}

TYPED_TEST(GatherTest, CompactsAndSpreadsByPattern) {
  using T = TypeParam;
  for_each_pattern<MaskPattern::P0101, MaskPattern::P1010, MaskPattern::P0001, MaskPattern::P0010, MaskPattern::P0100, MaskPattern::P1000,
                   MaskPattern::P1111>([this]<MaskPattern P>() {
    this->template gather_pattern<P, GatherAxis::GATHER_ROW, NdTile<T>>();
    this->template gather_pattern<P, GatherAxis::GATHER_COL, DnTile<T>>();
    this->template scatter_pattern<P, ScatterAxis::SCATTER_ROW, NdTile<T>>();
    this->template scatter_pattern<P, ScatterAxis::SCATTER_COL, DnTile<T>>();
  });
}

TYPED_TEST(GatherTest, TakesBlocksOf32Bytes) {
  using T = TypeParam;
  constexpr int kBlock = 32 / static_cast<int>(sizeof(T));
  NdTile<T> src(32, 64);
  Tile<TileType::Vec, T, 4, 4 * kBlock> dst;
  Tile<TileType::Vec, uint32_t, 4, 8> offsets;
  this->place(src, dst, offsets);
  for (int i = 0; i < 32; ++i) offsets.data()[i] = static_cast<uint32_t>(this->pick(0, 32 * 64 * static_cast<int>(sizeof(T)) - 32));
  TGATHERB(dst, src, offsets);
  for (int r = 0; r < 4; ++r) {
    for (int j = 0; j < 4; ++j) {
      const char* from = reinterpret_cast<const char*>(src.data()) + offsets.data()[r * 8 + j];
      EXPECT_EQ(std::memcmp(dst.data() + r * 4 * kBlock + j * kBlock, from, 32), 0) << r << ", " << j;
    }
  }
  offsets.data()[3] = 32 * 64 * sizeof(T) - 31;
  EXPECT_EQ(this->error_of([&] { TGATHERB(dst, src, offsets); }).code, 1010);
}

TYPED_TEST(GatherTest, ScattersRowsByIndexAndALaterRowWins) {
  using T = TypeParam;
  const int rows = this->pick(1, 32), cols = this->pick(1, 64);
  NdTile<T> src(rows, cols), dst(32, 64);
  Tile<TileType::Vec, int16_t, 32, 64> index;
  this->place(src, dst, index);
  for (int i = 0; i < 32 * 64; ++i) index.data()[i] = static_cast<int16_t>(this->pick(0, 31));
  auto want = snapshot(dst);
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < cols; ++c) want[static_cast<size_t>(index.data()[r * 64 + c] * 64 + c)] = at(src, r, c);
  }
  TSCATTER(dst, src, index);
  for (int i = 0; i < 32 * 64; ++i) ASSERT_TRUE(same_bits(dst.data()[i], want[static_cast<size_t>(i)])) << i;
  index.data()[0] = 32;
  const KernelError error = this->error_of([&] { TSCATTER(dst, src, index); });
  EXPECT_EQ(error.code, 1010);
  EXPECT_NE(error.text.find("index 32 at (0, 0) is outside 0 to 31"), std::string::npos) << error.text;
}

// ---- tables ---------------------------------------------------------------------------------------------

template <typename T>
class TableTest : public IsaTest {
 protected:
  static constexpr int kRows = 20, kCols = 24, kPitch = 40;
  using Table = GlobalTensor<T, Shape<1, 1, 1, kRows, kCols>, Stride<1, 1, 1, kPitch, 1>>;
  using RowIndex = Tile<TileType::Vec, int32_t, 1, 16, BLayout::RowMajor, 1, -1>;
  using ElementIndex = Tile<TileType::Vec, int32_t, 16, 24, BLayout::RowMajor, -1, -1>;
  using Data = Tile<TileType::Vec, T, 16, 32, BLayout::RowMajor, -1, -1>;

  void SetUp() override {
    IsaTest::SetUp();
    memory_of_table_.resize(kRows * kPitch);
    for (T& value : memory_of_table_) value = random_element<T>(random_, -4, 4);
    TASSIGN(data_, 0);
    TASSIGN(row_index_, 0x4000);
    TASSIGN(element_index_, 0x5000);
    rows_ = pick(1, 16);
    cols_ = pick(2, 24);
    data_.SetValidShape(rows_, cols_);
    row_index_.SetValidCol(rows_);
    element_index_.SetValidShape(rows_, cols_);
    randomize(data_, random_);
  }
  /// Indices from a range that leaves the table on both sides, or not.
  void draw(bool outside) {
    for (int i = 0; i < 16; ++i) row_index_.data()[i] = outside ? pick(-25, 50) : pick(0, kRows - 1);
    for (int i = 0; i < 16 * 24; ++i) element_index_.data()[i] = outside ? pick(-600, 1100) : pick(0, kRows * kCols - 1);
  }
  /// The index of element (r, c) as an element of the table; nothing for one outside that is to be left out.
  bool resolve(bool by_row, int mode, int r, int c, int& at) const {
    const int count = by_row ? kRows : kRows * kCols;
    int index = by_row ? row_index_.data()[r] : element_index_.data()[r * 24 + c];
    if (index < 0 || index >= count) {
      if (mode == 0) return false;
      if (mode == 1) index = index < 0 ? 0 : count - 1;
      while (mode == 2 && index < 0) index += count;
      while (mode == 2 && index >= count) index -= count;
    }
    at = by_row ? index * kPitch + c : index / kCols * kPitch + index % kCols;
    return true;
  }
  /// mode: 0 zeros or skip, 1 clamp, 2 wrap
  void expect_gathered(bool by_row, int mode) {
    for (int r = 0; r < rows_; ++r) {
      for (int c = 0; c < cols_; ++c) {
        int where = 0;
        const T want = resolve(by_row, mode, r, c, where) ? memory_of_table_[static_cast<size_t>(where)] : T(0);
        ASSERT_TRUE(same_bits(at(data_, r, c), want)) << r << ", " << c;
      }
    }
  }
  template <typename Combine>
  std::vector<T> scattered(bool by_row, int mode, Combine combine) {
    std::vector<T> want = memory_of_table_;
    for (int r = 0; r < rows_; ++r) {
      for (int c = 0; c < cols_; ++c) {
        int where = 0;
        if (!resolve(by_row, mode, r, c, where)) continue;
        T& target = want[static_cast<size_t>(where)];
        target = combine(target, at(data_, r, c));
      }
    }
    return want;
  }
  void expect_table(const std::vector<T>& want) {
    for (size_t i = 0; i < want.size(); ++i) {
      ASSERT_TRUE(same_bits(memory_of_table_[i], want[i])) << i / kPitch << ", " << i % kPitch;
    }
  }

  std::vector<T> memory_of_table_;
  Data data_{1, 1};
  RowIndex row_index_{1};
  ElementIndex element_index_{1, 1};
  int rows_ = 0, cols_ = 0;
};
TYPED_TEST_SUITE(TableTest, AllElements);

TYPED_TEST(TableTest, GathersRowsAndElementsWithEveryModeForIndicesOutside) {
  typename TestFixture::Table table(this->memory_of_table_.data());
  auto& data = this->data_;
  auto& rows = this->row_index_;
  auto& elements = this->element_index_;
  this->draw(false);
  MGATHER<Coalesce::Row>(data, table, rows);
  this->expect_gathered(true, 0);
  MGATHER<Coalesce::Elem>(data, table, elements);
  this->expect_gathered(false, 0);
  MGATHER(data, table, rows);
  this->expect_gathered(true, 0);
  MGATHER(data, table, elements);
  this->expect_gathered(false, 0);
  this->draw(true);
  MGATHER<Coalesce::Row, GatherOOB::Zero>(data, table, rows);
  this->expect_gathered(true, 0);
  MGATHER<Coalesce::Row, GatherOOB::Clamp>(data, table, rows);
  this->expect_gathered(true, 1);
  MGATHER<Coalesce::Row, GatherOOB::Wrap>(data, table, rows);
  this->expect_gathered(true, 2);
  MGATHER<Coalesce::Elem, GatherOOB::Zero>(data, table, elements);
  this->expect_gathered(false, 0);
  MGATHER<Coalesce::Elem, GatherOOB::Clamp>(data, table, elements);
  this->expect_gathered(false, 1);
  MGATHER<Coalesce::Elem, GatherOOB::Wrap>(data, table, elements);
  this->expect_gathered(false, 2);
}

TYPED_TEST(TableTest, ScattersRowsAndElementsAndTheLastOneWins) {
  typename TestFixture::Table table(this->memory_of_table_.data());
  using T = TypeParam;
  const auto last = [](T, T b) { return b; };
  auto& data = this->data_;
  auto& rows = this->row_index_;
  auto& elements = this->element_index_;
  this->draw(false);
  std::vector<T> want = this->scattered(true, 0, last);
  MSCATTER<Coalesce::Row>(table, data, rows);
  this->expect_table(want);
  want = this->scattered(false, 0, last);
  MSCATTER(table, data, elements);
  this->expect_table(want);
  this->draw(true);
  want = this->scattered(true, 0, last);
  MSCATTER<Coalesce::Row, ScatterAtomicOp::None, ScatterOOB::Skip>(table, data, rows);
  this->expect_table(want);
  want = this->scattered(false, 1, last);
  MSCATTER<Coalesce::Elem, ScatterAtomicOp::None, ScatterOOB::Clamp>(table, data, elements);
  this->expect_table(want);
  want = this->scattered(false, 2, last);
  MSCATTER<Coalesce::Elem, ScatterAtomicOp::None, ScatterOOB::Wrap, ScatterConflict::Default>(table, data, elements);
  this->expect_table(want);
}

TYPED_TEST(TableTest, ScattersWithAtomicOperations) {
  using T = TypeParam;
  typename TestFixture::Table table(this->memory_of_table_.data());
  this->draw(false);
  const auto add = [](T a, T b) {
    if constexpr (is_float_element<T>) return T(static_cast<float>(round_float<T>(decode(a) + decode(b))));
    return static_cast<T>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  };
  const auto max = [](T a, T b) { return decode(a) < decode(b) ? b : a; };
  const auto min = [](T a, T b) { return decode(b) < decode(a) ? b : a; };
  std::vector<T> want = this->scattered(false, 0, add);
  MSCATTER<Coalesce::Elem, ScatterAtomicOp::Add>(table, this->data_, this->element_index_);
  this->expect_table(want);
  want = this->scattered(true, 0, add);
  MSCATTER<Coalesce::Row, ScatterAtomicOp::Add>(table, this->data_, this->row_index_);
  this->expect_table(want);
  if constexpr (sizeof(T) == 8) return;  // decode is not exact there
  want = this->scattered(true, 0, max);
  MSCATTER<Coalesce::Row, ScatterAtomicOp::Max>(table, this->data_, this->row_index_);
  this->expect_table(want);
  want = this->scattered(false, 0, min);
  MSCATTER<Coalesce::Elem, ScatterAtomicOp::Min>(table, this->data_, this->element_index_);
  this->expect_table(want);
}

TYPED_TEST(TableTest, AnIndexOutsideIsAnErrorUnlessAModeIsChosen) {
  typename TestFixture::Table table(this->memory_of_table_.data());
  this->draw(false);
  this->row_index_.data()[0] = 20;
  KernelError error = this->error_of([&] { MGATHER<Coalesce::Row>(this->data_, table, this->row_index_); });
  EXPECT_EQ(error.code, 1010);
  EXPECT_NE(error.text.find("MGATHER: index 20 at (0, 0) is outside 0 to 19"), std::string::npos) << error.text;
  error = this->error_of([&] { MSCATTER<Coalesce::Row>(table, this->data_, this->row_index_); });
  EXPECT_EQ(error.code, 1010);
  this->row_index_.SetValidCol(1);
  this->data_.SetValidShape(2, 2);
  error = this->error_of([&] { MGATHER<Coalesce::Row>(this->data_, table, this->row_index_); });
  EXPECT_EQ(error.code, 1001);
  EXPECT_NE(error.text.find("2 rows need as many indices"), std::string::npos) << error.text;
  this->data_.SetValidShape(1, 25);
  EXPECT_EQ(this->error_of([&] { MGATHER<Coalesce::Row>(this->data_, table, this->row_index_); }).code, 1001);
}

/// Tables, tiles and indices without gaps, which are handled as one row, and tiles of other arrangements on the same tables.
template <typename T>
class DenseTableTest : public IsaTest {
 protected:
  static constexpr int kRows = 16, kCols = 32, kCount = kRows * kCols;
  using Global = GlobalTensor<T, TileShape2D<T, kRows, kCols>, BaseShape2D<T, kRows, kCols>>;
  using Index = Tile<TileType::Vec, int32_t, 32, 32, BLayout::RowMajor, -1, -1>;

  template <typename TileT>
  void check(int rows, int cols) {
    TileT data(rows, cols);
    Index index(rows, cols);
    TASSIGN(data, 0);
    TASSIGN(index, 0x10000);
    std::vector<T> table(kCount);
    Global global(table.data());
    for (T& element : table) element = random_element<T>(random_, -4, 4);
    randomize(data, random_);
    for (int i = 0; i < Index::Numel; ++i) index.data()[i] = pick(-2, kCount + 1);  // a few are outside
    const auto inside = [&](int r, int c) {
      const int at = index.data()[r * 32 + c];
      return at >= 0 && at < kCount ? at : -1;
    };
    std::vector<T> want = table;
    for (int r = 0; r < rows; ++r) {
      for (int c = 0; c < cols; ++c) {
        if (inside(r, c) >= 0) want[static_cast<size_t>(inside(r, c))] = at(data, r, c);
      }
    }
    MSCATTER<Coalesce::Elem, ScatterAtomicOp::None, ScatterOOB::Skip>(global, data, index);
    for (size_t i = 0; i < want.size(); ++i) ASSERT_EQ(std::memcmp(&table[i], &want[i], sizeof(T)), 0) << i;

    MGATHER<Coalesce::Elem, GatherOOB::Zero>(data, global, index);
    for (int r = 0; r < rows; ++r) {
      for (int c = 0; c < cols; ++c) {
        const T expected = inside(r, c) < 0 ? T(0) : table[static_cast<size_t>(inside(r, c))], got = at(data, r, c);
        ASSERT_EQ(std::memcmp(&got, &expected, sizeof(T)), 0) << r << ", " << c;
      }
    }

    // Small integers are exact in every type, so the order of the additions does not matter.
    std::vector<int> sums(kCount);
    for (int i = 0; i < TileT::Numel; ++i) data.data()[i] = static_cast<T>(1);
    for (T& element : table) element = static_cast<T>(0);
    for (int i = 0; i < Index::Numel; ++i) index.data()[i] = pick(0, kCount - 1);
    for (int r = 0; r < rows; ++r) {
      for (int c = 0; c < cols; ++c) ++sums[static_cast<size_t>(inside(r, c))];
    }
    MSCATTER<Coalesce::Elem, ScatterAtomicOp::Add>(global, data, index);
    for (size_t i = 0; i < sums.size(); ++i) ASSERT_EQ(decode(table[i]), sums[i]) << i;

    index.data()[(rows - 1) * 32 + cols - 1] = kCount;
    const KernelError error = error_of([&] { MGATHER<Coalesce::Elem>(data, global, index); });
    EXPECT_EQ(error.code, 1010);
    EXPECT_NE(error.text.find("at (" + std::to_string(rows - 1) + ", " + std::to_string(cols - 1) + ")"), std::string::npos) << error.text;
  }
};
TYPED_TEST_SUITE(DenseTableTest, AllElements);

TYPED_TEST(DenseTableTest, GathersAndScattersWhateverTheArrangementOfTheTile) {
  using T = TypeParam;
  using Row = Tile<TileType::Vec, T, 32, 32, BLayout::RowMajor, -1, -1>;
  using Column = Tile<TileType::Vec, T, 32, 32, BLayout::ColMajor, -1, -1>;
  for (const auto& [rows, cols] : {std::pair{32, 32}, {7, 32}, {32, 9}, {1, 32}, {1, 5}, {32, 1}}) {
    this->template check<Row>(rows, cols);
    this->template check<Column>(rows, cols);
    this->template check<NzTile<T>>(rows, cols);
  }
}

}  // namespace
}  // namespace tilewright::isa_test
