// What a loop is asked to be survives the passes that run between all others.
// RUN: tw-opt %s -canonicalize -cse | FileCheck %s

tile.func @k(%n: index) {
  tile.return
}

// CHECK-LABEL: tw.orchestration @carried
tw.orchestration @carried(%x: !tw.tensor<8x4xf32>, %n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  // An unused carry goes; the attribute stays. tw.dim of a known extent is a number.
  // CHECK: scf.for %{{.*}} = %c0 to %c8 step %c1 {
  // CHECK: tw.submit @k
  // CHECK: } {tw.parallel}
  %rows = tw.dim %x, 0 : !tw.tensor<8x4xf32>
  %last = scf.for %i = %zero to %rows step %one iter_args(%unused = %n) -> (index) {
    %t = tw.submit @k(%i : index)
    scf.yield %unused : index
  } {tw.parallel}
  tw.return
}

// Tasks and stores stay, tiles that nobody uses go.
// CHECK-LABEL: tile.func @effects
// CHECK-NOT: tile.exp
// CHECK: tile.store
tile.func @effects(%x: !tw.tensor<8x4xf32>, %y: !tw.tensor<8x4xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %a = tile.load %x[%zero, %zero] : !tw.tensor<8x4xf32> -> !tile.tile<8x4xf32>
  %b = tile.exp %a : !tile.tile<8x4xf32>
  tile.store %a, %y[%zero, %zero] : !tile.tile<8x4xf32>, !tw.tensor<8x4xf32>
  tile.return
}
