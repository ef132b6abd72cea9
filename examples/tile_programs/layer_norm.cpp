// Layer normalisation: y = (x - mean) / sqrt(variance + epsilon) * gain + bias, row by row.
#include <tilewright/language.h>

#include <cmath>

using namespace tilewright;

constexpr int kRows = 16, kColumns = 192;
constexpr double kEpsilon = 1e-5;

void layer_norm(Tensor x, Tensor gain, Tensor bias, Out<Tensor> y) {
  for (Index row : parallel(0, x.dim(0), kRows)) {
    at([&] {
      Tile t = load(x, {row, 0}, {kRows, kColumns}, {.valid = {min(x.dim(0) - row, kRows), kColumns}});
      t -= row_sum(t) / kColumns;
      Tile deviation = sqrt(row_sum(t * t) / kColumns + kEpsilon);
      store(t / deviation * load(gain, {0, 0}, {1, kColumns}) + load(bias, {0, 0}, {1, kColumns}), y, {row, 0});
    });
  }
}

int main(int argc, char** argv) {
  return program("layer_norm", layer_norm, tensor("x", f32, {dynamic, kColumns}), tensor("gain", f32, {1, kColumns}),
                 tensor("bias", f32, {1, kColumns}), tensor("y", f32, {dynamic, kColumns}))
      .example({uniform(-1, 3, {100, kColumns}), uniform(0.5, 1.5), randn(), output({100, kColumns})})
      .reference([](const Array& x, const Array& gain, const Array& bias, Array& y) {
        for (int64_t i = 0; i < x.dim(0); ++i) {
          double mean = 0, variance = 0;
          for (int64_t j = 0; j < kColumns; ++j) mean += x(i, j) / kColumns;
          for (int64_t j = 0; j < kColumns; ++j) variance += (x(i, j) - mean) * (x(i, j) - mean) / kColumns;
          for (int64_t j = 0; j < kColumns; ++j) y(i, j) = (x(i, j) - mean) / std::sqrt(variance + kEpsilon) * gain(0, j) + bias(0, j);
        }
      })
      // A mean of 192 numbers below 3 is rounded by 192 * 3 * 2^-24 at most; the deviation is about 1.15, and results stay below 8.
      .within({.relative = 0, .absolute = 0x1p-14})
      .main(argc, argv);
}
