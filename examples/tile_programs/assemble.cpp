// joined = [old; 2 * fresh]: the rows of two tensors in one. What is computed from `fresh` is created for its place in `joined`, so that
// its tasks write there and nothing is copied; `old` exists already, so that a task copies it.
#include <tilewright/language.h>

using namespace tilewright;

constexpr int kRows = 32, kColumns = 100;

void assemble_rows(Tensor old, Tensor fresh, Out<Tensor> joined) {
  Tensor doubled = create({fresh.dim(0), kColumns}, f32);
  for (Index row : parallel(0, fresh.dim(0), kRows)) {
    at([&] {
      Tile t = load(fresh, {row, 0}, {kRows, 128}, {.valid = {min(fresh.dim(0) - row, kRows), kColumns}});
      store(t * 2.0, doubled, {row, 0});
    });
  }
  assemble(doubled, joined, {old.dim(0), 0});
  assemble(old, joined, {0, 0});
}

int main(int argc, char** argv) {
  const auto rows = [](const char* name) { return tensor(name, f32, {dynamic, kColumns}); };
  return program("assemble", assemble_rows, rows("old"), rows("fresh"), rows("joined"))
      .example({randn({150, kColumns}), randn({75, kColumns}), output({225, kColumns})})
      .reference([](const Array& old, const Array& fresh, Array& joined) {
        for (int64_t j = 0; j < kColumns; ++j) {
          for (int64_t i = 0; i < old.dim(0); ++i) joined(i, j) = old(i, j);
          for (int64_t i = 0; i < fresh.dim(0); ++i) joined(old.dim(0) + i, j) = 2 * fresh(i, j);
        }
      })
      .within({.relative = 0, .absolute = 0})  // doubling is exact
      .main(argc, argv);
}
