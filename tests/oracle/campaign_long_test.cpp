// Fifty thousand random programs: no conflict without an order, edges that are close to the fewest, and no cell of the table of coverage
// empty.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "../campaigns.h"
#include "campaign.h"

namespace tilewright::oracle {
namespace {

TEST(CampaignLongTest, FiftyThousandProgramsAreOrdered) {
  const SeedRange seeds = seeds_to_test({1'000'000, 50'000});
  Campaign campaign;
  campaign.first = seeds.first;
  campaign.count = seeds.count;
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
