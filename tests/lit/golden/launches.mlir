// The whole orchestration of tasks of blocks, groups, with predicates, with several results and with the orchestration's own
// accesses, without and with derive-dependencies.
// RUN: tw-opt %s --tw-pipeline=platform=a2a3 --emit-orchestration -o %t.mlir | diff -u %S/launches.off.golden -
// RUN: tw-opt %s --tw-pipeline="platform=a2a3 derive-dependencies" --emit-orchestration -o %t.mlir | diff -u %S/launches.on.golden -
tile.func aic @product(%a: !tw.tensor<16x16xf16>, %b: !tw.tensor<16x16xf16>, %c: !tw.tensor<16x16xf32> {tw.out}, %d: !tw.tensor<16x16xf32>, %e: !tw.tensor<16x16xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %l = tile.load %a[%zero, %zero] : !tw.tensor<16x16xf16> -> !tile.tile<16x16xf16>
  %r = tile.load %b[%zero, %zero] : !tw.tensor<16x16xf16> -> !tile.tile<16x16xf16>
  %p = tile.matmul %l, %r : (!tile.tile<16x16xf16>, !tile.tile<16x16xf16>) -> !tile.tile<16x16xf32>
  tile.store %p, %c[%zero, %zero] : !tile.tile<16x16xf32>, !tw.tensor<16x16xf32>
  tile.return
}
tile.func aiv @double(%a: !tw.tensor<16x16xf16>, %b: !tw.tensor<16x16xf16>, %c: !tw.tensor<16x16xf32> {tw.out}, %d: !tw.tensor<16x16xf32>, %e: !tw.tensor<16x16xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %t = tile.load %d[%zero, %zero] : !tw.tensor<16x16xf32> -> !tile.tile<16x16xf32>
  %u = tile.add %t, %t : !tile.tile<16x16xf32>
  tile.store %u, %e[%zero, %zero] : !tile.tile<16x16xf32>, !tw.tensor<16x16xf32>
  tile.return
}
tw.orchestration @launches(%a: !tw.tensor<16x16xf16>, %b: !tw.tensor<16x16xf16>, %d: !tw.tensor<16x16xf32> {tw.inout}, %y: !tw.tensor<32x16xf32> {tw.out}, %flags: !tw.tensor<8xi32> {tw.inout}) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  %sixteen = arith.constant 16 : index
  %c = tw.create : !tw.tensor<16x16xf32>
  %e = tw.create : !tw.tensor<16x16xf32>
  tw.scope {
    // A group with two results.
    tw.submit @product with @double(%a, %b, %c, %d, %e : !tw.tensor<16x16xf16>, !tw.tensor<16x16xf16>, !tw.tensor<16x16xf32>, !tw.tensor<16x16xf32>, !tw.tensor<16x16xf32>)
  }
  // Two blocks, each of which writes its rows.
  tw.at "rows" blocks %two sync_start {
    %i = tile.block_index
    %row = arith.muli %i, %sixteen : index
    %t = tile.load %c[%zero, %zero] : !tw.tensor<16x16xf32> -> !tile.tile<16x16xf32>
    tile.store %t, %y[%row, %zero] : !tile.tile<16x16xf32>, !tw.tensor<32x16xf32>
  }
  // The orchestration sets the flag that a predicate looks at.
  %yes = arith.constant 1 : i32
  tw.write %yes, %flags[%one] : i32, !tw.tensor<8xi32>
  tw.at "overwrite" when %flags[%one] eq 1 : !tw.tensor<8xi32> {
    %t = tile.load %e[%zero, %zero] : !tw.tensor<16x16xf32> -> !tile.tile<16x16xf32>
    tile.store %t, %d[%zero, %zero] : !tile.tile<16x16xf32>, !tw.tensor<16x16xf32>
  }
  tw.return
}
