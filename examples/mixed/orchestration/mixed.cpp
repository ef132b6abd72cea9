// The two halves of a gated layer at once: y = x * w on the cube core, silu(gate) on the two vector cores beside it. One
// task for every 32 rows has all three lanes: they start together on one cluster, share one argument list, and the task is
// over when the last of them is.
//
//   tensor 0  x     f16 [rows, 128]  rows a multiple of 32
//   tensor 1  w     f16 [128, 128]
//   tensor 2  gate  f32 [rows, 128]
//   tensor 3  y     f32 [rows, 128]
//   tensor 4  silu  f32 [rows, 128]
#include "pto_orchestration_api.h"

namespace {

constexpr uint32_t kRows = 32;
constexpr uint32_t kWidth = 128;

// func_id of callable.json
enum Kernel : int32_t { kProject = 0, kSilu = 1 };

}  // namespace

extern "C" PTO2OrchestrationConfig aicpu_orchestration_config(const ChipTaskArgs &) { return {.expected_arg_count = 5}; }

extern "C" void aicpu_orchestration_entry(const ChipTaskArgs &orch_args) {
  const ChipTensor &x = orch_args.tensor(0).ref();
  const ChipTensor &w = orch_args.tensor(1).ref();
  const ChipTensor &gate = orch_args.tensor(2).ref();
  const ChipTensor &y = orch_args.tensor(3).ref();
  const ChipTensor &silu = orch_args.tensor(4).ref();
  if (x.shapes[0] % kRows != 0 || x.shapes[1] != kWidth) {
    rt_report_fatal(PTO2_ERROR_EXPLICIT_ORCH_FATAL, "mixed takes rows in multiples of %u and a width of %u, not %u rows of %u", kRows,
                    kWidth, x.shapes[0], x.shapes[1]);
    return;
  }

  MixedKernels kernels;
  kernels.aic_kernel_id = kProject;
  kernels.aiv0_kernel_id = kSilu;
  kernels.aiv1_kernel_id = kSilu;
  for (uint32_t row = 0; row < x.shapes[0]; row += kRows) {
    const uint32_t shape[] = {kRows, kWidth}, at[] = {row, 0};
    const ChipTensor x_rows = x.view(shape, at), gate_rows = gate.view(shape, at);
    const ChipTensor y_rows = y.view(shape, at), silu_rows = silu.view(shape, at);
    CoreTaskArgs args;
    args.add_input(x_rows, w, gate_rows);
    args.add_output(y_rows, silu_rows);
    rt_submit_task(kernels, args);
  }
}
