// Regions of tw.at become kernels, and what they took from around them their parameters.
// RUN: tw-opt %s -outline-incore | tw-opt | FileCheck %s

// The captured tensors come first, in the order of their first use; constants are made again.
// CHECK-LABEL: tile.func @scale(%arg0: !tw.tensor<64x128xf32>, %arg1: !tw.tensor<64x128xf32>, %arg2: index, %arg3: f32) {
// CHECK-NEXT: %[[ZERO:.*]] = arith.constant 0 : index
// CHECK-NEXT: %[[T:.*]] = tile.load %arg0[%arg2, %[[ZERO]]]
// CHECK-NEXT: %[[S:.*]] = tile.muls %[[T]], %arg3
// CHECK-NEXT: tile.store %[[S]], %arg1[%arg2, %[[ZERO]]]
// CHECK-NEXT: tile.return
// CHECK-LABEL: tw.orchestration @plain
// CHECK: scf.for %[[I:.*]] =
// CHECK-NEXT: tw.submit @scale(%arg0, %arg1, %[[I]], %arg2 : !tw.tensor<64x128xf32>, !tw.tensor<64x128xf32>, index, f32)
// CHECK-NEXT: }
tw.orchestration @plain(%x: !tw.tensor<64x128xf32>, %y: !tw.tensor<64x128xf32> {tw.out}, %h: f32) {
  %zero = arith.constant 0 : index
  %n = arith.constant 64 : index
  %step = arith.constant 16 : index
  scf.for %i = %zero to %n step %step {
    tw.at "scale" {
      %t = tile.load %x[%i, %zero] : !tw.tensor<64x128xf32> -> !tile.tile<16x128xf32>
      %s = tile.muls %t, %h : (!tile.tile<16x128xf32>, f32) -> !tile.tile<16x128xf32>
      tile.store %s, %y[%i, %zero] : !tile.tile<16x128xf32>, !tw.tensor<64x128xf32>
    }
  }
  tw.return
}

// All clauses go over to the submit. A kernel that has no name is called after its orchestration, and a name that is taken gets a number.
// CHECK: tile.func @clauses_task(%arg0: !tw.tensor<8xi32>, %arg1: !tw.tensor<8x8xf32>)
// CHECK: tile.func @scale_0()
// CHECK-LABEL: tw.orchestration @clauses
// CHECK: %[[P:.*]] = tw.submit @clauses_task(%arg2, no_dep %arg0 : !tw.tensor<8xi32>, !tw.tensor<8x8xf32>)
// CHECK-SAME: blocks %arg3 sync_start after(%[[N:.*]] : !tw.task_id) when %arg1[%[[I:.*]]] ge 3 : !tw.tensor<8xi32> early_resolve
// CHECK: tw.submit @scale_0() after(%[[P]] : !tw.task_id)
tw.orchestration @clauses(%x: !tw.tensor<8x8xf32>, %flags: !tw.tensor<8xi32>, %z: !tw.tensor<8xi32>, %n: index) {
  %zero = arith.constant 0 : index
  %none = tw.no_task
  %p = tw.at blocks %n sync_start after(%none : !tw.task_id) no_dep(%x : !tw.tensor<8x8xf32>) when %flags[%zero] ge 3 : !tw.tensor<8xi32> early_resolve {
    %block = tile.block_index
    %k = tw.read %z[%block] : !tw.tensor<8xi32> -> i32
    tw.write %k, %z[%zero] : i32, !tw.tensor<8xi32>
    %t = tile.load %x[%zero, %zero] : !tw.tensor<8x8xf32> -> !tile.tile<8x8xf32>
    tile.store %t, %x[%zero, %zero] : !tile.tile<8x8xf32>, !tw.tensor<8x8xf32>
  }
  %q = tw.at "scale" after(%p : !tw.task_id) {
  }
  tw.return
}

// Two tasks that do the same are two submits of one kernel; loops inside of a task go with it.
// CHECK: tile.func @copy(%arg0: !tw.tensor<8x8xf32>, %arg1: !tw.tensor<8x8xf32>, %arg2: index)
// CHECK: scf.for
// CHECK-NOT: tile.func
// CHECK-LABEL: tw.orchestration @same
// CHECK: tw.submit @copy(%arg0, %[[M:.*]], %arg2 :
// CHECK: tw.submit @copy(%[[M]], %arg1, %arg2 :
// CHECK: tw.submit @vector with @cube
tw.orchestration @same(%x: !tw.tensor<8x8xf32>, %y: !tw.tensor<8x8xf32> {tw.out}, %n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %m = tw.create : !tw.tensor<8x8xf32>
  tw.at "copy" {
    scf.for %i = %zero to %n step %one {
      %t = tile.load %x[%i, %zero] : !tw.tensor<8x8xf32> -> !tile.tile<1x8xf32>
      tile.store %t, %m[%i, %zero] : !tile.tile<1x8xf32>, !tw.tensor<8x8xf32>
    }
  }
  tw.at "copy" {
    scf.for %i = %zero to %n step %one {
      %t = tile.load %m[%i, %zero] : !tw.tensor<8x8xf32> -> !tile.tile<1x8xf32>
      tile.store %t, %y[%i, %zero] : !tile.tile<1x8xf32>, !tw.tensor<8x8xf32>
    }
  }
  // A mixed task names kernels that stand in the module already; it is left as it is.
  %t = tw.submit @vector with @cube(%x : !tw.tensor<8x8xf32>)
  tw.return
}
tile.func aiv @vector(%x: !tw.tensor<8x8xf32>) {
  tile.return
}
tile.func aic @cube(%x: !tw.tensor<8x8xf32>) {
  tile.return
}
