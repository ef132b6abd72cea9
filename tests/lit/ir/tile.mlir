// What the tile dialect has beside operators, printed as it was written.
// RUN: tw-opt %s | tw-opt | FileCheck %s

// CHECK-LABEL: tile.func aiv @kernel(%arg0: !tw.tensor<?x128xf32>, %arg1: !tw.tensor<64x128xf32> {tw.out}, %arg2: !tw.tensor<8xf32> {tw.inout}, %arg3: index, %arg4: f32)
tile.func aiv @kernel(%x: !tw.tensor<?x128xf32>, %y: !tw.tensor<64x128xf32> {tw.out}, %z: !tw.tensor<8xf32> {tw.inout}, %n: index, %h: f32) {
  %i = arith.constant 0 : index
  // CHECK: tile.load %arg0[%{{.*}}, %{{.*}}] : !tw.tensor<?x128xf32> -> !tile.tile<64x128xf32>
  %a = tile.load %x[%i, %i] : !tw.tensor<?x128xf32> -> !tile.tile<64x128xf32>
  // CHECK: tile.load %arg0[%{{.*}}, %{{.*}}] valid(%arg3, %arg3) : !tw.tensor<?x128xf32> -> !tile.tile<64x128xf32, valid ?x?>
  %b = tile.load %x[%i, %i] valid(%n, %n) : !tw.tensor<?x128xf32> -> !tile.tile<64x128xf32, valid ?x?>
  // CHECK: tile.store %{{.*}}, %arg1[%{{.*}}, %{{.*}}] : !tile.tile<64x128xf32>, !tw.tensor<64x128xf32>
  tile.store %a, %y[%i, %i] : !tile.tile<64x128xf32>, !tw.tensor<64x128xf32>
  // CHECK: tile.store %{{.*}}, %arg1[%{{.*}}, %{{.*}}] atomic_add : !tile.tile<64x128xf32>, !tw.tensor<64x128xf32>
  tile.store %a, %y[%i, %i] atomic_add : !tile.tile<64x128xf32>, !tw.tensor<64x128xf32>
  // CHECK: %[[INDICES:.*]] = tile.create : !tile.tile<1x16xi32>
  %s = tile.create : !tile.tile<1x16xi32>
  // CHECK: tile.create valid(%arg3) : !tile.tile<16x16xf32, valid 8x?>
  %c = tile.create valid(%n) : !tile.tile<16x16xf32, valid 8x?>
  // CHECK: %[[ROWS:.*]] = tile.gather_load %arg0[%[[INDICES]]] : !tw.tensor<?x128xf32>, !tile.tile<1x16xi32> -> !tile.tile<16x128xf32>
  %d = tile.gather_load %x[%s] : !tw.tensor<?x128xf32>, !tile.tile<1x16xi32> -> !tile.tile<16x128xf32>
  // CHECK: tile.scatter_store %[[ROWS]], %arg1[%[[INDICES]]] : !tile.tile<16x128xf32>, !tw.tensor<64x128xf32>, !tile.tile<1x16xi32>
  tile.scatter_store %d, %y[%s] : !tile.tile<16x128xf32>, !tw.tensor<64x128xf32>, !tile.tile<1x16xi32>
  // CHECK: tile.extract %{{.*}}[%{{.*}}, %{{.*}}] : !tile.tile<64x128xf32> -> !tile.tile<16x64xf32>
  %e = tile.extract %a[%i, %i] : !tile.tile<64x128xf32> -> !tile.tile<16x64xf32>
  // CHECK: tile.insert %{{.*}}, %{{.*}}[%{{.*}}, %{{.*}}] : !tile.tile<16x64xf32>, !tile.tile<64x128xf32>
  %f = tile.insert %e, %a[%i, %i] : !tile.tile<16x64xf32>, !tile.tile<64x128xf32>
  // CHECK: tile.reshape %{{.*}} : !tile.tile<64x128xf32> -> !tile.tile<32x256xf32>
  %g = tile.reshape %a : !tile.tile<64x128xf32> -> !tile.tile<32x256xf32>
  // CHECK: tile.set_valid %{{.*}} valid(%arg3) : !tile.tile<64x128xf32> -> !tile.tile<64x128xf32, valid ?x100>
  %v = tile.set_valid %a valid(%n) : !tile.tile<64x128xf32> -> !tile.tile<64x128xf32, valid ?x100>
  // CHECK: tile.valid_rows %{{.*}} : !tile.tile<64x128xf32, valid ?x100>
  %rows = tile.valid_rows %v : !tile.tile<64x128xf32, valid ?x100>
  // CHECK: tile.valid_columns %{{.*}} : !tile.tile<64x128xf32, valid ?x100>
  %columns = tile.valid_columns %v : !tile.tile<64x128xf32, valid ?x100>
  // CHECK: tile.read %{{.*}}[%{{.*}}, %{{.*}}] : !tile.tile<64x128xf32> -> f32
  %w = tile.read %a[%i, %i] : !tile.tile<64x128xf32> -> f32
  // CHECK: tile.write %arg4, %{{.*}}[%{{.*}}, %{{.*}}] : f32, !tile.tile<64x128xf32>
  %k = tile.write %h, %a[%i, %i] : f32, !tile.tile<64x128xf32>
  // CHECK: tile.block_index
  %block = tile.block_index
  // CHECK: tile.block_count
  %blocks = tile.block_count
  // CHECK: tile.subblock_index
  %sub = tile.subblock_index
  tile.return
}

