// Commands that the design names and this version does not have. They are listed and refused, never ignored.
#include <fmt/format.h>

#include "base/error.h"
#include "command.h"

namespace tilewright {
namespace {

struct LaterCommand {
  const char* name;
  const char* purpose;
  const char* instead;  ///< what this version offers; empty if nothing
};
constexpr LaterCommand kLaterCommands[] = {
    {"test", "Run scene tests", "'tw run' with --golden compares one run"},
    {"trace", "Record and export the trace of a run", ""},
    {"execute-artifact", "Run an artifact that the compiler made", "'tw run' runs an artifact"},
    {"bench", "Run a benchmark beside its competitors", "'make bench'"},
};

}  // namespace

void add_later_commands(CLI::App& parent) {
  for (const LaterCommand& later : kLaterCommands) {
    CLI::App* command = parent.add_subcommand(later.name, fmt::format("{} (not built yet in this version)", later.purpose));
    command->group("Commands of a later version");
    // Whatever follows is for the command that will be; the answer is the same.
    command->fallthrough(false);
    command->allow_extras();
    command->prefix_command();
    std::string footer =
        fmt::format("Example:\n  tw {}\n  answers that the command is not built yet, and ends with exit code 2.", later.name);
    if (*later.instead != '\0') footer += fmt::format("\n  Until then: {}.", later.instead);
    command->footer(footer);
    command->callback([&later] {
      throw Error(ErrorCode::kUnsupported, fmt::format("'tw {}' is not built yet in this version ({})", later.name, TW_VERSION),
                  *later.instead != '\0' ? later.instead : "a later version has it");
    });
  }
}

}  // namespace tilewright
