// c = a * b + bias, f16 to f32: the accumulator of each block begins with the bias of its columns.
#include <tilewright/language.h>

#include <cmath>

using namespace tilewright;

constexpr int kRows = 80, kDepth = 256, kColumns = 192, kBlock = 64;

void matmul_bias(Tensor a, Tensor b, Tensor bias, Out<Tensor> c) {
  for (Index n : parallel(0, kColumns, kBlock)) {
    at([&] {
      Tile sum = matmul(load(a, {0, 0}, {kRows, kBlock}), load(b, {0, n}, {kBlock, kBlock}), load(bias, {0, n}, {1, kBlock}));
      for (Index k : range(kBlock, kDepth, kBlock)) {
        sum += matmul(load(a, {0, k}, {kRows, kBlock}), load(b, {k, n}, {kBlock, kBlock}));
      }
      store(sum, c, {0, n});
    });
  }
}

int main(int argc, char** argv) {
  return program("matmul_bias", matmul_bias, tensor("a", f16, {kRows, kDepth}), tensor("b", f16, {kDepth, kColumns}),
                 tensor("bias", f32, {1, kColumns}), tensor("c", f32, {kRows, kColumns}))
      .example({randn(), randn(), randn(), output()})
      .reference([](const Array& a, const Array& b, const Array& bias, Array& c) {
        for (int64_t i = 0; i < kRows; ++i) {
          for (int64_t j = 0; j < kColumns; ++j) {
            double sum = bias(0, j), size = std::fabs(sum);
            for (int64_t k = 0; k < kDepth; ++k) {
              sum += a(i, k) * b(k, j);
              size += std::fabs(a(i, k) * b(k, j));
            }
            c(i, j) = sum;
            c.bound(i, j) = (kDepth + 1) * 0x1p-24 * size;  // products of f16 are exact in f32; each addition is rounded
          }
        }
      })
      .main(argc, argv);
}
