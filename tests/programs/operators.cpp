// Every operator of the language on tiles of 32 x 64; result k lies in the rows from 32 k on. tests/programs/programs_test.cpp has the
// references in the same order.
#include <tilewright/language.h>

using namespace tilewright;

constexpr int kRows = 32, kColumns = 64;

static TileValue all_of(TensorArg x) { return load(x, {0, 0}, {kRows, kColumns}); }

/// Writes tiles one below the other.
class Results {
 public:
  explicit Results(TensorArg to, int first) : to_(to), row_(first * kRows) {}
  void operator()(TileArg tile) {
    store(tile, to_, {row_, 0});
    row_ += kRows;
  }

 private:
  TensorArg to_;
  int row_;
};

void operators(Tensor x, Tensor y, Tensor i, Tensor j, Out<Tensor> floats, Out<Tensor> ints, Out<Tensor> others) {
  at({.name = "arithmetic"}, [&] {
    Results result(floats, 0);
    Tile a = all_of(x), b = all_of(y);
    result(a + b);
    result(a - b);
    result(a * b);
    result(a / b);
    result(max(a, b));
    result(min(a, b));
    result(fmod(a, b));
    result(a % b);
    result(prelu(a, b));
    result(a + 0.75);
    result(a - 0.75);
    result(a * 0.75);
    result(a / 0.75);
    result(max(a, 0.75));
    result(min(a, 0.75));
    result(2.5 - a);
    result(2.5 / a);
    result(fmod(a, 0.75));
    result(lrelu(a, 0.25));
    result(axpy(a, b, 0.5));
  });
  at({.name = "functions"}, [&] {
    Results result(floats, 20);
    Tile a = all_of(x), b = abs(all_of(y));
    result(abs(a));
    result(-a);
    result(relu(a));
    result(exp(a));
    result(log(b));
    result(sqrt(b));
    result(rsqrt(b));
    result(recip(b));
    result(select(a > b, a, b));
  });
  at({.name = "broadcasts"}, [&] {
    Results result(floats, 29);
    Tile a = all_of(x), b = all_of(y);
    Tile column = row_max(b), row = col_max(b);
    result(a + column);
    result(a - column);
    result(a * column);
    result(a / column);
    result(max(a, column));
    result(min(a, column));
    result(expdif(a, column));
    result(a + row);
    result(a - row);
    result(a * row);
    result(a / row);
    result(max(a, row));
    result(min(a, row));
    result(expdif(a, row));
    result(row_expand(row_sum(a), kColumns));
    result(row_expand(row_min(a), kColumns));
    result(col_expand(col_sum(a), kRows));
    result(col_expand(col_min(a), kRows));
  });
  at({.name = "integers"}, [&] {
    Results result(ints, 0);
    Tile a = all_of(i), b = all_of(j);
    result(a + b);
    result(a * b);
    result(a & b);
    result(a | b);
    result(a ^ b);
    result(a << (b & 7));
    result(a >> (b & 7));
    result(~a);
    result(a & 12);
    result(a | 12);
    result(a ^ 12);
    result(a << 2);
    result(a >> 2);
    result(full({kRows, kColumns}, i32, 7));
    result(col_expand(iota(kColumns, i32, 5), kRows));
    result(cast(all_of(x), i32, Round::Floor));
    result(cast(all_of(x) * 3.0, i32, Round::Trunc));
  });
  at({.name = "orders"}, [&] {
    Results result(others, 0);
    Tile a = all_of(x);
    result(cast(cast(a, f16), f32));
    result(cast(cast(a, bf16), f32));
    result(reshape(transpose(a), kRows, kColumns));
    result(concat(extract(a, {0, 32}, {kRows, 32}), extract(a, {0, 0}, {kRows, 32})));
    result(pad(load(x, {0, 0}, {kRows, kColumns}, {.valid = {20, 40}}), Pad::Zero));
    result(gather(a, all_of(j) & 63));
    result(scatter(a, a * 2.0, row_expand(transpose(iota(kRows, i32, 0)), kColumns) ^ 31));
    result(set_element(a, 3, 5, a.read(4, 6)));
  });
  at({.name = "rows"}, [&] {
    Tile numbers = load(j, {0, 0}, {1, kRows}) & 31;
    store(gather_rows(x, numbers), others, {8 * kRows, 0});
  });
}

int main(int argc, char** argv) {
  const auto rows = [](DType dtype, int results) { return tensor(dtype, {results * kRows, kColumns}); };
  return program("operators", operators, rows(f32, 1), rows(f32, 1), rows(i32, 1), rows(i32, 1), rows(f32, 47), rows(i32, 17), rows(f32, 9))
      .main(argc, argv);
}
