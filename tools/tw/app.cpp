#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "cmd_cache.h"
#include "command.h"

namespace tilewright {
namespace {

constexpr const char* kFooter =
    "Example:\n"
    "  tw platforms\n"
    "  tw run callable.json --platform a2a3sim --arg x=f32[128,128]=randn:1 --arg y=f32[128,128] --output y=y.npy\n"
    "\n"
    "'tw help COMMAND' explains a command. Exit codes: 0 good; 1 the thing ran and is wrong; 2 misuse; 3 the device or the\n"
    "infrastructure failed. TW_CACHE_DIR and XDG_CACHE_HOME say where compiled objects are kept.";

/// Prints an error: text on stderr and, with --json, one object on stdout.
int report(const Error& error, bool json) {
  const int code = exit_code(error.code());
  fmt::print(stderr, "tw: error: {}\n", error.what());
  if (json) {
    const nlohmann::json object = {{"error",
                                    {{"code", static_cast<int>(error.code())},
                                     {"name", error_name(error.code())},
                                     {"message", error.message()},
                                     {"hint", error.hint()},
                                     {"status", error.status()},
                                     {"exit_code", code}}}};
    // Compiler output and file names may hold bytes that are not UTF-8.
    fmt::print("{}\n", object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  }
  return code;
}

void print_help(const CLI::App& program, const std::vector<std::string>& path, bool all) {
  if (all) {
    fmt::print("{}", reference_text(program));
    return;
  }
  const CLI::App* command = &program;
  std::string prefix;  // the names above the command
  for (const std::string& name : path) {
    prefix += (prefix.empty() ? "" : " ") + command->get_name();
    const auto found = command->get_subcommands([&](const CLI::App* child) { return child->get_name() == name; });
    const CLI::App* next = found.empty() ? nullptr : found.front();
    if (next == nullptr) {
      throw Error(ErrorCode::kInvalidArgument, fmt::format("there is no command '{} {}'", prefix, name), "'tw help' lists the commands");
    }
    command = next;
  }
  fmt::print("{}", command->help(prefix));
}

void append_reference(const CLI::App& command, const std::string& prefix, std::string& text) {
  const std::string name = prefix.empty() ? command.get_name() : prefix + " " + command.get_name();
  text += fmt::format("\n## {}\n\n```text\n", name);
  std::string help = command.help(prefix);
  while (!help.empty() && help.back() == '\n') help.pop_back();
  text += help.substr(help.find_first_not_of('\n')) + "\n```\n";
  for (const CLI::App* child : command.get_subcommands([](const CLI::App*) { return true; })) append_reference(*child, name, text);
}

}  // namespace

std::string reference_text(const CLI::App& program) {
  std::string text =
      "# tw: reference\n"
      "\n"
      "Written by `tw help --all > docs/reference/tw.md`; a test compares the two. How to use it: docs/guide/running.md.\n";
  append_reference(program, "", text);
  return text;
}

int run_tool(int argc, const char* const* argv) {
  CLI::App app("Compiles tile programs and runs them as task graphs on accelerators or a simulator.", "tw");
  int code = 0;
  bool json = false;
  std::string level;
  app.set_version_flag("--version", "tw " TW_VERSION);
  app.add_option("--log-level", level, "Least level of log lines: debug, info, timing, warn, error or nul; overrides PTO_LOG_LEVEL")
      ->type_name("LEVEL");
  app.footer(kFooter);
  app.fallthrough();
  app.require_subcommand(0, 1);
  app.parse_complete_callback([&] {
    if (!level.empty()) set_log_level(parse_log_level(level));
  });
  add_compile_command(app, code, json);
  add_rebuild_command(app, code, json);
  add_run_command(app, code, json);
  add_interpret_command(app, code, json);
  add_deps_command(app, code, json);
  add_platforms_command(app, code, json);
  add_devices_command(app, code, json);
  add_cache_command(app, code, json);
  add_doctor_command(app, code, json);

  std::vector<std::string> help_path;
  bool help_all = false;
  CLI::App* help = app.add_subcommand("help", "Explain a command, with an example");
  help->add_option("command", help_path, "The command, such as 'run' or 'cache list'");
  help->add_flag("--all", help_all, "The whole reference, as Markdown");
  help->footer("Example:\n  tw help run");
  help->callback([&] { print_help(app, help_path, help_all); });
  add_later_commands(app);

  // An error while parsing comes before `json` is set.
  const bool wants_json = std::any_of(argv + 1, argv + argc, [](const char* word) { return std::strcmp(word, "--json") == 0; });
  try {
    const InterruptHandler interrupts;
    app.parse(argc, argv);
    if (app.get_subcommands().empty()) {
      fmt::print(stderr, "{}", app.help());
      return exit_code(ErrorCode::kInvalidArgument);
    }
    if (std::fflush(stdout) != 0) throw errno_error(errno, "cannot write to standard output");
    return code;
  } catch (const CLI::Success& done) {
    return app.exit(done);
  } catch (const CLI::ParseError& error) {
    return report(Error(ErrorCode::kInvalidArgument, error.what(), "'tw help' and 'tw help COMMAND' show what is possible"), wants_json);
  } catch (const Error& error) {
    return report(error, wants_json);
  } catch (const std::exception& error) {
    return report(Error(ErrorCode::kInternal, error.what(), "this is a defect of Tilewright; please report it"), wants_json);
  }
}

}  // namespace tilewright
