// tw platforms, tw devices: what a program can run on.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "command.h"
#include "platform/registry.h"
#include "text_table.h"

namespace tilewright {
namespace {

using Json = nlohmann::ordered_json;

/// Why a platform cannot be used here and what to do; empty if it can.
std::string reason_of(const PlatformStatus& status) {
  return status.hint.empty() ? status.problem : fmt::format("{}; {}", status.problem, status.hint);
}

Json platform_json(const PlatformStatus& status) {
  Json entry = {{"name", status.name}};
  const PlatformInfo* const info = status.info;
  entry["arch"] = info != nullptr ? Json(info->arch) : Json();
  entry["simulated"] = info != nullptr ? Json(info->simulated) : Json();
  entry["aic_cores"] = info != nullptr ? Json(info->aic_cores) : Json();
  entry["aiv_cores"] = info != nullptr ? Json(2 * info->aic_cores) : Json();
  entry["memory_bytes"] = info != nullptr ? Json(info->memory_bytes) : Json();
  entry["requirement"] = info != nullptr ? Json(info->requirement) : Json();
  entry["origin"] = status.origin.empty() ? Json() : Json(status.origin);
  entry["version"] = status.version.empty() ? Json() : Json(status.version);
  entry["available"] = status.problem.empty();
  entry["reason"] = reason_of(status);
  return entry;
}

void list_platforms(bool json) {
  Json list = Json::array();
  TextTable table({"PLATFORM", "SIMULATED", "AIC", "AIV", "MEMORY", "STATE", "FROM", "NEEDS"});
  std::string reasons;
  for (const PlatformStatus& status : PlatformRegistry::instance().list()) {
    const char* const state = status.problem.empty() ? "available" : "not available";
    const std::string origin = status.origin.empty() ? "-" : status.origin;
    if (const PlatformInfo* const info = status.info; info != nullptr) {
      table.add({status.name, info->simulated ? "yes" : "no", std::to_string(info->aic_cores), std::to_string(2 * info->aic_cores),
                 bytes_text(info->memory_bytes), state, origin, info->requirement});
    } else {
      table.add({status.name, "-", "-", "-", "-", state, origin, "-"});
    }
    if (!status.problem.empty()) reasons += reason_of(status) + "\n";
    list.push_back(platform_json(status));
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

/// The devices of a plug-in, or why it has none.
void add_plugin_devices(const PlatformInfo& info, TextTable& table, Json& list) {
  std::string reason;
  int32_t count = 0;
  try {
    count = info.plugin->device_count();
    if (count == 0) reason = "not available: its plug-in finds no device";
  } catch (const Error& error) {
    reason = "not available: " + error.message();
  }
  for (int32_t i = 0; i < count; ++i) {
    table.add({std::to_string(i), info.name, "there; whether it is free is found out when it is opened"});
    list.push_back(
        {{"platform", info.name}, {"simulated", info.simulated}, {"device", i}, {"node", nullptr}, {"available", true}, {"reason", ""}});
  }
  if (reason.empty()) return;
  table.add({"none", info.name, reason});
  list.push_back({{"platform", info.name},
                  {"simulated", info.simulated},
                  {"device", nullptr},
                  {"node", nullptr},
                  {"available", false},
                  {"reason", reason}});
}

void list_devices(bool json) {
  Json list = Json::array();
  TextTable table({"DEVICE", "PLATFORM", "STATE"});
  bool plugins = false;
  for (const PlatformInfo* const info : platforms()) {
    if (info->plugin != nullptr) {
      add_plugin_devices(*info, table, list);
      plugins = true;
    } else if (info->simulated) {
      table.add({"any number from 0", info->name, "available: simulated, made when a run asks for it"});
      list.push_back(
          {{"platform", info->name}, {"simulated", true}, {"device", nullptr}, {"node", nullptr}, {"available", true}, {"reason", ""}});
    }
  }
  const std::vector<std::string> nodes = device_nodes();
  for (const std::string& node : nodes) {
    if (plugins) break;  // whose they are the plug-in's own list says
    constexpr const char* kReason = "no platform plug-in for it is installed";
    table.add({node, "a2a3 or a5", fmt::format("not available: {}", kReason)});
    list.push_back(
        {{"platform", nullptr}, {"simulated", false}, {"device", nullptr}, {"node", node}, {"available", false}, {"reason", kReason}});
  }
  if (json) {
    fmt::print("{}\n", Json{{"devices", list}}.dump(2));
  } else {
    fmt::print("{}{}", table.text(), nodes.empty() && !plugins ? "\nNo accelerator: there is no /dev/davinci* on this machine.\n" : "");
  }
}

}  // namespace

CLI::App* add_platforms_command(CLI::App& parent, int&, bool& json) {
  CLI::App* command = parent.add_subcommand("platforms", "List the platforms, what they need and whether they can be used here");
  add_json_flag(*command, json);
  command->footer(
      "AIC and AIV are the matrix and the vector cores. Platforms whose names end in 'sim' are simulated. FROM says where a\n"
      "plug-in was found: in the directories of TW_PLATFORM_PATH, or in the installation.\n"
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
