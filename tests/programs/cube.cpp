// Products: with a row added, summed, one as an operand of the next, of a transposed tensor, with the memories of tiles stated.
#include <tilewright/language.h>

using namespace tilewright;

constexpr int kSize = 64;

void cube(Tensor a, Tensor b, Tensor bias, Out<Tensor> biased, Out<Tensor> summed, Out<Tensor> chained, Out<Tensor> turned) {
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
  at([&] {
    Tile left = load(bias, {0, 0}, {1, kSize});
    store(left * 2.0, chained, {0, 0});
  });
  Tensor columns = transpose(b, 0, 1);
  at([&] { store(matmul(load(a, {0, 0}, {kSize, kSize}), load(columns, {0, 0}, {kSize, kSize})), turned, {0, 0}); });
}

int main(int argc, char** argv) {
  return program("cube", cube, tensor(f16, {kSize, kSize}), tensor(f16, {kSize, kSize}), tensor(f32, {1, kSize}),
                 tensor(f32, {kSize, kSize}), tensor(f32, {kSize, kSize}), tensor(f32, {1, kSize}), tensor(f32, {kSize, kSize}))
      .main(argc, argv);
}
