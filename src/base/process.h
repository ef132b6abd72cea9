// Child processes: run one to its end and capture what it printed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tilewright {

struct ProcessResult {
  int exit_code = 0;  ///< 128 + signal number if a signal ended it
  std::string output;  ///< stdout and stderr, in the order written, complete
};

struct ProcessOptions {
  std::vector<std::string> environment = {};  ///< NAME=VALUE, in place of what this process has
  /// What each process of it may use before the kernel ends it: processor time (SIGXCPU), and address space (allocations fail). 0: as
  /// this process.
  uint64_t cpu_seconds = 0;
  uint64_t address_space_bytes = 0;
};

/// Runs argv[0] (found on PATH) with the given arguments, stdin from /dev/null, to its end. The child is in its
/// own process group, which is killed if this thread unwinds. Throws Error (kToolMissing, kIoError).
ProcessResult run_process(const std::vector<std::string>& argv, const ProcessOptions& options = {});

/// The full path of a program on PATH (or the argument itself if it holds a slash and is executable); empty if none.
std::string find_program(const std::string& name);

/// A word as a POSIX shell reads it back, in single quotes where it needs any; and words as one line.
std::string shell_quoted(const std::string& word);
std::string shell_line(const std::vector<std::string>& argv);

/// The directory of the library or program that holds this function (any address in it); empty if it cannot be told.
std::filesystem::path directory_of_code(const void* address);

/// Whether a debugger, or another tracer, is attached to this process. Async-signal-safe.
bool traced_by_debugger();

}  // namespace tilewright
