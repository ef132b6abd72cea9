// Callables that tests write as text: an orchestration's body and the kernels it uses.
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include "base/file.h"
#include "tilewright/callable.h"
#include "toolchain/toolchain.h"

namespace tilewright {

/// AIV kernel 0: t[i] = t[i] * a + b, for a tensor of floats and two float scalars. Not commutative: its results tell the order.
inline constexpr const char* kScaleKernel = R"(
#include <pto/pto-inst.hpp>
#include "tensor.h"
extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  const ChipTensor &t = *reinterpret_cast<ChipTensor *>(args[0]);
  const float a = from_u64<float>(static_cast<uint64_t>(args[1])), b = from_u64<float>(static_cast<uint64_t>(args[2]));
  float *data = t.data_as<float>() + t.start_offset;
  for (uint32_t i = 0; i < t.shapes[0]; ++i) data[i] = data[i] * a + b;
}
)";
/// AIV kernel 1: out[i] = a[i] + b[i], tensors a, b, out.
inline constexpr const char* kAddKernel = R"(
#include <pto/pto-inst.hpp>
#include "tensor.h"
extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  const ChipTensor *t[3];
  for (int i = 0; i < 3; ++i) t[i] = reinterpret_cast<ChipTensor *>(args[i]);
  const auto data = [&](int i) { return t[i]->data_as<float>() + t[i]->start_offset; };
  for (uint32_t i = 0; i < t[2]->shapes[0]; ++i) data(2)[i] = data(0)[i] + data(1)[i];
}
)";

/// What stands before an entry's body: helpers that submit kernels 0 and 1.
inline constexpr const char* kOrchestrationHead = R"(
#include "pto_orchestration_api.h"
[[maybe_unused]] static PTO2TaskId scale(const ChipTensor &t, float a, float b) {
  CoreTaskArgs args;
  args.add_inout(t);
  args.add_scalar(a, b);
  return rt_submit_aiv_task(0, args).task_id();
}
)";

/// A callable of `kernels` (AIV, func_id by position) and an orchestration source.
inline std::vector<uint8_t> build_from_text(const std::string& orchestration,
                                            const std::vector<std::string>& kernels = {kScaleKernel, kAddKernel},
                                            OrchestrationApi api = OrchestrationApi::kCurrent) {
  static const TemporaryDirectory store_directory;
  static Store store(store_directory.path());
  const TemporaryDirectory directory;
  std::ofstream(directory.path() / "orchestration.cpp") << orchestration;
  CallableSpec spec;
  spec.name = "callable";
  spec.base_dir = directory.path();
  spec.orchestration.source = "orchestration.cpp";
  spec.orchestration.api = api;
  for (size_t i = 0; i < kernels.size(); ++i) {
    const std::string name = "kernel_" + std::to_string(i) + ".cpp";
    std::ofstream(directory.path() / name) << kernels[i];
    spec.incores.push_back({static_cast<int32_t>(i), name, CoreType::AIV, {}, "", {}});
  }
  return build_callable(spec, {}, store).image;
}

/// kOrchestrationHead, `before`, and an entry with this body; x is its first tensor.
inline std::vector<uint8_t> build_body(const std::string& body, const std::string& before = "") {
  return build_from_text(kOrchestrationHead + before +
                         "\nextern \"C\" void aicpu_orchestration_entry(const ChipTaskArgs &orch) {\n"
                         "  [[maybe_unused]] const ChipTensor &x = orch.tensor(0).ref();\n" +
                         body + "\n}\n");
}

}  // namespace tilewright
