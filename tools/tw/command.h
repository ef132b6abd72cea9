// What the commands of tw share. Each command is one add_<name>_command function, which adds itself to the program and
// does its work in its callback; errors leave it as exceptions.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace tilewright {

/// The switch that every command with a result has.
inline void add_json_flag(CLI::App& command, bool& json) { command.add_flag("--json", json, "Print the result as one JSON object"); }

// `exit_code` is what the program ends with if the callback returns; `json` is true if --json was given.
CLI::App* add_compile_command(CLI::App& parent, int& exit_code, bool& json);
CLI::App* add_rebuild_command(CLI::App& parent, int& exit_code, bool& json);
CLI::App* add_interpret_command(CLI::App& parent, int& exit_code, bool& json);
CLI::App* add_run_command(CLI::App& parent, int& exit_code, bool& json);
CLI::App* add_deps_command(CLI::App& parent, int& exit_code, bool& json);
CLI::App* add_platforms_command(CLI::App& parent, int& exit_code, bool& json);
CLI::App* add_devices_command(CLI::App& parent, int& exit_code, bool& json);
CLI::App* add_doctor_command(CLI::App& parent, int& exit_code, bool& json);
/// test, trace, execute-artifact and bench: each says that it is not built yet.
void add_later_commands(CLI::App& parent);

/// Runs the program: parses, executes, reports errors. Returns the exit code: 0, 1, 2 or 3 as in base/error.h.
int run_tool(int argc, const char* const* argv);

/// The reference of all commands as Markdown, as docs/reference/tw.md holds it.
std::string reference_text(const CLI::App& program);

}  // namespace tilewright
