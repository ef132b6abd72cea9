// What kernels do with their tensors, and what the runtime is told of each argument.
// RUN: tw-opt %s -infer-directions | tw-opt | FileCheck %s

// A tensor that is loaded first is inout; one whose loads see only what was stored before is out.
// CHECK-LABEL: tile.func @kernel(%arg0: !tw.tensor<8x8xf32>, %arg1: !tw.tensor<8x8xf32> {tw.out}, %arg2: !tw.tensor<8x8xf32> {tw.inout}, %arg3: !tw.tensor<8x8xf32> {tw.out})
tile.func @kernel(%x: !tw.tensor<8x8xf32>, %y: !tw.tensor<8x8xf32>, %z: !tw.tensor<8x8xf32>, %w: !tw.tensor<8x8xf32>) {
  %zero = arith.constant 0 : index
  %t = tile.load %x[%zero, %zero] : !tw.tensor<8x8xf32> -> !tile.tile<8x8xf32>
  %v = tw.view %y[%zero, %zero] : !tw.tensor<8x8xf32> -> !tw.tensor<8x8xf32>
  tile.store %t, %v[%zero, %zero] : !tile.tile<8x8xf32>, !tw.tensor<8x8xf32>
  %u = tile.load %z[%zero, %zero] : !tw.tensor<8x8xf32> -> !tile.tile<8x8xf32>
  tile.store %u, %z[%zero, %zero] : !tile.tile<8x8xf32>, !tw.tensor<8x8xf32>
  tile.store %u, %w[%zero, %zero] : !tile.tile<8x8xf32>, !tw.tensor<8x8xf32>
  %a = tile.load %w[%zero, %zero] : !tw.tensor<8x8xf32> -> !tile.tile<4x8xf32>
  tile.return
}

// Less than what is loaded was stored, only on one way, or only some rows are valid: inout. Adding reads; elements count as tiles do.
// CHECK-LABEL: tile.func @partly(%arg0: !tw.tensor<8x8xf32> {tw.inout}, %arg1: !tw.tensor<8x8xf32> {tw.inout}, %arg2: !tw.tensor<8x8xf32> {tw.inout}, %arg3: !tw.tensor<8x8xf32> {tw.inout}, %arg4: !tw.tensor<8xi32> {tw.out}, %arg5: !tw.tensor<8xi32>, %arg6: i1, %arg7: i32)
tile.func @partly(%x: !tw.tensor<8x8xf32>, %y: !tw.tensor<8x8xf32>, %z: !tw.tensor<8x8xf32>, %w: !tw.tensor<8x8xf32>, %e: !tw.tensor<8xi32>, %f: !tw.tensor<8xi32>, %p: i1, %k: i32) {
  %zero = arith.constant 0 : index
  %t = tile.create : !tile.tile<4x8xf32>
  tile.store %t, %x[%zero, %zero] : !tile.tile<4x8xf32>, !tw.tensor<8x8xf32>
  %a = tile.load %x[%zero, %zero] : !tw.tensor<8x8xf32> -> !tile.tile<8x8xf32>
  scf.if %p {
    tile.store %a, %y[%zero, %zero] : !tile.tile<8x8xf32>, !tw.tensor<8x8xf32>
  }
  %b = tile.load %y[%zero, %zero] : !tw.tensor<8x8xf32> -> !tile.tile<8x8xf32>
  %c = tile.create : !tile.tile<8x8xf32, valid 4x8>
  tile.store %c, %z[%zero, %zero] : !tile.tile<8x8xf32, valid 4x8>, !tw.tensor<8x8xf32>
  %d = tile.load %z[%zero, %zero] : !tw.tensor<8x8xf32> -> !tile.tile<8x8xf32>
  tile.store %d, %w[%zero, %zero] atomic_add : !tile.tile<8x8xf32>, !tw.tensor<8x8xf32>
  tw.write %k, %e[%zero] : i32, !tw.tensor<8xi32>
  %n = tw.read %e[%zero] : !tw.tensor<8xi32> -> i32
  %m = tw.read %f[%zero] : !tw.tensor<8xi32> -> i32
  tile.return
}

tile.func @fill(%x: !tw.tensor<16x8xf32> {tw.out}) {
  tile.return
}
tile.func @all(%x: !tw.tensor<64x8xf32> {tw.out}) {
  tile.return
}

