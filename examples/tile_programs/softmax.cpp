// y = softmax(x), row by row: exp(x - max) / sum(exp(x - max)). Rows have 500 elements, of which a tile of 512 columns holds all and 12
// that are not valid: reductions do not look at them.
#include <tilewright/language.h>

#include <algorithm>
#include <cmath>

using namespace tilewright;

constexpr int kRows = 16, kColumns = 500;

void softmax(Tensor x, Out<Tensor> y) {
  for (Index row : parallel(0, x.dim(0), kRows)) {
    at([&] {
      Tile t = load(x, {row, 0}, {kRows, 512}, {.valid = {min(x.dim(0) - row, kRows), kColumns}});
      Tile e = exp(t - row_max(t));
      store(e / row_sum(e), y, {row, 0});
    });
  }
}

int main(int argc, char** argv) {
  return program("softmax", softmax, tensor("x", f32, {dynamic, kColumns}), tensor("y", f32, {dynamic, kColumns}))
      .example({uniform(-8, 8, {100, kColumns}), output({100, kColumns})})
      .reference([](const Array& x, Array& y) {
        for (int64_t i = 0; i < x.dim(0); ++i) {
          double most = x(i, 0), sum = 0;
          for (int64_t j = 0; j < kColumns; ++j) most = std::max(most, x(i, j));
          for (int64_t j = 0; j < kColumns; ++j) sum += std::exp(x(i, j) - most);
          for (int64_t j = 0; j < kColumns; ++j) y(i, j) = std::exp(x(i, j) - most) / sum;
        }
      })
      // The argument of exp is at most 16 and rounded by 2^-21; a sum of 500 positive numbers is rounded at most 500 times by 2^-24.
      .within({.relative = 0x1p-21 + 504 * 0x1p-24, .absolute = 0})
      .main(argc, argv);
}
