// Commands of the host's owner that look at a device before a job gets it.
#pragma once

#include <string>
#include <vector>

namespace tilewright::queue {

/// Runs argv with TASK_DEVICE=device and without a shell. Empty if it exits with 0, else the first line of what it printed, or how
/// it ended; after `timeout` seconds it is killed, which is a failure.
std::string run_check(const std::vector<std::string>& argv, int device, double timeout);

}  // namespace tilewright::queue
