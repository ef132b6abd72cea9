// Systems under measurement run as processes of their own, so that no two runtimes share one.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/row.h"

namespace tilewright::bench {

/// Where this program lies; the programs of the systems lie beside it. Throws Error(kIoError).
std::filesystem::path program_directory();

/// What a system's process printed, taken apart.
struct ChildResult {
  std::vector<Row> rows;  ///< its lines that are JSON objects
  std::string chatter;    ///< every other line
  int exit_code = 0;
};

/// Runs `argv` to its end. Throws Error (kToolMissing, kIoError, kParseError).
ChildResult run_child(const std::vector<std::string>& argv);

/// To be called first in a system's process: the kernel ends it when its driver dies, however that happens.
void end_with_parent();

}  // namespace tilewright::bench
