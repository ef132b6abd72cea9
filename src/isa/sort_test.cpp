// TSORT32 and TMRGSORT against an insertion sort of values and indices.
#include <algorithm>

#include "isa/isa_test_support.h"

namespace tilewright::isa_test {
namespace {

using namespace pto;

struct Entry {
  double value;
  uint32_t index;
};
bool operator==(const Entry& a, const Entry& b) { return same_value(a.value, b.value) && a.index == b.index; }

template <typename T>
constexpr int kPerRecord = 8 / sizeof(T);

template <typename T>
Entry entry_at(const T* record) {
  Entry entry{decode(record[0]), 0};
  std::memcpy(&entry.index, reinterpret_cast<const char*>(record) + 4, 4);
  return entry;
}

template <typename T>
void put(T* record, T value, uint32_t index) {
  std::memset(static_cast<void*>(record), 0, 8);
  record[0] = value;
  std::memcpy(reinterpret_cast<char*>(record) + 4, &index, 4);
}

/// Inserts behind everything that is not smaller; a NaN is smaller than everything.
void insert_sorted(std::vector<Entry>& sorted, Entry entry, bool by_index) {
  const auto key = [](double value) { return std::isnan(value) ? -HUGE_VAL : value; };
  const auto rank = [&](const Entry& e) { return std::make_pair(std::isnan(e.value), -key(e.value)); };
  auto at = sorted.begin();
  while (at != sorted.end() && (rank(*at) < rank(entry) || (rank(*at) == rank(entry) && (!by_index || at->index < entry.index)))) ++at;
  sorted.insert(at, entry);
}

template <typename T>
class SortTest : public IsaTest {
 protected:
  /// Few distinct values, so that there are ties.
  T draw() {
    const int kind = pick(0, 40);
    if (kind == 0) return T(HUGE_VALF);
    if (kind == 1) return T(-HUGE_VALF);
    if (kind == 2) return T(std::nanf(""));
    return T(static_cast<float>(pick(-8, 8)) * 0.5f);
  }
  /// A list of `count` records in descending order at `to`.
  void sorted_list(T* to, int count, uint32_t first_index) {
    std::vector<T> values;
    for (int i = 0; i < count; ++i) values.push_back(T(static_cast<float>(pick(-8, 8)) * 0.5f));
    std::sort(values.begin(), values.end(), [](T a, T b) { return decode(a) > decode(b); });
    for (int i = 0; i < count; ++i) put(to + i * kPerRecord<T>, values[static_cast<size_t>(i)], first_index + static_cast<uint32_t>(i));
  }
};
using SortElements = ::testing::Types<float, half>;
TYPED_TEST_SUITE(SortTest, SortElements);

TYPED_TEST(SortTest, EveryBlockOf32IsSortedWithItsIndices) {
  using T = TypeParam;
  constexpr int kPer = kPerRecord<T>;
  Tile<TileType::Vec, T, 8, 128, BLayout::RowMajor, -1, -1> src(1, 1);
  Tile<TileType::Vec, T, 8, 128 * kPer> dst;
  Tile<TileType::Vec, uint32_t, 8, 128> index;
  Tile<TileType::Vec, uint32_t, 1, 128> one_row;
  TASSIGN(src, 0);
  TASSIGN(dst, 0x4000);
  TASSIGN(index, 0x14000);
  TASSIGN(one_row, 0x18000);
  for (int round = 0; round < 20; ++round) {
    const int rows = this->pick(1, 8), cols = this->pick(1, 128);
    src.SetValidShape(rows, cols);
    for (int i = 0; i < 8 * 128; ++i) src.data()[i] = this->draw();
    for (int i = 0; i < 8 * 128; ++i) index.data()[i] = static_cast<uint32_t>(this->random_());
    for (int i = 0; i < 128; ++i) one_row.data()[i] = static_cast<uint32_t>(i);
    const bool shared = round % 2 == 1;
    if (shared) {
      TSORT32(dst, src, one_row);
    } else {
      TSORT32(dst, src, index, src);
    }
    for (int r = 0; r < rows; ++r) {
      for (int block = 0; block < cols; block += 32) {
        std::vector<Entry> want;
        for (int c = block; c < std::min(block + 32, cols); ++c) {
          insert_sorted(want, {decode(src.data()[r * 128 + c]), shared ? one_row.data()[c] : index.data()[r * 128 + c]}, true);
        }
        for (size_t i = 0; i < want.size(); ++i) {
          const T* record = dst.data() + (r * 128 + block + static_cast<int>(i)) * kPer;
          ASSERT_EQ(entry_at(record), want[i]) << "row " << r << " block " << block << " record " << i;
        }
      }
    }
  }
}

TYPED_TEST(SortTest, FourBlocksAtATimeAreMerged) {
  using T = TypeParam;
  constexpr int kPer = kPerRecord<T>, kRecords = 640;
  Tile<TileType::Vec, T, 1, kRecords * kPer, BLayout::RowMajor, 1, -1> src(1), dst(1);
  TASSIGN(src, 0);
  TASSIGN(dst, 0x10000);
  for (const int block_elements : {64, 128, 256}) {
    const int per_block = block_elements / kPer, records = this->pick(1, kRecords / per_block) * per_block;
    src.SetValidCol(records * kPer);
    dst.SetValidCol(records * kPer);
    for (int at = 0; at < records; at += per_block) this->sorted_list(src.data() + at * kPer, per_block, static_cast<uint32_t>(at));
    TMRGSORT(dst, src, static_cast<uint32_t>(block_elements));
    for (int group = 0; group < records; group += 4 * per_block) {
      std::vector<Entry> want;
      for (int i = group; i < std::min(group + 4 * per_block, records); ++i) insert_sorted(want, entry_at(src.data() + i * kPer), false);
      for (size_t i = 0; i < want.size(); ++i) {
        ASSERT_EQ(entry_at(dst.data() + (group + static_cast<int>(i)) * kPer), want[i]) << "group " << group << " record " << i;
      }
    }
  }
  EXPECT_EQ(this->error_of([&] { TMRGSORT(dst, src, 96); }).code, 1001);
  EXPECT_EQ(this->error_of([&] { TMRGSORT(src, src, 64); }).code, 1001) << "in place";
}

TYPED_TEST(SortTest, ListsAreMergedToTheEndOrUntilOneIsEmpty) {
  using T = TypeParam;
  constexpr int kPer = kPerRecord<T>;
  using List = Tile<TileType::Vec, T, 1, 64 * kPer, BLayout::RowMajor, 1, -1>;
  using Merged = Tile<TileType::Vec, T, 1, 256 * kPer>;
  for (int round = 0; round < 30; ++round) {
    std::vector<List> lists(4, List(1));
    std::vector<int> length;
    Merged dst;
    TASSIGN(dst, 0x10000);
    for (int i = 0; i < 4; ++i) {
      TASSIGN(lists[static_cast<size_t>(i)], i * 0x2000);
      length.push_back(this->pick(1, 64));
      lists[static_cast<size_t>(i)].SetValidCol(length.back() * kPer);
      this->sorted_list(lists[static_cast<size_t>(i)].data(), length.back(), static_cast<uint32_t>(1000 * i));
    }
    const int count = 2 + round % 3;
    const bool exhausted = round % 2 == 1;
    MrgSortExecutedNumList taken;
    const auto merge = [&]<bool Exhausted>() {
      if (count == 2) TMRGSORT<Merged, Merged, List, List, Exhausted>(dst, taken, dst, lists[0], lists[1]);
      if (count == 3) TMRGSORT<Merged, Merged, List, List, List, Exhausted>(dst, taken, dst, lists[0], lists[1], lists[2]);
      if (count == 4) TMRGSORT<Merged, Merged, List, List, List, List, Exhausted>(dst, taken, dst, lists[0], lists[1], lists[2], lists[3]);
    };
    exhausted ? merge.template operator()<true>() : merge.template operator()<false>();

    std::vector<Entry> want;
    for (int i = 0; i < count; ++i) {
      for (int k = 0; k < length[static_cast<size_t>(i)]; ++k) {
        insert_sorted(want, entry_at(lists[static_cast<size_t>(i)].data() + k * kPer), false);
      }
    }
    // What is expected of each list, following the merged order until one has nothing left.
    std::vector<int> expected(4);
    size_t records = 0;
    for (; records < want.size(); ++records) {
      const int list = static_cast<int>(want[records].index / 1000);
      ++expected[static_cast<size_t>(list)];
      if (exhausted && expected[static_cast<size_t>(list)] == length[static_cast<size_t>(list)]) {
        ++records;
        break;
      }
    }
    for (size_t i = 0; i < records; ++i) ASSERT_EQ(entry_at(dst.data() + static_cast<int>(i) * kPer), want[i]) << i;
    EXPECT_EQ(taken.mrgSortList0, expected[0]);
    EXPECT_EQ(taken.mrgSortList1, expected[1]);
    EXPECT_EQ(taken.mrgSortList2, expected[2]);
    EXPECT_EQ(taken.mrgSortList3, expected[3]);
  }
}

}  // namespace
}  // namespace tilewright::isa_test
