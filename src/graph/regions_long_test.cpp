// Overlap and the TensorMap against brute force, for minutes rather than for a second.
#include <gtest/gtest.h>

#include "graph/overlap_reference.h"
#include "graph/tensor_map_model.h"

namespace tilewright {
namespace {

using RandomOverlap = test::RandomOverlap;

TEST_F(RandomOverlap, EqualsEnumeratedBytesForStridedViewsOfAllRanks) { check_pairs(3'000'000); }
TEST_F(RandomOverlap, EqualsEnumeratedBytesForSparseLattices) { check_sparse_pairs(5'000'000); }
TEST_F(RandomOverlap, AndCoverAreExactForTilesOfOneGrid) { check_boxes(2'000'000); }

class TensorMapModelTest : public test::RandomTest {
 protected:
  // Many maps rather than one: much depends on which class was opened by what, and when.
  void run(int maps, const test::TensorMapModel::Options& options) {
    for (int i = 0; i < maps && !HasFailure(); ++i) test::TensorMapModel(random_).run(options);
  }
};

TEST_F(TensorMapModelTest, WholeSlots) { run(3000, {.views = test::TensorMapModel::Views::kSlots, .steps = 500, .live = 40}); }
TEST_F(TensorMapModelTest, WholeTiles) { run(3000, {.views = test::TensorMapModel::Views::kTiles, .steps = 500, .live = 40}); }
TEST_F(TensorMapModelTest, FewLiveTasks) { run(300, {.steps = 2000, .live = 12}); }
TEST_F(TensorMapModelTest, ManyLiveTasks) { run(40, {.steps = 8000, .live = 400}); }
TEST_F(TensorMapModelTest, ReadersTracked) { run(60, {.steps = 4000, .live = 100, .track_war = true}); }
TEST_F(TensorMapModelTest, AcrossTheWrapOfIds) { run(60, {.steps = 4000, .live = 100, .first_id = UINT32_MAX - 2000}); }
TEST_F(TensorMapModelTest, NothingCompletes) { run(20, {.steps = 5000, .live = 1u << 30}); }

}  // namespace
}  // namespace tilewright
