// y = |x| * 2 and the largest number of each row, of tensors whose rows and columns only the run knows. Tiles have a fixed size; what is
// valid in those at the edges is less, and loads, stores and reductions look at nothing else.
#include <tilewright/language.h>

#include <algorithm>
#include <cmath>

using namespace tilewright;

constexpr int kRows = 16, kColumns = 64;

void dynamic_valid_shapes(Tensor x, Out<Tensor> y, Out<Tensor> most) {
  for (Index row : parallel(0, x.dim(0), kRows)) {
    at([&] {
      Index rows = min(x.dim(0) - row, kRows);
      Tile largest = set_valid(zeros({kRows, 1}, f32), rows, 1);
      for (Index column : range(0, x.dim(1), kColumns)) {
        Tile t = load(x, {row, column}, {kRows, kColumns}, {.valid = {rows, min(x.dim(1) - column, kColumns)}});
        Tile doubled = abs(t) * 2.0;
        largest = max(largest, row_max(doubled));
        store(doubled, y, {row, column});
      }
      store(largest, most, {row, 0});
    });
  }
}

int main(int argc, char** argv) {
  return program("dynamic_valid_shapes", dynamic_valid_shapes, tensor("x", f32, {dynamic, dynamic}), tensor("y", f32, {dynamic, dynamic}),
                 tensor("most", f32, {dynamic, 1}))
      .example({randn({53, 203}), output({53, 203}), output({53, 1})})
      .reference([](const Array& x, Array& y, Array& most) {
        for (int64_t i = 0; i < x.dim(0); ++i) {
          most(i, 0) = 0;
          for (int64_t j = 0; j < x.dim(1); ++j) {
            y(i, j) = 2 * std::fabs(x(i, j));
            most(i, 0) = std::max(most(i, 0), y(i, j));
          }
        }
      })
      .within({.relative = 0, .absolute = 0})  // doubling is exact
      .main(argc, argv);
}
