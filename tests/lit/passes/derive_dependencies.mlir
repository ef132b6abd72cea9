// Which tasks each task has to wait for, by what both access, and which tensors that orders altogether. The shapes are those of
// spec/auto-dependencies.md, section 8.1, whose numbers stand behind them.
// RUN: tw-opt %s -infer-directions -derive-dependencies | tw-opt | FileCheck %s
// RUN: tw-opt %s -infer-directions | FileCheck %s --check-prefix=OFF
// OFF-NOT: derived
// OFF-NOT: tw.ordered
// OFF-NOT: tw.tracked

tile.func @fill(%o: !tw.tensor<64xf32> {tw.out}) { tile.return }
tile.func @use(%i: !tw.tensor<64xf32>) { tile.return }
tile.func @update(%x: !tw.tensor<64xf32> {tw.inout}) { tile.return }
tile.func @copy(%i: !tw.tensor<64xf32>, %o: !tw.tensor<64xf32> {tw.out}) { tile.return }
tile.func @fill_two(%a: !tw.tensor<64xf32> {tw.out}, %b: !tw.tensor<64xf32> {tw.out}) { tile.return }
tile.func @fill_half(%o: !tw.tensor<32xf32> {tw.out}) { tile.return }
tile.func @use_half(%i: !tw.tensor<32xf32>) { tile.return }
tile.func @fill_some(%o: !tw.tensor<?xf32> {tw.out}) { tile.return }
tile.func @use_some(%i: !tw.tensor<?xf32>) { tile.return }
tile.func @fill_rows(%o: !tw.tensor<16x32xf32> {tw.out}) { tile.return }
tile.func @use_rows(%i: !tw.tensor<16x32xf32>) { tile.return }
tile.func @fill_column(%o: !tw.tensor<32x1xf32> {tw.out}) { tile.return }
tile.func @use_column(%i: !tw.tensor<32x1xf32>) { tile.return }
tile.func @look(%f: !tw.tensor<8xi32>) { tile.return }
tile.func aic @cube(%i: !tw.tensor<64xf32>, %o: !tw.tensor<64xf32> {tw.out}) { tile.return }
tile.func aiv @vector(%i: !tw.tensor<64xf32>, %o: !tw.tensor<64xf32> {tw.out}) { tile.return }
tile.func @add(%o: !tw.tensor<8x8xf32> {tw.inout}) {
  %zero = arith.constant 0 : index
  %t = tile.create : !tile.tile<8x8xf32>
  tile.store %t, %o[%zero, %zero] atomic_add : !tile.tile<8x8xf32>, !tw.tensor<8x8xf32>
  tile.return
}
tile.func @use_sum(%i: !tw.tensor<8x8xf32>) { tile.return }

// ---- two tasks and one tensor

// Reading behind writing, in a scope or without one (2, 8, 31, 53).
// CHECK-LABEL: tw.orchestration @raw(%arg0: !tw.tensor<64xf32> {tw.inout, tw.ordered})
// CHECK: %[[F:.*]] = tw.submit @fill
// CHECK: tw.submit @use(in %arg0 : !tw.tensor<64xf32>) derived(%[[F]] : !tw.task_id)
tw.orchestration @raw(%s: !tw.tensor<64xf32> {tw.inout}) {
  tw.scope {
    tw.submit @fill(%s : !tw.tensor<64xf32>)
    tw.submit @use(%s : !tw.tensor<64xf32>)
  }
  tw.return
}

