// Where dependencies were derived, an orchestration sees that its arguments are the different memory that they were taken for.
// RUN: tw-opt %s --emit-orchestration -o %t.mlir > %t.cpp
// RUN: FileCheck %s < %t.cpp
// RUN: awk -f %S/one_orchestration_source.awk %t.cpp > %t.one.cpp
// RUN: %gxx -fsyntax-only -I%S/../../../include/orchestration %t.one.cpp

// CHECK: // written
// CHECK: bool are_apart(const ChipTaskArgs &orch_args, const Argument *arguments, int32_t count) {
// CHECK: const ChipTensor &arg2 = orch_args.tensor(2).ref();
// CHECK-NEXT: const int64_t arg3 = from_u64<int64_t>(orch_args.scalar(0));
// CHECK-NEXT: {{^}}  const Argument arguments[] = {{[{][{]}}"arg0", false, false}, {"arg1", true, false}, {"arg2", true, true{{[}][}]}};
// CHECK-NEXT: {{^}}  if (!are_apart(orch_args, arguments, 3)) return;
tw.orchestration @written(%x: !tw.tensor<8xf32> {tw.ordered}, %y: !tw.tensor<8xf32> {tw.out, tw.ordered},
                          %z: !tw.tensor<8xf32> {tw.inout, tw.may_alias, tw.tracked = "it stands in a loop"}, %n: index) {
  tw.return
}

// Nothing to see: nobody writes, all that matters may alias, there is one.
// CHECK: // only_read
// CHECK-NOT: are_apart
tw.orchestration @only_read(%x: !tw.tensor<8xf32> {tw.ordered}, %y: !tw.tensor<8xf32> {tw.ordered}) {
  tw.return
}
tw.orchestration @alias(%x: !tw.tensor<8xf32> {tw.out, tw.may_alias, tw.ordered}, %y: !tw.tensor<8xf32> {tw.out, tw.may_alias, tw.ordered}) {
  tw.return
}
tw.orchestration @alone(%x: !tw.tensor<8xf32> {tw.out, tw.ordered}) {
  %t = tw.create {tw.ordered} : !tw.tensor<8xf32>
  tw.return
}
// The mark says what the caller may do, and not that dependencies were derived.
tw.orchestration @not_derived(%x: !tw.tensor<8xf32> {tw.out, tw.may_alias}, %y: !tw.tensor<8xf32> {tw.out}) {
  tw.return
}
