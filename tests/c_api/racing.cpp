// Two tasks that write c, and nothing orders them.
#include "pto_orchestration_api.h"

extern "C" void aicpu_orchestration_entry(const ChipTaskArgs &orch_args) {
  const uint32_t offset[] = {0}, shape[] = {4096};
  const ChipTensor a = orch_args.tensor(0).ref().view(shape, offset), b = orch_args.tensor(1).ref().view(shape, offset),
                   c = orch_args.tensor(2).ref().view(shape, offset);
  for (int i = 0; i < 2; ++i) {
    CoreTaskArgs args;
    args.add_input(a, b);
    args.add_output(c);
    rt_submit_aiv_task(0, args);
  }
}
