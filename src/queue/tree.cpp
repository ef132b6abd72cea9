#include "queue/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <optional>

#include "base/file.h"
#include "queue/cgroup.h"
#include "queue/plan.h"
#include "queue/posix_host.h"

extern char** environ;

namespace tilewright::queue {

namespace {

/// As fork(), with namespaces. The child has a copy of the parent's memory; glibc's caches of pids are none since 2.25.
pid_t clone_process(unsigned long flags) { return static_cast<pid_t>(::syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0)); }

bool write_text(const char* path, const std::string& text) {
  const FileDescriptor file(::open(path, O_WRONLY | O_CLOEXEC));
  return file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

unsigned long namespace_flags() { return CLONE_NEWPID | CLONE_NEWNS | (::geteuid() == 0 ? 0 : CLONE_NEWUSER); }

/// In the new namespaces: identity of the user, and a /proc that shows them.
bool set_up_namespaces(uid_t uid, gid_t gid) {
  if (uid != 0) {
    if (!write_text("/proc/self/setgroups", "deny") || !write_text("/proc/self/uid_map", fmt::format("{0} {0} 1", uid)) ||
        !write_text("/proc/self/gid_map", fmt::format("{0} {0} 1", gid))) {
      return false;
    }
  }
  return ::mount("none", "/proc", nullptr, MS_PRIVATE | MS_REC, nullptr) == 0 &&
         ::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0;
}

/// Starts the command without copying this process. Its pid, or -1 with the reason sent to `spec.status`.
pid_t start_command(const TreeSpec& spec) {
  if (::chdir(spec.directory.c_str()) != 0) {
    send_message(spec.status, {TreeMessage::kCannotEnter, errno});
    return -1;
  }
  // Out of the way of the numbers that scripts use; they stay open over the exec.
  for (int fd : spec.inherited) ::fcntl(fd, F_DUPFD, 100);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  const int streams[3] = {spec.input, spec.output, spec.error};
  for (int i = 0; i < 3; ++i) {
    if (streams[i] != i) ::posix_spawn_file_actions_adddup2(&actions, streams[i], i);
  }
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setsigmask(&attributes, &spec.signal_mask);
  ::posix_spawnattr_setflags(&attributes, static_cast<short>(POSIX_SPAWN_SETSIGMASK | (spec.own_session ? POSIX_SPAWN_SETSID : 0)));
  std::vector<char*> argv, environment;
  for (const std::string& item : spec.argv) argv.push_back(const_cast<char*>(item.c_str()));
  for (const std::string& item : spec.environment) environment.push_back(const_cast<char*>(item.c_str()));
  argv.push_back(nullptr);
  environment.push_back(nullptr);
  environ = environment.data();  // the command's PATH counts
  pid_t pid = -1;
  const int failure = ::posix_spawnp(&pid, argv[0], &actions, &attributes, argv.data(), environ);
  if (failure == 0) return pid;
  send_message(spec.status, {TreeMessage::kCannotExecute, failure});
  return -1;
}

/// The root's life after it started the command.
class Root {
 public:
  Root(const TreeSpec& spec, pid_t command, bool is_init) : spec_(spec), command_(command), is_init_(is_init) {}

  [[noreturn]] void run() {
    sigset_t child;
    ::sigemptyset(&child);
    ::sigaddset(&child, SIGCHLD);
    const int signals = ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    int control = spec_.control;
    for (;;) {
      if (!reap()) {
        send_message(spec_.status, {TreeMessage::kEmpty, 0});
        ::_exit(0);
      }
      pollfd wakers[2] = {{signals, POLLIN, 0}, {control, POLLIN, 0}};
      const int64_t left = kill_at_ == kNever ? -1 : std::max<int64_t>(0, kill_at_ - boot_clock()) / 1'000'000 + 1;
      ::poll(wakers, 2, static_cast<int>(std::min<int64_t>(left, 1 << 30)));
      if (wakers[0].revents != 0) {
        signalfd_siginfo info;
        while (::read(signals, &info, sizeof info) > 0) {
        }
      }
      if (wakers[1].revents != 0) {
        TreeMessage message;
        if (!receive_message(control, message)) {
          // The runner is gone. In a namespace its death is ours, too; without one the tree has to be ended. Either way the queue ends
          // the job, so its end is not reported as its own.
          if (is_init_) ::_exit(0);
          orphaned_ = true;
          terminate(kKill);
          control = -1;
        } else if (message.kind == TreeMessage::kTerminate) {
          terminate(kOnlyTerm);
        } else if (message.kind == TreeMessage::kSignal && !ended_) {
          ::kill(command_, message.value);
        }
      }
      // Leaving ends the rest: the kernel does it in a namespace, the runner without one.
      if (boot_clock() >= kill_at_) ::_exit(0);
    }
  }

 private:
  enum What { kOnlyTerm, kKill };

  /// False when there is no child left.
  bool reap() {
    for (;;) {
      int status = 0;
      const pid_t pid = ::waitpid(-1, &status, WNOHANG);
      if (pid < 0) return errno != ECHILD;
      if (pid == 0) {
        if (ended_ && kill_at_ == kNever) terminate(kKill);  // what the command left behind
        return true;
      }
      if (pid != command_) continue;
      ended_ = true;
      if (!orphaned_) send_message(spec_.status, {TreeMessage::kEnded, status});
    }
  }

  void terminate(What what) {
    for (int signal : {SIGTERM, SIGCONT}) {
      if (is_init_)
        ::kill(-1, signal);
      else
        signal_descendants(signal);
    }
    if (what == kKill && kill_at_ == kNever) kill_at_ = boot_clock() + spec_.grace;
  }

  const TreeSpec& spec_;
  const pid_t command_;
  const bool is_init_;
  bool ended_ = false, orphaned_ = false;
  int64_t kill_at_ = kNever;
};

/// pid -> parent of all processes that /proc shows.
std::map<pid_t, pid_t> parents() {
  std::map<pid_t, pid_t> parents;
  DIR* processes = ::opendir("/proc");
  if (processes == nullptr) return parents;
  while (const dirent* process = ::readdir(processes)) {
    const pid_t pid = std::atoi(process->d_name);
    if (pid <= 0) continue;
    const std::string text = read_process_file(pid, "stat");
    if (const char* name_end = std::strrchr(text.c_str(), ')')) parents[pid] = std::atoi(name_end + 4);
  }
  ::closedir(processes);
  return parents;
}

}  // namespace

bool send_message(int fd, TreeMessage message) {
  ssize_t put;
  while ((put = ::write(fd, &message, sizeof message)) < 0 && errno == EINTR) {
  }
  return put == static_cast<ssize_t>(sizeof message);
}

bool receive_message(int fd, TreeMessage& message) {
  ssize_t got;
  while ((got = ::read(fd, &message, sizeof message)) < 0 && errno == EINTR) {
  }
  return got == static_cast<ssize_t>(sizeof message);
}

void name_process(const char* name) { ::prctl(PR_SET_NAME, name, 0, 0, 0); }

void leave_streams() {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < 3; ++fd) ::dup2(null, fd);
  if (null > 2) ::close(null);
}

