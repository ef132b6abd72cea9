#include "queue/config.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <thread>
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "base/error.h"
#include "base/file.h"
#include "queue/device_ids.h"
#include "queue/queue_error.h"
#include "queue/slurm.h"

namespace tilewright::queue {

namespace fs = std::filesystem;

namespace {

constexpr const char* kHostConfig = "/etc/tilewright/queue.toml";

/// Reads a table's keys; what is left in the end is unknown, which is an error: a misspelt key must not be ignored.
class TableReader {
 public:
  TableReader(const toml::table& table, std::string where) : table_(table), where_(std::move(where)) {}

  template <typename T>
  void read(const char* key, T& value) {
    known_.insert(key);
    const toml::node* node = table_.get(key);
    if (node == nullptr) return;
    if constexpr (std::is_same_v<T, double>) {
      if (const auto number = node->value<double>(); number && *number >= 0) return void(value = *number);
      fail(key, "a number that is not negative");
    } else if constexpr (std::is_same_v<T, int> || std::is_same_v<T, size_t>) {
      if (const auto number = node->value_exact<int64_t>(); number && *number >= 0 && *number <= 1'000'000)
        return void(value = static_cast<T>(*number));
      fail(key, "a whole number from 0 to 1000000");
    } else if constexpr (std::is_same_v<T, std::string>) {
      if (const auto text = node->value_exact<std::string>()) return void(value = *text);
      fail(key, "a text");
    } else {
      read_list(key, *node, value);
    }
  }

  void finish(const std::set<std::string>& tables = {}) const {
    for (const auto& [key, node] : table_) {
      const std::string name(key.str());
      if (!known_.contains(name) && !tables.contains(name))
        throw Error(ErrorCode::kParseError, fmt::format("{}: unknown key '{}'", where_, name));
    }
  }

  [[noreturn]] void fail(const char* key, const char* expected) const {
    throw Error(ErrorCode::kParseError, fmt::format("{}: '{}' should be {}", where_, key, expected));
  }

 private:
  template <typename T>
  void read_list(const char* key, const toml::node& node, std::vector<T>& value) {
    const toml::array* list = node.as_array();
    if (list == nullptr) fail(key, "a list");
    value.clear();
    for (const toml::node& item : *list) {
      if constexpr (std::is_same_v<T, int>) {
        const auto number = item.value_exact<int64_t>();
        if (!number || *number < 0 || *number > 65535) fail(key, "a list of whole numbers from 0 to 65535");
        value.push_back(static_cast<int>(*number));
      } else {
        const auto text = item.value_exact<std::string>();
        if (!text) fail(key, "a list of texts");
        value.push_back(*text);
      }
    }
  }

  const toml::table& table_;
  std::string where_;
  std::set<std::string> known_;
};

std::vector<Device> read_devices(const toml::table& table, const std::string& where) {
  std::vector<Device> devices;
  const toml::array* list = table["device"].as_array();
  if (list == nullptr) {
    if (table.contains("device")) throw Error(ErrorCode::kParseError, fmt::format("{}: devices are written [[device]]", where));
    return devices;
  }
  for (const toml::node& node : *list) {
    const toml::table* item = node.as_table();
    if (item == nullptr) throw Error(ErrorCode::kParseError, fmt::format("{}: devices are written [[device]]", where));
    Device device{-1, {}, {}, 1};
    TableReader reader(*item, where + ": device");
    reader.read("id", device.id);
    reader.read("node", device.node);
    reader.read("group", device.group);
    reader.read("slots", device.slots);
    reader.finish();
    if (device.id < 0) reader.fail("id", "there");
    if (device.slots < 1 || device.slots > 256) reader.fail("slots", "from 1 to 256");
    if (!device.node.empty() && device.node[0] != '/') reader.fail("node", "an absolute path");
    if (std::any_of(devices.begin(), devices.end(), [&](const Device& other) { return other.id == device.id; })) {
      throw Error(ErrorCode::kParseError, fmt::format("{}: two devices have id {}", where, device.id));
    }
    devices.push_back(std::move(device));
  }
  return devices;
}

std::vector<Device> probe(const fs::path& directory, const std::string& prefix) {
  std::vector<Device> devices;
  std::error_code failure;
  for (fs::directory_iterator at(directory, failure), end; !failure && at != end; at.increment(failure)) {
    const std::string name = at->path().filename().string();
    if (!name.starts_with(prefix) || name.size() == prefix.size() || name.size() > prefix.size() + 4) continue;
    const std::string number = name.substr(prefix.size());
    if (!std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; })) continue;
    devices.push_back({std::atoi(number.c_str()), at->path().string(), {}, 1});
  }
  std::sort(devices.begin(), devices.end(), [](const Device& a, const Device& b) { return a.id < b.id; });
  return devices;
}

