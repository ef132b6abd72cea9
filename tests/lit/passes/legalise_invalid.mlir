// What a2a3 does not have, each at its line; all of a module are reported at once.
// RUN: tw-opt %s -legalise=platform=a2a3 -verify-diagnostics

tile.func aiv @elements(%x: !tw.tensor<64x128xbf16>, %y: !tw.tensor<64x128xbf16> {tw.out}) {
  %zero = arith.constant 0 : index
  %t = tile.load %x[%zero, %zero] : !tw.tensor<64x128xbf16> -> !tile.tile<64x128xbf16, vec>
  // expected-error @below {{'tile.add' op becomes TADD, which a2a3 does not have for elements bf16}}
  %a = tile.add %t, %t : !tile.tile<64x128xbf16, vec>
  // expected-error @below {{'tile.row_sum' op becomes TROWSUM, which a2a3 does not have for elements bf16}}
  %m = tile.row_sum %t : (!tile.tile<64x128xbf16, vec>) -> !tile.tile<64x1xbf16, vec>
  tile.return
}

tile.func aiv @comparison(%x: !tw.tensor<8x8xi32>) {
  %zero = arith.constant 0 : index
  %t = tile.load %x[%zero, %zero] : !tw.tensor<8x8xi32> -> !tile.tile<8x8xi32, vec>
  %e = tile.compare eq %t, %t : (!tile.tile<8x8xi32, vec>, !tile.tile<8x8xi32, vec>) -> !tile.tile<8x8xi1, vec>
  // expected-error @below {{becomes TCMP, which a2a3 does not have for elements i32 and a comparison other than 'eq'}}
  %l = tile.compare lt %t, %t : (!tile.tile<8x8xi32, vec>, !tile.tile<8x8xi32, vec>) -> !tile.tile<8x8xi1, vec>
  tile.return
}

tile.func aiv @shapes(%x: !tw.tensor<64x128xf32>) {
  %zero = arith.constant 0 : index
  // expected-error @below {{makes a tile of 64x10xf32 in vec, where a2a3 has columns in multiples of 8; a tile of 64x16xf32 with 64x10 of it valid would do: {64, 16}, {.valid = {64, 10}}}}
  %t = tile.load %x[%zero, %zero] : !tw.tensor<64x128xf32> -> !tile.tile<64x10xf32, vec>
  // What follows from it is not reported.
  %w = tile.add %t, %t : !tile.tile<64x10xf32, vec>
  // expected-error @below {{makes a tile of 12x1xf32 in vec, where a2a3 has rows in multiples of 8}}
  %u = tile.create : !tile.tile<12x1xf32, vec>
  tile.return
}

tile.func aic @boxes(%x: !tw.tensor<64x128xf16>) {
  %zero = arith.constant 0 : index
  // expected-error @below {{makes a tile of 10x20xf16 in mat, where a2a3 has rows in multiples of 16 and columns in multiples of 16; a tile of 16x32xf16}}
  %t = tile.load %x[%zero, %zero] : !tw.tensor<64x128xf16> -> !tile.tile<10x20xf16, mat>
  tile.return
}

// What no table of a generation refuses, and the headers of instructions do.
tile.func aiv @headers(%x: !tw.tensor<32x32xi64>, %y: !tw.tensor<32x32xi32>) {
  %zero = arith.constant 0 : index
  %w = tile.create : !tile.tile<32x32xi64, valid 30x30, vec>
  // expected-error @below {{'tile.pad' op becomes TFILLPAD, which works on elements of 1, 2 and 4 bytes, not i64}}
  %p = tile.pad %w with zero : (!tile.tile<32x32xi64, valid 30x30, vec>) -> !tile.tile<32x32xi64, vec>
  %i = tile.load %y[%zero, %zero] : !tw.tensor<32x32xi32> -> !tile.tile<32x32xi32, vec>
  %b = tile.create : !tile.tile<32x32xi8, vec>
  // expected-error @below {{'tile.gather' op becomes TGATHER, which a2a3 does not have for elements i8}}
  %g = tile.gather %b, %i : (!tile.tile<32x32xi8, vec>, !tile.tile<32x32xi32, vec>) -> !tile.tile<32x32xi8, vec>
  %rows = tile.create : !tile.tile<1x32xi32, vec>
  // expected-error @below {{'tile.gather_load' op becomes MGATHER, which a2a3 does not have for elements i64}}
  %r = tile.gather_load %x[%rows] : !tw.tensor<32x32xi64>, !tile.tile<1x32xi32, vec> -> !tile.tile<32x32xi64, vec>
  %f = tile.create : !tile.tile<32x32xf8E4M3FN, vec>
  // expected-error @below {{'tile.fmod' op becomes TFMOD, which computes with numbers of 16 bits and more or integers, not f8E4M3FN}}
  %m = tile.fmod %f, %f : !tile.tile<32x32xf8E4M3FN, vec>
  tile.return
}
