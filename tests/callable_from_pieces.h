// Callables of tests, from pieces of source.
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include "base/file.h"
#include "toolchain/toolchain.h"

namespace tilewright {

struct KernelPiece {
  CoreType type;
  std::string name;
  std::string body;  ///< of kernel_entry(int64_t *args)
};

/// A callable with one tensor, x; `submit` is the orchestration entry's body, and `kernel_head` stands in front of each kernel's entry, behind
/// the headers. In a store of this process.
inline std::vector<uint8_t> build_from_pieces(const std::string& submit, const std::string& kernel_head,
                                              const std::vector<KernelPiece>& kernels, const std::string& platform = "a2a3sim") {
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
)" << kernel_head << "extern \"C\" __aicore__ void kernel_entry(__gm__ int64_t *args) {\n"
                                             << kernels[i].body << "\n}\n";
    spec.incores.push_back({static_cast<int32_t>(i), source, kernels[i].type, {}, kernels[i].name, {}});
  }
  return build_callable(spec, {.platform_arch = platform}, store).image;
}

}  // namespace tilewright
