// Each operation of an orchestration as C++.
// RUN: tw-opt %s --emit-orchestration -o %t.mlir | FileCheck %s
tile.func aic @cube(%x: !tw.tensor<64x128xf32>, %y: !tw.tensor<64x128xf32> {tw.out}, %n: index) {
  tile.return
}
tile.func aiv @vector(%x: !tw.tensor<64x128xf32>, %y: !tw.tensor<64x128xf32> {tw.out}, %n: index) {
  tile.return
}

// CHECK: //   tensor 2  arg2  i32 [8]  read and written
// CHECK: enum Kernel : int32_t { kCube = 0, kVector = 1 };
// CHECK: aicpu_orchestration_entry(const ChipTaskArgs &orch_args) {
tw.orchestration @everything(%x: !tw.tensor<?x128xf32>, %y: !tw.tensor<64x128xf32> {tw.out}, %z: !tw.tensor<8xi32> {tw.inout}, %n: index, %h: f16) {
  // CHECK: if (!is_tensor(orch_args, 0, DataType::FLOAT32, 2, arg0_extents, "f32 [?, 128]")) return;
  // CHECK: const int64_t arg3 = from_u64<int64_t>(orch_args.scalar(0));
  // CHECK: const uint16_t arg4 = from_u64<uint16_t>(orch_args.scalar(1));
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %seven = arith.constant 7 : i32
  // CHECK: const uint32_t created_shape[] = {64, 128};
  // CHECK: const TensorCreateInfo created_info(created_shape, 2, DataType::FLOAT32);
  // CHECK: const TaskOutputTensors created_memory = alloc_tensors(created_info);
  // CHECK: if (rt_is_fatal()) return;
  // CHECK: const ChipTensor &created = created_memory.get_ref(0);
  %t = tw.create : !tw.tensor<64x128xf32>
  // CHECK: TensorCreateInfo created_2_info(created_2_shape, 1, DataType::INT32, true);
  // CHECK: created_2_info.set_initial_value(static_cast<int32_t>(7));
  %u = tw.create(%n) filled %seven : i32 untracked : !tw.tensor<?xi32>
  // CHECK: const uint32_t view_shape[] = {64, 128}, view_at[] = {to_u32(arg3), 0};
  // CHECK: const ChipTensor view = arg0.view(view_shape, view_at);
  %v = tw.view %x[%n, %zero] : !tw.tensor<?x128xf32> -> !tw.tensor<64x128xf32>
  // A view of an untracked tensor is untracked.
  // CHECK: const ChipTensor view_2 = created_2.view(view_2_shape, view_2_at, created_2.manual_dep);
  %w = tw.view %u[%zero] : !tw.tensor<?xi32> -> !tw.tensor<8xi32>
  // CHECK: const ChipTensor reshaped = created.reshape(reshaped_shape, 1);
  %r = tw.reshape %t : !tw.tensor<64x128xf32> -> !tw.tensor<8192xf32>
  // CHECK: const ChipTensor transposed = reshaped.transpose(0, 0);
  %tr = tw.transpose %r, 0, 0 : !tw.tensor<8192xf32> -> !tw.tensor<8192xf32>
  // CHECK: const int32_t value = get_tensor_data<int32_t>(arg2, 1, value_at);
  // CHECK: if (rt_is_fatal()) return;
  %e = tw.read %z[%n] : !tw.tensor<8xi32> -> i32
  // CHECK: set_tensor_data<int32_t>(arg2, 1, element_at, value);
  tw.write %e, %z[%zero] : i32, !tw.tensor<8xi32>
  // CHECK: CoreTaskArgs vector_args;
  // CHECK: vector_args.add_input(view);
  // CHECK: vector_args.add_output(created);
  // CHECK: vector_args.add_scalar(arg3);
  // CHECK: const PTO2TaskId vector_task = rt_submit_aiv_task(kVector, vector_args).task_id();
  %t1 = tw.submit @vector(%v, %t, %n : !tw.tensor<64x128xf32>, !tw.tensor<64x128xf32>, index)
  // CHECK: TaskIds<4> tasks;
  %many = tw.no_tasks : !tw.task_ids<4>
  // CHECK: tasks.set(0, vector_task);
  %more = tw.set_task %t1, %many[%zero] : !tw.task_ids<4>
  // CHECK: const PTO2TaskId task = tasks.get(arg3);
  %got = tw.get_task %more[%n] : !tw.task_ids<4>
  // CHECK: cube_args.add_no_dep(created);
  // CHECK: cube_args.add_inout(arg1);
  // CHECK: cube_args.launch_spec.set_block_num(to_blocks(arg3));
  // CHECK: cube_args.launch_spec.set_require_sync_start(true);
  // CHECK: Dependencies<5> cube_after;
  // CHECK: cube_after.add(task);
  // CHECK: cube_after.add(tasks);
  // CHECK: cube_args.set_dependencies(cube_after.ids, cube_after.count);
  // CHECK: cube_when.operand = {&arg2, 1, {0}};
  // CHECK: cube_when.op = PredicateOp::GE;
  // CHECK: cube_when.target = -3;
  // CHECK: cube_args.set_allow_early_resolve();
  // CHECK: MixedKernels cube_kernels;
  // CHECK: cube_kernels.aic_kernel_id = kCube;
  // CHECK: cube_kernels.aiv0_kernel_id = kVector;
  // CHECK: const PTO2TaskId cube_task = rt_submit_task(cube_kernels, cube_args).task_id();
  %t2 = tw.submit @cube with @vector(no_dep %t, inout %y, %one : !tw.tensor<64x128xf32>, !tw.tensor<64x128xf32>, index) blocks %n sync_start
      after(%got, %more : !tw.task_id, !tw.task_ids<4>) when %z[%zero] ge -3 : !tw.tensor<8xi32> early_resolve
  // CHECK: PTO2TaskId result;
  // CHECK: PTO2_SCOPE(PTO2ScopeMode::MANUAL) {
  // CHECK: const PTO2TaskId join_task = rt_submit_dummy_task(join_args).task_id();
  // CHECK: result = join_task;
  // CHECK-NEXT: }
  %s = tw.scope manual -> (!tw.task_id) {
    %d = tw.dummy after(%t2 : !tw.task_id)
    tw.yield %d : !tw.task_id
  }
  // What loops carry: variables that are assigned at the end of each turn.
  // CHECK: PTO2TaskId carried = result;
  // CHECK: int64_t carried_2 = 0;
  // CHECK: for (int64_t i = 0; i < arg3; ++i) {
  // CHECK: PTO2TaskId chosen;
  // CHECK: if (carried.is_valid()) {
  // CHECK: chosen = carried;
  // CHECK: } else {
  // CHECK: chosen = PTO2TaskId::invalid();
  // CHECK: }
  // CHECK: carried = chosen;
  // CHECK: carried_2 = carried_2 + i;
  %last, %sum = scf.for %i = %zero to %n step %one iter_args(%id = %s, %acc = %zero) -> (!tw.task_id, index) {
    %named = tw.is_task %id
    %next = scf.if %named -> (!tw.task_id) {
      scf.yield %id : !tw.task_id
    } else {
      %none = tw.no_task
      scf.yield %none : !tw.task_id
    }
    %total = arith.addi %acc, %i : index
    scf.yield %next, %total : !tw.task_id, index
  }
  // Two variables that change places.
  // CHECK: while (true) {
  // CHECK: if (!([[A:carried_[0-9]+]] < arg3)) break;
  %p, %q = scf.while (%a = %sum, %b = %zero) : (index, index) -> (index, index) {
    %c = arith.cmpi slt, %a, %n : index
    scf.condition(%c) %a, %b : index, index
  } do {
  ^bb0(%a: index, %b: index):
    scf.yield %b, %a : index, index
  }
  // CHECK: const int64_t clusters = rt_available_cluster_count();
  %clusters = tw.cluster_count
  // CHECK: const int64_t aivs = rt_available_aiv_count();
  %aivs = tw.aiv_count
  // CHECK: static_cast<int64_t>(floor_div<int64_t>(clusters, aivs))
  %ratio = arith.floordivsi %clusters, %aivs : index
  %t3 = tw.submit @vector(%v, %y, %ratio : !tw.tensor<64x128xf32>, !tw.tensor<64x128xf32>, index) after(%last : !tw.task_id)
  %t4 = tw.submit @vector(%v, %y, %p : !tw.tensor<64x128xf32>, !tw.tensor<64x128xf32>, index)
  tw.return
}
