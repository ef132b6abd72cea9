// RMSNorm: y = x / sqrt(mean(x^2) + epsilon) * weight, row by row. The weights are a row that belongs to all rows of a tile.
#include <tilewright/language.h>

#include <cmath>

using namespace tilewright;

constexpr int kRows = 16, kColumns = 256;
constexpr double kEpsilon = 1e-5;

void rms_norm(Tensor x, Tensor weight, Out<Tensor> y) {
  for (Index row : parallel(0, x.dim(0), kRows)) {
    at([&] {
      Tile t = load(x, {row, 0}, {kRows, kColumns}, {.valid = {min(x.dim(0) - row, kRows), kColumns}});
      Tile w = load(weight, {0, 0}, {1, kColumns});
      Tile size = sqrt(row_sum(t * t) / kColumns + kEpsilon);
      store(t / size * w, y, {row, 0});
    });
  }
}

int main(int argc, char** argv) {
  return program("rms_norm", rms_norm, tensor("x", f32, {dynamic, kColumns}), tensor("weight", f32, {1, kColumns}),
                 tensor("y", f32, {dynamic, kColumns}))
      .example({randn({100, kColumns}), uniform(0.5, 1.5), output({100, kColumns})})
      .reference([](const Array& x, const Array& weight, Array& y) {
        for (int64_t i = 0; i < x.dim(0); ++i) {
          double squares = 0;
          for (int64_t j = 0; j < kColumns; ++j) squares += x(i, j) * x(i, j);
          const double size = std::sqrt(squares / kColumns + kEpsilon);
          for (int64_t j = 0; j < kColumns; ++j) y(i, j) = x(i, j) / size * weight(0, j);
        }
      })
      // The sum of 256 squares has 257 roundings by 2^-24 at most, of which the root takes half; six more come with the rest.
      .within({.relative = 135 * 0x1p-24, .absolute = 0})
      .main(argc, argv);
}
