// ../../explicit_edges as it was written for aicpu_build_graph before 2026: callable.json names the spelling ("api").
//
//   s = a + b      u = s + 1      v = s + 2      w = u * v      f = w + s
//
//   tensor 0  a  f32 [rows, 128]  rows a multiple of 32
//   tensor 1  b  f32 [rows, 128]
//   tensor 2  f  f32 [rows, 128]
#include "pto_orchestration_api.h"

namespace {

constexpr uint32_t kRows = 32;
constexpr uint32_t kWidth = 128;

// func_id of callable.json
enum Kernel : int32_t { kAdd = 0, kAddScalar = 1, kMultiply = 2 };

}  // namespace

extern "C" void aicpu_orchestration_entry(PTO2Runtime *rt, const ChipStorageTaskArgs &orch_args) {
  const Tensor a = from_tensor_arg(orch_args.tensor(0));
  const Tensor b = from_tensor_arg(orch_args.tensor(1));
  const Tensor f = from_tensor_arg(orch_args.tensor(2));
  if (a.shapes[0] % kRows != 0 || a.shapes[1] != kWidth) {
    rt_report_fatal(rt, PTO2_ERROR_EXPLICIT_ORCH_FATAL, "explicit_edges takes rows in multiples of %u and a width of %u, not %u rows of %u",
                    kRows, kWidth, a.shapes[0], a.shapes[1]);
    return;
  }
  LOG_INFO(rt, "%u chunks", a.shapes[0] / kRows);

  const uint32_t shape[] = {kRows, kWidth};
  const TensorCreateInfo temporary(shape, 2, DataType::FLOAT32);
  for (uint32_t row = 0; row < a.shapes[0]; row += kRows) {
    const uint32_t at[] = {row, 0};
    const Tensor a_rows = a.view(shape, at), b_rows = b.view(shape, at), f_rows = f.view(shape, at);

    PTO2_SCOPE(rt) {
      Arg add_inputs;
      add_inputs.add_input(a_rows, b_rows);
      add_inputs.add_output(temporary);
      const SubmitResult s = rt_submit_aiv_task(rt, kAdd, add_inputs);
      if (rt_is_fatal(rt)) return;  // a failed submit has no outputs

      Arg plus_one, plus_two;
      plus_one.add_input(s.outputs.get_ref(0));
      plus_one.add_output(temporary);
      plus_one.add_scalar(1.0f);
      const SubmitResult u = rt_submit_aiv_task(rt, kAddScalar, plus_one);
      plus_two.add_input(s.outputs.get_ref(0));
      plus_two.add_output(temporary);
      plus_two.add_scalar(2.0f);
      const SubmitResult v = rt_submit_aiv_task(rt, kAddScalar, plus_two);
      if (rt_is_fatal(rt)) return;
      rt_add_dependency(rt, s.task_id, u.task_id);
      rt_add_dependency(rt, s.task_id, v.task_id);

      Arg multiply;
      multiply.add_input(u.outputs.get_ref(0), v.outputs.get_ref(0));
      multiply.add_output(temporary);
      const SubmitResult w = rt_submit_aiv_task(rt, kMultiply, multiply);
      if (rt_is_fatal(rt)) return;
      rt_add_dependency(rt, u.task_id, w.task_id);
      rt_add_dependency(rt, v.task_id, w.task_id);

      Arg add_sum;
      add_sum.add_input(w.outputs.get_ref(0), s.outputs.get_ref(0));
      add_sum.add_output(f_rows);
      const SubmitResult last = rt_submit_aiv_task(rt, kAdd, add_sum);
      rt_add_dependency(rt, w.task_id, last.task_id);  // w waited for s already
    }
  }
}
