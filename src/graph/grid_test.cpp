#include "graph/grid.h"

#include <gtest/gtest.h>

#include "graph/random_views.h"

namespace tilewright {
namespace {

class GridRandom : public test::RandomTest {};

TEST_F(GridRandom, DivisionByAMultiplicationIsExact) {
  for (int round = 0; round < 100000; ++round) {
    const uint64_t value = 1 + (uint64_t{random_()} << 32 | random_()) % (uint64_t{1} << (1 + random_() % 40));
    const uint64_t number = (uint64_t{random_()} << 32 | random_()) >> random_() % 64;
    uint64_t rest = number;
    ASSERT_EQ(Divisor(value).divide(rest), number / value) << number << " / " << value;
    ASSERT_EQ(rest, number % value);
  }
}

// Random regions, random grids: every byte lies in a part, exact parts hold no other byte, and a box is its region.
TEST_F(GridRandom, BoundsHoldEveryByteAndExactOnesNoOther) {
  int exact = 0, split = 0, placed = 0;
  for (int round = 0; round < 20000; ++round) {
    const uint64_t inner = 8 + random_() % 60, outer = random_() % 2 == 0 ? inner : inner * (1 + random_() % 9) + random_() % 5;
    const Grid grid(outer, inner, 0x10000 + random_() % 100);
    const bool aligned = random_() % 2 == 0;  // of the grid's pitches
    const uint32_t shape[] = {1 + static_cast<uint32_t>(random_() % 4), 1 + static_cast<uint32_t>(random_() % 4),
                              1 + static_cast<uint32_t>(random_() % (aligned ? inner : 40))};
    const uint32_t strides[] = {static_cast<uint32_t>(outer), static_cast<uint32_t>(inner), 1};
    const void* const base = reinterpret_cast<void*>(0x10000 + random_() % 3000);
    const ChipTensor view =
        aligned ? make_tensor_strided(const_cast<void*>(base), shape, strides, 3, DataType::INT8) : test::random_strided(random_, 0x10000);
    const Region region(view);
    const test::ByteSet bytes = test::bytes_of(view);
    Bounds parts[2];
    const uint32_t count = grid.bound(region, parts);
    ASSERT_GE(count, 1u);
    const auto inside = [&](uint64_t address) {
      const Region byte(ByteRange{address, address + 1});
      Bounds at[2];
      EXPECT_EQ(grid.bound(byte, at), 1u);
      int found = 0;
      for (uint32_t part = 0; part < count; ++part) {
        bool in = true;
        for (uint32_t d = 0; d < kBoxDims; ++d) in = in && parts[part].first[d] <= at[0].first[d] && at[0].first[d] <= parts[part].last[d];
        found += in ? 1 : 0;
      }
      EXPECT_LE(found, 1) << "parts are disjoint";
      return found != 0;
    };
    for (uint64_t address = bytes.begin; address < bytes.end(); ++address) {
      const bool has = bytes.has[address - bytes.begin], in = inside(address);
      ASSERT_TRUE(in || !has) << address;
      if (parts[0].exact) {
        ASSERT_EQ(in, has) << address;
      }
    }
    exact += parts[0].exact ? 1 : 0;
    split += count == 2 ? 1 : 0;
    Box box;
    if (region.rank == 0 || region.rank > 2 || !region.nested()) continue;
    if (region.dims[region.rank - 1].stride != outer || region.dims[0].stride != inner || !grid.place(region, box)) continue;
    ++placed;
    EXPECT_EQ(grid.range_of(box), region.range);
    EXPECT_EQ(grid.region_of(box), region);
  }
  EXPECT_GT(exact, 500);
  EXPECT_GT(split, 100);
  EXPECT_GT(placed, 500);
}

TEST(Grid, RegionsFarAwayHaveNoPlaceAndNoBounds) {
  const Grid grid(256, 256, uint64_t{1} << 46);
  const uint32_t shape[] = {4, 16}, strides[] = {256, 1};
  for (const uint64_t base : {uint64_t{1} << 40, uint64_t{1} << 47}) {
    const Region region(make_tensor_strided(reinterpret_cast<void*>(base), shape, strides, 2, DataType::INT8));
    Box box;
    Bounds parts[2];
    EXPECT_FALSE(grid.place(region, box));
    EXPECT_EQ(grid.bound(region, parts), 0u);
  }
  Bounds parts[2];
  EXPECT_EQ(grid.bound(Region(ByteRange{0, uint64_t{1} << 62}), parts), 1u) << "cut at the ends";
  EXPECT_FALSE(parts[0].exact);
}

}  // namespace
}  // namespace tilewright
