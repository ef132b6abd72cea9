// Tilewright itself: an orchestration and kernels, compiled from source and run by the simulated device in this process.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "platform/device.h"
#include "task_overhead/system.h"
#include "task_overhead/tilewright/workload.h"
#include "toolchain/toolchain.h"

namespace tilewright::bench {
namespace {

class Tilewright : public System {
 public:
  std::string name() const override { return "tilewright"; }
  bool sees_memory() const override { return true; }

  void prepare(const Workload& workload, const Order&, const Conditions& conditions) override {
    memory_.emplace(workload.slot_count, conditions.layout);
    input_ = {&workload, memory_->addresses(), nullptr, conditions.layout};

    CallableSpec spec;
    spec.name = "task_overhead";
    spec.base_dir = TW_BENCH_DIR "/task_overhead/tilewright";
    spec.orchestration.source = "orchestration.cpp";
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
    report_ = device_->run(0, arguments_, {}, options_);
    return {std::chrono::nanoseconds(report_.run_ns)};
  }

 private:
  std::vector<uint64_t> heap_mib() const {
    std::vector<uint64_t> sizes;
    for (uint64_t bytes : report_.heap_bytes) sizes.push_back(bytes >> 20);
    return sizes;
  }

  std::optional<SlotMemory> memory_;
  OrchestrationInput input_{};
  std::unique_ptr<Device> device_;
  RunOptions options_;
  RunReport report_;
  ChipStorageTaskArgs arguments_;
};

}  // namespace
}  // namespace tilewright::bench

int main(int argc, char** argv) {
  tilewright::bench::Tilewright system;
  return tilewright::bench::system_main(argc, argv, system);
}