// Two readers (3), writing behind reading (5), writing behind writing, with nothing needed to the first writer from the last reader on.
// CHECK-LABEL: tw.orchestration @each
// CHECK: tw.submit @use(in %arg0 : !tw.tensor<64xf32>){{$}}
// CHECK: %[[R:.*]] = tw.submit @use(in %arg0 : !tw.tensor<64xf32>){{$}}
// CHECK: %[[W:.*]] = tw.submit @fill({{.*}}) derived(%{{.*}}, %[[R]] : !tw.task_id, !tw.task_id)
// CHECK: %[[V:.*]] = tw.submit @update({{.*}}) derived(%[[W]] : !tw.task_id)
// CHECK: tw.submit @use({{.*}}) derived(%[[V]] : !tw.task_id)
tw.orchestration @each(%s: !tw.tensor<64xf32> {tw.inout}) {
  tw.submit @use(%s : !tw.tensor<64xf32>)
  tw.submit @use(%s : !tw.tensor<64xf32>)
  tw.submit @fill(%s : !tw.tensor<64xf32>)
  tw.submit @update(%s : !tw.tensor<64xf32>)
  tw.submit @use(%s : !tw.tensor<64xf32>)
  tw.return
}

// A way over another tensor makes an edge unnecessary.
// CHECK-LABEL: tw.orchestration @triangle
// CHECK: %[[A:.*]] = tw.submit @fill
// CHECK: %[[B:.*]] = tw.submit @copy({{.*}}) derived(%[[A]] : !tw.task_id)
// CHECK: tw.submit @copy(in %arg1, {{.*}}) derived(%[[B]] : !tw.task_id)
tw.orchestration @triangle(%a: !tw.tensor<64xf32> {tw.out}, %b: !tw.tensor<64xf32> {tw.out}) {
  tw.submit @fill(%a : !tw.tensor<64xf32>)
  tw.submit @copy(%a, %b : !tw.tensor<64xf32>, !tw.tensor<64xf32>)
  tw.submit @copy(%b, %a : !tw.tensor<64xf32>, !tw.tensor<64xf32>)
  tw.return
}

// Arguments share memory only if both say so (4, 30).
// CHECK-LABEL: tw.orchestration @aliased
// CHECK: %[[A:.*]] = tw.submit @fill(out %arg0 : !tw.tensor<64xf32>){{$}}
// CHECK: tw.submit @fill({{.*}}%arg1 : !tw.tensor<64xf32>) derived(%[[A]] : !tw.task_id)
// CHECK: tw.submit @fill(out %arg2 : !tw.tensor<64xf32>){{$}}
tw.orchestration @aliased(%a: !tw.tensor<64xf32> {tw.out, tw.may_alias}, %b: !tw.tensor<64xf32> {tw.out, tw.may_alias}, %c: !tw.tensor<64xf32> {tw.out}) {
  tw.submit @fill(%a : !tw.tensor<64xf32>)
  tw.submit @fill(%b : !tw.tensor<64xf32>)
  tw.submit @fill(%c : !tw.tensor<64xf32>)
  tw.return
}

// Additions are in any order among themselves.
// CHECK-LABEL: tw.orchestration @sums
// CHECK: %[[A:.*]] = tw.submit @add(inout %arg0 : !tw.tensor<8x8xf32>){{$}}
// CHECK: %[[B:.*]] = tw.submit @add(inout %arg0 : !tw.tensor<8x8xf32>){{$}}
// CHECK: tw.submit @use_sum({{.*}}) derived(%[[A]], %[[B]] : !tw.task_id, !tw.task_id)
tw.orchestration @sums(%s: !tw.tensor<8x8xf32> {tw.inout}) {
  tw.submit @add(%s : !tw.tensor<8x8xf32>)
  tw.submit @add(%s : !tw.tensor<8x8xf32>)
  tw.submit @use_sum(%s : !tw.tensor<8x8xf32>)
  tw.return
}

