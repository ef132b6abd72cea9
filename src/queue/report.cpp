#include "queue/report.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "queue/cgroup.h"
#include "queue/client.h"
#include "queue/device_ids.h"
#include "queue/history.h"
#include "queue/jobs_view.h"
#include "queue/marks.h"
#include "queue/queue_error.h"
#include "queue/tree.h"

namespace tilewright::queue {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr size_t kListedRecords = 20;

History history() { return History(history_directory()); }

std::string record_directory() { return history_directory() / "jobs"; }

double in_seconds(int64_t nanoseconds) { return static_cast<double>(nanoseconds) / kSecond; }

void print_json(const json& value) { fmt::print("{}\n", value.dump(2, ' ', false, json::error_handler_t::replace)); }

/// Control characters of other users' texts do not reach the terminal.
std::string printable(std::string text, size_t longest = std::string::npos) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 32 || c == 127) c = ' ';
  }
  return text.size() <= longest ? text : text.substr(0, longest - 3) + "...";
}

json live_json(const Snapshot::Job& job, int64_t now) {
  const bool running = job.name.state != JobState::kWaiting;
  json value = {{"id", job.name.id},
                {"state", job.name.state == JobState::kEnded ? "ending"
                          : running                          ? "running"
                                                             : "pending"},
                {"user", user_name(job.name.uid)},
                {"uid", job.name.uid},
                {"pid", job.entry.pid},
                {"command", job.entry.command},
                {"directory", job.entry.directory},
                {"device_num", job.entry.width},
                {"priority", job.name.priority},
                {"submitted", job.entry.submitted},
                {"waited_seconds", in_seconds((running ? job.entry.started : now) - job.name.arrival)}};
  if (running) {
    value["devices"] = job.entry.devices;
    value["running_seconds"] = in_seconds(now - job.entry.started);
  } else {
    value["pool"] = job.entry.pool;
    value["avoided"] = job.entry.avoid;
  }
  return value;
}

json record_json(const JobRecord& record) {
  json value = json::parse(record.to_json());
  value["state"] = "completed";
  return value;
}

std::string moment(int64_t from_now) {
  const auto time = std::time(nullptr) + static_cast<std::time_t>(from_now / kSecond);
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(time));
}

}  // namespace

void require_job_id(const std::string& id) {
  if (!is_job_id(id)) throw misuse(fmt::format("'{}' is no job id", id), "it looks like task_20260612_013226_34605");
}

void job_not_found(const std::string& id) {
  throw QueueError(1, ErrorCode::kUnknownHandle, fmt::format("{}: not_found", id), "--list shows the jobs; records of others are theirs");
}

int print_record(const JobRecord& record, const ReportOptions& options) {
  if (options.json) {
    print_json(record_json(record));
    return 0;
  }
  fmt::print("completed (exit={})\nended by: {}\nreason: {}{}\ndevices: {}\ncommand: {}\n", record.exit_code,
             record.reason == EndReason::kJob ? "job" : "queue", end_reason_name(record.reason),
             record.text.empty() ? "" : ", " + record.text, format_device_ids(record.devices), printable(record.command));
  return 0;
}

void LogReader::copy() {
  if (!file_.is_open()) file_.open(path_, std::ios::binary);
  char text[1 << 14];
  file_.clear();
  while (file_.read(text, sizeof text) || file_.gcount() > 0) std::fwrite(text, 1, static_cast<size_t>(file_.gcount()), stdout);
  std::fflush(stdout);
}

