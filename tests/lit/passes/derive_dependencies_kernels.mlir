// Which elements of its tensors a task accesses: those that its kernels do.
// RUN: tw-opt %s -infer-directions -derive-dependencies | tw-opt | FileCheck %s

tile.func @row(%x: !tw.tensor<?x8xf32>, %y: !tw.tensor<?x8xf32>, %row: index) {
  %zero = arith.constant 0 : index
  %t = tile.load %x[%row, %zero] : !tw.tensor<?x8xf32> -> !tile.tile<1x8xf32>
  tile.store %t, %y[%row, %zero] : !tile.tile<1x8xf32>, !tw.tensor<?x8xf32>
  tile.return
}
tile.func @rows(%y: !tw.tensor<?x8xf32>, %from: index, %to: index) {
  %zero = arith.constant 0 : index
  %two = arith.constant 2 : index
  %t = tile.create : !tile.tile<2x8xf32>
  scf.for %i = %from to %to step %two {
    %part = tw.view %y[%i, %zero] : !tw.tensor<?x8xf32> -> !tw.tensor<2x8xf32>
    tile.store %t, %part[%zero, %zero] : !tile.tile<2x8xf32>, !tw.tensor<2x8xf32>
  }
  tile.return
}
tile.func @blocks(%y: !tw.tensor<?x8xf32>, %from: index) {
  %zero = arith.constant 0 : index
  %b = tile.block_index
  %i = arith.addi %b, %from : index
  %t = tile.create : !tile.tile<1x8xf32>
  tile.store %t, %y[%i, %zero] : !tile.tile<1x8xf32>, !tw.tensor<?x8xf32>
  tile.return
}
tile.func @all(%y: !tw.tensor<?x8xf32>, %n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  scf.for %i = %zero to %n step %one {
    %t = tile.load %y[%i, %zero] : !tw.tensor<?x8xf32> -> !tile.tile<1x8xf32>
  }
  tile.return
}
tile.func @somewhere(%y: !tw.tensor<?x8xf32>, %r: !tw.tensor<1x8xi32>) {
  %zero = arith.constant 0 : index
  %i = tile.load %r[%zero, %zero] : !tw.tensor<1x8xi32> -> !tile.tile<1x8xi32>
  %t = tile.gather_load %y[%i] : !tw.tensor<?x8xf32>, !tile.tile<1x8xi32> -> !tile.tile<8x8xf32>
  tile.return
}
tile.func @one_way(%y: !tw.tensor<?x8xf32>, %row: index, %c: i1) {
  %zero = arith.constant 0 : index
  %t = tile.create : !tile.tile<1x8xf32>
  scf.if %c {
    tile.store %t, %y[%row, %zero] : !tile.tile<1x8xf32>, !tw.tensor<?x8xf32>
  }
  tile.return
}

// Rows by number, which a task is given: the same, the next, and one that may be any.
// CHECK-LABEL: tw.orchestration @by_number
// CHECK: %[[A:.*]] = tw.submit @row(in %arg0, {{.*}}){{$}}
// CHECK: %[[B:.*]] = tw.submit @row(in %arg0, {{.*}}){{$}}
// CHECK: %[[C:.*]] = tw.submit @row(in %arg1, {{.*}}) derived(%[[A]] : !tw.task_id)
// CHECK: tw.submit @row(in %arg1, {{.*}}) derived(%[[B]] : !tw.task_id)
// CHECK: tw.submit @row(in %arg1, {{.*}}) derived(%{{.*}}, %{{.*}} : !tw.task_id, !tw.task_id)
tw.orchestration @by_number(%x: !tw.tensor<?x8xf32> {tw.inout}, %y: !tw.tensor<?x8xf32> {tw.inout}, %z: !tw.tensor<?x8xf32> {tw.inout}, %n: index, %m: index) {
  %one = arith.constant 1 : index
  %next = arith.addi %n, %one : index
  tw.submit @row(%x, %y, %n : !tw.tensor<?x8xf32>, !tw.tensor<?x8xf32>, index)
  tw.submit @row(%x, %y, %next : !tw.tensor<?x8xf32>, !tw.tensor<?x8xf32>, index)
  tw.submit @row(%y, %z, %n : !tw.tensor<?x8xf32>, !tw.tensor<?x8xf32>, index)
  tw.submit @row(%y, %z, %next : !tw.tensor<?x8xf32>, !tw.tensor<?x8xf32>, index)
  tw.submit @row(%y, %x, %m : !tw.tensor<?x8xf32>, !tw.tensor<?x8xf32>, index)
  tw.return
}

