// A tensor or task that a condition chooses is a variable before anything of it is asked.
// RUN: tw-opt %s --emit-orchestration -o %t.mlir | FileCheck %s
tile.func aiv @vector(%x: !tw.tensor<4x8xi32>) {
  tile.return
}

// CHECK-LABEL: void aicpu_orchestration_entry
tw.orchestration @chosen(%x: !tw.tensor<8x8xi32>, %y: !tw.tensor<8x8xi32>, %n: index) {
  %zero = arith.constant 0 : index
  %first = arith.cmpi eq, %n, %zero : index
  // CHECK: const ChipTensor [[VIEWED:[a-z0-9_]+]] = cmp ? arg0 : arg1;
  // CHECK-NEXT: const uint32_t
  // CHECK-NEXT: const ChipTensor view = [[VIEWED]].view(view_shape, view_at, [[VIEWED]].manual_dep);
  %viewed = arith.select %first, %x, %y : !tw.tensor<8x8xi32>
  %v = tw.view %viewed[%zero, %zero] : !tw.tensor<8x8xi32> -> !tw.tensor<4x8xi32>
  %a = tw.submit @vector(in %v : !tw.tensor<4x8xi32>)
  %none = tw.no_task
  // CHECK: const ChipTensor [[TESTED:[a-z0-9_]+]] = cmp ? arg1 : arg0;
  // CHECK: const PTO2TaskId [[AFTER:[a-z0-9_]+]] = cmp ? vector_task : PTO2TaskId::invalid();
  // CHECK: .add([[AFTER]]);
  // CHECK: .operand = {&[[TESTED]], 2, {0, 0}};
  %tested = arith.select %first, %y, %x : !tw.tensor<8x8xi32>
  %after = arith.select %first, %a, %none : !tw.task_id
  %b = tw.submit @vector(in %v : !tw.tensor<4x8xi32>) after(%after : !tw.task_id) when %tested[%zero, %zero] ge 0 : !tw.tensor<8x8xi32>
  tw.return
}