int print_list(const QueueConfig& config, const ReportOptions& options) {
  PosixHost host(QueueDirectory::open());
  const Snapshot snapshot = look_at_queue(host, config);
  const std::vector<JobRecord> done = history().newest(kListedRecords);
  const int64_t now = host.now();
  if (options.json) {
    json value = {{"running", json::array()}, {"pending", json::array()}, {"done", json::array()}, {"waiting", snapshot.waiting.size()}};
    for (const auto& job : snapshot.running) value["running"].push_back(live_json(job, now));
    for (const auto& job : snapshot.window) value["pending"].push_back(live_json(job, now));
    for (const JobRecord& record : done) value["done"].push_back(record_json(record));
    print_json(value);
    return 0;
  }
  fmt::print("Running\n");
  for (const auto& job : snapshot.running) {
    fmt::print("  {}  {:<10} devices {:<10} {:>8.0f} s  {}\n", job.name.id, user_name(job.name.uid),
               job.entry.devices.empty() ? "-" : format_device_ids(job.entry.devices), in_seconds(now - job.entry.started),
               printable(job.entry.command, 60));
  }
  fmt::print("Pending\n");
  for (const auto& job : snapshot.window) {
    fmt::print("  {}  {:<10} wants {:<12} {:>8.0f} s  {}\n", job.name.id, user_name(job.name.uid), job.entry.width,
               in_seconds(now - job.name.arrival), printable(job.entry.command, 60));
  }
  if (snapshot.waiting.size() > snapshot.window.size() && snapshot.window.size() >= kPlanWindow) {
    fmt::print("  ... and up to {} more\n", snapshot.waiting.size() - snapshot.window.size());
  }
  fmt::print("Done\n");
  for (const JobRecord& record : done) {
    fmt::print("  {}  {:<10} exit {:<3} {:<15} {:>8.1f} s  {}\n", record.id, record.user, record.exit_code, end_reason_name(record.reason),
               record.run_seconds, printable(record.command, 60));
  }
  return 0;
}

int print_status(const std::string& id, const ReportOptions& options) {
  require_job_id(id);
  PosixHost host(QueueDirectory::open());
  if (const auto job = find_live_job(host, id)) {
    const json value = live_json(*job, host.now());
    if (options.json) {
      print_json(value);
      return 0;
    }
    fmt::print("{}\nuser: {}\n", value["state"].get<std::string>(), value["user"].get<std::string>());
    if (job->name.state == JobState::kRunning) fmt::print("devices: {}\n", format_device_ids(job->entry.devices));
    fmt::print("command: {}\n", printable(job->entry.command));
    return 0;
  }
  const std::optional<JobRecord> record = history().find(id);
  if (!record) job_not_found(id);
  return print_record(*record, options);
}

namespace {

/// Whether the device's lock can be had, and who else uses the device then. Under the mutex, so that nobody takes our look for a lock of
/// somebody else.
std::pair<bool, std::string> try_device(PosixHost& host, const Device& device) {
  const MutexGuard guard(host);
  const bool locked = host.lock_device(device);
  const std::string foreign = locked ? host.foreign_use(device) : std::string();
  host.unlock_devices();
  return {locked, foreign};
}

/// What keeps the processes of a job together that has this isolation, and what that means for its devices.
std::pair<std::string, std::string> guarantee_of(Isolation isolation) {
  const bool automatic = isolation == Isolation::kAuto;
  if ((automatic || isolation == Isolation::kNamespace) && namespace_possible())
    return {"namespace", "each job's processes are in a PID namespace: whatever is killed, they end before a device is given on"};
  if ((automatic || isolation == Isolation::kCgroup) && cgroup_possible()) {
    return {"cgroup",
            "each job's processes are in a control group: whatever is killed, a device is given on when the group is empty. If supervisor "
            "and runner of a job are killed at the same moment, its processes end when somebody of the same user, or root, waits or looks"};
  }
  if (isolation == Isolation::kNamespace || isolation == Isolation::kCgroup)
    return {"refused", fmt::format("this host does not offer isolation = \"{}\": jobs are refused", isolation_name(isolation))};
  return {"none",
          std::string(automatic ? "weaker here, since there is neither a PID namespace nor a control group" : "weaker, as configured") +
              ": if supervisor and runner of a job are killed at the same moment, processes of the job that closed the lock's "
              "descriptor may go on while the device is given on"};
}

}  // namespace

