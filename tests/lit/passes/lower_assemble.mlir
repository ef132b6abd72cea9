// What becomes a view of the place where it is put, and what is copied there.
// RUN: tw-opt %s -lower-assemble -canonicalize -cse | tw-opt | FileCheck %s

tile.func @fill(%x: !tw.tensor<64x128xf32> {tw.out}) {
  tile.return
}
tile.func @read(%x: !tw.tensor<64x128xf32>) {
  tile.return
}
tile.func @dense(%x: !tw.tensor<64x128xf32> {tw.out}) {
  %r = tw.reshape %x : !tw.tensor<64x128xf32> -> !tw.tensor<8192xf32>
  %zero = arith.constant 0 : index
  %one = arith.constant 1.0 : f32
  tw.write %one, %r[%zero] : f32, !tw.tensor<8192xf32>
  tile.return
}

// Each turn's tensor lies in its place at once, though the place is computed behind it.
// CHECK-LABEL: tw.orchestration @in_a_loop
// CHECK-NOT: tw.create
// CHECK: scf.for %[[I:.*]] =
// CHECK-NEXT: %[[R:.*]] = arith.muli %[[I]], %c64
// CHECK-NEXT: %[[V:.*]] = tw.view %arg0[%[[R]], %c0] : !tw.tensor<?x128xf32> -> !tw.tensor<64x128xf32>
// CHECK-NEXT: tw.submit @fill(%[[V]]
// CHECK-NEXT: tw.submit @read(%[[V]]
// CHECK-NEXT: }
tw.orchestration @in_a_loop(%y: !tw.tensor<?x128xf32> {tw.out}, %n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  scf.for %i = %zero to %n step %one {
    %s = tw.create : !tw.tensor<64x128xf32>
    %t = tw.submit @fill(%s : !tw.tensor<64x128xf32>)
    %height = arith.constant 64 : index
    %row = arith.muli %i, %height : index
    %u = tw.submit @read(%s : !tw.tensor<64x128xf32>)
    tw.assemble %s, %y[%row, %zero] : !tw.tensor<64x128xf32>, !tw.tensor<?x128xf32>
  }
  tw.return
}

// Two of them side by side, with an extent that the run knows; a part of one of them comes from a third, which is a view of a view.
// CHECK-LABEL: tw.orchestration @nested
// CHECK-NOT: tw.create
// CHECK-DAG: %[[A:.*]] = tw.view %arg0[%c0, %c0] extents(%arg1) : !tw.tensor<?x256xf32> -> !tw.tensor<?x128xf32>
// CHECK-DAG: %[[B:.*]] = tw.view %arg0[%c0, %c128] extents(%arg1) : !tw.tensor<?x256xf32> -> !tw.tensor<?x128xf32>
// CHECK-DAG: %[[C:.*]] = tw.view %[[B]][%c0, %c0] : !tw.tensor<?x128xf32> -> !tw.tensor<64x128xf32>
// CHECK: tw.submit @fill(%[[C]]
// CHECK-NOT: tw.at
tw.orchestration @nested(%y: !tw.tensor<?x256xf32> {tw.out}, %n: index) {
  %zero = arith.constant 0 : index
  %half = arith.constant 128 : index
  %a = tw.create(%n) : !tw.tensor<?x128xf32>
  %b = tw.create(%n) : !tw.tensor<?x128xf32>
  %c = tw.create : !tw.tensor<64x128xf32>
  tw.at {
    %t = tile.create : !tile.tile<64x128xf32>
    tile.store %t, %a[%zero, %zero] : !tile.tile<64x128xf32>, !tw.tensor<?x128xf32>
  }
  %t = tw.submit @fill(%c : !tw.tensor<64x128xf32>)
  tw.assemble %c, %b[%zero, %zero] : !tw.tensor<64x128xf32>, !tw.tensor<?x128xf32>
  tw.assemble %a, %y[%zero, %zero] : !tw.tensor<?x128xf32>, !tw.tensor<?x256xf32>
  tw.assemble %b, %y[%zero, %half] : !tw.tensor<?x128xf32>, !tw.tensor<?x256xf32>
  tw.return
}

