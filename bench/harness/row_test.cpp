#include "harness/row.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace tilewright::bench {
namespace {

using ::testing::HasSubstr;

TEST(Median, IsTheMiddleSampleWhateverTheirOrder) {
  EXPECT_DOUBLE_EQ(median({5, 1, 3}), 3);
  EXPECT_DOUBLE_EQ(median({4, 1, 3, 2}), 2.5);
  EXPECT_DOUBLE_EQ(median({7}), 7);
}

TEST(Median, OfNothingIsAnError) { EXPECT_THROW(median({}), Error); }

TEST(Row, SamplesGiveMedianExtremesAndCount) {
  Row row;
  row.set_samples({9, 2, 4});
  EXPECT_DOUBLE_EQ(row.value.value(), 4);
  EXPECT_DOUBLE_EQ(row.min, 2);
  EXPECT_DOUBLE_EQ(row.max, 9);
  EXPECT_EQ(row.runs, 3);
}

TEST(Row, ALineOfJsonIsReadBack) {
  Row row{"tbb", {{"shape", "chain"}, {"tasks", int64_t{10000}}, {"share", 0.25}}, "ns_per_task", "ns", {}, 0, 0, 0, Absence::kFailed, {}};
  row.set_samples({1.5, 2.5, 3.5});
  const Row back = row_from_json(to_json_line(row));
  EXPECT_EQ(back.system, "tbb");
  EXPECT_EQ(back.metric, "ns_per_task");
  EXPECT_EQ(back.unit, "ns");
  EXPECT_DOUBLE_EQ(back.value.value(), 2.5);
  EXPECT_DOUBLE_EQ(back.min, 1.5);
  EXPECT_DOUBLE_EQ(back.max, 3.5);
  EXPECT_EQ(back.runs, 3);
  ASSERT_EQ(back.fields.size(), 3u);
  EXPECT_EQ(*back.field("shape"), FieldValue(std::string("chain")));
  EXPECT_EQ(*back.field("tasks"), FieldValue(int64_t{10000}));
  EXPECT_EQ(*back.field("share"), FieldValue(0.25));
  EXPECT_EQ(back.field("nothing"), nullptr);
}

TEST(Row, ARowWithoutAValueKeepsItsReason) {
  Row row;
  row.system = "starpu";
  row.absence = Absence::kNotFound;
  row.error = "install it\nsecond line \xff";
  const std::string line = to_json_line(row);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const Row back = row_from_json(line);
  EXPECT_FALSE(back.value.has_value());
  EXPECT_EQ(back.absence, Absence::kNotFound);
  EXPECT_THAT(back.error, HasSubstr("install it\nsecond line"));
}

TEST(Row, WhatIsNoRowIsQuoted) {
  for (const char* line : {"{", "{\"system\": \"x\"}", "[]"}) {
    try {
      row_from_json(line);
      ADD_FAILURE() << line;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kParseError);
      EXPECT_THAT(error.what(), HasSubstr(line));
    }
  }
}

}  // namespace
}  // namespace tilewright::bench
