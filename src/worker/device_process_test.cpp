#include "worker/device_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "platform/arena.h"
#include "worker/fake_device.h"

namespace tilewright {
namespace {

const DeviceProcessOptions kFake{TW_FAKE_DEVICE_PROGRAM, "a2a3sim", 0};

Error start_error(const DeviceProcessOptions& options) {
  const DeviceArena arena(1 << 20, 1 << 20);
  try {
    DeviceProcess process(options, arena.fd());
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorCode::kOk, "");
}

TEST(DeviceProcess, StartsAndEnds) {
  const DeviceArena arena(1 << 20, 1 << 20);
  pid_t pid = -1;
  {
    DeviceProcess process(kFake, arena.fd());
    pid = process.pid();
    EXPECT_TRUE(process.alive());
  }
  EXPECT_EQ(::kill(pid, 0), -1) << "reaped";
}

TEST(DeviceProcess, AProgramThatIsNoDeviceIsReported) {
  const Error early = start_error({"/bin/true", "a2a3sim", 0});
  EXPECT_EQ(early.code(), ErrorCode::kDeviceLost);
  EXPECT_NE(early.message().find("did not start"), std::string::npos) << early.message();
  EXPECT_EQ(start_error({"/does/not/exist", "a2a3sim", 0}).code(), ErrorCode::kFileNotFound);
}

TEST(DeviceProcess, WhatTheDeviceSaysAtStartArrives) {
  const Error error = start_error({TW_FAKE_DEVICE_PROGRAM, "a9", 0});
  EXPECT_EQ(error.code(), ErrorCode::kUnknownPlatform);
  EXPECT_EQ(error.message(), "unknown platform 'a9'");
}

TEST(DeviceProcess, OnlyItsOwnDescriptorsAreOpenThere) {
  const int leaked = ::dup(2);  // without close-on-exec, as applications have them
  const DeviceArena arena(1 << 20, 1 << 20);
  const DeviceProcess process(kFake, arena.fd());
  const std::string path = "/proc/" + std::to_string(process.pid()) + "/fd/" + std::to_string(leaked);
  char target[256];
  const ssize_t length = ::readlink(path.c_str(), target, sizeof target);
  char mine[256];
  const ssize_t my_length = ::readlink("/proc/self/fd/2", mine, sizeof mine);
  EXPECT_NE(std::string(target, static_cast<size_t>(std::max<ssize_t>(length, 0))), std::string(mine, static_cast<size_t>(my_length)));
  ::close(leaked);
}

TEST(DeviceProcess, ADescriptorClosedByTheApplicationDoesNotConfuseIt) {
  // The worker's descriptors may have the very numbers that the child uses.
  const int saved = ::dup(0);
  ::close(0);
  EXPECT_EQ(start_error(kFake).code(), ErrorCode::kOk);
  ::dup2(saved, 0);
  ::close(saved);
}

TEST(DeviceProcess, StartedByHandItSaysWhatItIs) {
  std::vector<const char*> argv = {TW_FAKE_DEVICE_PROGRAM, "--platform", "a2a3sim", "--client", "1", nullptr};
  const pid_t child = ::fork();
  if (child == 0) {
    for (int fd = 3; fd < 256; ++fd) ::close(fd);
    ::dup2(::open("/dev/null", O_WRONLY), 2);
    ::close(3);
    ::execv(argv[0], const_cast<char**>(argv.data()));
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 2);
}

/// Starts a device in a forked client, has the client killed while `orchestration` runs (nothing: while it is idle), and
/// expects the device to end.
void device_dies_with_client(const char* orchestration, bool hold_socket) {
  int pipe_ends[2];
  int holder_ends[2];  // closed by this process to end the child that holds the socket
  ASSERT_EQ(::pipe(pipe_ends), 0);
  ASSERT_EQ(::pipe(holder_ends), 0);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // orphans become this process's children
  const pid_t client = ::fork();
  if (client == 0) {
    const DeviceArena arena(1 << 20, 1 << 20);
    DeviceProcess process(kFake, arena.fd());
    if (hold_socket && ::fork() == 0) {  // inherits the client's end of the socket
      ::close(holder_ends[1]);
      char byte = 0;
      while (::read(holder_ends[0], &byte, 1) > 0) {
      }
      ::_exit(0);
    }
    if (orchestration != nullptr) {
      const std::vector<uint8_t> image = fake_image(orchestration);
      std::vector<uint8_t> message;
      PayloadWriter(message).put<uint32_t>(0);
      process.call(MessageKind::kLoad, message, image, [] { return std::string("loading"); });
    }
    const pid_t pid = process.pid();
    if (::write(pipe_ends[1], &pid, sizeof pid) < 0) ::_exit(1);
    if (orchestration == nullptr) {
      for (;;) ::pause();
    }
    std::vector<uint8_t> message;
    encode_run(message, 0, *std::make_unique<ChipStorageTaskArgs>(), {}, {});
    process.call(MessageKind::kRun, message, {}, [] { return std::string("a run"); });
    ::_exit(0);
  }
  pid_t device = -1;
  ASSERT_EQ(::read(pipe_ends[0], &device, sizeof device), static_cast<ssize_t>(sizeof device));
  ::kill(client, SIGKILL);
  ::waitpid(client, nullptr, 0);
  EXPECT_EQ(::waitpid(device, nullptr, 0), device) << "inherited, and ended by itself";
  ::close(holder_ends[1]);
  while (::waitpid(-1, nullptr, 0) > 0) {
  }
  for (const int fd : {pipe_ends[0], pipe_ends[1], holder_ends[0]}) ::close(fd);
}

TEST(DeviceProcess, EndsWhenTheWorkersProcessDies) { device_dies_with_client(nullptr, false); }
TEST(DeviceProcess, EndsEvenWhileAKernelLoops) { device_dies_with_client("loop", false); }
TEST(DeviceProcess, EndsEvenWhileAKernelSleeps) { device_dies_with_client("sleep", false); }
TEST(DeviceProcess, EndsEvenIfAForkedChildHoldsTheConnection) { device_dies_with_client(nullptr, true); }

TEST(DeviceProgram, IsFoundByWishThenByEnvironment) {
  EXPECT_EQ(find_device_program("/bin/true"), "/bin/true");
  ::setenv("TW_DEVICE_PROGRAM", "/bin/false", 1);
  EXPECT_EQ(find_device_program(""), "/bin/false");
  EXPECT_EQ(find_device_program("/bin/true"), "/bin/true");
  ::setenv("TW_DEVICE_PROGRAM", "/no/such/program", 1);
  EXPECT_THROW(find_device_program(""), Error);
  ::unsetenv("TW_DEVICE_PROGRAM");
}

}  // namespace
}  // namespace tilewright
