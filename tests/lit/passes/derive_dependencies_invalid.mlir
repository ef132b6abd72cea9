// What derive-dependencies refuses.
// RUN: tw-opt %s -derive-dependencies -split-input-file -verify-diagnostics

tile.func aiv @fill(%o: !tw.tensor<64xf32> {tw.out}) { tile.return }
// Planned programs come here without infer-directions, which asks for the same.
tw.orchestration @unmarked(%s: !tw.tensor<64xf32>) {
  // expected-error@+1 {{writes argument 0 of 'unmarked', which is neither 'tw.out' nor 'tw.inout'}}
  tw.submit @fill(out %s : !tw.tensor<64xf32>)
  tw.return
}
