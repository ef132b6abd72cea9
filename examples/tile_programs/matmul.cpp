// c = a * b in blocks, f16 to f32: each task makes one block of c, and its sum over K stays in the accumulator. The last blocks hold what
// is left of the rows of a and the columns of b.
#include <tilewright/language.h>

#include <cmath>

using namespace tilewright;

constexpr int kDepth = 320, kBlock = 64;

void matmul(Tensor a, Tensor b, Out<Tensor> c) {
  for (Index m : parallel(0, c.dim(0), kBlock)) {
    for (Index n : parallel(0, c.dim(1), kBlock)) {
      at([&] {
        const TileOptions left = {.valid = {min(c.dim(0) - m, kBlock), kBlock}}, right = {.valid = {kBlock, min(c.dim(1) - n, kBlock)}};
        Tile sum = matmul(load(a, {m, 0}, {kBlock, kBlock}, left), load(b, {0, n}, {kBlock, kBlock}, right));
        for (Index k : range(kBlock, kDepth, kBlock)) {
          sum += matmul(load(a, {m, k}, {kBlock, kBlock}, left), load(b, {k, n}, {kBlock, kBlock}, right));
        }
        store(sum, c, {m, n});
      });
    }
  }
}

int main(int argc, char** argv) {
  return program("matmul", matmul, tensor("a", f16, {dynamic, kDepth}), tensor("b", f16, {kDepth, dynamic}),
                 tensor("c", f32, {dynamic, dynamic}))
      .example({randn({150, kDepth}), randn({kDepth, 176}), output({150, 176})})
      .reference([](const Array& a, const Array& b, Array& c) {
        for (int64_t i = 0; i < c.dim(0); ++i) {
          for (int64_t j = 0; j < c.dim(1); ++j) {
            double sum = 0, size = 0;
            for (int64_t k = 0; k < kDepth; ++k) {
              sum += a(i, k) * b(k, j);
              size += std::fabs(a(i, k) * b(k, j));
            }
            c(i, j) = sum;
            c.bound(i, j) = kDepth * 0x1p-24 * size;  // products of f16 are exact in f32; each addition is rounded
          }
        }
      })
      .main(argc, argv);
}
