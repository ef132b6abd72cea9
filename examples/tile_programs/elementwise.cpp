// z = (x + y) * (x - y) / 2, on as many rows as the run brings: a task for each 64 rows, the last with what is left of them.
#include <tilewright/language.h>

#include <cmath>

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
  return program("elementwise", elementwise, tensor("x", f32, {dynamic, kColumns}), tensor("y", f32, {dynamic, kColumns}),
                 tensor("z", f32, {dynamic, kColumns}))
      .example({randn({200, kColumns}), randn({200, kColumns}), output({200, kColumns})})
      .reference([](const Array& x, const Array& y, Array& z) {
        for (int64_t i = 0; i < x.dim(0); ++i) {
          for (int64_t j = 0; j < kColumns; ++j) {
            z(i, j) = (x(i, j) * x(i, j) - y(i, j) * y(i, j)) / 2;
            // A sum, a difference and a product are rounded; halving is exact.
            z.bound(i, j) = 0x3p-24 * 1.001 * std::fabs(z(i, j));
          }
        }
      })
      .main(argc, argv);
}
