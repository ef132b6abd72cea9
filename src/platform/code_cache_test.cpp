#include "platform/code_cache.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "platform/compile_for_test.h"

namespace tilewright {
namespace {

class CodeCacheTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { bytes_ = compile_for_test("extern \"C\" int count() { static int n = 0; return ++n; }"); }
  static int count(const CodeCache::Pin& pin) { return pin->function<int()>("count")(); }
  static std::vector<uint8_t> bytes_;
};
std::vector<uint8_t> CodeCacheTest::bytes_;

TEST_F(CodeCacheTest, AnObjectIsLoadedOnce) {
  CodeCache cache;
  EXPECT_EQ(count(cache.acquire(1, bytes_, "a")), 1);
  EXPECT_EQ(count(cache.acquire(1, bytes_, "a")), 2);
  EXPECT_EQ(count(cache.acquire(2, bytes_, "b")), 1);
  EXPECT_EQ(cache.loads(), 2u);
}

TEST_F(CodeCacheTest, TheLeastRecentlyUsedIsUnloadedFirst) {
  CodeCache cache(2);
  cache.acquire(1, bytes_, "a");
  cache.acquire(2, bytes_, "b");
  cache.acquire(1, bytes_, "a");
  cache.acquire(3, bytes_, "c");
  EXPECT_EQ(cache.loaded(), 2u);
  cache.acquire(1, bytes_, "a");
  EXPECT_EQ(cache.loads(), 3u) << "1 stayed";
  cache.acquire(2, bytes_, "b");
  EXPECT_EQ(cache.loads(), 4u) << "2 was unloaded";
}

TEST_F(CodeCacheTest, PinnedObjectsStayBeyondTheLimit) {
  CodeCache cache(1);
  const CodeCache::Pin a = cache.acquire(1, bytes_, "a");
  const CodeCache::Pin b = cache.acquire(2, bytes_, "b");
  CodeCache::Pin c = cache.acquire(3, bytes_, "c");
  EXPECT_EQ(cache.loaded(), 3u);
  EXPECT_EQ(count(a) + count(b) + count(c), 3);
  c.reset();
  EXPECT_EQ(cache.loaded(), 2u);
}

TEST_F(CodeCacheTest, AnErasedObjectLivesAsLongAsItsPins) {
  CodeCache cache;
  CodeCache::Pin old = cache.acquire(1, bytes_, "a");
  EXPECT_EQ(count(old), 1);
  cache.erase(1);
  cache.erase(7);
  EXPECT_EQ(count(cache.acquire(1, bytes_, "a")), 1) << "a new object under the old key";
  EXPECT_EQ(count(old), 2);
  old = CodeCache::Pin();
  EXPECT_EQ(cache.loaded(), 1u);
}

TEST_F(CodeCacheTest, AFailedLoadLeavesNothing) {
  CodeCache cache;
  EXPECT_THROW(cache.acquire(1, {}, "a"), Error);
  EXPECT_EQ(cache.loaded(), 0u);
  EXPECT_EQ(count(cache.acquire(1, bytes_, "a")), 1);
}

TEST_F(CodeCacheTest, EightThousandCallablesWork) {
  CodeCache cache;
  for (CodeCache::Key key = 0; key < 8192; ++key) ASSERT_EQ(count(cache.acquire(key, bytes_, "kernel")), 1);
  EXPECT_EQ(cache.loaded(), CodeCache::kDefaultLimit);
}

}  // namespace
}  // namespace tilewright
