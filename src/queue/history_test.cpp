#include "queue/history.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "base/file.h"

namespace tilewright::queue {
namespace {

JobRecord record(const std::string& number, int code) {
  JobRecord record;
  record.id = "task_20260101_000000_" + number;
  record.user = "somebody";
  record.command = "true";
  record.devices = {0, 1};
  record.exit_code = code;
  record.ended = 4e9;  // long after now, so that no span of days leaves it out
  record.run_seconds = 1800;
  return record;
}

TEST(History, RecordsAreFoundAndSummed) {
  const TemporaryDirectory directory;
  const History history(directory.path() / "queue");
  for (int i = 0; i < 3; ++i) {
    history.write_record(record(std::to_string(i), i));
  }
  ASSERT_TRUE(history.find("task_20260101_000000_2"));
  EXPECT_EQ(history.find("task_20260101_000000_2")->exit_code, 2);
  EXPECT_FALSE(history.find("task_20260101_000000_9"));
  EXPECT_FALSE(history.find("../../../etc/passwd"));
  const auto usage = history.usage(30);
  ASSERT_EQ(usage.size(), 2u);
  EXPECT_EQ(usage[0].jobs, 3);
  EXPECT_EQ(usage[0].failed, 2);
  EXPECT_DOUBLE_EQ(usage[0].device_hours, 1.5);
}

TEST(History, ADamagedDatabaseIsPutAside) {
  const TemporaryDirectory directory;
  const History history(directory.path() / "queue");
  history.write_record(record("1", 0));
  std::ofstream(directory.path() / "queue" / "history.db") << std::string(5000, 'x');
  EXPECT_EQ(history.usage(30).at(0).jobs, 1);
  EXPECT_TRUE(std::filesystem::exists(directory.path() / "queue" / "history.db.damaged"));
}

TEST(History, ADamagedRecordHidesNoOther) {
  const TemporaryDirectory directory;
  const History history(directory.path() / "queue");
  history.write_record(record("1", 0));
  std::ofstream(directory.path() / "queue" / "jobs" / "task_20260101_000000_2.json") << "{";
  EXPECT_EQ(history.newest(10).size(), 1u);
}

TEST(History, RotationKeepsTheNewest) {
  const TemporaryDirectory directory;
  const History history(directory.path() / "queue");
  for (int i = 10; i < 40; ++i) {
    history.write_record(record(std::to_string(i), 0));
    std::ofstream(history.log_path(record(std::to_string(i), 0).id)) << "text";
  }
  history.rotate(10);
  EXPECT_EQ(history.newest(100).size(), 10u);
  EXPECT_TRUE(history.find("task_20260101_000000_39"));
  EXPECT_FALSE(std::filesystem::exists(history.log_path("task_20260101_000000_10")));
  EXPECT_TRUE(std::filesystem::exists(history.log_path("task_20260101_000000_39")));
}

}  // namespace
}  // namespace tilewright::queue
