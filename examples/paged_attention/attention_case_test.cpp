#include "paged_attention/attention_case.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"

namespace tilewright::examples {
namespace {

constexpr uint32_t kDim = AttentionCase::kHeadDim;

TEST(AttentionReference, OneTokenIsItsValue) {
  const AttentionCase problem = make_attention_case(16, {1}, 7);
  const AttentionReference reference = attention_reference(problem);
  const _Float16* value = &problem.value_cache[static_cast<size_t>(problem.block_table[0]) * AttentionCase::kBlock * kDim];
  for (size_t i = 0; i < reference.value.size(); ++i) EXPECT_EQ(reference.value[i], static_cast<double>(value[i % kDim]));
}

TEST(AttentionReference, EqualKeysGiveTheMeanOfTheValues) {
  AttentionCase problem = make_attention_case(16, {3}, 7);
  const size_t page = static_cast<size_t>(problem.block_table[0]) * AttentionCase::kBlock * kDim;
  std::fill_n(&problem.key_cache[page], 3 * kDim, static_cast<_Float16>(0.5));
  const AttentionReference reference = attention_reference(problem);
  for (uint32_t d = 0; d < kDim; ++d) {
    const auto value = [&](uint32_t t) { return static_cast<double>(problem.value_cache[page + t * kDim + d]); };
    EXPECT_NEAR(reference.value[d], (value(0) + value(1) + value(2)) / 3, 1e-15);
  }
}

TEST(AttentionReference, BoundsAreOfTheSizeOfHalfRounding) {
  const AttentionReference reference = attention_reference(make_attention_case(16, {300}, 7));
  for (double bound : reference.bound) {
    EXPECT_GT(bound, 0x1p-17);
    EXPECT_LT(bound, 0x1p-10);
  }
}

TEST(AttentionCase, EveryPageBelongsToOneSequenceAndTheRestOfTheCacheIsNaN) {
  const AttentionCase problem = make_attention_case(32, {300, 1, 128}, 11);
  EXPECT_EQ(problem.max_blocks, 3u);
  std::set<int32_t> pages;
  for (int32_t page : problem.block_table) {
    const bool seen_before = page >= 0 && !pages.insert(page).second;
    EXPECT_FALSE(seen_before) << page;
  }
  EXPECT_EQ(pages.size(), 5u);
  EXPECT_EQ(std::count(problem.block_table.begin(), problem.block_table.end(), -1), 4);
  const auto stored = std::count_if(problem.value_cache.begin(), problem.value_cache.end(), [](_Float16 v) { return v == v; });
  EXPECT_EQ(stored, (300 + 1 + 128) * 2 * static_cast<int>(kDim));
}

TEST(AttentionCase, TheSeedDecidesEverything) {
  EXPECT_EQ(make_attention_case(16, {200}, 1).query, make_attention_case(16, {200}, 1).query);
  EXPECT_NE(make_attention_case(16, {200}, 1).query, make_attention_case(16, {200}, 2).query);
}

TEST(AttentionCase, RefusesWhatAttentionIsNotDefinedFor) {
  EXPECT_THROW(make_attention_case(8, {10}, 1), Error);
  EXPECT_THROW(make_attention_case(0, {10}, 1), Error);
  EXPECT_THROW(make_attention_case(16, {}, 1), Error);
  EXPECT_THROW(make_attention_case(16, {10, 0}, 1), Error);
}

}  // namespace
}  // namespace tilewright::examples
