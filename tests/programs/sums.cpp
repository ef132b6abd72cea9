// Sums in the accumulator that begin with zeros: over as many turns of a for as the run says, in a branch, and in a while.
#include <tilewright/language.h>

using namespace tilewright;

constexpr int kSize = 64, kDepth = 128;

void sums(Tensor a, Tensor b, Tensor i, Tensor j, Out<Tensor> all, Out<Tensor> first, Out<Tensor> whole, Index turns) {
  at([&] {
    Tile sum = zeros({kSize, kSize}, f32);
    for (Index k : range(0, turns * 64, 64)) sum += matmul(load(a, {0, k}, {kSize, 64}), load(b, {k, 0}, {64, kSize}));
    store(sum, all, {0, 0});
  });
  at([&] {
    Tile sum = zeros({kSize, kSize}, f32);
    if_(turns > 1, [&] { sum += matmul(load(a, {0, 0}, {kSize, 64}), load(b, {0, 0}, {64, kSize})); });
    store(sum, first, {0, 0});
  });
  at([&] {
    Tile sum = zeros({kSize, kSize}, i32);
    Index k = 0;
    while_([&] { return k < turns * 64; },
           [&] {
             sum += matmul(load(i, {0, k}, {kSize, 32}), load(j, {k, 0}, {32, kSize}));
             k = k + 32;
           });
    store(sum, whole, {0, 0});
  });
}

int main(int argc, char** argv) {
  return program("sums", sums, tensor(f16, {kSize, kDepth}), tensor(f16, {kDepth, kSize}), tensor(i8, {kSize, kDepth}),
                 tensor(i8, {kDepth, kSize}), tensor(f32, {kSize, kSize}), tensor(f32, {kSize, kSize}), tensor(i32, {kSize, kSize}),
                 index_number())
      .main(argc, argv);
}
