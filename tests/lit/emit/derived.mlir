// What derive-dependencies leaves behind, as C++: ids behind those of the program, variables of ids, and what was assumed of arguments.
// RUN: tw-opt %s --emit-orchestration -o %t.mlir > %t.cpp
// RUN: FileCheck %s --implicit-check-not=are_apart --implicit-check-not=Argument < %t.cpp
// RUN: awk -f %S/one_orchestration_source.awk %t.cpp > %t.one.cpp
// RUN: %gxx -fsyntax-only -I%S/../../../include/orchestration %t.one.cpp

tile.func aiv @fill(%x: !tw.tensor<8xf32> {tw.out}) {
  tile.return
}
tile.func aiv @read(%x: !tw.tensor<8xf32>) {
  tile.return
}

// In one list, the program's ids first, none twice. What is not valid counts for neither.
// CHECK: // lists
// CHECK: struct Dependencies {
// CHECK: struct DerivedDependencies : Dependencies<kMost> {
// CHECK-NEXT: uint32_t derived = 0;
// CHECK-EMPTY:
// CHECK-NEXT: void add_derived(PTO2TaskId id) {
// CHECK-NEXT: const uint32_t before = this->count;
// CHECK-NEXT: this->add(id);
// CHECK-NEXT: derived += this->count - before;
// CHECK-NEXT: }
// CHECK-NEXT: };
tw.orchestration @lists(%x: !tw.tensor<8xf32> {tw.out}, %n: index) {
  %zero = arith.constant 0 : index
  // CHECK: const PTO2TaskId fill_task = rt_submit_aiv_task(kFill, fill_args).task_id();
  %t = tw.submit @fill(out %x : !tw.tensor<8xf32>)
  // CHECK: const PTO2TaskId fill_task_2 =
  %u = tw.submit @fill(out %x : !tw.tensor<8xf32>)
  // CHECK: read_args.add_input(arg0);
  // CHECK-NEXT: DerivedDependencies<1> read_after;
  // CHECK-NEXT: read_after.add_derived(fill_task);
  // CHECK-NEXT: read_args.set_dependencies(read_after.ids, read_after.count, read_after.derived);
  // CHECK-NEXT: rt_submit_aiv_task(kRead, read_args);
  %a = tw.submit @read(in %x : !tw.tensor<8xf32>) derived(%t : !tw.task_id)
  // CHECK: DerivedDependencies<5> read_after_2;
  // CHECK-NEXT: read_after_2.add(tasks);
  // CHECK-NEXT: read_after_2.add(fill_task);
  // CHECK-NEXT: read_after_2.add_derived(fill_task_2);
  // CHECK-NEXT: read_args_2.set_dependencies(read_after_2.ids, read_after_2.count, read_after_2.derived);
  %many = tw.no_tasks : !tw.task_ids<3>
  %b = tw.submit @read(in %x : !tw.tensor<8xf32>) after(%many, %t : !tw.task_ids<3>, !tw.task_id)
      derived(%t, %u, %u : !tw.task_id, !tw.task_id, !tw.task_id)
  // All of them are the program's.
  // CHECK: {{^}}  Dependencies<1> read_after_3;
  // CHECK-NEXT: read_after_3.add(fill_task);
  // CHECK-NEXT: read_args_3.set_dependencies(read_after_3.ids, read_after_3.count);
  %c = tw.submit @read(in %x : !tw.tensor<8xf32>) after(%t : !tw.task_id) derived(%t : !tw.task_id)
  tw.return
}

// An id from another block is a variable.
// CHECK: // blocks
tw.orchestration @blocks(%x: !tw.tensor<8xf32> {tw.out}, %p: i1) {
  // CHECK: PTO2TaskId fill_task = PTO2TaskId::invalid();
  %none = tw.no_task
  %v = tw.declare %none : !tw.var<!tw.task_id> loc("fill_task")
  // CHECK-NEXT: PTO2TaskId read_task = PTO2TaskId::invalid();
  %w = tw.declare %none : !tw.var<!tw.task_id> loc("read_task")
  // CHECK: PTO2_SCOPE() {
  tw.scope {
    // CHECK: if (arg1) {
    scf.if %p {
      // CHECK: fill_task = rt_submit_aiv_task(kFill, fill_args).task_id();
      %t = tw.submit @fill(out %x : !tw.tensor<8xf32>)
      tw.set %t, %v : !tw.var<!tw.task_id>
    // CHECK-NEXT: } else {
    } else {
      // Used here as well: a name of its own.
      // CHECK: const PTO2TaskId read_task_2 = rt_submit_aiv_task(kRead, read_args).task_id();
      // CHECK-NEXT: read_task = read_task_2;
      %t = tw.submit @read(in %x : !tw.tensor<8xf32>)
      tw.set %t, %w : !tw.var<!tw.task_id>
      // CHECK: read_after.add_derived(read_task_2);
      %u = tw.submit @read(in %x : !tw.tensor<8xf32>) derived(%t : !tw.task_id)
    }
  }
  // CHECK: fill_args_2.add_output(arg0);
  // CHECK-NEXT: DerivedDependencies<2> fill_after;
  // CHECK-NEXT: fill_after.add_derived(fill_task);
  // CHECK-NEXT: fill_after.add_derived(read_task);
  // CHECK-NEXT: fill_args_2.set_dependencies(fill_after.ids, fill_after.count, fill_after.derived);
  // CHECK-NEXT: rt_submit_aiv_task(kFill, fill_args_2);
  %a = tw.get %v : !tw.var<!tw.task_id>
  %b = tw.get %w : !tw.var<!tw.task_id>
  %again = tw.get %w : !tw.var<!tw.task_id>
  %c = tw.submit @fill(out %x : !tw.tensor<8xf32>) derived(%a, %b, %again : !tw.task_id, !tw.task_id, !tw.task_id)
  tw.return
}

