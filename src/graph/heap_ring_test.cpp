#include "graph/heap_ring.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace tilewright {
namespace {

TEST(HeapRing, TheWholeRingCanBeOneBlock) {
  HeapRing heap(100);
  EXPECT_EQ(heap.allocate(100), 0u);
  EXPECT_EQ(heap.allocate(1), HeapRing::kNoSpace);
  heap.release(heap.position());
  EXPECT_EQ(heap.used(), 0u);
  EXPECT_EQ(heap.allocate(101), HeapRing::kNoSpace);
  EXPECT_EQ(heap.allocate(100), 0u);
}

TEST(HeapRing, ABlockNeverWrapsAroundTheEnd) {
  HeapRing heap(100);
  heap.allocate(60);
  const uint64_t first = heap.position();
  EXPECT_EQ(heap.allocate(30), 60u);
  heap.release(first);
  EXPECT_EQ(heap.allocate(20), 0u);  // 10 bytes are left at the end: skipped
}

// Blocks in flight never overlap, whatever the order of sizes; and an empty ring always takes what fits.
TEST(HeapRing, RandomBlocksInFlightAreDisjoint) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  struct Block {
    uint64_t at, bytes, position;
  };
  for (int round = 0; round < 200; ++round) {
    HeapRing heap(64 + random() % 200);
    std::deque<Block> live;
    for (int step = 0; step < 500; ++step) {
      const uint64_t bytes = 1 + random() % 80;
      const uint64_t at = heap.allocate(bytes);
      if (at == HeapRing::kNoSpace) {
        if (live.empty()) {
          ASSERT_GT(bytes, heap.size());
        }
        if (live.empty()) continue;
        heap.release(live.front().position);
        live.pop_front();
        continue;
      }
      ASSERT_LE(at + bytes, heap.size());
      uint64_t sum = bytes;
      for (const Block& other : live) {
        ASSERT_TRUE(at + bytes <= other.at || other.at + other.bytes <= at);
        sum += other.bytes;
      }
      live.push_back({at, bytes, heap.position()});
      ASSERT_GE(heap.used(), sum);
    }
  }
}

}  // namespace
}  // namespace tilewright
