// What verify-plan says of kernels that somebody planned wrongly.
// RUN: tw-opt %s -verify-plan -split-input-file -verify-diagnostics

tile.func aiv @no_flag(%x: !tw.tensor<8x64xf32>) {
  %zero = arith.constant 0 : index
  // expected-note@+1 {{with this}}
  %a = tile.load %x[%zero, %zero] : !tw.tensor<8x64xf32> -> !tile.tile<8x64xf32, vec, at 0>
  // expected-error@+1 {{is not in order: mte2 and v are unordered at bytes 0 to 2048 of memory 1}}
  %b = tile.exp %a : !tile.tile<8x64xf32, vec, at 0>
  tile.return
}

// -----

tile.func aiv @overwritten(%x: !tw.tensor<8x64xf32>) {
  %zero = arith.constant 0 : index
  %a = tile.load %x[%zero, %zero] : !tw.tensor<8x64xf32> -> !tile.tile<8x64xf32, vec, at 0>
  // expected-note@+1 {{with this}}
  %b = tile.load %x[%zero, %zero] : !tw.tensor<8x64xf32> -> !tile.tile<8x64xf32, vec, at 1024>
  tile.set_flag mte2 to v 0
  tile.wait_flag mte2 to v 0
  // expected-error@+1 {{is not in order: bytes 1024 to 2048 of memory 1 hold something else}}
  %c = tile.exp %a : (!tile.tile<8x64xf32, vec, at 0>) -> !tile.tile<8x64xf32, vec, at 4096>
  tile.return
}

// -----

tile.func aiv @left(%x: !tw.tensor<8x64xf32>) {
  // expected-error@+1 {{is not in order: the flag 0 from mte2 to v is still set at the end}}
  tile.set_flag mte2 to v 0
  tile.return
}

// -----

tile.func aiv @unplaced(%x: !tw.tensor<8x64xf32>) {
  %zero = arith.constant 0 : index
  // expected-error@+1 {{has a tile 8x64xf32 without an address}}
  %a = tile.load %x[%zero, %zero] : !tw.tensor<8x64xf32> -> !tile.tile<8x64xf32, vec>
  tile.return
}

// -----

tile.func aiv @outside(%x: !tw.tensor<8x64xf32>) {
  %zero = arith.constant 0 : index
  // expected-error@+1 {{that does not lie in the 196608 bytes of vec}}
  %a = tile.load %x[%zero, %zero] : !tw.tensor<8x64xf32> -> !tile.tile<8x64xf32, vec, at 196000>
  tile.return
}
