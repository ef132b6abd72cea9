// Ten thousand programs, and no cell of the table of coverage empty.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "../campaigns.h"
#include "campaign.h"
#include "planted.h"

namespace tilewright::random_programs {
namespace {

TEST(RandomProgramsLong, TenThousandAgreeAndLeaveNothingOut) {
  const SeedRange seeds = seeds_to_test({1000, 10000});
  const char* const log = std::getenv("TW_TEST_LOG");
  Campaign campaign;
  campaign.first = seeds.first;
  campaign.count = seeds.count;
  campaign.most_failures = 20;
  campaign.log = log != nullptr ? log : "";
  const CampaignReport report = run_campaign(campaign);
  const std::vector<std::string> platforms = {"a2a3sim", "a5sim"};
  fmt::print("{}\n{}\n", report.coverage.table(platforms), report.summary);
  EXPECT_TRUE(report.failures.empty()) << report.failures;
  EXPECT_GE(report.agreed * 100, report.programs * 98) << "too many were not compared";
  const std::vector<std::string> empty = report.coverage.empty_cells(platforms);
  if (campaign.count >= 10000) {
    EXPECT_TRUE(empty.empty()) << fmt::format("{} cells are empty:\n{}", empty.size(), fmt::join(empty, "\n"));
  } else {
    fmt::print("{} cells are empty\n{}\n", empty.size(), fmt::join(empty, "\n"));
  }
}

TEST(RandomProgramsLong, FindAFlagThatIsMissing) {
  const PlantedReport report = find_planted(missing_flag, 64);
  EXPECT_FALSE(report.text.empty());
  EXPECT_LE(report.statements, 4U) << report.text;
}

TEST(RandomProgramsLong, FindALoopOfOneTurnMore) {
  const PlantedReport report = find_planted(loop_too_long, 64);
  EXPECT_FALSE(report.text.empty());
  EXPECT_LE(report.statements, 4U) << report.text;
}

}  // namespace
}  // namespace tilewright::random_programs
