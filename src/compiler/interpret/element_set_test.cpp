#include "compiler/interpret/element_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace tilewright::interpret {
namespace {

using testing::ElementsAre;

TEST(ElementSetTest, IntervalsAreJoinedAndSorted) {
  ElementSet set;
  EXPECT_TRUE(set.empty());
  set.add({4, 6});
  set.add({6, 8});
  set.add({0, 2});
  set.add({3, 3});
  EXPECT_THAT(set.intervals(), ElementsAre(Interval{0, 2}, Interval{4, 8}));
  set.add({1, 5});
  EXPECT_THAT(set.intervals(), ElementsAre(Interval{0, 8}));
  EXPECT_EQ(set.count(), 8);
}

TEST(ElementSetTest, WhatIsCommon) {
  const ElementSet a = {{0, 4}, {10, 14}}, b = {{4, 6}, {12, 20}}, none;
  EXPECT_EQ(a.first_common(b), 12);
  EXPECT_EQ(a.common(b), (ElementSet{{12, 14}}));
  EXPECT_EQ(a.first_common(none), std::nullopt);
  EXPECT_EQ(a.common(none), none);
}

std::set<int64_t> elements_of(const ElementSet& set) {
  std::set<int64_t> elements;
  for (const auto [begin, end] : set.intervals()) {
    for (int64_t i = begin; i < end; ++i) elements.insert(i);
  }
  return elements;
}

TEST(ElementSetTest, RandomSetsAreThoseOfAModel) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 500; ++round) {
    ElementSet sets[2];
    std::set<int64_t> models[2];
    for (int k = 0; k < 2; ++k) {
      for (unsigned i = random() % 200; i > 0; --i) {
        const auto begin = static_cast<int64_t>(random() % 400), end = begin + static_cast<int64_t>(random() % 4);
        sets[k].add({begin, end});
        for (int64_t e = begin; e < end; ++e) models[k].insert(e);
        if (random() % 16 != 0) continue;
        EXPECT_EQ(sets[k].count(), models[k].size()) << "looked at between additions";
      }
      ASSERT_EQ(elements_of(sets[k]), models[k]);
      const auto& intervals = sets[k].intervals();
      for (size_t i = 1; i < intervals.size(); ++i) ASSERT_LT(intervals[i - 1].end, intervals[i].begin) << "a gap";
    }
    std::set<int64_t> common;
    std::set_intersection(models[0].begin(), models[0].end(), models[1].begin(), models[1].end(), std::inserter(common, common.end()));
    ASSERT_EQ(elements_of(sets[0].common(sets[1])), common);
    ASSERT_EQ(sets[0].first_common(sets[1]), common.empty() ? std::nullopt : std::optional(*common.begin()));
  }
}

}  // namespace
}  // namespace tilewright::interpret
