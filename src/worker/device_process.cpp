#include "worker/device_process.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "base/log.h"
#include "platform/crash_report.h"
#include "task/status.h"

extern char** environ;

namespace tilewright {
namespace {

namespace fs = std::filesystem;

/// The directories of the shared object (or program) that holds this function and of the running program.
std::vector<fs::path> own_directories() {
  std::vector<fs::path> directories;
  const auto add = [&directories](const fs::path& file) {
    std::error_code failed;
    const fs::path full = fs::canonical(file, failed);
    if (!failed) directories.push_back(full.parent_path());
  };
  Dl_info info{};
  if (::dladdr(reinterpret_cast<const void*>(&find_device_program), &info) != 0 && info.dli_fname != nullptr) add(info.dli_fname);
  add("/proc/self/exe");
  return directories;
}

/// A copy of `fd` above the numbers that the child uses, so that moving descriptors into place overwrites none.
FileDescriptor out_of_the_way(int fd) {
  FileDescriptor copy(::fcntl(fd, F_DUPFD_CLOEXEC, 10));
  if (!copy) throw errno_error(errno, "cannot duplicate a file descriptor");
  return copy;
}

/// File actions and attributes of posix_spawn.
class Spawn {
 public:
  Spawn() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
  }
  ~Spawn() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;

  pid_t start(std::vector<std::string> argv, int socket, int arena) {
    posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, socket, kDeviceSocketFd);
    posix_spawn_file_actions_adddup2(&actions_, arena, kDeviceArenaFd);
    posix_spawn_file_actions_addclosefrom_np(&actions_, kDeviceArenaFd + 1);
    sigset_t none;
    sigset_t defaults;
    ::sigemptyset(&none);
    ::sigemptyset(&defaults);
    for (const int signal : {SIGPIPE, SIGPROF, SIGCHLD}) ::sigaddset(&defaults, signal);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &defaults);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    std::vector<char*> arguments;
    for (std::string& argument : argv) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    pid_t pid = -1;
    const int failure = ::posix_spawn(&pid, argv[0].c_str(), &actions_, &attributes_, arguments.data(), environ);
    if (failure != 0) throw errno_error(failure, fmt::format("cannot start the device program {}", argv[0]));
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

constexpr int32_t kSchedulerTimeout = 100;  // spec/api.md, F

std::string on_core(const std::string& kernel, const std::string& core) {
  return core.empty() ? kernel : fmt::format("{} on {}", kernel, core);
}

/// "add on AIV 0, matmul on AIC 3".
std::string list_running(const CrashReport& report) {
  std::string text;
  for (const CrashReport::Running& thread : report.running) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", on_core(thread.kernel, thread.core));
  }
  return text;
}

Error deadline_error(const CrashReport& report, const std::string& device) {
  std::string stacks;
  int32_t kernels = 0;
  for (const CrashReport::Running& thread : report.running) {
    kernels += thread.core != "orchestrator" ? 1 : 0;
    if (report.running.size() > 1) stacks += fmt::format("\n {}:", on_core(thread.kernel, thread.core));
    stacks += thread.frames.empty() ? std::string("\n  no stack: the thread did not answer") : "\n" + describe_frames(thread.frames);
  }
  const int32_t detail = classify_stall_detail(kernels, 0, 0, false);
  const int32_t status = runtime_status_from_error_codes(report.wait_status, kSchedulerTimeout);
  const std::string waits = report.waits_for.empty() ? "" : fmt::format("the orchestration waits in {}; ", report.waits_for);
  return Error(
      ErrorCode::kDeadline,
      fmt::format("run failed with code {} ({}): {}the run used up its CPU time on {} ({}); running: {}{}", status, status_name(-status),
                  waits, device, stall_detail_name(detail), report.running.empty() ? "no kernel" : list_running(report), stacks),
      "a kernel or the orchestration may loop for ever; give it a later deadline (deadline_ms, tw run --deadline, TW_DEADLINE) if it only "
      "needs longer",
      status);
}

