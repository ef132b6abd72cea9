// Where tiles lie follows from what uses them; moves stand where memories meet.
// RUN: tw-opt %s -infer-memory-space=platform=a2a3sim | tw-opt | FileCheck %s
// RUN: tw-opt %s -infer-memory-space=platform=a5 | tw-opt | FileCheck %s

// CHECK-LABEL: tile.func aiv @vector
// CHECK: tile.load {{.*}} -> !tile.tile<64x128xf32, vec>
// CHECK: tile.row_max {{.*}} -> !tile.tile<64x1xf32, vec>
// CHECK-NOT: tile.move
// CHECK: tile.store %{{.*}} : !tile.tile<64x128xf32, vec>, !tw.tensor<64x128xf32>
tile.func @vector(%x: !tw.tensor<64x128xf32>, %y: !tw.tensor<64x128xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %t = tile.load %x[%zero, %zero] : !tw.tensor<64x128xf32> -> !tile.tile<64x128xf32>
  %m = tile.row_max %t : (!tile.tile<64x128xf32>) -> !tile.tile<64x1xf32>
  %d = tile.row_expand_sub %t, %m : (!tile.tile<64x128xf32>, !tile.tile<64x1xf32>) -> !tile.tile<64x128xf32>
  tile.store %d, %y[%zero, %zero] : !tile.tile<64x128xf32>, !tw.tensor<64x128xf32>
  tile.return
}

// Operands of the cube come through mat; the same tile is moved once for two users in a block. Sums that begin with zeros begin with a product.
// CHECK-LABEL: tile.func aic @cube
// CHECK: %[[A0:.*]] = tile.load %arg0[%c0, %c0] : !tw.tensor<64x256xf16> -> !tile.tile<64x64xf16, mat>
// CHECK: %[[B0:.*]] = tile.load %arg1[%c0, %c0] : !tw.tensor<256x64xf16> -> !tile.tile<64x64xf16, mat>
// CHECK: %[[L0:.*]] = tile.move %[[A0]] : !tile.tile<64x64xf16, mat> -> !tile.tile<64x64xf16, left>
// CHECK: %[[R0:.*]] = tile.move %[[B0]] : !tile.tile<64x64xf16, mat> -> !tile.tile<64x64xf16, right>
// CHECK: %[[P:.*]] = tile.matmul %[[L0]], %[[R0]]
// CHECK: scf.for {{.*}} iter_args(%[[ACC:.*]] = %[[P]]) -> (!tile.tile<64x64xf32, acc>)
// CHECK:   %[[L:.*]] = tile.move {{.*}} -> !tile.tile<64x64xf16, left>
// CHECK:   %[[R:.*]] = tile.move {{.*}} -> !tile.tile<64x64xf16, right>
// CHECK:   %[[NEXT:.*]] = tile.matmul_acc %[[ACC]], %[[L]], %[[R]]
// CHECK:   scf.yield %[[NEXT]] : !tile.tile<64x64xf32, acc>
// CHECK: tile.store {{.*}} : !tile.tile<64x64xf32, acc>, !tw.tensor<64x64xf32>
tile.func @cube(%a: !tw.tensor<64x256xf16>, %b: !tw.tensor<256x64xf16>, %c: !tw.tensor<64x64xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %step = arith.constant 64 : index
  %k = arith.constant 256 : index
  %h = arith.constant 0.0 : f32
  %z = tile.fill %h : (f32) -> !tile.tile<64x64xf32>
  %sum = scf.for %i = %zero to %k step %step iter_args(%acc = %z) -> (!tile.tile<64x64xf32>) {
    %l = tile.load %a[%zero, %i] : !tw.tensor<64x256xf16> -> !tile.tile<64x64xf16>
    %r = tile.load %b[%i, %zero] : !tw.tensor<256x64xf16> -> !tile.tile<64x64xf16>
    %next = tile.matmul_acc %acc, %l, %r : (!tile.tile<64x64xf32>, !tile.tile<64x64xf16>, !tile.tile<64x64xf16>) -> !tile.tile<64x64xf32>
    scf.yield %next : !tile.tile<64x64xf32>
  }
  tile.store %sum, %c[%zero, %zero] : !tile.tile<64x64xf32>, !tw.tensor<64x64xf32>
  tile.return
}

