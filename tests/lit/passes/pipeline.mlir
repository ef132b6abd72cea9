// The whole way, on each platform; what comes out is read again.
// RUN: tw-opt %s -tw-pipeline=platform=a2a3sim | tw-opt | FileCheck %s --implicit-check-not=tw.ordered
// RUN: tw-opt %s -tw-pipeline=platform=a5sim | tw-opt | FileCheck %s
// RUN: tw-opt %s -tw-pipeline="platform=a5sim derive-dependencies" | tw-opt | FileCheck %s --check-prefix=DERIVED

// CHECK: tile.func aiv @softmax_rows(%arg0: !tw.tensor<64x128xf32>, %arg1: !tw.tensor<64x128xf32> {tw.out})
// CHECK: tile.load {{.*}} -> !tile.tile<64x128xf32, vec, at {{[0-9]+}}>
// CHECK: tile.set_flag mte2 to v
// CHECK: tile.wait_flag mte2 to v
// CHECK: tile.row_max
// CHECK: tile.set_flag v to mte3
// CHECK: tile.store
// CHECK: tile.barrier all
// CHECK: tw.submit @softmax_rows(in %{{.*}}, out %{{.*}} :
// DERIVED: tw.orchestration @softmax(%{{.*}} {tw.ordered}, %{{.*}} {tw.ordered, tw.out})
tw.orchestration @softmax(%x: !tw.tensor<?x128xf32>, %y: !tw.tensor<?x128xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %step = arith.constant 64 : index
  %rows = tw.dim %x, 0 : !tw.tensor<?x128xf32>
  scf.for %r = %zero to %rows step %step {
    %a = tw.view %x[%r, %zero] : !tw.tensor<?x128xf32> -> !tw.tensor<64x128xf32>
    %b = tw.view %y[%r, %zero] : !tw.tensor<?x128xf32> -> !tw.tensor<64x128xf32>
    tw.at "softmax_rows" {
      %t = tile.load %a[%zero, %zero] : !tw.tensor<64x128xf32> -> !tile.tile<64x128xf32>
      %v = tw.declare %t : !tw.var<!tile.tile<64x128xf32>>
      %m = tile.row_max %t : (!tile.tile<64x128xf32>) -> !tile.tile<64x1xf32>
      %d = tile.row_expand_sub %t, %m : (!tile.tile<64x128xf32>, !tile.tile<64x1xf32>) -> !tile.tile<64x128xf32>
      %e = tile.exp %d : !tile.tile<64x128xf32>
      tw.set %e, %v : !tw.var<!tile.tile<64x128xf32>>
      %s = tile.row_sum %e : (!tile.tile<64x128xf32>) -> !tile.tile<64x1xf32>
      %w = tw.get %v : !tw.var<!tile.tile<64x128xf32>>
      %q = tile.row_expand_div %w, %s : (!tile.tile<64x128xf32>, !tile.tile<64x1xf32>) -> !tile.tile<64x128xf32>
      tile.store %q, %b[%zero, %zero] : !tile.tile<64x128xf32>, !tw.tensor<64x128xf32>
    }
  } {tw.parallel}
  tw.return
}

// CHECK: tile.func aic @product
// CHECK: tile.matmul
// CHECK: scf.for
// CHECK: tile.matmul_acc
// CHECK: tile.barrier all
tw.orchestration @matmul(%a: !tw.tensor<64x256xf16>, %b: !tw.tensor<256x64xf16>, %c: !tw.tensor<64x64xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %step = arith.constant 64 : index
  %k = arith.constant 256 : index
  tw.at "product" {
    %h = arith.constant 0.0 : f32
    %z = tile.fill %h : (f32) -> !tile.tile<64x64xf32>
    %acc = tw.declare %z : !tw.var<!tile.tile<64x64xf32>>
    scf.for %i = %zero to %k step %step {
      %l = tile.load %a[%zero, %i] : !tw.tensor<64x256xf16> -> !tile.tile<64x64xf16>
      %r = tile.load %b[%i, %zero] : !tw.tensor<256x64xf16> -> !tile.tile<64x64xf16>
      %now = tw.get %acc : !tw.var<!tile.tile<64x64xf32>>
      %next = tile.matmul_acc %now, %l, %r : (!tile.tile<64x64xf32>, !tile.tile<64x64xf16>, !tile.tile<64x64xf16>) -> !tile.tile<64x64xf32>
      tw.set %next, %acc : !tw.var<!tile.tile<64x64xf32>>
    }
    %sum = tw.get %acc : !tw.var<!tile.tile<64x64xf32>>
    tile.store %sum, %c[%zero, %zero] : !tile.tile<64x64xf32>, !tw.tensor<64x64xf32>
  }
  tw.return
}
