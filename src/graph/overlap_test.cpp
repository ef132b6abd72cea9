#include "graph/overlap.h"

#include <gtest/gtest.h>

#include "graph/random_views.h"
#include "pto_orchestration_api.h"

namespace tilewright {
namespace {

using test::bytes_of;
using test::random_strided;
using test::random_view;
using test::share_a_byte;

constexpr uint64_t kBase = 0x10000;

bool overlap_is_wrong(const ChipTensor& a, const ChipTensor& b) {
  const bool truth = share_a_byte(bytes_of(a), bytes_of(b));
  return views_overlap(a, b) != truth || views_overlap(b, a) != truth;
}

bool cover_is_wrong(const ChipTensor& outer, const ChipTensor& inner) {
  if (!view_covers(outer, inner)) return false;
  return !test::includes(bytes_of(outer), bytes_of(inner));
}

// Fails with the smallest pair it can find.
template <typename Wrong>
void expect_right(Wrong wrong, ChipTensor a, ChipTensor b) {
  if (!wrong(a, b)) return;
  test::shrink(a, b, wrong);
  FAIL() << "wrong for\n" << a.buffer.addr << " " << a.dump() << "\n" << b.buffer.addr << " " << b.dump();
}

class OverlapRandom : public testing::Test {
 protected:
  OverlapRandom() : seed_(std::random_device{}()), trace_(__FILE__, __LINE__, testing::Message() << "seed " << seed_), random_(seed_) {}
  void pairs(int count) {
    int overlapping = 0, interleaved = 0;
    for (int round = 0; round < count && !HasFailure(); ++round) {
      const bool strided = random_() % 4 != 0;
      const ChipTensor a = strided ? random_strided(random_, kBase) : random_view(random_, kBase);
      const ChipTensor b = strided ? random_strided(random_, kBase + random_() % 1024) : random_view(random_, kBase + random_() % 32);
      expect_right(overlap_is_wrong, a, b);
      expect_right(cover_is_wrong, a, b);
      expect_right(cover_is_wrong, b, a);
      if (views_overlap(a, b)) {
        ++overlapping;
      } else if (intersects(byte_range(a), byte_range(b))) {
        ++interleaved;
      }
    }
    EXPECT_GT(overlapping, count / 20);
    EXPECT_GT(interleaved, count / 200);
  }

