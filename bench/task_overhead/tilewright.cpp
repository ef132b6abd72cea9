// Tilewright itself: an orchestration and kernels, compiled from source and run by the simulated device in this process.
#include <fmt/format.h>

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
            {"rings", "task window 16384 in each of 4 rings, heap 256 MiB each"},
            {"cores", fmt::format("{} AIC and {} AIV simulated", platform.aic_cores, 2 * platform.aic_cores)}};
  }

  RunTimes run(StampBoard& board) override {
    input_.board = &board;
    const RunReport report = device_->run(0, arguments_, {}, options_);
    return {std::chrono::nanoseconds(report.run_ns)};
  }

 private:
  std::optional<SlotMemory> memory_;
  OrchestrationInput input_{};
  std::unique_ptr<Device> device_;
  RunOptions options_;
  ChipStorageTaskArgs arguments_;
};

}  // namespace
}  // namespace tilewright::bench

int main(int argc, char** argv) {
  tilewright::bench::Tilewright system;
  return tilewright::bench::system_main(argc, argv, system);
}
