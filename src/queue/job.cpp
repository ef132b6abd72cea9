#include "queue/job.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/error.h"
#include "queue/device_ids.h"

namespace tilewright::queue {

namespace {

using nlohmann::json;

constexpr std::array<const char*, 8> kReasonNames = {"job",       "wait_timeout", "time_limit",     "cancelled",
                                                     "no_device", "refused",      "cannot_execute", "infrastructure"};

}  // namespace

const char* end_reason_name(EndReason reason) { return kReasonNames.at(static_cast<size_t>(reason)); }

EndReason parse_end_reason(std::string_view name) {
  const auto found = std::find(kReasonNames.begin(), kReasonNames.end(), name);
  if (found == kReasonNames.end()) throw Error(ErrorCode::kParseError, fmt::format("unknown reason '{}'", name));
  return static_cast<EndReason>(found - kReasonNames.begin());
}

std::string JobRecord::to_json() const {
  const json value = {{"id", id},
                      {"user", user},
                      {"command", command},
                      {"directory", directory},
                      {"log", log},
                      {"devices", devices},
                      {"exit_code", exit_code},
                      {"ended_by", reason == EndReason::kJob ? "job" : "queue"},
                      {"reason", end_reason_name(reason)},
                      {"text", text},
                      {"submitted", submitted},
                      {"started", started},
                      {"ended", ended},
                      {"wait_seconds", wait_seconds},
                      {"run_seconds", run_seconds}};
  return value.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

JobRecord JobRecord::from_json(const std::string& text) {
  try {
    const json value = json::parse(text);
    JobRecord record;
    value.at("id").get_to(record.id);
    value.at("user").get_to(record.user);
    value.at("command").get_to(record.command);
    value.at("directory").get_to(record.directory);
    value.at("log").get_to(record.log);
    value.at("devices").get_to(record.devices);
    value.at("exit_code").get_to(record.exit_code);
    record.reason = parse_end_reason(value.at("reason").get<std::string>());
    value.at("text").get_to(record.text);
    value.at("submitted").get_to(record.submitted);
    value.at("started").get_to(record.started);
    value.at("ended").get_to(record.ended);
    value.at("wait_seconds").get_to(record.wait_seconds);
    value.at("run_seconds").get_to(record.run_seconds);
    return record;
  } catch (const json::exception& failure) {
    throw Error(ErrorCode::kParseError, fmt::format("job record: {}", failure.what()));
  }
}

int exit_code_of(int wait_status) { return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status); }

std::vector<std::string> job_environment(const JobSpec& spec, const std::vector<int>& devices, const std::string& visibility) {
  std::vector<std::string> dropped = visibility_variables();
  dropped.insert(dropped.end(), {"TASK_DEVICE", "TW_TASK_ID", "TASKQUEUE_TASK_ID", "TASKQUEUE_INSIDE"});
  std::vector<std::string> environment;
  for (const std::string& item : spec.environment) {
    const std::string name = item.substr(0, item.find('='));
    if (name != visibility && std::find(dropped.begin(), dropped.end(), name) == dropped.end()) environment.push_back(item);
  }
  std::vector<int> shown = devices;
  if (!visibility.empty()) {
    environment.push_back(fmt::format("{}={}", visibility, format_device_ids(devices)));
    std::iota(shown.begin(), shown.end(), 0);
  }
  if (!devices.empty()) environment.push_back("TASK_DEVICE=" + format_device_ids(shown));
  environment.push_back("TW_TASK_ID=" + spec.id);
  environment.push_back("TASKQUEUE_TASK_ID=" + spec.id);
  environment.push_back("TASKQUEUE_INSIDE=1");
  return environment;
}

}  // namespace tilewright::queue
