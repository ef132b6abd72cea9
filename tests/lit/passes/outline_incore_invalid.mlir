// What a task cannot take, at the line that takes it.
// RUN: tw-opt %s -outline-incore -split-input-file -verify-diagnostics

tw.orchestration @variable(%n: index) {
  // expected-note @below {{the value comes from here}}
  %v = tw.declare %n : !tw.var<index>
  tw.at {
    // expected-error @below {{'tw.get' op takes a value of type '!tw.var<index>' into a task; a task takes tensors and numbers}}
    %k = tw.get %v : !tw.var<index>
  }
  tw.return
}

// -----

// expected-note @below {{the tensor comes from here}}
tw.orchestration @no_dep(%x: !tw.tensor<8x8xf32>) {
  // expected-error @below {{'tw.at' op names a tensor in 'no_dep' that the task does not take}}
  tw.at no_dep(%x : !tw.tensor<8x8xf32>) {
  }
  tw.return
}

// -----

// The names of a region are its own.
tw.orchestration @outside(%x: !tw.tensor<8x8xf32>) {
  tw.at {
    %k = tw.dim %x, 0 : !tw.tensor<8x8xf32>
  }
  // expected-error @below {{use of undeclared SSA value name}}
  tw.at blocks %k {
  }
  tw.return
}
