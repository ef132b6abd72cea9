#include "worker/remote_device.h"

#include <dirent.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "platform/compile_for_test.h"
#include "worker/fake_device.h"

namespace tilewright {
namespace {

/// Processor time of a process, in clock ticks; 0 if it is gone.
long cpu_ticks(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const size_t end = text.rfind(')');
  if (end == std::string::npos) return 0;
  std::istringstream fields(text.substr(end + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;  // state to cmajflt
  long user = 0;
  long system = 0;
  fields >> user >> system;
  return user + system;
}

class RemoteDeviceTest : public ::testing::Test {
 protected:
  static RemoteDevice::Options fake() { return {TW_FAKE_DEVICE_PROGRAM, 3}; }

  RunReport run(uint32_t slot, const RunOptions& options = {}) { return device_.run(slot, *args_, {}, options); }
  Error run_error(std::string_view orchestration, const RunOptions& options = {}, const std::vector<uint8_t>& kernel = {}) {
    device_.load(0, fake_image(orchestration, {}, kernel));
    try {
      run(0, options);
    } catch (const Error& error) {
      return error;
    }
    return Error(ErrorCode::kOk, "");
  }
  void expect_works() {
    device_.load(1, fake_image("echo"));
    EXPECT_NO_THROW(run(1));
  }

  RemoteDevice device_{find_platform("a2a3sim"), fake()};
  std::unique_ptr<ChipStorageTaskArgs> args_ = std::make_unique<ChipStorageTaskArgs>();
};

size_t open_descriptors() {
  size_t count = 0;
  DIR* directory = ::opendir("/proc/self/fd");
  while (::readdir(directory) != nullptr) ++count;
  ::closedir(directory);
  return count;
}

TEST_F(RemoteDeviceTest, RequestAndReportCrossTheProcessBorder) {
  device_.load(5, fake_image("echo"));
  const uint64_t memory = device_.allocate(64);
  const uint32_t shape[] = {16};
  args_->add_tensor(make_tensor_external(reinterpret_cast<void*>(memory), shape, 1));
  for (uint64_t i = 0; i < 128; ++i) args_->add_scalar(1000 + i);
  CallConfig config;
  config.runtime_env.ring_task_window[2] = 64;
  RunOptions options{RuntimeVariant::kHostBuildGraph, 2, 7, true, 0};
  const RunReport report = device_.run(5, *args_, config, options);
  EXPECT_EQ(report.task_count, uint64_t{1} << 32 | 128);
  EXPECT_EQ(report.run_ns, 1127u);
  EXPECT_EQ(report.aic_cores_used, 7u);
  EXPECT_EQ(report.aiv_cores_used, 2u);
  EXPECT_EQ(report.task_window[2], 64u);
  EXPECT_EQ(report.heap_bytes[0], 1u);
  EXPECT_EQ(report.edges.size(), 3u);
  EXPECT_EQ(report.tasks.size(), 3u);
}

TEST_F(RemoteDeviceTest, MemoryIsShared) {
  device_.load(0, fake_image("touch"));
  const uint64_t memory = device_.allocate(1 << 20);
  std::vector<uint8_t> data(1 << 20, 41);
  device_.copy_to_device(memory, data.data(), data.size());
  const uint32_t shape[] = {1 << 20};
  args_->add_tensor(make_tensor_external(reinterpret_cast<void*>(memory), shape, 1, DataType::UINT8));
  run(0);
  device_.copy_from_device(data.data(), memory, data.size());
  EXPECT_EQ(data.front(), 42);
  EXPECT_EQ(data.back(), 42);
}

TEST_F(RemoteDeviceTest, ErrorsOfTheDeviceArriveWhole) {
  const Error error = run_error("fail 200");
  EXPECT_EQ(error.code(), ErrorCode::kRunFailed);
  EXPECT_EQ(error.status(), -200);
  EXPECT_EQ(error.message().size(), (200u << 10) + 1);
  EXPECT_EQ(error.message().back(), '!');
  EXPECT_EQ(error.hint(), "a hint");
  const pid_t before = device_.process_id();
  expect_works();
  EXPECT_EQ(device_.process_id(), before) << "an error is no reason for another process";
}

TEST_F(RemoteDeviceTest, ACrashNamesKernelCoreSignalAndStack) {
  const auto kernel = compile_for_test(R"(extern "C" void kernel_entry(long*) { *(volatile int*)0x20 = 1; asm volatile(""); })");
  const Error error = run_error("call", {}, kernel);
  EXPECT_EQ(error.code(), ErrorCode::kKernelCrashed);
  EXPECT_EQ(error.message().rfind("kernel 0 crashed on AIV 0 of device 3 (a2a3sim): SIGSEGV (invalid memory access) at address 0x20\n"
                                  "  #0 kernel_entry+0x",
                                  0),
            0u)
      << error.message();
  EXPECT_NE(error.message().find("(kernel_0.so+0x"), std::string::npos) << error.message();
  expect_works();
}

TEST_F(RemoteDeviceTest, ALostProcessSaysHowItEnded) {
  const Error exited = run_error("exit 7");
  EXPECT_EQ(exited.code(), ErrorCode::kDeviceLost);
  EXPECT_EQ(exited.message(),
            "device 3 (a2a3sim) was lost: its process ended with exit code 7\n"
            "  in flight: the run of callable c1bd4197492c (entry aicpu_orchestration_entry)");
  const Error killed = run_error("raise 9");
  EXPECT_EQ(killed.code(), ErrorCode::kDeviceLost);
  EXPECT_NE(killed.message().find("SIGKILL"), std::string::npos) << killed.message();
  const Error aborted = run_error("raise 6");
  EXPECT_EQ(aborted.code(), ErrorCode::kKernelCrashed);
  EXPECT_NE(aborted.message().find("SIGABRT"), std::string::npos) << aborted.message();
  expect_works();
}

TEST_F(RemoteDeviceTest, AKernelThatNeverReturnsEndsAtTheCpuLimit) {
  RunOptions options;
  options.deadline_ms = 20;
  const Error error = run_error("loop", options);
  EXPECT_EQ(error.code(), ErrorCode::kDeadline);
  EXPECT_NE(error.message().find("running: endless on AIC 0"), std::string::npos) << error.message();
  expect_works();
  options.deadline_ms = 1'000'000;
  EXPECT_NO_THROW(run(1, options));
}

TEST_F(RemoteDeviceTest, TheEnvironmentsDeadlineIsForRunsThatNameNone) {
  ::setenv("TW_DEADLINE", "0.02", 1);
  RemoteDevice device(find_platform("a2a3sim"), fake());
  ::unsetenv("TW_DEADLINE");
  device.load(0, fake_image("loop"));
  try {
    device.run(0, *args_, {}, {});
    ADD_FAILURE() << "the run ended";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kDeadline) << error.what();
  }
}

TEST_F(RemoteDeviceTest, ASignalFromOutsideIsNoCrashOfTheKernel) {
  device_.load(0, fake_image("loop"));
  const pid_t device = device_.process_id();
  std::thread killer([device, before = cpu_ticks(device)] {
    while (cpu_ticks(device) == before) std::this_thread::yield();  // until it runs
    ::kill(device, SIGSEGV);
  });
  try {
    run(0);
    ADD_FAILURE() << "the run ended";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kDeviceLost);
    const std::string sender = "SIGSEGV, sent by process " + std::to_string(::getpid());
    EXPECT_NE(error.message().find(sender), std::string::npos) << error.message();
    EXPECT_NE(error.message().find("in flight: the run of callable"), std::string::npos) << error.message();
  }
  killer.join();
  expect_works();
}

TEST_F(RemoteDeviceTest, ADeviceThatCannotGoOnSaysWhyAndIsReplaced) {
  const Error memory = run_error("throw 0");
  EXPECT_EQ(memory.code(), ErrorCode::kDeviceMemory) << memory.message();
  EXPECT_NE(memory.message().find("no memory left"), std::string::npos) << memory.message();
  EXPECT_EQ(device_.process_id(), -1) << "ended and reaped";
  const Error other = run_error("throw 1");
  EXPECT_EQ(other.code(), ErrorCode::kDeviceLost);
  EXPECT_NE(other.message().find("so it goes"), std::string::npos) << other.message();
  EXPECT_EQ(run_error("terminate").code(), ErrorCode::kDeviceMemory) << "on another thread";
  expect_works();
}

TEST_F(RemoteDeviceTest, AStoppedDeviceIsEndedLikeAnyOther) {
  ::kill(device_.process_id(), SIGSTOP);
  int status = 0;
  ASSERT_EQ(::waitpid(device_.process_id(), &status, WUNTRACED), device_.process_id());
  ASSERT_TRUE(WIFSTOPPED(status));
}  // the destructor returns

/// What is written to stderr, line by line, while it lives.
class StderrLines {
 public:
  StderrLines() : saved_(::dup(2)) {
    EXPECT_EQ(::pipe(ends_), 0);
    ::dup2(ends_[1], 2);
    ::close(ends_[1]);
  }
  ~StderrLines() { restore(); }
  /// Blocks for one; empty once restore() was called and all was read.
  std::string next() {
    std::string line;
    for (char c = 0; ::read(ends_[0], &c, 1) == 1 && c != '\n';) line.push_back(c);
    return line;
  }
  void restore() {
    if (saved_ < 0) return;
    ::dup2(saved_, 2);
    ::close(saved_);
    saved_ = -1;
  }

