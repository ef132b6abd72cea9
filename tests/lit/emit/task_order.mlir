// Which orchestrations ask for writers to wait for readers: those where nothing else orders a pair.
// RUN: tw-opt %s --infer-directions --emit-orchestration -o %t.mlir | FileCheck %s

tile.func aiv @read(%x: !tw.tensor<64x8xf32>) {
  tile.return
}
tile.func aiv @copy(%x: !tw.tensor<64x8xf32>, %y: !tw.tensor<64x8xf32> {tw.out}) {
  tile.return
}
tile.func aiv @fill(%y: !tw.tensor<64x8xf32> {tw.out}) {
  tile.return
}
tile.func aiv @copy_rows(%x: !tw.tensor<8x8xf32>, %y: !tw.tensor<8x8xf32> {tw.out}) {
  tile.return
}
tile.func aiv @update(%x: !tw.tensor<64x8xf32> {tw.inout}) {
  tile.return
}

// What is read is never written.
// CHECK: // streams
// CHECK-NOT: track_war
tw.orchestration @streams(%x: !tw.tensor<64x8xf32>, %y: !tw.tensor<64x8xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %eight = arith.constant 8 : index
  %n = arith.constant 64 : index
  scf.for %i = %zero to %n step %eight {
    %v = tw.view %x[%i, %zero] : !tw.tensor<64x8xf32> -> !tw.tensor<8x8xf32>
    %w = tw.view %y[%i, %zero] : !tw.tensor<64x8xf32> -> !tw.tensor<8x8xf32>
    %t = tw.submit @copy_rows(%v, %w : !tw.tensor<8x8xf32>, !tw.tensor<8x8xf32>)
  }
  tw.return
}

// Nothing but the reader's use stands between it and the writer.
// CHECK: // overwritten
// CHECK: // Writers are to wait for earlier readers of their elements: track_war of callable.json.
tw.orchestration @overwritten(%x: !tw.tensor<64x8xf32> {tw.inout}, %y: !tw.tensor<64x8xf32> {tw.out}) {
  %t = tw.submit @copy(%x, %y : !tw.tensor<64x8xf32>, !tw.tensor<64x8xf32>)
  %u = tw.submit @fill(%x : !tw.tensor<64x8xf32>)
  tw.return
}

// The writer waits for the reader: by name, or because it reads what that one writes, or by way of a third task. An update is a writer itself.
// CHECK: // ordered
// CHECK-NOT: track_war
tw.orchestration @ordered(%x: !tw.tensor<64x8xf32> {tw.inout}, %y: !tw.tensor<64x8xf32> {tw.out}, %z: !tw.tensor<64x8xf32> {tw.out}) {
  %t = tw.submit @read(%x : !tw.tensor<64x8xf32>)
  %u = tw.submit @fill(%x : !tw.tensor<64x8xf32>) after(%t : !tw.task_id)
  %v = tw.submit @copy(%x, %y : !tw.tensor<64x8xf32>, !tw.tensor<64x8xf32>)
  %w = tw.submit @copy(%y, %z : !tw.tensor<64x8xf32>, !tw.tensor<64x8xf32>)
  %a = tw.submit @copy(%z, %x : !tw.tensor<64x8xf32>, !tw.tensor<64x8xf32>)
  %b = tw.submit @update(%x : !tw.tensor<64x8xf32>)
  %c = tw.submit @fill(%x : !tw.tensor<64x8xf32>)
  tw.return
}

// Two tensors that take turns order themselves, over turns as well.
// CHECK: // takes_turns
// CHECK-NOT: track_war
tw.orchestration @takes_turns(%x: !tw.tensor<64x8xf32> {tw.inout}, %n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %y = tw.create : !tw.tensor<64x8xf32>
  scf.for %i = %zero to %n step %one {
    %t = tw.submit @copy(%x, %y : !tw.tensor<64x8xf32>, !tw.tensor<64x8xf32>)
    %u = tw.submit @copy(%y, %x : !tw.tensor<64x8xf32>, !tw.tensor<64x8xf32>)
  }
  tw.return
}

