// Tensors of known and unknown extents, and everything that names a part of one: views of views, slices, reshapes, transpositions, in an
// orchestration and in tasks; and single elements.
#include <tilewright/language.h>

using namespace tilewright;

void tensors(Tensor x, Out<Tensor> transposed, Out<Tensor> row, Out<Tensor> plane, Out<Tensor> tail, Out<Tensor> filled,
             Out<Tensor> elements) {
  const IndexValue rows = x.dim(0);
  // Columns as rows, of a view of a view.
  Tensor corner = transpose(x.view({8, 0}, {rows - 8, 128}).view({8, 64}, {32, 64}), 0, 1);
  at([&] { store(load(corner, {0, 0}, {64, 32}), transposed, {0, 0}); });

  // All elements in one dimension, and in three.
  Tensor flat = reshape(x, {rows * 128});
  at([&] { store(load(flat, {3 * 128 + 32}, {1, 128}), row, {0}); });
  Tensor blocks = reshape(x, {rows / 8, 8, 128});
  at([&] {
    Tensor second = blocks.view({1, 0, 0}, {1, 8, 128});  // a view in a task
    store(load(second, {0, 0, 0}, {8, 128}), plane, {0, 0});
  });

  // The last rows, however many there are.
  Tensor rest = x.view({64, 32}, {rows - 64, 64});
  at([&] { store(load(rest, {0, 0}, {64, 64}, {.valid = {rest.dim(0), 64}}), tail, {0, 0}); });

  Tensor constant = create_filled({16, 16}, f32, 3.5);
  at([&] { store(load(constant, {0, 0}, {16, 16}), filled, {0, 0}); });

  // Elements, of arguments in the orchestration and of any tensor in a task.
  elements.write({1}, to_scalar(rows, i32));
  elements.write({2}, convert(x.read({2, 5}) * 1000.0, i32));
  Tensor scratch = create({8}, i32);
  at([&] {
    for (Index i : range(8)) scratch.write({i}, to_scalar(i * i, i32));
  });
  at([&] { elements.write({3}, scratch.read({7})); });
}

int main(int argc, char** argv) {
  return program("tensors", tensors, tensor(f32, {dynamic, 128}), tensor(f32, {64, 32}), tensor(f32, {128}), tensor(f32, {8, 128}),
                 tensor(f32, {dynamic, 64}), tensor(f32, {16, 16}), tensor(i32, {8}))
      .main(argc, argv);
}
