// c = max(a * b + bias, 0), tile by tile: the cube core multiplies, a vector core adds and clips.
//
//   tensor 0  a     f16 [M, K]  M a multiple of 64, K of 128
//   tensor 1  b     f16 [K, N]  N a multiple of 128
//   tensor 2  bias  f32 [N]
//   tensor 3  c     f32 [M, N]
#include "pto_orchestration_api.h"

namespace {

constexpr uint32_t kM = 64;
constexpr uint32_t kN = 128;
constexpr uint32_t kStep = 128;

// func_id of callable.json
enum Kernel : int32_t { kMatmul = 0, kBiasRelu = 1 };

}  // namespace

extern "C" PTO2OrchestrationConfig aicpu_orchestration_config(const ChipTaskArgs &) { return {.expected_arg_count = 4}; }

extern "C" void aicpu_orchestration_entry(const ChipTaskArgs &orch_args) {
  const ChipTensor &a = orch_args.tensor(0).ref();
  const ChipTensor &b = orch_args.tensor(1).ref();
  const ChipTensor &bias = orch_args.tensor(2).ref();
  const ChipTensor &c = orch_args.tensor(3).ref();
  const uint32_t rows = c.shapes[0], columns = c.shapes[1], depth = a.shapes[1];
  if (rows % kM != 0 || columns % kN != 0 || depth % kStep != 0) {
    rt_report_fatal(PTO2_ERROR_EXPLICIT_ORCH_FATAL, "matmul_bias takes M, N, K in multiples of %u, %u, %u, not %u, %u, %u", kM, kN, kStep,
                    rows, columns, depth);
    return;
  }

  for (uint32_t m = 0; m < rows; m += kM) {
    for (uint32_t n = 0; n < columns; n += kN) {
      const uint32_t a_shape[] = {kM, depth}, a_at[] = {m, 0};
      const uint32_t b_shape[] = {depth, kN}, b_at[] = {0, n};
      const uint32_t bias_shape[] = {kN}, bias_at[] = {n};
      const uint32_t tile_shape[] = {kM, kN}, tile_at[] = {m, n};
      const ChipTensor a_rows = a.view(a_shape, a_at);
      const ChipTensor b_columns = b.view(b_shape, b_at);
      const ChipTensor bias_part = bias.view(bias_shape, bias_at);
      const ChipTensor c_tile = c.view(tile_shape, tile_at);

      PTO2_SCOPE() {
        // The runtime allocates the product when the task is submitted, and takes it back after the task that reads
        // it. That it is read is also what orders the two tasks: nothing here says so.
        const TensorCreateInfo product_info(tile_shape, 2, DataType::FLOAT32);
        CoreTaskArgs matmul;
        matmul.add_input(a_rows, b_columns);
        matmul.add_output(product_info);
        const TaskOutputTensors product = rt_submit_aic_task(kMatmul, matmul);
        if (rt_is_fatal()) return;  // a failed submit has no outputs

        CoreTaskArgs bias_relu;
        bias_relu.add_input(product.get_ref(0), bias_part);
        bias_relu.add_output(c_tile);
        rt_submit_aiv_task(kBiasRelu, bias_relu);
      }
    }
  }
}
