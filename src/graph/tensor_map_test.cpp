#include "graph/tensor_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <set>

#include "graph/overlap.h"
#include "graph/random_views.h"
#include "graph/tensor_map_model.h"

namespace tilewright {
namespace {

constexpr TensorArgType kRead = TensorArgType::INPUT;
constexpr TensorArgType kUpdate = TensorArgType::INOUT;
constexpr TensorArgType kOverwrite = TensorArgType::OUTPUT_EXISTING;

class TensorMapTest : public testing::Test {
 protected:
  TensorMapTest() { map_.set_watermarks(completed_); }

  std::set<uint32_t> access(const ChipTensor& view, TensorArgType tag, uint32_t id, uint32_t ring = 0) {
    views_.push_back(view);
    return ids(map_.access(views_.back(), byte_range(view), tag, {ring, id}));
  }
  void write(const ChipTensor& view, uint32_t id) { access(view, kOverwrite, id); }
  std::set<uint32_t> writers_of(const ChipTensor& view) { return ids(map_.writers_of(view)); }
  static std::set<uint32_t> ids(std::span<const RegionHit> hits) {
    std::set<uint32_t> result;
    for (const RegionHit& hit : hits) EXPECT_TRUE(result.insert(hit.task).second) << "found twice: " << hit.task;
    return result;
  }
  static ChipTensor bytes(uint64_t at, uint32_t count) {
    return make_tensor_external(reinterpret_cast<void*>(at), &count, 1, DataType::UINT8);
  }

