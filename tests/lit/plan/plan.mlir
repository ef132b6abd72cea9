// Kernels get addresses and flags; what is planned is executed by verify-plan, which finds nothing wrong.
// RUN: tw-opt %s -plan-memory-and-sync=platform=a2a3sim -verify-plan | tw-opt | FileCheck %s

// CHECK-LABEL: tile.func aiv @straight
// CHECK: %[[X:.*]] = tile.load {{.*}} -> !tile.tile<64x128xf32, vec, at 0>
// CHECK-NEXT: tile.set_flag mte2 to v 0
// CHECK-NEXT: tile.wait_flag mte2 to v 0
// CHECK-NEXT: %[[E:.*]] = tile.exp %[[X]] : !tile.tile<64x128xf32, vec, at 0>
// CHECK-NEXT: tile.set_flag v to mte3 0
// CHECK-NEXT: tile.wait_flag v to mte3 0
// CHECK-NEXT: tile.store %[[E]]
// CHECK-NEXT: tile.barrier all
// CHECK-NEXT: tile.return
tile.func aiv @straight(%x: !tw.tensor<64x128xf32>, %y: !tw.tensor<64x128xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %a = tile.load %x[%zero, %zero] : !tw.tensor<64x128xf32> -> !tile.tile<64x128xf32, vec>
  %b = tile.exp %a : !tile.tile<64x128xf32, vec>
  tile.store %b, %y[%zero, %zero] : !tile.tile<64x128xf32, vec>, !tw.tensor<64x128xf32>
  tile.return
}

// A sum over turns: one place for what the loop carries; the flags over turns are set before it and waited for behind it.
// CHECK-LABEL: tile.func aiv @sum
// CHECK: tile.fill {{.*}} -> !tile.tile<8x64xf32, vec, at 0>
// CHECK-NEXT: tile.set_flag v to mte2 0
// CHECK-NEXT: scf.for {{.*}} -> (!tile.tile<8x64xf32, vec, at 0>) {
// CHECK-NEXT: tile.wait_flag v to mte2 0
// CHECK-NEXT: tile.load {{.*}} -> !tile.tile<8x64xf32, vec, at 2048>
// CHECK-NEXT: tile.set_flag mte2 to v 0
// CHECK-NEXT: tile.wait_flag mte2 to v 0
// CHECK-NEXT: tile.add {{.*}}, at 0>
// CHECK-NEXT: tile.set_flag v to mte2 0
// CHECK-NEXT: scf.yield
// CHECK-NEXT: }
// CHECK-NEXT: tile.wait_flag v to mte2 0
// CHECK-NEXT: tile.set_flag v to mte3 0
// CHECK-NEXT: tile.wait_flag v to mte3 0
// CHECK-NEXT: tile.store
tile.func aiv @sum(%x: !tw.tensor<?x64xf32>, %y: !tw.tensor<8x64xf32> {tw.out}, %n: index) {
  %zero = arith.constant 0 : index
  %eight = arith.constant 8 : index
  %f = arith.constant 0.0 : f32
  %first = tile.fill %f : (f32) -> !tile.tile<8x64xf32, vec>
  %sum = scf.for %i = %zero to %n step %eight iter_args(%s = %first) -> (!tile.tile<8x64xf32, vec>) {
    %a = tile.load %x[%i, %zero] : !tw.tensor<?x64xf32> -> !tile.tile<8x64xf32, vec>
    %t = tile.add %s, %a : !tile.tile<8x64xf32, vec>
    scf.yield %t : !tile.tile<8x64xf32, vec>
  }
  tile.store %sum, %y[%zero, %zero] : !tile.tile<8x64xf32, vec>, !tw.tensor<8x64xf32>
  tile.return
}

