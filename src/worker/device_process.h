// The client's side of a device process: start it, talk to it, learn how it ended.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "worker/channel.h"

namespace tilewright {

/// Descriptors a device process finds open, beside 0 (/dev/null), 1 and 2 (the worker's).
constexpr int kDeviceSocketFd = 3;
constexpr int kDeviceArenaFd = 4;

/// A pidfd, readable when the process has ended; invalid if there is none. (glibc's declaration lacks extern "C".)
FileDescriptor open_process(pid_t pid);

struct DeviceProcessOptions {
  std::string program;  ///< full path
  std::string platform;
  int device_id = 0;
};

/// The device program: `wished` if not empty, else $TW_DEVICE_PROGRAM, else tw-device in the usual places around this
/// library or executable. Throws Error(kToolMissing) that lists where it looked.
std::string find_device_program(const std::string& wished);

/// A running device process; the destructor ends and reaps it. Not thread safe. The process ends by itself when this
/// object's process ends, however that happens.
class DeviceProcess {
 public:
  /// Starts it by exec and returns when it is ready. `arena_fd` is shared with it. Throws Error: kDeviceLost if it does
  /// not come up, and what the device itself says.
  DeviceProcess(const DeviceProcessOptions& options, int arena_fd);
  ~DeviceProcess();
  DeviceProcess(const DeviceProcess&) = delete;
  DeviceProcess& operator=(const DeviceProcess&) = delete;

  pid_t pid() const { return pid_; }
  /// False if it ended since the last call.
  bool alive() const;

  /// Names what is asked of the device ("the run of ..."), for errors and for whoever waits long.
  using Purpose = std::function<std::string()>;

  /// Sends and waits for the answer, however long that takes: a warning says so when the process is stopped (SIGSTOP).
  /// Throws the Error that the device answers; if the process ended instead, or says that it cannot go on, throws what
  /// death() says, with the purpose, and reaps it: alive() is false from then on.
  Channel::Message call(MessageKind kind, std::span<const uint8_t> payload, std::span<const uint8_t> tail, const Purpose& purpose);

 private:
  /// Ends and reaps the process, and says why it was ending: kKernelCrashed, kDeadline or kDeviceLost.
  Error death(const std::string& crash_text);
  void kill();
  std::optional<int> reap();
  std::string describe() const;
  class Awaited;
  void expect_hello();
  void say_what_is_awaited();

  DeviceProcessOptions options_;
  pid_t pid_ = -1;
  FileDescriptor process_;  ///< pidfd
  const Purpose* purpose_ = nullptr;  ///< of the call that waits
  uint32_t waited_s_ = 0;
  bool said_stopped_ = false;
  std::optional<Channel> channel_;
};

}  // namespace tilewright
