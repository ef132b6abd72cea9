// What every benchmark driver has in common: its options, its exit codes, where its result goes.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "harness/report.h"

namespace CLI {
class App;
}

namespace tilewright::bench {

struct OutputOptions {
  bool json = false;             ///< print the JSON instead of the table
  std::filesystem::path output;  ///< empty: <build>/bench/<case>.json
};

/// Adds --json and --output.
void add_output_options(CLI::App& app, OutputOptions& options);

/// Where the JSON of the case goes. Throws Error(kIoError).
std::filesystem::path output_path(const Report& report, const OutputOptions& options);

/// Writes the file, prints the table or the JSON, and returns the exit code: 1 if a measurement failed, else 0.
int publish(const Report& report, const TableLayout& layout, const OutputOptions& options);
/// The same with tables of the case's own.
int publish_tables(const Report& report, const std::string& tables, const OutputOptions& options);

/// Parses the command line and runs `body`. Returns 0 after --help, 2 for misuse, the error's exit code with its full
/// text on stderr if `body` throws, else what `body` returns.
int run_program(CLI::App& app, int argc, char** argv, const std::function<int()>& body);

/// "a,b,c" taken apart; empty elements are dropped.
std::vector<std::string> split_list(const std::string& text);

}  // namespace tilewright::bench