  unsigned seed_;
  testing::ScopedTrace trace_;
  std::mt19937 random_;
};

TEST_F(OverlapRandom, EqualsEnumeratedBytesForStridedViewsOfAllRanks) { pairs(20000); }

// Gaps between what two regular views touch: the interesting cases lie where strides are large and runs are short.
TEST_F(OverlapRandom, EqualsEnumeratedBytesForSparseLattices) {
  for (int round = 0; round < 20000 && !HasFailure(); ++round) {
    const auto sparse = [&] {
      const uint32_t rank = 1 + random_() % 3;
      uint32_t shape[3], stride[3];
      for (uint32_t i = 0; i < rank; ++i) {
        shape[i] = 1 + random_() % 10;
        stride[i] = 5 + random_() % 60;
      }
      return make_tensor_strided(reinterpret_cast<void*>(kBase + random_() % 200), shape, stride, rank, DataType::INT8);
    };
    expect_right(overlap_is_wrong, sparse(), sparse());
  }
}

TEST_F(OverlapRandom, AndCoverAreExactForTilesOfOneGrid) {
  const uint32_t shape[] = {6, 8, 10};
  const ChipTensor whole = make_tensor_external(reinterpret_cast<void*>(kBase), shape, 3);
  const auto box = [&] {
    uint32_t part[3], at[3];
    for (int i = 0; i < 3; ++i) {
      part[i] = 1 + random_() % shape[i];
      at[i] = random_() % (shape[i] - part[i] + 1);
    }
    return whole.view(part, at);
  };
  int covers = 0;
  for (int round = 0; round < 10000 && !HasFailure(); ++round) {
    const ChipTensor a = box(), b = box();
    expect_right(overlap_is_wrong, a, b);
    const auto cover_is_inexact = [](const ChipTensor& outer, const ChipTensor& inner) {
      return view_covers(outer, inner) != test::includes(bytes_of(outer), bytes_of(inner));
    };
    expect_right(cover_is_inexact, a, b);
    covers += view_covers(a, b) ? 1 : 0;
  }
  EXPECT_GT(covers, 10);
}

TEST(Overlap, EmptyViewsOverlapNothing) {
  const uint32_t shape[] = {4, 4}, none[] = {0, 4}, zero[] = {0, 0};
  const ChipTensor whole = make_tensor_external(reinterpret_cast<void*>(kBase), shape, 2);
  const ChipTensor empty = whole.view(none, zero);
  EXPECT_FALSE(views_overlap(whole, empty));
  EXPECT_FALSE(views_overlap(empty, empty));
}

TEST(Overlap, AViewCoversItselfWhateverItsStrides) {
  const uint32_t shape[] = {3, 5}, stride[] = {7, 4};
  const ChipTensor lattice = make_tensor_strided(reinterpret_cast<void*>(kBase), shape, stride, 2);
  EXPECT_TRUE(view_covers(lattice, lattice));
}

// Every fifth element of long rows, and columns: what a byte-wise search could not finish, arithmetic does.
TEST(Overlap, LargeViewsAreDecidedExactly) {
  const uint32_t shape[] = {1u << 20, 1u << 10};
  const ChipTensor matrix = make_tensor_external(reinterpret_cast<void*>(kBase), shape, 2);
  EXPECT_FALSE(views_overlap(matrix.slice(1, 0, 1024, 5), matrix.slice(1, 1, 1024, 5)));
  EXPECT_TRUE(views_overlap(matrix.slice(1, 0, 1024, 5), matrix.slice(1, 3, 1024, 4)));
  EXPECT_FALSE(views_overlap(matrix.slice(1, 7, 8), matrix.slice(1, 8, 9)));
  const uint32_t columns[] = {1u << 20, 1u << 9}, odd[] = {1021, 3};
  const ChipTensor lattice = make_tensor_strided(reinterpret_cast<void*>(kBase), columns, odd, 2);
  EXPECT_TRUE(views_overlap(lattice, matrix.slice(1, 700, 701)));
}

// Subset sums: 2 * 5 large strides without structure. The answer may be conservative, but it comes.
TEST(Overlap, BeyondTheWorkLimitTheAnswerIsTrue) {
  const uint32_t shape[] = {60, 60, 60, 60, 60};
  const uint32_t a_strides[] = {1000003, 1100009, 1200007, 1300021, 1400017};
  const uint32_t b_strides[] = {1050011, 1150007, 1250009, 1350001, 1450009};
  ChipTensor a = make_tensor_strided(reinterpret_cast<void*>(kBase), shape, a_strides, 5, DataType::INT8);
  ChipTensor b = make_tensor_strided(reinterpret_cast<void*>(kBase + 12345677), shape, b_strides, 5, DataType::INT8);
  EXPECT_TRUE(views_overlap(a, b));
  // All bytes of a at even addresses and all of b at odd ones: a common divisor decides before any search.
  for (ChipTensor* t : {&a, &b}) {
    for (uint32_t& stride : t->strides) stride *= 2;
    t->refresh();
  }
  EXPECT_FALSE(views_overlap(a, b));
}

TEST(Region, JoinsWhatIsOneRun) {
  const uint32_t shape[] = {4, 5, 6};
  const ChipTensor whole = make_tensor_external(reinterpret_cast<void*>(kBase), shape, 3);
  EXPECT_EQ(Region(whole).rank, 0u);
  EXPECT_EQ(Region(whole.transpose(0, 2)).rank, 0u) << "the same bytes in another order";
  EXPECT_EQ(Region(whole.transpose(0, 2)).run, 480u);
  const uint32_t rows[] = {4, 2, 6}, at[] = {0, 1, 0};
  const Region slabs(whole.view(rows, at));
  EXPECT_EQ(slabs.rank, 1u);
  EXPECT_EQ(slabs.run, 48u);
  EXPECT_EQ(slabs.dims[0], (Region::Dim{120, 4}));
  EXPECT_EQ(slabs.range, (ByteRange{kBase + 24, kBase + 24 + 3 * 120 + 48}));
  const Region columns(whole.slice(2, 0, 6, 2));
  EXPECT_EQ(columns.rank, 1u) << "every second element of everything";
  EXPECT_EQ(columns.dims[0], (Region::Dim{8, 60}));
}

}  // namespace
}  // namespace tilewright
