// A fault campaign: devices under load, processes of which are killed, stopped and starved at random while they run.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tilewright::faults {

struct CampaignOptions {
  int devices = 3;
  int runs = 20;  ///< of each device
  uint64_t seed = 0;
};

/// What happened, for the figures; what must not happen is in `wrong`.
struct CampaignResult {
  std::map<std::string, int> faults;    ///< injected, by name
  std::map<std::string, int> outcomes;  ///< of runs: "right" and the names of errors
  std::vector<std::string> wrong;       ///< a line for each run that broke the rules
  int runs() const;
  std::string describe() const;
};

/// The image of the program that a campaign runs; built once, with the toolchain.
const std::vector<uint8_t>& campaign_image();

/// Every device has a thread of this process as its client. A run is a program that computes, crashes, never returns, waits for
/// what never comes or wants more memory than there is; and in some of them something is done to the device's process. Rules:
/// a run in which nothing went wrong ends with the right result; any other with that or with an error that one of the things that
/// went wrong explains, which names them, and host memory is as it was before; the device works again afterwards.
CampaignResult run_campaign(const CampaignOptions& options);

}  // namespace tilewright::faults