// Several results, and results that nobody looks at; groups; blocks.
// CHECK-LABEL: tw.orchestration @launches
// CHECK: %[[P:.*]] = tw.submit @fill_two(out %arg0, out %arg1 : {{.*}}){{$}}
// CHECK: %[[G:.*]] = tw.submit @cube with @vector({{.*}}) derived(%[[P]] : !tw.task_id)
// CHECK: %[[S:.*]] = tw.submit @use({{.*}}) blocks %arg3 derived(%[[G]] : !tw.task_id)
// CHECK: tw.submit @fill(inout %arg1 : {{.*}}) derived(%[[G]] : !tw.task_id)
// CHECK: tw.submit @fill(inout %arg2 : {{.*}}) derived(%[[S]] : !tw.task_id)
tw.orchestration @launches(%a: !tw.tensor<64xf32> {tw.out}, %b: !tw.tensor<64xf32> {tw.out}, %c: !tw.tensor<64xf32> {tw.out}, %n: index) {
  tw.submit @fill_two(%a, %b : !tw.tensor<64xf32>, !tw.tensor<64xf32>)
  tw.submit @cube with @vector(%b, %c : !tw.tensor<64xf32>, !tw.tensor<64xf32>)
  tw.submit @use(%c : !tw.tensor<64xf32>) blocks %n
  tw.submit @fill(%b : !tw.tensor<64xf32>)
  tw.submit @fill(%c : !tw.tensor<64xf32>)
  tw.return
}

// ---- what the program names

// Dependencies of the program stay, and count for what they order: nothing here that is of use (14), then all (15), then by a way (P12).
// CHECK-LABEL: tw.orchestration @named
// CHECK: %[[F:.*]] = tw.submit @fill(out %arg0
// CHECK: %[[O:.*]] = tw.submit @fill(out %arg1
// CHECK: %[[U:.*]] = tw.submit @use({{.*}}) after(%[[O]] : !tw.task_id) derived(%[[F]] : !tw.task_id)
// CHECK: %[[V:.*]] = tw.submit @use({{.*}}) after(%[[F]] : !tw.task_id){{$}}
// CHECK: tw.dummy after(%{{.*}} : !tw.task_ids<2>)
// CHECK: tw.submit @fill({{.*}}) after(%{{.*}} : !tw.task_id){{$}}
// CHECK: tw.submit @fill({{.*}}) after(%{{.*}} : !tw.task_id){{$}}
tw.orchestration @named(%s: !tw.tensor<64xf32> {tw.out}, %o: !tw.tensor<64xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %f = tw.submit @fill(%s : !tw.tensor<64xf32>)
  %other = tw.submit @fill(%o : !tw.tensor<64xf32>)
  %u = tw.submit @use(%s : !tw.tensor<64xf32>) after(%other : !tw.task_id)
  %v = tw.submit @use(%s : !tw.tensor<64xf32>) after(%f : !tw.task_id)
  %none = tw.no_tasks : !tw.task_ids<2>
  %first = tw.set_task %u, %none[%zero] : !tw.task_ids<2>
  %both = tw.set_task %v, %first[%one] : !tw.task_ids<2>
  %d = tw.dummy after(%both : !tw.task_ids<2>)
  %w = tw.submit @fill(%s : !tw.tensor<64xf32>) after(%d : !tw.task_id)
  tw.submit @fill(%s : !tw.tensor<64xf32>) after(%w : !tw.task_id)
  tw.return
}

// An id that may be another one orders nothing for certain.
// CHECK-LABEL: tw.orchestration @hidden
// CHECK: %[[F:.*]] = tw.submit @fill
// CHECK: tw.submit @use({{.*}}) after(%{{.*}} : !tw.task_id) derived(%[[F]] : !tw.task_id)
tw.orchestration @hidden(%s: !tw.tensor<64xf32> {tw.out}, %o: !tw.tensor<64xf32> {tw.out}, %i: index) {
  %zero = arith.constant 0 : index
  %f = tw.submit @fill(%s : !tw.tensor<64xf32>)
  %other = tw.submit @fill(%o : !tw.tensor<64xf32>)
  %none = tw.no_tasks : !tw.task_ids<2>
  %first = tw.set_task %f, %none[%zero] : !tw.task_ids<2>
  %both = tw.set_task %other, %first[%i] : !tw.task_ids<2>
  %id = tw.get_task %both[%zero] : !tw.task_ids<2>
  tw.submit @use(%s : !tw.tensor<64xf32>) after(%id : !tw.task_id)
  tw.return
}

// ---- parts of tensors

