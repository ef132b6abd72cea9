// A vector kernel whose tiles have addresses, and the orchestration that runs it on all rows: the whole text.
// RUN: tw-opt %s --emit-kernel -o %t.mlir | FileCheck %s --check-prefix=KERNEL
// RUN: tw-opt %s --emit-orchestration -o %t.mlir | FileCheck %s --check-prefix=ORCHESTRATION
tile.func aiv @scale_add(%a: !tw.tensor<64x128xf32>, %b: !tw.tensor<64x128xf32>, %c: !tw.tensor<64x128xf32> {tw.out}, %s: f32) {
  %zero = arith.constant 0 : index
  %x = tile.load %a[%zero, %zero] : !tw.tensor<64x128xf32> -> !tile.tile<64x128xf32, vec, at 0>
  %y = tile.load %b[%zero, %zero] : !tw.tensor<64x128xf32> -> !tile.tile<64x128xf32, vec, at 32768>
  tile.set_flag mte2 to v 0
  tile.wait_flag mte2 to v 0
  %z = tile.muls %x, %s : (!tile.tile<64x128xf32, vec, at 0>, f32) -> !tile.tile<64x128xf32, vec, at 0>
  tile.barrier v
  %w = tile.add %z, %y : (!tile.tile<64x128xf32, vec, at 0>, !tile.tile<64x128xf32, vec, at 32768>) -> !tile.tile<64x128xf32, vec, at 65536>
  tile.set_flag v to mte3 0
  tile.wait_flag v to mte3 0
  tile.store %w, %c[%zero, %zero] : !tile.tile<64x128xf32, vec, at 65536>, !tw.tensor<64x128xf32>
  tile.barrier all
  tile.return
}

tw.orchestration @scale_add_rows(%a: !tw.tensor<?x128xf32>, %b: !tw.tensor<?x128xf32>, %c: !tw.tensor<?x128xf32> {tw.out}, %s: f32) {
  %zero = arith.constant 0 : index
  %step = arith.constant 64 : index
  %rows = tw.dim %a, 0 : !tw.tensor<?x128xf32>
  scf.for %row = %zero to %rows step %step {
    %x = tw.view %a[%row, %zero] : !tw.tensor<?x128xf32> -> !tw.tensor<64x128xf32>
    %y = tw.view %b[%row, %zero] : !tw.tensor<?x128xf32> -> !tw.tensor<64x128xf32>
    %z = tw.view %c[%row, %zero] : !tw.tensor<?x128xf32> -> !tw.tensor<64x128xf32>
    %t = tw.submit @scale_add(in %x, in %y, out %z, %s : !tw.tensor<64x128xf32>, !tw.tensor<64x128xf32>, !tw.tensor<64x128xf32>, f32)
  } {tw.parallel}
  tw.return
}
