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