// CHECK-LABEL: tile.func aic @shared
// CHECK: %[[M:.*]] = tile.load {{.*}} -> !tile.tile<64x64xf16, mat>
// CHECK: %[[L:.*]] = tile.move %[[M]] : {{.*}} -> !tile.tile<64x64xf16, left>
// CHECK: %[[R:.*]] = tile.move %[[M]] : {{.*}} -> !tile.tile<64x64xf16, right>
// CHECK: tile.matmul %[[L]], %[[R]]
// CHECK: tile.matmul_acc %{{.*}}, %[[L]], %[[R]]
// CHECK: tile.load {{.*}} -> !tile.tile<1x64xf32, mat>
// CHECK: %[[PART:.*]] = tile.extract %[[M]]{{.*}} -> !tile.tile<16x64xf16, left>
// CHECK: %[[BIAS:.*]] = tile.move {{.*}} -> !tile.tile<1x64xf32, bias>
// CHECK: tile.matmul_bias %[[PART]], %[[R]], %[[BIAS]]
tile.func @shared(%a: !tw.tensor<64x64xf16>, %bias: !tw.tensor<1x64xf32>, %c: !tw.tensor<64x64xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %t = tile.load %a[%zero, %zero] : !tw.tensor<64x64xf16> -> !tile.tile<64x64xf16>
  %p = tile.matmul %t, %t : (!tile.tile<64x64xf16>, !tile.tile<64x64xf16>) -> !tile.tile<64x64xf32>
  %q = tile.matmul_acc %p, %t, %t : (!tile.tile<64x64xf32>, !tile.tile<64x64xf16>, !tile.tile<64x64xf16>) -> !tile.tile<64x64xf32>
  tile.store %q, %c[%zero, %zero] : !tile.tile<64x64xf32>, !tw.tensor<64x64xf32>
  %b = tile.load %bias[%zero, %zero] : !tw.tensor<1x64xf32> -> !tile.tile<1x64xf32>
  %e = tile.extract %t[%zero, %zero] : !tile.tile<64x64xf16> -> !tile.tile<16x64xf16>
  %r = tile.matmul_bias %e, %t, %b : (!tile.tile<16x64xf16>, !tile.tile<64x64xf16>, !tile.tile<1x64xf32>) -> !tile.tile<16x64xf32>
  tile.store %r, %c[%zero, %zero] : !tile.tile<16x64xf32>, !tw.tensor<64x64xf32>
  tile.return
}

// What is stated is kept; what branches and loops give lies where the first way puts it.
// CHECK-LABEL: tile.func aiv @control
// CHECK: %[[T:.*]] = tile.load {{.*}} -> !tile.tile<8x8xf32, vec>
// CHECK: scf.if %{{.*}} -> (!tile.tile<8x8xf32, vec>) {
// CHECK: scf.while (%{{.*}} = %{{.*}}) : (!tile.tile<8x8xf32, vec>) -> !tile.tile<8x8xf32, vec>
// CHECK: tile.set_valid {{.*}} : !tile.tile<8x8xf32, vec> -> !tile.tile<8x8xf32, valid 4x8, vec>
tile.func @control(%x: !tw.tensor<8x8xf32> {tw.inout}, %p: i1) {
  %zero = arith.constant 0 : index
  %t = tile.load %x[%zero, %zero] : !tw.tensor<8x8xf32> -> !tile.tile<8x8xf32, vec>
  %s = scf.if %p -> (!tile.tile<8x8xf32>) {
    %u = tile.load %x[%zero, %zero] : !tw.tensor<8x8xf32> -> !tile.tile<8x8xf32>
    scf.yield %u : !tile.tile<8x8xf32>
  } else {
    %u = tile.create : !tile.tile<8x8xf32>
    %e = tile.add %u, %u : !tile.tile<8x8xf32>
    scf.yield %e : !tile.tile<8x8xf32>
  }
  %w = scf.while (%a = %s) : (!tile.tile<8x8xf32>) -> !tile.tile<8x8xf32> {
    scf.condition(%p) %a : !tile.tile<8x8xf32>
  } do {
  ^bb0(%a: !tile.tile<8x8xf32>):
    %e = tile.exp %a : !tile.tile<8x8xf32>
    scf.yield %e : !tile.tile<8x8xf32>
  }
  %v = tile.set_valid %w : !tile.tile<8x8xf32> -> !tile.tile<8x8xf32, valid 4x8>
  tile.store %v, %x[%zero, %zero] : !tile.tile<8x8xf32, valid 4x8>, !tw.tensor<8x8xf32>
  tile.return
}

