#include "base/file.h"

#include <gtest/gtest.h>

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

TEST(TemporaryDirectory, IsRemovedBeforeAnEndWithoutDestructors) {
  TemporaryDirectory first, second;
  write_file_atomically(first.path() / "x", "y");
  TemporaryDirectory::remove_all();
  EXPECT_FALSE(fs::exists(first.path()));
  EXPECT_FALSE(fs::exists(second.path()));
}

}  // namespace
}  // namespace tilewright
