// The whole orchestration of tasks in branches, without and with derive-dependencies.
// RUN: tw-opt %s --tw-pipeline=platform=a2a3 --emit-orchestration -o %t.mlir | diff -u %S/branches.off.golden -
// RUN: tw-opt %s --tw-pipeline="platform=a2a3 derive-dependencies" --emit-orchestration -o %t.mlir | diff -u %S/branches.on.golden -
tw.orchestration @branches(%x: !tw.tensor<8x64xf32>, %y: !tw.tensor<8x64xf32> {tw.out}, %n: index) {
  %zero = arith.constant 0 : index
  %a = tw.create : !tw.tensor<8x64xf32>
  %b = tw.create : !tw.tensor<8x64xf32>
  tw.at "fill_a" {
    %t = tile.load %x[%zero, %zero] : !tw.tensor<8x64xf32> -> !tile.tile<8x64xf32>
    tile.store %t, %a[%zero, %zero] : !tile.tile<8x64xf32>, !tw.tensor<8x64xf32>
  }
  %fill_b = tw.at "fill_b" {
    %t = tile.load %x[%zero, %zero] : !tw.tensor<8x64xf32> -> !tile.tile<8x64xf32>
    tile.store %t, %b[%zero, %zero] : !tile.tile<8x64xf32>, !tw.tensor<8x64xf32>
  }
  %c = arith.cmpi sgt, %n, %zero : index
  // The last writer of 'a' is in one way, in the other it is the one before.
  scf.if %c {
    tw.at "double" {
      %t = tile.load %a[%zero, %zero] : !tw.tensor<8x64xf32> -> !tile.tile<8x64xf32>
      %u = tile.add %t, %t : !tile.tile<8x64xf32>
      tile.store %u, %a[%zero, %zero] : !tile.tile<8x64xf32>, !tw.tensor<8x64xf32>
    }
  } else {
    tw.at "read_a" {
      %t = tile.load %a[%zero, %zero] : !tw.tensor<8x64xf32> -> !tile.tile<8x64xf32>
      tile.store %t, %y[%zero, %zero] : !tile.tile<8x64xf32>, !tw.tensor<8x64xf32>
    }
  }
  // What a branch gives is one of two tensors. The program names one of the tasks itself.
  %either = scf.if %c -> (!tw.tensor<8x64xf32>) {
    scf.yield %a : !tw.tensor<8x64xf32>
  } else {
    scf.yield %b : !tw.tensor<8x64xf32>
  }
  tw.at "result" after(%fill_b : !tw.task_id) {
    %t = tile.load %either[%zero, %zero] : !tw.tensor<8x64xf32> -> !tile.tile<8x64xf32>
    tile.store %t, %y[%zero, %zero] : !tile.tile<8x64xf32>, !tw.tensor<8x64xf32>
  }
  tw.return
}
