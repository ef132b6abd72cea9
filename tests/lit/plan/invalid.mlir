// RUN: tw-opt %s -plan-memory-and-sync -split-input-file -verify-diagnostics

// A kernel that does not fit says what is alive at the peak.
tile.func aiv @too_large(%x: !tw.tensor<128x256xf32>, %y: !tw.tensor<128x256xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  // expected-note@+1 {{alive at the peak: 128x256xf32, 131072 bytes}}
  %a = tile.load %x[%zero, %zero] : !tw.tensor<128x256xf32> -> !tile.tile<128x256xf32, vec>
  // expected-error@+2 {{kernel 'too_large' needs 262144 bytes of vec at once, which has 196608}}
  // expected-note@+1 {{alive at the peak: 128x256xf32, 131072 bytes}}
  %b = tile.load %x[%zero, %zero] : !tw.tensor<128x256xf32> -> !tile.tile<128x256xf32, vec>
  %c = tile.add %a, %b : !tile.tile<128x256xf32, vec>
  tile.store %c, %y[%zero, %zero] : !tile.tile<128x256xf32, vec>, !tw.tensor<128x256xf32>
  tile.return
}

// -----

tile.func aiv @undecided(%x: !tw.tensor<8x64xf32>) {
  %zero = arith.constant 0 : index
  // expected-error@+1 {{has a tile 8x64xf32 without a memory; infer-memory-space decides it}}
  %a = tile.load %x[%zero, %zero] : !tw.tensor<8x64xf32> -> !tile.tile<8x64xf32>
  tile.return
}

// -----

tile.func aiv @twice(%x: !tw.tensor<8x64xf32>) {
  // expected-error@+1 {{is in the kernel already; plan-memory-and-sync makes all flags and barriers}}
  tile.set_flag mte2 to v 0
  tile.return
}

// -----

// Acc cannot be copied.
tile.func aic @needed(%l: !tw.tensor<16x16xf16>, %z: !tw.tensor<16x16xf32> {tw.out}, %y: !tw.tensor<16x16xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %m = tile.load %l[%zero, %zero] : !tw.tensor<16x16xf16> -> !tile.tile<16x16xf16, mat>
  %a = tile.move %m : !tile.tile<16x16xf16, mat> -> !tile.tile<16x16xf16, left>
  %b = tile.move %m : !tile.tile<16x16xf16, mat> -> !tile.tile<16x16xf16, right>
  // expected-note@+1 {{the tile comes from here}}
  %s = tile.matmul %a, %b : (!tile.tile<16x16xf16, left>, !tile.tile<16x16xf16, right>) -> !tile.tile<16x16xf32, acc>
  // expected-error@+1 {{overwrites a tile 16x16xf32 that is still needed, and tiles in acc cannot be copied; compute it again, or use it before}}
  %t = tile.matmul_acc %s, %a, %b : (!tile.tile<16x16xf32, acc>, !tile.tile<16x16xf16, left>, !tile.tile<16x16xf16, right>) -> !tile.tile<16x16xf32, acc>
  tile.store %s, %y[%zero, %zero] : !tile.tile<16x16xf32, acc>, !tw.tensor<16x16xf32>
  tile.store %t, %z[%zero, %zero] : !tile.tile<16x16xf32, acc>, !tw.tensor<16x16xf32>
  tile.return
}
