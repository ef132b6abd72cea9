// tw platforms, tw devices: what a program can run on.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "command.h"
#include "platform/device.h"
#include "text_table.h"

namespace tilewright {
namespace {

using Json = nlohmann::ordered_json;

/// Why a platform cannot run here and what to do; empty if it can.
std::string missing_for(const PlatformInfo& info) {
  try {
    require_available(info);
    return {};
  } catch (const Error& error) {
    return fmt::format("{}; {}", error.message(), error.hint());
  }
}

void list_platforms(bool json) {
  Json list = Json::array();
  TextTable table({"PLATFORM", "SIMULATED", "AIC", "AIV", "MEMORY", "STATE", "NEEDS"});
  std::string reasons;
  for (const PlatformInfo& info : platforms()) {
    const std::string missing = missing_for(info);
    table.add({info.name, info.simulated ? "yes" : "no", std::to_string(info.aic_cores), std::to_string(2 * info.aic_cores),
               bytes_text(info.memory_bytes), missing.empty() ? "available" : "not available", info.requirement});
    if (!missing.empty()) reasons += missing + "\n";
    list.push_back({{"name", info.name},
                    {"arch", info.arch},
                    {"simulated", info.simulated},
                    {"aic_cores", info.aic_cores},
                    {"aiv_cores", 2 * info.aic_cores},
                    {"memory_bytes", info.memory_bytes},
                    {"requirement", info.requirement},
                    {"available", missing.empty()},
                    {"reason", missing}});
  }
  if (json) {
    fmt::print("{}\n", Json{{"platforms", list}}.dump(2));
  } else {
    fmt::print("{}{}{}", table.text(), reasons.empty() ? "" : "\n", reasons);
  }
}

/// The accelerators' device nodes: /dev/davinci0 and so on (spec/harness-and-queue.md, M).
std::vector<std::string> device_nodes() {
  std::vector<std::string> nodes;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/dev", ignored)) {
    const std::string name = entry.path().filename().string();
    const std::string number = name.starts_with("davinci") ? name.substr(7) : "";
    if (!number.empty() && number.find_first_not_of("0123456789") == std::string::npos) nodes.push_back(entry.path().string());
  }
  std::sort(nodes.begin(), nodes.end());
  return nodes;
}

void list_devices(bool json) {
  Json list = Json::array();
  TextTable table({"DEVICE", "PLATFORM", "STATE"});
  for (const PlatformInfo& info : platforms()) {
    if (!info.simulated) continue;
    const std::string missing = missing_for(info);
    table.add({"any number from 0", info.name, missing.empty() ? "available: simulated, made when a run asks for it" : missing});
    list.push_back({{"platform", info.name}, {"simulated", true}, {"node", nullptr}, {"available", missing.empty()}, {"reason", missing}});
  }
  const std::vector<std::string> nodes = device_nodes();
  for (const std::string& node : nodes) {
    table.add({node, "a2a3 or a5", "not available: this version has no platform plug-in for it"});
    list.push_back({{"platform", nullptr},
                    {"simulated", false},
                    {"node", node},
                    {"available", false},
                    {"reason", "this version has no platform plug-in for it"}});
  }
  if (json) {
    fmt::print("{}\n", Json{{"devices", list}}.dump(2));
  } else {
    fmt::print("{}{}", table.text(), nodes.empty() ? "\nNo accelerator: there is no /dev/davinci* on this machine.\n" : "");
  }
}

}  // namespace

CLI::App* add_platforms_command(CLI::App& parent, int&, bool& json) {
  CLI::App* command = parent.add_subcommand("platforms", "List the platforms, what they need and whether they can be used here");
  add_json_flag(*command, json);
  command->footer(
      "AIC and AIV are the matrix and the vector cores. Platforms whose names end in 'sim' are simulated.\n"
      "\n"
      "Example:\n  tw platforms");
  command->callback([&json] { list_platforms(json); });
  return command;
}

CLI::App* add_devices_command(CLI::App& parent, int&, bool& json) {
  CLI::App* command = parent.add_subcommand("devices", "List the devices that runs can use");
  add_json_flag(*command, json);
  command->footer("Example:\n  tw devices --json");
  command->callback([&json] { list_devices(json); });
  return command;
}

}  // namespace tilewright