// The scratch of a reduction has an address of its own; a scalar read waits for the vector unit, and all that follows it does too.
// CHECK-LABEL: tile.func aiv @scratch
// CHECK: tile.row_sum {{.*}} {tile.scratch = 2080 : i64} : (!tile.tile<8x64xf32, vec, at 0>) -> !tile.tile<8x1xf32, vec, at 2048>
// CHECK-NEXT: tile.set_flag v to s 0
// CHECK-NEXT: tile.wait_flag v to s 0
// CHECK-NEXT: tile.read
// CHECK-NEXT: tile.muls
tile.func aiv @scratch(%x: !tw.tensor<8x64xf32>, %y: !tw.tensor<8x64xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %a = tile.load %x[%zero, %zero] : !tw.tensor<8x64xf32> -> !tile.tile<8x64xf32, vec>
  %r = tile.row_sum %a : (!tile.tile<8x64xf32, vec>) -> !tile.tile<8x1xf32, vec>
  %h = tile.read %r[%zero, %zero] : !tile.tile<8x1xf32, vec> -> f32
  %b = tile.muls %a, %h : (!tile.tile<8x64xf32, vec>, f32) -> !tile.tile<8x64xf32, vec>
  tile.store %b, %y[%zero, %zero] : !tile.tile<8x64xf32, vec>, !tw.tensor<8x64xf32>
  tile.return
}

// The cube: accumulation in place, and each memory by itself.
// CHECK-LABEL: tile.func aic @matmul
// CHECK: tile.matmul {{.*}} -> !tile.tile<16x16xf32, acc, at 0>
// CHECK: scf.for
// CHECK: tile.load {{.*}}, mat, at 0>
// CHECK: tile.load {{.*}}, mat, at 2048>
// CHECK: tile.move {{.*}} -> !tile.tile<16x64xf16, left, at 0>
// CHECK: tile.move {{.*}} -> !tile.tile<64x16xf16, right, at 0>
// CHECK: tile.matmul_acc {{.*}} -> !tile.tile<16x16xf32, acc, at 0>
// CHECK: tile.set_flag m to fix 0
// CHECK: tile.wait_flag m to fix 0
// CHECK: tile.store
tile.func aic @matmul(%x: !tw.tensor<16x?xf16>, %y: !tw.tensor<?x16xf16>, %z: !tw.tensor<16x16xf32> {tw.out}, %n: index) {
  %zero = arith.constant 0 : index
  %step = arith.constant 64 : index
  %a0 = tile.load %x[%zero, %zero] : !tw.tensor<16x?xf16> -> !tile.tile<16x64xf16, mat>
  %b0 = tile.load %y[%zero, %zero] : !tw.tensor<?x16xf16> -> !tile.tile<64x16xf16, mat>
  %l0 = tile.move %a0 : !tile.tile<16x64xf16, mat> -> !tile.tile<16x64xf16, left>
  %r0 = tile.move %b0 : !tile.tile<64x16xf16, mat> -> !tile.tile<64x16xf16, right>
  %first = tile.matmul %l0, %r0 : (!tile.tile<16x64xf16, left>, !tile.tile<64x16xf16, right>) -> !tile.tile<16x16xf32, acc>
  %sum = scf.for %i = %step to %n step %step iter_args(%s = %first) -> (!tile.tile<16x16xf32, acc>) {
    %a = tile.load %x[%zero, %i] : !tw.tensor<16x?xf16> -> !tile.tile<16x64xf16, mat>
    %b = tile.load %y[%i, %zero] : !tw.tensor<?x16xf16> -> !tile.tile<64x16xf16, mat>
    %l = tile.move %a : !tile.tile<16x64xf16, mat> -> !tile.tile<16x64xf16, left>
    %r = tile.move %b : !tile.tile<64x16xf16, mat> -> !tile.tile<64x16xf16, right>
    %t = tile.matmul_acc %s, %l, %r : (!tile.tile<16x16xf32, acc>, !tile.tile<16x64xf16, left>, !tile.tile<64x16xf16, right>) -> !tile.tile<16x16xf32, acc>
    scf.yield %t : !tile.tile<16x16xf32, acc>
  }
  tile.store %sum, %z[%zero, %zero] : !tile.tile<16x16xf32, acc>, !tw.tensor<16x16xf32>
  tile.return
}

// A kernel without tiles needs no barrier.
// CHECK-LABEL: tile.func aiv @nothing
// CHECK-NEXT: tile.return
tile.func aiv @nothing() {
  tile.return
}
