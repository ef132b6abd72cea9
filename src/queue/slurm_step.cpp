// What runs on the node of a Slurm job: the command, its clock, its record.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "queue/client.h"
#include "queue/device_ids.h"
#include "queue/exit_codes.h"
#include "queue/history.h"
#include "queue/plan.h"
#include "queue/posix_host.h"
#include "queue/slurm.h"
#include "queue/tree.h"

extern char** environ;

namespace tilewright::queue {

namespace {

/// Runs the tree to its end. Slurm's TERM (scancel, its own limit) ends it with TERM, grace, KILL.
void run_tree(TreeSpec& tree, JobRecord& record, int64_t limit) {
  sigset_t wanted;
  ::sigemptyset(&wanted);
  for (int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&wanted, signal);
  ::sigprocmask(SIG_BLOCK, &wanted, &tree.signal_mask);
  const FileDescriptor signals(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  int status[2], control[2];
  if (::pipe2(status, O_CLOEXEC) != 0 || ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) != 0)
    throw errno_error(errno, "cannot make a pipe");
  tree.status = status[1];
  tree.control = control[1];
  const int64_t started = boot_clock();
  const pid_t root = start_root(tree, {control[0], status[0]});
  if (root < 0) throw errno_error(errno, "cannot start the command");
  ::close(status[1]);
  const int64_t end = limit == 0 ? kNever : started + limit;
  int64_t kill_at = kNever;
  const auto stop = [&](EndReason reason, int code, const std::string& text) {
    if (record.reason != EndReason::kJob) return;
    record.reason = reason;
    record.exit_code = code;
    record.text = text;
    kill_at = boot_clock() + tree.grace;
    send_message(control[0], {TreeMessage::kTerminate, 0});
  };
  for (bool open = true; open;) {
    const int64_t next = std::min(record.reason == EndReason::kJob ? end : kNever, kill_at);
    pollfd wakers[2] = {{status[0], POLLIN, 0}, {signals.get(), POLLIN, 0}};
    ::poll(wakers, 2, next == kNever ? -1 : static_cast<int>(std::max<int64_t>(0, next - boot_clock()) / 1'000'000 + 1));
    signalfd_siginfo info;
    while (::read(signals.get(), &info, sizeof info) > 0) {
      if (info.ssi_signo != SIGCHLD)
        stop(EndReason::kCancelled, kExitCancelled, fmt::format("cancelled: Slurm sent signal {}", info.ssi_signo));
    }
    if (boot_clock() >= end)
      stop(EndReason::kTimeLimit, kExitTimeLimit,
           fmt::format("it ran longer than the {} s of --max-time", static_cast<double>(limit) / kSecond));
    if (boot_clock() >= kill_at) {
      ::kill(root, SIGKILL);
      kill_at = kNever;
    }
    if (wakers[0].revents == 0) continue;
    TreeMessage message;
    open = receive_message(status[0], message);
    if (!open) break;
    if (message.kind == TreeMessage::kEnded && record.reason == EndReason::kJob) record.exit_code = exit_code_of(message.value);
    if (message.kind == TreeMessage::kCannotExecute || message.kind == TreeMessage::kCannotEnter) {
      record.reason = EndReason::kCannotExecute;
      record.exit_code = message.kind == TreeMessage::kCannotExecute && message.value == ENOENT ? kExitNotFound : kExitCannotExecute;
      record.text = fmt::format("cannot execute {}: {}", tree.argv[0], std::strerror(message.value));
    }
  }
  end_descendants();
  record.run_seconds = static_cast<double>(boot_clock() - started) / kSecond;
}

}  // namespace

int run_slurm_step(const std::string& file) {
  using nlohmann::json;
  const json value = json::parse(read_file(file));
  JobSpec spec;
  value.at("id").get_to(spec.id);
  value.at("argv").get_to(spec.argv);
  value.at("directory").get_to(spec.directory);
  value.at("grace").get_to(spec.grace);
  JobRecord record;
  record.id = spec.id;
  record.user = user_name(::geteuid());
  value.at("command").get_to(record.command);
  value.at("log").get_to(record.log);
  record.directory = spec.directory;
  record.devices = parse_device_ids(slurm_granted_devices());
  record.submitted = static_cast<double>(std::time(nullptr));
  record.started = record.submitted;

  for (char** item = environ; *item != nullptr; ++item) spec.environment.emplace_back(*item);
  const History history(history_directory());
  history.prepare();
  write_file_atomically(history_directory() / "jobs" / (spec.id + ".started"), format_device_ids(record.devices));
  TreeSpec tree;
  tree.argv = spec.argv;
  tree.directory = spec.directory;
  tree.grace = spec.grace;
  tree.environment = job_environment(spec, record.devices, value.at("visibility").get<std::string>());
  run_tree(tree, record, value.at("max_time").get<int64_t>());
  std::error_code ignored;
  const bool cancelled = std::filesystem::exists(slurm_cancel_mark(spec.id), ignored);
  if (cancelled && record.reason == EndReason::kJob && record.exit_code > 128) {
    record.reason = EndReason::kCancelled;
    record.exit_code = kExitCancelled;
    record.text = "cancelled";
  }
  record.ended = static_cast<double>(std::time(nullptr));
  history.write_record(record);
  if (cancelled) std::filesystem::remove(slurm_cancel_mark(spec.id), ignored);
  const std::string result = value.at("result").get<std::string>();
  if (value.at("detached").get<bool>()) {
    if (!result.empty()) write_file_atomically(result, record.to_json());
    for (const char* suffix : {".step", ".started"}) std::filesystem::remove(history_directory() / "jobs" / (spec.id + suffix), ignored);
  }
  return record.exit_code;
}

}  // namespace tilewright::queue
