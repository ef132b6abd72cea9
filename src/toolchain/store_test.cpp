#include "toolchain/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <thread>

#include "base/error.h"
#include "toolchain/child_test_util.h"

namespace tilewright {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;
using std::chrono::hours;

std::vector<uint8_t> object(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> bytes(size);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

size_t count_files(const fs::path& root) {
  size_t count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root)) count += entry.is_regular_file() ? 1 : 0;
  return count;
}

class StoreTest : public ::testing::Test {
 protected:
  void set_age(EntryKind kind, const Digest& name, hours age) {
    fs::last_write_time(store_.path_of(kind, name), fs::file_time_type::clock::now() - age);
  }
  TemporaryDirectory directory_;
  Store store_{directory_.path() / "store"};
};

TEST_F(StoreTest, ReturnsWhatWasPut) {
  const std::vector<uint8_t> bytes = object(1000, 1);
  EXPECT_FALSE(store_.get(sha256(bytes)));
  EXPECT_FALSE(fs::exists(store_.root())) << "reading creates nothing";
  const Digest id = store_.put(bytes);
  EXPECT_EQ(id, sha256(bytes));
  EXPECT_EQ(store_.get(id), bytes);
  store_.put_record(sha256("key"), "first");
  store_.put_record(sha256("key"), "second\n");
  EXPECT_EQ(store_.get_record(sha256("key")), "second\n");
  EXPECT_FALSE(store_.get_record(sha256("other")));
}

TEST_F(StoreTest, KeepsAnEmptyRecordAndAnEmptyObject) {
  const Digest id = store_.put({});
  EXPECT_EQ(store_.get(id), std::vector<uint8_t>());
  store_.put_record(sha256("key"), "");
  EXPECT_EQ(store_.get_record(sha256("key")), "");
}

TEST_F(StoreTest, DamagedObjectsCountAsMissingAndAreRemoved) {
  const std::vector<uint8_t> bytes = object(1000, 2);
  const Digest id = sha256(bytes);
  const fs::path path = store_.path_of(EntryKind::kObject, id);
  for (const char* damage : {"flip", "truncate", "empty", "grow"}) {
    store_.put(bytes);
    std::string content = read_file(path);
    if (damage == std::string("flip")) content[500] = static_cast<char>(content[500] ^ 1);
    if (damage == std::string("truncate")) content.resize(999);
    if (damage == std::string("empty")) content.clear();
    if (damage == std::string("grow")) content.push_back('x');
    std::ofstream(path, std::ios::binary) << content;
    EXPECT_FALSE(store_.get(id)) << damage;
    EXPECT_FALSE(fs::exists(path)) << damage;
  }
}

TEST_F(StoreTest, DamagedOrMisplacedRecordsCountAsMissing) {
  const Digest key = sha256("key"), other = sha256("other");
  store_.put_record(key, "some record\n");
  store_.put_record(other, "another\n");
  fs::copy_file(store_.path_of(EntryKind::kRecord, other), store_.path_of(EntryKind::kRecord, key), fs::copy_options::overwrite_existing);
  EXPECT_FALSE(store_.get_record(key)) << "the record of another key";
  store_.put_record(key, "some record\n");
  fs::resize_file(store_.path_of(EntryKind::kRecord, key), 70);
  EXPECT_FALSE(store_.get_record(key));
}

TEST_F(StoreTest, VerifyFindsAndRemovesDamage) {
  const Digest good = store_.put(object(100, 1)), bad = store_.put(object(100, 2));
  store_.put_record(sha256("key"), "text");
  std::ofstream(store_.path_of(EntryKind::kObject, bad), std::ios::binary) << "x";
  size_t seen = 0;
  const auto count = [&seen](const StoreEntry&) { ++seen; };
  ASSERT_EQ(store_.verify(false, count).size(), 1u);
  EXPECT_EQ(seen, 3u);
  const std::vector<StoreEntry> damaged = store_.verify(true);
  ASSERT_EQ(damaged.size(), 1u);
  EXPECT_EQ(damaged[0].name, bad);
  EXPECT_TRUE(store_.verify(true).empty());
  EXPECT_TRUE(store_.get(good));
}

TEST_F(StoreTest, PruneRemovesTheLeastRecentlyUsedFirst) {
  std::vector<Digest> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(store_.put(object(1000, static_cast<uint32_t>(i))));
    set_age(EntryKind::kObject, ids.back(), hours(10 - i));
  }
  store_.get(ids[0]);  // the oldest is used again
  const PruneReport report = store_.prune({.max_bytes = 3000, .max_idle = {}});
  EXPECT_EQ(report.removed, 2u);
  EXPECT_EQ(report.removed_bytes, 2000u);
  EXPECT_EQ(report.kept, 3u);
  EXPECT_EQ(report.kept_bytes, 3000u);
  EXPECT_TRUE(store_.get(ids[0]) && store_.get(ids[3]) && store_.get(ids[4]));
  EXPECT_FALSE(store_.get(ids[1]) || store_.get(ids[2]));
}

