// What a platform has passes without a change.
// RUN: tw-opt %s -legalise=platform=a2a3sim | FileCheck %s
// RUN: tw-opt %s -legalise=platform=a5sim | FileCheck %s

// CHECK-LABEL: tile.func aiv @vector
tile.func aiv @vector(%x: !tw.tensor<64x128xf32>, %y: !tw.tensor<64x128xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %t = tile.load %x[%zero, %zero] : !tw.tensor<64x128xf32> -> !tile.tile<64x128xf32, vec>
  %m = tile.row_max %t : (!tile.tile<64x128xf32, vec>) -> !tile.tile<64x1xf32, vec>
  %k = tile.compare lt %t, %t : (!tile.tile<64x128xf32, vec>, !tile.tile<64x128xf32, vec>) -> !tile.tile<64x128xi1, vec>
  tile.store %t, %y[%zero, %zero] : !tile.tile<64x128xf32, vec>, !tw.tensor<64x128xf32>
  tile.return
}

// CHECK-LABEL: tile.func aic @cube
tile.func aic @cube(%x: !tw.tensor<64x64xbf16>, %y: !tw.tensor<64x64xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %t = tile.load %x[%zero, %zero] : !tw.tensor<64x64xbf16> -> !tile.tile<64x64xbf16, mat>
  %l = tile.extract %t[%zero, %zero] : !tile.tile<64x64xbf16, mat> -> !tile.tile<16x64xbf16, left>
  %r = tile.move %t : !tile.tile<64x64xbf16, mat> -> !tile.tile<64x64xbf16, right>
  %p = tile.matmul %l, %r : (!tile.tile<16x64xbf16, left>, !tile.tile<64x64xbf16, right>) -> !tile.tile<16x64xf32, acc>
  tile.store %p, %y[%zero, %zero] : !tile.tile<16x64xf32, acc>, !tw.tensor<64x64xf32>
  tile.return
}
