#include "graph/tensor_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "graph/random_views.h"

namespace tilewright {
namespace {

using test::bytes_of;
using test::random_view;
using test::share_a_byte;

class TensorMapTest : public testing::Test {
 protected:
  TensorMapTest() { map_.set_watermarks(completed_); }

  void write(const ChipTensor& view, uint32_t id) {
    views_.push_back(view);
    map_.insert({byte_range(view), &views_.back(), {id, id}, 0});
  }
  std::set<uint32_t> writers_of(const ChipTensor& view) {
    std::set<uint32_t> ids;
    map_.for_each_overlap(view, byte_range(view), [&](const RegionWriter& writer) {
      ids.insert(writer.task.id);
      return false;
    });
    return ids;
  }
  static ChipTensor bytes(uint64_t at, uint32_t count) {
    return make_tensor_external(reinterpret_cast<void*>(at), &count, 1, DataType::UINT8);
  }

  std::deque<ChipTensor> views_;
  uint32_t completed_[kRingCount] = {};
  TensorMap map_;
};

TEST_F(TensorMapTest, ARegionIsFoundByWhateverTouchesIt) {
  write(bytes(0x1000, 100), 7);
  EXPECT_EQ(writers_of(bytes(0x1000, 1)), (std::set<uint32_t>{7}));
  EXPECT_EQ(writers_of(bytes(0x1063, 1)), (std::set<uint32_t>{7}));
  EXPECT_EQ(writers_of(bytes(0x1064, 1)), (std::set<uint32_t>{}));
  EXPECT_EQ(writers_of(bytes(0x0fff, 1)), (std::set<uint32_t>{}));
  EXPECT_EQ(writers_of(bytes(0, 1u << 31)), (std::set<uint32_t>{7}));
}

TEST_F(TensorMapTest, ARegionThatStraddlesIsFoundFromBothSides) {
  write(bytes(0x1000 - 4, 8), 1);
  EXPECT_EQ(writers_of(bytes(0x1000, 4)), (std::set<uint32_t>{1}));
  EXPECT_EQ(writers_of(bytes(0x1000 - 4, 4)), (std::set<uint32_t>{1}));
}

TEST_F(TensorMapTest, CompletedWritersAreForgotten) {
  write(bytes(0x1000, 64), 1);
  write(bytes(0x1000, 64), 2);
  completed_[0] = 2;
  EXPECT_EQ(writers_of(bytes(0x1000, 64)), (std::set<uint32_t>{2}));
  completed_[0] = 3;
  EXPECT_EQ(writers_of(bytes(0x1000, 64)), (std::set<uint32_t>{}));
}

TEST_F(TensorMapTest, ADroppedRegionIsNotFoundAgain) {
  write(bytes(0x1000, 64), 1);
  map_.for_each_overlap(views_[0], byte_range(views_[0]), [](const RegionWriter&) { return true; });
  EXPECT_EQ(writers_of(bytes(0x1000, 64)), (std::set<uint32_t>{}));
}

TEST_F(TensorMapTest, ManyLiveRegionsGrowTheMapAndStayFindable) {
  for (uint32_t id = 0; id < 50000; ++id) write(bytes(0x100000 + uint64_t{id} * 64, 64), id);
  for (uint32_t id = 0; id < 50000; id += 997) EXPECT_EQ(writers_of(bytes(0x100000 + uint64_t{id} * 64, 64)), (std::set<uint32_t>{id}));
  EXPECT_EQ(writers_of(bytes(0x100000, 64 * 50000)).size(), 50000u);
}

// Against a list: every common byte is found, and nothing that is no candidate by range.
TEST_F(TensorMapTest, RandomStridedViewsMatchBruteForce) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  struct Written {
    uint32_t id;
    ChipTensor view;
    std::set<uint64_t> bytes;
  };
  std::vector<Written> written;
  for (uint32_t id = 0; id < 1500; ++id) {
    const ChipTensor view = random_view(random, 0x10000 + 960 * (random() % 5));
    const std::set<uint64_t> in_view = bytes_of(view);
    const std::set<uint32_t> found = writers_of(view);
    for (const Written& other : written) {
      if (other.id < completed_[0]) {
        ASSERT_EQ(found.count(other.id), 0u);
        continue;
      }
      if (share_a_byte(in_view, other.bytes)) {
        ASSERT_EQ(found.count(other.id), 1u) << view.dump() << " " << other.view.dump();
      }
      if (found.count(other.id) != 0) {
        ASSERT_TRUE(intersects(byte_range(view), byte_range(other.view)) && views_overlap(view, other.view));
      }
    }
    if (random() % 2 == 0) {
      write(view, id);
      written.push_back({id, view, in_view});
    }
    if (random() % 16 == 0) completed_[0] += random() % (id - completed_[0] + 1);
    std::erase_if(written, [&](const Written& other) { return other.id + 200 < completed_[0]; });
  }
}

}  // namespace
}  // namespace tilewright
