// What a C++ compiler refuses, so that nobody traces it wrongly: conditions of the run have no `if`, values are not assigned to.
// RUN: not %gxx %s -fsyntax-only -DCONDITION 2>&1 | FileCheck %s --check-prefix=CONDITION
// RUN: not %gxx %s -fsyntax-only -DASSIGNMENT 2>&1 | FileCheck %s --check-prefix=ASSIGNMENT
// RUN: not %clangxx %s -fsyntax-only -DCONDITION 2>&1 | FileCheck %s --check-prefix=CONDITION
// RUN: not %gxx %s -fsyntax-only -DTYPES 2>&1 | FileCheck %s --check-prefix=TYPES
// RUN: %gxx %s -fsyntax-only
#include <tilewright/language.h>

using namespace tilewright;

void f(Tensor x, Index n) {
#ifdef CONDITION
  // CONDITION: refused.cpp:[[# @LINE + 1]]:{{.*}}error:
  if (n > 4) return;
#endif
#ifdef ASSIGNMENT
  auto sum = load(x, {0, 0}, {8, 8});
  // ASSIGNMENT: refused.cpp:[[# @LINE + 1]]:{{.*}}error: {{.*}}deleted
  sum = sum + sum;
#endif
  x.write({n}, 1.0);
}

int main(int argc, char** argv) {
#ifdef TYPES
  // TYPES: a program has one type for each parameter of its function
  return program("f", f, tensor(f32, {8})).main(argc, argv);
#else
  return program("f", f, tensor(f32, {8}), index_number()).main(argc, argv);
#endif
}
