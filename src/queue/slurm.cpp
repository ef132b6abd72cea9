#include "queue/slurm.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "queue/client.h"
#include "queue/device_ids.h"
#include "queue/entry.h"
#include "queue/history.h"
#include "queue/plan.h"
#include "queue/posix_host.h"
#include "queue/queue_error.h"

namespace tilewright::queue {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// How long Slurm's commands may take before the controller counts as down. Left to themselves they wait for minutes.
constexpr const char* kCommandLimit = "8";

History history() { return History(history_directory()); }
fs::path step_file(const std::string& id) { return history_directory() / "jobs" / (id + ".step"); }
fs::path started_file(const std::string& id) { return history_directory() / "jobs" / (id + ".started"); }

/// One of Slurm's short commands, with a time limit. Throws QueueError(125).
std::string ask_slurm(std::vector<std::string> argv) {
  if (find_program(argv[0]).empty()) {
    throw QueueError(kExitInfrastructure, ErrorCode::kToolMissing, fmt::format("{} is not installed", argv[0]),
                     "the Slurm backend needs Slurm's commands (slurm-client)");
  }
  argv.insert(argv.begin(), {"timeout", "-k", "1", kCommandLimit});
  const ProcessResult result = run_process(argv);
  if (result.exit_code != 0) {
    const bool late = result.exit_code == 124 || result.exit_code == 137;
    throw QueueError(kExitInfrastructure, ErrorCode::kIoError,
                     fmt::format("{}: {}", argv[4],
                                 late ? fmt::format("no answer within {} s: is the controller down?", kCommandLimit) : result.output));
  }
  return result.output;
}

void require_controller() {
  try {
    if (ask_slurm({"scontrol", "ping"}).find(" UP") != std::string::npos) return;
  } catch (const QueueError& failure) {
    if (failure.code() == ErrorCode::kToolMissing) throw;
  }
  throw QueueError(kExitInfrastructure, ErrorCode::kIoError,
                   fmt::format("Slurm's controller is down, or does not answer within {} s", kCommandLimit), "scontrol ping");
}

struct SlurmJob {
  std::string id, number, state, user, devices, elapsed, reason, start;
};

std::vector<SlurmJob> slurm_jobs(const std::string& id = {}) {
  std::vector<std::string> argv = {"squeue", "--noheader", "--states=PENDING,RUNNING,CONFIGURING,COMPLETING,SUSPENDED",
                                   "--format=%j|%i|%T|%u|%b|%M|%r|%S"};
  if (!id.empty()) argv.push_back("--name=" + id);
  std::istringstream lines(ask_slurm(argv));
  std::vector<SlurmJob> jobs;
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> fields;
    std::istringstream parts(line);
    for (std::string part; std::getline(parts, part, '|');) fields.push_back(part);
    if (fields.size() == 8 && is_job_id(fields[0]))
      jobs.push_back({fields[0], fields[1], fields[2], fields[3], fields[4], fields[5], fields[6], fields[7]});
  }
  return jobs;
}

std::string job_state(const SlurmJob& job) { return job.state == "PENDING" || job.state == "CONFIGURING" ? "pending" : "running"; }

std::vector<std::string> slurm_options(const JobSpec& spec, const QueueConfig& config) {
  std::vector<std::string> options = {"--job-name=" + spec.id, "--ntasks=1", "--nodes=1", "--export=ALL", "--chdir=" + spec.directory};
  if (spec.width > 0) options.push_back(fmt::format("--gres={}:{}", config.slurm_gres, spec.width));
  // Slurm counts minutes. Its limit only helps it to plan: ours, in the step, is exact and comes first.
  if (spec.max_time > 0)
    options.push_back(
        fmt::format("--time={}", static_cast<int64_t>(std::ceil(static_cast<double>(spec.max_time + spec.grace) / (60 * kSecond))) + 1));
  if (spec.priority < 0) options.push_back(fmt::format("--nice={}", -spec.priority));
  if (spec.priority > 0) options.push_back(fmt::format("--nice=-{}", spec.priority));
  return options;
}

void write_step(const JobSpec& spec, const QueueConfig& config) {
  history().prepare();
  const json value = {{"id", spec.id},
                      {"argv", spec.argv},
                      {"command", spec.command},
                      {"directory", spec.directory},
                      {"log", spec.log},
                      {"max_time", spec.max_time},
                      {"grace", spec.grace},
                      {"visibility", config.visibility},
                      {"result", spec.result_file},
                      {"detached", spec.detached}};
  write_file_atomically(step_file(spec.id), value.dump());
}

