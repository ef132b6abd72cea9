// z = (x + y) * (x - y) / 2, on as many rows as the run brings: a task for each 64 rows, the last with what is left of them.
#include <tilewright/language.h>

using namespace tilewright;

constexpr int kRows = 64, kColumns = 128;

void elementwise(Tensor x, Tensor y, Out<Tensor> z) {
  for (Index row : parallel(0, x.dim(0), kRows)) {
    at([&] {
      const TileOptions part = {.valid = {min(x.dim(0) - row, kRows), kColumns}};
      Tile a = load(x, {row, 0}, {kRows, kColumns}, part);
      Tile b = load(y, {row, 0}, {kRows, kColumns}, part);
      store((a + b) * (a - b) / 2, z, {row, 0});
    });
  }
}

int main(int argc, char** argv) {
  const ParameterType rows = tensor(f32, {dynamic, kColumns});
  return program("elementwise", elementwise, rows, rows, rows).main(argc, argv);
}
