#include <chrono>
#include <memory>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "exec/fiber.h"
#include "systems.h"
#include "tilewright/callable.h"
#include "toolchain/toolchain.h"
#include "worker/remote_device.h"

namespace tilewright::bench {
namespace {

constexpr const char* kSystem = "tilewright";
constexpr const char* kInProcess = "tilewright, in process";
constexpr uint32_t kElements = 256;

std::vector<uint8_t> hello_image() {
  Store store;
  return build_callable(load_callable_spec(TW_SOURCE_DIR "/examples/hello/callable.json"), {}, store).image;
}

/// examples/hello, c = a + b, on a device of its own. At this level and not at ChipWorker's, whose staging is no affair of the device.
class HelloDevice {
 public:
  HelloDevice(std::unique_ptr<Device> device, const std::vector<uint8_t>& image) : device_(std::move(device)) {
    device_->load(0, image);
    const float values[] = {1, 2, 0};
    for (const float value : values) {
      const uint64_t address = device_->allocate(kElements * sizeof(float));
      std::vector<float> content(kElements, value);
      device_->copy_to_device(address, content.data(), kElements * sizeof(float));
      const uint32_t shape[] = {kElements};
      args_->add_tensor(make_tensor_external(reinterpret_cast<void*>(address), shape, 1));
      last_ = address;
    }
  }
  void run() { device_->run(0, *args_, {}, {}); }
  void check() {
    float value = 0;
    device_->copy_from_device(&value, last_, sizeof value);
    if (value != 3) throw Error(ErrorCode::kMismatch, "1 + 2 gave " + std::to_string(value));
  }

 private:
  std::unique_ptr<Device> device_;
  std::unique_ptr<ChipStorageTaskArgs> args_ = std::make_unique<ChipStorageTaskArgs>();
  uint64_t last_ = 0;
};

/// A program that does what its scalar says: 1 crashes, 2 never returns, 3 waits for a flag that nobody sets.
std::vector<uint8_t> bad_image() {
  const TemporaryDirectory directory;
  write_file_atomically((directory.path() / "orchestration.cpp").string(), R"(
#include "pto_orchestration_api.h"
extern "C" void aicpu_orchestration_entry(const ChipTaskArgs &orch) {
  CoreTaskArgs args;
  args.add_inout(orch.tensor(0).ref());
  args.add_scalar(orch.scalar(0));
  rt_submit_aiv_task(0, args);
}
)");
  write_file_atomically((directory.path() / "bad.cpp").string(), R"(
#include <pto/pto-inst.hpp>
extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  if (args[1] == 1) *reinterpret_cast<volatile int *>(uintptr_t{0x40}) = 1;
  if (args[1] == 2) for (volatile int i = 0;; i = 1) {}
  if (args[1] == 3) wait_flag_dev(3);
}
)");
  CallableSpec spec;
  spec.name = "bad";
  spec.base_dir = directory.path();
  spec.orchestration.source = "orchestration.cpp";
  spec.incores.push_back({0, "bad.cpp", CoreType::AIV, {}, "bad", {}});
  Store store;
  return build_callable(spec, {}, store).image;
}

std::unique_ptr<RemoteDevice> start_device(int id) {
  return std::make_unique<RemoteDevice>(find_platform("a2a3sim"), RemoteDevice::Options{.program = {}, .device_id = id});
}

/// Runs of `devices` devices at once, a client thread each; per second, all together.
std::vector<double> throughput(const Sizes& sizes, const std::vector<uint8_t>& image, int devices) {
  std::vector<std::unique_ptr<HelloDevice>> all;
  for (int i = 0; i < devices; ++i) all.push_back(std::make_unique<HelloDevice>(start_device(i), image));
  const int runs = sizes.burst / devices;
  const auto burst = [&] {
    std::vector<std::thread> clients;
    for (auto& device : all) {
      clients.emplace_back([&device, runs] {
        for (int i = 0; i < runs; ++i) device->run();
      });
    }
    for (std::thread& client : clients) client.join();
  };
  std::vector<double> samples = in_bulk(sizes.repeats, burst, [&](double seconds) { return runs * devices / seconds; });
  for (auto& device : all) device->check();
  return samples;
}

/// How long it takes from what goes wrong to the error, and from there to the next result.
class Mishaps {
 public:
  Mishaps() : device_(start_device(0)) {
    device_->load(0, bad_image());
    const uint32_t shape[] = {16};
    args_->add_tensor(make_tensor_external(reinterpret_cast<void*>(device_->allocate(64)), shape, 1));
    args_->add_scalar(uint64_t{0});
    run(0);
  }
  void run(uint64_t what, uint64_t deadline_ms = 0) {
    args_->scalar(0) = what;
    RunOptions options;
    options.deadline_ms = deadline_ms;
    device_->run(0, *args_, {}, options);
  }
  /// In microseconds; throws Error(kInternal) if the error is another.
  double until_error(uint64_t what, ErrorCode expected, uint64_t deadline_ms = 0) {
    const auto start = std::chrono::steady_clock::now();
    try {
      run(what, deadline_ms);
    } catch (const Error& error) {
      if (error.code() != expected) throw;
      return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
    }
    throw Error(ErrorCode::kInternal, "a run that goes wrong succeeded");
  }

