// Variables become values through each form of control flow; print and parse again between.
// RUN: tw-opt %s -promote-variables | tw-opt | FileCheck %s

// CHECK-LABEL: tw.orchestration @loops
// CHECK-NOT: tw.{{declare|get|set}}
// CHECK: %[[OUTER:.*]] = scf.for %[[I:.*]] = %c0 to %arg0 step %c1 iter_args(%[[A:.*]] = %c0) -> (index) {
// CHECK:   %[[INNER:.*]] = scf.for %[[J:.*]] = %c0 to %[[I]] step %c1 iter_args(%[[B:.*]] = %[[A]]) -> (index) {
// CHECK:     %[[C:.*]] = arith.addi %[[B]], %[[J]] : index
// CHECK:     scf.yield %[[C]] : index
// CHECK:   } {tw.pipeline = 2 : i64}
// CHECK:   scf.yield %[[INNER]] : index
// CHECK: tw.submit @k(%[[OUTER]] : index)
tw.orchestration @loops(%n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %sum = tw.declare %zero : !tw.var<index>
  scf.for %i = %zero to %n step %one {
    scf.for %j = %zero to %i step %one {
      %now = tw.get %sum : !tw.var<index>
      %next = arith.addi %now, %j : index
      tw.set %next, %sum : !tw.var<index>
    } {tw.pipeline = 2}
  }
  %last = tw.get %sum : !tw.var<index>
  %t = tw.submit @k(%last : index)
  tw.return
}
tile.func @k(%n: index) {
  tile.return
}

// A variable that one branch sets holds its old value after the other. One that is set before each read in a turn is not carried.
// CHECK-LABEL: tw.orchestration @branches
// CHECK: %[[R:.*]]:2 = scf.for %[[I:.*]] = {{.*}} iter_args(%[[A:.*]] = %arg0, %[[S:.*]] = %c1) -> (index, index) {
// CHECK:   tw.submit @k(%[[I]] : index)
// CHECK:   %[[IF:.*]]:2 = scf.if %arg1 -> (index, index) {
// CHECK:     scf.yield %[[I]], %[[S]] : index, index
// CHECK:   } else {
// CHECK:     scf.yield %[[A]], %[[I]] : index, index
// CHECK:   scf.yield %[[IF]]#0, %[[IF]]#1 : index, index
// CHECK: %[[ONLY:.*]] = scf.if %arg1 -> (index) {
// CHECK:   scf.yield %c0 : index
// CHECK: } else {
// CHECK:   scf.yield %[[R]]#0 : index
// CHECK: tw.submit @k(%[[ONLY]] : index)
tw.orchestration @branches(%n: index, %p: i1) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %a = tw.declare %n : !tw.var<index>
  %b = tw.declare %one : !tw.var<index>
  %inner = tw.declare : !tw.var<index>
  scf.for %i = %zero to %n step %one {
    tw.set %i, %inner : !tw.var<index>
    %x = tw.get %inner : !tw.var<index>
    %t = tw.submit @k(%x : index)
    scf.if %p {
      tw.set %i, %a : !tw.var<index>
    } else {
      tw.set %i, %b : !tw.var<index>
    }
  }
  scf.if %p {
    tw.set %zero, %a : !tw.var<index>
  }
  %y = tw.get %a : !tw.var<index>
  %t = tw.submit @k(%y : index)
  tw.return
}

// A while loop carries through its condition, which may set variables as well.
// CHECK-LABEL: tw.orchestration @while_loop
// CHECK: %[[W:.*]]:2 = scf.while (%[[A:.*]] = %arg0) : (index) -> (index, index) {
// CHECK:   %[[MORE:.*]] = arith.cmpi ugt, %[[A]], %c0
// CHECK:   scf.condition(%[[MORE]]) %[[A]], %[[A]] : index, index
// CHECK: } do {
// CHECK: ^bb0(%[[SEEN:.*]]: index, %[[B:.*]]: index):
// CHECK:   %[[HALF:.*]] = arith.divui %[[B]], %c2
// CHECK:   tw.submit @k(%[[SEEN]] : index)
// CHECK:   scf.yield %[[HALF]] : index
// CHECK: tw.submit @k(%[[W]]#0 : index)
tw.orchestration @while_loop(%n: index) {
  %zero = arith.constant 0 : index
  %two = arith.constant 2 : index
  %a = tw.declare %n : !tw.var<index>
  %seen = tw.declare : !tw.var<index>
  scf.while : () -> () {
    %x = tw.get %a : !tw.var<index>
    tw.set %x, %seen : !tw.var<index>
    %more = arith.cmpi ugt, %x, %zero : index
    scf.condition(%more)
  } do {
    %x = tw.get %a : !tw.var<index>
    %half = arith.divui %x, %two : index
    tw.set %half, %a : !tw.var<index>
    %s = tw.get %seen : !tw.var<index>
    %t = tw.submit @k(%s : index)
    scf.yield
  }
  %last = tw.get %seen : !tw.var<index>
  %t = tw.submit @k(%last : index)
  tw.return
}

// Task ids come out of a scope; a task reads what a variable holds when it is submitted; tiles are carried in a task.
// CHECK-LABEL: tw.orchestration @scopes
// CHECK: %[[S:.*]]:2 = tw.scope manual -> (!tw.task_id, !tw.task_id) {
// CHECK:   %[[T:.*]] = tw.submit @k
// CHECK:   tw.yield %[[T]], %[[T]] : !tw.task_id, !tw.task_id
// CHECK: tw.dummy after(%[[S]]#1, %[[S]]#0 :
// CHECK: tw.at {
// CHECK:   %[[F:.*]] = tile.fill
// CHECK:   %[[LOOP:.*]] = scf.for {{.*}} iter_args(%[[ACC:.*]] = %[[F]]) -> (!tile.tile<8x8xf32>) {
// CHECK:     %[[E:.*]] = tile.exp %[[ACC]]
// CHECK:     scf.yield %[[E]]
// CHECK:   tile.store %[[LOOP]], %arg0[%c0, %c1]
tw.orchestration @scopes(%y: !tw.tensor<8x16xf32>, %n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %h = arith.constant 0.0 : f32
  %last = tw.declare : !tw.var<!tw.task_id>
  %column = tw.declare %one : !tw.var<index>
  %r = tw.scope manual -> (!tw.task_id) {
    %t = tw.submit @k(%n : index)
    tw.set %t, %last : !tw.var<!tw.task_id>
    tw.yield %t : !tw.task_id
  }
  %l = tw.get %last : !tw.var<!tw.task_id>
  %d = tw.dummy after(%l, %r : !tw.task_id, !tw.task_id)
  tw.at {
    %f = tile.fill %h : (f32) -> !tile.tile<8x8xf32>
    %acc = tw.declare %f : !tw.var<!tile.tile<8x8xf32>>
    scf.for %i = %zero to %n step %one {
      %t = tw.get %acc : !tw.var<!tile.tile<8x8xf32>>
      %e = tile.exp %t : !tile.tile<8x8xf32>
      tw.set %e, %acc : !tw.var<!tile.tile<8x8xf32>>
    }
    %t = tw.get %acc : !tw.var<!tile.tile<8x8xf32>>
    %c = tw.get %column : !tw.var<index>
    tile.store %t, %y[%zero, %c] : !tile.tile<8x8xf32>, !tw.tensor<8x16xf32>
  }
  tw.return
}
