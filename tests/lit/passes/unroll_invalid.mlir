// RUN: tw-opt %s -unroll -split-input-file -verify-diagnostics

tw.orchestration @unknown(%n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  // expected-error @below {{'scf.for' op asks for 'tw.unroll', but its bounds and its step are not numbers that are known when it is compiled}}
  scf.for %i = %zero to %n step %one {
  } {tw.unroll}
  tw.return
}

// -----

tile.func @k() {
  tile.return
}
tw.orchestration @many() {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %n = arith.constant 1000000 : index
  // expected-error @below {{'scf.for' op cannot be unrolled: 1000000 turns of 2 operations are more than 20000}}
  scf.for %i = %zero to %n step %one {
    %t = tw.submit @k()
  } {tw.unroll}
  tw.return
}

// -----

tile.func @k() {
  tile.return
}
tw.orchestration @pipelined(%n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  // expected-error @below {{'scf.for' op asks for 'tw.pipeline' in an orchestration, whose tasks run side by side without it; it is for loops in tasks}}
  scf.for %i = %zero to %n step %one {
    %t = tw.submit @k()
  } {tw.pipeline = 2}
  tw.return
}

// -----

tile.func @too_many(%n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  // expected-error @below {{'scf.for' op cannot be pipelined: 1000000000 turns of 2 operations are more than 20000}}
  scf.for %i = %zero to %n step %one {
    %c = arith.constant 7 : index
  } {tw.pipeline = 1000000000}
  tile.return
}
