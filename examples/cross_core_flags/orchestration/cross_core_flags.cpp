// For every 32 rows of z = x * w, y = z minus the mean of each column over those rows. The cube core of a cluster multiplies, its
// two vector cores take 16 rows each. They exchange data through device memory, and flags between cores say when:
//
//   AIC -> AIVs   the product lies in the workspace            mode 2
//   AIVs -> AIC   this half of the workspace may be reused     mode 2
//   AIV <-> AIV   both have stored the sums of their columns   mode 1
//
//   tensor 0  x  f16 [rows, 128]  rows a multiple of 32
//   tensor 1  w  f16 [128, 128]
//   tensor 2  y  f32 [rows, 128]
#include "pto_orchestration_api.h"

namespace {

constexpr uint32_t kRows = 32;
constexpr uint32_t kWidth = 128;

// func_id of callable.json
enum Kernel : int32_t { kProduct = 0, kCenter = 1 };

}  // namespace

extern "C" PTO2OrchestrationConfig aicpu_orchestration_config(const ChipTaskArgs &) { return {.expected_arg_count = 3}; }

extern "C" void aicpu_orchestration_entry(const ChipTaskArgs &orch_args) {
  const ChipTensor &x = orch_args.tensor(0).ref();
  const ChipTensor &w = orch_args.tensor(1).ref();
  const ChipTensor &y = orch_args.tensor(2).ref();
  if (x.shapes[0] % kRows != 0 || x.shapes[1] != kWidth) {
    rt_report_fatal(PTO2_ERROR_EXPLICIT_ORCH_FATAL, "cross_core_flags takes rows in multiples of %u and a width of %u, not %u rows of %u",
                    kRows, kWidth, x.shapes[0], x.shapes[1]);
    return;
  }
  const uint32_t tiles = x.shapes[0] / kRows, clusters = static_cast<uint32_t>(rt_available_cluster_count());
  const uint32_t blocks = tiles < clusters ? tiles : clusters;

  // Of each block: two products that alternate, and twice one row of sums for each AIV.
  const uint32_t products_shape[] = {blocks, 2, kRows, kWidth}, sums_shape[] = {blocks, 2, 2, kWidth};
  const TensorCreateInfo products(products_shape, 4, DataType::FLOAT32), sums(sums_shape, 4, DataType::FLOAT32);

  MixedKernels kernels;
  kernels.aic_kernel_id = kProduct;
  kernels.aiv0_kernel_id = kCenter;
  kernels.aiv1_kernel_id = kCenter;
  CoreTaskArgs args;
  args.add_input(x, w);
  args.add_output(y);
  args.add_output(products, sums);
  args.launch_spec.set_block_num(static_cast<int16_t>(blocks));
  rt_submit_task(kernels, args);
}