// An argument is copied, all of it in one tile: what no row of blocks holds is padding.
// CHECK-LABEL: tw.orchestration @argument
// CHECK: %[[V:.*]] = tw.view %arg1[%c2, %c3] : !tw.tensor<8x16xf16> -> !tw.tensor<5x7xf16>
// CHECK-NEXT: tw.at "assemble" {
// CHECK-NEXT:   %[[T:.*]] = tile.load %arg0[%c0, %c0] : !tw.tensor<5x7xf16> -> !tile.tile<5x16xf16, valid 5x7>
// CHECK-NEXT:   tile.store %[[T]], %[[V]][%c0, %c0]
// CHECK-NEXT: }
tw.orchestration @argument(%x: !tw.tensor<5x7xf16>, %y: !tw.tensor<8x16xf16> {tw.out}) {
  %two = arith.constant 2 : index
  %three = arith.constant 3 : index
  tw.assemble %x, %y[%two, %three] : !tw.tensor<5x7xf16>, !tw.tensor<8x16xf16>
  tw.return
}

// Extents that the run knows, and such that no tile divides, end in a piece with fewer valid elements; leading dimensions one by one.
// CHECK-LABEL: tw.orchestration @pieces
// CHECK: tw.at "assemble" {
// CHECK:   scf.for %[[P:.*]] = %c0 to %c3 step %c1 {
// CHECK:     scf.for %[[R:.*]] = %c0 to %{{.*}} step %c8 {
// CHECK:       scf.for %[[C:.*]] = %c0 to %c3000 step %c1024 {
// CHECK:         %[[ROWS:.*]] = arith.minsi %{{.*}}, %c8
// CHECK:         %[[COLUMNS:.*]] = arith.minsi %{{.*}}, %c1024
// CHECK:         %[[T:.*]] = tile.load %arg0[%[[P]], %[[R]], %[[C]]] valid(%[[ROWS]], %[[COLUMNS]]) : !tw.tensor<3x?x3000xf32> -> !tile.tile<8x1024xf32, valid ?x?>
// CHECK:         tile.store %[[T]], %{{.*}}[%[[P]], %[[R]], %[[C]]]
// CHECK: tw.at "assemble" {
// CHECK:   scf.for %[[I:.*]] = %c0 to %c8192 step %c4096
// CHECK:     tile.load %arg2[%[[I]]] : !tw.tensor<8192xi8> -> !tile.tile<1x4096xi8>
tw.orchestration @pieces(%x: !tw.tensor<3x?x3000xf32>, %y: !tw.tensor<3x?x4096xf32> {tw.out}, %v: !tw.tensor<8192xi8>, %w: !tw.tensor<9000xi8> {tw.out}) {
  %zero = arith.constant 0 : index
  tw.assemble %x, %y[%zero, %zero, %zero] : !tw.tensor<3x?x3000xf32>, !tw.tensor<3x?x4096xf32>
  tw.assemble %v, %w[%zero] : !tw.tensor<8192xi8>, !tw.tensor<9000xi8>
  tw.return
}

