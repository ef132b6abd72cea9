#include "base/process.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "base/error.h"
#include "base/file.h"

extern char** environ;

namespace tilewright {

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return ::access(name.c_str(), X_OK) == 0 ? name : std::string();
  const char* path = std::getenv("PATH");
  std::istringstream directories(path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin");
  for (std::string directory; std::getline(directories, directory, ':');) {
    const std::string candidate = (directory.empty() ? "." : directory) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return {};
}

namespace {

/// The environment of this process with `changes`, as exec takes it; valid as long as both are.
std::vector<char*> changed_environment(const std::vector<std::string>& changes) {
  std::vector<char*> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view name(*variable, std::strcspn(*variable, "="));
    const bool replaced = std::any_of(changes.begin(), changes.end(), [&](const std::string& change) {
      return change.starts_with(name) && change.size() > name.size() && change[name.size()] == '=';
    });
    if (!replaced) variables.push_back(*variable);
  }
  for (const std::string& change : changes) variables.push_back(const_cast<char*>(change.c_str()));
  variables.push_back(nullptr);
  return variables;
}

/// The child may have run for some microseconds when this takes hold. It fails only if the child is gone.
void limit(pid_t pid, const ProcessOptions& options) {
  const auto set = [pid](__rlimit_resource resource, uint64_t most) {
    const rlimit both = {most, most + 1};  // the signal comes at the lower one, SIGKILL at the upper one
    if (most > 0) ::prlimit(pid, resource, &both, nullptr);
  };
  set(RLIMIT_CPU, options.cpu_seconds);
  set(RLIMIT_AS, options.address_space_bytes);
}

}  // namespace

ProcessResult run_process(const std::vector<std::string>& argv, const ProcessOptions& options) {
  const std::string program = find_program(argv.at(0));
  if (program.empty()) {
    throw Error(ErrorCode::kToolMissing, fmt::format("program {} not found", argv[0]),
                "install it, or put its directory on PATH; 'tw doctor' lists what is needed");
  }
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw errno_error(errno, "cannot create a pipe");
  FileDescriptor reader(ends[0]);
  FileDescriptor writer(ends[1]);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, writer.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, writer.get(), 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);

  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  std::vector<char*> environment = changed_environment(options.environment);
  pid_t pid = -1;
  const int failure = [&] {
    const Uninterrupted no_child_after_the_last_was_killed;
    return ::posix_spawn(&pid, program.c_str(), &actions, &attributes, arguments.data(), environment.data());
  }();
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) throw errno_error(failure, fmt::format("cannot start {}", program));
  writer.reset();
  limit(pid, options);

  struct Reaper {
    pid_t pid;
    ~Reaper() {
      if (pid <= 0) return;
      ::kill(-pid, SIGKILL);
      while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
      }
    }
  } reaper{pid};

  ProcessResult result;
  char buffer[1 << 14];
  for (;;) {
    const ssize_t got = ::read(reader.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw errno_error(errno, fmt::format("cannot read the output of {}", program));
    if (got == 0) break;
    result.output.append(buffer, static_cast<size_t>(got));
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) throw errno_error(errno, fmt::format("cannot wait for {}", program));
  }
  reaper.pid = 0;
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

std::string shell_quoted(const std::string& word) {
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("_-+=./:,@%").find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (!word.empty() && std::all_of(word.begin(), word.end(), plain)) return word;
  std::string quoted = "'";
  for (char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string shell_line(const std::vector<std::string>& argv) {
  std::string line;
  for (const std::string& word : argv) line += (line.empty() ? "" : " ") + shell_quoted(word);
  return line;
}

std::filesystem::path directory_of_code(const void* address) {
  Dl_info info{};
  if (::dladdr(address, &info) == 0 || info.dli_fname == nullptr) return {};
  std::filesystem::path file = info.dli_fname;
  if (!file.has_parent_path()) file = "/proc/self/exe";  // in a program dli_fname is argv[0], which may be a bare name found on PATH
  std::error_code failed;
  file = std::filesystem::canonical(file, failed);
  return failed ? std::filesystem::path() : file.parent_path();
}

bool traced_by_debugger() {
  const int saved = errno;
  char text[2048];  // the line is among the first
  const int file = ::open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  const ssize_t size = file < 0 ? 0 : ::read(file, text, sizeof text - 1);
  if (file >= 0) ::close(file);
  errno = saved;
  if (size <= 0) return false;
  text[size] = '\0';
  constexpr char kField[] = "TracerPid:";
  const char* value = std::strstr(text, kField);
  if (value == nullptr) return false;
  value += sizeof kField - 1;
  while (*value == ' ' || *value == '\t') ++value;
  return *value >= '1' && *value <= '9';
}

}  // namespace tilewright
