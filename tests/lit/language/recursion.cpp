// A program whose functions call themselves without end is stopped at its line.
// RUN: %gxx -Wno-infinite-recursion %s -o %t %libraries
// RUN: not %t --record - 2>&1 | FileCheck %s
#include <tilewright/language.h>

using namespace tilewright;

void again(Tensor x, Out<Tensor> y) {
  // CHECK: recursion.cpp:[[# @LINE + 1]]:{{[0-9]+}}: error: the program's functions call themselves without end
  y.write({0}, x.read({0}) + 1);
  again(x, y);
}

int main(int argc, char** argv) { return program("again", again, tensor(f32, {8}), tensor(f32, {8})).main(argc, argv); }
