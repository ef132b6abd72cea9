// The whole orchestration of tasks in sibling, nested and manual scopes, without and with derive-dependencies.
// RUN: tw-opt %s --tw-pipeline=platform=a2a3 --emit-orchestration -o %t.mlir | diff -u %S/scopes.off.golden -
// RUN: tw-opt %s --tw-pipeline="platform=a2a3 derive-dependencies" --emit-orchestration -o %t.mlir | diff -u %S/scopes.on.golden -
tw.orchestration @scopes(%x: !tw.tensor<16x64xf32>, %y: !tw.tensor<16x64xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %eight = arith.constant 8 : index
  %a = tw.create : !tw.tensor<16x64xf32>
  // An id that is needed outside of its scope, and that the program never asked for.
  tw.scope {
    %upper = tw.view %a[%zero, %zero] : !tw.tensor<16x64xf32> -> !tw.tensor<8x64xf32>
    %from = tw.view %x[%zero, %zero] : !tw.tensor<16x64xf32> -> !tw.tensor<8x64xf32>
    tw.at "upper" {
      %t = tile.load %from[%zero, %zero] : !tw.tensor<8x64xf32> -> !tile.tile<8x64xf32>
      tile.store %t, %upper[%zero, %zero] : !tile.tile<8x64xf32>, !tw.tensor<8x64xf32>
    }
    // One that is needed in its own scope alone.
    tw.at "double" {
      %t = tile.load %upper[%zero, %zero] : !tw.tensor<8x64xf32> -> !tile.tile<8x64xf32>
      %u = tile.add %t, %t : !tile.tile<8x64xf32>
      tile.store %u, %upper[%zero, %zero] : !tile.tile<8x64xf32>, !tw.tensor<8x64xf32>
    }
  }
  // A manual scope, whose tasks the program orders itself.
  %lower = tw.view %a[%eight, %zero] : !tw.tensor<16x64xf32> -> !tw.tensor<8x64xf32>
  tw.scope manual {
    %from = tw.view %x[%eight, %zero] : !tw.tensor<16x64xf32> -> !tw.tensor<8x64xf32>
    %first = tw.at "lower" {
      %t = tile.load %from[%zero, %zero] : !tw.tensor<8x64xf32> -> !tile.tile<8x64xf32>
      tile.store %t, %lower[%zero, %zero] : !tile.tile<8x64xf32>, !tw.tensor<8x64xf32>
    }
    tw.at "negate" after(%first : !tw.task_id) {
      %t = tile.load %lower[%zero, %zero] : !tw.tensor<8x64xf32> -> !tile.tile<8x64xf32>
      %u = tile.neg %t : !tile.tile<8x64xf32>
      tile.store %u, %lower[%zero, %zero] : !tile.tile<8x64xf32>, !tw.tensor<8x64xf32>
    }
  }
  // Waits for the last task of each scope.
  tw.scope {
    tw.at "all" {
      %t = tile.load %a[%zero, %zero] : !tw.tensor<16x64xf32> -> !tile.tile<16x64xf32>
      tile.store %t, %y[%zero, %zero] : !tile.tile<16x64xf32>, !tw.tensor<16x64xf32>
    }
  }
  tw.return
}