int print_devices(const QueueConfig& config, const ReportOptions& options) {
  PosixHost host(QueueDirectory::open());
  const Snapshot snapshot = look_at_queue(host, config);
  const std::vector<OutMark> marks = read_out_marks(host.directory());
  json devices = json::array();
  for (const Device& device : config.devices) {
    json value = {{"id", device.id},       {"node", device.node}, {"group", device.group}, {"slots", device.slots},
                  {"jobs", json::array()}, {"state", "free"},     {"reason", ""}};
    for (const auto& job : snapshot.running) {
      if (std::find(job.entry.devices.begin(), job.entry.devices.end(), device.id) == job.entry.devices.end()) continue;
      value["jobs"].push_back(job.name.id);
      value["state"] = "busy";
      value["reason"] = fmt::format("{} of {}", job.name.id, user_name(job.name.uid));
    }
    if (value["state"] == "free") {
      const auto [locked, foreign] = try_device(host, device);
      if (!locked) {
        value["state"] =
            ::access(device.node.empty() ? "/" : device.node.c_str(), R_OK) == 0 || device.node.empty() ? "busy" : "unavailable";
        value["reason"] = value["state"] == "busy" ? "its lock is held by a process that is no job of the queue, or by what is left of one"
                                                   : "cannot be opened by this user";
      } else if (!foreign.empty()) {
        value["state"] = "in use";
        value["reason"] = "outside the queue: " + foreign;
      }
    }
    for (const OutMark& mark : marks) {
      if (mark.device != device.id) continue;
      value["state"] = "out";
      value["reason"] = fmt::format("{} (by {}, {})", mark.reason, user_name(mark.uid),
                                    mark.until == kNever ? "until put back" : "until " + moment(mark.until - host.now()));
    }
    devices.push_back(std::move(value));
  }
  const auto [isolation, guarantee] = guarantee_of(config.isolation);
  if (options.json) {
    print_json({{"devices", devices},
                {"source", config.source},
                {"directory", host.directory().path().string()},
                {"isolation", isolation},
                {"guarantee", guarantee},
                {"note", host.directory().note()}});
    return 0;
  }
  fmt::print("{:>5}  {:<18} {:<8} {:>5}  {:<11} {}\n", "id", "node", "group", "slots", "state", "reason");
  for (const json& value : devices) {
    fmt::print("{:>5}  {:<18} {:<8} {:>5}  {:<11} {}\n", value["id"].get<int>(), value["node"].get<std::string>(),
               value["group"].get<std::string>(), value["slots"].get<int>(), value["state"].get<std::string>(),
               printable(value["reason"].get<std::string>()));
  }
  fmt::print("\ndevices from: {}\nqueue directory: {}\nguarantee: {}\n", config.source, host.directory().path().string(), guarantee);
  if (!host.directory().note().empty()) fmt::print("note: {}\n", host.directory().note());
  return 0;
}

int print_stats(const ReportOptions& options) {
  const std::vector<History::Usage> usage = history().usage(options.days);
  const PosixHost host(QueueDirectory::open());
  const std::vector<Account> accounts = read_accounts(host.directory());
  if (options.json) {
    json value = {{"days", options.days}, {"own", json::array()}, {"host", json::array()}};
    for (const auto& row : usage) {
      value["own"].push_back({{"user", row.user},
                              {"device", row.device},
                              {"jobs", row.jobs},
                              {"failed", row.failed},
                              {"device_hours", row.device_hours},
                              {"wait_seconds", row.wait_seconds}});
    }
    for (const Account& account : accounts) {
      value["host"].push_back({{"user", user_name(account.uid)},
                               {"uid", account.uid},
                               {"jobs", account.jobs},
                               {"device_hours", account.device_seconds / 3600}});
    }
    print_json(value);
    return 0;
  }
  fmt::print("Own jobs of {} days\n{:<12} {:>6} {:>8} {:>8} {:>13} {:>13}\n", options.days, "user", "device", "jobs", "failed",
             "device hours", "mean wait, s");
  for (const auto& row : usage) {
    fmt::print("{:<12} {:>6} {:>8} {:>8} {:>13.3f} {:>13.1f}\n", row.user, row.device < 0 ? "-" : fmt::format("{}", row.device), row.jobs,
               row.failed, row.device_hours, row.wait_seconds);
  }
  fmt::print("\nAll users of this host since the queue directory was made\n{:<12} {:>8} {:>13}\n", "user", "jobs", "device hours");
  for (const Account& account : accounts)
    fmt::print("{:<12} {:>8} {:>13.3f}\n", user_name(account.uid), account.jobs, account.device_seconds / 3600);
  return 0;
}

