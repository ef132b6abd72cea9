// tensors x, y; scalars verb, value, space, blocks, and 1 for AIC cores or 0 for AIV.
#include "kernel.h"
#include "pto_orchestration_api.h"

static TaskOutputTensors submit(const ChipTaskArgs &orch, CoreTaskArgs &args, int64_t verb) {
  args.add_scalar(verb, orch.scalar(1), orch.scalar(2));
  args.launch_spec.set_block_num(static_cast<int16_t>(orch.scalar(3)));
  return orch.scalar(4) != 0 ? rt_submit_aic_task(1, args) : rt_submit_aiv_task(0, args);
}

extern "C" PTO2OrchestrationConfig aicpu_orchestration_config(const ChipTaskArgs &) { return {.expected_arg_count = 7}; }

extern "C" void aicpu_orchestration_entry(const ChipTaskArgs &orch) {
  const ChipTensor &x = orch.tensor(0).ref();
  const ChipTensor &y = orch.tensor(1).ref();
  const auto verb = static_cast<int64_t>(orch.scalar(0));
  if (verb == kFatal) {
    rt_report_fatal(PTO2_ERROR_EXPLICIT_ORCH_FATAL, "asked for by %d", 42);
    return;
  }
  CoreTaskArgs args;
  args.add_input(x);
  if (verb == kChain) {
    const TensorCreateInfo temporary(x.shapes, x.ndims, DataType::FLOAT32);
    args.add_output(temporary);
    const TaskOutputTensors middle = submit(orch, args, kScale);
    if (rt_is_fatal()) return;
    CoreTaskArgs last;
    last.add_input(middle.get_ref(0));
    last.add_inout(y);
    submit(orch, last, kScale);
    return;
  }
  args.add_inout(y);
  submit(orch, args, verb);
}
