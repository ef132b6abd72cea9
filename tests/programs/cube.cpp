// Products: with a row added, summed, of a transposed tensor, rounded, with the memories of tiles stated.
#include <tilewright/language.h>

using namespace tilewright;

constexpr int kSize = 64;

void cube(Tensor a, Tensor b, Tensor bias, Out<Tensor> biased, Out<Tensor> summed, Out<Tensor> doubled, Out<Tensor> turned,
          Out<Tensor> halves, Out<Tensor> shorts) {
  at([&] {
    store(matmul(load(a, {0, 0}, {kSize, kSize}), load(b, {0, 0}, {kSize, kSize}), load(bias, {0, 0}, {1, kSize})), biased, {0, 0});
  });
  at([&] {
    Tile left = load(a, {0, 0}, {kSize, kSize}, {.space = Space::Mat});
    Tile sum = matmul(move(left, Space::Left), load(b, {0, 0}, {kSize, kSize}));
    for (Index k : range(0, kSize, 32)) {
      sum += matmul(extract(left, {0, k}, {kSize, 32}, {.space = Space::Left}), load(b, {k, 0}, {32, kSize}));
    }
    store(sum, summed, {0, 0});
  });
  at([&] { store(load(bias, {0, 0}, {1, kSize}) * 2.0, doubled, {0, 0}); });
  Tensor columns = transpose(b, 0, 1);
  at([&] { store(matmul(load(a, {0, 0}, {kSize, kSize}), load(columns, {0, 0}, {kSize, kSize})), turned, {0, 0}); });
  // Rounded on its way out of the accumulator.
  at([&] {
    Tile product = matmul(load(a, {0, 0}, {kSize, kSize}), load(b, {0, 0}, {kSize, kSize}));
    store(cast(product, f16), halves, {0, 0});
    store(cast(product, bf16), shorts, {0, 0});
  });
}

int main(int argc, char** argv) {
  const auto square = [](DType dtype) { return tensor(dtype, {kSize, kSize}); };
  const ParameterType row = tensor(f32, {1, kSize});
  return program("cube", cube, square(f16), square(f16), row, square(f32), square(f32), row, square(f32), square(f16), square(bf16))
      .main(argc, argv);
}
