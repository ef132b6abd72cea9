// Every operation and type of the tw dialect, printed as it was written.
// RUN: tw-opt %s | tw-opt | FileCheck %s

tile.func aic @cube(%x: !tw.tensor<64x128xf32>, %y: !tw.tensor<64x128xf32> {tw.out}, %n: index) {
  tile.return
}
tile.func aiv @vector(%x: !tw.tensor<64x128xf32>, %y: !tw.tensor<64x128xf32> {tw.out}, %n: index) {
  tile.return
}
tile.func @idle() {
  tile.return
}

// CHECK-LABEL: tw.orchestration @tensors(%arg0: !tw.tensor<?x128xf32>, %arg1: !tw.tensor<64x128xf32> {tw.out}, %arg2: !tw.tensor<8xi32> {tw.inout}, %arg3: index, %arg4: i32)
tw.orchestration @tensors(%x: !tw.tensor<?x128xf32>, %y: !tw.tensor<64x128xf32> {tw.out}, %z: !tw.tensor<8xi32> {tw.inout}, %n: index, %k: i32) {
  %i = arith.constant 0 : index
  // CHECK: tw.dim %arg0, 0 : !tw.tensor<?x128xf32>
  %rows = tw.dim %x, 0 : !tw.tensor<?x128xf32>
  // CHECK: tw.create : !tw.tensor<4x4xui8>
  %a = tw.create : !tw.tensor<4x4xui8>
  // CHECK: tw.create(%{{.*}}, %arg3) : !tw.tensor<?x?xbf16>
  %b = tw.create(%rows, %n) : !tw.tensor<?x?xbf16>
  // CHECK: tw.create filled %arg4 : i32 untracked : !tw.tensor<1x2x3x4x5xi32>
  %c = tw.create filled %k : i32 untracked : !tw.tensor<1x2x3x4x5xi32>
  // CHECK: tw.view %arg0[%arg3, %{{.*}}] : !tw.tensor<?x128xf32> -> !tw.tensor<64x128xf32>
  %v = tw.view %x[%n, %i] : !tw.tensor<?x128xf32> -> !tw.tensor<64x128xf32>
  // CHECK: tw.view %arg0[%arg3, %{{.*}}] extents(%arg3) : !tw.tensor<?x128xf32> -> !tw.tensor<?x64xf32>
  %w = tw.view %x[%n, %i] extents(%n) : !tw.tensor<?x128xf32> -> !tw.tensor<?x64xf32>
  // CHECK: tw.reshape %{{.*}} : !tw.tensor<64x128xf32> -> !tw.tensor<8192xf32>
  %r = tw.reshape %v : !tw.tensor<64x128xf32> -> !tw.tensor<8192xf32>
  // CHECK: tw.reshape %{{.*}} extents(%arg3) : !tw.tensor<64x128xf32> -> !tw.tensor<?x64xf32>
  %s = tw.reshape %v extents(%n) : !tw.tensor<64x128xf32> -> !tw.tensor<?x64xf32>
  // CHECK: tw.transpose %{{.*}}, 0, 1 : !tw.tensor<64x128xf32> -> !tw.tensor<128x64xf32>
  %t = tw.transpose %v, 0, 1 : !tw.tensor<64x128xf32> -> !tw.tensor<128x64xf32>
  // CHECK: tw.assemble %{{.*}}, %arg1[%{{.*}}, %{{.*}}] : !tw.tensor<64x128xf32>, !tw.tensor<64x128xf32>
  tw.assemble %v, %y[%i, %i] : !tw.tensor<64x128xf32>, !tw.tensor<64x128xf32>
  // CHECK: %[[ELEMENT:.*]] = tw.read %arg2[%arg3] : !tw.tensor<8xi32> -> i32
  %e = tw.read %z[%n] : !tw.tensor<8xi32> -> i32
  // CHECK: tw.write %[[ELEMENT]], %arg2[%{{.*}}] : i32, !tw.tensor<8xi32>
  tw.write %e, %z[%i] : i32, !tw.tensor<8xi32>
  // CHECK: tw.return
  tw.return
}

