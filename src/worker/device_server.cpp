#include "worker/device_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <system_error>
#include <thread>

#include "platform/crash_report.h"
#include "worker/channel.h"
#include "worker/device_process.h"

namespace tilewright {
namespace {

void send_crash_report(const char* data, size_t size) { send_from_signal_handler(kDeviceSocketFd, MessageKind::kCrash, data, size); }

/// Ends the process because of the exception being handled, which says why the device cannot go on: memory is exhausted, a
/// thread cannot be started. What it had begun is in no state to continue from; the worker starts another process.
[[noreturn]] void end_for_failure() {
  std::vector<uint8_t> text;
  try {
    throw;
  } catch (const Error& error) {
    encode_error(text, error);
  } catch (const std::bad_alloc&) {
    encode_error(text,
                 Error(ErrorCode::kDeviceMemory, "the device process has no memory left",
                       "limits (ulimit -v, a container's) apply to each device process; fewer host_threads or smaller rings need less"));
  } catch (const std::system_error& error) {  // no thread
    const bool exhausted = error.code() == std::errc::resource_unavailable_try_again || error.code() == std::errc::not_enough_memory;
    encode_error(text, Error(exhausted ? ErrorCode::kDeviceMemory : ErrorCode::kDeviceLost,
                             fmt::format("the device process cannot start a thread: {}", error.what()),
                             "limits of memory (ulimit -v) or of threads (ulimit -u, a container's) are the usual reason"));
  } catch (const std::exception& error) {
    encode_error(text, Error(ErrorCode::kDeviceLost, fmt::format("the device process failed: {}", error.what())));
  } catch (...) {
    encode_error(text, Error(ErrorCode::kDeviceLost, "the device process failed: an exception of unknown type"));
  }
  send_from_signal_handler(kDeviceSocketFd, MessageKind::kFailed, reinterpret_cast<const char*>(text.data()), text.size());
  ::_exit(3);
}

/// For exceptions that nobody catches. Those of a kernel or an orchestration are reported like a crash, with the stack.
[[noreturn]] void on_terminate() {
  if (crash_context()->kernel == nullptr && std::current_exception() != nullptr) end_for_failure();
  std::abort();
}

/// Where memory is short the system's choice should fall on the device and not on the application.
void offer_to_out_of_memory_killer() {
  if (FILE* const file = std::fopen("/proc/self/oom_score_adj", "we"); file != nullptr) {
    std::fputs("500", file);
    std::fclose(file);
  }
}

/// Ends this process when the worker closes the connection or dies. A connection alone does not tell: children that
/// the worker forked hold it open.
void end_with_worker(int worker_process) {
  pollfd events[] = {{kDeviceSocketFd, POLLRDHUP, 0}, {worker_process, POLLIN, 0}};
  while (::poll(events, 2, -1) < 0 && errno == EINTR) {
  }
  ::_exit(0);
}

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
      } catch (const DeviceFailed&) {
        end_for_failure();
      } catch (const Error& error) {
        refuse(error);
      } catch (...) {
        end_for_failure();
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
        const CpuDeadline deadline(Deadline::of(request_.options.deadline_ms));
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
  std::set_terminate(&on_terminate);
  const FileDescriptor client_process = open_process(client);
  if (::getppid() != client) return 0;  // it died in the meantime
  std::thread(&end_with_worker, client_process.get()).detach();
  install_crash_handlers(&send_crash_report);
  offer_to_out_of_memory_killer();

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
