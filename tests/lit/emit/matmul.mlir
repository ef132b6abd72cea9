// A product that a loop sums up, planned by hand, and the orchestration of its tiles. CompileTest runs it.
// RUN: tw-opt %s --emit-kernel -o %t.mlir | FileCheck %s

// Boxed layouts, a tile that a loop carries and an operation that changes it in place: one object.
// CHECK: // AIC: matmul
// CHECK: Tile<TileType::Mat, half, 64, 128, BLayout::ColMajor, 64, 128, SLayout::RowMajor> load;
// CHECK: TileLeft<half, 64, 128, 64, 128> move;
// CHECK: TileRight<half, 128, 64, 128, 64> move_2;
// CHECK: TileAcc<float, 64, 64, 64, 64> matmul;
// CHECK-NOT: matmul_acc;
// CHECK: TMATMUL(matmul, move, move_2);
// CHECK: for (int64_t i = 128; i < static_cast<int64_t>(arg0_tensor->shapes[1]); i += 128) {
// CHECK: View64x128xf16 arg0_view{{.*}}(arg0 + i * arg0_tensor->strides[1], {}, Pitch(arg0_tensor->strides[0], arg0_tensor->strides[1]));
// CHECK: TMATMUL_ACC(matmul, move_3, move_4);
// CHECK: TSTORE(arg2_view, matmul);
!mat_a = !tile.tile<64x128xf16, mat, at 0>
!mat_b = !tile.tile<128x64xf16, mat, at 16384>
!left = !tile.tile<64x128xf16, left, at 0>
!right = !tile.tile<128x64xf16, right, at 0>
!acc = !tile.tile<64x64xf32, acc, at 0>
!a = !tw.tensor<64x?xf16>
!b = !tw.tensor<?x64xf16>
!c = !tw.tensor<64x64xf32>
tile.func aic @matmul(%a: !a, %b: !b, %c: !c {tw.out}) {
  %zero = arith.constant 0 : index
  %step = arith.constant 128 : index
  %depth = tw.dim %a, 1 : !a
  %a0 = tile.load %a[%zero, %zero] : !a -> !mat_a
  %b0 = tile.load %b[%zero, %zero] : !b -> !mat_b
  tile.set_flag mte2 to mte1 0
  tile.wait_flag mte2 to mte1 0
  %l0 = tile.move %a0 : !mat_a -> !left
  %r0 = tile.move %b0 : !mat_b -> !right
  tile.set_flag mte1 to m 0
  tile.wait_flag mte1 to m 0
  %first = tile.matmul %l0, %r0 : (!left, !right) -> !acc
  tile.set_flag m to mte1 0
  tile.set_flag mte1 to mte2 0
  %sum = scf.for %k = %step to %depth step %step iter_args(%s = %first) -> (!acc) {
    tile.wait_flag mte1 to mte2 0
    %ak = tile.load %a[%zero, %k] : !a -> !mat_a
    %bk = tile.load %b[%k, %zero] : !b -> !mat_b
    tile.set_flag mte2 to mte1 0
    tile.wait_flag mte2 to mte1 0
    tile.wait_flag m to mte1 0
    %lk = tile.move %ak : !mat_a -> !left
    %rk = tile.move %bk : !mat_b -> !right
    tile.set_flag mte1 to mte2 0
    tile.set_flag mte1 to m 0
    tile.wait_flag mte1 to m 0
    %next = tile.matmul_acc %s, %lk, %rk : (!acc, !left, !right) -> !acc
    tile.set_flag m to mte1 0
    scf.yield %next : !acc
  }
  tile.wait_flag mte1 to mte2 0
  tile.wait_flag m to mte1 0
  tile.set_flag m to fix 0
  tile.wait_flag m to fix 0
  tile.store %sum, %c[%zero, %zero] : !acc, !c
  tile.barrier all
  tile.return
}

tw.orchestration @product(%a: !tw.tensor<?x?xf16>, %b: !tw.tensor<?x?xf16>, %c: !tw.tensor<?x?xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %step = arith.constant 64 : index
  %rows = tw.dim %c, 0 : !tw.tensor<?x?xf32>
  %columns = tw.dim %c, 1 : !tw.tensor<?x?xf32>
  %depth = tw.dim %a, 1 : !tw.tensor<?x?xf16>
  scf.for %m = %zero to %rows step %step {
    scf.for %n = %zero to %columns step %step {
      %am = tw.view %a[%m, %zero] extents(%depth) : !tw.tensor<?x?xf16> -> !a
      %bn = tw.view %b[%zero, %n] extents(%depth) : !tw.tensor<?x?xf16> -> !b
      %cmn = tw.view %c[%m, %n] : !tw.tensor<?x?xf32> -> !c
      %t = tw.submit @matmul(%am, %bn, %cmn : !a, !b, !c)
    } {tw.parallel}
  } {tw.parallel}
  tw.return
}