// CHECK-LABEL: tw.orchestration @tasks
tw.orchestration @tasks(%x: !tw.tensor<64x128xf32>, %y: !tw.tensor<64x128xf32> {tw.out}, %z: !tw.tensor<8xi32>, %n: index) {
  %i = arith.constant 0 : index
  // CHECK: %[[NONE:.*]] = tw.no_task
  %none = tw.no_task
  // CHECK: tw.is_task %[[NONE]]
  %is = tw.is_task %none
  // CHECK: %[[MANY:.*]] = tw.no_tasks : !tw.task_ids<4>
  %many = tw.no_tasks : !tw.task_ids<4>
  // CHECK: tw.set_task %[[NONE]], %[[MANY]][%{{.*}}] : !tw.task_ids<4>
  %more = tw.set_task %none, %many[%i] : !tw.task_ids<4>
  // CHECK: tw.get_task %{{.*}}[%{{.*}}] : !tw.task_ids<4>
  %first = tw.get_task %more[%i] : !tw.task_ids<4>
  // CHECK: tw.cluster_count
  %clusters = tw.cluster_count
  // CHECK: tw.aiv_count
  %aivs = tw.aiv_count
  // CHECK: tw.submit @idle()
  %t0 = tw.submit @idle()
  // CHECK: tw.submit @vector(%arg0, %arg1, %arg3 : !tw.tensor<64x128xf32>, !tw.tensor<64x128xf32>, index)
  %t1 = tw.submit @vector(%x, %y, %n : !tw.tensor<64x128xf32>, !tw.tensor<64x128xf32>, index)
  // CHECK: tw.submit @vector(in %arg0, out %arg1, %arg3 : !tw.tensor<64x128xf32>, !tw.tensor<64x128xf32>, index) blocks %arg3 sync_start after(%{{.*}}, %{{.*}} : !tw.task_id, !tw.task_ids<4>) derived(%{{.*}} : !tw.task_id) when %arg2[%{{.*}}] ge -3 : !tw.tensor<8xi32> early_resolve
  %t2 = tw.submit @vector(in %x, out %y, %n : !tw.tensor<64x128xf32>, !tw.tensor<64x128xf32>, index) blocks %n sync_start
      after(%t1, %many : !tw.task_id, !tw.task_ids<4>) derived(%t1 : !tw.task_id) when %z[%i] ge -3 : !tw.tensor<8xi32> early_resolve
  // CHECK: tw.submit @cube with @vector with @vector(no_dep %arg0, inout %arg1, %arg3 :
  %t3 = tw.submit @cube with @vector with @vector(no_dep %x, inout %y, %n : !tw.tensor<64x128xf32>, !tw.tensor<64x128xf32>, index)
  // CHECK: tw.dummy after(%{{.*}}, %{{.*}} : !tw.task_id, !tw.task_id)
  %t4 = tw.dummy after(%t1, %t2 : !tw.task_id, !tw.task_id)
  // CHECK: tw.dummy after()
  %t5 = tw.dummy after()
  // CHECK: tw.at {
  // CHECK-NEXT: }
  %t6 = tw.at {
  }
  // CHECK: tw.at "scale" blocks %{{.*}} sync_start after(%{{.*}} : !tw.task_id) no_dep(%arg0 : !tw.tensor<64x128xf32>) when %arg2[%{{.*}}] ne 0 : !tw.tensor<8xi32> early_resolve {
  %t7 = tw.at "scale" blocks %clusters sync_start after(%t4 : !tw.task_id) no_dep(%x : !tw.tensor<64x128xf32>)
      when %z[%i] ne 0 : !tw.tensor<8xi32> early_resolve {
    %v = tw.view %x[%i, %i] : !tw.tensor<64x128xf32> -> !tw.tensor<32x128xf32>
    %t = tile.load %v[%i, %i] : !tw.tensor<32x128xf32> -> !tile.tile<32x128xf32>
    // CHECK: tw.declare %{{.*}} : !tw.var<!tile.tile<32x128xf32>>
    %variable = tw.declare %t : !tw.var<!tile.tile<32x128xf32>>
  }
  // CHECK: tw.scope {
  // CHECK-NEXT: tw.submit @idle()
  // CHECK-NEXT: }
  tw.scope {
    %t = tw.submit @idle()
  }
  // CHECK: tw.scope manual -> (!tw.task_id) {
  // CHECK: tw.yield %{{.*}} : !tw.task_id
  %t8 = tw.scope manual -> (!tw.task_id) {
    %t = tw.submit @idle()
    tw.yield %t : !tw.task_id
  }
  tw.return
}

// CHECK-LABEL: tw.orchestration @variables
tw.orchestration @variables(%n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  // CHECK: %[[SUM:.*]] = tw.declare %{{.*}} : !tw.var<index>
  %sum = tw.declare %zero : !tw.var<index>
  // CHECK: tw.declare : !tw.var<!tw.task_id>
  %last = tw.declare : !tw.var<!tw.task_id>
  // CHECK: scf.for
  scf.for %i = %zero to %n step %one {
    // CHECK: %[[NOW:.*]] = tw.get %[[SUM]] : !tw.var<index>
    %now = tw.get %sum : !tw.var<index>
    // CHECK: tw.set %{{.*}}, %[[SUM]] : !tw.var<index>
    %next = arith.addi %now, %i : index
    tw.set %next, %sum : !tw.var<index>
  // CHECK: } {tw.parallel, tw.pipeline = 2 : i64, tw.unroll}
  } {tw.parallel, tw.pipeline = 2, tw.unroll}
  tw.return
}
