// z = [x | y]: the columns of y behind those of x, in tiles. What is put together is a new tile, so that one store writes whole rows.
#include <tilewright/language.h>

using namespace tilewright;

constexpr int kRows = 32, kLeft = 64, kRight = 32;

void concat_columns(Tensor x, Tensor y, Out<Tensor> z) {
  for (Index row : parallel(0, x.dim(0), kRows)) {
    at([&] {
      Index rows = min(x.dim(0) - row, kRows);
      Tile left = load(x, {row, 0}, {kRows, kLeft}, {.valid = {rows, kLeft}});
      Tile right = load(y, {row, 0}, {kRows, kRight}, {.valid = {rows, kRight}});
      store(concat(left, right), z, {row, 0});
    });
  }
}

int main(int argc, char** argv) {
  return program("concat", concat_columns, tensor("x", f16, {dynamic, kLeft}), tensor("y", f16, {dynamic, kRight}),
                 tensor("z", f16, {dynamic, kLeft + kRight}))
      .example({randn({100, kLeft}), randn({100, kRight}), output({100, kLeft + kRight})})
      .reference([](const Array& x, const Array& y, Array& z) {
        for (int64_t i = 0; i < x.dim(0); ++i) {
          for (int64_t j = 0; j < kLeft; ++j) z(i, j) = x(i, j);
          for (int64_t j = 0; j < kRight; ++j) z(i, kLeft + j) = y(i, j);
        }
      })
      .within({.relative = 0, .absolute = 0})
      .main(argc, argv);
}
