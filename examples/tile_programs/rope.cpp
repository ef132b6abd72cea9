// Rotary position embedding (Su et al., 2021): column j of the first half of a head and column j of its second half are a point, which
// is turned by an angle that grows with the token's position. Tokens are rows; a row holds all heads.
#include <tilewright/language.h>

#include <cmath>

using namespace tilewright;

constexpr int kTokens = 32, kHeads = 4, kHalf = 32, kColumns = kHeads * 2 * kHalf;

void rope(Tensor x, Tensor cosine, Tensor sine, Out<Tensor> y) {
  for (Index token : parallel(0, x.dim(0), kTokens)) {
    at([&] {
      const TileOptions part = {.valid = {min(x.dim(0) - token, kTokens), kHalf}};
      Tile c = load(cosine, {token, 0}, {kTokens, kHalf}, part);
      Tile s = load(sine, {token, 0}, {kTokens, kHalf}, part);
      for (Index head : range(0, kColumns, 2 * kHalf)) {
        Tile a = load(x, {token, head}, {kTokens, kHalf}, part);
        Tile b = load(x, {token, head + kHalf}, {kTokens, kHalf}, part);
        store(a * c - b * s, y, {token, head});
        store(b * c + a * s, y, {token, head + kHalf});
      }
    });
  }
}

double angle(int64_t token, int64_t j) { return static_cast<double>(token) * std::pow(10000.0, -static_cast<double>(j) / kHalf); }

int main(int argc, char** argv) {
  const auto rows = [](const char* name, int64_t columns) { return tensor(name, f32, {dynamic, columns}); };
  return program("rope", rope, rows("x", kColumns), rows("cosine", kHalf), rows("sine", kHalf), rows("y", kColumns))
      .example({uniform(-1, 1, {100, kColumns}), computed([](int64_t i, int64_t j) { return std::cos(angle(i, j)); }, {100, kHalf}),
                computed([](int64_t i, int64_t j) { return std::sin(angle(i, j)); }, {100, kHalf}), output({100, kColumns})})
      .reference([](const Array& x, const Array&, const Array&, Array& y) {
        for (int64_t i = 0; i < x.dim(0); ++i) {
          for (int64_t head = 0; head < kColumns; head += 2 * kHalf) {
            for (int64_t j = 0; j < kHalf; ++j) {
              const double a = x(i, head + j), b = x(i, head + kHalf + j), turn = angle(i, j);
              y(i, head + j) = a * std::cos(turn) - b * std::sin(turn);
              y(i, head + kHalf + j) = b * std::cos(turn) + a * std::sin(turn);
            }
          }
        }
      })
      // Numbers up to 2: cosine, sine, two products and their sum are rounded.
      .within({.relative = 0, .absolute = 0x6p-24})
      .main(argc, argv);
}