TEST_F(StoreTest, PruneRemovesWhatWasIdleAndWhatInterruptedWritersLeft) {
  const Digest old = store_.put(object(10, 1)), fresh = store_.put(object(10, 2));
  set_age(EntryKind::kObject, old, hours(48));
  const fs::path orphan = store_.path_of(EntryKind::kObject, fresh).string() + ".a1b2c3";
  const fs::path writing = store_.path_of(EntryKind::kObject, fresh).string() + ".d4e5f6";
  std::ofstream(orphan) << "half";
  std::ofstream(writing) << "half";
  fs::last_write_time(orphan, fs::file_time_type::clock::now() - hours(2));
  EXPECT_EQ(store_.list().size(), 2u) << "temporary files are not entries";
  EXPECT_EQ(store_.prune({.max_bytes = {}, .max_idle = hours(24)}).removed, 1u);
  EXPECT_FALSE(store_.get(old));
  EXPECT_TRUE(store_.get(fresh));
  EXPECT_FALSE(fs::exists(orphan));
  EXPECT_TRUE(fs::exists(writing));
}

TEST_F(StoreTest, DailyPruneRunsOnceADay) {
  const Digest id = store_.put(object(10, 1));
  store_.prune_daily();  // a new store: nothing to do
  set_age(EntryKind::kObject, id, hours(24 * 31));
  store_.prune_daily();
  EXPECT_TRUE(fs::exists(store_.path_of(EntryKind::kObject, id)));
  fs::last_write_time(store_.root() / "pruned", fs::file_time_type::clock::now() - hours(25));
  store_.prune_daily();
  EXPECT_FALSE(fs::exists(store_.path_of(EntryKind::kObject, id)));
}

TEST_F(StoreTest, UnwritablePlaceIsSaidSo) {
  std::ofstream(directory_.path() / "file") << "x";
  Store blocked(directory_.path() / "file" / "store");
  EXPECT_FALSE(blocked.get(sha256("x")));
  EXPECT_FALSE(blocked.lock(sha256("x")));
  try {
    blocked.put(object(10, 1));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kStoreUnwritable);
    EXPECT_THAT(error.what(), HasSubstr("TW_CACHE_DIR"));
  }
}

TEST_F(StoreTest, WarnsOnceWhenItCannotBeWritten) {
  std::ofstream(directory_.path() / "file") << "x";
  Store blocked(directory_.path() / "file" / "store");
  ::testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) blocked.try_to_write([&] { blocked.put(object(10, 1)); });
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, HasSubstr("store_unwritable"));
  EXPECT_EQ(text.find("building without the cache"), text.rfind("building without the cache"));
}

TEST_F(StoreTest, FullDiskIsSaidSoAndLeavesNoPartialFile) {
  fs::create_directories(store_.root());
  const int result = run_in_tmpfs(store_.root(), "64k", [&] {
    store_.put(object(20000, 1));
    try {
      store_.put(object(100000, 2));
      return 1;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kDiskFull) return 2;
    }
    if (count_files(store_.root()) != 1) return 3;
    return store_.get(sha256(object(20000, 1))) ? 0 : 4;
  });
  if (result == kMountRefused) GTEST_SKIP() << "no tmpfs can be mounted here";
  EXPECT_EQ(result, 0);
}

TEST_F(StoreTest, ReadOnlyStoreStillReads) {
  fs::create_directories(store_.root());
  const int result = run_in_tmpfs(store_.root(), "1m", [&] {
    const Digest id = store_.put(object(100, 1));
    if (!make_read_only(store_.root())) return kMountRefused;
    if (!store_.get(id)) return 1;
    try {
      store_.put(object(100, 2));
      return 2;
    } catch (const Error& error) {
      return error.code() == ErrorCode::kStoreUnwritable ? 0 : 3;
    }
  });
  if (result == kMountRefused) GTEST_SKIP() << "no tmpfs can be mounted here";
  EXPECT_EQ(result, 0);
}

TEST_F(StoreTest, ManyProcessesWriteReadAndPruneAtOnce) {
  constexpr int kProcesses = 8, kRounds = 60;
  constexpr uint32_t kObjects = 12;
  std::vector<pid_t> children;
  for (int process = 0; process < kProcesses; ++process) {
    children.push_back(start_child([&, process] {
      std::mt19937 random(static_cast<uint32_t>(process));
      Store mine(store_.root());
      for (int round = 0; round < kRounds; ++round) {
        const uint32_t which = random() % kObjects;
        const std::vector<uint8_t> bytes = object(5000 + which * 1000, which);
        const Digest key = sha256("key " + std::to_string(which));
        const auto found = mine.get(sha256(bytes));
        if (found && *found != bytes) return 1;
        if (!found && mine.put(bytes) != sha256(bytes)) return 2;
        const auto record = mine.get_record(key);
        if (record && *record != "record " + std::to_string(which)) return 3;
        mine.put_record(key, "record " + std::to_string(which));
        if (process == 0 && round % 4 == 0) mine.prune({.max_bytes = 30000, .max_idle = {}});
      }
      return 0;
    }));
  }
  for (pid_t child : children) EXPECT_EQ(wait_for_child(child), 0);
  EXPECT_TRUE(store_.verify(false).empty());
  EXPECT_EQ(store_.prune({.max_bytes = 0, .max_idle = {}}).kept, 0u);
  for (const auto& file : fs::recursive_directory_iterator(store_.root())) {
    EXPECT_THAT(file.path().filename().string(), ::testing::Not(HasSubstr("."))) << "a temporary file was left";
  }
}

TEST_F(StoreTest, LockIsHeldByOneThreadAtATime) {
  int inside = 0, most = 0, entered = 0;  // guarded by the lock under test
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        const FileDescriptor held = store_.lock(sha256("key"));
        ASSERT_TRUE(held);
        most = std::max(most, ++inside);
        std::this_thread::yield();
        --inside;
        ++entered;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(most, 1);
  EXPECT_EQ(entered, 200);
}

}  // namespace
}  // namespace tilewright
