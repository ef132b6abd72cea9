#include "base/file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

#include "base/error.h"

namespace tilewright {
namespace {

namespace fs = std::filesystem;

TEST(File, WhatIsWrittenIsRead) {
  TemporaryDirectory directory;
  const std::string content("a\0b\n", 4);
  write_file_atomically(directory.path() / "x", content);
  EXPECT_EQ(read_file(directory.path() / "x"), content);
}

TEST(File, AMissingFileIsNamed) {
  try {
    read_file("/nowhere/at/all");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kFileNotFound);
    EXPECT_NE(std::string(error.what()).find("/nowhere/at/all"), std::string::npos);
  }
}

TEST(File, AFailedWriteLeavesNothingBehind) {
  TemporaryDirectory directory;
  fs::create_directory(directory.path() / "taken");
  EXPECT_THROW(write_file_atomically(directory.path() / "taken", "x"), Error);  // the name is a directory
  EXPECT_EQ(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()), 1);
}

TEST(TemporaryDirectory, IsRemovedWithItsContent) {
  fs::path path;
  {
    TemporaryDirectory directory;
    path = directory.path();
    write_file_atomically(path / "x", "y");
    ASSERT_TRUE(fs::exists(path / "x"));
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(TemporaryDirectory, StandsBesideWhatItWillBecome) {
  const TemporaryDirectory base;
  const TemporaryDirectory directory(base.path() / "final");
  EXPECT_EQ(directory.path().parent_path(), base.path());
  EXPECT_TRUE(directory.path().filename().string().starts_with("final.tw-"));
  EXPECT_THROW(TemporaryDirectory(base.path() / "no" / "final"), Error);
}

TEST(TemporaryDirectory, AParentThatIsNoneIsNamed) {
  const char* const before = std::getenv("TMPDIR");
  const std::string saved = before != nullptr ? before : "";
  ::setenv("TMPDIR", "/nowhere/at/all", 1);
  try {
    const TemporaryDirectory directory;
    ADD_FAILURE() << directory.path();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("/nowhere/at/all"), std::string::npos);
  }
  before != nullptr ? ::setenv("TMPDIR", saved.c_str(), 1) : ::unsetenv("TMPDIR");
}

/// A signal handler ends a process so, while its other threads are somewhere in the middle.
TEST(TemporaryDirectory, NoneIsLeftByAProcessThatASignalEnds) {
  const TemporaryDirectory base;
  const auto end_in_the_middle = [&] {
    const TemporaryDirectory first(base.path() / "first");
    write_file_atomically(first.path() / "x", "y");
    std::atomic<int> made = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (;;) {
          const TemporaryDirectory other(base.path() / "other");
          write_file_atomically(other.path() / "x", "y");
          ++made;
        }
      });
    }
    while (made < 100) std::this_thread::yield();
    prepare_to_end();
    remove_temporary_directories();
    ::_exit(0);
  };
  EXPECT_EXIT(end_in_the_middle(), testing::ExitedWithCode(0), "");
  EXPECT_FALSE(fs::exists(base.path())) << "the forked process had it, too";
}

}  // namespace
}  // namespace tilewright
