// Batched matrix product, tile by tile: c[i] = c[i] + a[i] * b[i]. For every 64 x 64 tile of c and every 64 of K the cube core
// multiplies one pair of tiles, and a vector core adds the product to c.
//
//   tensor 0  a  f16 [batch, M, K]  M, K multiples of 64
//   tensor 1  b  f16 [batch, K, N]  N a multiple of 64
//   tensor 2  c  f32 [batch, M, N]
//
// The additions to one tile of c are INOUT, so they run in the order of submission; the products need nothing of each other and
// run ahead as far as there are cores and room for their outputs.
#include "pto_orchestration_api.h"

namespace {

constexpr uint32_t kTile = 64;

// func_id of callable.json
enum Kernel : int32_t { kTileProduct = 0, kAccumulate = 1 };

}  // namespace

extern "C" PTO2OrchestrationConfig aicpu_orchestration_config(const ChipTaskArgs &) { return {.expected_arg_count = 3}; }

extern "C" void aicpu_orchestration_entry(const ChipTaskArgs &orch_args) {
  const ChipTensor &a = orch_args.tensor(0).ref();
  const ChipTensor &b = orch_args.tensor(1).ref();
  const ChipTensor &c = orch_args.tensor(2).ref();
  const uint32_t batch = c.shapes[0], rows = c.shapes[1], columns = c.shapes[2], depth = a.shapes[2];
  if (rows % kTile != 0 || columns % kTile != 0 || depth % kTile != 0) {
    rt_report_fatal(PTO2_ERROR_EXPLICIT_ORCH_FATAL, "bgemm takes M, N, K in multiples of %u, not %u, %u, %u", kTile, rows, columns, depth);
    return;
  }

  const uint32_t tile_shape[] = {1, kTile, kTile};
  const uint32_t product_shape[] = {kTile, kTile};
  const TensorCreateInfo product_info(product_shape, 2, DataType::FLOAT32);
  for (uint32_t i = 0; i < batch; ++i) {
    for (uint32_t m = 0; m < rows; m += kTile) {
      for (uint32_t n = 0; n < columns; n += kTile) {
        const uint32_t c_at[] = {i, m, n};
        const ChipTensor c_tile = c.view(tile_shape, c_at);
        PTO2_SCOPE() {
          for (uint32_t k = 0; k < depth; k += kTile) {
            const uint32_t a_at[] = {i, m, k}, b_at[] = {i, k, n};
            const ChipTensor a_tile = a.view(tile_shape, a_at), b_tile = b.view(tile_shape, b_at);
            CoreTaskArgs multiply;
            multiply.add_input(a_tile, b_tile);
            multiply.add_output(product_info);
            const TaskOutputTensors product = rt_submit_aic_task(kTileProduct, multiply);
            if (rt_is_fatal()) return;  // a failed submit has no outputs

            CoreTaskArgs accumulate;
            accumulate.add_input(product.get_ref(0));
            accumulate.add_inout(c_tile);
            rt_submit_aiv_task(kAccumulate, accumulate);
          }
        }
      }
    }
  }
}
