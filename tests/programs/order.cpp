// Tasks that write what earlier ones read, and a predicate between two writers of its flag: nothing here names an order.
#include <tilewright/language.h>

using namespace tilewright;

constexpr int kRows = 64, kColumns = 128, kTurns = 4;

void order(InOut<Tensor> x, Out<Tensor> y, InOut<Tensor> flags, InOut<Tensor> z) {
  // Each turn's first task still reads x when the second one could write it.
  for (Index turn : range(0, kTurns)) {
    at([&] {
      for (Index row : range(0, kRows)) store(load(x, {kRows - 1 - row, 0}, {1, kColumns}) + 1.0, y, {turn * kRows + kRows - 1 - row, 0});
    });
    at([&] { store(full({kRows, kColumns}, f32, to_scalar(turn, f32)), x, {0, 0}); });
  }

  at([&] { flags.write({0}, 1); });
  at({.only = {when(flags, {0}, TWB_EQ, 1)}}, [&] { store(full({8, kColumns}, f32, 1.0), z, {0, 0}); });
  at([&] { flags.write({0}, 0); });
  at({.only = {when(flags, {0}, TWB_EQ, 1)}}, [&] { store(full({8, kColumns}, f32, 2.0), z, {0, 0}); });
}

int main(int argc, char** argv) {
  return program("order", order, tensor(f32, {kRows, kColumns}), tensor(f32, {kTurns * kRows, kColumns}), tensor(i32, {8}),
                 tensor(f32, {8, kColumns}))
      .main(argc, argv);
}
