#include "harness/child.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "harness/case_main.h"

namespace tilewright::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Child, RowsAndChatterAreToldApart) {
  Row row;
  row.system = "child";
  row.set_samples({2});
  const ChildResult result = run_child({"sh", "-c", "echo warning; printf '%s\\n' \"$0\"; echo late >&2; exit 3", to_json_line(row)});
  ASSERT_EQ(result.rows.size(), 1u);
  EXPECT_EQ(result.rows[0].system, "child");
  EXPECT_EQ(result.chatter, "warning\nlate\n");
  EXPECT_EQ(result.exit_code, 3);
}

TEST(Child, ABrokenRowIsAnError) { EXPECT_THROW(run_child({"sh", "-c", "echo '{broken'"}), Error); }

TEST(Child, ProgramsOfSystemsLieBesideThisOne) { EXPECT_TRUE(std::filesystem::exists(program_directory() / "bench_harness_test")); }

TEST(SplitList, DropsEmptyElements) {
  EXPECT_THAT(split_list("a,,b,"), ElementsAre("a", "b"));
  EXPECT_THAT(split_list(""), IsEmpty());
}

}  // namespace
}  // namespace tilewright::bench
