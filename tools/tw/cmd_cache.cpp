#include "cmd_cache.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <chrono>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "base/error.h"
#include "toolchain/build_record.h"
#include "toolchain/store.h"

namespace tilewright {
namespace {

using Json = nlohmann::ordered_json;

std::string human_size(uint64_t bytes) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 1024 && unit + 1 < std::size(kUnits); ++unit) value /= 1024;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

/// A number and one of `units`: {"k", 1024}. Throws Error(kInvalidArgument).
uint64_t parse_quantity(const std::string& option, const std::string& text, const std::vector<std::pair<std::string, uint64_t>>& units) {
  uint64_t number = 0;
  const auto [rest, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit(rest, text.data() + text.size());
  std::vector<std::string> names;
  for (const auto& [name, factor] : units) {
    if (failure == std::errc() && unit == name && number <= UINT64_MAX / factor) return number * factor;
    if (!name.empty()) names.push_back(name);
  }
  throw Error(ErrorCode::kInvalidArgument, fmt::format("{}: '{}' is not a number with one of {}", option, text, fmt::join(names, ", ")));
}

uint64_t parse_size(const std::string& text) {
  return parse_quantity("--max-size", text, {{"", 1}, {"K", 1u << 10}, {"M", 1u << 20}, {"G", 1u << 30}, {"T", uint64_t{1} << 40}});
}

std::chrono::seconds parse_age(const std::string& text) {
  const uint64_t seconds = parse_quantity("--older-than", text, {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {"w", 7 * 86400}});
  return std::chrono::seconds(std::min<uint64_t>(seconds, uint64_t{100} * 365 * 86400));
}

std::string time_text(std::filesystem::file_time_type time) {
  const auto system = std::chrono::file_clock::to_sys(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::time_point_cast<std::chrono::seconds>(system))));
}

std::string quantity(uint64_t count, uint64_t bytes) {
  return fmt::format("{} file{}, {}", count, count == 1 ? "" : "s", human_size(bytes));
}

/// The sources of each object: "kernel.cpp (kernel aiv a2a3 x86-64-v3)".
std::map<Digest, std::set<std::string>> sources_of_objects(Store& store, const std::vector<StoreEntry>& entries) {
  std::map<Digest, std::set<std::string>> sources;
  for (const StoreEntry& entry : entries) {
    if (entry.kind != EntryKind::kRecord) continue;
    const std::optional<std::string> text = store.peek_record(entry.name);
    const std::optional<BuildRecord> record = text ? BuildRecord::parse(*text) : std::nullopt;
    if (!record) continue;
    for (const auto& result : record->results) sources[result.object].insert(fmt::format("{} ({})", record->source, record->kind));
  }
  return sources;
}

void list(bool json) {
  Store store;
  const std::vector<StoreEntry> entries = store.list();
  const auto sources = sources_of_objects(store, entries);
  Json objects = Json::array();
  uint64_t bytes = 0, records = 0;
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {  // most recently used first
    bytes += entry->size;
    if (entry->kind == EntryKind::kRecord) {
      ++records;
      continue;
    }
    const auto known = sources.find(entry->name);
    const std::set<std::string> from = known != sources.end() ? known->second : std::set<std::string>();
    if (!json)
      fmt::print("{}  {:>10}  {}  {}\n", entry->name.hex(), human_size(entry->size), time_text(entry->last_used), fmt::join(from, ", "));
    objects.push_back(
        {{"id", entry->name.hex()}, {"size_bytes", entry->size}, {"last_used", time_text(entry->last_used)}, {"sources", from}});
  }
  if (json) {
    fmt::print("{}\n", Json{{"path", store.root().string()}, {"size_bytes", bytes}, {"records", records}, {"objects", objects}}.dump(2));
  } else {
    fmt::print("{} object{} and {} record{}, {}, in {}\n", objects.size(), objects.size() == 1 ? "" : "s", records, records == 1 ? "" : "s",
               human_size(bytes), store.root().string());
  }
}

