// Many random programs, one after another: judged, counted, and their failures made small.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "coverage.h"
#include "run.h"

namespace tilewright::random_programs {

struct Campaign {
  uint64_t first = 1;  ///< the first seed
  uint64_t count = 1;
  uint64_t batch = kSharedShape;  ///< programs that are compiled together
  uint64_t most_failures = 3;     ///< different ones that are made small; then it ends
  std::function<void(std::string& kernel)> alter = {};  ///< Runner::alter
  std::string log = {};           ///< a file that gets a line for each batch; none if empty
};

struct CampaignReport {
  std::string summary;   ///< programs, verdicts, times
  std::string failures;  ///< the programs made small, with why and how to run them again; empty if there is none
  std::vector<uint64_t> failing_seeds;
  Coverage coverage;
  uint64_t programs = 0;
  uint64_t agreed = 0;  ///< of these: compiled, run and compared
  size_t statements_before = 0, statements_after = 0;  ///< of the first failure
};

CampaignReport run_campaign(const Campaign& campaign);

}  // namespace tilewright::random_programs