// Halves (17), pieces that overlap (22), offsets that are numbers of the run (24): equal ones, ones that differ by enough, and others.
// CHECK-LABEL: tw.orchestration @slices(%arg0: !tw.tensor<64xf32> {tw.inout, tw.ordered}
// CHECK: %[[L:.*]] = tw.submit @fill_half
// CHECK: tw.submit @use_half(in %{{.*}} : !tw.tensor<32xf32>){{$}}
// CHECK: tw.submit @use_half(in %{{.*}} : !tw.tensor<32xf32>) derived(%[[L]] : !tw.task_id)
// CHECK: %[[I:.*]] = tw.submit @fill_some(
// CHECK: tw.submit @use_some(in %{{.*}} : !tw.tensor<?xf32>) derived(%[[I]] : !tw.task_id)
// CHECK: tw.submit @use_some(in %{{.*}} : !tw.tensor<?xf32>) derived(%[[L]] : !tw.task_id)
tw.orchestration @slices(%s: !tw.tensor<64xf32> {tw.inout}, %n: index) {
  %zero = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %left = tw.view %s[%zero] : !tw.tensor<64xf32> -> !tw.tensor<32xf32>
  %middle = tw.view %s[%c16] : !tw.tensor<64xf32> -> !tw.tensor<32xf32>
  %right = tw.view %s[%c32] : !tw.tensor<64xf32> -> !tw.tensor<32xf32>
  tw.submit @fill_half(%left : !tw.tensor<32xf32>)
  tw.submit @use_half(%right : !tw.tensor<32xf32>)
  tw.submit @use_half(%middle : !tw.tensor<32xf32>)
  %at_n = tw.view %s[%zero] extents(%n) : !tw.tensor<64xf32> -> !tw.tensor<?xf32>
  %behind = tw.view %s[%n] extents(%n) : !tw.tensor<64xf32> -> !tw.tensor<?xf32>
  tw.submit @fill_some(%at_n : !tw.tensor<?xf32>)
  tw.submit @use_some(%at_n : !tw.tensor<?xf32>)
  tw.submit @use_some(%behind : !tw.tensor<?xf32>)
  tw.return
}

// Rows of a tensor with other rows between them (18, 19), columns by transposing and reshaping: every other element.
// CHECK-LABEL: tw.orchestration @strides
// CHECK: tw.submit @fill_rows(
// CHECK: tw.submit @use_rows(in %{{.*}} : !tw.tensor<16x32xf32>){{$}}
// CHECK: %[[E:.*]] = tw.submit @fill_column(
// CHECK: tw.submit @use_column(in %{{.*}} : !tw.tensor<32x1xf32>){{$}}
// CHECK: tw.submit @use(in %{{.*}} : !tw.tensor<64xf32>) derived(%[[E]] : !tw.task_id)
tw.orchestration @strides(%m: !tw.tensor<32x64xf32> {tw.inout}, %s: !tw.tensor<64xf32> {tw.inout}) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %left = tw.view %m[%zero, %zero] : !tw.tensor<32x64xf32> -> !tw.tensor<32x32xf32>
  %top = tw.view %left[%zero, %zero] : !tw.tensor<32x32xf32> -> !tw.tensor<16x32xf32>
  %bottom = tw.view %left[%c16, %zero] : !tw.tensor<32x32xf32> -> !tw.tensor<16x32xf32>
  tw.submit @fill_rows(%top : !tw.tensor<16x32xf32>)
  tw.submit @use_rows(%bottom : !tw.tensor<16x32xf32>)
  %pairs = tw.reshape %s : !tw.tensor<64xf32> -> !tw.tensor<32x2xf32>
  %even = tw.view %pairs[%zero, %zero] : !tw.tensor<32x2xf32> -> !tw.tensor<32x1xf32>
  %odd = tw.view %pairs[%zero, %one] : !tw.tensor<32x2xf32> -> !tw.tensor<32x1xf32>
  tw.submit @fill_column(%even : !tw.tensor<32x1xf32>)
  tw.submit @use_column(%odd : !tw.tensor<32x1xf32>)
  tw.submit @use(%s : !tw.tensor<64xf32>)
  tw.return
}

