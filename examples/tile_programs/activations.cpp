// Five activations of one tensor: relu, leaky relu, sigmoid, silu, and gelu in its approximation by tanh (Hendrycks and Gimpel, 2016). The
// last three are made of exp, the only function among them that a vector core has.
#include <tilewright/language.h>

#include <algorithm>
#include <cmath>

using namespace tilewright;

constexpr int kRows = 32, kColumns = 64;
constexpr double kSlope = 0.125;

TileValue sigmoid_of(Tile t) { return 1.0 / (exp(-t) + 1.0); }

void activations(Tensor x, Out<Tensor> relu_x, Out<Tensor> leaky_x, Out<Tensor> sigmoid_x, Out<Tensor> silu_x, Out<Tensor> gelu_x) {
  for (Index row : parallel(0, x.dim(0), kRows)) {
    at([&] {
      Tile t = load(x, {row, 0}, {kRows, kColumns}, {.valid = {min(x.dim(0) - row, kRows), kColumns}});
      store(relu(t), relu_x, {row, 0});
      store(lrelu(t, kSlope), leaky_x, {row, 0});
      Tile s = sigmoid_of(t);
      store(s, sigmoid_x, {row, 0});
      store(t * s, silu_x, {row, 0});
      // (1 + tanh(u)) / 2 is the sigmoid of 2u.
      store(t * sigmoid_of((t + t * t * t * 0.044715) * 1.5957691216057308), gelu_x, {row, 0});
    });
  }
}

int main(int argc, char** argv) {
  const auto rows = [](const char* name) { return tensor(name, f32, {dynamic, kColumns}); };
  const Example result = output({150, kColumns});
  return program("activations", activations, rows("x"), rows("relu"), rows("leaky"), rows("sigmoid"), rows("silu"), rows("gelu"))
      .example({uniform(-6, 6, {150, kColumns}), result, result, result, result, result})
      .reference([](const Array& x, Array& relu_x, Array& leaky_x, Array& sigmoid_x, Array& silu_x, Array& gelu_x) {
        for (int64_t i = 0; i < x.dim(0); ++i) {
          for (int64_t j = 0; j < kColumns; ++j) {
            const double t = x(i, j);
            relu_x(i, j) = std::max(t, 0.0);
            leaky_x(i, j) = t > 0 ? t : kSlope * t;
            sigmoid_x(i, j) = 1 / (1 + std::exp(-t));
            silu_x(i, j) = t / (1 + std::exp(-t));
            gelu_x(i, j) = t / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (t + 0.044715 * t * t * t)));
          }
        }
      })
      // The argument of exp reaches 25 and is rounded to 2^-20 of it, which exp hands on; the other roundings are small beside it.
      .within({.relative = 0x1p-18, .absolute = 0x1p-20})
      .main(argc, argv);
}
