// One task, many blocks: every block of a task runs the same kernel with the same arguments, and finds its part of the work by its
// index. Here each signs in on a line of its own.
//
//   tensor 0  few    f32 [blocks, 16]     fewer blocks than the chip has vector cores: they run at once
//   tensor 1  many   f32 [blocks, 16]     more blocks: they run in waves, as cores become free
//   tensor 2  mixed  f32 [blocks, 3, 16]  blocks of three lanes: a cube core and its two vector cores
#include "pto_orchestration_api.h"

namespace {

// func_id of callable.json
enum Kernel : int32_t { kSignInAiv = 0, kSignInAic = 1 };

void submit_on_vector_cores(const ChipTensor &lines) {
  CoreTaskArgs args;
  args.add_output(lines);
  args.add_scalar(1);  // lines of a block
  args.launch_spec.set_block_num(static_cast<int16_t>(lines.shapes[0]));
  rt_submit_aiv_task(kSignInAiv, args);
}

}  // namespace

extern "C" PTO2OrchestrationConfig aicpu_orchestration_config(const ChipTaskArgs &) { return {.expected_arg_count = 3}; }

extern "C" void aicpu_orchestration_entry(const ChipTaskArgs &orch_args) {
  submit_on_vector_cores(orch_args.tensor(0).ref());
  submit_on_vector_cores(orch_args.tensor(1).ref());

  const ChipTensor &mixed = orch_args.tensor(2).ref();
  CoreTaskArgs args;
  args.add_output(mixed);
  args.add_scalar(3);
  args.launch_spec.set_block_num(static_cast<int16_t>(mixed.shapes[0]));
  MixedKernels kernels;
  kernels.aic_kernel_id = kSignInAic;
  kernels.aiv0_kernel_id = kSignInAiv;
  kernels.aiv1_kernel_id = kSignInAiv;
  rt_submit_task(kernels, args);
}
