// A vector kernel whose tiles have addresses, and the orchestration that runs it on all rows: the whole text.
// RUN: tw-opt %s --emit-kernel -o %t.mlir | FileCheck %s --check-prefix=KERNEL
// RUN: tw-opt %s --emit-orchestration -o %t.mlir | FileCheck %s --check-prefix=ORCHESTRATION
tile.func aiv @scale_add(%a: !tw.tensor<64x128xf32>, %b: !tw.tensor<64x128xf32>, %c: !tw.tensor<64x128xf32> {tw.out}, %s: f32) {
  %zero = arith.constant 0 : index
  %x = tile.load %a[%zero, %zero] : !tw.tensor<64x128xf32> -> !tile.tile<64x128xf32, vec, at 0>
  %y = tile.load %b[%zero, %zero] : !tw.tensor<64x128xf32> -> !tile.tile<64x128xf32, vec, at 32768>
  tile.set_flag mte2 to v 0
  tile.wait_flag mte2 to v 0
  %z = tile.muls %x, %s : (!tile.tile<64x128xf32, vec, at 0>, f32) -> !tile.tile<64x128xf32, vec, at 0>
  tile.barrier v
  %w = tile.add %z, %y : (!tile.tile<64x128xf32, vec, at 0>, !tile.tile<64x128xf32, vec, at 32768>) -> !tile.tile<64x128xf32, vec, at 65536>
  tile.set_flag v to mte3 0
  tile.wait_flag v to mte3 0
  tile.store %w, %c[%zero, %zero] : !tile.tile<64x128xf32, vec, at 65536>, !tw.tensor<64x128xf32>
  tile.barrier all
  tile.return
}

tw.orchestration @scale_add_rows(%a: !tw.tensor<?x128xf32>, %b: !tw.tensor<?x128xf32>, %c: !tw.tensor<?x128xf32> {tw.out}, %s: f32) {
  %zero = arith.constant 0 : index
  %step = arith.constant 64 : index
  %rows = tw.dim %a, 0 : !tw.tensor<?x128xf32>
  scf.for %row = %zero to %rows step %step {
    %x = tw.view %a[%row, %zero] : !tw.tensor<?x128xf32> -> !tw.tensor<64x128xf32>
    %y = tw.view %b[%row, %zero] : !tw.tensor<?x128xf32> -> !tw.tensor<64x128xf32>
    %z = tw.view %c[%row, %zero] : !tw.tensor<?x128xf32> -> !tw.tensor<64x128xf32>
    %t = tw.submit @scale_add(in %x, in %y, out %z, %s : !tw.tensor<64x128xf32>, !tw.tensor<64x128xf32>, !tw.tensor<64x128xf32>, f32)
  } {tw.parallel}
  tw.return
}

