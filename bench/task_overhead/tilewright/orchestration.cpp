// Submits the workload.
#include "submit_workload.h"

using namespace tilewright::bench;

extern "C" void aicpu_orchestration_entry(const ChipTaskArgs& orch_args) {
  const OrchestrationInput& input = *from_u64<const OrchestrationInput*>(orch_args.scalar(0));
  submit_workload(input, reinterpret_cast<uint64_t>(input.board));
}