// ---- scopes

// Siblings (54, 58), an inner producer for an outer consumer (59), readers (60). The id's variable stands before the scope.
// CHECK-LABEL: tw.orchestration @siblings
// CHECK: %[[N:.*]] = tw.no_task
// CHECK-NEXT: %[[V:.*]] = tw.declare %[[N]] : !tw.var<!tw.task_id>
// CHECK-NEXT: tw.scope {
// CHECK-NEXT: tw.scope {
// CHECK-NEXT: %[[P:.*]] = tw.submit @fill
// CHECK-NEXT: tw.set %[[P]], %[[V]]
// CHECK: tw.submit @use({{.*}}) derived(%[[P]] : !tw.task_id)
// CHECK: }
// CHECK: %[[G:.*]] = tw.get %[[V]]
// CHECK-NEXT: tw.submit @use({{.*}}) derived(%[[G]] : !tw.task_id)
// CHECK: tw.scope {
// CHECK-NEXT: %[[H:.*]] = tw.get %[[V]]
// CHECK-NEXT: tw.submit @use({{.*}}) derived(%[[H]] : !tw.task_id)
tw.orchestration @siblings(%s: !tw.tensor<64xf32> {tw.out}) {
  tw.scope {
    tw.scope {
      tw.submit @fill(%s : !tw.tensor<64xf32>)
      tw.submit @use(%s : !tw.tensor<64xf32>)
    }
    tw.submit @use(%s : !tw.tensor<64xf32>)
  }
  tw.scope {
    tw.submit @use(%s : !tw.tensor<64xf32>)
  }
  tw.return
}

// A manual scope is the program's (1, 16): nothing is added in it. What it writes is known behind it, other parts are not concerned (62).
// CHECK-LABEL: tw.orchestration @manual
// CHECK-SAME: %arg0: !tw.tensor<64xf32> {tw.inout, tw.ordered}
// CHECK-SAME: %arg1: !tw.tensor<64xf32> {tw.out, tw.tracked = "a manual scope, where the program orders tasks ({{[^)]*}})"}
// CHECK: tw.scope manual {
// CHECK-NEXT: %[[P:.*]] = tw.submit @fill(out %arg1 : !tw.tensor<64xf32>){{$}}
// CHECK: tw.submit @use(in %arg1 : !tw.tensor<64xf32>){{$}}
// CHECK: %[[L:.*]] = tw.submit @fill_half(out %{{.*}} : !tw.tensor<32xf32>){{$}}
// CHECK-NEXT: tw.set %[[L]]
// CHECK: tw.submit @use_half(in %{{.*}} : !tw.tensor<32xf32>){{$}}
// CHECK: tw.submit @use_half(in %{{.*}} : !tw.tensor<32xf32>) derived(%{{.*}} : !tw.task_id)
tw.orchestration @manual(%s: !tw.tensor<64xf32> {tw.inout}, %o: !tw.tensor<64xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %left = tw.view %s[%zero] : !tw.tensor<64xf32> -> !tw.tensor<32xf32>
  %right = tw.view %s[%c32] : !tw.tensor<64xf32> -> !tw.tensor<32xf32>
  tw.scope manual {
    tw.submit @fill(%o : !tw.tensor<64xf32>)
    tw.submit @use(%o : !tw.tensor<64xf32>)
    tw.submit @fill_half(%left : !tw.tensor<32xf32>)
  }
  tw.submit @use_half(%right : !tw.tensor<32xf32>)
  tw.submit @use_half(%left : !tw.tensor<32xf32>)
  tw.return
}

// ---- branches

