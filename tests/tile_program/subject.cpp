// A tile program with something of everything that main() handles, and with the mistake that SUBJECT in the environment names.
#include <tilewright/language.h>

#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

using namespace tilewright;

std::string mistake() {
  const char* const name = std::getenv("SUBJECT");
  return name != nullptr ? name : "";
}

// y = x * factor + first, counts += 1: `first` is an index, `counts` is read and written.
void subject(Tensor x, Out<Tensor> y, InOut<Tensor> counts, Scalar factor, Index first) {
  at({.name = "scale"}, [&] {
    Tile t = load(x, {0, 0}, {8, 32}, {.valid = {min(x.dim(0), 8), 32}});
    store(cast(t * factor, f16), y, {first, 0});
  });
  at({.name = "count"}, [&] { store(load(counts, {0, 0}, {1, 8}) + 1, counts, {0, 0}); });
  if (mistake() == "program") at([&] { store(load(x, {0, 0}, {8, 32}) + load(x, {0, 0}, {4, 32}), y, {0, 0}); });
}

int main(int argc, char** argv) {
  const std::string wrong = mistake();
  std::vector<Example> example = {randn({5, 32}), output({5, 32}), uniform(0, 100), 2.5, 0};
  if (wrong == "extents") example[0] = randn({5, 31});
  if (wrong == "open extents") example[0] = randn();
  if (wrong == "no content") example[2] = output();
  if (wrong == "kinds") example[3] = randn({1});
  if (wrong == "number of values") example.pop_back();
  if (wrong == "no example") example.clear();
  auto all = program("subject", subject, tensor("x", f32, {dynamic, 32}), tensor("y", f16, {dynamic, 32}), tensor("counts", i32, {1, 8}),
                     number("exp", f32), index_number());
  all.example(example).reference([](const Array& x, Array& y, Array& counts, double factor, int64_t first) {
    const bool outside = mistake() == "outside", wrong_reference = mistake() == "reference", unset = mistake() == "unset",
               infinite = mistake() == "infinity";
    for (int64_t i = 0; i < x.dim(0); ++i) {
      for (int64_t j = 0; j < x.dim(1) + (outside ? 1 : 0); ++j) {
        if (unset && i == 3 && j == 7) continue;
        y(i + first, j) = infinite ? std::numeric_limits<double>::infinity() : x(i, j) * factor + (wrong_reference && i == 2 ? 1 : 0);
      }
    }
    for (int64_t j = 0; j < 8; ++j) counts(0, j) += 1;
  });
  if (wrong == "bound") all.within({.relative = 0, .absolute = 1e-9});
  return all.main(argc, argv);
}
