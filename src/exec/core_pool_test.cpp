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

}  // namespace
}  // namespace tilewright
