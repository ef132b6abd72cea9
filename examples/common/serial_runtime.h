// Runs an orchestration and its kernels in this thread, each task as it is submitted, its blocks one after the other:
// submission order is always a valid serial schedule, unless blocks wait for each other. For tests that want no device, no compiler and no dependency engine between them and the sources.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime_ops.h"

namespace tilewright::examples {

using KernelFunction = void (*)(int64_t* args);
using OrchestrationFunction = void (*)(const ChipTaskArgs& args);

/// Which part of a task a call is.
struct BlockPosition {
  int32_t block_idx = 0;
  int32_t block_num = 1;
  int32_t sub_block_id = 0;  ///< 1 for the second vector core of a cluster
};

/// Calls a kernel as a core does. The descriptors must live as long as the call.
void call_kernel(KernelFunction kernel, const std::vector<const ChipTensor*>& tensors, const std::vector<uint64_t>& scalars,
                 BlockPosition position = {});

class SerialRuntime : private PTO2Runtime {
 public:
  /// `kernels` by func_id.
  explicit SerialRuntime(std::map<int32_t, KernelFunction> kernels);

  /// Runs the orchestration to its end. False if it failed; failure() then says why. The orchestration is linked into the
  /// program, one run at a time.
  bool run(OrchestrationFunction entry, const ChipStorageTaskArgs& args);
  const std::string& failure() const { return failure_; }
  int task_count() const { return task_count_; }  ///< submitted tasks, without allocations

 private:
  struct Ops;
  friend struct Ops;
  TaskOutputTensors allocate_outputs(const CoreTaskArgs& args);
  TaskOutputTensors submit(const MixedKernels& mixed, const CoreTaskArgs& args);
  void fail(std::string why);

  std::map<int32_t, KernelFunction> kernels_;
  std::deque<ChipTensor> outputs_;
  std::vector<std::unique_ptr<uint64_t[]>> buffers_;
  std::string failure_;
  bool fatal_ = false;
  int task_count_ = 0;
};

}  // namespace tilewright::examples
