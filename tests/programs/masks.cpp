// Comparisons of tiles with tiles and with numbers, and selections by the masks that they make, in each width of element that both platforms
// compare: one task for each.
#include <tilewright/language.h>

using namespace tilewright;

constexpr int kRows = 32, kColumns = 64;

static TileValue all_of(TensorArg x) { return load(x, {0, 0}, {kRows, kColumns}); }

void masks(Tensor x, Tensor y, Tensor h, Tensor g, Tensor i, Tensor j, Tensor s, Out<Tensor> counts, Out<Tensor> rows, Out<Tensor> halves,
           Out<Tensor> ints, Out<Tensor> shorts) {
  // Bit k is set where comparison k holds.
  at([&] {
    Tile a = all_of(x), b = all_of(y);
    const auto bit = [&](TileArg mask, double value) {
      return select(mask, full({kRows, kColumns}, f32, value), zeros({kRows, kColumns}, f32));
    };
    Tile sum = bit(a == b, 1);
    sum += bit(a != b, 2);
    sum += bit(a < b, 4);
    sum += bit(a > b, 8);
    sum += bit(a >= b, 16);
    sum += bit(a <= b, 32);
    store(sum, counts, {0, 0});
  });
  // A column: its mask has one bit a row.
  at([&] {
    Tile largest = row_max(all_of(x));
    store(select(largest > 2.0, largest, -1.0), rows, {0, 0});
  });
  at([&] {
    Tile a = all_of(h), b = all_of(g);
    store(select(a > b, a, b), halves, {0, 0});
  });
  at([&] {
    Tile a = all_of(i), b = all_of(j);
    store(select(a == b, a, -1), ints, {0, 0});
  });
  at([&] {
    Tile a = all_of(s);
    store(select(a > 3, a, a - a), shorts, {0, 0});
  });
}

int main(int argc, char** argv) {
  const auto whole = [](DType dtype) { return tensor(dtype, {kRows, kColumns}); };
  return program("masks", masks, whole(f32), whole(f32), whole(f16), whole(f16), whole(i32), whole(i32), whole(i16), whole(f32),
                 tensor(f32, {kRows, 1}), whole(f16), whole(i32), whole(i16))
      .main(argc, argv);
}
