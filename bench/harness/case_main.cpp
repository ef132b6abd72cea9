#include "harness/case_main.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <sstream>

#include "base/error.h"
#include "harness/child.h"

namespace tilewright::bench {

void add_output_options(CLI::App& app, OutputOptions& options) {
  app.add_flag("--json", options.json, "Print the JSON instead of the table");
  app.add_option("--output", options.output, "Where to write the JSON (default: bench/<case>.json in the build directory)");
}

std::filesystem::path output_path(const Report& report, const OutputOptions& options) {
  return options.output.empty() ? program_directory().parent_path() / "bench" / (report.case_name() + ".json") : options.output;
}

int publish(const Report& report, const TableLayout& layout, const OutputOptions& options) {
  return publish_tables(report, report.table(layout), options);
}

int publish_tables(const Report& report, const std::string& tables, const OutputOptions& options) {
  const std::filesystem::path path = output_path(report, options);
  report.write(path);
  const std::string text = options.json ? report.json() : tables + fmt::format("\nwritten to {}\n", path.string());
  std::fputs(text.c_str(), stdout);
  return report.has_failures() ? 1 : 0;
}

int run_program(CLI::App& app, int argc, char** argv, const std::function<int()>& body) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    return body();
  } catch (const Error& error) {
    fmt::print(stderr, "{}: {}\n", app.get_name(), error.what());
    return exit_code(error.code());
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", app.get_name(), error.what());
    return exit_code(ErrorCode::kInternal);
  }
}

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

}  // namespace tilewright::bench
