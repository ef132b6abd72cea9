// Ids across blocks, what certainly comes after what, and loops.
// RUN: tw-opt %s -unroll -canonicalize -infer-directions -derive-dependencies | tw-opt | FileCheck %s

tile.func @fill(%o: !tw.tensor<64xf32> {tw.out}) { tile.return }
tile.func @use(%i: !tw.tensor<64xf32>) { tile.return }
tile.func @update(%x: !tw.tensor<64xf32> {tw.inout}) { tile.return }
tile.func @copy(%i: !tw.tensor<64xf32>, %o: !tw.tensor<64xf32> {tw.out}) { tile.return }
tile.func @fill_half(%o: !tw.tensor<32xf32> {tw.out}) { tile.return }
tile.func @look(%f: !tw.tensor<8xi32>) { tile.return }
tile.func @number(%e: i32) { tile.return }
tile.func @set(%f: !tw.tensor<8xi32> {tw.inout}) { tile.return }

// The variable stands before the outermost block that hides the id from one of its users, and only one that is needed.
// CHECK-LABEL: tw.orchestration @nested
// CHECK: tw.scope {
// CHECK: %[[V:.*]] = tw.declare
// CHECK-NEXT: tw.scope {
// CHECK-NEXT: scf.if
// CHECK-NEXT: %[[P:.*]] = tw.submit @fill
// CHECK-NEXT: tw.set %[[P]], %[[V]]
// CHECK-NEXT: tw.scope {
// CHECK-NEXT: tw.submit @use({{.*}}) derived(%[[P]] : !tw.task_id)
// CHECK: }
// CHECK-NEXT: }
// CHECK-NEXT: %[[G:.*]] = tw.get %[[V]]
// CHECK-NEXT: tw.submit @use({{.*}}) derived(%[[G]] : !tw.task_id)
// CHECK-NEXT: }
// CHECK-NEXT: scf.if
// CHECK-NEXT: %[[H:.*]] = tw.get %[[V]]
// CHECK-NEXT: tw.submit @use({{.*}}) derived(%[[H]] : !tw.task_id)
tw.orchestration @nested(%s: !tw.tensor<64xf32> {tw.out}, %c: i1, %d: i1) {
  tw.scope {
    tw.scope {
      scf.if %c {
        tw.submit @fill(%s : !tw.tensor<64xf32>)
        tw.scope {
          tw.submit @use(%s : !tw.tensor<64xf32>)
        }
      }
      tw.submit @use(%s : !tw.tensor<64xf32>)
    }
    scf.if %d {
      tw.submit @use(%s : !tw.tensor<64xf32>)
    }
  }
  tw.return
}

// Two branches that may both run: the first writer counts if neither did, that of the first branch if the second did not.
// CHECK-LABEL: tw.orchestration @two_branches
// CHECK: %[[F:.*]] = tw.submit @fill
// CHECK: %[[V:.*]] = tw.declare
// CHECK: scf.if
// CHECK: tw.submit @update({{.*}}) derived(%[[F]] : !tw.task_id)
// CHECK: %[[W:.*]] = tw.declare
// CHECK: scf.if
// CHECK: tw.submit @update({{.*}}) derived(%{{.*}}, %{{.*}} : !tw.task_id, !tw.task_id)
// CHECK-DAG: %[[X:.*]] = tw.get %[[V]]
// CHECK-DAG: %[[Y:.*]] = tw.get %[[W]]
// CHECK: arith.select
// CHECK: arith.select
// CHECK: arith.select
// CHECK: tw.submit @use({{.*}}) derived(%{{.*}}, %{{.*}}, %[[Y]] : !tw.task_id, !tw.task_id, !tw.task_id)
tw.orchestration @two_branches(%s: !tw.tensor<64xf32> {tw.inout}, %c: i1, %d: i1) {
  tw.submit @fill(%s : !tw.tensor<64xf32>)
  scf.if %c {
    tw.submit @update(%s : !tw.tensor<64xf32>)
  }
  scf.if %d {
    tw.submit @update(%s : !tw.tensor<64xf32>)
  }
  tw.submit @use(%s : !tw.tensor<64xf32>)
  tw.return
}