 private:
  int saved_;
  int ends_[2] = {-1, -1};
};

TEST_F(RemoteDeviceTest, WhoeverWaitsForAStoppedDeviceIsTold) {
  device_.load(1, fake_image("echo"));
  const pid_t device = device_.process_id();
  std::string said;
  StderrLines lines;
  ::kill(device, SIGSTOP);
  std::thread reader([&] {
    said = lines.next();
    ::kill(device, SIGCONT);
  });
  EXPECT_NO_THROW(run(1));
  reader.join();
  lines.restore();
  const std::string expected = "device 3 (a2a3sim): process " + std::to_string(device) + " is stopped; waiting for the run of callable";
  EXPECT_NE(said.find(expected), std::string::npos) << said;
  EXPECT_EQ(device_.process_id(), device);
}

TEST_F(RemoteDeviceTest, MemoryAndCallablesOutliveTheProcess) {
  device_.load(1, fake_image("touch"));
  device_.load(2, fake_image("echo"));
  const uint64_t memory = device_.allocate(16);
  uint8_t data[16] = {1, 2, 3};
  device_.copy_to_device(memory, data, 16);
  EXPECT_EQ(run_error("raise 11").code(), ErrorCode::kKernelCrashed);
  EXPECT_EQ(device_.process_id(), -1) << "reaped";
  const uint32_t shape[] = {16};
  args_->add_tensor(make_tensor_external(reinterpret_cast<void*>(memory), shape, 1, DataType::UINT8));
  run(1);
  device_.copy_from_device(data, memory, 16);
  EXPECT_EQ(data[1], 3);
  EXPECT_EQ(run(2).task_count, uint64_t{1} << 32);
}

TEST_F(RemoteDeviceTest, ADeathWhileIdleIsRepairedSilently) {
  device_.load(1, fake_image("echo"));
  ::kill(device_.process_id(), SIGKILL);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(device_.process_id()), &info, WEXITED | WNOWAIT), 0);
  EXPECT_NO_THROW(run(1));
}

