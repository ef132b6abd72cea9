#include "worker/device_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <string>
#include <thread>

#include "platform/crash_report.h"
#include "worker/channel.h"
#include "worker/device_process.h"

namespace tilewright {
namespace {

void send_crash_report(const char* data, size_t size) { send_from_signal_handler(kDeviceSocketFd, MessageKind::kCrash, data, size); }

/// Ends this process when the worker closes the connection or dies. A connection alone does not tell: children that
/// the worker forked hold it open.
void end_with_worker(int worker_process) {
  pollfd events[] = {{kDeviceSocketFd, POLLRDHUP, 0}, {worker_process, POLLIN, 0}};
  while (::poll(events, 2, -1) < 0 && errno == EINTR) {
  }
  ::_exit(0);
}

/// Ends the process with a kDeadline report once it has used `limit_ms` of CPU time; 0 for no limit.
class CpuLimit {
 public:
  explicit CpuLimit(uint64_t limit_ms) : armed_(limit_ms != 0) {
    if (armed_) set(limit_ms);
  }
  ~CpuLimit() {
    if (armed_) set(0);
  }
  CpuLimit(const CpuLimit&) = delete;
  CpuLimit& operator=(const CpuLimit&) = delete;

 private:
  static void set(uint64_t ms) {
    const itimerval timer{{0, 0}, {static_cast<time_t>(ms / 1000), static_cast<suseconds_t>(ms % 1000 * 1000)}};
    ::setitimer(ITIMER_PROF, &timer, nullptr);
  }
  const bool armed_;
};

class DeviceServer {
 public:
  DeviceServer(Channel& channel, std::unique_ptr<Device> device) : channel_(channel), device_(std::move(device)) {}

  void serve() {
    encode_hello(reply_);
    channel_.send(MessageKind::kHello, reply_);
    while (const auto message = channel_.receive()) {
      try {
        const MessageKind kind = handle(*message);
        channel_.send(kind, reply_);
      } catch (const Error& error) {
        refuse(error);
      } catch (const std::exception& error) {
        refuse(Error(ErrorCode::kInternal, fmt::format("the device failed: {}", error.what())));
      }
    }
  }

 private:
  MessageKind handle(const Channel::Message& message) {
    PayloadReader in(message.payload);
    switch (message.kind) {
      case MessageKind::kLoad: {
        const auto slot = in.get<uint32_t>();
        device_->load(slot, message.payload.subspan(sizeof slot));
        reply_.clear();
        return MessageKind::kDone;
      }
      case MessageKind::kUnload:
        device_->unload(in.get<uint32_t>());
        reply_.clear();
        return MessageKind::kDone;
      case MessageKind::kRun: {
        decode_run(message.payload, request_);
        const CpuLimit limit(request_.options.cpu_limit_ms);
        encode_report(reply_, device_->run(request_.slot, request_.args, request_.config, request_.options));
        return MessageKind::kReport;
      }
      default:
        throw Error(ErrorCode::kInternal, fmt::format("device protocol: unexpected message {}", static_cast<uint32_t>(message.kind)));
    }
  }

  void refuse(const Error& error) {
    encode_error(reply_, error);
    channel_.send(MessageKind::kError, reply_);
  }

  Channel& channel_;
  std::unique_ptr<Device> device_;
  RunRequest request_;
  std::vector<uint8_t> reply_;
};

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

}  // namespace

int device_program_main(int argc, char** argv, const DeviceFactory& factory) {
  CLI::App app("The device process of Tilewright. Workers start it; it is of no use on its own.", "tw-device");
  std::string platform;
  int device_id = 0;
  pid_t client = -1;
  app.add_option("--platform", platform, "the simulated platform")->required();
  app.add_option("--device-id", device_id, "a number that messages show");
  app.add_option("--client", client, "process id of the worker")->required();
  CLI11_PARSE(app, argc, argv);
  if (!is_open(kDeviceSocketFd) || !is_open(kDeviceArenaFd)) {
    std::fprintf(stderr, "tw-device: it was not started by a worker\n  hint: make a worker; it finds and starts this program\n");
    return 2;
  }
  ::fcntl(kDeviceSocketFd, F_SETFD, FD_CLOEXEC);
  ::fcntl(kDeviceArenaFd, F_SETFD, FD_CLOEXEC);
  const FileDescriptor client_process = open_process(client);
  if (::getppid() != client) return 0;  // it died in the meantime
  std::thread(&end_with_worker, client_process.get()).detach();
  install_crash_handlers(&send_crash_report);

  Channel channel{FileDescriptor(kDeviceSocketFd)};
  try {
    std::unique_ptr<Device> device = factory(find_platform(platform), kDeviceArenaFd);
    DeviceServer(channel, std::move(device)).serve();
  } catch (const Error& error) {
    std::vector<uint8_t> text;
    encode_error(text, error);
    channel.send(MessageKind::kError, text);
    return exit_code(error.code());
  }
  return 0;
}

}  // namespace tilewright
