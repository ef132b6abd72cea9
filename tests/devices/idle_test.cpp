// An idle device uses no processor time, whatever it did before.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <exception>
#include <thread>
#include <vector>

#include "base/file.h"
#include "campaign.h"
#include "processes.h"
#include "tilewright/worker.h"

namespace tilewright::faults {
namespace {

uint64_t cpu_ns(pid_t pid) {
  clockid_t clock{};
  timespec time{};
  EXPECT_EQ(::clock_getcpuclockid(pid, &clock), 0);
  EXPECT_EQ(::clock_gettime(clock, &time), 0);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

/// The processor time that a device uses while nothing is asked of it, in parts of the time that passes: its own clock is read before
/// and after a period of at least a second, in which only the end of its process is waited for. A busy host makes the period longer,
/// and an idle device's share smaller.
double idle_share(int device_id) {
  const pid_t pid = device_process(device_id);
  EXPECT_NE(pid, 0);
  pollfd end{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)), POLLIN, 0};
  const FileDescriptor owner(end.fd);
  const uint64_t before = cpu_ns(pid);
  timespec start{};
  timespec stop{};
  ::clock_gettime(CLOCK_MONOTONIC, &start);
  EXPECT_EQ(::poll(&end, 1, 1000), 0) << "the device ended";
  ::clock_gettime(CLOCK_MONOTONIC, &stop);
  const double period = static_cast<double>(stop.tv_sec - start.tv_sec) * 1e9 + static_cast<double>(stop.tv_nsec - start.tv_nsec);
  return static_cast<double>(cpu_ns(pid) - before) / period;
}

constexpr double kLimit = 0.001;

WorkerOptions device(int id) {
  WorkerOptions options;
  options.device_id = id;
  return options;
}

void run_good(ChipWorker& worker, CallableHandle handle, uint64_t tasks) {
  std::vector<float> x(1024, 1);
  worker.run(
      handle,
      TaskArguments().add_tensor(x.data(), DataType::FLOAT32, {1024}, ArgDirection::INOUT).add_scalar(tasks).add_scalar(uint64_t{0}));
  ASSERT_EQ(x[0], 1.0f + static_cast<float>(tasks));
}

TEST(IdleDevice, UsesNoProcessorTimeWhenFresh) {
  ChipWorker worker(device(1));
  worker.init();
  EXPECT_LT(idle_share(1), kLimit);
}

TEST(IdleDevice, UsesNoProcessorTimeAfterRunsAndWithCallablesLoaded) {
  ChipWorker worker(device(2));
  std::vector<CallableHandle> handles;
  for (int i = 0; i < 50; ++i) handles.push_back(worker.register_callable(campaign_image()));
  for (const CallableHandle handle : handles) run_good(worker, handle, 20);
  EXPECT_LT(idle_share(2), kLimit);
}

// The kernel polls device memory, which the host could write; the simulator cannot know that it will not.
TEST(IdleDevice, UsesNextToNoProcessorTimeWhileItsKernelsPollForTheHost) {
  ChipWorker worker(device(4));
  const CallableHandle handle = worker.register_callable(campaign_image());
  std::thread client([&] {
    std::vector<float> x(1024, 1);
    constexpr uint64_t kPollsForEver = 3;
    RunOptions options;
    options.deadline_ms = kNoDeadline;
    EXPECT_THROW(worker.run(handle,
                            TaskArguments()
                                .add_tensor(x.data(), DataType::FLOAT32, {1024}, ArgDirection::INOUT)
                                .add_scalar(uint64_t{1})
                                .add_scalar(kPollsForEver),
                            {}, options),
                 std::exception);
  });
  // It polls ever more seldom. A busy host may let it begin late: the last of many periods is the quietest.
  double share = 1;
  for (int period = 0; period < 20 && share >= kLimit; ++period) share = idle_share(4);
  EXPECT_LT(share, kLimit);
  ::kill(device_process(4), SIGKILL);
  client.join();
}

TEST(IdleDevice, UsesNoProcessorTimeAfterARunThatFailed) {
  ChipWorker worker(device(3));
  const CallableHandle handle = worker.register_callable(campaign_image());
  std::vector<float> x(1024, 1);
  constexpr uint64_t kWaitsInVain = 4;
  EXPECT_THROW(worker.run(handle, TaskArguments()
                                      .add_tensor(x.data(), DataType::FLOAT32, {1024}, ArgDirection::INOUT)
                                      .add_scalar(uint64_t{3})
                                      .add_scalar(kWaitsInVain)),
               std::exception);
  EXPECT_LT(idle_share(3), kLimit);
  run_good(worker, handle, 5);
}

}  // namespace
}  // namespace tilewright::faults