// Both ways write all: nothing before them is waited for behind them, though neither way is certain.
// CHECK-LABEL: tw.orchestration @both_ways
// CHECK: %[[F:.*]] = tw.submit @fill
// CHECK-NOT: arith.select
// CHECK: tw.submit @use({{.*}}) derived(%{{.*}}, %{{.*}} : !tw.task_id, !tw.task_id)
// CHECK: tw.return
tw.orchestration @both_ways(%s: !tw.tensor<64xf32> {tw.inout}, %c: i1) {
  tw.submit @fill(%s : !tw.tensor<64xf32>)
  scf.if %c {
    tw.submit @update(%s : !tw.tensor<64xf32>)
  } else {
    tw.scope {
      tw.submit @update(%s : !tw.tensor<64xf32>)
    }
  }
  tw.submit @use(%s : !tw.tensor<64xf32>)
  tw.return
}

// The program's ids through branches and scopes: those of the way that was taken are certain, those from outside are not.
// CHECK-LABEL: tw.orchestration @program_ids
// CHECK: %[[A:.*]] = tw.submit @fill(out %arg0
// CHECK: tw.submit @use(in %arg1 {{.*}}) after(%{{.*}} : !tw.task_id){{$}}
// CHECK: tw.submit @use(in %arg0 {{.*}}) after(%{{.*}} : !tw.task_id) derived(%[[A]] : !tw.task_id)
// CHECK: tw.submit @use(in %arg2 {{.*}}) after(%{{.*}} : !tw.task_id){{$}}
tw.orchestration @program_ids(%a: !tw.tensor<64xf32> {tw.out}, %b: !tw.tensor<64xf32> {tw.out}, %e: !tw.tensor<64xf32> {tw.out}, %c: i1) {
  %t = tw.submit @fill(%a : !tw.tensor<64xf32>)
  %in_way = scf.if %c -> (!tw.task_id) {
    %u = tw.submit @fill(%b : !tw.tensor<64xf32>)
    scf.yield %u : !tw.task_id
  } else {
    %none = tw.no_task
    scf.yield %none : !tw.task_id
  }
  tw.submit @use(%b : !tw.tensor<64xf32>) after(%in_way : !tw.task_id)
  %maybe = scf.if %c -> (!tw.task_id) {
    scf.yield %t : !tw.task_id
  } else {
    %none = tw.no_task
    scf.yield %none : !tw.task_id
  }
  tw.submit @use(%a : !tw.tensor<64xf32>) after(%maybe : !tw.task_id)
  %from_scope = tw.scope -> (!tw.task_id) {
    %u = tw.submit @fill(%e : !tw.tensor<64xf32>)
    tw.yield %u : !tw.task_id
  }
  tw.submit @use(%e : !tw.tensor<64xf32>) after(%from_scope : !tw.task_id)
  tw.return
}

// A manual scope whose tasks the program orders, among themselves and behind what came before: all is ordered.
// CHECK-LABEL: tw.orchestration @manual_right(%arg0: !tw.tensor<64xf32> {tw.inout, tw.ordered})
// CHECK: tw.submit @update({{.*}}) derived(%{{.*}} : !tw.task_id){{$}}
tw.orchestration @manual_right(%s: !tw.tensor<64xf32> {tw.inout}) {
  %first = tw.submit @fill(%s : !tw.tensor<64xf32>)
  tw.scope manual {
    %a = tw.submit @use(%s : !tw.tensor<64xf32>) after(%first : !tw.task_id)
    tw.submit @update(%s : !tw.tensor<64xf32>) after(%a : !tw.task_id)
  }
  tw.submit @update(%s : !tw.tensor<64xf32>)
  tw.return
}

// What the orchestration waited for is over, and so is what came before that; another writer, or a reader, is not.
// CHECK-LABEL: tw.orchestration @waited
// CHECK: tw.submit @set(inout %arg0 : !tw.tensor<8xi32>){{$}}
// CHECK: %[[R:.*]] = tw.submit @look(in %arg0
// CHECK: tw.read
// CHECK: tw.submit @set(inout %arg0 : !tw.tensor<8xi32>) derived(%[[R]] : !tw.task_id)
tw.orchestration @waited(%f: !tw.tensor<8xi32> {tw.inout}) {
  %zero = arith.constant 0 : index
  tw.submit @set(%f : !tw.tensor<8xi32>)
  tw.submit @look(%f : !tw.tensor<8xi32>)
  %e = tw.read %f[%zero] : !tw.tensor<8xi32> -> i32
  tw.submit @set(%f : !tw.tensor<8xi32>)
  tw.submit @number(%e : i32)
  tw.return
}

// ---- loops

