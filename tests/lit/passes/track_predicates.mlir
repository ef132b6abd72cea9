// The tensor that a predicate looks at becomes an argument, behind the other tensors and before the numbers.
// RUN: tw-opt %s -track-predicates | tw-opt | FileCheck %s

// CHECK-LABEL: tile.func @once(%arg0: !tw.tensor<8x8xf32> {tw.out}, %arg1: !tw.tensor<8xi32>, %arg2: f32)
tile.func @once(%x: !tw.tensor<8x8xf32> {tw.out}, %h: f32) {
  %zero = arith.constant 0 : index
  %t = tile.fill %h : (f32) -> !tile.tile<8x8xf32>
  tile.store %t, %x[%zero, %zero] : !tile.tile<8x8xf32>, !tw.tensor<8x8xf32>
  tile.return
}
// A kernel that other tasks have without it keeps its arguments; those with it have a copy.
// CHECK-LABEL: tile.func @shared(%arg0: !tw.tensor<8x8xf32> {tw.inout})
tile.func @shared(%x: !tw.tensor<8x8xf32> {tw.inout}) {
  tile.return
}
// CHECK-LABEL: tile.func @looks(%arg0: !tw.tensor<8xi32>)
tile.func @looks(%x: !tw.tensor<8xi32>) {
  tile.return
}
// CHECK: tile.func @[[COPY:.*]](%arg0: !tw.tensor<8x8xf32> {tw.inout}, %arg1: !tw.tensor<8xi32>)

// CHECK-LABEL: tw.orchestration @predicates
// CHECK: tw.submit @once(%arg1, %arg0, %{{.*}} : !tw.tensor<8x8xf32>, !tw.tensor<8xi32>, f32) when %arg0[%arg2] ne 0
// CHECK: tw.submit @[[COPY]](no_dep %arg1, %arg0 : !tw.tensor<8x8xf32>, !tw.tensor<8xi32>) when %arg0[%arg2] ne 0
// CHECK: tw.submit @shared(%arg1 : !tw.tensor<8x8xf32>)
// Those that the runtime knows of already, or is to know nothing of, stay as they are.
// CHECK: tw.submit @looks(%arg0 : !tw.tensor<8xi32>) when %arg0[%arg2] ne 0
// CHECK: tw.submit @shared(%arg1 : !tw.tensor<8x8xf32>) when %[[U:.*]][%arg2] ne 0
// CHECK: tw.scope manual
// CHECK: tw.submit @shared(%arg1 : !tw.tensor<8x8xf32>) when %arg0[%arg2] ne 0
tw.orchestration @predicates(%flags: !tw.tensor<8xi32>, %x: !tw.tensor<8x8xf32> {tw.inout}, %i: index) {
  %h = arith.constant 1.0 : f32
  %t1 = tw.submit @once(%x, %h : !tw.tensor<8x8xf32>, f32) when %flags[%i] ne 0 : !tw.tensor<8xi32>
  %t2 = tw.submit @shared(no_dep %x : !tw.tensor<8x8xf32>) when %flags[%i] ne 0 : !tw.tensor<8xi32>
  %t3 = tw.submit @shared(%x : !tw.tensor<8x8xf32>)
  %t4 = tw.submit @looks(%flags : !tw.tensor<8xi32>) when %flags[%i] ne 0 : !tw.tensor<8xi32>
  %u = tw.create untracked : !tw.tensor<8xi32>
  %t5 = tw.submit @shared(%x : !tw.tensor<8x8xf32>) when %u[%i] ne 0 : !tw.tensor<8xi32>
  tw.scope manual {
    %t6 = tw.submit @shared(%x : !tw.tensor<8x8xf32>) when %flags[%i] ne 0 : !tw.tensor<8xi32>
  }
  tw.return
}
