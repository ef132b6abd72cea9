// Tiles and numbers: those of the program, and those that the run brings. h = clamp(scale * x + offset, 0, 6) / 6, q = offset - scale / x,
// and integers, m = ((n << 3) ^ 5) & 127.
#include <tilewright/language.h>

#include <algorithm>

using namespace tilewright;

constexpr int kRows = 32, kColumns = 96;

void scalar_ops(Tensor x, Tensor n, Out<Tensor> h, Out<Tensor> q, Out<Tensor> m, Scalar scale, Scalar offset) {
  for (Index row : parallel(0, x.dim(0), kRows)) {
    const TileOptions part = {.valid = {min(x.dim(0) - row, kRows), kColumns}};
    at({.name = "floats"}, [&] {
      Tile t = load(x, {row, 0}, {kRows, kColumns}, part);
      store(max(min(t * scale + offset, 6.0), 0.0) / 6.0, h, {row, 0});
      store(offset - scale / t, q, {row, 0});
    });
    at({.name = "integers"}, [&] {
      Tile t = load(n, {row, 0}, {kRows, kColumns}, part);
      store(((t << 3) ^ 5) & 127, m, {row, 0});
    });
  }
}

int main(int argc, char** argv) {
  const auto rows = [](const char* name, DType dtype) { return tensor(name, dtype, {dynamic, kColumns}); };
  return program("scalar_ops", scalar_ops, rows("x", f32), rows("n", i32), rows("h", f32), rows("q", f32), rows("m", i32),
                 number("scale", f32), number("offset", f32))
      .example({uniform(1, 4, {100, kColumns}), uniform(0, 1000, {100, kColumns}), output({100, kColumns}), output({100, kColumns}),
                output({100, kColumns}), 2.5, -3.25})
      .reference([](const Array& x, const Array& n, Array& h, Array& q, Array& m, double scale, double offset) {
        for (int64_t i = 0; i < x.dim(0); ++i) {
          for (int64_t j = 0; j < kColumns; ++j) {
            h(i, j) = std::clamp(scale * x(i, j) + offset, 0.0, 6.0) / 6;
            q(i, j) = offset - scale / x(i, j);
            const auto number = static_cast<int64_t>(n(i, j));
            m(i, j) = static_cast<double>((number * 8 ^ 5) % 128);
            m.bound(i, j) = 0;
          }
        }
      })
      // Each number stays below 16: half a unit in its last place, 2^-21, for each of three operations.
      .within({.relative = 0, .absolute = 0x3p-21})
      .main(argc, argv);
}
