#include "request.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
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

struct Arguments {
  // The job
  std::string run;
  std::vector<std::string> words;   ///< positional, before "--"
  std::vector<std::string> command;  ///< behind "--"
  std::string device, device_num, max_time, timeout, grace, priority, isolation, result, backend;
  bool no_device = false, no_wait = false, detach = false, interactive = false, ignore_groups = false;
  std::vector<std::string> variables;
  std::string variable_file;
  // Questions and orders
  bool list = false, devices = false, stats = false, clean = false, json = false, follow = false, version = false;
  std::string slurm_step;
  std::string status, log, wait, cancel, explain, find, take_out, put_back, reason, out_for, days;
};

const char* const kFooter =
    "Exit codes: the command's own, 128+n if signal n ended it; of the queue: 2 misuse, 120 waited too long,\n"
    "121 cancelled, 122 no such device, 123 refused, 124 ran too long, 125 the queue failed, 126 and 127 the\n"
    "command cannot be executed or found. --result and --status tell the job's codes from the queue's.\n\n"
    "  task-submit --device auto --run 'pytest --device $TASK_DEVICE'\n"
    "  task-submit --device auto --device-num 4 --max-time 600 -- ./train";

/// An option of the existing tool that this one does not have.
std::function<void(const std::string&)> refuse(std::string option, std::string instead) {
  return [=](const std::string&) { throw misuse(option + " is not supported", instead); };
}

void declare(CLI::App& app, Arguments& arguments) {
  app.footer(kFooter);
  app.add_option("--run", arguments.run, "Run this command line with a shell, in the foreground")->type_name("COMMAND");
  app.add_option("command", arguments.words,
                 "A command line to run detached, as --detach --run; with a program of its own, write -- PROGRAM ARGUMENTS");
  const char* group = "Devices";
  app.add_option("--device", arguments.device, "auto, or ids: 0  0,2  0-3. Without: no device")->group(group);
  app.add_option("--device-num", arguments.device_num, "How many, with auto (or alone)")->group(group)->type_name("N");
  app.add_flag("--no-device", arguments.no_device, "No device, which is the default")->group(group);
  app.add_flag("--ignore-group-affinity", arguments.ignore_groups, "Several devices need not be of one group")->group(group);
  group = "Time and order";
  app.add_option("--max-time", arguments.max_time, "Longest run in seconds, 0 for no limit: then TERM, grace, KILL of the whole tree")
      ->group(group)
      ->type_name("S");
  app.add_option("--timeout", arguments.timeout, "Longest wait in seconds, 0 for ever")->group(group)->type_name("S");
  app.add_option("--grace", arguments.grace, "Seconds between TERM and KILL")->group(group)->type_name("S");
  app.add_option("--priority", arguments.priority, "From -100 to 100; above 0 only for root")->group(group)->type_name("N");
  app.add_flag("--no-wait", arguments.no_wait, "Do not wait: 120 if nothing is free")->group(group);
  group = "How it runs";
  app.add_flag("--detach", arguments.detach, "Print the id and return; output goes to the log")->group(group);
  app.add_flag("-i,--interactive", arguments.interactive, "With --run: stdin is the caller's, as always in the foreground")->group(group);
  app.add_option("--env", arguments.variables, "NAME=VALUE, or NAME for the caller's value")->group(group)->allow_extra_args(false);
  app.add_option("--env-file", arguments.variable_file, "Lines NAME=VALUE")->group(group)->type_name("FILE");
  app.add_option_function<std::string>("--ptoas", refuse("--ptoas", "put its directory on PATH, or use --env PTOAS_ROOT=..."), "Not here")
      ->group("");
  app.add_flag_callback("--ignore-whitelist",
                        [] { refuse("--ignore-whitelist", "task-submit.conf is not read; use TW_TASK_DEVICES or --device")(""); })
      ->group("");
  app.add_option_function<std::string>("--maintenance", refuse("--maintenance", "use --take-out and --put-back"), "Not here")->group("");
  app.add_option("--isolation", arguments.isolation, "auto, namespace, cgroup or none: how the job's processes are kept together")
      ->group(group);
  app.add_option("--result", arguments.result, "Write how it ended to this file (JSON)")->group(group)->type_name("FILE");
  app.add_option("--backend", arguments.backend, "local or slurm")->group(group);
  group = "Questions and orders";
  app.add_flag("--list", arguments.list, "Jobs that run, wait and are done")->group(group);
  app.add_option("--status", arguments.status, "pending, running, completed (exit=N)")->group(group)->type_name("ID");
  app.add_option("--explain", arguments.explain, "Why it waits, and when it should start")->group(group)->type_name("ID");
  app.add_option("--log", arguments.log, "Output of a detached job")->group(group)->type_name("ID");
  app.add_flag("-f,--follow", arguments.follow, "With --log: until the job is over")->group(group);
  app.add_option("--wait", arguments.wait, "Wait for its end, with its log and its exit code")->group(group)->type_name("ID");
  app.add_option("--cancel,--kill", arguments.cancel, "End it, waiting or running")->group(group)->type_name("ID");
  app.add_option("--find", arguments.find, "Ids of jobs whose command contains this")->group(group)->type_name("TEXT");
  app.add_flag("--devices", arguments.devices, "Devices, who has them, what is guaranteed")->group(group);
  app.add_flag("--stats", arguments.stats, "Jobs, device hours and waiting, by user and device")->group(group);
  app.add_option("--days", arguments.days, "With --stats and --clean")->group(group)->type_name("N");
  app.add_flag("--clean", arguments.clean, "Remove own records and logs older than --days (1)")->group(group);
  app.add_option("--take-out", arguments.take_out, "Give these devices to nobody")->group(group)->type_name("IDS");
  app.add_option("--reason", arguments.reason, "With --take-out")->group(group);
  app.add_option("--for", arguments.out_for, "With --take-out: seconds, 0 until put back")->group(group)->type_name("S");
  app.add_option("--put-back", arguments.put_back, "Undo --take-out, or a failed health check")->group(group)->type_name("IDS");
  app.add_flag("--json", arguments.json, "Print the answer as JSON")->group(group);
  app.add_option("--slurm-step", arguments.slurm_step, "On a node of Slurm: run what is in this file")->group("");
  app.add_flag("--version", arguments.version, "Print the version")->group(group);
}

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
    if (!automatic) throw misuse("Slurm chooses the devices", "--device auto --device-num N");
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