// ---- what is printed ----
// KERNEL: // AIV: scale_add, of elementwise.mlir:4
// KERNEL-NEXT: //
// KERNEL-NEXT: //   args[0]  arg0  f32 [64, 128]
// KERNEL-NEXT: //   args[1]  arg1  f32 [64, 128]
// KERNEL-NEXT: //   args[2]  arg2  f32 [64, 128]  written
// KERNEL-NEXT: //   args[3]  arg3  f32
// KERNEL-NEXT: #include <pto/pto-inst.hpp>
// KERNEL-EMPTY:
// KERNEL-NEXT: #include "intrinsic.h"
// KERNEL-NEXT: #include "tensor.h"
// KERNEL-EMPTY:
// KERNEL-NEXT: using namespace pto;
// KERNEL-EMPTY:
// KERNEL-NEXT: template <typename T>
// KERNEL-NEXT: static AICORE __gm__ T *data_of(__gm__ ChipTensor *tensor) {
// KERNEL-NEXT: return reinterpret_cast<__gm__ T *>(tensor->buffer.addr) + tensor->start_offset;
// KERNEL-NEXT: }
// KERNEL-EMPTY:
// KERNEL-NEXT: extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
// KERNEL-NEXT: __gm__ ChipTensor *arg0_tensor = reinterpret_cast<__gm__ ChipTensor *>(args[0]);
// KERNEL-NEXT: __gm__ float *arg0 = data_of<float>(arg0_tensor);
// KERNEL-NEXT: __gm__ ChipTensor *arg1_tensor = reinterpret_cast<__gm__ ChipTensor *>(args[1]);
// KERNEL-NEXT: __gm__ float *arg1 = data_of<float>(arg1_tensor);
// KERNEL-NEXT: __gm__ ChipTensor *arg2_tensor = reinterpret_cast<__gm__ ChipTensor *>(args[2]);
// KERNEL-NEXT: __gm__ float *arg2 = data_of<float>(arg2_tensor);
// KERNEL-NEXT: const float arg3 = __builtin_bit_cast(float, static_cast<uint32_t>(args[3]));
// KERNEL-EMPTY:
// KERNEL-NEXT: using Pitch = Stride<1, 1, 1, DYNAMIC, DYNAMIC>;  // from row to row, and from column to column
// KERNEL-NEXT: using View64x128xf32 = GlobalTensor<float, Shape<1, 1, 1, 64, 128>, Pitch>;
// KERNEL-EMPTY:
// KERNEL-NEXT: Tile<TileType::Vec, float, 64, 128> load;
// KERNEL-NEXT: Tile<TileType::Vec, float, 64, 128> load_2;
// KERNEL-NEXT: Tile<TileType::Vec, float, 64, 128> muls;
// KERNEL-NEXT: Tile<TileType::Vec, float, 64, 128> add;
// KERNEL-NEXT: TASSIGN(load, 0x0);
// KERNEL-NEXT: TASSIGN(load_2, 0x8000);
// KERNEL-NEXT: TASSIGN(muls, 0x0);
// KERNEL-NEXT: TASSIGN(add, 0x10000);
// KERNEL-EMPTY:
// KERNEL-NEXT: View64x128xf32 arg0_view(arg0, {}, Pitch(arg0_tensor->strides[0], arg0_tensor->strides[1]));  // elementwise.mlir:6
// KERNEL-NEXT: TLOAD(load, arg0_view);
// KERNEL-NEXT: View64x128xf32 arg1_view(arg1, {}, Pitch(arg1_tensor->strides[0], arg1_tensor->strides[1]));  // elementwise.mlir:7
// KERNEL-NEXT: TLOAD(load_2, arg1_view);
// KERNEL-NEXT: set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
// KERNEL-NEXT: wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
// KERNEL-NEXT: TMULS(muls, load, arg3);  // elementwise.mlir:10
// KERNEL-NEXT: pipe_barrier(PIPE_V);
// KERNEL-NEXT: TADD(add, muls, load_2);  // elementwise.mlir:12
// KERNEL-NEXT: set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
// KERNEL-NEXT: wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
// KERNEL-NEXT: View64x128xf32 arg2_view(arg2, {}, Pitch(arg2_tensor->strides[0], arg2_tensor->strides[1]));  // elementwise.mlir:15
// KERNEL-NEXT: TSTORE(arg2_view, add);
// KERNEL-NEXT: pipe_barrier(PIPE_ALL);
// KERNEL-NEXT: }

