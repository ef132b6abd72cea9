// y = [2 x, x]: the left half is made where it belongs, row block by row block; the right half is an argument, so that a task copies it.
#include <tilewright/language.h>

using namespace tilewright;

constexpr int kRows = 64, kColumns = 100;

void halves(Tensor x, Out<Tensor> y) {
  for (Index row : parallel(0, x.dim(0), kRows)) {
    Tensor part = create({kRows, kColumns}, f32);
    at([&] {
      const TileOptions valid = {.valid = {kRows, kColumns}};
      store(load(x, {row, 0}, {kRows, 104}, valid) * 2, part, {0, 0});
    });
    assemble(part, y, {row, 0});
  }
  assemble(x, y, {0, kColumns});
}

int main(int argc, char** argv) {
  return program("halves", halves, tensor(f32, {dynamic, kColumns}), tensor(f32, {dynamic, 2 * kColumns})).main(argc, argv);
}