// A product goes on as an operand through mat.
// CHECK-LABEL: tile.func aic @chain
// CHECK: %[[P:.*]] = tile.matmul
// CHECK: %[[M:.*]] = tile.move %[[P]] : !tile.tile<16x16xf32, acc> -> !tile.tile<16x16xf32, mat>
// CHECK: tile.move %[[M]] : !tile.tile<16x16xf32, mat> -> !tile.tile<16x16xf32, left>
tile.func @chain(%x: !tw.tensor<16x16xf32>, %y: !tw.tensor<16x16xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %t = tile.load %x[%zero, %zero] : !tw.tensor<16x16xf32> -> !tile.tile<16x16xf32>
  %p = tile.matmul %t, %t : !tile.tile<16x16xf32>
  %q = tile.matmul %p, %t : !tile.tile<16x16xf32>
  tile.store %q, %y[%zero, %zero] : !tile.tile<16x16xf32>, !tw.tensor<16x16xf32>
  tile.return
}

// CHECK-LABEL: tile.func aiv @numbers
tile.func @numbers(%x: !tw.tensor<8xi32> {tw.out}, %k: i32) {
  %zero = arith.constant 0 : index
  tw.write %k, %x[%zero] : i32, !tw.tensor<8xi32>
  tile.return
}

// What canonicalisation makes of a branch that only chooses between tiles is a branch again: which place it is, the run decides.
// CHECK-LABEL: tile.func aiv @choice
// CHECK-SAME: %[[GO:[a-z0-9]+]]: i1
// CHECK: %[[CHOSEN:.*]] = scf.if %[[GO]] -> (!tile.tile<8x8xf32, vec>) {
// CHECK: tile.store %[[CHOSEN]]
tile.func @choice(%x: !tw.tensor<16x8xf32>, %y: !tw.tensor<8x8xf32> {tw.out}, %go: i1) {
  %zero = arith.constant 0 : index
  %eight = arith.constant 8 : index
  %a = tile.load %x[%zero, %zero] : !tw.tensor<16x8xf32> -> !tile.tile<8x8xf32>
  %b = tile.load %x[%eight, %zero] : !tw.tensor<16x8xf32> -> !tile.tile<8x8xf32>
  %c = arith.select %go, %a, %b : !tile.tile<8x8xf32>
  tile.store %c, %y[%zero, %zero] : !tile.tile<8x8xf32>, !tw.tensor<8x8xf32>
  tile.return
}

// A part that is both operands of a product is taken twice: no way leads from left to right.
// CHECK-LABEL: tile.func aic @both_sides
// CHECK-DAG: %[[L:.*]] = tile.extract %{{.*}} -> !tile.tile<16x16xf16, left>
// CHECK-DAG: %[[R:.*]] = tile.extract %{{.*}} -> !tile.tile<16x16xf16, right>
// CHECK: tile.matmul %[[L]], %[[R]]
tile.func @both_sides(%x: !tw.tensor<32x16xf16>, %y: !tw.tensor<16x16xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %t = tile.load %x[%zero, %zero] : !tw.tensor<32x16xf16> -> !tile.tile<32x16xf16>
  %e = tile.extract %t[%zero, %zero] : !tile.tile<32x16xf16> -> !tile.tile<16x16xf16>
  %p = tile.matmul %e, %e : (!tile.tile<16x16xf16>, !tile.tile<16x16xf16>) -> !tile.tile<16x16xf32>
  tile.store %p, %y[%zero, %zero] : !tile.tile<16x16xf32>, !tw.tensor<16x16xf32>
  tile.return
}

