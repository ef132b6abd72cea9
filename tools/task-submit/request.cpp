#include "request.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "options.h"
#include "queue/client.h"
#include "queue/config.h"
#include "queue/device_ids.h"
#include "queue/entry.h"
#include "queue/history.h"
#include "queue/job.h"
#include "queue/marks.h"
#include "queue/plan.h"
#include "queue/posix_host.h"
#include "queue/queue_error.h"
#include "queue/report.h"
#include "queue/slurm.h"

extern char** environ;

namespace tilewright::queue {

namespace {

namespace fs = std::filesystem;

/// Seconds with decimals, as nanoseconds.
int64_t parse_seconds(const std::string& text, const char* option, double otherwise) {
  double value = otherwise;
  if (!text.empty()) {
    char* end = nullptr;
    value = std::strtod(text.c_str(), &end);
    const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
    if (!digits || *end != '\0' || text == "." || !(value <= 1e9))
      throw misuse(fmt::format("{}: '{}' is no number of seconds", option, text), "0 for no limit");
  }
  return static_cast<int64_t>(std::llround(value * kSecond));
}

std::vector<std::string> job_variables(const Arguments& arguments) {
  std::vector<std::string> variables;
  for (char** item = environ; *item != nullptr; ++item) variables.emplace_back(*item);
  const auto set = [&](const std::string& assignment) {
    const std::string name = assignment.substr(0, assignment.find('=') + 1);
    std::erase_if(variables, [&](const std::string& other) { return other.starts_with(name); });
    variables.push_back(assignment);
  };
  if (!arguments.variable_file.empty()) {
    std::istringstream lines(read_file(arguments.variable_file));
    for (std::string line; std::getline(lines, line);) {
      if (line.empty() || line[0] == '#') continue;
      if (line.find('=') == std::string::npos || line[0] == '=')
        throw misuse(fmt::format("{}: '{}' is not NAME=VALUE", arguments.variable_file, line));
      set(line);
    }
  }
  for (const std::string& variable : arguments.variables) {
    if (variable.empty() || variable[0] == '=') throw misuse(fmt::format("--env: '{}' is not NAME or NAME=VALUE", variable));
    if (variable.find('=') != std::string::npos)
      set(variable);
    else if (std::getenv(variable.c_str()) == nullptr)
      fmt::print(stderr, "task-submit: --env: {} is not set\n", variable);
  }
  return variables;
}

void choose_command(const Arguments& arguments, JobSpec& spec) {
  const int forms = !arguments.run.empty() + !arguments.command.empty() + !arguments.words.empty();
  if (forms != 1)
    throw misuse(forms == 0 ? "no command" : "more than one command", "--run 'COMMAND LINE', or -- PROGRAM ARGUMENTS; --help explains");
  if (!arguments.command.empty()) {
    spec.argv = arguments.command;
    spec.command = fmt::format("{}", fmt::join(arguments.command, " "));
    return;
  }
  if (arguments.words.size() > 1) {
    throw misuse(fmt::format("more than one word: '{}'", fmt::join(arguments.words, " ")),
                 "write -- before a program with arguments, or put the command line in quotes behind --run");
  }
  // The existing tool's form: a command line without --run is submitted and its id printed.
  if (arguments.run.empty()) spec.detached = true;
  spec.command = arguments.run.empty() ? arguments.words[0] : arguments.run;
  const std::string bash = "/bin/bash";
  spec.argv = {::access(bash.c_str(), X_OK) == 0 ? bash : "/bin/sh", "-c", spec.command};
}

/// The backend that --backend or the configuration names. Inside an allocation it is the local one, which subdivides what was granted.
bool on_slurm(const Arguments& arguments, const QueueConfig& config) {
  if (!arguments.backend.empty() && arguments.backend != "local" && arguments.backend != "slurm")
    throw misuse("--backend is local or slurm");
  if (!arguments.backend.empty()) return arguments.backend == "slurm";
  return config.backend == "slurm" && std::getenv("SLURM_JOB_ID") == nullptr;
}

/// Which devices it may get, and how many.
void choose_devices(const Arguments& arguments, const QueueConfig& config, JobSpec& spec) {
  const bool asks = !arguments.device.empty() || !arguments.device_num.empty();
  if (arguments.no_device && asks) throw misuse("--no-device with --device or --device-num");
  if (!asks) return;
  const bool automatic = arguments.device.empty() || arguments.device == "auto";
  if (!automatic && !arguments.device_num.empty()) throw misuse("--device-num with explicit ids");
  spec.width = arguments.device_num.empty() ? 1 : static_cast<int>(parse_number(arguments.device_num, "--device-num", 0, 65536));
  if (spec.width == 0) return;
  if (on_slurm(arguments, config)) {
    if (!automatic || arguments.ignore_groups) throw misuse("Slurm chooses the devices", "--device auto --device-num N");
    return;
  }
  const auto no_device = [](std::string text) {
    return QueueError(kExitNoDevice, ErrorCode::kInvalidArgument, std::move(text),
                      "--devices shows what there is; TW_TASK_DEVICES or /etc/tilewright/queue.toml say what there should be");
  };
  std::vector<int> wanted;
  if (automatic) {
    for (const Device& device : config.devices) wanted.push_back(device.id);
  } else {
    wanted = parse_device_ids(arguments.device);
    spec.width = static_cast<int>(wanted.size());
  }
  std::vector<PlanDevice> devices;
  for (int id : wanted) {
    const auto found = std::find_if(config.devices.begin(), config.devices.end(), [&](const Device& device) { return device.id == id; });
    if (found == config.devices.end()) throw no_device(fmt::format("no such device: {}", id));
    if (!found->node.empty() && ::access(found->node.c_str(), R_OK) != 0 && ::access(found->node.c_str(), W_OK) != 0) {
      if (!automatic) throw no_device(fmt::format("device {}: {} cannot be opened by this user", id, found->node));
      continue;
    }
    spec.pool.push_back(id);
    devices.push_back({found->id, found->group, found->slots, {}});
  }
  spec.one_group = automatic && !arguments.ignore_groups;
  if (const std::string problem = never_possible(devices, spec.pool, spec.width, spec.one_group); !problem.empty())
    throw no_device(problem);
}

JobSpec make_job(const Arguments& arguments, const QueueConfig& config) {
  if (std::getenv("TASKQUEUE_INSIDE") != nullptr) {
    throw refused("a job of the queue cannot submit to the queue: it would hold its devices while it waits",
                  "use the devices in TASK_DEVICE");
  }
  JobSpec spec;
  choose_command(arguments, spec);
  choose_devices(arguments, config, spec);
  spec.detached = spec.detached || arguments.detach;
  spec.json = arguments.json;
  if (on_slurm(arguments, config)) {
    if (!arguments.isolation.empty()) throw misuse("--isolation on Slurm, which keeps a job's processes together itself");
    if (spec.detached && (arguments.no_wait || !arguments.timeout.empty()))
      throw misuse("--timeout or --no-wait with a detached job on Slurm: nobody is there to give up", "--cancel ends it");
  }
  if (arguments.interactive && spec.detached) throw misuse("--interactive with a detached job");
  spec.max_time = parse_seconds(arguments.max_time, "--max-time", config.max_time);
  const int64_t cap = static_cast<int64_t>(config.max_time_cap * kSecond);
  if (cap > 0 && (spec.max_time == 0 || spec.max_time > cap)) {
    if (!arguments.max_time.empty()) throw refused(fmt::format("--max-time: this host allows {} s at most", config.max_time_cap));
    spec.max_time = cap;
  }
  spec.timeout = parse_seconds(arguments.timeout, "--timeout", config.timeout);
  spec.grace = parse_seconds(arguments.grace, "--grace", config.grace);
  spec.no_wait = arguments.no_wait;
  spec.isolation = arguments.isolation.empty() ? config.isolation : parse_isolation(arguments.isolation);
  if (!arguments.priority.empty())
    spec.priority = static_cast<int>(parse_number(arguments.priority, "--priority", kLowestPriority, kHighestPriority));
  if (spec.priority > 0 && ::geteuid() != 0) throw refused("--priority above 0 is for root", "from -100 to 0 for everybody");
  if (!arguments.result.empty()) spec.result_file = fs::absolute(arguments.result);
  spec.id = make_job_id();
  spec.directory = fs::current_path();
  spec.environment = job_variables(arguments);
  if (spec.detached) {
    // Without a log its output would be lost, so this has to work before the job is accepted.
    const History history(history_directory());
    history.prepare();
    spec.log = history.log_path(spec.id);
    const FileDescriptor log(::open(spec.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!log) throw errno_error(errno, fmt::format("cannot write {}", spec.log));
  }
  return spec;
}

int take_devices_out(const Arguments& arguments, const QueueConfig& config) {
  const int64_t time = parse_seconds(arguments.out_for, "--for", config.out_time);
  const PosixHost host(QueueDirectory::open());
  for (int id : parse_device_ids(arguments.take_out)) {
    if (std::none_of(config.devices.begin(), config.devices.end(), [&](const Device& device) { return device.id == id; })) {
      throw QueueError(kExitNoDevice, ErrorCode::kInvalidArgument, fmt::format("no such device: {}", id));
    }
    take_out(host.directory(), id, time == 0 ? kNever : boot_clock() + time,
             arguments.reason.empty() ? "taken out by hand" : arguments.reason);
  }
  return 0;
}

int put_devices_back(const Arguments& arguments) {
  PosixHost host(QueueDirectory::open());
  for (int id : parse_device_ids(arguments.put_back)) {
    for (const OutMark& mark : put_back(host.directory(), id)) {
      throw refused(fmt::format("device {} was taken out by {}: {}", id, user_name(mark.uid), mark.reason),
                    "only that user and root can put it back");
    }
  }
  for (const EntryName& name : host.list()) {
    if (name.state == JobState::kWaiting) host.poke(name.id);
  }
  return 0;
}

int ask_slurm_backend(const Arguments& a, const QueueConfig& config, const ReportOptions& options) {
  if (!a.log.empty()) return print_slurm_log(a.log, a.follow);
  if (!a.wait.empty()) return wait_for_slurm_job(a.wait);
  if (!a.cancel.empty()) return cancel_slurm_job(a.cancel);
  if (a.list) return print_slurm_list(options);
  if (a.devices) return print_slurm_devices(config, options);
  if (!a.status.empty()) return print_slurm_status(a.status, options);
  if (!a.explain.empty()) return print_slurm_explanation(a.explain, options);
  throw misuse("that question is for the local backend", "Slurm's own commands take nodes and devices out: scontrol");
}

int answer(const Arguments& arguments) {
  ReportOptions options;
  options.json = arguments.json;
  if (!arguments.days.empty()) options.days = static_cast<double>(parse_seconds(arguments.days, "--days", 0)) / kSecond;
  if (arguments.stats) return print_stats(options);
  if (arguments.clean) return clean_history(arguments.days.empty() ? 1 : options.days, options);
  const QueueConfig config = load_config();
  if (on_slurm(arguments, config)) return ask_slurm_backend(arguments, config, options);
  if (!arguments.log.empty()) return print_log(arguments.log, arguments.follow);
  if (!arguments.wait.empty()) return wait_for_job(arguments.wait);
  if (!arguments.cancel.empty()) return cancel_job(arguments.cancel);
  if (!arguments.find.empty()) return print_found(arguments.find, options);
  if (arguments.list) return print_list(config, options);
  if (arguments.devices) return print_devices(config, options);
  if (!arguments.status.empty()) return print_status(arguments.status, options);
  if (!arguments.explain.empty()) return print_explanation(config, arguments.explain, options);
  return !arguments.take_out.empty() ? take_devices_out(arguments, config) : put_devices_back(arguments);
}

}  // namespace

int run_task_submit(int argc, char** argv) {
  bool done = false;
  const Arguments arguments = parse_options(argc, argv, done);
  if (done) return 0;
  if (!arguments.slurm_step.empty()) return run_slurm_step(arguments.slurm_step);
  if (!arguments.question.empty()) return answer(arguments);
  const QueueConfig config = load_config();
  const JobSpec spec = make_job(arguments, config);
  return on_slurm(arguments, config) ? submit_to_slurm(spec, config) : submit_job(spec, config);
}

}  // namespace tilewright::queue
