// Many devices on few processors, each running examples over and over.
#pragma once

#include <string>
#include <vector>

namespace tilewright::faults {

struct SoakResult {
  int runs = 0;
  std::vector<std::string> wrong;  ///< a line for each run that failed or computed something else
};

/// `devices` device processes at once, each with a client thread of this process, run paged attention and the examples of blocks and of
/// cores that wait for each other, `rounds` times each. Half of the devices are a2a3sim, half a5sim.
SoakResult run_soak(int devices, int rounds);

}  // namespace tilewright::faults
