// What a figure was measured on.
#pragma once

#include <string>

namespace tilewright::bench {

struct Machine {
  std::string cpu;       ///< model name of the first processor in /proc/cpuinfo; the architecture if it names none
  int cores = 0;         ///< processors this process may run on
  std::string kernel;    ///< "Linux 6.1.0-18-amd64"
  std::string compiler;  ///< the compiler of this project's own code; a competitor's row names its own
  double load = 0;       ///< one-minute load average when asked: near 0 on a machine quiet enough to believe
};

/// Throws Error(kIoError, kFileNotFound) if /proc cannot be read.
Machine describe_machine();

}  // namespace tilewright::bench