void remove_files(const std::string& id) {
  std::error_code ignored;
  for (const fs::path& file : {step_file(id), started_file(id)}) fs::remove(file, ignored);
}

std::string own_program() { return fs::read_symlink("/proc/self/exe"); }

/// The job's end as its step recorded it; without a record the queue ended it, as `reason` says.
int conclude(const JobSpec& spec, int code, EndReason reason, const std::string& text) {
  std::optional<JobRecord> record = history().find(spec.id);
  if (!record) {
    record.emplace();
    record->id = spec.id;
    record->user = user_name(::geteuid());
    record->command = spec.command;
    record->directory = spec.directory;
    record->exit_code = code;
    record->reason = reason;
    record->text = text;
    history().write_record(*record);
  }
  if (!spec.result_file.empty()) write_file_atomically(spec.result_file, record->to_json());
  if (record->reason != EndReason::kJob) fmt::print(stderr, "task-submit: {}: {}\n", spec.id, record->text);
  remove_files(spec.id);
  return record->exit_code;
}

pid_t spawn(const std::vector<std::string>& argv, const sigset_t& mask) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

/// srun in the foreground, with our own clock for waiting.
class SrunClient {
 public:
  SrunClient(const JobSpec& spec, const QueueConfig& config) : spec_(spec), config_(config) {}

  int run() {
    sigset_t all, before;
    ::sigemptyset(&all);
    for (int signal : {SIGTERM, SIGHUP, SIGINT, SIGCHLD}) ::sigaddset(&all, signal);
    ::sigprocmask(SIG_BLOCK, &all, &before);
    const FileDescriptor signals(::signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK));
    const FileDescriptor notify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    ::inotify_add_watch(notify.get(), started_file(spec_.id).parent_path().c_str(), IN_MOVED_TO);
    std::vector<std::string> argv = {"srun", "--quiet"};
    const std::vector<std::string> options = slurm_options(spec_, config_);
    argv.insert(argv.end(), options.begin(), options.end());
    argv.insert(argv.end(), {own_program(), "--slurm-step", step_file(spec_.id)});
    const pid_t pid = spawn(argv, before);
    const int64_t patience = spec_.no_wait ? 3 * kSecond : spec_.timeout;
    const int64_t give_up = patience > 0 ? boot_clock() + patience : kNever;
    int code = kExitInfrastructure;
    EndReason reason = EndReason::kInfrastructure;
    std::string text = "Slurm ended the job: see its log, or scontrol show job";
    bool cancelled = false;
    for (;;) {
      int status = 0;
      if (::waitpid(pid, &status, WNOHANG) == pid) break;
      std::error_code ignored;
      const bool started = fs::exists(started_file(spec_.id), ignored);
      if (!cancelled && !started && boot_clock() >= give_up) {
        std::tie(code, reason, text) =
            std::tuple(kExitWaitTimeout, EndReason::kWaitTimeout, std::string("no device within the time for waiting"));
        cancelled = cancel(pid);
      }
      pollfd wakers[2] = {{signals.get(), POLLIN, 0}, {notify.get(), POLLIN, 0}};
      // Another node's file is not notified of on every shared file system; a second is the longest that it is missed.
      ::poll(wakers, 2,
             cancelled || started || give_up == kNever
                 ? -1
                 : static_cast<int>(std::clamp<int64_t>((give_up - boot_clock()) / 1'000'000 + 1, 0, 1000)));
      char events[4096];
      while (::read(notify.get(), events, sizeof events) > 0) {
      }
      signalfd_siginfo info;
      while (::read(signals.get(), &info, sizeof info) > 0) {
        if (info.ssi_signo == SIGCHLD || cancelled) continue;
        std::tie(code, reason, text) = std::tuple(128 + static_cast<int>(info.ssi_signo), EndReason::kCancelled,
                                                  fmt::format("signal {} to the client", info.ssi_signo));
        cancelled = cancel(pid);
      }
    }
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    if (!cancelled && fs::exists(slurm_cancel_mark(spec_.id)))
      std::tie(code, reason, text) = std::tuple(kExitCancelled, EndReason::kCancelled, std::string("cancelled"));
    std::error_code ignored;
    fs::remove(slurm_cancel_mark(spec_.id), ignored);
    if (cancelled) {  // the step may have written that it was cancelled; why is known here
      std::optional<JobRecord> record = history().find(spec_.id);
      if (record && record->reason == EndReason::kCancelled) {
        record->exit_code = code;
        record->text = text;
        history().write_record(*record);
      }
    }
    return conclude(spec_, code, reason, text);
  }

 private:
  bool cancel(pid_t srun) const {
    try {
      write_file_atomically(slurm_cancel_mark(spec_.id), "");
      ask_slurm({"scancel", "--name=" + spec_.id});
    } catch (const Error&) {
      ::kill(srun, SIGKILL);  // the controller is gone; at least the caller does not wait for it
    }
    return true;
  }

  const JobSpec& spec_;
  const QueueConfig& config_;
};

}  // namespace

