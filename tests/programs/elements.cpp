// An orchestration that waits for what a task has written, decides by it, and changes an element between two tasks.
#include <tilewright/language.h>

using namespace tilewright;

void elements(InOut<Tensor> x, Out<Tensor> y) {
  Tensor counts = create({8}, i32);
  at([&] {
    for (Index i : range(8)) counts.write({i}, to_scalar(i * i, i32));
  });
  const IndexValue turns = to_index(counts.read({2}) + 1);  // 5
  for (Index i : range(turns)) {
    at([&] { store(load(x, {0, 0}, {8, 8}) * 2.0, x, {0, 0}); });
  }
  x.write({1, 1}, x.read({0, 0}) + 0.5);
  at([&] { store(load(x, {0, 0}, {8, 8}) + 1.0, y, {0, 0}); });
}

int main(int argc, char** argv) { return program("elements", elements, tensor(f32, {8, 8}), tensor(f32, {8, 8})).main(argc, argv); }
