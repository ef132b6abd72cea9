#include "graph/overlap.h"

#include <gtest/gtest.h>

#include "graph/overlap_reference.h"

namespace tilewright {
namespace {

constexpr uint64_t kBase = 0x10000;

using RandomOverlap = test::RandomOverlap;

TEST_F(RandomOverlap, EqualsEnumeratedBytesForStridedViewsOfAllRanks) { check_pairs(20000); }
TEST_F(RandomOverlap, EqualsEnumeratedBytesForSparseLattices) { check_sparse_pairs(20000); }
TEST_F(RandomOverlap, AndCoverAreExactForTilesOfOneGrid) { check_boxes(10000); }

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