fs::path slurm_cancel_mark(const std::string& id) { return history_directory() / "jobs" / (id + ".cancel"); }

std::string slurm_granted_devices() {
  for (const char* name : {"SLURM_STEP_GPUS", "SLURM_JOB_GPUS", "CUDA_VISIBLE_DEVICES", "ASCEND_RT_VISIBLE_DEVICES"}) {
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  }
  return {};
}

int submit_to_slurm(const JobSpec& spec, const QueueConfig& config) {
  require_controller();
  write_step(spec, config);
  if (!spec.detached) return SrunClient(spec, config).run();
  std::vector<std::string> argv = {"sbatch", "--parsable", "--output=" + spec.log, "--open-mode=append", "--no-requeue"};
  const std::vector<std::string> options = slurm_options(spec, config);
  argv.insert(argv.end(), options.begin(), options.end());
  const fs::path script = history_directory() / "jobs" / (spec.id + ".sh");
  write_file_atomically(script, "#!/bin/sh\nexec \"$@\"\n");
  argv.insert(argv.end(), {script, own_program(), "--slurm-step", step_file(spec.id)});
  try {
    ask_slurm(argv);
  } catch (...) {
    fs::remove(script);
    remove_files(spec.id);
    throw;
  }
  fs::remove(script);
  print_id(spec);
  return 0;
}

int print_slurm_list(const ReportOptions& options) {
  json value = {{"running", json::array()}, {"pending", json::array()}, {"done", json::array()}};
  for (const SlurmJob& job : slurm_jobs()) {
    value[job_state(job)].push_back({{"id", job.id},
                                     {"slurm", job.number},
                                     {"state", job_state(job)},
                                     {"user", job.user},
                                     {"gres", job.devices},
                                     {"elapsed", job.elapsed}});
  }
  for (const JobRecord& record : history().newest(20)) value["done"].push_back(json::parse(record.to_json()));
  if (options.json) {
    fmt::print("{}\n", value.dump(2));
    return 0;
  }
  for (const char* state : {"running", "pending"}) {
    fmt::print("{}\n", state);
    for (const json& job : value[state]) {
      fmt::print("  {}  {:<10} job {:<8} {:<10} {}\n", job["id"].get<std::string>(), job["user"].get<std::string>(),
                 job["slurm"].get<std::string>(), job["gres"].get<std::string>(), job["elapsed"].get<std::string>());
    }
  }
  fmt::print("done\n");
  for (const json& job : value["done"])
    fmt::print("  {}  exit {:<3} {}\n", job["id"].get<std::string>(), job["exit_code"].get<int>(), job["reason"].get<std::string>());
  return 0;
}

int print_slurm_status(const std::string& id, const ReportOptions& options) {
  require_job_id(id);
  if (const auto record = history().find(id)) return print_record(*record, options);
  const std::vector<SlurmJob> jobs = slurm_jobs(id);
  if (jobs.empty()) job_not_found(id);
  std::vector<int> devices;
  std::error_code ignored;
  if (fs::exists(started_file(id), ignored)) devices = parse_device_ids(read_file(started_file(id)));
  if (options.json)
    fmt::print(
        "{}\n",
        json({{"id", id}, {"state", job_state(jobs[0])}, {"slurm", jobs[0].number}, {"user", jobs[0].user}, {"devices", devices}}).dump(2));
  else
    fmt::print("{}\nslurm job: {}\ndevices: {}\n", job_state(jobs[0]), jobs[0].number, format_device_ids(devices));
  return 0;
}