// Tasks of the two ways do not see each other (P10); behind the branch the last writer is that of a way, or the one before it.
// CHECK-LABEL: tw.orchestration @branch(%arg0: !tw.tensor<64xf32> {tw.inout, tw.ordered}
// CHECK: %[[F:.*]] = tw.submit @fill
// CHECK: %[[V:.*]] = tw.declare
// CHECK: %[[W:.*]] = tw.declare
// CHECK: scf.if
// CHECK: %[[A:.*]] = tw.submit @update({{.*}}) derived(%[[F]] : !tw.task_id)
// CHECK-NEXT: tw.set %[[A]], %[[V]]
// CHECK: } else {
// CHECK: %[[B:.*]] = tw.submit @update({{.*}}) derived(%[[F]] : !tw.task_id)
// CHECK-NEXT: tw.set %[[B]], %[[W]]
// CHECK: }
// CHECK-DAG: %[[X:.*]] = tw.get %[[V]]
// CHECK-DAG: %[[Y:.*]] = tw.get %[[W]]
// CHECK: tw.submit @use({{.*}}) derived(%[[X]], %[[Y]] : !tw.task_id, !tw.task_id)
tw.orchestration @branch(%s: !tw.tensor<64xf32> {tw.inout}, %c: i1) {
  tw.submit @fill(%s : !tw.tensor<64xf32>)
  scf.if %c {
    tw.submit @update(%s : !tw.tensor<64xf32>)
  } else {
    tw.submit @update(%s : !tw.tensor<64xf32>)
  }
  tw.submit @use(%s : !tw.tensor<64xf32>)
  tw.return
}

// Where one way writes nothing, what was before counts if that way is taken.
// CHECK-LABEL: tw.orchestration @maybe
// CHECK: %[[F:.*]] = tw.submit @fill
// CHECK: %[[V:.*]] = tw.declare
// CHECK: scf.if
// CHECK: %[[X:.*]] = tw.get %[[V]]
// CHECK: %[[N:.*]] = tw.no_task
// CHECK: %[[T:.*]] = tw.is_task %[[X]]
// CHECK: %[[S:.*]] = arith.select %[[T]], %[[N]], %[[F]] : !tw.task_id
// CHECK: tw.submit @use({{.*}}) derived(%[[S]], %[[X]] : !tw.task_id, !tw.task_id)
tw.orchestration @maybe(%s: !tw.tensor<64xf32> {tw.inout}, %c: i1) {
  tw.submit @fill(%s : !tw.tensor<64xf32>)
  scf.if %c {
    tw.submit @update(%s : !tw.tensor<64xf32>)
  }
  tw.submit @use(%s : !tw.tensor<64xf32>)
  tw.return
}

