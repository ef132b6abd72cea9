// Where the runtime finds no dependencies, a later task names the earlier ones by after and derived, in whatever way; or derive-dependencies
// says of their tensor that they do.
// RUN: tw-opt %s --emit-orchestration=named-dependencies -split-input-file -verify-diagnostics -o %t.mlir > %t.cpp

tile.func aiv @fill(%x: !tw.tensor<8xf32> {tw.out}) {
  tile.return
}
tile.func aiv @read(%x: !tw.tensor<8xf32>) {
  tile.return
}
// From another block, directly, by way of another task.
tw.orchestration @named(%x: !tw.tensor<8xf32> {tw.out}, %p: i1) {
  %none = tw.no_task
  %v = tw.declare %none : !tw.var<!tw.task_id>
  %w = tw.declare %none : !tw.var<!tw.task_id>
  tw.scope {
    %t = tw.submit @fill(%x : !tw.tensor<8xf32>)
    tw.set %t, %v : !tw.var<!tw.task_id>
    scf.if %p {
      %u = tw.submit @fill(%x : !tw.tensor<8xf32>) derived(%t : !tw.task_id)
      tw.set %u, %w : !tw.var<!tw.task_id>
    }
  }
  %a = tw.get %v : !tw.var<!tw.task_id>
  %b = tw.get %w : !tw.var<!tw.task_id>
  %join = tw.dummy after(%b : !tw.task_id)
  %c = tw.submit @read(%x : !tw.tensor<8xf32>) after(%join : !tw.task_id) derived(%a : !tw.task_id)
  %d = tw.submit @fill(%x : !tw.tensor<8xf32>) derived(%c : !tw.task_id)
  tw.return
}

// -----

tile.func aiv @fill(%x: !tw.tensor<8xf32> {tw.out}) {
  tile.return
}
// In each turn the id of that turn.
tw.orchestration @in_turns(%x: !tw.tensor<8xf32> {tw.out}, %p: i1) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %n = arith.constant 4 : index
  %none = tw.no_task
  scf.for %i = %zero to %n step %one {
    %v = tw.declare %none : !tw.var<!tw.task_id>
    scf.if %p {
      %t = tw.submit @fill(%x : !tw.tensor<8xf32>)
      tw.set %t, %v : !tw.var<!tw.task_id>
    }
    %g = tw.get %v : !tw.var<!tw.task_id>
    %u = tw.submit @fill(%x : !tw.tensor<8xf32>) derived(%g : !tw.task_id)
  } {tw.parallel}
  tw.return
}

// -----

tile.func aiv @fill(%x: !tw.tensor<8xf32> {tw.out}) {
  tile.return
}
// On the word of the pass: also where the ids do not show it.
tw.orchestration @marked(%x: !tw.tensor<8xf32> {tw.out, tw.ordered}) {
  %t = tw.submit @fill(%x : !tw.tensor<8xf32>)
  %u = tw.submit @fill(%x : !tw.tensor<8xf32>)
  tw.return
}

// -----

tile.func aiv @fill(%x: !tw.tensor<8xf32> {tw.out}) {
  tile.return
}
tw.orchestration @tracked(%x: !tw.tensor<8xf32> {tw.out, tw.tracked = "because"}, %y: !tw.tensor<8xf32> {tw.out, tw.ordered}) {
  // expected-note @+1 {{the earlier task}}
  %t = tw.submit @fill(%x : !tw.tensor<8xf32>)
  %a = tw.submit @fill(%y : !tw.tensor<8xf32>)
  // expected-error @+1 {{'tw.submit' op may use a tensor that an earlier task uses}}
  %u = tw.submit @fill(%x : !tw.tensor<8xf32>) derived(%a : !tw.task_id)
  tw.return
}

// -----

tile.func aiv @fill(%x: !tw.tensor<8xf32> {tw.out}) {
  tile.return
}
// Which of the two it holds is not known.
tw.orchestration @set_twice(%x: !tw.tensor<8xf32> {tw.out}, %p: i1) {
  %none = tw.no_task
  %v = tw.declare %none : !tw.var<!tw.task_id>
  // expected-note @+1 {{the earlier task}}
  %t = tw.submit @fill(%x : !tw.tensor<8xf32>)
  tw.set %t, %v : !tw.var<!tw.task_id>
  tw.set %none, %v : !tw.var<!tw.task_id>
  %g = tw.get %v : !tw.var<!tw.task_id>
  // expected-error @+1 {{'tw.submit' op may use a tensor that an earlier task uses}}
  %u = tw.submit @fill(%x : !tw.tensor<8xf32>) derived(%g : !tw.task_id)
  tw.return
}

// -----

tile.func aiv @fill(%x: !tw.tensor<8xf32> {tw.out}) {
  tile.return
}
tile.func aiv @read(%x: !tw.tensor<8xf32>) {
  tile.return
}
// Behind a loop it is the id of the last turn.
tw.orchestration @last_turn(%x: !tw.tensor<8xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %n = arith.constant 4 : index
  %none = tw.no_task
  %v = tw.declare %none : !tw.var<!tw.task_id>
  scf.for %i = %zero to %n step %one {
    // expected-note @+1 {{the earlier task}}
    %t = tw.submit @read(%x : !tw.tensor<8xf32>)
    tw.set %t, %v : !tw.var<!tw.task_id>
  }
  %g = tw.get %v : !tw.var<!tw.task_id>
  // expected-error @+1 {{'tw.submit' op may use a tensor that an earlier task uses}}
  %u = tw.submit @fill(%x : !tw.tensor<8xf32>) derived(%g : !tw.task_id)
  tw.return
}

// -----

tile.func aiv @fill(%x: !tw.tensor<8xf32> {tw.out}) {
  tile.return
}
// Read before it is set: what it holds is of the turn before.
tw.orchestration @turn_before(%x: !tw.tensor<8xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %n = arith.constant 4 : index
  %none = tw.no_task
  %v = tw.declare %none : !tw.var<!tw.task_id>
  scf.for %i = %zero to %n step %one {
    %g = tw.get %v : !tw.var<!tw.task_id>
    // expected-note @+1 {{the earlier task}}
    %t = tw.submit @fill(%x : !tw.tensor<8xf32>)
    tw.set %t, %v : !tw.var<!tw.task_id>
    // expected-error @+1 {{'tw.submit' op may use a tensor that an earlier task uses}}
    %u = tw.submit @fill(%x : !tw.tensor<8xf32>) derived(%g : !tw.task_id)
  } {tw.parallel}
  tw.return
}

// -----

tile.func aiv @fill(%x: !tw.tensor<8xf32> {tw.out}) {
  tile.return
}
tile.func aiv @read(%x: !tw.tensor<8xf32>) {
  tile.return
}
tw.orchestration @alias(%x: !tw.tensor<8xf32> {tw.may_alias}, %y: !tw.tensor<8xf32> {tw.out, tw.may_alias}) {
  // expected-note @+1 {{the earlier task}}
  %t = tw.submit @read(%x : !tw.tensor<8xf32>)
  // expected-error @+1 {{'tw.submit' op may use a tensor that an earlier task uses}}
  %u = tw.submit @fill(%y : !tw.tensor<8xf32>)
  tw.return
}
