#include "queue/check.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/file.h"
#include "queue/job.h"
#include "queue/plan.h"
#include "queue/posix_host.h"

namespace tilewright::queue {

std::string run_check(const std::vector<std::string>& argv, int device, double timeout) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return "cannot make a pipe";
  FileDescriptor reader(ends[0]);
  FileDescriptor writer(ends[1]);
  const pid_t pid = ::fork();
  if (pid < 0) return "cannot fork";
  if (pid == 0) {
    ::setpgid(0, 0);
    const int null = ::open("/dev/null", O_RDONLY);
    ::dup2(null, 0);
    ::dup2(writer.get(), 1);
    ::dup2(writer.get(), 2);
    ::setenv("TASK_DEVICE", fmt::format("{}", device).c_str(), 1);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    std::vector<char*> arguments;
    for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  writer.reset();
  std::string output;
  // Its output ends with it, unless it left somebody behind that writes: then the time ends it.
  const FileDescriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const int64_t until = boot_clock() + static_cast<int64_t>(timeout * kSecond);
  bool late = false;
  for (bool open = true;;) {
    pollfd ready[2] = {{open ? reader.get() : -1, POLLIN, 0}, {process.get(), POLLIN, 0}};
    const int64_t left = until - boot_clock();
    late = left <= 0 || ::poll(ready, 2, static_cast<int>(left / 1'000'000 + 1)) == 0;
    if (late || (ready[1].revents != 0 && ready[0].revents == 0)) break;
    char text[1024];
    const ssize_t got = ready[0].revents != 0 ? ::read(reader.get(), text, sizeof text) : -1;
    if (got > 0 && output.size() < 4096) output.append(text, static_cast<size_t>(got));
    if (got == 0) open = false;
  }
  if (late) ::kill(-pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (late) return fmt::format("{} did not end within {} s", argv[0], timeout);
  if (status == 0) return {};
  const std::string line = output.substr(0, output.find('\n'));
  return line.empty() ? fmt::format("{} ended with {}", argv[0], exit_code_of(status)) : line;
}

}  // namespace tilewright::queue
