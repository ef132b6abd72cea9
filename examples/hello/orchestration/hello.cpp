// c = a + b, one task for every 4096 elements. Tensors 0 to 2: a, b, c, each f32 [n].
#include "pto_orchestration_api.h"

extern "C" void aicpu_orchestration_entry(const ChipTaskArgs &orch_args) {
  const ChipTensor &a = orch_args.tensor(0).ref();
  const ChipTensor &b = orch_args.tensor(1).ref();
  const ChipTensor &c = orch_args.tensor(2).ref();
  constexpr uint32_t kStretch = 4096;
  constexpr int32_t kAdd = 0;  // func_id of callable.json

  for (uint32_t at = 0; at < c.shapes[0]; at += kStretch) {
    const uint32_t offset[] = {at};
    const uint32_t shape[] = {c.shapes[0] - at < kStretch ? c.shapes[0] - at : kStretch};
    const ChipTensor a_part = a.view(shape, offset), b_part = b.view(shape, offset), c_part = c.view(shape, offset);
    CoreTaskArgs args;
    args.add_input(a_part, b_part);
    args.add_output(c_part);
    rt_submit_aiv_task(kAdd, args);
  }
}

extern "C" PTO2OrchestrationConfig aicpu_orchestration_config(const ChipTaskArgs &) { return {.expected_arg_count = 3}; }
