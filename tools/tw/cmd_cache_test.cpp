#include "cmd_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "toolchain/build_record.h"
#include "toolchain/store.h"

namespace tilewright {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class CacheCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    ::setenv("TW_CACHE_DIR", directory_.path().c_str(), 1);
    Store store;
    object_ = store.put(std::vector<uint8_t>(3000, 7));
    BuildRecord record{"kernel.cpp", "kernel aiv a2a3 x86-64-v3", {}};
    record.add({object_, {}, {}});
    store.put_record(sha256("key"), record.format());
  }
  void TearDown() override { ::unsetenv("TW_CACHE_DIR"); }

  /// What "tw <arguments>" prints; the exit code is in exit_code_.
  std::string run(std::vector<std::string> arguments) {
    CLI::App app("tw");
    bool json = false;
    exit_code_ = 0;
    add_cache_command(app, exit_code_, json);
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants a vector
    ::testing::internal::CaptureStdout();
    try {
      app.parse(arguments);
    } catch (...) {
      ::testing::internal::GetCapturedStdout();
      throw;
    }
    std::fflush(stdout);
    return ::testing::internal::GetCapturedStdout();
  }
  nlohmann::json run_json(const std::vector<std::string>& arguments) { return nlohmann::json::parse(run(arguments)); }

  TemporaryDirectory directory_;
  Digest object_;
  int exit_code_ = 0;
};

TEST_F(CacheCommand, ListShowsObjectsWithTheirSources) {
  const std::string text = run({"cache", "list"});
  EXPECT_THAT(text, HasSubstr(object_.hex()));
  EXPECT_THAT(text, HasSubstr("2.9 KiB"));
  EXPECT_THAT(text, HasSubstr("kernel.cpp (kernel aiv a2a3 x86-64-v3)"));
  EXPECT_THAT(text, HasSubstr("1 object and 1 record"));
  const auto json = run_json({"cache", "list", "--json"});
  ASSERT_EQ(json["objects"].size(), 1u);
  EXPECT_EQ(json["objects"][0]["id"], object_.hex());
  EXPECT_EQ(json["objects"][0]["size_bytes"], 3000);
  EXPECT_EQ(json["objects"][0]["sources"][0], "kernel.cpp (kernel aiv a2a3 x86-64-v3)");
  EXPECT_EQ(json["path"], Store::default_root().string());
}

TEST_F(CacheCommand, ListDoesNotCountAsUse) {
  const fs::path record = Store().path_of(EntryKind::kRecord, sha256("key"));
  const auto old = fs::file_time_type::clock::now() - std::chrono::hours(5);
  fs::last_write_time(record, old);
  run({"cache", "list"});
  EXPECT_EQ(fs::last_write_time(record), old);
}

TEST_F(CacheCommand, ListOfAnEmptyStoreIsEmpty) {
  fs::remove_all(Store::default_root());
  EXPECT_THAT(run({"cache", "list"}), HasSubstr("0 objects and 0 records"));
  EXPECT_TRUE(run_json({"cache", "list", "--json"})["objects"].empty());
}

TEST_F(CacheCommand, PathPrintsTheDirectory) {
  EXPECT_EQ(run({"cache", "path"}), (directory_.path() / "store").string() + "\n");
  EXPECT_EQ(run_json({"cache", "path", "--json"})["path"], (directory_.path() / "store").string());
}

TEST_F(CacheCommand, PruneRemovesWhatItIsTold) {
  EXPECT_THAT(run({"cache", "prune", "--max-size", "1M", "--older-than", "1d"}), HasSubstr("removed 0 files, 0 B; kept 2 files"));
  const auto json = run_json({"cache", "prune", "--all", "--json"});
  EXPECT_EQ(json["removed"], 2);
  EXPECT_EQ(json["kept"], 0);
  EXPECT_FALSE(Store().get(object_));
}

TEST_F(CacheCommand, PruneRefusesMisuse) {
  const auto expect_refused = [&](const std::vector<std::string>& arguments, const std::string& text) {
    try {
      run(arguments);
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
      EXPECT_THAT(error.what(), HasSubstr(text));
    }
  };
  expect_refused({"cache", "prune"}, "give --max-size, --older-than or --all");
  expect_refused({"cache", "prune", "--max-size", "2Q"}, "--max-size: '2Q'");
  expect_refused({"cache", "prune", "--max-size", "many"}, "--max-size: 'many'");
  expect_refused({"cache", "prune", "--max-size", "99999999999999T"}, "--max-size");
  expect_refused({"cache", "prune", "--older-than", "3"}, "--older-than: '3' is not a number with one of s, m, h, d, w");
  EXPECT_TRUE(Store().get(object_));
  EXPECT_THROW(run({"cache"}), CLI::ParseError);
  EXPECT_THROW(run({"cache", "list", "--fast"}), CLI::ParseError);
}

TEST_F(CacheCommand, VerifyReportsDamageByItsExitCode) {
  EXPECT_THAT(run({"cache", "verify"}), HasSubstr("checked 2 files"));
  EXPECT_EQ(exit_code_, 0);
  const fs::path path = Store().path_of(EntryKind::kObject, object_);
  std::ofstream(path) << "x";
  EXPECT_THAT(run({"cache", "verify"}), HasSubstr("damaged: " + path.string()));
  EXPECT_EQ(exit_code_, 1);
  EXPECT_EQ(run_json({"cache", "verify", "--remove", "--json"})["damaged"].size(), 1u);
  EXPECT_EQ(exit_code_, 1);
  run({"cache", "verify"});
  EXPECT_EQ(exit_code_, 0);
}

}  // namespace
}  // namespace tilewright
