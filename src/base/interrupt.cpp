#include "base/interrupt.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <vector>

#include "base/error.h"

namespace tilewright {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
constexpr char kStop = 0;  // no signal has this number

int signal_pipe = -1;
struct sigaction previous[std::size(kSignals)];

extern "C" void note_signal(int number) {
  const int saved = errno;
  const char byte = static_cast<char>(number);
  [[maybe_unused]] const ssize_t written = ::write(signal_pipe, &byte, 1);
  errno = saved;
}

/// The parent of a process as /proc tells it; 0 if it is gone, or dead and only waited for.
pid_t parent_of(pid_t pid) {
  try {
    const std::string stat = read_file(fmt::format("/proc/{}/stat", pid));
    // "pid (name) state parent ...": the name may hold anything, so count from its last parenthesis.
    const size_t end = stat.rfind(')');
    if (end == std::string::npos || end + 4 > stat.size() || stat[end + 2] == 'Z') return 0;
    return std::atoi(stat.c_str() + end + 4);
  } catch (const Error&) {
    return 0;
  }
}

/// All living processes that `root` started, those they started, and so on; parents first.
std::vector<pid_t> descendants_of(pid_t root) {
  std::multimap<pid_t, pid_t> children;
  DIR* proc = ::opendir("/proc");
  if (proc == nullptr) return {};
  while (const dirent* entry = ::readdir(proc)) {
    const pid_t pid = std::atoi(entry->d_name);
    if (pid > 0) children.emplace(parent_of(pid), pid);
  }
  ::closedir(proc);
  std::vector<pid_t> found = {root};
  for (size_t i = 0; i < found.size(); ++i) {
    const auto [begin, end] = children.equal_range(found[i]);
    for (auto child = begin; child != end; ++child) found.push_back(child->second);
  }
  found.erase(found.begin());
  return found;
}

/// Again until none is left: other threads of this process may still start some. Each pass stops a process that
/// could not be stopped before it was started, so that this ends.
void kill_descendants() {
  for (std::vector<pid_t> living = descendants_of(::getpid()); !living.empty(); living = descendants_of(::getpid())) {
    for (const pid_t pid : living) ::kill(pid, SIGKILL);
    ::sched_yield();
  }
}

}  // namespace

InterruptHandler::InterruptHandler() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw errno_error(errno, "cannot create a pipe");
  reader_ = FileDescriptor(ends[0]);
  signal_pipe = ends[1];
  // A process whose parent was killed first becomes a child of this one, and is not lost.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  struct sigaction action{};
  action.sa_handler = note_signal;
  action.sa_flags = SA_RESTART;
  for (size_t i = 0; i < std::size(kSignals); ++i) {
    ::sigaction(kSignals[i], nullptr, &previous[i]);
    // What the caller ignores (nohup) stays ignored.
    if (previous[i].sa_handler != SIG_IGN) ::sigaction(kSignals[i], &action, nullptr);
  }
  watcher_ = std::thread([this] { watch(); });
}

InterruptHandler::~InterruptHandler() {
  [[maybe_unused]] const ssize_t written = ::write(signal_pipe, &kStop, 1);
  watcher_.join();
  for (size_t i = 0; i < std::size(kSignals); ++i) ::sigaction(kSignals[i], &previous[i], nullptr);
  ::close(signal_pipe);
  signal_pipe = -1;
}

void InterruptHandler::watch() {
  char byte = kStop;
  while (::read(reader_.get(), &byte, 1) < 0 && errno == EINTR) {
  }
  if (byte == kStop) return;
  prepare_to_end();
  kill_descendants();
  remove_temporary_directories();
  ::signal(byte, SIG_DFL);
  ::raise(byte);
}

}  // namespace tilewright
