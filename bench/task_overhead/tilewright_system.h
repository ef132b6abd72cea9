// Tilewright as a system of bench/task_overhead: an orchestration and kernels, compiled from source and run by the simulated device
// in this process. What differs is the orchestration and the runtime variant.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "platform/device.h"
#include "task_overhead/system.h"
#include "task_overhead/tilewright/workload.h"
#include "toolchain/toolchain.h"

namespace tilewright::bench {

/// How the engine is used.
struct TilewrightUse {
  std::string name;           ///< of the system
  std::string orchestration;  ///< a source in tilewright/
  RuntimeVariant runtime = RuntimeVariant::kTensormapAndRingbuffer;
};

class Tilewright : public System {
 public:
  explicit Tilewright(TilewrightUse use) : use_(std::move(use)) {}

  std::string name() const override { return use_.name; }
  bool sees_memory() const override { return true; }

  void prepare(const Workload& workload, const Order&, const Conditions& conditions) override {
    memory_.emplace(workload.slot_count, conditions.layout);
    input_ = {&workload, memory_->addresses(), nullptr, conditions.layout, nullptr, 0};

    CallableSpec spec;
    spec.name = "task_overhead";
    spec.base_dir = TW_BENCH_DIR "/task_overhead/tilewright";
    spec.orchestration.source = use_.orchestration;
    for (int32_t tensors : {1, 2, 3, 32}) {  // what the shapes' tasks have
      KernelSpec kernel;
      kernel.func_id = tensors;
      kernel.source = fmt::format("stamp_{}.cpp", tensors);
      spec.incores.push_back(kernel);
    }
    Store store;
    const BuiltCallable built = build_callable(spec, {}, store);
    device_ = make_simulated_device(find_platform("a2a3sim"));
    device_->load(0, built.image);
    options_.host_threads = conditions.threads;
    options_.runtime = use_.runtime;
    arguments_.add_scalar(reinterpret_cast<uint64_t>(&input_));
  }

  std::vector<Field> describe() const override {
    const PlatformInfo& platform = device_->platform();
    return {{"discovery", "data"},
            {"version", compiler_version()},
            {"rings", fmt::format("task window {}, heap {} MiB", fmt::join(report_.task_window, " "), fmt::join(heap_mib(), " "))},
            {"cores", fmt::format("{} AIC and {} AIV simulated", platform.aic_cores, 2 * platform.aic_cores)}};
  }

  RunTimes run(StampBoard& board) override {
    input_.board = &board;
    report_ = device_->run(0, arguments_, config_, options_);
    return {std::chrono::nanoseconds(report_.run_ns)};
  }

 protected:
  OrchestrationInput& input() { return input_; }
  CallConfig& config() { return config_; }

 private:
  std::vector<uint64_t> heap_mib() const {
    std::vector<uint64_t> sizes;
    for (uint64_t bytes : report_.heap_bytes) sizes.push_back(bytes >> 20);
    return sizes;
  }

  TilewrightUse use_;
  std::optional<SlotMemory> memory_;
  OrchestrationInput input_{};
  std::unique_ptr<Device> device_;
  RunOptions options_;
  CallConfig config_;
  RunReport report_;
  ChipStorageTaskArgs arguments_;
};

}  // namespace tilewright::bench