// Zeros in the accumulator are the product of zeros, where no first product is sure: a loop that may have no turn, a branch, a while. The valid
// region of the sum is that of the product.
// CHECK-LABEL: tile.func aic @sums
// CHECK: %[[Z:.*]] = arith.constant 0.000000e+00 : f16
// CHECK: %[[A:.*]] = tile.fill %[[Z]] : (f16) -> !tile.tile<16x16xf16, mat>
// CHECK: %[[L:.*]] = tile.move %[[A]] : !tile.tile<16x16xf16, mat> -> !tile.tile<16x16xf16, left>
// CHECK: %[[B:.*]] = tile.fill %{{.*}} : (f16) -> !tile.tile<16x32xf16, mat>
// CHECK: %[[R:.*]] = tile.move %[[B]] : !tile.tile<16x32xf16, mat> -> !tile.tile<16x32xf16, right>
// CHECK: %[[S:.*]] = tile.matmul %[[L]], %[[R]] : (!tile.tile<16x16xf16, left>, !tile.tile<16x32xf16, right>) -> !tile.tile<16x32xf32, acc>
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %[[S]]) -> (!tile.tile<16x32xf32, acc>)
// CHECK: scf.if
// CHECK-NEXT: tile.move
// CHECK-NEXT: tile.move
// CHECK-NEXT: tile.matmul
// CHECK: else
// CHECK: tile.fill
// CHECK: tile.fill
// CHECK: tile.matmul {{.*}} -> !tile.tile<16x32xf32, acc>
// CHECK-NEXT: scf.yield
// CHECK: tile.fill %{{.*}} : (i8) -> !tile.tile<16x32xi8, valid 10x32, mat>
// CHECK: tile.fill %{{.*}} : (i8) -> !tile.tile<32x32xi8, mat>
// CHECK: tile.matmul {{.*}} -> !tile.tile<16x32xi32, valid 10x32, acc>
// CHECK: scf.while
tile.func @sums(%x: !tw.tensor<16x16xf32>, %w: !tw.tensor<16x32xf32>, %y: !tw.tensor<16x32xf32> {tw.out}, %i: !tw.tensor<16x32xi8>, %j: !tw.tensor<32x32xi8>, %k: !tw.tensor<16x32xi32> {tw.out}, %n: index, %p: i1) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %h = arith.constant 0.0 : f32
  %z = tile.fill %h : (f32) -> !tile.tile<16x32xf32>
  %t = tile.load %x[%zero, %zero] : !tw.tensor<16x16xf32> -> !tile.tile<16x16xf32>
  %u = tile.load %w[%zero, %zero] : !tw.tensor<16x32xf32> -> !tile.tile<16x32xf32>
  %s = scf.for %m = %zero to %n step %one iter_args(%a = %z) -> (!tile.tile<16x32xf32>) {
    %b = tile.matmul_acc %a, %t, %u : (!tile.tile<16x32xf32>, !tile.tile<16x16xf32>, !tile.tile<16x32xf32>) -> !tile.tile<16x32xf32>
    scf.yield %b : !tile.tile<16x32xf32>
  }
  tile.store %s, %y[%zero, %zero] : !tile.tile<16x32xf32>, !tw.tensor<16x32xf32>
  %z2 = tile.fill %h : (f32) -> !tile.tile<16x32xf32>
  %c = scf.if %p -> (!tile.tile<16x32xf32>) {
    %b = tile.matmul_acc %z2, %t, %u : (!tile.tile<16x32xf32>, !tile.tile<16x16xf32>, !tile.tile<16x32xf32>) -> !tile.tile<16x32xf32>
    scf.yield %b : !tile.tile<16x32xf32>
  } else {
    scf.yield %z2 : !tile.tile<16x32xf32>
  }
  tile.store %c, %y[%zero, %zero] : !tile.tile<16x32xf32>, !tw.tensor<16x32xf32>
  %g = arith.constant 0 : i32
  %z3 = tile.fill %g : (i32) -> !tile.tile<16x32xi32, valid 10x32>
  %q = tile.load %i[%zero, %zero] : !tw.tensor<16x32xi8> -> !tile.tile<16x32xi8, valid 10x32>
  %r = tile.load %j[%zero, %zero] : !tw.tensor<32x32xi8> -> !tile.tile<32x32xi8>
  %d = scf.while (%a = %z3) : (!tile.tile<16x32xi32, valid 10x32>) -> !tile.tile<16x32xi32, valid 10x32> {
    scf.condition(%p) %a : !tile.tile<16x32xi32, valid 10x32>
  } do {
  ^bb0(%a: !tile.tile<16x32xi32, valid 10x32>):
    %b = tile.matmul_acc %a, %q, %r : (!tile.tile<16x32xi32, valid 10x32>, !tile.tile<16x32xi8, valid 10x32>, !tile.tile<32x32xi8>) -> !tile.tile<16x32xi32, valid 10x32>
    scf.yield %b : !tile.tile<16x32xi32, valid 10x32>
  }
  tile.store %d, %k[%zero, %zero] : !tile.tile<16x32xi32, valid 10x32>, !tw.tensor<16x32xi32>
  tile.return
}

