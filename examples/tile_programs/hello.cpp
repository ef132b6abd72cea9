// y = x + 1: the smallest tile program. One task, one tile.
#include <tilewright/language.h>

using namespace tilewright;

void hello(Tensor x, Out<Tensor> y) {
  at([&] {
    Tile t = load(x, {0, 0}, {64, 128});
    store(t + 1.0, y, {0, 0});
  });
}

int main(int argc, char** argv) { return program("hello", hello, tensor(f32, {64, 128}), tensor(f32, {64, 128})).main(argc, argv); }
