// Random programs of tasks, judged by hand:
//
//   oracle_campaign [--no-derive] [--seed N] [--count N] [--failures N] [--table]     a range of seeds
//   oracle_campaign [--no-derive] --show SEED                                         one program: tree, text, log, judgement
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <optional>
#include <string_view>

#include "campaign.h"

namespace {

constexpr const char* kUsage =
    "usage: oracle_campaign [--no-derive] [--seed N] [--count N] [--failures N] [--table]\n"
    "       oracle_campaign [--no-derive] --show SEED\n";

}  // namespace

int main(int argc, char** argv) {
  using namespace tilewright::oracle;
  Campaign campaign;
  campaign.count = 1000;
  std::optional<uint64_t> show;
  bool table = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const auto number = [&]() -> uint64_t {
      char* end = nullptr;
      const char* const text = i + 1 < argc ? argv[++i] : "";
      const uint64_t value = std::strtoull(text, &end, 10);
      if (end != text && *end == '\0') return value;
      fmt::print(stderr, "oracle_campaign: {} takes a number\n{}", word, kUsage);
      std::exit(2);
    };
    if (word == "--no-derive") {
      campaign.settings.derive = false;
    } else if (word == "--table") {
      table = true;
    } else if (word == "--seed") {
      campaign.first = number();
    } else if (word == "--count") {
      campaign.count = number();
    } else if (word == "--failures") {
      campaign.most_failures = number();
    } else if (word == "--show") {
      show = number();
    } else {
      fmt::print(stderr, "{}", kUsage);
      return 2;
    }
  }
  if (show) {
    fmt::print("{}", describe(program_of(*show, campaign.settings), campaign.settings));
    return 0;
  }
  const CampaignReport report = run_campaign(campaign);
  if (table) fmt::print("{}\n", report.coverage.table());
  fmt::print("{}{}", report.failures, report.summary);
  if (!report.failing_seeds.empty())
    fmt::print("seeds that fail: {}\n",
               fmt::join(report.failing_seeds.begin(),
                         report.failing_seeds.begin() + std::min<ptrdiff_t>(20, std::ssize(report.failing_seeds)), " "));
  return report.failing_seeds.empty() ? 0 : 1;
}
