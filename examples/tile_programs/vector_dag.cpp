// f = (a + b + 1) * (a + b + 2): three kernels, four tasks in a diamond. Nothing says which task waits for which: the runtime sees
// that both middle ones read what the first writes, and the last what they write.
#include <tilewright/language.h>

using namespace tilewright;

constexpr int kRows = 32, kColumns = 128;

void vector_dag(Tensor a, Tensor b, Out<Tensor> f) {
  const auto add = incore("add", [](Tensor x, Tensor y, Out<Tensor> z) {
    store(load(x, {0, 0}, {kRows, kColumns}) + load(y, {0, 0}, {kRows, kColumns}), z, {0, 0});
  });
  const auto add_number =
      incore("add_number", [](Tensor x, Out<Tensor> y, Scalar number) { store(load(x, {0, 0}, {kRows, kColumns}) + number, y, {0, 0}); });
  const auto multiply = incore("multiply", [](Tensor x, Tensor y, Out<Tensor> z) {
    store(load(x, {0, 0}, {kRows, kColumns}) * load(y, {0, 0}, {kRows, kColumns}), z, {0, 0});
  });

  for (Index row : parallel(0, a.dim(0), kRows)) {
    const auto part = [&](const Tensor& whole) { return whole.view({row, 0}, {kRows, kColumns}); };
    Tensor sum = create({kRows, kColumns}, f32), left = create({kRows, kColumns}, f32), right = create({kRows, kColumns}, f32);
    submit(add)(part(a), part(b), sum);
    submit(add_number)(sum, left, 1.0);
    submit(add_number)(sum, right, 2.0);
    submit(multiply)(left, right, part(f));
  }
}

int main(int argc, char** argv) {
  return program("vector_dag", vector_dag, tensor("a", f32, {dynamic, kColumns}), tensor("b", f32, {dynamic, kColumns}),
                 tensor("f", f32, {dynamic, kColumns}))
      .example({uniform(0, 4, {128, kColumns}), uniform(0, 4, {128, kColumns}), output({128, kColumns})})
      .reference([](const Array& a, const Array& b, Array& f) {
        for (int64_t i = 0; i < a.dim(0); ++i) {
          for (int64_t j = 0; j < kColumns; ++j) f(i, j) = (a(i, j) + b(i, j) + 1) * (a(i, j) + b(i, j) + 2);
        }
      })
      // All numbers are positive: the first sum counts twice, the others and the product once.
      .within({.relative = 0x5.1p-24, .absolute = 0})
      .main(argc, argv);
}
