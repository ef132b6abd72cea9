// c = a * b in blocks: each task makes one block of c, and its sum over K stays in the accumulator.
#include <tilewright/language.h>

using namespace tilewright;

constexpr int kM = 256, kN = 256, kK = 512, kBlock = 64;

void matmul(Tensor a, Tensor b, Out<Tensor> c) {
  for (Index m : parallel(0, kM, kBlock)) {
    for (Index n : parallel(0, kN, kBlock)) {
      at([&] {
        Tile sum = matmul(load(a, {m, 0}, {kBlock, kBlock}), load(b, {0, n}, {kBlock, kBlock}));
        for (Index k : range(kBlock, kK, kBlock)) {
          sum += matmul(load(a, {m, k}, {kBlock, kBlock}), load(b, {k, n}, {kBlock, kBlock}));
        }
        store(sum, c, {m, n});
      });
    }
  }
}

int main(int argc, char** argv) {
  return program("matmul", matmul, tensor(f16, {kM, kK}), tensor(f16, {kK, kN}), tensor(f32, {kM, kN})).main(argc, argv);
}
