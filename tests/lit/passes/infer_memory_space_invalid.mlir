// Ways that a chip does not have, at the line that would need them.
// RUN: tw-opt %s -infer-memory-space=platform=a2a3 -split-input-file -verify-diagnostics

tile.func @both(%x: !tw.tensor<16x16xf32>, %y: !tw.tensor<16x16xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %t = tile.load %x[%zero, %zero] : !tw.tensor<16x16xf32> -> !tile.tile<16x16xf32>
  // expected-note @below {{the tile comes from here}}
  %p = tile.matmul %t, %t : !tile.tile<16x16xf32>
  // expected-error @below {{'tile.exp' op needs a tile in vec, but 16x16xf32 lies in acc, and a2a3 has no such way in one core}}
  // expected-note @below {{tiles come to vec from device memory to vec, from vec to vec; from one kind of core to the other they go through a tensor, in two tasks}}
  %e = tile.exp %p : !tile.tile<16x16xf32>
  tile.store %e, %y[%zero, %zero] : !tile.tile<16x16xf32>, !tw.tensor<16x16xf32>
  tile.return
}

// -----

tile.func @side_by_side(%x: !tw.tensor<16x16xf32>, %y: !tw.tensor<16x16xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  // expected-note @below {{this belongs to the cube core}}
  %t = tile.load %x[%zero, %zero] : !tw.tensor<16x16xf32> -> !tile.tile<16x16xf32>
  %p = tile.matmul %t, %t : !tile.tile<16x16xf32>
  tile.store %p, %y[%zero, %zero] : !tile.tile<16x16xf32>, !tw.tensor<16x16xf32>
  // expected-error @below {{'tile.load' op belongs to the vector core, but this kernel uses the cube core as well}}
  %u = tile.load %x[%zero, %zero] : !tw.tensor<16x16xf32> -> !tile.tile<16x16xf32>
  %e = tile.exp %u : !tile.tile<16x16xf32>
  tile.store %e, %y[%zero, %zero] : !tile.tile<16x16xf32>, !tw.tensor<16x16xf32>
  tile.return
}

// -----

tile.func @stated(%x: !tw.tensor<16x16xf32>, %y: !tw.tensor<16x16xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %t = tile.load %x[%zero, %zero] : !tw.tensor<16x16xf32> -> !tile.tile<16x16xf32, vec>
  // expected-error @below {{'tile.move' op would bring a tile from vec to left, and a2a3 has no such way in one core}}
  // expected-note @below {{tiles come to left from mat to left}}
  %m = tile.move %t : !tile.tile<16x16xf32, vec> -> !tile.tile<16x16xf32, left>
  tile.return
}

// -----

// expected-error @below {{'tile.func' op is for a core of kind aic}}
tile.func aic @core(%x: !tw.tensor<16x16xf32>) {
  %zero = arith.constant 0 : index
  // expected-note @below {{this belongs to aiv}}
  %t = tile.load %x[%zero, %zero] : !tw.tensor<16x16xf32> -> !tile.tile<16x16xf32>
  tile.return
}

// -----

tile.func @insert(%x: !tw.tensor<16x16xf32>, %y: !tw.tensor<16x16xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %t = tile.load %x[%zero, %zero] : !tw.tensor<16x16xf32> -> !tile.tile<16x16xf32>
  %u = tile.create : !tile.tile<16x32xf32>
  // expected-error @below {{'tile.insert' op would put a tile of vec into a part of one in vec, which a2a3 cannot do}}
  // expected-note @below {{a2a3 does so from acc to mat}}
  %v = tile.insert %t, %u[%zero, %zero] : !tile.tile<16x16xf32>, !tile.tile<16x32xf32>
  tile.store %t, %y[%zero, %zero] : !tile.tile<16x16xf32>, !tw.tensor<16x16xf32>
  tile.return
}