 private:
  std::unique_ptr<RemoteDevice> device_;
  std::unique_ptr<ChipStorageTaskArgs> args_ = std::make_unique<ChipStorageTaskArgs>();
};

std::vector<double> switches(const Sizes& sizes) {
  Fiber fiber(64 << 10);
  fiber.start([&fiber] {
    for (;;) fiber.suspend();
  });
  const auto work = [&] {
    for (int i = 0; i < sizes.switches; ++i) fiber.resume();
  };
  return in_bulk(sizes.repeats, work, [&](double seconds) { return seconds * 1e9 / sizes.switches; });
}

}  // namespace

std::vector<Row> measure_tilewright(const Sizes& sizes) {
  std::vector<Row> rows;
  const std::vector<uint8_t> image = hello_image();
  const auto add = [&rows](const char* system, const char* what, const char* metric, const char* unit, std::vector<double> samples) {
    rows.push_back(make_row(system, what, metric, unit));
    rows.back().set_samples(std::move(samples));
  };
  {
    HelloDevice device(start_device(0), image);
    add(kSystem, kRoundTrip, "time", "us", each_in_us(sizes.runs, [&] { device.run(); }));
    add(kSystem, kAfterPause, "time", "us", each_after_pause_in_us(sizes.pauses, [&] { device.run(); }));
    device.check();
  }
  {
    HelloDevice device(make_simulated_device(find_platform("a2a3sim")), image);
    add(kInProcess, kRoundTrip, "time", "us", each_in_us(sizes.runs, [&] { device.run(); }));
    add(kInProcess, kAfterPause, "time", "us", each_after_pause_in_us(sizes.pauses, [&] { device.run(); }));
    device.check();
  }
  std::unique_ptr<RemoteDevice> device;
  add(kSystem, kStart, "time", "us", each_in_us(sizes.starts, [&] {
        device.reset();
        device = start_device(0);
      }));
  add(kSystem, kMemory, "memory", "KiB", {proportional_kib(device->process_id())});
  add(kSystem, kResident, "memory", "KiB", {memory_kib(device->process_id(), "Rss")});
  {
    auto remote = start_device(0);
    const int pid = remote->process_id();
    HelloDevice used(std::move(remote), image);
    used.run();
    add(kSystem, kMemoryUsed, "memory", "KiB", {proportional_kib(pid)});
  }
  add(kSystem, kThroughputOne, "rate", "1/s", throughput(sizes, image, 1));
  add(kSystem, kThroughputEight, "rate", "1/s", throughput(sizes, image, 8));
  {
    Mishaps device;
    std::vector<double> crashes, recoveries, deadlocks, deadlines;
    for (int i = 0; i < sizes.starts; ++i) {
      crashes.push_back(device.until_error(1, ErrorCode::kKernelCrashed));
      const auto start = std::chrono::steady_clock::now();
      device.run(0);
      recoveries.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
      deadlocks.push_back(device.until_error(3, ErrorCode::kDeadlock));
      constexpr uint64_t kDeadlineMs = 20;
      deadlines.push_back(device.until_error(2, ErrorCode::kDeadline, kDeadlineMs) - kDeadlineMs * 1000.0);
      device.run(0);
    }
    add(kSystem, kCrash, "time", "us", std::move(crashes));
    add(kSystem, kRecovery, "time", "us", std::move(recoveries));
    add(kSystem, kDeadlock, "time", "us", std::move(deadlocks));
    add(kSystem, kDeadline, "time", "us", std::move(deadlines));
  }
  add("tilewright, Fiber", kSwitch, "time", "ns", switches(sizes));
  return rows;
}

}  // namespace tilewright::bench