// What a branch gives is one tensor (25), or one of two (26), or of five (65).
// CHECK-LABEL: tw.orchestration @given
// CHECK: %[[L:.*]] = tw.submit @fill(out %[[A:[^ ]*]]
// CHECK: %[[R:.*]] = tw.submit @fill(out %[[B:[^ ]*]]
// CHECK: %[[U:.*]] = tw.submit @use({{.*}}) derived(%[[L]] : !tw.task_id)
// CHECK: %[[W:.*]] = tw.submit @update({{.*}}) derived(%[[R]], %[[U]] : !tw.task_id, !tw.task_id)
// CHECK: tw.submit @use(in %[[A]] : !tw.tensor<64xf32>) derived(%[[W]] : !tw.task_id)
tw.orchestration @given(%c: i1) {
  %a = tw.create : !tw.tensor<64xf32>
  %b = tw.create : !tw.tensor<64xf32>
  tw.submit @fill(%a : !tw.tensor<64xf32>)
  tw.submit @fill(%b : !tw.tensor<64xf32>)
  %one = scf.if %c -> (!tw.tensor<64xf32>) { scf.yield %a : !tw.tensor<64xf32> } else { scf.yield %a : !tw.tensor<64xf32> }
  tw.submit @use(%one : !tw.tensor<64xf32>)
  %either = scf.if %c -> (!tw.tensor<64xf32>) { scf.yield %a : !tw.tensor<64xf32> } else { scf.yield %b : !tw.tensor<64xf32> }
  tw.submit @update(%either : !tw.tensor<64xf32>)
  tw.submit @use(%a : !tw.tensor<64xf32>)
  tw.return
}
// CHECK-LABEL: tw.orchestration @given_by_five
// CHECK: tw.submit @use({{.*}}) derived({{.*}} : !tw.task_id, !tw.task_id, !tw.task_id, !tw.task_id, !tw.task_id)
tw.orchestration @given_by_five(%a: !tw.tensor<64xf32> {tw.out}, %b: !tw.tensor<64xf32> {tw.out}, %d: !tw.tensor<64xf32> {tw.out}, %e: !tw.tensor<64xf32> {tw.out}, %f: !tw.tensor<64xf32> {tw.out}, %p: i1, %q: i1, %r: i1, %s: i1) {
  tw.submit @fill(%a : !tw.tensor<64xf32>)
  tw.submit @fill(%b : !tw.tensor<64xf32>)
  tw.submit @fill(%d : !tw.tensor<64xf32>)
  tw.submit @fill(%e : !tw.tensor<64xf32>)
  tw.submit @fill(%f : !tw.tensor<64xf32>)
  %one = scf.if %p -> (!tw.tensor<64xf32>) {
    %x = scf.if %q -> (!tw.tensor<64xf32>) { scf.yield %a : !tw.tensor<64xf32> } else { scf.yield %b : !tw.tensor<64xf32> }
    scf.yield %x : !tw.tensor<64xf32>
  } else {
    %x = scf.if %r -> (!tw.tensor<64xf32>) { scf.yield %d : !tw.tensor<64xf32> } else {
      %y = scf.if %s -> (!tw.tensor<64xf32>) { scf.yield %e : !tw.tensor<64xf32> } else { scf.yield %f : !tw.tensor<64xf32> }
      scf.yield %y : !tw.tensor<64xf32>
    }
    scf.yield %x : !tw.tensor<64xf32>
  }
  tw.submit @use(%one : !tw.tensor<64xf32>)
  tw.return
}

// ---- what else accesses tensors

// The element that a predicate looks at is read, and no other.
// CHECK-LABEL: tw.orchestration @predicate
// CHECK: tw.submit @fill(out %arg0
// CHECK: %[[U:.*]] = tw.submit @flags(
// CHECK: tw.submit @fill(out %arg1{{.*}}) when %arg2[%{{.*}}] eq 1 : !tw.tensor<8xi32>{{$}}
// CHECK: tw.submit @use(in %arg1{{.*}}) derived(%[[U]], %{{.*}} : !tw.task_id, !tw.task_id) when %arg2[%{{.*}}] eq 1
tile.func @flags(%o: !tw.tensor<4xi32> {tw.out}) { tile.return }
tw.orchestration @predicate(%s: !tw.tensor<64xf32> {tw.out}, %o: !tw.tensor<64xf32> {tw.out}, %f: !tw.tensor<8xi32> {tw.inout}) {
  %two = arith.constant 2 : index
  %four = arith.constant 4 : index
  %six = arith.constant 6 : index
  tw.submit @fill(%s : !tw.tensor<64xf32>)
  %upper = tw.view %f[%four] : !tw.tensor<8xi32> -> !tw.tensor<4xi32>
  tw.submit @flags(%upper : !tw.tensor<4xi32>)
  tw.submit @fill(%o : !tw.tensor<64xf32>) when %f[%two] eq 1 : !tw.tensor<8xi32>
  tw.submit @use(%o : !tw.tensor<64xf32>) when %f[%six] eq 1 : !tw.tensor<8xi32>
  tw.return
}

