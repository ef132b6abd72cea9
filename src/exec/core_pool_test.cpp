#include "exec/core_pool.h"

#include <gtest/gtest.h>

#include "task_args.h"

namespace tilewright {
namespace {

TEST(CorePool, TheCoreUsedLastIsGivenFirst) {
  CorePool pool(4);
  const int32_t a = pool.acquire(CoreType::AIV), b = pool.acquire(CoreType::AIV);
  EXPECT_NE(a, b);
  pool.release(CoreType::AIV, b);
  pool.release(CoreType::AIV, a);
  EXPECT_EQ(pool.acquire(CoreType::AIV), a);
  EXPECT_EQ(pool.used(CoreType::AIV), 2u);
  EXPECT_EQ(pool.used(CoreType::AIC), 0u);
}

TEST(CorePool, ThereAreTwoAivCoresForEachAic) {
  CorePool pool(2);
  for (int i = 0; i < 4; ++i) EXPECT_NE(pool.acquire(CoreType::AIV), CorePool::kNone);
  EXPECT_EQ(pool.acquire(CoreType::AIV), CorePool::kNone);
  EXPECT_NE(pool.acquire(CoreType::AIC), CorePool::kNone);
}

TEST(CorePool, AClusterIsTakenWholeOrNotAtAll) {
  CorePool pool(2);
  EXPECT_EQ(pool.acquire_cluster(7), 0);
  EXPECT_EQ(pool.acquire_cluster(7), 1);
  EXPECT_EQ(pool.acquire_cluster(PTO2_SUBTASK_MASK_AIC), CorePool::kNone);
  pool.release(CoreType::AIV, 2);
  EXPECT_EQ(pool.acquire_cluster(PTO2_SUBTASK_MASK_AIV0 | PTO2_SUBTASK_MASK_AIV1), CorePool::kNone);
  pool.release(CoreType::AIV, 3);
  EXPECT_EQ(pool.acquire_cluster(PTO2_SUBTASK_MASK_AIV0 | PTO2_SUBTASK_MASK_AIV1), 1);
  EXPECT_EQ(pool.acquire(CoreType::AIV), CorePool::kNone);
}

TEST(CorePool, SeveralCoresAreTakenTogetherOrNotAtAll) {
  CorePool pool(4);
  const int32_t held = pool.acquire(CoreType::AIV);
  EXPECT_TRUE(pool.acquire_all(PTO2_SUBTASK_MASK_AIV0, 8).empty());
  EXPECT_EQ(pool.acquire_all(PTO2_SUBTASK_MASK_AIV0, 7).size(), 7u);
  EXPECT_EQ(pool.acquire(CoreType::AIV), CorePool::kNone);
  pool.release(CoreType::AIV, held);
  EXPECT_EQ(pool.acquire(CoreType::AIV), held);
  EXPECT_EQ(pool.acquire_all(PTO2_SUBTASK_MASK_AIC, 4).size(), 4u);
}

TEST(CorePool, ClustersAreTakenTogetherOrNotAtAll) {
  CorePool pool(4);
  constexpr uint8_t kAll = PTO2_SUBTASK_MASK_AIC | PTO2_SUBTASK_MASK_AIV0 | PTO2_SUBTASK_MASK_AIV1;
  const int32_t held = pool.acquire(CoreType::AIV);
  EXPECT_TRUE(pool.acquire_all(kAll, 4).empty());
  const std::vector<int32_t> clusters = pool.acquire_all(kAll, 3);
  ASSERT_EQ(clusters.size(), 3u);
  for (const int32_t cluster : clusters) EXPECT_NE(cluster, held / 2);
}

TEST(CorePool, ReservedKindsAreForWhomTheyAreReserved) {
  CorePool pool(1);
  pool.reserve(1u << static_cast<uint32_t>(CoreType::AIV));
  EXPECT_EQ(pool.acquire(CoreType::AIV), CorePool::kNone);
  EXPECT_EQ(pool.acquire(CoreType::AIC), 0);
  EXPECT_NE(pool.acquire_reserved(CoreType::AIV), CorePool::kNone);
  pool.reserve(0);
  EXPECT_NE(pool.acquire(CoreType::AIV), CorePool::kNone);
}

}  // namespace
}  // namespace tilewright
