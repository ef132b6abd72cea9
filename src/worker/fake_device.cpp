#include "worker/fake_device.h"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <new>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "base/error.h"
#include "platform/arena.h"
#include "platform/code_cache.h"
#include "platform/crash_report.h"
#include "task/callable.h"

namespace tilewright {
namespace {

class FakeDevice : public Device {
 public:
  FakeDevice(const PlatformInfo& info, int arena_fd)
      : info_(info),
        arena_(arena_fd >= 0 ? std::make_unique<DeviceArena>(arena_fd) : std::make_unique<DeviceArena>(info.memory_bytes, 1 << 20)) {}

  const PlatformInfo& platform() const override { return info_; }
  uint64_t allocate(uint64_t bytes) override { return arena_->allocate(bytes); }
  void free(uint64_t address) override { arena_->free(address); }
  void check_range(uint64_t address, uint64_t bytes) const override { arena_->check_range(address, bytes); }
  void copy_to_device(uint64_t address, const void* source, uint64_t bytes) override {
    arena_->check_range(address, bytes);
    std::memcpy(reinterpret_cast<void*>(address), source, bytes);
  }
  void copy_from_device(void* destination, uint64_t address, uint64_t bytes) override {
    arena_->check_range(address, bytes);
    std::memcpy(destination, reinterpret_cast<const void*>(address), bytes);
  }

  void load(uint32_t slot, std::span<const uint8_t> image) override {
    Loaded loaded{{image.begin(), image.end()}, {}, 0};
    const CallableParts parts = parse_chip_callable(loaded.image);
    std::istringstream text(std::string(parts.orchestration.begin(), parts.orchestration.end()));
    text >> loaded.verb >> loaded.number;
    static constexpr std::string_view kVerbs = " noop scale touch aliases echo call fail exit raise loop sleep throw terminate ";
    if (kVerbs.find(" " + loaded.verb + " ") == std::string_view::npos) {
      throw Error(ErrorCode::kSymbolMissing, "the fake device does not know '" + loaded.verb + "'");
    }
    code_.erase(slot);
    callables_[slot] = std::move(loaded);
  }
  void unload(uint32_t slot) override {
    code_.erase(slot);
    callables_.erase(slot);
  }

  RunReport run(uint32_t slot, const ChipStorageTaskArgs& args, const CallConfig& config, const RunOptions& options) override {
    const Loaded& callable = callables_.at(slot);
    const std::string& verb = callable.verb;
    RunReport report;
    if (verb == "scale") scale(args, static_cast<float>(callable.number));
    if (verb == "touch") touch(args);
    if (verb == "aliases") {
      const PTOBufferHandle a = args.tensor(0).buffer;
      const PTOBufferHandle b = args.tensor(1).buffer;
      report.task_count = a.addr < b.addr + b.size && b.addr < a.addr + a.size ? 1 : 0;
    }
    if (verb == "echo") echo(args, config, options, report);
    if (verb == "call") call(slot, callable, args);
    if (verb == "fail") {
      throw Error(ErrorCode::kRunFailed, std::string(static_cast<size_t>(callable.number) << 10, 'x') + "!", "a hint", -callable.number);
    }
    if (verb == "exit") ::_exit(callable.number);
    if (verb == "raise") ::raise(callable.number);
    if (verb == "loop") {
      *crash_context() = {"endless", "AIC 0"};
      for (;;) asm volatile("" ::: "memory");  // the context counts as read
    }
    while (verb == "sleep") ::pause();
    if (verb == "throw" && callable.number == 0) throw std::bad_alloc();
    if (verb == "throw") throw std::runtime_error("so it goes");
    if (verb == "terminate") std::thread([] { throw std::bad_alloc(); }).join();
    return report;
  }

 private:
  struct Loaded {
    std::vector<uint8_t> image;
    std::string verb;
    int number;
  };

  static void scale(const ChipStorageTaskArgs& args, float factor) {
    const auto* in = args.tensor(0).data_as<float>();
    auto* out = args.tensor(1).data_as<float>();
    for (uint64_t i = 0; i < args.tensor(0).extent_elem(); ++i) out[i] = factor * in[i];
  }

  static void touch(const ChipStorageTaskArgs& args) {
    for (int32_t t = 0; t < args.tensor_count(); ++t) {
      auto* bytes = args.tensor(t).data_as<uint8_t>();
      for (uint64_t i = 0; i < args.tensor(t).buffer.size; ++i) ++bytes[i];
    }
  }

  static void echo(const ChipStorageTaskArgs& args, const CallConfig& config, const RunOptions& options, RunReport& report) {
    report.task_count = static_cast<uint64_t>(args.tensor_count()) << 32 | static_cast<uint64_t>(args.scalar_count());
    report.run_ns = args.scalar_count() > 0 ? args.scalar(args.scalar_count() - 1) : 0;
    report.aic_cores_used = static_cast<uint32_t>(options.aic_cores);
    report.aiv_cores_used = static_cast<uint32_t>(options.host_threads);
    std::memcpy(report.task_window, config.runtime_env.ring_task_window, sizeof report.task_window);
    report.heap_bytes[0] = static_cast<uint64_t>(options.runtime);
    for (int32_t i = 0; options.record_dependencies && i < 3; ++i) {
      report.edges.push_back({PTO2TaskId::make(0, 1), PTO2TaskId::make(1, static_cast<uint32_t>(i)), EdgeSource::kTensorMap, -1, 64});
      report.tasks.push_back({PTO2TaskId::make(2, 3), {i, -1, -1}});
    }
  }

  void call(uint32_t slot, const Loaded& callable, const ChipStorageTaskArgs& args) {
    const CallableParts parts = parse_chip_callable(callable.image);
    const CodeCache::Pin code = code_.acquire(slot, parts.kernels.at(0).binary, "kernel_0.so");
    int64_t words[64] = {};
    for (int32_t i = 0; i < args.tensor_count(); ++i) words[i] = reinterpret_cast<int64_t>(&args.tensor(i));
    *crash_context() = {"kernel 0", "AIV 0"};
    code->function<void(int64_t*)>("kernel_entry")(words);
    *crash_context() = {};
  }

  const PlatformInfo& info_;
  std::unique_ptr<DeviceArena> arena_;
  CodeCache code_;
  std::map<uint32_t, Loaded> callables_;
};

}  // namespace

std::unique_ptr<Device> make_fake_device(const PlatformInfo& info, int arena_fd) { return std::make_unique<FakeDevice>(info, arena_fd); }

std::vector<uint8_t> fake_image(std::string_view orchestration, std::vector<ArgDirection> signature, const std::vector<uint8_t>& kernel) {
  CallableParts parts;
  parts.entry_name = "aicpu_orchestration_entry";
  parts.signature = std::move(signature);
  parts.orchestration = {reinterpret_cast<const uint8_t*>(orchestration.data()), orchestration.size()};
  if (!kernel.empty()) parts.kernels.push_back({0, CoreType::AIV, {}, kernel});
  return build_chip_callable(parts);
}

}  // namespace tilewright
