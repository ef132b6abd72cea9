// Tile programs in C++. A program is a function that runs once, and what it calls is recorded (tilewright/builder.h): loops over range()
// run their body once and become loops, variables that are assigned in them become what the loop carries.
//
//   void softmax(Tensor x, Out<Tensor> y) {
//     for (Index r : parallel(0, x.dim(0), 64)) {
//       at([&] {                                              // one task
//         Tile t = load(x, {r, 0}, {64, x.dim(1)});
//         Tile e = exp(t - row_max(t));
//         store(e / row_sum(e), y, {r, 0});
//       });
//     }
//   }
//   int main(int argc, char** argv) {
//     return program("softmax", softmax, tensor("x", f32, {dynamic, 512}), tensor("y", f32, {dynamic, 512}))
//         .example({randn({200, 512}), output({200, 512})})
//         .reference([](const Array& x, Array& y) { ... })                // plain loops in double
//         .main(argc, argv);                                              // --platform, --runtime, --check, -o DIR, --record FILE, --help
//   }
//
// - Tensor, Tile, Index, Scalar, Condition, TaskId, TaskIds are variables: reading one gives what it holds at that point of the program,
//   assigning changes it. What functions return are values, which `auto` keeps as values: they cannot be assigned to.
// - A condition that is known at run time only has no `if`: it does not convert to bool. if_() and while_() take functions. An `if` and a
//   `for` of C++ itself work on what is known while recording.
// - A mistake is reported at its line when the program ends, with the shapes; recording goes on.
//
// Where the words come from, and how the recording becomes kernels: docs/design/compiler.md. Free of MLIR; links with libtilewright-compiler.
#pragma once

#include "tilewright/language/control.h"
#include "tilewright/language/example.h"
#include "tilewright/language/kernels.h"
#include "tilewright/language/numbers.h"
#include "tilewright/language/program.h"
#include "tilewright/language/tasks.h"
#include "tilewright/language/tensors.h"
#include "tilewright/language/tiles.h"
#include "tilewright/language/values.h"
