// Records the workload as one graph, whose tasks stamp another board, then measures one replay: submission to completion.
#include "submit_workload.h"

using namespace tilewright::bench;

namespace {

const OrchestrationInput* workload_input = nullptr;

void body(const GraphTaskArgs& args) { submit_workload(*workload_input, args.scalar(0)); }

void submit_and_wait(const ChipTensor& memory, StampBoard* board) {
  GraphTaskArgs args;
  args.add_inout(memory);
  args.add_scalar(reinterpret_cast<uint64_t>(board));
  rt_submit_graph(body, args);
  const uint32_t first[] = {0, 0};
  get_tensor_data<float>(memory, memory.ndims, first);
}

}  // namespace

extern "C" void aicpu_orchestration_entry(const ChipTaskArgs& orch_args) {
  OrchestrationInput& input = *from_u64<OrchestrationInput*>(orch_args.scalar(0));
  workload_input = &input;
  const ChipTensor memory = whole_memory(input);
  submit_and_wait(memory, input.recording_board);
  const auto start = std::chrono::steady_clock::now();
  submit_and_wait(memory, input.board);
  input.measured_ns = nanoseconds_since(start);
}
