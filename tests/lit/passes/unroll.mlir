// RUN: tw-opt %s -unroll -canonicalize | tw-opt | FileCheck %s

tile.func @k(%i: index, %n: index) {
  tile.return
}

// Each turn is a copy with its number; the bound of the inner loop becomes known with it. Carried values go from copy to copy.
// CHECK-LABEL: tw.orchestration @nested
// CHECK-NOT: scf.for
// CHECK: tw.submit @k(%c0, %arg0 : index, index)
// CHECK: tw.submit @k(%c1, %arg0 : index, index)
// CHECK: %[[S:.*]] = arith.addi %arg0, %c1
// CHECK: tw.submit @k(%c2, %[[S]] : index, index)
// CHECK-NOT: tw.submit
// CHECK: tw.return
tw.orchestration @nested(%n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %three = arith.constant 3 : index
  %r = scf.for %i = %zero to %three step %one iter_args(%a = %n) -> (index) {
    %s = scf.for %j = %one to %i step %one iter_args(%b = %a) -> (index) {
      %c = arith.addi %b, %i : index
      scf.yield %c : index
    } {tw.unroll}
    %t = tw.submit @k(%i, %a : index, index)
    %c = arith.addi %s, %i : index
    scf.yield %c : index
  } {tw.unroll, tw.parallel}
  tw.return
}

// Loops of one turn or none need not ask; others stay.
// CHECK-LABEL: tw.orchestration @single
// CHECK: tw.submit @k(%c4, %arg0
// CHECK-NOT: tw.submit @k(%c7
// CHECK: scf.for
// CHECK: tw.submit
tw.orchestration @single(%n: index) {
  %four = arith.constant 4 : index
  %seven = arith.constant 7 : index
  scf.for %i = %four to %seven step %seven {
    %t = tw.submit @k(%i, %n : index, index)
  }
  scf.for %i = %seven to %four step %four {
    %t = tw.submit @k(%i, %n : index, index)
  }
  scf.for %i = %four to %seven step %n {
    %t = tw.submit @k(%i, %n : index, index)
  }
  tw.return
}

// A pipelined loop does several turns in one, and those that are left over behind it; what it carries goes through all. The turns are counted when it
// runs: none for an end before the start.
// CHECK-LABEL: tile.func @pipelined
// CHECK: %[[SPAN:.*]] = arith.maxsi %arg1, %c0
// CHECK: %[[TURNS:.*]] = arith.divsi %{{.*}}, %c8
// CHECK: %[[GROUPS:.*]] = arith.divsi %[[TURNS]], %c2
// CHECK: %[[MIDDLE:.*]] = arith.muli %[[GROUPS]], %c16
// CHECK: %[[R:.*]] = scf.for %[[I:.*]] = %c0 to %[[MIDDLE]] step %c16 iter_args(%[[A:.*]] = %{{.*}}) -> (!tile.tile<8x8xf32>) {
// CHECK:   %[[T:.*]] = tile.load %arg0[%[[I]], %c0]
// CHECK:   %[[S:.*]] = tile.add %[[A]], %[[T]]
// CHECK:   %[[NEXT:.*]] = arith.addi %[[I]], %c8
// CHECK:   %[[U:.*]] = tile.load %arg0[%[[NEXT]], %c0]
// CHECK:   %[[B:.*]] = tile.add %[[S]], %[[U]]
// CHECK:   scf.yield %[[B]]
// CHECK-NEXT: }{{$}}
// CHECK: %[[ALL:.*]] = scf.for %{{.*}} = %[[MIDDLE]] to %arg1 step %c8 iter_args(%{{.*}} = %[[R]])
// CHECK: }{{$}}
// CHECK: tile.store %[[ALL]]
// Turns that are known to make whole groups leave nothing over.
// CHECK: scf.for %{{.*}} = %c0 to %c64 step %c32
// CHECK-COUNT-4: tile.load
// CHECK-NOT: tile.load
// CHECK: tile.return
tile.func @pipelined(%x: !tw.tensor<?x8xf32>, %n: index) {
  %zero = arith.constant 0 : index
  %step = arith.constant 8 : index
  %h = arith.constant 0.0 : f32
  %f = tile.fill %h : (f32) -> !tile.tile<8x8xf32>
  %s = scf.for %i = %zero to %n step %step iter_args(%a = %f) -> (!tile.tile<8x8xf32>) {
    %t = tile.load %x[%i, %zero] : !tw.tensor<?x8xf32> -> !tile.tile<8x8xf32>
    %b = tile.add %a, %t : !tile.tile<8x8xf32>
    scf.yield %b : !tile.tile<8x8xf32>
  } {tw.pipeline = 2}
  tile.store %s, %x[%zero, %zero] : !tile.tile<8x8xf32>, !tw.tensor<?x8xf32>
  %end = arith.constant 64 : index
  scf.for %i = %zero to %end step %step {
    %t = tile.load %x[%i, %zero] : !tw.tensor<?x8xf32> -> !tile.tile<8x8xf32>
    tile.store %t, %x[%i, %zero] : !tile.tile<8x8xf32>, !tw.tensor<?x8xf32>
  } {tw.pipeline = 4}
  tile.return
}