int print_explanation(const QueueConfig& config, const std::string& id, const ReportOptions& options) {
  require_job_id(id);
  PosixHost host(QueueDirectory::open());
  const Snapshot snapshot = look_at_queue(host, config, id);
  for (const Decision& decision : plan(snapshot.input, true)) {
    if (decision.id != id) continue;
    const std::string reason = decision.start ? "it is about to start" : decision.reason;
    const bool known = decision.start || decision.expected != kNever;
    const int64_t in = decision.start ? 0 : decision.expected - snapshot.input.now;
    if (options.json) {
      print_json({{"id", id}, {"state", "pending"}, {"reason", reason}, {"expected_in_seconds", known ? json(in_seconds(in)) : json()}});
    } else {
      fmt::print("{}\nexpected start: {}\n", reason,
                 known ? fmt::format("{} (in {:.0f} s) at the latest, if nothing of higher priority comes", moment(in), in_seconds(in))
                       : "not known");
    }
    return 0;
  }
  return print_status(id, options);  // it runs or is over, which is an explanation
}

int print_found(const std::string& text, const ReportOptions& options) {
  PosixHost host(QueueDirectory::open());
  json ids = json::array();
  for (const EntryName& name : host.list()) {
    const std::optional<Entry> entry = host.read(name);
    if (!entry || entry->command.find(text) == std::string::npos || !host.alive(name)) continue;
    ids.push_back(name.id);
    if (!options.json) fmt::print("{}\n", name.id);
  }
  if (options.json) print_json(ids);
  return 0;
}

int clean_history(double days, const ReportOptions& options) {
  const int removed = history().clean(days * 86400);
  if (options.json)
    print_json({{"removed", removed}});
  else
    fmt::print("{} records removed\n", removed);
  return 0;
}

namespace {

/// Until the job is over; its log is copied meanwhile. Its record, if one was written.
std::optional<JobRecord> follow(PosixHost& host, const std::string& id, bool with_log) {
  const std::string path = history().log_path(id);
  LogReader log(with_log ? path : "/dev/null");
  JobWatch watch(host, id, record_directory(), with_log ? path : "");
  for (;;) {
    const bool gone = !find_live_job(host, id);  // first: the record is there before the entry goes
    log.copy();
    if (gone) return history().find(id);
    watch.wait();
  }
}

void require_own(const Snapshot::Job& job, const char* what) {
  if (job.name.uid == ::geteuid() || ::geteuid() == 0) return;
  throw refused(fmt::format("{} belongs to {}: you cannot {} it", job.name.id, user_name(job.name.uid), what));
}

}  // namespace

int print_log(const std::string& id, bool follow_log) {
  require_job_id(id);
  PosixHost host(QueueDirectory::open());
  const std::string path = history().log_path(id);
  if (!fs::exists(path)) {
    if (!history().find(id) && !find_live_job(host, id)) job_not_found(id);
    throw QueueError(1, ErrorCode::kFileNotFound, fmt::format("{} has no log", id),
                     "only detached jobs have one; a job in the foreground writes to its caller's streams");
  }
  if (follow_log)
    follow(host, id, true);
  else
    LogReader(path).copy();
  return 0;
}

int wait_for_job(const std::string& id) {
  require_job_id(id);
  PosixHost host(QueueDirectory::open());
  if (const auto job = find_live_job(host, id))
    require_own(*job, "wait for");
  else if (!history().find(id))
    job_not_found(id);
  // A detached job's log appears when it starts; until then there is nothing to follow.
  const fs::path log = history().log_path(id);
  const std::optional<JobRecord> record = follow(host, id, fs::exists(log));
  if (!record)
    throw QueueError(kExitInfrastructure, ErrorCode::kInternal,
                     fmt::format("{} ended without a record: its supervisor and runner were killed", id));
  if (record->reason != EndReason::kJob) fmt::print(stderr, "task-submit: {}: {}\n", id, record->text);
  return record->exit_code;
}

int cancel_job(const std::string& id) {
  require_job_id(id);
  PosixHost host(QueueDirectory::open());
  const auto job = find_live_job(host, id);
  if (!job) {
    if (const auto record = history().find(id))
      throw QueueError(1, ErrorCode::kInvalidArgument, fmt::format("{} is over (exit={})", id, record->exit_code));
    job_not_found(id);
  }
  require_own(*job, "cancel");
  JobWatch watch(host, id, record_directory(), "");
  host.send(id, "cancel");
  while (find_live_job(host, id)) {
    // With supervisor and runner killed at once, nobody reads the message; the tree's processes keep the lock.
    if (!host.listened_to(id)) kill_by_environment("TW_TASK_ID=" + id);
    watch.wait();
  }
  return 0;
}

}  // namespace tilewright::queue
