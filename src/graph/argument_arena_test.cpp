#include "graph/argument_arena.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <deque>

namespace tilewright {
namespace {

struct Block {
  uint32_t task;
  std::byte* memory;
  size_t bytes;
};

Block allocate(ArgumentArena& arena, uint32_t task, size_t bytes) {
  std::byte* const memory = arena.allocate(task, bytes);
  std::memset(memory, static_cast<int>(task & 0xff), bytes);
  return {task, memory, bytes};
}

bool is_intact(const Block& block) {
  for (size_t i = 0; i < block.bytes; ++i) {
    if (block.memory[i] != static_cast<std::byte>(block.task & 0xff)) return false;
  }
  return true;
}

TEST(ArgumentArenaTest, BlocksAreAlignedAndStayUntilTheirTaskIsReleased) {
  ArgumentArena arena;
  std::deque<Block> live;
  uint32_t task = UINT32_MAX - 5000;  // ids wrap
  for (uint32_t round = 0; round < 20000; ++round, ++task) {
    live.push_back(allocate(arena, task, 1 + round * 37 % 5000));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(live.back().memory) % 64, 0u);
    if (live.size() > 300) {
      ASSERT_TRUE(is_intact(live.front())) << "task " << live.front().task;
      live.pop_front();
      arena.release_before(live.front().task);
    }
  }
  for (const Block& block : live) ASSERT_TRUE(is_intact(block)) << "task " << block.task;
}

TEST(ArgumentArenaTest, ManyLiveChunksBecomeLargeOnesAndAllAreUsedAgain) {
  ArgumentArena arena;
  const size_t bytes = ArgumentArena::kManyChunks * ArgumentArena::kChunkBytes + 3 * ArgumentArena::kLargeChunkBytes;
  const auto fill = [&](std::deque<Block>& blocks) {
    for (uint32_t task = 0; task * 4096ull < bytes; ++task) blocks.push_back(allocate(arena, task, 4096));
    for (const Block& block : blocks) ASSERT_TRUE(is_intact(block)) << "task " << block.task;
  };
  std::deque<Block> first, second;
  fill(first);
  arena.clear();
  fill(second);
  size_t again = 0;
  for (const Block& a : first) {
    for (const Block& b : second) again += a.memory == b.memory ? 1 : 0;
  }
  EXPECT_EQ(again, first.size());
}

TEST(ArgumentArenaTest, ABlockMayBeLargerThanAChunk) {
  ArgumentArena arena;
  const Block large = allocate(arena, 1, 3 * ArgumentArena::kChunkBytes + 1);
  const Block small = allocate(arena, 2, 10);
  EXPECT_TRUE(is_intact(large));
  EXPECT_TRUE(is_intact(small));
}

}  // namespace
}  // namespace tilewright
