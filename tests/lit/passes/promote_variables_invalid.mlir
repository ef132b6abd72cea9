// Variables that have no value, or whose value cannot leave where it is set.
// RUN: tw-opt %s -promote-variables -split-input-file -verify-diagnostics

tw.orchestration @unset() {
  // expected-note @below {{the variable is declared here}}
  %a = tw.declare : !tw.var<index>
  // expected-error @below {{'tw.get' op reads a variable that may have no value here: not every way to this place sets it}}
  %x = tw.get %a : !tw.var<index>
  tw.return
}

// -----

tw.orchestration @one_branch(%p: i1, %n: index) {
  // expected-note @below {{the variable is declared here}}
  %a = tw.declare : !tw.var<index>
  scf.if %p {
    tw.set %n, %a : !tw.var<index>
  }
  // expected-error @below {{reads a variable that may have no value here}}
  %x = tw.get %a : !tw.var<index>
  tw.return
}

// -----

// A loop may have no turn at all.
tw.orchestration @loop(%n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  // expected-note @below {{the variable is declared here}}
  %a = tw.declare : !tw.var<index>
  scf.for %i = %zero to %n step %one {
    tw.set %i, %a : !tw.var<index>
  }
  // expected-error @below {{reads a variable that may have no value here}}
  %x = tw.get %a : !tw.var<index>
  tw.return
}

// -----

tw.orchestration @task(%n: index) {
  // expected-note @below {{the variable is declared here}}
  %a = tw.declare %n : !tw.var<index>
  tw.at {
    %block = tile.block_index
    // expected-error @below {{'tw.set' op sets a variable from outside of 'tw.at', which gives no values to the code around it}}
    tw.set %block, %a : !tw.var<index>
  }
  %x = tw.get %a : !tw.var<index>
  tw.return
}
