#include "graph/overlap.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "graph/random_views.h"

namespace tilewright {
namespace {

using test::bytes_of;
using test::random_view;
using test::share_a_byte;

TEST(Overlap, NeverMissesACommonByteAndNeverClaimsCoverWrongly) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  int disjoint_found = 0;
  for (int round = 0; round < 4000; ++round) {
    const ChipTensor a = random_view(random, 0x10000);
    const ChipTensor b = random_view(random, 0x10000);
    const std::set<uint64_t> in_a = bytes_of(a), in_b = bytes_of(b);
    const bool claimed = intersects(byte_range(a), byte_range(b)) && views_overlap(a, b);
    if (share_a_byte(in_a, in_b)) {
      ASSERT_TRUE(claimed) << a.dump() << " " << b.dump();
    }
    disjoint_found += claimed ? 0 : 1;
    if (view_covers(a, b)) {
      ASSERT_TRUE(std::includes(in_a.begin(), in_a.end(), in_b.begin(), in_b.end())) << a.dump() << " " << b.dump();
    }
    ASSERT_EQ(views_overlap(a, b), views_overlap(b, a));
  }
  EXPECT_GT(disjoint_found, 0);
}

TEST(Overlap, IsExactForTilesOfOneGrid) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  const uint32_t shape[] = {6, 8, 10};
  const ChipTensor whole = make_tensor_external(reinterpret_cast<void*>(0x10000), shape, 3);
  const auto box = [&] {
    uint32_t part[3], at[3];
    for (int i = 0; i < 3; ++i) {
      part[i] = 1 + random() % shape[i];
      at[i] = random() % (shape[i] - part[i] + 1);
    }
    return whole.view(part, at);
  };
  for (int round = 0; round < 2000; ++round) {
    const ChipTensor a = box(), b = box();
    const std::set<uint64_t> in_a = bytes_of(a), in_b = bytes_of(b);
    const bool claimed = intersects(byte_range(a), byte_range(b)) && views_overlap(a, b);
    ASSERT_EQ(claimed, share_a_byte(in_a, in_b)) << a.dump() << " " << b.dump();
    if (!a.is_contiguous) {
      ASSERT_EQ(view_covers(a, b), std::includes(in_a.begin(), in_a.end(), in_b.begin(), in_b.end())) << a.dump() << " " << b.dump();
    }
  }
}

}  // namespace
}  // namespace tilewright