// An id that counts only where another one names no task.
// CHECK: // unless
tw.orchestration @unless(%x: !tw.tensor<8xf32> {tw.out}, %p: i1) {
  %none = tw.no_task
  %v = tw.declare %none : !tw.var<!tw.task_id> loc("inner")
  // CHECK: const PTO2TaskId fill_task =
  %t = tw.submit @fill(out %x : !tw.tensor<8xf32>)
  scf.if %p {
    // CHECK: DerivedDependencies<1> fill_after;
    // CHECK-NEXT: fill_after.add_derived(fill_task);
    %u = tw.submit @fill(out %x : !tw.tensor<8xf32>) derived(%t : !tw.task_id)
    tw.set %u, %v : !tw.var<!tw.task_id>
  }
  %inner = tw.get %v : !tw.var<!tw.task_id>
  %is = tw.is_task %inner
  %either = arith.select %is, %none, %t : !tw.task_id
  // CHECK: fill_after_2.add_derived(inner);
  // CHECK-NEXT: if (!inner.is_valid()) fill_after_2.add_derived(fill_task);
  %c = tw.submit @fill(out %x : !tw.tensor<8xf32>) derived(%inner, %either : !tw.task_id, !tw.task_id)
  // CHECK: const PTO2TaskId fill_task_2 =
  %other = tw.submit @fill(out %x : !tw.tensor<8xf32>)
  %inner_again = tw.get %v : !tw.var<!tw.task_id>
  %is_inner = tw.is_task %inner_again
  %is_other = tw.is_task %other
  %one = arith.select %is_inner, %none, %t : !tw.task_id
  %both = arith.select %is_other, %none, %one : !tw.task_id
  // CHECK: DerivedDependencies<1> fill_after_3;
  // CHECK-NEXT: if (!inner.is_valid() && !fill_task_2.is_valid()) fill_after_3.add_derived(fill_task);
  %d = tw.submit @fill(out %x : !tw.tensor<8xf32>) derived(%both : !tw.task_id)
  // An id of the program's is a value.
  %own = arith.select %is_other, %none, %t : !tw.task_id
  // CHECK: const PTO2TaskId chosen = fill_task_2.is_valid() ? PTO2TaskId::invalid() : fill_task;
  // CHECK: fill_after_4.add(chosen);
  %e = tw.submit @fill(out %x : !tw.tensor<8xf32>) after(%own : !tw.task_id)
  tw.return
}

// What a variable held when it was read, where that is used later.
// CHECK: // copies
tw.orchestration @copies(%x: !tw.tensor<8xf32> {tw.out}) {
  // CHECK: PTO2TaskId task = PTO2TaskId::invalid();
  // CHECK-NEXT: PTO2TaskId join_task = task;
  %none = tw.no_task
  %v = tw.declare %none : !tw.var<!tw.task_id>
  %first = tw.get %v : !tw.var<!tw.task_id>
  %w = tw.declare %first : !tw.var<!tw.task_id> loc("join_task")
  // CHECK-NEXT: const PTO2TaskId task_2 = task;
  %kept = tw.get %v : !tw.var<!tw.task_id>
  // CHECK-NEXT: const PTO2TaskId task_3 = task;
  %tested = tw.get %v : !tw.var<!tw.task_id>
  %is = tw.is_task %tested
  // CHECK: {{^}}  join_task = rt_submit_dummy_task(join_args).task_id();
  %d = tw.dummy after(%kept : !tw.task_id)
  tw.set %d, %w : !tw.var<!tw.task_id>
  // CHECK-NEXT: task = join_task;
  %moved = tw.get %w : !tw.var<!tw.task_id>
  tw.set %moved, %v : !tw.var<!tw.task_id>
  // CHECK-NEXT: task = task_2;
  tw.set %kept, %v : !tw.var<!tw.task_id>
  // CHECK-NEXT: if (task_3.is_valid()) {
  scf.if %is {
    %t = tw.submit @fill(out %x : !tw.tensor<8xf32>)
  }
  // Read and not used.
  %unused = tw.get %v : !tw.var<!tw.task_id>
  // CHECK: }
  // CHECK-NEXT: }
  tw.return
}