// Turns of a loop that write different rows do not wait for each other, nor do tasks on different rows; those that write the same do.
// CHECK-LABEL: tw.orchestration @rows
// CHECK: scf.for
// CHECK: tw.submit @fill(out %
// CHECK: tw.submit @fill(inout %
// CHECK: scf.for
// CHECK: tw.submit @fill(inout %
// CHECK: scf.for
// CHECK: tw.submit @fill(out %
// CHECK: } {tw.parallel}
// CHECK: tw.submit @fill(out %
// CHECK: tw.submit @fill(out %
// CHECK: tw.submit @all(inout %
tw.orchestration @rows(%a: !tw.tensor<64x8xf32> {tw.out}, %b: !tw.tensor<64x8xf32> {tw.out}, %c: !tw.tensor<64x8xf32> {tw.out}, %d: !tw.tensor<64x8xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %end = arith.constant 40 : index
  %sixteen = arith.constant 16 : index
  %eight = arith.constant 8 : index
  scf.for %i = %zero to %end step %sixteen {
    %v = tw.view %a[%i, %zero] : !tw.tensor<64x8xf32> -> !tw.tensor<16x8xf32>
    %t1 = tw.submit @fill(%v : !tw.tensor<16x8xf32>)
    %t2 = tw.submit @fill(%v : !tw.tensor<16x8xf32>)
  }
  scf.for %i = %zero to %end step %eight {
    %v = tw.view %b[%i, %zero] : !tw.tensor<64x8xf32> -> !tw.tensor<16x8xf32>
    %t3 = tw.submit @fill(%v : !tw.tensor<16x8xf32>)
  }
  scf.for %i = %zero to %end step %eight {
    %v = tw.view %c[%i, %zero] : !tw.tensor<64x8xf32> -> !tw.tensor<16x8xf32>
    %t4 = tw.submit @fill(%v : !tw.tensor<16x8xf32>)
  } {tw.parallel}
  %v = tw.view %d[%zero, %zero] : !tw.tensor<64x8xf32> -> !tw.tensor<16x8xf32>
  %w = tw.view %d[%sixteen, %zero] : !tw.tensor<64x8xf32> -> !tw.tensor<16x8xf32>
  %t5 = tw.submit @fill(%v : !tw.tensor<16x8xf32>)
  %t6 = tw.submit @fill(%w : !tw.tensor<16x8xf32>)
  %t7 = tw.submit @all(%d : !tw.tensor<64x8xf32>)
  tw.return
}

// Even and odd rows, as a dimension of a reshaped tensor; a loop of one turn.
// CHECK-LABEL: tw.orchestration @strides
// CHECK: scf.for
// CHECK: tw.submit @fill(out %
// CHECK: tw.submit @fill(out %
// CHECK: scf.for
// CHECK: tw.submit @fill(out %
tw.orchestration @strides(%a: !tw.tensor<128x8xf32> {tw.out}, %b: !tw.tensor<64x8xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  %sixteen = arith.constant 16 : index
  %rows = tw.reshape %a : !tw.tensor<128x8xf32> -> !tw.tensor<64x2x8xf32>
  scf.for %i = %zero to %two step %one {
    %at = arith.muli %i, %sixteen : index
    %even = tw.view %rows[%at, %zero, %zero] : !tw.tensor<64x2x8xf32> -> !tw.tensor<16x1x8xf32>
    %odd = tw.view %rows[%at, %one, %zero] : !tw.tensor<64x2x8xf32> -> !tw.tensor<16x1x8xf32>
    %x = tw.reshape %even : !tw.tensor<16x1x8xf32> -> !tw.tensor<16x8xf32>
    %y = tw.reshape %odd : !tw.tensor<16x1x8xf32> -> !tw.tensor<16x8xf32>
    %t11 = tw.submit @fill(%x : !tw.tensor<16x8xf32>)
    %t12 = tw.submit @fill(%y : !tw.tensor<16x8xf32>)
  }
  scf.for %i = %zero to %two step %sixteen {
    %v = tw.view %b[%i, %zero] : !tw.tensor<64x8xf32> -> !tw.tensor<16x8xf32>
    %t13 = tw.submit @fill(%v : !tw.tensor<16x8xf32>)
  }
  tw.return
}

// A tensor that is new in each turn is nobody's before; what the program says stays; of a mixed task one kernel reads.
// CHECK-LABEL: tw.orchestration @others
// CHECK: tw.submit @all(out %
// CHECK: tw.submit @all(no_dep %
// CHECK: tw.submit @read with @all(inout %
tw.orchestration @others(%a: !tw.tensor<64x8xf32> {tw.inout}, %n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  scf.for %i = %zero to %n step %one {
    %t = tw.create : !tw.tensor<64x8xf32>
    %t8 = tw.submit @all(%t : !tw.tensor<64x8xf32>)
  }
  %t9 = tw.submit @all(no_dep %a : !tw.tensor<64x8xf32>)
  %t10 = tw.submit @read with @all(%a : !tw.tensor<64x8xf32>)
  tw.return
}
tile.func aic @read(%x: !tw.tensor<64x8xf32>) {
  tile.return
}