void find_devices(QueueConfig& config, const fs::path& device_directory, const std::string& restrict_to) {
  if (config.devices.empty()) {
    config.devices = probe(device_directory, "davinci");
    const std::vector<Device> others = probe(device_directory, "nvidia");
    if (!config.devices.empty() && !others.empty()) {
      throw Error(ErrorCode::kInvalidArgument, fmt::format("{} has both davinci* and nvidia* devices", device_directory.string()),
                  fmt::format("list the devices in {}", kHostConfig));
    }
    if (config.devices.empty()) config.devices = others;
    config.source = fmt::format("{} of {}", config.devices.empty() ? "no device" : "device nodes", device_directory.string());
  }
  if (restrict_to.empty()) return;
  std::vector<Device> chosen;
  for (int id : parse_device_ids(restrict_to)) {
    const auto found = std::find_if(config.devices.begin(), config.devices.end(), [&](const Device& device) { return device.id == id; });
    if (found != config.devices.end())
      chosen.push_back(*found);
    else if (config.devices.empty())
      chosen.push_back({id, {}, {}, 1});
    else
      throw Error(ErrorCode::kInvalidArgument, fmt::format("TW_TASK_DEVICES names device {}, which is not among: {}", id, config.source));
  }
  config.source = fmt::format("TW_TASK_DEVICES={}{}", restrict_to, config.devices.empty() ? "" : ", of " + config.source);
  // The preferred order is the file's.
  if (!config.devices.empty()) {
    std::erase_if(config.devices, [&](const Device& device) {
      return std::none_of(chosen.begin(), chosen.end(), [&](const Device& c) { return c.id == device.id; });
    });
  } else {
    config.devices = std::move(chosen);
  }
}

void order_devices(std::vector<Device>& devices, const std::vector<int>& preferred, const std::string& where) {
  for (int id : preferred) {
    if (std::none_of(devices.begin(), devices.end(), [&](const Device& device) { return device.id == id; })) {
      throw Error(ErrorCode::kParseError, fmt::format("{}: preferred names device {}, which there is not", where, id));
    }
  }
  std::vector<Device> ordered;
  for (int id : preferred)
    ordered.push_back(*std::find_if(devices.begin(), devices.end(), [&](const Device& device) { return device.id == id; }));
  for (Device& device : devices) {
    if (std::find(preferred.begin(), preferred.end(), device.id) == preferred.end()) ordered.push_back(std::move(device));
  }
  devices = std::move(ordered);
}

/// An allocation without devices has none, whatever the host has.
QueueConfig without_ungranted(QueueConfig config, const std::string& restrict_to) {
  if (std::getenv("SLURM_JOB_ID") == nullptr || !restrict_to.empty()) return config;
  config.devices.clear();
  config.source = "a Slurm allocation without devices";
  return config;
}

}  // namespace

const char* isolation_name(Isolation isolation) {
  switch (isolation) {
    case Isolation::kNamespace: return "namespace";
    case Isolation::kCgroup: return "cgroup";
    case Isolation::kNone: return "none";
    default: return "auto";
  }
}

