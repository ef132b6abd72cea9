// 'tw run' in between: build the callable, run it, compare, write the outputs.
#pragma once

#include <memory>
#include <vector>

#include "run_request.h"
#include "run_result.h"
#include "tilewright/worker.h"

namespace tilewright {

/// A callable that was built and is registered on a device, and what it is to be run with.
class RunSession {
 public:
  /// Throws Error.
  explicit RunSession(const RunWords& words);

  RunRequest request;
  RunResult result;  ///< without rounds and outputs

  /// Runs once, with the tensors as they were typed. Throws Error.
  RunReport run();

 private:
  std::unique_ptr<ChipWorker> worker_;
  CallableHandle handle_;
  TaskArguments arguments_;
  std::vector<HostTensor> initial_;
  bool ran_ = false;
};

/// Of all tensors with a golden.
std::vector<NamedComparison> compare_all(const RunRequest& request);
/// Writes the files of --output. Throws Error.
std::vector<WrittenOutput> write_outputs(const RunRequest& request);

/// Outputs are written after the last round, mismatch or not, and only if every round ran. Throws Error.
RunResult execute_run(const RunWords& words);

}  // namespace tilewright
