// Fifty thousand random programs: no conflict without an order, edges that are close to the fewest, and no cell of the table of coverage
// empty.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "campaign.h"

namespace tilewright::oracle {
namespace {

TEST(CampaignLongTest, FiftyThousandProgramsAreOrdered) {
  const char* const seed = std::getenv("TW_TEST_SEED");
  const char* const count = std::getenv("TW_TEST_COUNT");
  Campaign campaign;
  campaign.first = seed != nullptr ? std::strtoull(seed, nullptr, 10) : 1'000'000;
  campaign.count = count != nullptr ? std::strtoull(count, nullptr, 10) : 50'000;
  const CampaignReport report = run_campaign(campaign);
  fmt::print("{}\n{}", report.coverage.table(), report.summary);
  EXPECT_TRUE(report.failures.empty()) << report.failures << report.summary;
  if (campaign.count < 50'000) return;
  std::vector<std::string> empty;
  for (const Cell& cell : report.coverage.empty_cells()) empty.push_back(text_of(cell));
  EXPECT_TRUE(empty.empty()) << fmt::format("{}", fmt::join(empty, "\n"));
  EXPECT_LE(report.ordered.mean_ratio(), 1.1);
  EXPECT_LE(report.ordered.ratio(), 1.1);
  EXPECT_GT(report.ordered.with_needed, 500U);
}

}  // namespace
}  // namespace tilewright::oracle
