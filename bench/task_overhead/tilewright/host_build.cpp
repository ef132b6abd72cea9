// Submits the workload and measures that alone: nothing runs before the entry returns.
#include "submit_workload.h"

using namespace tilewright::bench;

extern "C" void aicpu_orchestration_entry(const ChipTaskArgs& orch_args) {
  OrchestrationInput& input = *from_u64<OrchestrationInput*>(orch_args.scalar(0));
  const auto start = std::chrono::steady_clock::now();
  submit_workload(input, reinterpret_cast<uint64_t>(input.board));
  input.measured_ns = nanoseconds_since(start);
}