  std::deque<ChipTensor> views_;
  uint32_t completed_[kRingCount] = {};
  TensorMap map_;
};

using Ids = std::set<uint32_t>;

TEST_F(TensorMapTest, ARegionIsFoundByWhateverTouchesIt) {
  write(bytes(0x1000, 100), 7);
  EXPECT_EQ(writers_of(bytes(0x1000, 1)), Ids{7});
  EXPECT_EQ(writers_of(bytes(0x1063, 1)), Ids{7});
  EXPECT_EQ(writers_of(bytes(0x1064, 1)), Ids{});
  EXPECT_EQ(writers_of(bytes(0x0fff, 1)), Ids{});
  EXPECT_EQ(writers_of(bytes(0, 1u << 31)), Ids{7});
}

TEST_F(TensorMapTest, ARegionThatStraddlesIsFoundFromBothSides) {
  write(bytes(0x1000, 8), 0);
  write(bytes(0x2000 - 4, 8), 1);
  EXPECT_EQ(writers_of(bytes(0x2000, 4)), Ids{1});
  EXPECT_EQ(writers_of(bytes(0x2000 - 4, 4)), Ids{1});
}

TEST_F(TensorMapTest, ATileOfAnotherSizeAtTheSameCornerIsAnotherTile) {
  const uint32_t matrix_shape[] = {64, 256}, corner[] = {8, 32};
  const ChipTensor matrix = make_tensor_external(reinterpret_cast<void*>(0x100000), matrix_shape, 2, DataType::UINT8);
  const auto tile = [&](uint32_t rows, uint32_t columns) {
    const uint32_t shape[] = {rows, columns};
    return matrix.view(shape, corner);
  };
  access(tile(8, 32), kUpdate, 1);
  EXPECT_EQ(access(tile(8, 24), kUpdate, 2), Ids{1});
  EXPECT_EQ(writers_of(tile(8, 32)), (Ids{1, 2}));
  EXPECT_EQ(access(tile(7, 32), kUpdate, 3), (Ids{1, 2}));
  EXPECT_EQ(access(tile(8, 32), kRead, 4), (Ids{1, 2, 3}));
}

TEST_F(TensorMapTest, CompletedWritersAreForgotten) {
  write(bytes(0x1000, 64), 1);
  write(bytes(0x1000, 64), 2);
  completed_[0] = 2;
  EXPECT_EQ(writers_of(bytes(0x1000, 64)), Ids{2});
  completed_[0] = 3;
  EXPECT_EQ(writers_of(bytes(0x1000, 64)), Ids{});
}

TEST_F(TensorMapTest, AnUpdateSupersedesWhatItCovers) {
  write(bytes(0x1000, 64), 1);
  write(bytes(0x1020, 64), 2);
  EXPECT_EQ(access(bytes(0x1000, 64), kUpdate, 3), (Ids{1, 2}));
  EXPECT_EQ(writers_of(bytes(0x1000, 64)), (Ids{2, 3}));
  EXPECT_EQ(access(bytes(0x1000, 96), kUpdate, 4), (Ids{2, 3}));
  EXPECT_EQ(writers_of(bytes(0x1000, 4096)), Ids{4});
}

TEST_F(TensorMapTest, ATaskDoesNotFindItself) {
  EXPECT_EQ(access(bytes(0x1000, 64), kUpdate, 1), Ids{});
  EXPECT_EQ(access(bytes(0x1000, 64), kRead, 1), Ids{});
  EXPECT_EQ(access(bytes(0x1020, 64), kUpdate, 1), Ids{});
  EXPECT_EQ(access(bytes(0x1000, 32), kUpdate, 1, /*ring=*/1), Ids{1}) << "the same id in another ring is another task";
}

TEST_F(TensorMapTest, EmptyViewsAndOtherTagsAreNothing) {
  const uint32_t none[] = {0}, at[] = {0};
  access(bytes(0x1000, 64), kUpdate, 1);
  EXPECT_EQ(access(bytes(0x1000, 64).view(none, at), kUpdate, 2), Ids{});
  EXPECT_EQ(access(bytes(0x1000, 64), TensorArgType::NO_DEP, 3), Ids{});
  EXPECT_EQ(access(bytes(0x1000, 64), TensorArgType::OUTPUT, 4), Ids{});
  EXPECT_EQ(writers_of(bytes(0x1000, 64)), Ids{1});
}

TEST_F(TensorMapTest, ReadersCountOnlyWhenTracked) {
  const ChipTensor t = bytes(0x1000, 64);
  access(t, kUpdate, 0);
  EXPECT_EQ(access(t, kRead, 1), Ids{0});
  EXPECT_EQ(access(t, kUpdate, 2), Ids{0});
  map_.begin_run(true);
  EXPECT_EQ(access(t, kRead, 3), Ids{2});
  EXPECT_EQ(access(t, kRead, 4), Ids{2}) << "readers do not wait for readers";
  EXPECT_EQ(access(bytes(0x1000, 32), kUpdate, 5), (Ids{2, 3, 4}));
  EXPECT_EQ(access(t, kOverwrite, 6), (Ids{2, 3, 4, 5})) << "part of it was left";
  EXPECT_EQ(access(t, kOverwrite, 7), Ids{6}) << "all that 6 covers was removed";
  map_.begin_run(false);
  EXPECT_EQ(access(t, kOverwrite, 8), Ids{});
}

TEST_F(TensorMapTest, ManyLiveRegionsGrowTheMapAndStayFindable) {
  for (uint32_t id = 0; id < 50000; ++id) write(bytes(0x100000 + uint64_t{id} * 64, 64), id);
  for (uint32_t id = 0; id < 50000; id += 997) EXPECT_EQ(writers_of(bytes(0x100000 + uint64_t{id} * 64, 64)), Ids{id});
  EXPECT_EQ(writers_of(bytes(0x100000, 64 * 50000)).size(), 50000u);
}

// Writers that look nothing up replace nothing: all stand in one bucket, which no size of the table changes.
TEST_F(TensorMapTest, ManyWritersOfOneRegionAreAllFound) {
  for (uint32_t id = 0; id < 200000; ++id) write(bytes(0x1000, 64), id);
  EXPECT_EQ(writers_of(bytes(0x1000, 1)).size(), 200000u);
  completed_[0] = 199999;
  EXPECT_EQ(writers_of(bytes(0x1000, 1)), Ids{199999});
}

TEST_F(TensorMapTest, TilesOfALongPitchAreToldApart) {
  const uint32_t shape[] = {1024, 1024}, tile[] = {64, 64};
  const ChipTensor matrix = make_tensor_external(reinterpret_cast<void*>(0x100040), shape, 2);
  const auto tile_at = [&](uint32_t row, uint32_t column) {
    const uint32_t at[] = {row, column};
    return matrix.view(tile, at);
  };
  for (uint32_t id = 0; id < 256; ++id) EXPECT_EQ(access(tile_at(id / 16 * 64, id % 16 * 64), kUpdate, id), Ids{});
  for (uint32_t id = 0; id < 256; ++id) EXPECT_EQ(writers_of(tile_at(id / 16 * 64, id % 16 * 64)), Ids{id});
  EXPECT_EQ(writers_of(tile_at(32, 32)), (Ids{0, 1, 16, 17}));
  EXPECT_EQ(writers_of(matrix.slice(0, 70, 71)).size(), 16u) << "a row";
  EXPECT_EQ(writers_of(matrix.slice(1, 70, 71)).size(), 16u) << "a column";
  EXPECT_EQ(writers_of(matrix).size(), 256u);
  EXPECT_EQ(access(matrix, kUpdate, 256).size(), 256u);
  EXPECT_EQ(writers_of(matrix), Ids{256});
}

// More shapes than the index has classes for.
TEST_F(TensorMapTest, ManyDifferentPitchesWork) {
  const uint32_t shape[] = {8, 8};
  for (uint32_t id = 0; id < 200; ++id) {
    const uint32_t stride[] = {16 + id, 1};
    access(make_tensor_strided(reinterpret_cast<void*>(0x100000 + uint64_t{id} * 8192), shape, stride, 2), kUpdate, id);
  }
  for (uint32_t id = 0; id < 200; ++id) EXPECT_EQ(writers_of(bytes(0x100000 + uint64_t{id} * 8192, 1)), Ids{id});
  completed_[0] = 200;  // and their classes are used anew
  EXPECT_EQ(writers_of(bytes(0x100000, 8192 * 200)), Ids{});
  for (uint32_t id = 200; id < 400; ++id) {
    const uint32_t stride[] = {16 + id, 1};
    const ChipTensor view = make_tensor_strided(reinterpret_cast<void*>(0x100000), shape, stride, 2);
    EXPECT_EQ(access(view, kUpdate, id).count(id - 1), id == 200 ? 0u : 1u);
    completed_[0] = id;
  }
}

// A dead entry that nobody came across for half the range of ids must not come back to life.
TEST_F(TensorMapTest, DeadEntriesStayDeadAroundTheWrapOfIds) {
  const uint32_t shape[] = {8, 8}, stride[] = {16, 1};
  const ChipTensor tile = make_tensor_strided(reinterpret_cast<void*>(0x300000), shape, stride, 2);
  access(bytes(0x100000, 64), kUpdate, 5);
  access(tile, kUpdate, 5);
  for (uint64_t id = 6; id < (uint64_t{3} << 32); id += 1u << 27) {
    completed_[0] = static_cast<uint32_t>(id);
    EXPECT_EQ(access(bytes(0x200000, 64), kUpdate, static_cast<uint32_t>(id)), Ids{});
    EXPECT_EQ(writers_of(bytes(0x200000, 64)), Ids{static_cast<uint32_t>(id)});
    if (id >> 27 & 1) continue;
    EXPECT_EQ(writers_of(bytes(0x100000, 64)), Ids{});
    EXPECT_EQ(writers_of(tile), Ids{});
  }
}

using test::TensorMapModel;

class TensorMapModelTest : public test::RandomTest {
 protected:
  test::TensorMapModel model_{random_};
};

TEST_F(TensorMapModelTest, RandomAccessesMatchAList) { model_.run({.steps = 4000, .live = 150}); }
// Whole slots and tiles alone, nearly: what the short ways of the index are for. New maps, since one odd view ends them for a while.
TEST_F(TensorMapModelTest, AccessesToWholeSlotsMatchAList) {
  for (uint32_t live : {4u, 20u, 60u, 200u}) {
    for (int i = 0; i < 12; ++i) TensorMapModel(random_).run({.views = TensorMapModel::Views::kSlots, .steps = 400, .live = live});
  }
}
TEST_F(TensorMapModelTest, AccessesToWholeTilesMatchAList) {
  for (uint32_t live : {4u, 20u, 60u, 200u}) {
    for (int i = 0; i < 12; ++i) TensorMapModel(random_).run({.views = TensorMapModel::Views::kTiles, .steps = 400, .live = live});
  }
}
TEST_F(TensorMapModelTest, RandomAccessesMatchAListWithReadersTracked) { model_.run({.steps = 3000, .live = 150, .track_war = true}); }
TEST_F(TensorMapModelTest, RandomAccessesMatchAListAcrossTheWrapOfIds) {
  model_.run({.steps = 2000, .live = 100, .first_id = UINT32_MAX - 1000});
}
TEST_F(TensorMapModelTest, RandomAccessesMatchAListWhenNothingCompletes) { model_.run({.steps = 1500, .live = 1u << 30}); }

}  // namespace
}  // namespace tilewright