// The next turn writes what this one still reads; not so if the tensor is another one in each turn, or the turns promise not to meet.
// CHECK: // next_turn
// CHECK: track_war
// CHECK: // own_tensor
// CHECK-NOT: track_war
// CHECK: // promised
// CHECK-NOT: track_war
// CHECK: // in_part
// CHECK: track_war
tw.orchestration @next_turn(%y: !tw.tensor<64x8xf32> {tw.out}, %n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %s = tw.create : !tw.tensor<64x8xf32>
  scf.for %i = %zero to %n step %one {
    %t = tw.submit @fill(%s : !tw.tensor<64x8xf32>)
    %u = tw.submit @copy(%s, %y : !tw.tensor<64x8xf32>, !tw.tensor<64x8xf32>)
  }
  tw.return
}
tw.orchestration @own_tensor(%y: !tw.tensor<64x8xf32> {tw.out}, %n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  scf.for %i = %zero to %n step %one {
    %s = tw.create : !tw.tensor<64x8xf32>
    %t = tw.submit @fill(%s : !tw.tensor<64x8xf32>)
    %u = tw.submit @copy(%s, %y : !tw.tensor<64x8xf32>, !tw.tensor<64x8xf32>)
  }
  tw.return
}
tw.orchestration @promised(%y: !tw.tensor<64x8xf32> {tw.out}, %n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %s = tw.create : !tw.tensor<64x8xf32>
  scf.for %i = %zero to %n step %one {
    %t = tw.submit @fill(%s : !tw.tensor<64x8xf32>)
    %u = tw.submit @copy(%s, %y : !tw.tensor<64x8xf32>, !tw.tensor<64x8xf32>)
  } {tw.parallel}
  tw.return
}
// A reader of a part in one block, the writer of all in another.
tw.orchestration @in_part(%x: !tw.tensor<64x8xf32> {tw.inout}, %y: !tw.tensor<8x8xf32> {tw.out}, %p: i1) {
  %zero = arith.constant 0 : index
  %v = tw.view %x[%zero, %zero] : !tw.tensor<64x8xf32> -> !tw.tensor<8x8xf32>
  scf.if %p {
    %t = tw.submit @copy_rows(%v, %y : !tw.tensor<8x8xf32>, !tw.tensor<8x8xf32>)
  }
  %u = tw.submit @fill(%x : !tw.tensor<64x8xf32>)
  tw.return
}

// Each turn reads what the next one's same task writes.
// CHECK: // shifted
// CHECK: track_war
tw.orchestration @shifted(%x: !tw.tensor<64x8xf32> {tw.inout}) {
  %zero = arith.constant 0 : index
  %eight = arith.constant 8 : index
  %n = arith.constant 56 : index
  scf.for %i = %zero to %n step %eight {
    %next = arith.addi %i, %eight : index
    %v = tw.view %x[%next, %zero] : !tw.tensor<64x8xf32> -> !tw.tensor<8x8xf32>
    %w = tw.view %x[%i, %zero] : !tw.tensor<64x8xf32> -> !tw.tensor<8x8xf32>
    %t = tw.submit @copy_rows(%v, %w : !tw.tensor<8x8xf32>, !tw.tensor<8x8xf32>)
  }
  tw.return
}

// Tensors that take turns are not new in each.
// CHECK: // turns
// CHECK: track_war
tw.orchestration @turns(%x: !tw.tensor<64x8xf32> {tw.inout}, %y: !tw.tensor<64x8xf32> {tw.inout}) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %n = arith.constant 4 : index
  %r:2 = scf.for %i = %zero to %n step %one iter_args(%a = %x, %b = %y) -> (!tw.tensor<64x8xf32>, !tw.tensor<64x8xf32>) {
    %t = tw.submit @fill(%b : !tw.tensor<64x8xf32>)
    %u = tw.submit @read(%a : !tw.tensor<64x8xf32>)
    scf.yield %b, %a : !tw.tensor<64x8xf32>, !tw.tensor<64x8xf32>
  }
  tw.return
}

// The program's own: writers in manual scopes, tensors that the runtime is not to look at. Ways of a branch exclude each other.
// CHECK: // own_order
// CHECK-NOT: track_war
tw.orchestration @own_order(%x: !tw.tensor<64x8xf32> {tw.inout}, %y: !tw.tensor<64x8xf32> {tw.inout}, %p: i1) {
  tw.scope manual {
    %t = tw.submit @read(%x : !tw.tensor<64x8xf32>)
    %u = tw.submit @fill(%x : !tw.tensor<64x8xf32>)
  }
  %t = tw.submit @read(no_dep %y : !tw.tensor<64x8xf32>)
  scf.if %p {
    %a = tw.submit @read(%y : !tw.tensor<64x8xf32>)
  } else {
    %u = tw.submit @fill(%y : !tw.tensor<64x8xf32>)
  }
  tw.return
}

