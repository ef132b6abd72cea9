#include "queue_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"

extern char** environ;

namespace tilewright::queue {

namespace fs = std::filesystem;

Child::Child(const std::vector<std::string>& argv, const std::vector<std::string>& assignments, int uid) {
  int in[2], out[2], err[2];
  if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(err, O_CLOEXEC) != 0) throw errno_error(errno, "pipe");
  pid_ = ::fork();
  if (pid_ == 0) {
    ::setpgid(0, 0);
    ::dup2(in[0], 0);
    ::dup2(out[1], 1);
    ::dup2(err[1], 2);
    for (const std::string& assignment : assignments) {
      const size_t equals = assignment.find('=');
      if (equals == std::string::npos)
        ::unsetenv(assignment.c_str());
      else
        ::setenv(assignment.substr(0, equals).c_str(), assignment.substr(equals + 1).c_str(), 1);
    }
    if (uid >= 0 && (::setgid(static_cast<gid_t>(uid)) != 0 || ::setuid(static_cast<uid_t>(uid)) != 0)) ::_exit(98);
    std::vector<char*> arguments;
    for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    ::_exit(99);
  }
  in_ = FileDescriptor(in[1]);  // open until this goes, so that a job that reads does not end by itself
  out_ = FileDescriptor(out[0]);
  err_ = FileDescriptor(err[0]);
  ::close(in[0]);
  ::close(out[1]);
  ::close(err[1]);
}

