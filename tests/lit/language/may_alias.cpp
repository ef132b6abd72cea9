// Tensors that a caller may give the same memory.
// RUN: %gxx %s -o %t %libraries
// RUN: %t --no-locations --record - | FileCheck %s
// RUN: %gxx -DMISTAKE %s -o %t %libraries
// RUN: not %t --record - 2>&1 | FileCheck %s --check-prefix=MISTAKE
#include <tilewright/language.h>

using namespace tilewright;

// CHECK: tw.orchestration @copy(%x: !tw.tensor<8x8xf32> {tw.may_alias}, %arg1: !tw.tensor<8x8xf32> {tw.may_alias, tw.out}, %arg2: !tw.tensor<8x8xf32> {tw.out}, %n: index)
void copy(Tensor x, Out<Tensor> y, Out<Tensor>, Index) {
  at([&] { store(load(x, {0, 0}, {8, 8}), y, {0, 0}); });
}

int main(int argc, char** argv) {
  const ParameterType type = tensor(f32, {8, 8});
#ifdef MISTAKE
  // MISTAKE: may_alias.cpp:[[# @LINE + 1]]:{{[0-9]+}}: error: parameter 3 may alias, which only a tensor of an orchestration can
  return program("copy", copy, type, type, type, index_number("n").may_alias()).main(argc, argv);
#endif
  return program("copy", copy, tensor("x", f32, {8, 8}).may_alias(), type.may_alias(), type, index_number("n")).main(argc, argv);
}
