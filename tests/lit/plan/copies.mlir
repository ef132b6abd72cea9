// A copy is made where an operation, a loop or a branch overwrites what is still needed, and nowhere else.
// RUN: tw-opt %s -plan-memory-and-sync -verify-plan | FileCheck %s

!t = !tile.tile<8x64xf32, vec>
!g = !tw.tensor<8x64xf32>

// CHECK-LABEL: tile.func aiv @last_use
// CHECK-NOT: tile.move
// CHECK: tile.return
tile.func aiv @last_use(%x: !g, %y: !g {tw.out}, %h: f32) {
  %zero = arith.constant 0 : index
  %a = tile.load %x[%zero, %zero] : !g -> !t
  %b = tile.write %h, %a[%zero, %zero] : f32, !t
  tile.store %b, %y[%zero, %zero] : !t, !g
  tile.return
}

// CHECK-LABEL: tile.func aiv @used_later
// CHECK: tile.load
// CHECK: tile.move
// CHECK: tile.write
// CHECK-NOT: tile.move
// CHECK: tile.return
tile.func aiv @used_later(%x: !g, %y: !g {tw.out}, %z: !g {tw.out}, %h: f32) {
  %zero = arith.constant 0 : index
  %a = tile.load %x[%zero, %zero] : !g -> !t
  %b = tile.write %h, %a[%zero, %zero] : f32, !t
  tile.store %b, %y[%zero, %zero] : !t, !g
  tile.store %a, %z[%zero, %zero] : !t, !g
  tile.return
}

// What comes from before a loop is there for every turn.
// CHECK-LABEL: tile.func aiv @from_before
// CHECK: scf.for
// CHECK: tile.move
// CHECK: tile.write
// CHECK: tile.return
tile.func aiv @from_before(%x: !g, %y: !g {tw.out}, %h: f32, %n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %a = tile.load %x[%zero, %zero] : !g -> !t
  scf.for %i = %zero to %n step %one {
    %b = tile.write %h, %a[%zero, %zero] : f32, !t
    tile.store %b, %y[%zero, %zero] : !t, !g
  }
  tile.return
}

// The first value of a loop that is used behind it.
// CHECK-LABEL: tile.func aiv @first_value
// CHECK: tile.load
// CHECK: tile.move
// CHECK: scf.for
// CHECK-NOT: tile.move
// CHECK: tile.return
tile.func aiv @first_value(%x: !g, %y: !g {tw.out}, %n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %a = tile.load %x[%zero, %zero] : !g -> !t
  %r = scf.for %i = %zero to %n step %one iter_args(%s = %a) -> (!t) {
    %b = tile.add %s, %s : !t
    scf.yield %b : !t
  }
  %c = tile.add %r, %a : !t
  tile.store %c, %y[%zero, %zero] : !t, !g
  tile.return
}

// What a loop carries is needed after its next value is made: a copy at the end of the turn.
// CHECK-LABEL: tile.func aiv @needed_longer
// CHECK: scf.for
// CHECK: tile.mul
// CHECK: tile.move
// CHECK: scf.yield
tile.func aiv @needed_longer(%x: !g, %y: !g {tw.out}, %n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %a = tile.load %x[%zero, %zero] : !g -> !t
  %r = scf.for %i = %zero to %n step %one iter_args(%s = %a) -> (!t) {
    %b = tile.exp %s : !t
    %c = tile.mul %s, %b : !t
    tile.store %c, %y[%zero, %zero] : !t, !g
    scf.yield %b : !t
  }
  tile.store %r, %y[%zero, %zero] : !t, !g
  tile.return
}