TEST_F(RemoteDeviceTest, FiftyCrashesLeaveNoDescriptorAndNoZombie) {
  EXPECT_EQ(run_error("raise 11").code(), ErrorCode::kKernelCrashed);
  const size_t before = open_descriptors();
  for (int i = 0; i < 25; ++i) {
    EXPECT_EQ(run_error("raise 11").code(), ErrorCode::kKernelCrashed);
    EXPECT_EQ(run_error("exit 1").code(), ErrorCode::kDeviceLost);
  }
  EXPECT_LE(open_descriptors(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "no child is left";
  EXPECT_EQ(errno, ECHILD);
  expect_works();
}

TEST_F(RemoteDeviceTest, AnApplicationThatIgnoresSigchldGetsTheErrorToo) {
  const auto previous = ::signal(SIGCHLD, SIG_IGN);
  EXPECT_EQ(run_error("exit 1").code(), ErrorCode::kDeviceLost);
  expect_works();
  ::signal(SIGCHLD, previous);
}

TEST_F(RemoteDeviceTest, AForkedChildCannotUseItAndDoesNotEndIt) {
  device_.load(1, fake_image("echo"));
  const pid_t child = ::fork();
  if (child == 0) {
    int result = 1;
    try {
      run(1);
    } catch (const Error& error) {
      result = error.code() == ErrorCode::kUnsupported ? 0 : 2;
    }
    device_.~RemoteDevice();
    ::_exit(result);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  const pid_t before = device_.process_id();
  EXPECT_NO_THROW(run(1));
  EXPECT_EQ(device_.process_id(), before);
}

TEST_F(RemoteDeviceTest, TwoDevicesAreIndependent) {
  RemoteDevice other(find_platform("a5sim"), fake());
  other.load(0, fake_image("echo"));
  EXPECT_NE(other.process_id(), device_.process_id());
  EXPECT_NE(other.allocate(64), device_.allocate(64));
  EXPECT_EQ(run_error("raise 11").code(), ErrorCode::kKernelCrashed);
  EXPECT_NO_THROW(other.run(0, *args_, {}, {}));
}

TEST_F(RemoteDeviceTest, BadRequestsAreRefused) {
  const auto code = [](auto action) {
    try {
      action();
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::kOk;
  };
  uint8_t byte = 0;
  EXPECT_EQ(code([&] { run(77); }), ErrorCode::kUnknownHandle);
  EXPECT_EQ(code([&] { device_.unload(77); }), ErrorCode::kUnknownHandle);
  EXPECT_EQ(code([&] { device_.load(0, {}); }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code([&] { device_.load(0, fake_image("nonsense")); }), ErrorCode::kSymbolMissing);
  EXPECT_EQ(code([&] { device_.check_range(64, 1); }), ErrorCode::kOutOfBounds);
  EXPECT_EQ(code([&] { device_.copy_to_device(64, &byte, 1); }), ErrorCode::kOutOfBounds);
  EXPECT_EQ(code([&] { device_.copy_from_device(&byte, 64, 1); }), ErrorCode::kOutOfBounds);
}

TEST_F(RemoteDeviceTest, UnloadedCallablesAreGone) {
  device_.load(1, fake_image("echo"));
  device_.unload(1);
  EXPECT_THROW(run(1), Error);
  device_.load(1, fake_image("echo"));
  EXPECT_NO_THROW(run(1));
}

}  // namespace
}  // namespace tilewright