Error crash_error(const CrashReport& report, const std::string& device) {
  if (report.signal == SIGPROF && report.sender == 0) return deadline_error(report, device);
  std::string stack = describe_frames(report);
  if (!stack.empty()) stack.insert(0, 1, '\n');
  const std::string where = report.core.empty() ? device : fmt::format("{} of {}", report.core, device);
  const std::string what = describe_signal(report);
  std::string beside = list_running(report);
  if (!beside.empty()) beside.insert(0, "; beside it ran ");
  if (report.sender != 0) {
    const std::string ran = report.kernel.empty() ? "" : fmt::format("; it interrupted {}", on_core(report.kernel, report.core));
    return Error(ErrorCode::kDeviceLost, fmt::format("{} was lost: {}{}{}{}", device, what, ran, beside, stack));
  }
  if (report.kernel.empty()) {
    return Error(ErrorCode::kKernelCrashed,
                 fmt::format("{} crashed outside kernels and orchestrations: {}{}{}", device, what, beside, stack));
  }
  return Error(ErrorCode::kKernelCrashed, fmt::format("{} crashed on {}: {}{}{}", report.kernel, where, what, beside, stack),
               "build it with -g and pass the offsets in its file to addr2line; the device was replaced and its memory kept");
}

}  // namespace

FileDescriptor open_process(pid_t pid) { return FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); }

std::string find_device_program(const std::string& wished) {
  const char* const environment = std::getenv("TW_DEVICE_PROGRAM");
  const std::string named = !wished.empty() ? wished : environment != nullptr ? environment : "";
  if (!named.empty()) {
    if (::access(named.c_str(), X_OK) == 0) return named;
    throw Error(ErrorCode::kToolMissing, fmt::format("device program {} is not an executable file", named),
                "correct the worker's device_program or TW_DEVICE_PROGRAM");
  }
  std::string looked;
  for (const fs::path& directory : own_directories()) {
    for (const char* place : {".", "../bin", "../libexec/tilewright", "../../libexec/tilewright", "../../bin"}) {
      const fs::path candidate = (directory / place / "tw-device").lexically_normal();
      if (::access(candidate.c_str(), X_OK) == 0) return candidate;
      looked += fmt::format("{}{}", looked.empty() ? "" : ", ", candidate.string());
    }
  }
  throw Error(ErrorCode::kToolMissing, "the device program tw-device was not found",
              fmt::format("install it, or set TW_DEVICE_PROGRAM; looked for {}", looked));
}

/// Says for the length of a call what it is for.
class DeviceProcess::Awaited {
 public:
  Awaited(DeviceProcess& process, const Purpose& purpose) : process_(process) {
    process_.purpose_ = &purpose;
    process_.waited_s_ = 0;
    process_.said_stopped_ = false;
  }
  ~Awaited() { process_.purpose_ = nullptr; }
  Awaited(const Awaited&) = delete;
  Awaited& operator=(const Awaited&) = delete;

 private:
  DeviceProcess& process_;
};

DeviceProcess::DeviceProcess(const DeviceProcessOptions& options, int arena_fd) : options_(options) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw errno_error(errno, "cannot create a socket pair");
  channel_.emplace(FileDescriptor(ends[0]));
  {
    const FileDescriptor its_end(ends[1]);
    const FileDescriptor socket = out_of_the_way(its_end.get());
    const FileDescriptor arena = out_of_the_way(arena_fd);
    std::vector<std::string> argv = {
        options_.program,          "--platform", options_.platform, "--device-id", std::to_string(options_.device_id), "--client",
        std::to_string(::getpid())};
    pid_ = Spawn().start(std::move(argv), socket.get(), arena.get());
  }
  process_ = open_process(pid_);  // without one, end-of-file still tells
  channel_->watch(process_.get(), [this] { say_what_is_awaited(); });
  try {
    expect_hello();
  } catch (const Error&) {
    kill();
    reap();
    throw;
  }
}

void DeviceProcess::expect_hello() {
  const Purpose start = [] { return std::string("its start"); };
  const Awaited awaited(*this, start);
  std::string crash_text;
  auto answer = channel_->receive();
  for (; answer && answer->kind == MessageKind::kCrash; answer = channel_->receive()) {
    crash_text.append(reinterpret_cast<const char*>(answer->payload.data()), answer->payload.size());
  }
  if (!answer) throw death(crash_text).with_context("the device process did not start");
  if (answer->kind == MessageKind::kError || answer->kind == MessageKind::kFailed) throw decode_error(answer->payload);
  if (answer->kind != MessageKind::kHello)
    throw Error(ErrorCode::kDeviceLost, "the device process did not start: it says something else than hello");
  check_hello(answer->payload);
}

// It would end by itself when the connection goes, but not while it is stopped. It leaves nothing behind, however it ends.
DeviceProcess::~DeviceProcess() {
  channel_->shut_down();
  kill();
  reap();
}

bool DeviceProcess::alive() const {
  if (pid_ < 0) return false;
  pollfd events[] = {{channel_->fd(), POLLRDHUP, 0}, {process_.get(), POLLIN, 0}};
  return ::poll(events, process_ ? 2 : 1, 0) == 0;
}