bool is_question(const Arguments& a) {
  const bool flags = a.list || a.devices || a.stats || a.clean || a.version || a.follow;
  return flags || !(a.status + a.log + a.wait + a.cancel + a.explain + a.find + a.take_out + a.put_back).empty();
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
  if (arguments.version) return fmt::print("task-submit {}\n", TW_VERSION), 0;
  if (!arguments.stats && !arguments.clean) {
    const QueueConfig config = load_config();
    if (on_slurm(arguments, config)) return ask_slurm_backend(arguments, config, options);
  }
  if (!arguments.log.empty()) return print_log(arguments.log, arguments.follow);
  if (arguments.follow) throw misuse("--follow without --log");
  if (!arguments.wait.empty()) return wait_for_job(arguments.wait);
  if (!arguments.cancel.empty()) return cancel_job(arguments.cancel);
  if (!arguments.find.empty()) return print_found(arguments.find, options);
  if (arguments.stats) return print_stats(options);
  if (arguments.clean) {
    const double days = arguments.days.empty() ? 1 : options.days;
    return fmt::print("{} records removed\n", History(history_directory()).clean(days * 86400)), 0;
  }
  const QueueConfig config = load_config();
  if (arguments.list) return print_list(config, options);
  if (arguments.devices) return print_devices(config, options);
  if (!arguments.status.empty()) return print_status(config, arguments.status, options);
  if (!arguments.explain.empty()) return print_explanation(config, arguments.explain, options);
  return !arguments.take_out.empty() ? take_devices_out(arguments, config) : put_devices_back(arguments);
}

}  // namespace

int run_task_submit(int argc, char** argv) {
  CLI::App app("Lends this host's devices to one job at a time.", "task-submit");
  Arguments arguments;
  declare(app, arguments);
  for (CLI::Option* option : app.get_options()) {
    if (option->get_items_expected_max() > 0)
      option->check([](const std::string& text) { return text.empty() ? std::string("an empty value") : std::string(); });
  }
  // What stands behind "--" is the command's, whatever it looks like.
  std::vector<std::string> own;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--") {
      arguments.command.assign(argv + i + 1, argv + argc);
      if (arguments.command.empty()) throw misuse("no command behind --");
      break;
    }
    own.emplace_back(argv[i]);
  }
  std::reverse(own.begin(), own.end());
  try {
    app.parse(own);
  } catch (const CLI::Success& done) {
    return app.exit(done);
  } catch (const CLI::ParseError& error) {
    throw misuse(error.what(), "--help lists the options");
  }
  if (!arguments.slurm_step.empty()) return run_slurm_step(arguments.slurm_step, {});
  if (is_question(arguments)) {
    if (!arguments.run.empty() || !arguments.command.empty() || !arguments.words.empty()) throw misuse("a question and a command at once");
    return answer(arguments);
  }
  const QueueConfig config = load_config();
  if (on_slurm(arguments, config)) return submit_to_slurm(make_job(arguments, config), config);
  return submit_job(make_job(arguments, config), config);
}

}  // namespace tilewright::queue