// ORCHESTRATION: // scale_add_rows, of elementwise.mlir:20
// ORCHESTRATION-NEXT: //
// ORCHESTRATION-NEXT: //   tensor 0  arg0  f32 [?, 128]
// ORCHESTRATION-NEXT: //   tensor 1  arg1  f32 [?, 128]
// ORCHESTRATION-NEXT: //   tensor 2  arg2  f32 [?, 128]  written
// ORCHESTRATION-NEXT: //   scalar 0  arg3  f32
// ORCHESTRATION-NEXT: #include "pto_orchestration_api.h"
// ORCHESTRATION-EMPTY:
// ORCHESTRATION-NEXT: namespace {
// ORCHESTRATION-EMPTY:
// ORCHESTRATION-NEXT: // func_id of callable.json
// ORCHESTRATION-NEXT: enum Kernel : int32_t { kScaleAdd = 0 };
// ORCHESTRATION-EMPTY:
// ORCHESTRATION-NEXT: /// An offset or extent as the API takes it. What does not fit becomes a number that lies outside of every tensor.
// ORCHESTRATION-NEXT: uint32_t to_u32(int64_t number) { return number < 0 || number > int64_t{UINT32_MAX} ? UINT32_MAX : static_cast<uint32_t>(number); }
// ORCHESTRATION-EMPTY:
// ORCHESTRATION-NEXT: /// Whether an argument is what this was compiled for; extents that are 0 may be any. Else the run fails.
// ORCHESTRATION-NEXT: bool is_tensor(const ChipTaskArgs &orch_args, int32_t argument, DataType dtype, uint32_t rank, const uint32_t *shape, const char *wanted) {
// ORCHESTRATION-NEXT: const ChipTensor &tensor = orch_args.tensor(argument).ref();
// ORCHESTRATION-NEXT: bool same = tensor.dtype == dtype && tensor.ndims == rank;
// ORCHESTRATION-NEXT: for (uint32_t i = 0; same && i < rank; ++i) same = shape[i] == 0 || tensor.shapes[i] == shape[i];
// ORCHESTRATION-NEXT: if (!same) rt_report_fatal(PTO2_ERROR_EXPLICIT_ORCH_FATAL, "argument %d must be %s, but is %s", argument, wanted, tensor.dump().c_str());
// ORCHESTRATION-NEXT: return same;
// ORCHESTRATION-NEXT: }
// ORCHESTRATION-EMPTY:
// ORCHESTRATION-NEXT: }  // namespace
// ORCHESTRATION-EMPTY:
// ORCHESTRATION-NEXT: extern "C" PTO2OrchestrationConfig aicpu_orchestration_config(const ChipTaskArgs &) { return {.expected_arg_count = 4}; }
// ORCHESTRATION-EMPTY:
// ORCHESTRATION-NEXT: extern "C" void aicpu_orchestration_entry(const ChipTaskArgs &orch_args) {
// ORCHESTRATION-NEXT: const uint32_t arg0_extents[] = {0, 128};
// ORCHESTRATION-NEXT: if (!is_tensor(orch_args, 0, DataType::FLOAT32, 2, arg0_extents, "f32 [?, 128]")) return;
// ORCHESTRATION-NEXT: const ChipTensor &arg0 = orch_args.tensor(0).ref();
// ORCHESTRATION-NEXT: const uint32_t arg1_extents[] = {0, 128};
// ORCHESTRATION-NEXT: if (!is_tensor(orch_args, 1, DataType::FLOAT32, 2, arg1_extents, "f32 [?, 128]")) return;
// ORCHESTRATION-NEXT: const ChipTensor &arg1 = orch_args.tensor(1).ref();
// ORCHESTRATION-NEXT: const uint32_t arg2_extents[] = {0, 128};
// ORCHESTRATION-NEXT: if (!is_tensor(orch_args, 2, DataType::FLOAT32, 2, arg2_extents, "f32 [?, 128]")) return;
// ORCHESTRATION-NEXT: const ChipTensor &arg2 = orch_args.tensor(2).ref();
// ORCHESTRATION-NEXT: const float arg3 = from_u64<float>(orch_args.scalar(0));
// ORCHESTRATION-EMPTY:
// ORCHESTRATION-NEXT: for (int64_t i = 0; i < static_cast<int64_t>(arg0.shapes[0]); i += 64) {  // elementwise.mlir:24
// ORCHESTRATION-NEXT: const uint32_t view_shape[] = {64, 128}, view_at[] = {to_u32(i), 0};  // elementwise.mlir:25
// ORCHESTRATION-NEXT: const ChipTensor view = arg0.view(view_shape, view_at);
// ORCHESTRATION-NEXT: const uint32_t view_2_shape[] = {64, 128}, view_2_at[] = {to_u32(i), 0};  // elementwise.mlir:26
// ORCHESTRATION-NEXT: const ChipTensor view_2 = arg1.view(view_2_shape, view_2_at);
// ORCHESTRATION-NEXT: const uint32_t view_3_shape[] = {64, 128}, view_3_at[] = {to_u32(i), 0};  // elementwise.mlir:27
// ORCHESTRATION-NEXT: const ChipTensor view_3 = arg2.view(view_3_shape, view_3_at);
// ORCHESTRATION-NEXT: CoreTaskArgs scale_add_args;  // elementwise.mlir:28
// ORCHESTRATION-NEXT: scale_add_args.add_input(view, view_2);
// ORCHESTRATION-NEXT: scale_add_args.add_output(view_3);
// ORCHESTRATION-NEXT: scale_add_args.add_scalar(arg3);
// ORCHESTRATION-NEXT: rt_submit_aiv_task(kScaleAdd, scale_add_args);
// ORCHESTRATION-NEXT: }
// ORCHESTRATION-NEXT: }
