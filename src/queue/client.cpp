#include "queue/client.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <poll.h>
#include <pwd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "queue/queue_error.h"
#include "queue/supervisor.h"
#include "queue/tree.h"

namespace tilewright::queue {

namespace {

/// Signals that end the caller. The terminal sends SIGINT and SIGQUIT to the command as well; others have to be passed on.
class ForegroundSignals {
 public:
  ForegroundSignals() {
    sigset_t all;
    ::sigfillset(&all);
    // Stopping works as ever: the caller and the command stop, the supervisor does not.
    for (int signal : {SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT, SIGWINCH}) ::sigdelset(&all, signal);
    ::sigprocmask(SIG_SETMASK, &all, &before_);
    sigset_t wanted;
    ::sigemptyset(&wanted);
    for (int signal : {SIGINT, SIGQUIT, SIGTERM, SIGHUP}) {
      struct sigaction action{};
      if (::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) continue;  // nohup, or a background job of sh
      ::sigaddset(&wanted, signal);
    }
    fd_ = FileDescriptor(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  ~ForegroundSignals() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

  int fd() const { return fd_.get(); }
  const sigset_t& before() const { return before_; }

 private:
  sigset_t before_{};
  FileDescriptor fd_;
};

class Client {
 public:
  Client(const JobSpec& spec, int supervisor, const ForegroundSignals& signals) : spec_(spec), supervisor_(supervisor), signals_(signals) {}

  int run() {
    for (;;) {
      pollfd wakers[2] = {{supervisor_, POLLIN, 0}, {signals_.fd(), POLLIN, 0}};
      if (::poll(wakers, 2, -1) < 0 && errno != EINTR) return lost();
      // What the supervisor said comes first: it decides what a signal means.
      while (::poll(wakers, 1, 0) > 0) {
        int code = 0;
        if (receive(code)) return code;
      }
      if (wakers[1].revents != 0) pass_signals();
    }
  }

 private:
  /// True when it is over, with the exit code.
  bool receive(int& code) {
    std::string text(1 << 16, '\0');
    const ssize_t got = ::recv(supervisor_, text.data(), text.size(), 0);
    if (got < 0 && errno == EINTR) return false;
    if (got <= 0) {
      code = lost();
      return true;
    }
    text.resize(static_cast<size_t>(got));
    const char kind = text[0];
    text.erase(0, 1);
    switch (kind) {
      case kPublished:
        if (!spec_.detached) return false;
        print_id(spec_);
        return true;
      case kWaiting: fmt::print(stderr, "task-submit: {}\n", text); return false;
      case kGranted: running_ = true; return false;
      case kFailed: {
        const size_t space = text.find(' ');
        fmt::print(stderr, "task-submit: {}\n", text.substr(space + 1));
        code = std::atoi(text.c_str());
        write_result(code, text.substr(space + 1));
        return true;
      }
      default: code = finished(JobRecord::from_json(text)); return true;
    }
  }

  int finished(const JobRecord& record) const {
    if (record.reason != EndReason::kJob) fmt::print(stderr, "task-submit: {}: {}\n", record.id, record.text);
    return record.exit_code;
  }

  int lost() const {
    const std::string text = fmt::format("{}: the supervisor was killed", spec_.id);
    fmt::print(stderr, "task-submit: {}\n", text);
    write_result(kExitInfrastructure, text);
    return kExitInfrastructure;
  }

  void write_result(int code, const std::string& text) const {
    if (spec_.result_file.empty()) return;
    JobRecord record;
    record.id = spec_.id;
    record.user = user_name(::geteuid());
    record.command = spec_.command;
    record.directory = spec_.directory;
    record.exit_code = code;
    record.reason = code == kExitRefused ? EndReason::kRefused : code == kExitNoDevice ? EndReason::kNoDevice : EndReason::kInfrastructure;
    record.text = text;
    write_file_atomically(spec_.result_file, record.to_json());
  }

  void pass_signals() {
    signalfd_siginfo info;
    while (::read(signals_.fd(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      const int signal = static_cast<int>(info.ssi_signo);
      const bool interrupt = signal == SIGINT || signal == SIGQUIT;
      if (interrupt && running_ && info.ssi_code == SI_KERNEL) continue;  // the terminal sent it to the command, too
      const std::string message = fmt::format("{}{}", static_cast<char>(interrupt && running_ ? kPassSignal : kCancel), signal);
      ::send(supervisor_, message.data(), message.size(), MSG_NOSIGNAL);
    }
  }

  const JobSpec& spec_;
  const int supervisor_;
  const ForegroundSignals& signals_;
  bool running_ = false;
};

}  // namespace

std::string user_name(unsigned uid) {
  const passwd* entry = ::getpwuid(uid);
  return entry != nullptr ? entry->pw_name : fmt::format("{}", uid);
}

void print_id(const JobSpec& spec) {
  if (spec.json)
    fmt::print("{{\"id\": \"{}\"}}\n", spec.id);
  else
    fmt::print("{}\n", spec.id);
}

int submit_job(JobSpec spec, const QueueConfig& config) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) throw errno_error(errno, "cannot make a socket");
  FileDescriptor mine(ends[0]);
  FileDescriptor supervisors(ends[1]);
  std::fflush(nullptr);
  const ForegroundSignals signals;
  const pid_t pid = ::fork();
  if (pid < 0) throw errno_error(errno, "cannot start the supervisor");
  if (pid == 0) {
    mine.reset();
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    if (spec.detached) {
      ::setsid();
      leave_streams();
      const int kept = ::dup2(supervisors.release(), 3);
      ::fcntl(kept, F_SETFD, FD_CLOEXEC);
      ::close_range(4, ~0u, 0);
      supervisors = FileDescriptor(kept);
    }
    run_supervisor(spec, config, supervisors.release(), signals.before());
  }
  supervisors.reset();
  return Client(spec, mine.get(), signals).run();
}

}  // namespace tilewright::queue
