// Softmax of one long vector in one task on every vector core of the chip. Each block knows the maximum and the sum of its own part
// only; the blocks meet twice inside the kernel (SYNCALL) to learn those of the whole. That needs all of them on cores at the same
// time, which set_require_sync_start promises.
//
//   tensor 0  x  f32 [chunks, 16, 128]
//   tensor 1  y  f32 [chunks, 16, 128]
#include "pto_orchestration_api.h"

namespace {

// func_id of callable.json
enum Kernel : int32_t { kSoftmax = 0 };

}  // namespace

extern "C" PTO2OrchestrationConfig aicpu_orchestration_config(const ChipTaskArgs &) { return {.expected_arg_count = 2}; }

extern "C" void aicpu_orchestration_entry(const ChipTaskArgs &orch_args) {
  const ChipTensor &x = orch_args.tensor(0).ref();
  const ChipTensor &y = orch_args.tensor(1).ref();
  if (x.shapes[1] != 16 || x.shapes[2] != 128) {
    rt_report_fatal(PTO2_ERROR_EXPLICIT_ORCH_FATAL, "all_meet takes chunks of 16 x 128, not of %u x %u", x.shapes[1], x.shapes[2]);
    return;
  }
  const uint32_t chunks = x.shapes[0], cores = static_cast<uint32_t>(rt_available_aiv_count());
  const uint32_t blocks = chunks < cores ? chunks : cores;

  // One line of 64 bytes for each block.
  const uint32_t lines_shape[] = {blocks, 16};
  const TensorCreateInfo lines(lines_shape, 2, DataType::FLOAT32);
  CoreTaskArgs args;
  args.add_input(x);
  args.add_output(y);
  args.add_output(lines, lines);
  args.launch_spec.set_block_num(static_cast<int16_t>(blocks));
  args.launch_spec.set_require_sync_start(true);
  rt_submit_aiv_task(kSoftmax, args);
}