Isolation parse_isolation(std::string_view text) {
  for (Isolation isolation : {Isolation::kAuto, Isolation::kNamespace, Isolation::kCgroup, Isolation::kNone})
    if (text == isolation_name(isolation)) return isolation;
  throw Error(ErrorCode::kInvalidArgument, fmt::format("isolation '{}' is none of: auto, namespace, cgroup, none", text));
}

const std::vector<std::string>& visibility_variables() {
  static const std::vector<std::string> names = {"ASCEND_RT_VISIBLE_DEVICES", "ASCEND_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES",
                                                 "NVIDIA_VISIBLE_DEVICES",    "HIP_VISIBLE_DEVICES",    "ROCR_VISIBLE_DEVICES",
                                                 "ONEAPI_DEVICE_SELECTOR",    "ZE_AFFINITY_MASK"};
  return names;
}

QueueConfig parse_config(const std::string& text, const std::string& name, const fs::path& device_directory,
                         const std::string& restrict_to) {
  QueueConfig config;
  config.deviceless_limit = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  toml::parse_result parsed = toml::parse(text, name);
  if (!parsed) {
    throw Error(ErrorCode::kParseError, fmt::format("{}:{}: {}", name, parsed.error().source().begin.line, parsed.error().description()));
  }
  const toml::table& table = parsed.table();
  config.devices = read_devices(table, name);
  if (!config.devices.empty()) config.source = name;
  std::string isolation = "auto";
  std::vector<int> preferred;
  TableReader reader(table, name);
  reader.read("deviceless_limit", config.deviceless_limit);
  reader.read("max_time", config.max_time);
  reader.read("max_time_cap", config.max_time_cap);
  reader.read("timeout", config.timeout);
  reader.read("grace", config.grace);
  reader.read("isolation", isolation);
  reader.read("visibility", config.visibility);
  reader.read("health_check", config.health_check);
  reader.read("in_use_check", config.in_use_check);
  reader.read("check_timeout", config.check_timeout);
  reader.read("out_time", config.out_time);
  reader.read("infrastructure_failures", config.infrastructure_failures);
  reader.read("infrastructure_codes", config.infrastructure_codes);
  reader.read("keep_jobs", config.keep_jobs);
  reader.read("backend", config.backend);
  reader.read("slurm_gres", config.slurm_gres);
  reader.read("preferred", preferred);
  reader.finish({"device"});
  config.isolation = parse_isolation(isolation);
  if (config.backend != "local" && config.backend != "slurm") reader.fail("backend", "\"local\" or \"slurm\"");
  find_devices(config, device_directory, restrict_to);
  order_devices(config.devices, preferred, name);
  return config;
}

QueueConfig load_config() {
  const char* named = std::getenv("TW_QUEUE_CONFIG");
  const bool own = named != nullptr && *named != '\0';
  const fs::path path = own ? named : kHostConfig;
  const char* devices = std::getenv("TW_TASK_DEVICES");
  std::string restrict_to = devices != nullptr ? devices : "";
  // Inside an allocation there is only what was granted.
  if (restrict_to.empty() && std::getenv("SLURM_JOB_ID") != nullptr) restrict_to = slurm_granted_devices();
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    if (own) throw Error(ErrorCode::kFileNotFound, fmt::format("TW_QUEUE_CONFIG: cannot read {}", path.string()));
    QueueConfig config = parse_config({}, path.string(), "/dev", restrict_to);
    return without_ungranted(std::move(config), restrict_to);
  }
  if ((info.st_uid != 0 && info.st_uid != ::geteuid()) || (info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    throw refused(fmt::format("{} can be written by others, and it names commands", path.string()),
                  "it has to belong to root or to you, with mode 644 or less");
  }
  return without_ungranted(parse_config(read_file(path), path.string(), "/dev", restrict_to), restrict_to);
}

}  // namespace tilewright::queue
