// What the tests of schedules share: callables from pieces of source, on a device.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "tilewright/worker.h"
#include "toolchain/toolchain.h"

namespace tilewright::schedules_test {

struct Kernel {
  CoreType type;
  std::string name;
  std::string body;  ///< of kernel_entry(int64_t *args)
};

/// A callable with one tensor, x, of int32; `submit` is the orchestration entry's body.
inline std::vector<uint8_t> build(const std::string& submit, const std::vector<Kernel>& kernels) {
  static const TemporaryDirectory store_directory;
  static Store store(store_directory.path());
  const TemporaryDirectory directory;
  std::ofstream(directory.path() / "orchestration.cpp") << R"(
#include "pto_orchestration_api.h"
[[maybe_unused]] static MixedKernels mixed(int32_t aic, int32_t aiv0, int32_t aiv1) {
  MixedKernels kernels;
  kernels.aic_kernel_id = aic;
  kernels.aiv0_kernel_id = aiv0;
  kernels.aiv1_kernel_id = aiv1;
  return kernels;
}
extern "C" void aicpu_orchestration_entry(const ChipTaskArgs &orch) {
  const ChipTensor &x = orch.tensor(0).ref();
)" << submit << "\n}\n";
  CallableSpec spec;
  spec.name = "callable";
  spec.base_dir = directory.path();
  spec.orchestration.source = "orchestration.cpp";
  for (size_t i = 0; i < kernels.size(); ++i) {
    const std::string source = kernels[i].name + ".cpp";
    std::ofstream(directory.path() / source) << R"(
#include <pto/pto-inst.hpp>
#include "intrinsic.h"
#include "tensor.h"
using namespace pto;
template <typename T = int32_t> [[maybe_unused]] static T *data_of(int64_t argument) {
  const ChipTensor &t = *reinterpret_cast<ChipTensor *>(argument);
  return t.data_as<T>() + t.start_offset;
}
using Acc = TileAcc<float, 16, 16>;
using Half = Tile<TileType::Vec, float, 8, 16>;
using Row = Tile<TileType::Vec, int32_t, 1, 64>;
using Line = GlobalTensor<int32_t, Shape<1, 1, 1, 1, 64>, Stride<64, 64, 64, 64, 1>>;
extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
)" << kernels[i].body << "\n}\n";
    spec.incores.push_back({static_cast<int32_t>(i), source, kernels[i].type, {}, kernels[i].name, {}});
  }
  return build_callable(spec, {}, store).image;
}

/// A device with one callable.
class Program {
 public:
  explicit Program(const std::vector<uint8_t>& image, bool in_process = true)
      : worker_([&] {
          WorkerOptions options;
          options.in_process = in_process;
          return options;
        }()),
        handle_(worker_.register_callable(image)) {}

  /// Runs with x; the error's text, empty if there was none.
  std::string run(std::vector<int32_t>& x, const RunOptions& options = {}) {
    try {
      report =
          worker_.run(handle_, TaskArguments().add_tensor(x.data(), DataType::INT32, {static_cast<int64_t>(x.size())}, ArgDirection::INOUT),
                      {}, options);
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }
  RunReport report;

 private:
  ChipWorker worker_;
  CallableHandle handle_;
};

inline RunOptions with_seed(uint64_t seed, const std::string& log = {}) {
  RunOptions options;
  options.sim_seed = seed;
  options.sim_log = log;
  return options;
}

}  // namespace tilewright::schedules_test