// Ranges of rows, through loops of the kernel and through its blocks.
// CHECK-LABEL: tw.orchestration @ranges(%arg0: !tw.tensor<?x8xf32> {tw.inout, tw.ordered}
// CHECK: %[[A:.*]] = tw.submit @rows({{.*}} : !tw.tensor<?x8xf32>, index, index){{$}}
// CHECK: %[[B:.*]] = tw.submit @rows({{.*}} : !tw.tensor<?x8xf32>, index, index){{$}}
// CHECK: %[[C:.*]] = tw.submit @blocks({{.*}} : !tw.tensor<?x8xf32>, index) blocks %arg1{{$}}
// CHECK: %[[D:.*]] = tw.submit @blocks({{.*}} : !tw.tensor<?x8xf32>, index) blocks %arg1 derived(%[[A]] : !tw.task_id)
// CHECK: tw.submit @all({{.*}}) derived(%[[B]], %[[C]], %[[D]] :
tw.orchestration @ranges(%y: !tw.tensor<?x8xf32> {tw.inout}, %n: index) {
  %zero = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %c24 = arith.constant 24 : index
  tw.submit @rows(%y, %zero, %c8 : !tw.tensor<?x8xf32>, index, index)
  tw.submit @rows(%y, %c8, %c16 : !tw.tensor<?x8xf32>, index, index)
  tw.submit @blocks(%y, %c24 : !tw.tensor<?x8xf32>, index) blocks %n
  %c4 = arith.constant 4 : index
  %first = tw.view %y[%zero, %zero] extents(%c8) : !tw.tensor<?x8xf32> -> !tw.tensor<?x8xf32>
  tw.submit @blocks(%first, %c4 : !tw.tensor<?x8xf32>, index) blocks %n
  tw.submit @all(%y, %n : !tw.tensor<?x8xf32>, index)
  tw.return
}

// Rows that only the kernel knows, and an access that may not happen: nothing stands for what was before.
// CHECK-LABEL: tw.orchestration @uncertain
// CHECK: %[[A:.*]] = tw.submit @row(
// CHECK: %[[B:.*]] = tw.submit @one_way({{.*}}) derived(%[[A]] : !tw.task_id)
// CHECK: tw.submit @somewhere({{.*}}) derived(%[[B]] : !tw.task_id)
tw.orchestration @uncertain(%x: !tw.tensor<?x8xf32>, %y: !tw.tensor<?x8xf32> {tw.inout}, %r: !tw.tensor<1x8xi32>, %n: index, %c: i1) {
  tw.submit @row(%x, %y, %n : !tw.tensor<?x8xf32>, !tw.tensor<?x8xf32>, index)
  tw.submit @one_way(%y, %n, %c : !tw.tensor<?x8xf32>, index, i1)
  tw.submit @somewhere(%y, %r : !tw.tensor<?x8xf32>, !tw.tensor<1x8xi32>)
  tw.return
}

// Turns of a loop: each its row, all the same rows.
// CHECK-LABEL: tw.orchestration @turns
// CHECK-SAME: %arg1: !tw.tensor<?x8xf32> {tw.ordered, tw.out}
// CHECK-SAME: %arg2: !tw.tensor<?x8xf32> {tw.out, tw.tracked = "turns of a loop may depend on each other ({{[^)]*}})"}
tw.orchestration @turns(%x: !tw.tensor<?x8xf32>, %y: !tw.tensor<?x8xf32> {tw.out}, %z: !tw.tensor<?x8xf32> {tw.out}, %n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  scf.for %i = %zero to %n step %one {
    tw.submit @row(%x, %y, %i : !tw.tensor<?x8xf32>, !tw.tensor<?x8xf32>, index)
    tw.submit @blocks(%z, %zero : !tw.tensor<?x8xf32>, index) blocks %n
  }
  tw.return
}

// Extents that only the kernel knows are numbers of their own.
tile.func @difference(%x: !tw.tensor<?x8xf32>, %a: !tw.tensor<?x?xf32>, %b: !tw.tensor<?x?xf32>, %c: i1) {
  %zero = arith.constant 0 : index
  %s = arith.select %c, %a, %b : !tw.tensor<?x?xf32>
  %rows = tw.dim %s, 0 : !tw.tensor<?x?xf32>
  %columns = tw.dim %s, 1 : !tw.tensor<?x?xf32>
  %i = arith.subi %rows, %columns : index
  %t = tile.create : !tile.tile<1x8xf32>
  tile.store %t, %x[%i, %zero] : !tile.tile<1x8xf32>, !tw.tensor<?x8xf32>
  tile.return
}
// CHECK-LABEL: tw.orchestration @own_extents
// CHECK: %[[A:.*]] = tw.submit @row(
// CHECK: tw.submit @difference({{.*}}) derived(%[[A]] : !tw.task_id)
tw.orchestration @own_extents(%x: !tw.tensor<?x8xf32>, %y: !tw.tensor<?x8xf32> {tw.out}, %a: !tw.tensor<?x?xf32>, %b: !tw.tensor<?x?xf32>, %c: i1) {
  %five = arith.constant 5 : index
  tw.submit @row(%x, %y, %five : !tw.tensor<?x8xf32>, !tw.tensor<?x8xf32>, index)
  tw.submit @difference(%y, %a, %b, %c : !tw.tensor<?x8xf32>, !tw.tensor<?x?xf32>, !tw.tensor<?x?xf32>, i1)
  tw.return
}
