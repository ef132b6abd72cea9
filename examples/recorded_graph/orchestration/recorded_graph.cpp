// vector_dag once more, f = (a + b + 1)(a + b + 2) + (a + b), with its five tasks recorded: the body below is called for the first
// chunk of 32 rows, and what it submits, with all its dependencies, is replayed for the others with their tensors in place of the
// first one's. Compare ../../vector_dag, where every chunk is submitted task by task.
//
//   tensor 0  a  f32 [rows, 128]  rows a multiple of 32
//   tensor 1  b  f32 [rows, 128]
//   tensor 2  f  f32 [rows, 128]
#include "pto_orchestration_api.h"

namespace {

constexpr uint32_t kRows = 32;
constexpr uint32_t kWidth = 128;
constexpr uint32_t kShape[] = {kRows, kWidth};

// func_id of callable.json
enum Kernel : int32_t { kAdd = 0, kAddScalar = 1, kMultiply = 2 };

/// s = a + b, u = s + 1, v = s + 2, w = u * v, f = w + s for one chunk. What the graph is about comes as its arguments: tensors 0 to 2
/// are the chunk's rows of a, b and f. A replay does not call this function, so it must not depend on anything else that changes.
void chunk(const GraphTaskArgs &graph) {
  const TensorCreateInfo temporary(kShape, 2, DataType::FLOAT32);

  CoreTaskArgs add_inputs;
  add_inputs.add_input(graph.tensor(0).ref(), graph.tensor(1).ref());
  add_inputs.add_output(temporary);
  const TaskOutputTensors s = rt_submit_aiv_task(kAdd, add_inputs);
  if (rt_is_fatal()) return;  // a failed submit has no outputs

  CoreTaskArgs plus_one, plus_two;
  plus_one.add_input(s.get_ref(0));
  plus_one.add_output(temporary);
  plus_one.add_scalar(1.0f);
  const TaskOutputTensors u = rt_submit_aiv_task(kAddScalar, plus_one);
  plus_two.add_input(s.get_ref(0));
  plus_two.add_output(temporary);
  plus_two.add_scalar(2.0f);
  const TaskOutputTensors v = rt_submit_aiv_task(kAddScalar, plus_two);
  if (rt_is_fatal()) return;

  CoreTaskArgs multiply;
  multiply.add_input(u.get_ref(0), v.get_ref(0));
  multiply.add_output(temporary);
  const TaskOutputTensors w = rt_submit_aiv_task(kMultiply, multiply);
  if (rt_is_fatal()) return;

  CoreTaskArgs add_sum;
  add_sum.add_input(w.get_ref(0), s.get_ref(0));
  add_sum.add_output(graph.tensor(2).ref());
  rt_submit_aiv_task(kAdd, add_sum);
}

}  // namespace

extern "C" PTO2OrchestrationConfig aicpu_orchestration_config(const ChipTaskArgs &) { return {.expected_arg_count = 3}; }

extern "C" void aicpu_orchestration_entry(const ChipTaskArgs &orch_args) {
  const ChipTensor &a = orch_args.tensor(0).ref();
  const ChipTensor &b = orch_args.tensor(1).ref();
  const ChipTensor &f = orch_args.tensor(2).ref();
  if (a.shapes[0] % kRows != 0 || a.shapes[1] != kWidth) {
    rt_report_fatal(PTO2_ERROR_EXPLICIT_ORCH_FATAL, "recorded_graph takes rows in multiples of %u and a width of %u, not %u rows of %u",
                    kRows, kWidth, a.shapes[0], a.shapes[1]);
    return;
  }

  for (uint32_t row = 0; row < a.shapes[0]; row += kRows) {
    const uint32_t at[] = {row, 0};
    const ChipTensor a_rows = a.view(kShape, at), b_rows = b.view(kShape, at), f_rows = f.view(kShape, at);
    GraphTaskArgs args;
    args.add_input(a_rows, b_rows);
    args.add_output(f_rows);
    rt_submit_graph(GRAPH_KEY("chunk"), chunk, args);
  }
}