// Two tiles that change places every turn.
// CHECK-LABEL: tile.func aiv @swap
// CHECK: scf.for
// CHECK-COUNT-3: tile.move
// CHECK-NOT: tile.move
// CHECK: scf.yield
tile.func aiv @swap(%x: !g, %y: !g {tw.out}, %z: !g {tw.out}, %n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %a = tile.load %x[%zero, %zero] : !g -> !t
  %b = tile.exp %a : !t
  %r:2 = scf.for %i = %zero to %n step %one iter_args(%s = %a, %t = %b) -> (!t, !t) {
    scf.yield %t, %s : !t, !t
  }
  tile.store %r#0, %y[%zero, %zero] : !t, !g
  tile.store %r#1, %z[%zero, %zero] : !t, !g
  tile.return
}

// A branch that changes a tile, or leaves it as it is: no copy.
// CHECK-LABEL: tile.func aiv @maybe
// CHECK-NOT: tile.move
// CHECK: tile.return
tile.func aiv @maybe(%x: !g, %y: !g {tw.out}, %c: i1) {
  %zero = arith.constant 0 : index
  %a = tile.load %x[%zero, %zero] : !g -> !t
  %r = scf.if %c -> (!t) {
    %b = tile.exp %a : !t
    scf.yield %b : !t
  } else {
    scf.yield %a : !t
  }
  tile.store %r, %y[%zero, %zero] : !t, !g
  tile.return
}

// The same where the old tile is needed behind the branch.
// CHECK-LABEL: tile.func aiv @maybe_needed
// CHECK: } else {
// CHECK: tile.move
// CHECK: scf.yield
tile.func aiv @maybe_needed(%x: !g, %y: !g {tw.out}, %c: i1) {
  %zero = arith.constant 0 : index
  %a = tile.load %x[%zero, %zero] : !g -> !t
  %r = scf.if %c -> (!t) {
    %b = tile.exp %a : !t
    scf.yield %b : !t
  } else {
    scf.yield %a : !t
  }
  %d = tile.add %r, %a : !t
  tile.store %d, %y[%zero, %zero] : !t, !g
  tile.return
}

// One way gives the same tile twice, the other gives two.
// CHECK-LABEL: tile.func aiv @twice
// CHECK: scf.if {{.*}} -> (!tile.tile<8x64xf32, vec, at [[ONE:[0-9]+]]>, !tile.tile<8x64xf32, vec, at [[OTHER:[0-9]+]]>)
// CHECK: } else {
// CHECK: tile.exp {{.*}} -> !tile.tile<8x64xf32, vec, at [[OTHER]]>
// CHECK: tile.move {{.*}} -> !tile.tile<8x64xf32, vec, at [[ONE]]>
// CHECK: scf.yield
tile.func aiv @twice(%x: !g, %y: !g {tw.out}, %c: i1) {
  %zero = arith.constant 0 : index
  %a = tile.load %x[%zero, %zero] : !g -> !t
  %r:2 = scf.if %c -> (!t, !t) {
    %b = tile.exp %a : !t
    scf.yield %b, %b : !t, !t
  } else {
    %d = tile.exp %a : !t
    scf.yield %a, %d : !t, !t
  }
  %e = tile.add %r#0, %r#1 : !t
  %f = tile.add %e, %a : !t
  tile.store %f, %y[%zero, %zero] : !t, !g
  tile.return
}

// A while carries through both its regions.
// CHECK-LABEL: tile.func aiv @while
// CHECK: scf.while {{.*}} : (!tile.tile<8x64xf32, vec, at 0>) -> !tile.tile<8x64xf32, vec, at 0>
tile.func aiv @while(%x: !g, %y: !g {tw.out}, %h: f32) {
  %zero = arith.constant 0 : index
  %a = tile.load %x[%zero, %zero] : !g -> !t
  %r = scf.while (%s = %a) : (!t) -> !t {
    %e = tile.read %s[%zero, %zero] : !t -> f32
    %go = arith.cmpf olt, %e, %h : f32
    scf.condition(%go) %s : !t
  } do {
  ^bb0(%s: !t):
    %b = tile.add %s, %s : !t
    scf.yield %b : !t
  }
  tile.store %r, %y[%zero, %zero] : !t, !g
  tile.return
}
