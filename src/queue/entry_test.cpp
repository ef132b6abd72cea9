#include "queue/entry.h"

#include <gtest/gtest.h>

namespace tilewright::queue {
namespace {

Entry sample() {
  Entry entry;
  entry.id = "task_20260612_013226_34605516078";
  entry.pid = 7;
  entry.pid_namespace = 4026531836;
  entry.command = "pytest --device 'x'";
  entry.directory = "/tmp";
  entry.pool = {0, 1, 2};
  entry.avoid = {1};
  entry.width = 2;
  entry.limit = 5'000'000'000;
  entry.devices = {0, 2};
  return entry;
}

TEST(Entry, NameAndContentSurviveTheRoundTrip) {
  const EntryName name{JobState::kWaiting, 12345, 1000, -5, 2, "task_20260612_013226_1"};
  const auto again = EntryName::parse(name.text());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->text(), name.text());
  EXPECT_EQ(again->priority, -5);
  const auto content = Entry::parse(sample().serialize());
  ASSERT_TRUE(content);
  EXPECT_EQ(content->serialize(), sample().serialize());
  EXPECT_EQ(content->devices, (std::vector<int>{0, 2}));
}

TEST(Entry, HasTheSameSizeWhateverTheCommandIs) {
  Entry entry = sample();
  for (size_t length : {0u, 100u, 100'000u}) {
    entry.command = std::string(length, '"');
    entry.directory = std::string(length, 'x');
    EXPECT_EQ(entry.serialize().size(), kEntrySize) << length;
    EXPECT_TRUE(Entry::parse(entry.serialize())) << length;
  }
  entry.command = "\xff\xfe broken UTF-8";
  EXPECT_TRUE(Entry::parse(entry.serialize()));
}

TEST(Entry, NamesOfOthersAreParsedStrictly) {
  for (const char* text : {"", "w", "w.", "x.1.2.3.4.task_20260612_013226_1", "w.1.2.3.4.task_2026", "w.-1.2.3.4.task_20260612_013226_1",
                           "w.1.2.3.4.../../etc", "w.1.99999999999.3.4.task_20260612_013226_1", "w.1.2.900.4.task_20260612_013226_1",
                           "w.1.2.3.4.task_20260612_013226_1x", "d.0", "acct.0"}) {
    EXPECT_FALSE(EntryName::parse(text)) << text;
  }
}

TEST(Entry, PriorityAboveZeroIsRoots) {
  EXPECT_EQ(EntryName::parse("w.1.1000.150.1.task_20260612_013226_1")->priority, 0);
  EXPECT_EQ(EntryName::parse("w.1.0.150.1.task_20260612_013226_1")->priority, 50);
}

TEST(Entry, ContentThatDoesNotFitIsNoEntry) {
  for (const char* text : {"", "{", "[]", "{}", "null", R"({"v":1,"id":"x"})", R"({"v":"one"})"}) EXPECT_FALSE(Entry::parse(text)) << text;
  std::string text = sample().serialize();
  text.replace(text.find("\"width\":2"), 9, "\"width\":-");
  EXPECT_FALSE(Entry::parse(text));
}

TEST(JobId, HasTheShapeThatScriptsExpect) {
  EXPECT_TRUE(is_job_id("task_20260612_013226_34605516078"));
  EXPECT_TRUE(is_job_id(make_job_id()));
  for (const char* text : {"", "task_20260612_013226_", "task_2026061_013226_1", "task_20260612_013226_1/..", "TASK_20260612_013226_1",
                           "task_20260612-013226_1"}) {
    EXPECT_FALSE(is_job_id(text)) << text;
  }
}

}  // namespace
}  // namespace tilewright::queue