// What has been decided of a tile stands in its type.
// CHECK-LABEL: tile.func aic @placed(%arg0: !tw.tensor<64x128xf16>)
tile.func aic @placed(%x: !tw.tensor<64x128xf16>) {
  %i = arith.constant 0 : index
  // CHECK: -> !tile.tile<64x128xf16, valid 60x128, mat, at 0>
  %a = tile.load %x[%i, %i] : !tw.tensor<64x128xf16> -> !tile.tile<64x128xf16, valid 60x128, mat, at 0>
  // CHECK: tile.set_flag mte2 to mte1 3
  tile.set_flag mte2 to mte1 3
  // CHECK: tile.wait_flag mte2 to mte1 3
  tile.wait_flag mte2 to mte1 3
  // CHECK: tile.move %{{.*}} : !tile.tile<64x128xf16, valid 60x128, mat, at 0> -> !tile.tile<64x128xf16, valid 60x128, left, zz, at 4096>
  %b = tile.move %a : !tile.tile<64x128xf16, valid 60x128, mat, at 0> -> !tile.tile<64x128xf16, valid 60x128, left, zz, at 4096>
  // CHECK: !tile.tile<1x1xui8, right, zn>
  %c = tile.create : !tile.tile<1x1xui8, right, zn>
  // CHECK: !tile.tile<1x1xf8E4M3FN, acc, nz>
  %d = tile.create : !tile.tile<1x1xf8E4M3FN, acc, nz>
  // CHECK: !tile.tile<8x1xi1, vec, col_major>
  %e = tile.create : !tile.tile<8x1xi1, vec, col_major>
  // CHECK: !tile.tile<8x1xbf16, bias, row_major>
  %f = tile.create : !tile.tile<8x1xbf16, bias, row_major>
  %t = tile.create : !tile.tile<64x128xf32, vec, at 0>
  // CHECK: tile.row_sum %{{.*}} {tile.scratch = 32768 : i64} : (!tile.tile<64x128xf32, vec, at 0>) -> !tile.tile<64x1xf32, vec, col_major, at 65536>
  %s = tile.row_sum %t {tile.scratch = 32768 : i64} : (!tile.tile<64x128xf32, vec, at 0>) -> !tile.tile<64x1xf32, vec, col_major, at 65536>
  // CHECK: tile.barrier v
  tile.barrier v
  // CHECK: tile.barrier all
  tile.barrier all
  tile.return
}
