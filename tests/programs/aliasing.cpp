// y = (x + 1) + (x + 2) in two tasks, so that the second one, which overwrites y, still has to find x there where both are one tensor.
#include <tilewright/language.h>

using namespace tilewright;

void aliasing(Tensor x, Out<Tensor> y) {
  Tensor first = create({64, 128}, f32);
  Tensor second = create({64, 128}, f32);
  at([&] { store(load(x, {0, 0}, {64, 128}) + 1.0, first, {0, 0}); });
  at([&] {  // slower than the others
    for (Index row : range(0, 64)) store(load(x, {63 - row, 0}, {1, 128}) + 2.0, second, {63 - row, 0});
  });
  at([&] { store(load(first, {0, 0}, {64, 128}), y, {0, 0}); });
  at([&] { store(load(y, {0, 0}, {64, 128}) + load(second, {0, 0}, {64, 128}), y, {0, 0}); });
}

int main(int argc, char** argv) {
  return program("aliasing", aliasing, tensor("x", f32, {64, 128}).may_alias(), tensor("y", f32, {64, 128}).may_alias()).main(argc, argv);
}