// What contradicts a view: a use behind the assemble, a value that it is created with, a place that somebody looks at before, a second
// place (the last of the two is a view), a reshape in the orchestration or a kernel, an assemble that only one way meets, a place that only
// a task's result tells, other tracking.
// CHECK-LABEL: tw.orchestration @copied
// CHECK: %[[S1:.*]] = tw.create
// CHECK: tw.at "assemble"
// CHECK: tw.submit @read(%[[S1]]
// CHECK: tw.create filled
// CHECK: tw.at "assemble"
// CHECK: %[[S3:.*]] = tw.create
// CHECK: tw.submit @fill(%[[S3]]
// CHECK: tw.submit @read
// CHECK: tw.at "assemble"
// CHECK-NOT: tw.create
// CHECK: tw.at "assemble"
// CHECK: tw.create
// CHECK: tw.reshape
// CHECK: tw.at "assemble"
// CHECK: tw.create
// CHECK: tw.submit @dense
// CHECK: tw.at "assemble"
// CHECK: tw.create
// CHECK: scf.if
// CHECK: tw.at "assemble"
// CHECK: tw.create
// CHECK: tw.read
// CHECK: tw.at "assemble"
// CHECK: tw.create untracked
// CHECK: tw.at "assemble"
// CHECK: tw.return
tw.orchestration @copied(%y: !tw.tensor<512x128xf32> {tw.inout}, %p: i1) {
  %zero = arith.constant 0 : index
  %place = arith.constant 64 : index
  %one = arith.constant 1.0 : f32
  %s1 = tw.create : !tw.tensor<64x128xf32>
  tw.assemble %s1, %y[%zero, %zero] : !tw.tensor<64x128xf32>, !tw.tensor<512x128xf32>
  %t1 = tw.submit @read(%s1 : !tw.tensor<64x128xf32>)
  %s2 = tw.create filled %one : f32 : !tw.tensor<64x128xf32>
  tw.assemble %s2, %y[%zero, %zero] : !tw.tensor<64x128xf32>, !tw.tensor<512x128xf32>
  %s3 = tw.create : !tw.tensor<64x128xf32>
  %t3 = tw.submit @fill(%s3 : !tw.tensor<64x128xf32>)
  %v = tw.view %y[%place, %zero] : !tw.tensor<512x128xf32> -> !tw.tensor<64x128xf32>
  %t4 = tw.submit @read(%v : !tw.tensor<64x128xf32>)
  tw.assemble %s3, %y[%place, %zero] : !tw.tensor<64x128xf32>, !tw.tensor<512x128xf32>
  %s4 = tw.create : !tw.tensor<64x128xf32>
  tw.assemble %s4, %y[%zero, %zero] : !tw.tensor<64x128xf32>, !tw.tensor<512x128xf32>
  tw.assemble %s4, %y[%place, %zero] : !tw.tensor<64x128xf32>, !tw.tensor<512x128xf32>
  %s5 = tw.create : !tw.tensor<64x128xf32>
  %flat = tw.reshape %s5 : !tw.tensor<64x128xf32> -> !tw.tensor<8192xf32>
  tw.write %one, %flat[%zero] : f32, !tw.tensor<8192xf32>
  tw.assemble %s5, %y[%zero, %zero] : !tw.tensor<64x128xf32>, !tw.tensor<512x128xf32>
  %s6 = tw.create : !tw.tensor<64x128xf32>
  %t6 = tw.submit @dense(%s6 : !tw.tensor<64x128xf32>)
  tw.assemble %s6, %y[%zero, %zero] : !tw.tensor<64x128xf32>, !tw.tensor<512x128xf32>
  %s7 = tw.create : !tw.tensor<64x128xf32>
  scf.if %p {
    tw.assemble %s7, %y[%zero, %zero] : !tw.tensor<64x128xf32>, !tw.tensor<512x128xf32>
  }
  %s8 = tw.create : !tw.tensor<64x128xf32>
  %index = tw.create : !tw.tensor<1xi64>
  %number = tw.read %index[%zero] : !tw.tensor<1xi64> -> i64
  %row = arith.index_cast %number : i64 to index
  tw.assemble %s8, %y[%row, %zero] : !tw.tensor<64x128xf32>, !tw.tensor<512x128xf32>
  %s9 = tw.create untracked : !tw.tensor<64x128xf32>
  tw.assemble %s9, %y[%zero, %zero] : !tw.tensor<64x128xf32>, !tw.tensor<512x128xf32>
  tw.return
}

// A part of a tensor can go to another part of it.
// CHECK-LABEL: tw.orchestration @within
// CHECK: tw.at "assemble"
tw.orchestration @within(%y: !tw.tensor<512x128xf32> {tw.inout}) {
  %zero = arith.constant 0 : index
  %place = arith.constant 64 : index
  %v = tw.view %y[%place, %zero] : !tw.tensor<512x128xf32> -> !tw.tensor<64x128xf32>
  tw.assemble %v, %y[%zero, %zero] : !tw.tensor<64x128xf32>, !tw.tensor<512x128xf32>
  tw.return
}
