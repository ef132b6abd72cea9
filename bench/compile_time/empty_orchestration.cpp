// A small orchestration: one task on the callable's first two tensors and one on a temporary, in a scope.
#include "pto_orchestration_api.h"

extern "C" PTO2OrchestrationConfig aicpu_orchestration_config(const ChipTaskArgs &) { return {2}; }

extern "C" void aicpu_orchestration_entry(const ChipTaskArgs &orch_args) {
  const ChipTensor &input = orch_args.tensor(0).ref();
  const ChipTensor &output = orch_args.tensor(1).ref();
  PTO2_SCOPE() {
    const TensorCreateInfo temporary(input.shapes, input.ndims, input.dtype);
    CoreTaskArgs first;
    first.add_input(input);
    first.add_output(temporary);
    const TaskOutputTensors produced = rt_submit_aiv_task(0, first);
    CoreTaskArgs second;
    second.add_input(produced.get_ref(0));
    second.add_inout(output);
    second.add_scalar(1.0f);
    rt_submit_aiv_task(1, second);
  }
}