void prune(const PrunePolicy& policy, bool json) {
  Store store;
  const PruneReport report = store.prune(policy);
  if (json) {
    fmt::print(
        "{}\n",
        Json{{"removed", report.removed}, {"removed_bytes", report.removed_bytes}, {"kept", report.kept}, {"kept_bytes", report.kept_bytes}}
            .dump(2));
  } else {
    fmt::print("removed {}; kept {}\n", quantity(report.removed, report.removed_bytes), quantity(report.kept, report.kept_bytes));
  }
}

int verify(bool remove, bool json) {
  Store store;
  uint64_t checked = 0, checked_bytes = 0;
  const std::vector<StoreEntry> damaged = store.verify(remove, [&](const StoreEntry& entry) {
    ++checked;
    checked_bytes += entry.size;
  });
  Json paths = Json::array();
  for (const StoreEntry& entry : damaged) paths.push_back(store.path_of(entry.kind, entry.name).string());
  if (json) {
    fmt::print("{}\n", Json{{"checked", checked}, {"checked_bytes", checked_bytes}, {"damaged", paths}, {"removed", remove}}.dump(2));
  } else {
    for (const auto& path : paths) fmt::print("damaged: {}\n", path.get<std::string>());
    fmt::print("checked {}: {} damaged{}\n", quantity(checked, checked_bytes), damaged.size(),
               remove && !damaged.empty() ? " and removed" : "");
  }
  return damaged.empty() ? 0 : 1;
}

struct PruneOptions {
  std::string max_size, older_than;
  bool all = false;
};

void add_prune(CLI::App& cache, bool& json) {
  const auto options = std::make_shared<PruneOptions>();
  CLI::App* command = cache.add_subcommand("prune", "Remove objects, the least recently used first");
  command->add_option("--max-size", options->max_size, "Keep at most so many bytes: 500M, 2G");
  command->add_option("--older-than", options->older_than, "Remove what was not used for so long: 12h, 14d, 4w");
  command->add_flag("--all", options->all, "Remove everything");
  command->add_flag("--json", json, "Print the result as JSON");
  command->footer("Example: tw cache prune --max-size 2G --older-than 30d\nBuilds that run meanwhile are not disturbed.");
  command->callback([options, &json] {
    PrunePolicy policy;
    if (!options->max_size.empty()) policy.max_bytes = parse_size(options->max_size);
    if (!options->older_than.empty()) policy.max_idle = parse_age(options->older_than);
    if (options->all) policy.max_bytes = 0;
    if (!policy.max_bytes && !policy.max_idle) {
      throw Error(ErrorCode::kInvalidArgument, "cache prune: nothing says what to remove", "give --max-size, --older-than or --all");
    }
    prune(policy, json);
  });
}

}  // namespace

CLI::App* add_cache_command(CLI::App& parent, int& exit_code, bool& json) {
  CLI::App* cache = parent.add_subcommand("cache", "Show and prune the store of compiled objects");
  cache->require_subcommand(1);
  cache->footer(
      "Example: tw cache list --json\n"
      "The store lies in $TW_CACHE_DIR/store, else $XDG_CACHE_HOME/tilewright/store, else ~/.cache/tilewright/store.");

  CLI::App* list_command = cache->add_subcommand("list", "List the objects, most recently used first, with the sources they came from");
  list_command->add_flag("--json", json, "Print the result as JSON");
  list_command->footer("Example: tw cache list --json");
  list_command->callback([&json] { list(json); });

  add_prune(*cache, json);

  CLI::App* path_command = cache->add_subcommand("path", "Print the directory of the store");
  path_command->add_flag("--json", json, "Print the result as JSON");
  path_command->footer("Example: du -sh \"$(tw cache path)\"");
  path_command->callback([&json] {
    const std::string path = Store::default_root().string();
    fmt::print("{}\n", json ? Json{{"path", path}}.dump(2) : path);
  });

  const auto remove = std::make_shared<bool>(false);
  CLI::App* verify_command =
      cache->add_subcommand("verify", "Read every file and compare it with its SHA-256; exit code 1 if one is damaged");
  verify_command->add_flag("--remove", *remove, "Remove the damaged files");
  verify_command->add_flag("--json", json, "Print the result as JSON");
  verify_command->footer("Example: tw cache verify --remove\nBuilds check what they read anyway, and build damaged objects again.");
  verify_command->callback([remove, &exit_code, &json] { exit_code = verify(*remove, json); });
  return cache;
}

}  // namespace tilewright
