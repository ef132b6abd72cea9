// A pipelined loop: two blocks of rows are on their way at a time, each with tiles of its own; the last ones, as many as there are.
#include <tilewright/language.h>

using namespace tilewright;

constexpr int kRows = 16, kColumns = 128;

void pipelined(Tensor x, Out<Tensor> y, Out<Tensor> sums) {
  at({.name = "rows"}, [&] {
    Tile all = zeros({1, kColumns}, f32);
    for (Index row : pipeline(0, x.dim(0), kRows)) {
      Tile t = load(x, {row, 0}, {kRows, kColumns});
      all = all + col_sum(t);
      store(t * 2.0, y, {row, 0});
    }
    store(all, sums, {0, 0});
  });
}

int main(int argc, char** argv) {
  return program("pipelined", pipelined, tensor(f32, {dynamic, kColumns}), tensor(f32, {dynamic, kColumns}), tensor(f32, {1, kColumns}))
      .main(argc, argv);
}