// Copies of a body, and a loop of one turn (63), are no loops.
// CHECK-LABEL: tw.orchestration @unrolled(%arg0: !tw.tensor<64xf32> {tw.inout, tw.ordered})
// CHECK-NOT: scf.for
// CHECK: %[[A:.*]] = tw.submit @update(inout %arg0 : !tw.tensor<64xf32>){{$}}
// CHECK: %[[B:.*]] = tw.submit @update({{.*}}) derived(%[[A]] : !tw.task_id)
// CHECK: %[[D:.*]] = tw.submit @update({{.*}}) derived(%[[B]] : !tw.task_id)
// CHECK: tw.submit @use({{.*}}) derived(%[[D]] : !tw.task_id)
tw.orchestration @unrolled(%s: !tw.tensor<64xf32> {tw.inout}) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  scf.for %i = %zero to %two step %one {
    tw.submit @update(%s : !tw.tensor<64xf32>)
  } {tw.unroll}
  scf.for %i = %zero to %one step %one {
    tw.submit @update(%s : !tw.tensor<64xf32>)
  }
  tw.submit @use(%s : !tw.tensor<64xf32>)
  tw.return
}

// Turns that write different parts, and turns of which the program says so, need no order; behind the loop nothing names them.
// CHECK-LABEL: tw.orchestration @parts
// CHECK-SAME: %arg0: !tw.tensor<64xf32> {tw.ordered, tw.out}
// CHECK-SAME: %arg1: !tw.tensor<64xf32> {tw.ordered, tw.out}
// CHECK-SAME: %arg2: !tw.tensor<64xf32> {tw.out, tw.tracked = "a task in a loop, which nothing behind the loop can name ({{[^)]*}})"}
tw.orchestration @parts(%a: !tw.tensor<64xf32> {tw.out}, %b: !tw.tensor<64xf32> {tw.out}, %c: !tw.tensor<64xf32> {tw.out}, %n: index) {
  %zero = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  scf.for %i = %zero to %n step %c32 {
    %v = tw.view %a[%i] : !tw.tensor<64xf32> -> !tw.tensor<32xf32>
    tw.submit @fill_half(%v : !tw.tensor<32xf32>)
    %w = tw.view %c[%i] : !tw.tensor<64xf32> -> !tw.tensor<32xf32>
    tw.submit @fill_half(%w : !tw.tensor<32xf32>)
  }
  scf.for %i = %zero to %n step %c32 {
    tw.submit @fill(%b : !tw.tensor<64xf32>)
  } {tw.parallel}
  tw.submit @use(%c : !tw.tensor<64xf32>)
  tw.return
}

// Tensors that change places: what one turn makes another one reads. And a loop whose number of turns the run decides.
// CHECK-LABEL: tw.orchestration @carried
// CHECK: tw.create {tw.tracked = "turns of a loop may depend on each other ({{[^)]*}})"}
// CHECK: tw.create {tw.tracked = "turns of a loop may depend on each other ({{[^)]*}})"}
// CHECK: tw.create {tw.tracked = "turns of a loop may depend on each other ({{[^)]*}})"}
tw.orchestration @carried(%n: index, %c: i1) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %a = tw.create : !tw.tensor<64xf32>
  %b = tw.create : !tw.tensor<64xf32>
  tw.submit @fill(%a : !tw.tensor<64xf32>)
  %p, %q = scf.for %i = %zero to %n step %one iter_args(%x = %a, %y = %b) -> (!tw.tensor<64xf32>, !tw.tensor<64xf32>) {
    tw.submit @copy(%x, %y : !tw.tensor<64xf32>, !tw.tensor<64xf32>)
    scf.yield %y, %x : !tw.tensor<64xf32>, !tw.tensor<64xf32>
  }
  tw.submit @use(%p : !tw.tensor<64xf32>)
  %d = tw.create : !tw.tensor<64xf32>
  scf.while : () -> () {
    scf.condition(%c)
  } do {
    tw.submit @update(%d : !tw.tensor<64xf32>)
    scf.yield
  }
  tw.return
}

// A tensor of a turn that the next turn reads is not new in each turn.
// CHECK-LABEL: tw.orchestration @handed_on
// CHECK: scf.for
// CHECK: tw.create {tw.tracked = "turns of a loop may depend on each other ({{[^)]*}})"}
tw.orchestration @handed_on(%n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %a = tw.create : !tw.tensor<64xf32>
  tw.submit @fill(%a : !tw.tensor<64xf32>)
  %p = scf.for %i = %zero to %n step %one iter_args(%x = %a) -> (!tw.tensor<64xf32>) {
    %t = tw.create : !tw.tensor<64xf32>
    tw.submit @copy(%x, %t : !tw.tensor<64xf32>, !tw.tensor<64xf32>)
    scf.yield %t : !tw.tensor<64xf32>
  }
  tw.submit @use(%p : !tw.tensor<64xf32>)
  tw.return
}
