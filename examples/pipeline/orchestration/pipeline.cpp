// y = silu(x * w1) * w2 in one task: on every cluster a cube core multiplies, its two vector cores apply silu between the products,
// and tiles go to and fro through a pipe without touching device memory. There are as many blocks as clusters at most; each keeps
// its weights and takes the tiles block, block + blocks, block + 2 blocks, ...
//
//   tensor 0  x   f16 [rows, 128]  rows a multiple of 32
//   tensor 1  w1  f16 [128, 128]
//   tensor 2  w2  f16 [128, 128]
//   tensor 3  y   f32 [rows, 128]
#include "pto_orchestration_api.h"

namespace {

constexpr uint32_t kRows = 32;
constexpr uint32_t kWidth = 128;

// func_id of callable.json
enum Kernel : int32_t { kTwoProducts = 0, kSilu = 1 };

}  // namespace

extern "C" PTO2OrchestrationConfig aicpu_orchestration_config(const ChipTaskArgs &) { return {.expected_arg_count = 4}; }

extern "C" void aicpu_orchestration_entry(const ChipTaskArgs &orch_args) {
  const ChipTensor &x = orch_args.tensor(0).ref();
  const ChipTensor &w1 = orch_args.tensor(1).ref();
  const ChipTensor &w2 = orch_args.tensor(2).ref();
  const ChipTensor &y = orch_args.tensor(3).ref();
  if (x.shapes[0] % kRows != 0 || x.shapes[1] != kWidth) {
    rt_report_fatal(PTO2_ERROR_EXPLICIT_ORCH_FATAL, "pipeline takes rows in multiples of %u and a width of %u, not %u rows of %u", kRows,
                    kWidth, x.shapes[0], x.shapes[1]);
    return;
  }
  const int32_t tiles = static_cast<int32_t>(x.shapes[0] / kRows), clusters = rt_available_cluster_count();

  MixedKernels kernels;
  kernels.aic_kernel_id = kTwoProducts;
  kernels.aiv0_kernel_id = kSilu;
  kernels.aiv1_kernel_id = kSilu;
  CoreTaskArgs args;
  args.add_input(x, w1, w2);
  args.add_output(y);
  args.launch_spec.set_block_num(static_cast<int16_t>(tiles < clusters ? tiles : clusters));
  rt_submit_task(kernels, args);
}
