// y = x + 1: the smallest tile program. One task, one tile.
#include <tilewright/language.h>

using namespace tilewright;

void hello(Tensor x, Out<Tensor> y) {
  at([&] {
    Tile t = load(x, {0, 0}, {64, 128});
    store(t + 1.0, y, {0, 0});
  });
}

int main(int argc, char** argv) {
  return program("hello", hello, tensor("x", f32, {64, 128}), tensor("y", f32, {64, 128}))
      .example({randn(), output()})
      .reference([](const Array& x, Array& y) {
        for (int64_t i = 0; i < x.dim(0); ++i) {
          for (int64_t j = 0; j < x.dim(1); ++j) y(i, j) = x(i, j) + 1;
        }
      })
      .main(argc, argv);
}