// A sum that is converted for nothing but its stores is rounded by them.
// CHECK-LABEL: tile.func aic @rounded
// CHECK: %[[P:.*]] = tile.matmul
// CHECK-NOT: tile.cast
// CHECK: tile.store %[[P]], %arg1[%{{.*}}] : !tile.tile<16x16xf32, acc>, !tw.tensor<16x16xf16>
// CHECK: tile.store %[[P]], %arg2[%{{.*}}] : !tile.tile<16x16xf32, acc>, !tw.tensor<16x16xbf16>
tile.func @rounded(%x: !tw.tensor<16x16xf32>, %y: !tw.tensor<16x16xf16> {tw.out}, %z: !tw.tensor<16x16xbf16> {tw.out}) {
  %zero = arith.constant 0 : index
  %t = tile.load %x[%zero, %zero] : !tw.tensor<16x16xf32> -> !tile.tile<16x16xf32>
  %p = tile.matmul %t, %t : !tile.tile<16x16xf32>
  %h = tile.cast %p : (!tile.tile<16x16xf32>) -> !tile.tile<16x16xf16>
  tile.store %h, %y[%zero, %zero] : !tile.tile<16x16xf16>, !tw.tensor<16x16xf16>
  %b = tile.cast %p : (!tile.tile<16x16xf32>) -> !tile.tile<16x16xbf16>
  tile.store %b, %z[%zero, %zero] : !tile.tile<16x16xbf16>, !tw.tensor<16x16xbf16>
  tile.return
}

// Two sums that begin with one product, and one in each turn of a loop, begin with a product each.
// CHECK-LABEL: tile.func aic @begins_twice
// CHECK: %[[P:.*]] = tile.matmul
// CHECK-SAME: -> !tile.tile<16x16xf32, acc>
// CHECK: %[[Q:.*]] = tile.matmul
// CHECK-SAME: -> !tile.tile<16x16xf32, acc>
// CHECK: tile.matmul_acc %[[Q]]
// CHECK: tile.matmul_acc %[[P]]
// CHECK: scf.for
// CHECK: scf.for
// CHECK: %[[R:.*]] = tile.matmul
// CHECK-SAME: -> !tile.tile<16x16xf32, acc>
// CHECK: tile.matmul_acc %[[R]]
tile.func @begins_twice(%x: !tw.tensor<16x16xf16>, %y: !tw.tensor<64x16xf32> {tw.out}, %n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %row = arith.constant 16 : index
  %t = tile.load %x[%zero, %zero] : !tw.tensor<16x16xf16> -> !tile.tile<16x16xf16>
  %p = tile.matmul %t, %t : (!tile.tile<16x16xf16>, !tile.tile<16x16xf16>) -> !tile.tile<16x16xf32>
  %a = tile.matmul_acc %p, %t, %t : (!tile.tile<16x16xf32>, !tile.tile<16x16xf16>, !tile.tile<16x16xf16>) -> !tile.tile<16x16xf32>
  tile.store %a, %y[%zero, %zero] : !tile.tile<16x16xf32>, !tw.tensor<64x16xf32>
  %b = tile.matmul_acc %p, %t, %t : (!tile.tile<16x16xf32>, !tile.tile<16x16xf16>, !tile.tile<16x16xf16>) -> !tile.tile<16x16xf32>
  tile.store %b, %y[%row, %zero] : !tile.tile<16x16xf32>, !tw.tensor<64x16xf32>
  scf.for %i = %zero to %n step %one {
    %q = tile.matmul %t, %t : (!tile.tile<16x16xf16>, !tile.tile<16x16xf16>) -> !tile.tile<16x16xf32>
    scf.for %j = %zero to %n step %one {
      %c = tile.matmul_acc %q, %t, %t : (!tile.tile<16x16xf32>, !tile.tile<16x16xf16>, !tile.tile<16x16xf16>) -> !tile.tile<16x16xf32>
      tile.store %c, %y[%row, %zero] : !tile.tile<16x16xf32>, !tw.tensor<64x16xf32>
    }
  }
  tile.return
}