pid_t start_root(const TreeSpec& spec, const std::vector<int>& not_kept) {
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  const bool with_namespace = spec.isolation == Isolation::kNamespace;
  int ends[2], go[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return -1;
  FileDescriptor reader(ends[0]), writer(ends[1]);  // closes when the isolation is there, or carries why it is not
  if (::pipe2(go, O_CLOEXEC) != 0) return -1;
  FileDescriptor starting(go[0]), start(go[1]);  // a byte when the command may start
  const pid_t pid = clone_process(with_namespace ? namespace_flags() : 0);
  if (pid < 0) return pid;
  if (pid > 0) {
    writer.reset();
    starting.reset();
    if (spec.before_start) spec.before_start(pid);
    int failure = 0;
    // One that has failed already reads nothing any more, and says why.
    const bool told = ::write(start.get(), "", 1) == 1;
    if (::read(reader.get(), &failure, sizeof failure) != sizeof failure && told) return pid;
    ::waitpid(pid, nullptr, 0);
    errno = failure;
    return -1;
  }
  reader.reset();
  start.reset();
  name_process("tw-root");
  for (int fd : not_kept) {
    if (fd >= 0) ::close(fd);
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  pollfd runner{spec.control, POLLIN, 0};
  if (::poll(&runner, 1, 0) > 0 && (runner.revents & POLLHUP) != 0) ::_exit(0);  // it died before it could be watched
  if ((with_namespace && !set_up_namespaces(uid, gid)) || (spec.isolation == Isolation::kCgroup && !enter_cgroup(spec.cgroup))) {
    const int failure = errno;
    ::_exit(::write(writer.get(), &failure, sizeof failure) == sizeof failure ? 0 : 1);
  }
  writer.reset();
  char byte;
  if (::read(starting.get(), &byte, 1) != 1) ::_exit(0);  // the runner died
  starting.reset();
  if (!with_namespace) ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  const pid_t command = start_command(spec);
  if (command < 0) ::_exit(0);
  leave_streams();
  if (spec.output > 2) ::close(spec.output);
  Root(spec, command, with_namespace).run();
}

int signal_descendants(int signal) {
  const std::map<pid_t, pid_t> all = parents();
  const pid_t self = ::getpid();
  int count = 0;
  for (const auto& [pid, parent] : all) {
    pid_t ancestor = parent;
    for (int depth = 0; ancestor != self && ancestor > 0 && depth < 4096; ++depth) {
      const auto above = all.find(ancestor);
      ancestor = above == all.end() ? 0 : above->second;
    }
    if (ancestor != self) continue;
    ::kill(pid, signal);
    ++count;
  }
  return count;
}

void end_descendants() {
  for (;;) {
    const pid_t pid = ::waitpid(-1, nullptr, WNOHANG);
    if (pid > 0) continue;
    if (pid < 0) return;
    // A child may fork between the look at /proc and its death, so this repeats until there is none; each round ends at a child's death.
    signal_descendants(SIGKILL);
    ::waitpid(-1, nullptr, 0);
  }
}

void kill_by_environment(const std::string& variable) {
  for (const auto& [pid, parent] : parents()) {
    if (pid == ::getpid()) continue;
    const std::string text = read_process_file(pid, "environ");
    if (text.starts_with(variable + '\0') || text.find('\0' + variable + '\0') != std::string::npos) ::kill(pid, SIGKILL);
  }
}

bool namespace_possible() {
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  const pid_t pid = clone_process(namespace_flags());
  if (pid == 0) ::_exit(set_up_namespaces(uid, gid) ? 0 : 1);
  int status = 1;
  if (pid > 0) ::waitpid(pid, &status, 0);
  return pid > 0 && status == 0;
}

}  // namespace tilewright::queue
