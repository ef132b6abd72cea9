// RUN: tw-opt %s -infer-directions -split-input-file -verify-diagnostics

tile.func @all(%x: !tw.tensor<8x8xf32> {tw.out}) {
  tile.return
}
// expected-note @below {{the argument is declared here}}
tw.orchestration @unmarked(%a: !tw.tensor<8x8xf32>) {
  // expected-error @below {{'tw.submit' op writes argument 0 of 'unmarked', which is neither 'tw.out' nor 'tw.inout'}}
  %t = tw.submit @all(%a : !tw.tensor<8x8xf32>)
  tw.return
}
