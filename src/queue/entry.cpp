#include "queue/entry.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <nlohmann/json.hpp>
#include <random>

// The tests build a program of the next version.
#ifndef TW_QUEUE_PROTOCOL_VERSION
#define TW_QUEUE_PROTOCOL_VERSION 1
#endif

namespace tilewright::queue {

const int kProtocolVersion = TW_QUEUE_PROTOCOL_VERSION;

namespace {

using nlohmann::json;

/// Takes the digits up to the next '.', or up to the end.
std::optional<int64_t> take_number(std::string_view& text) {
  const size_t dot = std::min(text.find('.'), text.size());
  int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + dot, value);
  if (failure != std::errc() || end != text.data() + dot || dot == 0 || value < 0) return std::nullopt;
  text.remove_prefix(std::min(dot + 1, text.size()));
  return value;
}

std::string shortened(std::string_view text, size_t longest) {
  if (text.size() <= longest) return std::string(text);
  return std::string(text.substr(0, longest - 3)) + "...";
}

}  // namespace

std::string EntryName::text() const {
  return fmt::format("{}.{:020}.{}.{:03}.{}.{}", static_cast<char>(state), arrival, uid, priority - kLowestPriority, width, id);
}

EntryName EntryName::with_state(JobState other) const {
  EntryName name = *this;
  name.state = other;
  return name;
}

std::optional<EntryName> EntryName::parse(std::string_view text) {
  if (text.size() < 3 || (text[0] != 'w' && text[0] != 'r' && text[0] != 'e') || text[1] != '.') return std::nullopt;
  EntryName name;
  name.state = static_cast<JobState>(text[0]);
  text.remove_prefix(2);
  const auto arrival = take_number(text), uid = take_number(text), priority = take_number(text), width = take_number(text);
  if (!arrival || !uid || !priority || !width || *uid > UINT32_MAX || *priority > kHighestPriority - kLowestPriority || *width > 65536 ||
      !is_job_id(text)) {
    return std::nullopt;
  }
  name.arrival = *arrival;
  name.uid = static_cast<uint32_t>(*uid);
  name.priority = static_cast<int>(*priority) + kLowestPriority;
  if (name.priority > 0 && name.uid != 0) name.priority = 0;  // above 0 is root's
  name.width = static_cast<int>(*width);
  name.id = text;
  return name;
}

std::string Entry::serialize() const {
  json value = {{"v", version},
                {"id", id},
                {"pid", pid},
                {"pidns", pid_namespace},
                {"pool", pool},
                {"avoid", avoid},
                {"width", width},
                {"one_group", one_group},
                {"limit", limit},
                {"submitted", submitted},
                {"started", started},
                {"devices", devices},
                {"cgroup", cgroup},
                {"root", root},
                {"root_started", root_started}};
  std::string text;
  // The ids come first; what is for reading only gets what is left.
  for (size_t longest : {600u, 60u, 3u}) {
    value["command"] = shortened(command, longest);
    value["directory"] = shortened(directory, longest);
    text = value.dump(-1, ' ', false, json::error_handler_t::replace);
    if (text.size() < kEntrySize) break;
  }
  text.resize(std::max(kEntrySize, text.size()), ' ');
  text.back() = '\n';
  return text;
}

std::optional<Entry> Entry::parse(std::string_view text) {
  const json value = json::parse(text, nullptr, false);
  if (!value.is_object()) return std::nullopt;
  Entry entry;
  try {
    entry.version = value.at("v").get<int>();
    entry.id = value.at("id").get<std::string>();
    entry.pid = value.at("pid").get<int>();
    entry.pid_namespace = value.at("pidns").get<uint64_t>();
    entry.command = value.value("command", "");
    entry.directory = value.value("directory", "");
    entry.cgroup = value.value("cgroup", "");
    entry.root = value.value("root", 0);
    entry.root_started = value.value("root_started", int64_t{0});
    entry.pool = value.at("pool").get<std::vector<int>>();
    entry.avoid = value.at("avoid").get<std::vector<int>>();
    entry.width = value.at("width").get<int>();
    entry.one_group = value.at("one_group").get<bool>();
    entry.limit = value.at("limit").get<int64_t>();
    entry.submitted = value.value("submitted", int64_t{0});
    entry.started = value.at("started").get<int64_t>();
    entry.devices = value.at("devices").get<std::vector<int>>();
  } catch (const json::exception&) {
    return std::nullopt;
  }
  if (!is_job_id(entry.id) || entry.pid <= 0 || entry.width < 0 || entry.limit < 0) return std::nullopt;
  return entry;
}

std::string make_job_id() {
  static std::random_device random;
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, "task_%Y%m%d_%H%M%S_", &local);
  return fmt::format("{}{}{:05}", stamp, ::getpid(), random() % 100000);
}

bool is_job_id(std::string_view text) {
  constexpr std::string_view kShape = "task_00000000_000000_0";
  if (text.size() < kShape.size() || text.size() > 64) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char shape = i < kShape.size() ? kShape[i] : '0';
    if (shape == '0' ? text[i] < '0' || text[i] > '9' : text[i] != shape) return false;
  }
  return true;
}

}  // namespace tilewright::queue
