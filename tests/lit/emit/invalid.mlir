// What cannot be written is an error where it stands.
// RUN: tw-opt %s --emit-kernel --emit-orchestration -split-input-file -verify-diagnostics -o %t.mlir > %t.cpp

// expected-error @+1 {{'tile.func' op has no kind of core; infer-memory-space decides it}}
tile.func @undecided() {
  tile.return
}

// -----

tile.func aiv @nowhere() {
  // expected-error @+1 {{'tile.create' op has a tile 16x16xf32 without a memory; infer-memory-space decides it}}
  %t = tile.create : !tile.tile<16x16xf32>
  tile.return
}

// -----

tile.func aiv @unplanned() {
  // expected-error @+1 {{'tile.create' op has a tile 16x16xf32 without an address; plan-memory-and-sync decides it}}
  %t = tile.create : !tile.tile<16x16xf32, vec>
  tile.return
}

// -----

tile.func aiv @scratch() {
  %t = tile.create : !tile.tile<16x16xf32, vec, at 0>
  // expected-error @+1 {{'tile.row_sum' op needs a scratch tile and has no address for it}}
  %s = tile.row_sum %t : (!tile.tile<16x16xf32, vec, at 0>) -> !tile.tile<16x1xf32, vec, at 1024>
  tile.return
}

// -----

tile.func aiv @variable() {
  %zero = arith.constant 0 : index
  // expected-error @+1 {{'tw.declare' op cannot be written as a kernel's C++}}
  %v = tw.declare %zero : !tw.var<index>
  tile.return
}

// -----

tw.orchestration @left_over(%x: !tw.tensor<16x16xf32>) {
  // expected-error @+1 {{'tw.at' op is a task without a kernel; outline-incore makes one}}
  %t = tw.at {
  }
  tw.return
}

// -----

// expected-error @+1 {{'tw.orchestration' op has tensors of 'f8E5M2', which the runtime does not know}}
tw.orchestration @unknown_type(%x: !tw.tensor<16x16xf8E5M2>) {
  tw.return
}

// -----

tw.orchestration @left_variable() {
  %zero = arith.constant 0 : index
  // expected-error @+1 {{'tw.declare' op is left of a variable; promote-variables removes them}}
  %v = tw.declare %zero : !tw.var<index>
  tw.return
}

// -----

tw.orchestration @no_first_value() {
  // expected-error @+1 {{'tw.declare' op has no first value; that of an id that is not known yet is 'tw.no_task'}}
  %v = tw.declare : !tw.var<!tw.task_id>
  tw.return
}