// What the orchestration reads it waits for, by what the runtime knows; what it has waited for is over.
// CHECK-LABEL: tw.orchestration @host
// CHECK-SAME: %arg0: !tw.tensor<8xi32> {tw.inout, tw.tracked = "the orchestration reads it ({{[^)]*}})"}
// CHECK-SAME: %arg1: !tw.tensor<8xi32> {tw.ordered}
// CHECK: tw.submit @look_and_set(
// CHECK: tw.submit @look(in %arg0 : !tw.tensor<8xi32>){{$}}
tile.func @look_and_set(%f: !tw.tensor<8xi32> {tw.inout}) { tile.return }
tw.orchestration @host(%f: !tw.tensor<8xi32> {tw.inout}, %g: !tw.tensor<8xi32>) {
  %zero = arith.constant 0 : index
  tw.submit @look_and_set(%f : !tw.tensor<8xi32>)
  %e = tw.read %f[%zero] : !tw.tensor<8xi32> -> i32
  tw.submit @look(%f : !tw.tensor<8xi32>)
  %h = tw.read %g[%zero] : !tw.tensor<8xi32> -> i32
  tw.submit @look(%g : !tw.tensor<8xi32>)
  tw.return
}

// What the program takes out of the runtime's hands is its own.
// CHECK-LABEL: tw.orchestration @own
// CHECK-SAME: tw.tracked = "a task takes it as no_dep ({{.*}})"
// CHECK: tw.create untracked : !tw.tensor<64xf32>
// CHECK-NOT: derived
// CHECK: tw.return
tw.orchestration @own(%s: !tw.tensor<64xf32> {tw.out}) {
  %u = tw.create untracked : !tw.tensor<64xf32>
  tw.submit @fill(%u : !tw.tensor<64xf32>)
  tw.submit @use(%u : !tw.tensor<64xf32>)
  tw.submit @fill(%s : !tw.tensor<64xf32>)
  tw.submit @use(no_dep %s : !tw.tensor<64xf32>)
  tw.return
}

// ---- loops, whose turns this does not order

// What a loop only reads, and what is made anew in each turn, is ordered; what it writes is the runtime's, and what is written behind it.
// CHECK-LABEL: tw.orchestration @loop
// CHECK-SAME: %arg0: !tw.tensor<64xf32> {tw.ordered, tw.out}
// CHECK-SAME: %arg1: !tw.tensor<64xf32> {tw.inout, tw.tracked = "turns of a loop may depend on each other ({{[^)]*}})"}
// CHECK-SAME: %arg2: !tw.tensor<64xf32> {tw.inout, tw.tracked = "a task in a loop, which nothing behind the loop can name ({{[^)]*}})"}
// CHECK: %[[F:.*]] = tw.submit @fill(out %arg0
// CHECK: scf.for
// CHECK: tw.create {tw.ordered} : !tw.tensor<64xf32>
// CHECK: %[[C:.*]] = tw.submit @copy(in %arg0, {{.*}}) derived(%[[F]] : !tw.task_id)
// CHECK: %[[D:.*]] = tw.submit @copy({{.*}}) derived(%[[C]] : !tw.task_id)
// CHECK: tw.submit @use(in %arg2 : !tw.tensor<64xf32>){{$}}
// CHECK: }
// CHECK: tw.submit @use(in %arg0 : !tw.tensor<64xf32>) derived(%[[F]] : !tw.task_id)
// CHECK: tw.submit @fill(out %arg2 : !tw.tensor<64xf32>){{$}}
tw.orchestration @loop(%a: !tw.tensor<64xf32> {tw.out}, %b: !tw.tensor<64xf32> {tw.inout}, %c: !tw.tensor<64xf32> {tw.inout}, %n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  tw.submit @fill(%a : !tw.tensor<64xf32>)
  scf.for %i = %zero to %n step %one {
    %t = tw.create : !tw.tensor<64xf32>
    tw.submit @copy(%a, %t : !tw.tensor<64xf32>, !tw.tensor<64xf32>)
    tw.submit @copy(%t, %b : !tw.tensor<64xf32>, !tw.tensor<64xf32>)
    tw.submit @use(%c : !tw.tensor<64xf32>)
  }
  tw.submit @use(%a : !tw.tensor<64xf32>)
  tw.submit @fill(%c : !tw.tensor<64xf32>)
  tw.return
}
