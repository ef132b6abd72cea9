#include "task_overhead/slot_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace tilewright::bench {
namespace {

using ::testing::HasSubstr;

TEST(SlotMemory, ViewsOfOneBufferLieSideBySide) {
  const SlotMemory memory(4, Layout::kOneBuffer);
  for (uint32_t slot = 1; slot < 4; ++slot) {
    EXPECT_EQ(memory.address(slot) - memory.address(0), static_cast<std::ptrdiff_t>(slot * SlotMemory::kSlotBytes));
  }
}

/// [begin, end) of the slot's rows: 64 of a tile, one of any other slot.
std::vector<std::pair<uintptr_t, uintptr_t>> rows_of(const SlotMemory& memory, uint32_t slot) {
  const bool tiles = memory.layout() == Layout::kTiles;
  std::vector<std::pair<uintptr_t, uintptr_t>> rows;
  for (uint32_t row = 0; row < (tiles ? SlotMemory::kTileRows : 1); ++row) {
    const uintptr_t begin = reinterpret_cast<uintptr_t>(memory.address(slot)) + row * SlotMemory::kMatrixPitch;
    rows.emplace_back(begin, begin + (tiles ? SlotMemory::kTileRowBytes : SlotMemory::kSlotBytes));
  }
  return rows;
}

TEST(SlotMemory, SlotsDoNotOverlapInAnyLayout) {
  for (Layout layout : kMemoryLayouts) {
    const SlotMemory memory(100, layout);
    std::vector<std::pair<uintptr_t, uintptr_t>> rows;
    for (uint32_t slot = 0; slot < 100; ++slot) {
      for (const auto& row : rows_of(memory, slot)) rows.push_back(row);
    }
    std::sort(rows.begin(), rows.end());
    for (size_t i = 1; i < rows.size(); ++i) ASSERT_LE(rows[i - 1].second, rows[i].first) << layout_name(layout);
  }
}

TEST(SlotMemory, ShuffledBuffersFillOneRegionInNoOrder) {
  const SlotMemory memory(1000, Layout::kShuffledBuffers);
  std::vector<std::byte*> sorted(memory.addresses(), memory.addresses() + 1000);
  EXPECT_FALSE(std::is_sorted(sorted.begin(), sorted.end()));
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 1; i < sorted.size(); ++i) EXPECT_EQ(sorted[i] - sorted[i - 1], static_cast<std::ptrdiff_t>(SlotMemory::kSlotBytes));
  size_t neighbours = 0;
  for (uint32_t slot = 1; slot < 1000; ++slot) neighbours += memory.address(slot) - memory.address(slot - 1) == SlotMemory::kSlotBytes;
  EXPECT_LT(neighbours, 20u) << "seed " << SlotMemory::kShuffleSeed;
}

TEST(SlotMemory, TheShuffleIsTheSameEveryTime) {
  const SlotMemory first(500, Layout::kShuffledBuffers);
  const SlotMemory second(500, Layout::kShuffledBuffers);
  for (uint32_t slot = 1; slot < 500; ++slot) {
    ASSERT_EQ(first.address(slot) - first.address(0), second.address(slot) - second.address(0));
  }
}

TEST(SlotMemory, SixteenTilesLieSideBySide) {
  const SlotMemory memory(40, Layout::kTiles);
  EXPECT_EQ(memory.address(1) - memory.address(0), 256);
  EXPECT_EQ(memory.address(15) - memory.address(0), 15 * 256);
  EXPECT_EQ(memory.address(16) - memory.address(0), 64 * 4096);
  EXPECT_EQ(memory.address(39) - memory.address(0), 2 * 64 * 4096 + 7 * 256);
  EXPECT_EQ(SlotMemory::matrix_rows(40), 3 * 64u);
  EXPECT_EQ(SlotMemory::matrix_rows(32), 2 * 64u);
}

TEST(SlotMemory, AMillionTilesTakeAddressesOnly) {
  const SlotMemory memory(1000000, Layout::kTiles);
  EXPECT_EQ(memory.address(999999) - memory.address(0), 62499ll * 64 * 4096 + 15 * 256);
}

TEST(SlotMemory, WithoutALayoutThereIsNone) { EXPECT_EQ(SlotMemory(10, Layout::kAny).slot_count(), 0u); }

TEST(Layouts, NamesAreReadBack) {
  for (Layout layout : kMemoryLayouts) EXPECT_EQ(parse_layout(layout_name(layout)), layout);
  EXPECT_EQ(parse_layout("any"), Layout::kAny);
}

TEST(Layouts, AnUnknownOneIsNamedAndTheKnownAreListed) {
  try {
    parse_layout("heap");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(error.what(), HasSubstr("heap"));
    EXPECT_THAT(error.what(), HasSubstr("own_buffers, shuffled_buffers, one_buffer, tiles, any"));
  }
}

}  // namespace
}  // namespace tilewright::bench