Child::~Child() {
  if (code_ >= 0) return;
  ::kill(-pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::string Child::read_line(FileDescriptor& fd, std::string& buffer) {
  for (;;) {
    if (const size_t end = buffer.find('\n'); end != std::string::npos) {
      const std::string line = buffer.substr(0, end);
      buffer.erase(0, end + 1);
      return line;
    }
    char text[4096];
    const ssize_t got = ::read(fd.get(), text, sizeof text);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::exchange(buffer, {});
    buffer.append(text, static_cast<size_t>(got));
  }
}

void Child::read_rest(FileDescriptor& fd, std::string& buffer) {
  char text[4096];
  for (ssize_t got; (got = ::read(fd.get(), text, sizeof text)) != 0;) {
    if (got < 0 && errno != EINTR) break;
    if (got > 0) buffer.append(text, static_cast<size_t>(got));
  }
}

void Child::write(const std::string& text) { ASSERT_EQ(::write(in_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size())); }

void Child::kill(int signal) { ::kill(pid_, signal); }

int Child::wait() {
  if (code_ >= 0) return code_;
  read_rest(out_, out_text_);
  read_rest(err_, err_text_);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return code_;
}

void QueueTest::SetUp() {
  // Not TemporaryDirectory: a directory that is closed to others is refused, and so is one behind such a one.
  std::string pattern = "/tmp/tw-queue-test-XXXXXX";
  ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
  root_ = pattern;
  ::chmod(root_.c_str(), 0755);
  queue_ = root_ / "queue";
  state_ = root_ / "state";
  fs::create_directory(queue_);
  ::chmod(queue_.c_str(), 01777);
  fs::create_directory(state_);
  ::chmod(state_.c_str(), 0777);
}

std::vector<std::string> QueueTest::argv(const std::vector<std::string>& arguments) const {
  std::vector<std::string> all = {program_};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return all;
}

std::unique_ptr<Child> QueueTest::start(const std::vector<std::string>& arguments, const std::vector<std::string>& assignments, int uid) {
  std::vector<std::string> all = {"TW_QUEUE_DIR=" + queue_.string(),
                                  "XDG_STATE_HOME=" + (uid < 0 ? state_ : state_ / std::to_string(uid)).string(),
                                  config_.empty() ? "TW_QUEUE_CONFIG" : "TW_QUEUE_CONFIG=" + config_.string(),
                                  devices_.empty() ? "TW_TASK_DEVICES" : "TW_TASK_DEVICES=" + devices_,
                                  "TASKQUEUE_INSIDE",
                                  "SLURM_JOB_ID"};
  all.insert(all.end(), assignments.begin(), assignments.end());
  return std::make_unique<Child>(argv(arguments), all, uid);
}

Ran QueueTest::submit(const std::vector<std::string>& arguments, const std::vector<std::string>& assignments, int uid) {
  const auto child = start(arguments, assignments, uid);
  const int code = child->wait();
  return {code, child->out(), child->err()};
}

void QueueTest::write_config(const std::string& text) {
  config_ = root_ / "queue.toml";
  std::ofstream(config_) << text;
  ::chmod(config_.c_str(), 0644);
  devices_.clear();
}

QueueTest::Holder QueueTest::hold(const std::string& device, const std::vector<std::string>& more, int uid, const std::string& command) {
  std::vector<std::string> arguments = {"--device", device};
  arguments.insert(arguments.end(), more.begin(), more.end());
  arguments.insert(arguments.end(), {"--", "sh", "-c", command + "; echo $TW_TASK_ID; read line"});
  Holder holder;
  holder.child = start(arguments, {}, uid);
  holder.id = holder.child->line();
  return holder;
}

std::string QueueTest::wait_until_queued(Child& child) {
  const std::string line = child.error_line();
  EXPECT_NE(line.find(" waits"), std::string::npos) << line;
  const size_t begin = line.find("task_");
  return begin == std::string::npos ? "" : line.substr(begin, line.find(' ', begin) - begin);
}

pid_t QueueTest::supervisor_of(const std::string& id) {
  const Ran status = submit({"--status", id, "--json"});
  return status.code != 0 ? 0 : nlohmann::json::parse(status.out).value("pid", 0);
}

pid_t QueueTest::child_of(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{0}/task/{0}/children", pid));
  pid_t child = 0;
  file >> child;
  return child;
}

void QueueTest::wait_for_end(pid_t pid) {
  const FileDescriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  pollfd ended{process.get(), POLLIN, 0};
  if (process) ::poll(&ended, 1, -1);
}

void QueueTest::wait_until_idle() {
  for (;;) {
    pid_t found = 0;
    DIR* processes = ::opendir("/proc");
    while (const dirent* process = ::readdir(processes)) {
      const pid_t pid = std::atoi(process->d_name);
      if (pid <= 0 || pid == ::getpid()) continue;
      std::ifstream file(fmt::format("/proc/{}/environ", pid), std::ios::binary);
      const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
      if (text.find("TW_QUEUE_DIR=" + queue_.string()) != std::string::npos) found = pid;
    }
    ::closedir(processes);
    if (found == 0) return;
    const FileDescriptor process(static_cast<int>(::syscall(SYS_pidfd_open, found, 0)));
    pollfd ended{process.get(), POLLIN, 0};
    if (process && ::poll(&ended, 1, 20'000) == 0) {
      ADD_FAILURE() << "process " << found << " is left behind";
      ::kill(found, SIGKILL);
    }
  }
}

std::vector<std::string> QueueTest::queue_files() const {
  std::vector<std::string> names;
  std::error_code failure;
  for (fs::directory_iterator at(queue_, failure), end; !failure && at != end; at.increment(failure))
    names.push_back(at->path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

void QueueTest::TearDown() {
  wait_until_idle();
  program_ = TW_TASK_SUBMIT;
  // Whoever was killed leaves dead files, which the next job of the same user removes.
  if (fs::exists(queue_) && ::getenv("TW_KEEP") == nullptr) submit({"--", "true"});
  wait_until_idle();
  for (const std::string& name : queue_files()) {
    EXPECT_TRUE(name.starts_with("d.") || name.starts_with("acct.") || name.starts_with("out.") || name.starts_with("fail."))
        << name << " is left behind";
  }
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

}  // namespace tilewright::queue
