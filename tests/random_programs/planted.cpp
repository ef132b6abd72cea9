#include "planted.h"

#include <fmt/format.h>

#include "campaign.h"

namespace tilewright::random_programs {

void exchanged_operands(std::string& kernel) {
  const size_t at = kernel.find("TSUB(");
  if (at == std::string::npos) return;
  const size_t end = kernel.find(')', at);
  const std::string inside = kernel.substr(at + 5, end - at - 5);
  const size_t first = inside.find(", "), second = inside.find(", ", first + 2);
  kernel.replace(at + 5, end - at - 5, inside.substr(0, first) + inside.substr(second) + inside.substr(first, second - first));
}

void missing_flag(std::string& kernel) {
  for (const std::string half : {"set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);", "wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);"}) {
    if (const size_t at = kernel.find(half); at != std::string::npos) kernel.erase(at, half.size());
  }
}

void loop_too_long(std::string& kernel) {
  const size_t at = kernel.find("for (int64_t ");
  const size_t less = at == std::string::npos ? at : kernel.find(" < ", at);
  if (less != std::string::npos) kernel.replace(less, 3, " <= ");
}

PlantedReport find_planted(const Mistake& mistake, uint64_t most) {
  Campaign campaign;
  campaign.count = most;
  campaign.batch = 16;
  campaign.alter = mistake;
  campaign.most_failures = 1;
  const CampaignReport report = run_campaign(campaign);
  if (report.failures.empty()) return {};
  fmt::print("found by program {}, shrunk from {} statements to {}\n{}\n", report.failing_seeds.front(), report.statements_before,
             report.statements_after, report.failures);
  return {report.failures, report.statements_after};
}

}  // namespace tilewright::random_programs
