// Tiles of which only a part is valid, rows by their numbers, sums that many blocks add to side by side, single elements of tiles.
#include <tilewright/language.h>

using namespace tilewright;

constexpr int kRows = 32, kColumns = 64, kPart = 8;

void pieces(Tensor x, Tensor order, Out<Tensor> sum, Out<Tensor> rows, Out<Tensor> part, InOut<Tensor> corner, Out<Tensor> picked,
            Index valid) {
  at([&] { store(zeros({kPart, kColumns}, f32), sum, {0, 0}); });
  spmd(kRows / kPart, [&](IndexValue block) { store_add(load(x, {block * kPart, 0}, {kPart, kColumns}), sum, {0, 0}); });

  at([&] { scatter_rows(load(x, {0, 0}, {kRows, kColumns}), rows, load(order, {0, 0}, {1, kRows})); });

  // The largest of the valid rows alone: padding is smaller than anything.
  at([&] {
    Tile t = load(x, {0, 0}, {kRows, kColumns}, {.valid = {valid, kColumns}});
    store(col_max(pad(t, Pad::Min)), part, {0, 0});
    store(set_valid(load(x, {0, 0}, {kPart, kColumns}), 3, 5) * 2.0, corner, {0, 0});
  });

  // As many elements as there are valid rows, one by one, into a tile that begins as anything.
  at([&] {
    Tile t = load(x, {0, 0}, {kRows, kColumns}, {.space = Space::Vec, .valid = {valid, kColumns}});
    Tile diagonal = new_tile({1, kRows}, f32);
    for (Index i : range(kRows)) diagonal = set_element(diagonal, 0, i, 0);
    for (Index i : range(t.valid_rows())) diagonal = set_element(diagonal, 0, i, t.read(i, i));
    store(diagonal, picked, {0, 0});
  });
}

int main(int argc, char** argv) {
  return program("pieces", pieces, tensor(f32, {kRows, kColumns}), tensor(i32, {1, kRows}), tensor(f32, {kPart, kColumns}),
                 tensor(f32, {kRows, kColumns}), tensor(f32, {1, kColumns}), tensor(f32, {kPart, kColumns}), tensor(f32, {1, kRows}),
                 index_number())
      .main(argc, argv);
}