int print_slurm_devices(const QueueConfig& config, const ReportOptions& options) {
  const std::string text = ask_slurm({"sinfo", "--noheader", "--Node", "--Format=NodeList:|,Gres:|,GresUsed:|,StateLong:|"});
  if (!options.json) {
    fmt::print("node | generic resources | used | state (devices are gres/{})\n{}", config.slurm_gres, text);
    return 0;
  }
  json nodes = json::array();
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> fields;
    std::istringstream parts(line);
    for (std::string part; std::getline(parts, part, '|');) fields.push_back(part);
    if (fields.size() >= 4) nodes.push_back({{"node", fields[0]}, {"gres", fields[1]}, {"used", fields[2]}, {"state", fields[3]}});
  }
  fmt::print("{}\n", json({{"nodes", nodes}, {"gres", config.slurm_gres}}).dump(2));
  return 0;
}

int print_slurm_explanation(const std::string& id, const ReportOptions& options) {
  require_job_id(id);
  const std::vector<SlurmJob> jobs = slurm_jobs(id);
  if (jobs.empty() || job_state(jobs[0]) != "pending") return print_slurm_status(id, options);
  if (options.json)
    fmt::print("{}\n", json({{"id", id}, {"state", "pending"}, {"reason", jobs[0].reason}, {"expected", jobs[0].start}}).dump(2));
  else
    fmt::print("Slurm says: {}\nexpected start: {}\n", jobs[0].reason, jobs[0].start);
  return 0;
}

namespace {

/// Until the job is over; its log is copied to stdout meanwhile.
std::optional<JobRecord> follow_slurm(const std::string& id, bool with_log) {
  const FileDescriptor notify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  ::inotify_add_watch(notify.get(), step_file(id).parent_path().c_str(), IN_MOVED_TO);
  LogReader log(with_log ? history().log_path(id) : "/dev/null");
  for (;;) {
    std::optional<JobRecord> record = history().find(id);
    const bool gone = record || slurm_jobs(id).empty();
    log.copy();
    if (gone) return record ? record : history().find(id);
    pollfd waker{notify.get(), POLLIN, 0};
    ::poll(&waker, 1, 1000);  // the record may be written on another node, which no notification tells
    char events[4096];
    while (::read(notify.get(), events, sizeof events) > 0) {
    }
  }
}

}  // namespace

int wait_for_slurm_job(const std::string& id) {
  require_job_id(id);
  if (!history().find(id) && slurm_jobs(id).empty()) job_not_found(id);
  const std::optional<JobRecord> record = follow_slurm(id, true);
  if (!record) {
    if (fs::exists(slurm_cancel_mark(id))) return kExitCancelled;
    throw QueueError(kExitInfrastructure, ErrorCode::kInternal, fmt::format("{} ended without a record", id));
  }
  if (record->reason != EndReason::kJob) fmt::print(stderr, "task-submit: {}: {}\n", id, record->text);
  return record->exit_code;
}

int print_slurm_log(const std::string& id, bool follow) {
  require_job_id(id);
  std::error_code ignored;
  if (follow) {
    follow_slurm(id, true);
  } else {
    if (!fs::exists(history().log_path(id), ignored)) job_not_found(id);
    LogReader(history().log_path(id)).copy();
  }
  return 0;
}

int cancel_slurm_job(const std::string& id) {
  require_job_id(id);
  const std::vector<SlurmJob> jobs = slurm_jobs(id);
  if (jobs.empty()) {
    if (const auto record = history().find(id))
      throw QueueError(1, ErrorCode::kInvalidArgument, fmt::format("{} is over (exit={})", id, record->exit_code));
    job_not_found(id);
  }
  if (jobs[0].user != user_name(::geteuid()) && ::geteuid() != 0) throw refused(fmt::format("{} belongs to {}", id, jobs[0].user));
  std::error_code ignored;
  const bool detached = fs::exists(history().log_path(id), ignored);
  const bool pending = job_state(jobs[0]) == "pending" && !fs::exists(started_file(id), ignored);
  write_file_atomically(slurm_cancel_mark(id), "");
  ask_slurm({"scancel", "--name=" + id});
  if (!pending && follow_slurm(id, false)) return 0;
  if (!detached) return 0;  // the client writes down how it ended
  JobRecord record;
  record.id = id;
  record.user = jobs[0].user;
  record.exit_code = kExitCancelled;
  record.reason = EndReason::kCancelled;
  record.text = pending ? "cancelled while waiting" : "cancelled";
  history().write_record(record);
  fs::remove(slurm_cancel_mark(id), ignored);
  remove_files(id);
  return 0;
}

}  // namespace tilewright::queue
