// RUN: tw-opt %s -lower-assemble -split-input-file -verify-diagnostics

tw.orchestration @manual(%x: !tw.tensor<64x128xf32>, %y: !tw.tensor<512x128xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  // expected-note @below {{the manual scope}}
  tw.scope manual {
    // expected-error @below {{'tw.assemble' op is a task that copies, and nothing orders it in a manual scope}}
    tw.assemble %x, %y[%zero, %zero] : !tw.tensor<64x128xf32>, !tw.tensor<512x128xf32>
  }
  tw.return
}

// -----

// expected-note @below {{the tensor comes from here}}
tw.orchestration @onto_itself(%y: !tw.tensor<512x128xf32> {tw.inout}) {
  %zero = arith.constant 0 : index
  %place = arith.constant 32 : index
  %v = tw.view %y[%place, %zero] : !tw.tensor<512x128xf32> -> !tw.tensor<64x128xf32>
  // expected-error @below {{'tw.assemble' op would copy a tensor within itself, between places that may overlap}}
  tw.assemble %v, %y[%zero, %zero] : !tw.tensor<64x128xf32>, !tw.tensor<512x128xf32>
  tw.return
}