Channel::Message DeviceProcess::call(MessageKind kind, std::span<const uint8_t> payload, std::span<const uint8_t> tail,
                                     const Purpose& purpose) {
  const Awaited awaited(*this, purpose);
  const auto in_flight = [&purpose](const Error& error) {
    return Error(error.code(), fmt::format("{}\n  in flight: {}", error.message(), purpose()), error.hint(), error.status());
  };
  std::string crash_text;
  bool sent = channel_->send(kind, payload, tail);
  for (;;) {
    // Even if nothing could be sent: a process that died while it was idle left its last words in the socket.
    const auto answer = channel_->receive();
    if (!answer) throw in_flight(death(crash_text));
    if (answer->kind == MessageKind::kCrash) {
      crash_text.append(reinterpret_cast<const char*>(answer->payload.data()), answer->payload.size());
      continue;
    }
    if (!sent && answer->kind != MessageKind::kFailed) continue;
    if (answer->kind == MessageKind::kError) throw decode_error(answer->payload);
    if (answer->kind == MessageKind::kFailed) {
      const Error error = decode_error(answer->payload);
      death({});
      throw in_flight(error);
    }
    return *answer;
  }
}

std::optional<int> DeviceProcess::reap() {
  if (pid_ < 0) return std::nullopt;
  int status = 0;
  pid_t got = 0;
  do {
    got = ::waitpid(pid_, &status, 0);
  } while (got < 0 && errno == EINTR);
  pid_ = -1;
  if (got < 0) return std::nullopt;  // the application ignores SIGCHLD or reaped it itself
  return status;
}

std::string DeviceProcess::describe() const { return fmt::format("device {} ({})", options_.device_id, options_.platform); }

// By its descriptor: the number may be another process's by now, if the application reaped it.
void DeviceProcess::kill() {
  if (process_) {
    ::syscall(SYS_pidfd_send_signal, process_.get(), SIGKILL, nullptr, 0);
  } else if (pid_ >= 0) {
    ::kill(pid_, SIGKILL);
  }
}

// The state of a process as /proc has it: 'R', 'S', 'T' ...; 0 if it is gone.
static char state_of(pid_t pid) {
  try {
    const std::string stat = read_file(fmt::format("/proc/{}/stat", pid));
    const size_t end = stat.rfind(')');
    return end != std::string::npos && end + 2 < stat.size() ? stat[end + 2] : '\0';
  } catch (const Error&) {
    return '\0';
  }
}

// Called once a second while a call waits.
void DeviceProcess::say_what_is_awaited() {
  ++waited_s_;
  const char state = state_of(pid_);
  if ((state == 'T' || state == 't') && !said_stopped_) {
    said_stopped_ = true;
    log(LogLevel::kWarn, "worker", "{}: process {} is stopped{}; waiting for {}; 'kill -CONT {}' lets it go on", describe(), pid_,
        state == 't' ? " by a debugger" : "", (*purpose_)(), pid_);
  } else if (waited_s_ % 10 == 0) {
    log(LogLevel::kInfo, "worker", "{}: process {} has not answered for {} s; waiting for {}", describe(), pid_, waited_s_, (*purpose_)());
  }
}

Error DeviceProcess::death(const std::string& crash_text) {
  // It is ending, or its connection is lost: then it must end now. A status that it has already stays.
  kill();
  const std::optional<int> status = reap();
  const CrashReport report = parse_crash_report(crash_text);
  if (report.signal != 0) return crash_error(report, describe());
  if (!status) return Error(ErrorCode::kDeviceLost, fmt::format("{} was lost; how its process ended is not known", describe()));
  if (WIFSIGNALED(*status)) {
    const int signal = WTERMSIG(*status);
    const bool crashed = signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL || signal == SIGABRT;
    return Error(crashed ? ErrorCode::kKernelCrashed : ErrorCode::kDeviceLost,
                 fmt::format("{} was lost: its process was ended by {}", describe(), describe_signal(signal)));
  }
  if (const int signal = WEXITSTATUS(*status) - 128; signal > 0) {  // the crash handler ended it, and its report did not arrive
    return Error(ErrorCode::kKernelCrashed, fmt::format("{} crashed: {}; its report was lost", describe(), describe_signal(signal)));
  }
  return Error(ErrorCode::kDeviceLost, fmt::format("{} was lost: its process ended with exit code {}", describe(), WEXITSTATUS(*status)),
               "kernels and orchestrations must not call exit");
}

}  // namespace tilewright