// Ordered by ids that were derived: directly, from another block, and all on a tensor that is marked so. A tensor of which that is not known
// still asks.
// CHECK: // derived_ids
// CHECK-NOT: track_war
// CHECK: // derived_id_of_other_task
// CHECK: track_war
// CHECK: // derived_id_of_either
// CHECK: track_war
// CHECK: // marked
// CHECK-NOT: track_war
// CHECK: // marked_other
// CHECK: track_war
tw.orchestration @derived_ids(%x: !tw.tensor<64x8xf32> {tw.inout}) {
  %none = tw.no_task
  %v = tw.declare %none : !tw.var<!tw.task_id>
  %t = tw.submit @read(%x : !tw.tensor<64x8xf32>)
  tw.set %t, %v : !tw.var<!tw.task_id>
  %u = tw.submit @read(%x : !tw.tensor<64x8xf32>)
  %g = tw.get %v : !tw.var<!tw.task_id>
  %w = tw.submit @fill(%x : !tw.tensor<64x8xf32>) derived(%u, %g : !tw.task_id, !tw.task_id)
  tw.return
}
tw.orchestration @derived_id_of_other_task(%x: !tw.tensor<64x8xf32> {tw.inout}) {
  %t = tw.submit @read(%x : !tw.tensor<64x8xf32>)
  %u = tw.submit @read(%x : !tw.tensor<64x8xf32>)
  %w = tw.submit @fill(%x : !tw.tensor<64x8xf32>) derived(%u : !tw.task_id)
  tw.return
}
// Which of the two the variable holds is not known.
tw.orchestration @derived_id_of_either(%x: !tw.tensor<64x8xf32> {tw.inout}) {
  %none = tw.no_task
  %v = tw.declare %none : !tw.var<!tw.task_id>
  %t = tw.submit @read(%x : !tw.tensor<64x8xf32>)
  tw.set %t, %v : !tw.var<!tw.task_id>
  %u = tw.submit @read(%x : !tw.tensor<64x8xf32>)
  tw.set %u, %v : !tw.var<!tw.task_id>
  %g = tw.get %v : !tw.var<!tw.task_id>
  %w = tw.submit @fill(%x : !tw.tensor<64x8xf32>) derived(%g : !tw.task_id)
  tw.return
}
tw.orchestration @marked(%x: !tw.tensor<64x8xf32> {tw.inout, tw.ordered}, %p: i1) {
  %made = tw.create {tw.ordered} : !tw.tensor<64x8xf32>
  scf.if %p {
    %t = tw.submit @read(%x : !tw.tensor<64x8xf32>)
    %u = tw.submit @read(%made : !tw.tensor<64x8xf32>)
  }
  %w = tw.submit @fill(%x : !tw.tensor<64x8xf32>)
  %a = tw.submit @fill(%made : !tw.tensor<64x8xf32>)
  tw.return
}
tw.orchestration @marked_other(%x: !tw.tensor<64x8xf32> {tw.inout, tw.ordered}, %y: !tw.tensor<64x8xf32> {tw.inout, tw.tracked = "because"}) {
  %t = tw.submit @read(%y : !tw.tensor<64x8xf32>)
  %w = tw.submit @fill(%y : !tw.tensor<64x8xf32>)
  tw.return
}

// Two arguments that may be one tensor.
// CHECK: // aliases
// CHECK: track_war
// CHECK: // no_aliases
// CHECK-NOT: track_war
tw.orchestration @aliases(%x: !tw.tensor<64x8xf32> {tw.may_alias}, %y: !tw.tensor<64x8xf32> {tw.out, tw.may_alias}) {
  %t = tw.submit @read(%x : !tw.tensor<64x8xf32>)
  %u = tw.submit @fill(%y : !tw.tensor<64x8xf32>)
  tw.return
}
tw.orchestration @no_aliases(%x: !tw.tensor<64x8xf32> {tw.may_alias}, %y: !tw.tensor<64x8xf32> {tw.out}) {
  %t = tw.submit @read(%x : !tw.tensor<64x8xf32>)
  %u = tw.submit @fill(%y : !tw.tensor<64x8xf32>)
  tw.return
}
