#include "queue/supervisor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <map>

#include "base/error.h"
#include "queue/cgroup.h"
#include "queue/check.h"
#include "queue/client.h"
#include "queue/device_ids.h"
#include "queue/history.h"
#include "queue/marks.h"
#include "queue/posix_host.h"
#include "queue/queue_error.h"
#include "queue/seat.h"
#include "queue/tree.h"

namespace tilewright::queue {

namespace {

/// Between the end of the grace time and the end of the tree, for the plan.
constexpr int64_t kKillTime = kSecond;
/// How long a device that is used outside the queue is not looked at again.
constexpr int64_t kForeignUseTime = 30 * kSecond;

double wall_clock() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double seconds(int64_t nanoseconds) { return static_cast<double>(nanoseconds) / kSecond; }

/// Both the supervisor and, in its own copy, the runner.
class Supervisor {
 public:
  Supervisor(const JobSpec& spec, const QueueConfig& config, int client, const sigset_t& signal_mask)
      : spec_(spec), config_(config), client_(client), signal_mask_(signal_mask) {
    record_.id = spec.id;
    record_.command = spec.command;
    record_.directory = spec.directory;
    record_.log = spec.log;
    record_.submitted = wall_clock();
    submitted_ = boot_clock();
  }

  int run() {
    sigset_t child;
    ::sigemptyset(&child);
    ::sigaddset(&child, SIGCHLD);
    signals_ = FileDescriptor(::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
    try {
      host_.emplace(QueueDirectory::open());
      host_->open_socket(spec_.id);
      seat_.emplace(*host_, config_, entry_name(), entry());
      seat_->enter();
    } catch (const QueueError& failure) {
      tell(kFailed, fmt::format("{} {}", failure.exit(), failure.what()));
      withdraw_socket();
      return 1;
    } catch (const Error& failure) {
      tell(kFailed, fmt::format("{} {}", kExitInfrastructure, failure.what()));
      withdraw_socket();
      return 1;
    }
    tell(kPublished, spec_.id);
    try {
      while (wait_for_devices() && !devices_usable()) {
      }
      if (seat_->granted()) run_job();
    } catch (const Error& failure) {
      end(EndReason::kInfrastructure, kExitInfrastructure, failure.what());
    }
    finish();
    return 0;
  }

 private:
  // In the queue

  EntryName entry_name() const {
    EntryName name;
    name.uid = ::geteuid();
    name.priority = spec_.priority;
    name.width = spec_.width;
    name.id = spec_.id;
    return name;
  }

  Entry entry() const {
    Entry entry;
    entry.id = spec_.id;
    entry.pid = ::getpid();
    entry.pid_namespace = host_->pid_namespace();
    entry.command = spec_.command;
    entry.directory = spec_.directory;
    if (spec_.isolation == Isolation::kAuto || spec_.isolation == Isolation::kCgroup) entry.cgroup = job_cgroup(spec_.id);
    entry.pool = spec_.pool;
    entry.width = spec_.width;
    entry.one_group = spec_.one_group;
    entry.limit = spec_.max_time == 0 ? 0 : spec_.max_time + spec_.grace + kKillTime;
    entry.submitted = static_cast<int64_t>(record_.submitted);
    return entry;
  }

  void withdraw_socket() {
    if (host_) host_->directory().remove("s." + spec_.id);
  }

  /// True once granted; false if the job is over before it began.
  bool wait_for_devices() {
    bool told = false;
    while (!seat_->granted()) {
      const int64_t now = boot_clock();
      if (spec_.no_wait) return end(EndReason::kWaitTimeout, kExitWaitTimeout, "no device is free, and --no-wait was given");
      if (spec_.timeout > 0 && now - submitted_ >= spec_.timeout) {
        return end(EndReason::kWaitTimeout, kExitWaitTimeout,
                   fmt::format("no device within the {} s of --timeout", seconds(spec_.timeout)));
      }
      if (!told) tell(kWaiting, fmt::format("{} waits, {} in front of it", spec_.id, seat_->position()));
      told = true;
      std::vector<pollfd> wakers = host_->wakers();
      wakers.push_back({client_, POLLIN, 0});
      int64_t until = seat_->next_tick();
      if (spec_.timeout > 0) until = std::min(until, submitted_ + spec_.timeout);
      wait(wakers, until);
      if (wakers.back().revents != 0 && !read_client()) return false;
      if (host_->take_messages()) return end(EndReason::kCancelled, kExitCancelled, "cancelled while waiting");
      seat_->look();
    }
    return true;
  }

  /// The checks that the host's owner wants before a job gets devices. Those that fail are taken out, and the job waits on.
  bool devices_usable() {
    std::vector<int> failed;
    for (int id : seat_->entry().devices) {
      for (const auto& [argv, foreign] : {std::pair(&config_.in_use_check, true), std::pair(&config_.health_check, false)}) {
        const std::string reason = argv->empty() ? std::string() : run_check(*argv, id, config_.check_timeout);
        if (reason.empty()) continue;
        const int64_t out = foreign ? kForeignUseTime : static_cast<int64_t>(config_.out_time * kSecond);
        take_out(host_->directory(), id, boot_clock() + out, (foreign ? "in use outside the queue: " : "health check failed: ") + reason);
        failed.push_back(id);
        break;
      }
    }
    if (failed.empty()) return true;
    seat_->give_back(failed);
    return false;
  }

  /// What the client says. False if it ended the job, or is gone.
  bool read_client() {
    char text[64];
    const ssize_t got = ::recv(client_, text, sizeof text - 1, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return true;
    if (got <= 0) {
      if (spec_.detached) {  // it has its id and may go
        ::close(client_);
        client_ = -1;
        return true;
      }
      return end(EndReason::kCancelled, kExitCancelled, "the client is gone");
    }
    text[got] = '\0';
    const int signal = std::atoi(text + 1);
    if (text[0] == kPassSignal) {
      if (runner_ >= 0) send_message(runner_, {TreeMessage::kSignal, signal});
      return true;
    }
    return end(EndReason::kCancelled, signal == 0 ? kExitCancelled : 128 + signal,
               signal == 0 ? "cancelled" : fmt::format("signal {} to the client", signal));
  }

  // Running

  void run_job() {
    record_.devices = seat_->entry().devices;
    record_.started = wall_clock();
    started_ = boot_clock();
    tell(kGranted, format_device_ids(record_.devices));
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    int ends[2], status[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0 || ::pipe2(status, O_CLOEXEC) != 0)
      throw errno_error(errno, "cannot make a pipe");
    const pid_t pid = ::fork();
    if (pid < 0) throw errno_error(errno, "cannot start the runner");
    if (pid == 0) {
      ::close(ends[0]);
      ::close(status[0]);
      int code = 1;
      try {
        code = be_runner(ends[1], status[1]);
      } catch (const std::exception&) {
        // The supervisor sees that the runner ended without a result.
      }
      ::_exit(code);
    }
    ::close(ends[1]);
    ::close(status[1]);
    runner_ = ends[0];
    status_ = FileDescriptor(status[0]);
    if (!spec_.detached) ::setsid();  // what is sent to the terminal's or the client's process group does not reach us
    leave_streams();
    record_.user = user_name(::geteuid());  // while the command starts
    follow_runner(pid);
    if (runner_alive_) send_message(runner_, {TreeMessage::kReleased, 0});
    ::close(runner_);
    runner_ = -1;
  }

  /// Until all that the runner ran is gone: it says so, or it is gone itself.
  void follow_runner(pid_t pid) {
    const int64_t limit = spec_.max_time == 0 ? kNever : started_ + spec_.max_time;
    bool terminated = false;
    int64_t kill_at = kNever;
    for (;;) {
      if (empty_) break;
      if (::waitpid(pid, nullptr, WNOHANG) == pid) break;
      if (!terminated && boot_clock() >= limit) {
        end(EndReason::kTimeLimit, kExitTimeLimit, fmt::format("it ran longer than the {} s of --max-time", seconds(spec_.max_time)));
      }
      if (ending_ && !terminated) {
        terminated = true;
        kill_at = boot_clock() + spec_.grace;
        send_message(runner_, {TreeMessage::kTerminate, 0});
      }
      if (boot_clock() >= kill_at) {
        kill_at = kNever;
        send_message(runner_, {TreeMessage::kSignal, SIGKILL});
      }
      std::vector<pollfd> wakers = host_->wakers();
      wakers.push_back({signals_.get(), POLLIN, 0});
      wakers.push_back({status_.get(), POLLIN, 0});
      wakers.push_back({ending_ ? -1 : client_, POLLIN, 0});
      wait(wakers, std::min(terminated ? kNever : limit, kill_at));
      signalfd_siginfo info;
      while (::read(signals_.get(), &info, sizeof info) > 0) {
      }
      if (wakers[wakers.size() - 2].revents != 0) read_status();
      if (job_ended_ && !empty_ && status_ && ready(status_.get())) read_status();  // the two mostly come together
      if (wakers.back().revents != 0) read_client();
      if (host_->take_messages()) end(EndReason::kCancelled, kExitCancelled, "cancelled while running");
    }
    if (!empty_) {  // somebody killed the runner
      runner_alive_ = false;
      end_tree();
      while (status_) read_status();
    }
    if (!ending_ && !job_ended_) end(EndReason::kInfrastructure, kExitInfrastructure, "processes that the queue runs it with were killed");
  }

  void read_status() {
    TreeMessage message;
    if (!receive_message(status_.get(), message)) return status_.reset();
    if (message.kind == TreeMessage::kCannotExecute || message.kind == TreeMessage::kCannotEnter) {
      const bool enter = message.kind == TreeMessage::kCannotEnter;
      end(EndReason::kCannotExecute, !enter && message.value == ENOENT ? kExitNotFound : kExitCannotExecute,
          fmt::format("cannot {} {}: {}", enter ? "enter" : "execute", enter ? spec_.directory : spec_.argv[0],
                      std::strerror(message.value)));
    } else if (message.kind == TreeMessage::kCannotIsolate) {
      end(EndReason::kRefused, kExitRefused,
          fmt::format("this host does not offer --isolation {} ({})", isolation_name(spec_.isolation), std::strerror(message.value)));
    } else if (message.kind == TreeMessage::kEnded) {
      job_ended_ = true;
      run_time_ = boot_clock() - started_;
      if (!ending_) record_.exit_code = exit_code_of(message.value);
    } else if (message.kind == TreeMessage::kEmpty) {
      empty_ = true;
    }
  }

  // The runner

  /// Starts the root and waits for the end of the tree. If the supervisor dies, finishes in its place.
  int be_runner(int supervisor, int status) {
    name_process("tw-runner");
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    host_->after_fork();
    TreeSpec tree = tree_spec(status);
    int control[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) != 0) return 1;
    tree.control = control[1];
    // The root does not keep the ends that tell others that somebody died.
    const pid_t root = start(tree, {supervisor, control[0], client_});
    if (root < 0) {
      send_message(status, {TreeMessage::kCannotIsolate, errno});
      return 1;
    }
    if (tree.output > 2) ::close(tree.output);
    leave_streams();
    bool alone = false, released = false;
    for (;;) {
      if (::waitpid(root, nullptr, WNOHANG) == root) break;
      pollfd wakers[2] = {{signals_.get(), POLLIN, 0}, {alone ? -1 : supervisor, POLLIN, 0}};
      ::poll(wakers, 2, alone ? static_cast<int>(spec_.grace / 1'000'000) : -1);
      signalfd_siginfo info;
      while (::read(signals_.get(), &info, sizeof info) > 0) {
      }
      if (alone && wakers[0].revents == 0) ::kill(root, SIGKILL);
      if (wakers[1].revents == 0) continue;
      TreeMessage message;
      if (!receive_message(supervisor, message)) {
        if (released) break;
        alone = true;
        send_message(control[0], {TreeMessage::kTerminate, 0});
      } else if (message.kind == TreeMessage::kReleased) {
        released = true;
      } else if (message.kind == TreeMessage::kSignal && message.value == SIGKILL) {
        ::kill(root, SIGKILL);
      } else {
        send_message(control[0], message);
      }
    }
    end_tree();
    send_message(status, {TreeMessage::kEmpty, 0});  // a root that was killed could not say so
    TreeMessage message;
    while (!alone && !released && ::recv(supervisor, &message, sizeof message, 0) == static_cast<ssize_t>(sizeof message)) {
      released = message.kind == TreeMessage::kReleased;
    }
    if (!released) {
      run_time_ = boot_clock() - started_;
      end(EndReason::kInfrastructure, kExitInfrastructure, "the job's supervisor was killed");
      finish();
    }
    return 0;
  }

  TreeSpec tree_spec(int status) {
    TreeSpec tree;
    tree.argv = spec_.argv;
    tree.environment = job_environment(spec_, record_.devices, config_.visibility);
    tree.directory = spec_.directory;
    tree.own_session = spec_.detached;
    if (spec_.detached) {
      tree.input = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
      tree.output = ::open(spec_.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
      tree.error = tree.output;
    }
    tree.inherited = host_->lock_descriptors();
    tree.signal_mask = signal_mask_;
    tree.grace = spec_.grace;
    tree.status = status;
    tree.before_start = [this](pid_t root) { seat_->started(root, process_started(root)); };
    return tree;
  }

  /// With the first isolation that the host offers of those that the job accepts. -1 with errno: it offers none.
  pid_t start(TreeSpec& tree, const std::vector<int>& not_kept) {
    pid_t root = -1;
    errno = EOPNOTSUPP;
    for (Isolation isolation : {Isolation::kNamespace, Isolation::kCgroup, Isolation::kNone}) {
      if (spec_.isolation != Isolation::kAuto && spec_.isolation != isolation) continue;
      tree.isolation = isolation;
      tree.cgroup = seat_->entry().cgroup;
      const bool cgroup = isolation == Isolation::kCgroup;
      if (cgroup && (tree.cgroup.empty() || !make_cgroup(tree.cgroup))) continue;
      if ((root = start_root(tree, not_kept)) > 0) break;
      if (cgroup) end_cgroup(tree.cgroup);
    }
    return root;
  }

  /// Of this process, which is a subreaper, and of the job's group, if it has one.
  void end_tree() {
    end_descendants();
    if (!seat_->entry().cgroup.empty()) end_cgroup(seat_->entry().cgroup);
  }

  // The end

  /// The queue ends the job: the first reason counts. Returns false.
  bool end(EndReason reason, int code, std::string text) {
    if (ending_) return false;
    // A command that ended by itself keeps its code, whatever comes while the rest of its tree goes.
    if (job_ended_ && reason != EndReason::kInfrastructure) return false;
    ending_ = true;
    record_.reason = reason;
    record_.exit_code = code;
    record_.text = std::move(text);
    return false;
  }

  void finish() {
    if (record_.user.empty()) record_.user = user_name(::geteuid());
    record_.ended = wall_clock();
    record_.wait_seconds = seconds((started_ != 0 ? started_ : boot_clock()) - submitted_);
    record_.run_seconds = started_ == 0 ? 0 : seconds(run_time_ != 0 ? run_time_ : boot_clock() - started_);
    const double held = started_ == 0 ? 0 : seconds(boot_clock() - started_) * static_cast<double>(record_.devices.size());
    attempt([&] { seat_->leave(); });
    const History history(history_directory_or_empty());
    attempt([&] { history.write_record(record_); });
    if (!spec_.result_file.empty()) attempt([&] { write_file_atomically(spec_.result_file, record_.to_json()); });
    attempt([&] { seat_->withdraw(); });
    tell(kFinished, record_.to_json());
    if (client_ >= 0) ::close(client_);
    leave_streams();
    attempt([&] { count_failures(); });
    attempt([&] { add_to_account(host_->directory(), held); });
    // Looking through the records costs more than writing one, so only some jobs do it.
    if (record_.id.ends_with('0')) attempt([&] { history.rotate(config_.keep_jobs); });
  }

  static std::filesystem::path history_directory_or_empty() {
    try {
      return history_directory();
    } catch (const Error&) {
      return "/nonexistent";
    }
  }

  /// What goes wrong with records costs neither the job's exit code nor its devices.
  template <typename Body>
  void attempt(Body body) {
    try {
      body();
    } catch (const std::exception& failure) {
      tell(kWaiting, failure.what());
    }
  }

  void count_failures() {
    if (started_ == 0 || config_.infrastructure_failures == 0 || record_.reason == EndReason::kCancelled) return;
    const auto& codes = config_.infrastructure_codes;
    const bool failed = record_.reason == EndReason::kJob && std::find(codes.begin(), codes.end(), record_.exit_code) != codes.end();
    for (int id : record_.devices) {
      const int failures = count_failure(host_->directory(), id, failed);
      if (!failed || failures < config_.infrastructure_failures) continue;
      take_out(host_->directory(), id, boot_clock() + static_cast<int64_t>(config_.out_time * kSecond),
               fmt::format("{} jobs in a row failed by infrastructure (exit code {}), the last was {}", failures, record_.exit_code,
                           record_.id));
      count_failure(host_->directory(), id, false);
    }
  }

  void tell(ClientMessage kind, const std::string& text) {
    if (client_ < 0) return;
    const std::string message = static_cast<char>(kind) + text;
    ::send(client_, message.data(), message.size(), MSG_NOSIGNAL);
  }

  static bool ready(int fd) {
    pollfd waker{fd, POLLIN, 0};
    return ::poll(&waker, 1, 0) > 0;
  }

  static void wait(std::vector<pollfd>& wakers, int64_t until) {
    const int64_t left = until == kNever ? -1 : std::max<int64_t>(0, until - boot_clock() + 999'999) / 1'000'000;
    ::poll(wakers.data(), wakers.size(), static_cast<int>(std::min<int64_t>(left, 1 << 30)));
  }

  const JobSpec& spec_;
  const QueueConfig& config_;
  int client_;
  const sigset_t signal_mask_;
  FileDescriptor signals_;
  std::optional<PosixHost> host_;
  std::optional<Seat> seat_;
  int runner_ = -1;
  bool runner_alive_ = true, empty_ = false;
  FileDescriptor status_;
  int64_t submitted_ = 0, started_ = 0, run_time_ = 0;
  bool ending_ = false, job_ended_ = false;
  JobRecord record_;
};

}  // namespace

void run_supervisor(const JobSpec& spec, const QueueConfig& config, int client, const sigset_t& signal_mask) {
  name_process("tw-supervisor");
  int code = 1;
  try {
    code = Supervisor(spec, config, client, signal_mask).run();
  } catch (const std::exception& failure) {
    const std::string message = fmt::format("{}{} {}", static_cast<char>(kFailed), kExitInfrastructure, failure.what());
    ::send(client, message.data(), message.size(), MSG_NOSIGNAL);
  }
  ::_exit(code);
}

}  // namespace tilewright::queue
