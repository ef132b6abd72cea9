// A mistake is reported at its line, with the shapes; the rest is recorded, so that all are reported at once. No file is written.
// RUN: %gxx %s -o %t %libraries
// RUN: not %t --record %t.mlir 2> %t.errors
// RUN: FileCheck %s --implicit-check-not=error: < %t.errors
// RUN: not test -e %t.mlir
// RUN: not %t --recrod 2>&1 | FileCheck %s --check-prefix=USAGE
// USAGE: unknown argument '--recrod'
// USAGE: --help' lists the options
#include <tilewright/language.h>

#include <optional>

using namespace tilewright;

static int argument_count = 0;

void mistakes(Tensor x, Out<Tensor> y, Index n) {
  at([&] {
    Tile a = load(x, {0, 0}, {64, 128});
    Tile b = load(x, {0, 0}, {32, 1});
    // CHECK: mistakes.cpp:[[# @LINE + 1]]:{{[0-9]+}}: error: row_expand_mul: first operand is 64x128xf32, second operand must be 64x1xf32, is 32x1xf32
    Tile c = a * b;
    // What is made of a mistake is no second one.
    store(c + a, y, {0, 0});
    // CHECK: mistakes.cpp:[[# @LINE + 1]]:{{[0-9]+}}: error: add: first operand is 64x128xf32, second operand must be 64x128xf32, is 128x64xf32
    store(a + transpose(a), y, {0, 0});
    // CHECK: mistakes.cpp:[[# @LINE + 1]]:{{[0-9]+}}: error: matmul: cannot multiply 64x128xf32 by 64x128xf32
    Tile d = matmul(a, a);
    // CHECK: mistakes.cpp:[[# @LINE + 1]]:{{[0-9]+}}: error: ands: works on integer elements, not on 'f32'
    Tile e = a & 3;
    // CHECK: mistakes.cpp:[[# @LINE + 1]]:{{[0-9]+}}: error: load: has 1 indices for the 2 dimensions of '!tw.tensor<256x128xf32>'
    Tile f = load(x, {0}, {64, 128});
    // CHECK: mistakes.cpp:[[# @LINE + 1]]:{{[0-9]+}}: error: load: takes 200 to 264 of dimension 0, which lies outside '!tw.tensor<256x128xf32>'
    Tile l = load(x, {200, 0}, {64, 128});
    // Of the valid region alone.
    Tile m = load(x, {200, 0}, {64, 128}, {.valid = {56, 128}});
    // CHECK: mistakes.cpp:[[# @LINE + 1]]:{{[0-9]+}}: error: store: takes 64 to 192 of dimension 1, which lies outside '!tw.tensor<256x128xf32>'
    store(a, y, {0, 64});
    // CHECK: mistakes.cpp:[[# @LINE + 1]]:{{[0-9]+}}: error: select: first operand is 64x128xi1, third operand must be 32x1xf32, is 64x128xf32
    Tile o = select(a > 0.0, b, a);
    // CHECK: mistakes.cpp:[[# @LINE + 1]]:{{[0-9]+}}: error: concat: cannot put 32x1xf32 behind the columns of 64x128xf32: rows and element types must be equal
    Tile p = concat(a, b);
    // CHECK: mistakes.cpp:[[# @LINE + 1]]:{{[0-9]+}}: error: gather: indices are 32-bit integers, not 64x128xf32
    Tile q = gather(a, a);
    // CHECK: mistakes.cpp:[[# @LINE + 1]]:{{[0-9]+}}: error: matmul_bias: first operand is 64x128xf32, third operand must be 1x64xf32, is 32x1xf32
    Tile s = matmul(a, transpose(a), b);
    // CHECK: mistakes.cpp:[[# @LINE + 1]]:{{[0-9]+}}: error: extract: has a part of 64x128xf32 that does not lie in 64x128xf32
    Tile t = extract(a, {8, 0}, {64, 128});
    // CHECK: mistakes.cpp:[[# @LINE + 1]]:{{[0-9]+}}: error: reshape: cannot make '!tile.tile<64x64xf32>' of '!tile.tile<64x128xf32>'
    Tile u = reshape(a, 64, 64);
    // CHECK: mistakes.cpp:[[# @LINE + 1]]:{{[0-9]+}}: error: the rows and columns of a tile are known when the program is compiled
    Tile g = load(x, {0, 0}, {n, 128});
    // CHECK: mistakes.cpp:[[# @LINE + 3]]:{{[0-9]+}}: error: assigns 32x1xf32 to a variable that holds 64x128xf32
    // CHECK-NEXT: mistakes.cpp:{{[0-9:]+}}: note: the variable
    Tile h = a;
    h = b;
    // CHECK: mistakes.cpp:[[# @LINE + 1]]:{{[0-9]+}}: error: 300 does not fit into 'i8'
    Tile i = full({4, 32}, i8, 300);
  });
  // CHECK: mistakes.cpp:[[# @LINE + 1]]:{{[0-9]+}}: error: view: takes 200 to 264 of dimension 0, which lies outside '!tw.tensor<256x128xf32>'
  Tensor v = x.view({200, 0}, {64, 128});
  // CHECK: mistakes.cpp:[[# @LINE + 1]]:{{[0-9]+}}: error: assemble: takes 224 to 288 of dimension 0, which lies outside '!tw.tensor<256x128xf32>'
  assemble(x.view({0, 0}, {64, 128}), y, {224, 0});
  // CHECK: mistakes.cpp:[[# @LINE + 1]]:{{[0-9]+}}: error: reshape: cannot make '!tw.tensor<100xf32>' (100 elements) of '!tw.tensor<256x128xf32>' (32768)
  Tensor r = reshape(x, {100});
  // CHECK: mistakes.cpp:[[# @LINE + 1]]:{{[0-9]+}}: error: the loop is left early (break, return, goto), which cannot be recorded
  for (Index i : range(0, n)) {
    y.write({i, 0}, 1.0);
    break;
  }
  for (Index i : range(0, n)) {
    // CHECK: mistakes.cpp:[[# @LINE + 1]]:{{[0-9]+}}: error: 'continue' leaves the rest of the body out for all turns
    if (argument_count > 1) continue;
    y.write({i, 0}, 1.0);
  }
  // CHECK: mistakes.cpp:[[# @LINE + 1]]:{{[0-9]+}}: error: the bounds of an unrolled loop are known while the program is recorded
  for (Index i : unroll(0, n)) y.write({i, 0}, 1.0);
  std::optional<IndexValue> kept;
  for (Index i : range(0, n)) kept.emplace(i + 1);
  // CHECK: mistakes.cpp:[[# @LINE + 1]]:{{[0-9]+}}: error: uses a value outside of the loop, branch or task that made it
  y.write({*kept, 0}, 1.0);
  // CHECK-NEXT: mistakes.cpp:[[# @LINE - 3]]:{{[0-9]+}}: note: it was made here
  Index count = 0;
  at([&] {
    // CHECK: mistakes.cpp:[[# @LINE + 1]]:{{[0-9]+}}: error: a task cannot assign to a variable of the orchestration, which goes on before the task runs
    count += 1;
    // CHECK-NEXT: mistakes.cpp:[[# @LINE - 4]]:{{[0-9]+}}: note: it was declared here
  });
  const auto kernel = incore("kernel", [&](Tensor from, Out<Tensor> to) {
    // CHECK: mistakes.cpp:[[# @LINE + 1]]:{{[0-9]+}}: error: uses a value of another function; what a kernel works on comes in as an argument
    store(load(from, {n, 0}, {64, 128}), to, {0, 0});
    // CHECK-NEXT: mistakes.cpp:{{[0-9:]+}}: note: it was made here
  });
  submit(kernel)(x, y);
  Scalar s;
  // CHECK: mistakes.cpp:[[# @LINE + 1]]:{{[0-9]+}}: error: cannot combine numbers of types 'f32' and 'i32'; convert one of them
  s = x.read({0, 0}) + scalar(1, i32);
}

int main(int argc, char** argv) {
  argument_count = argc;
  return program("mistakes", mistakes, tensor(f32, {256, 128}), tensor(f32, {256, 128}), index_number()).main(argc, argv);
}
