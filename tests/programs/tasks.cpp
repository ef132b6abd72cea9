// Kernels as functions and what a task can be told: several results, dependencies by name, arrays of ids, blocks, predicates, early
// resolution, scopes, two kernels of one core group.
#include <tilewright/language.h>

using namespace tilewright;

constexpr int kRows = 64, kColumns = 64;

void tasks(Tensor x, Tensor weights, Tensor flags, Out<Tensor> sums, Out<Tensor> blocks, Out<Tensor> product, Out<Tensor> beside,
           InOut<Tensor> chosen, Scalar factor) {
  // Two results of one task, one of them for the next task alone; a kernel of tensors of two shapes.
  const auto split = incore("split", [](Tensor from, Out<Tensor> low, Out<Tensor> high, Scalar by) {
    Tile t = load(from, {0, 0}, {32, kColumns});
    store(min(t, by), low, {0, 0});
    store(max(t, by), high, {0, 0});
  });
  const auto add = incore("add", [](Tensor a, Tensor b, Out<Tensor> sum) {
    store(load(a, {0, 0}, {32, kColumns}) + load(b, {0, 0}, {32, kColumns}), sum, {0, 0});
  });
  TaskIds ids = no_tasks(2);
  for (Index half : range(0, 2)) {
    scope([&] {
      Tensor low = create({32, kColumns}, f32), high = create({32, kColumns}, f32);
      TaskId first = submit(split, {.early_resolve = true})(x.view({half * 32, 0}, {32, kColumns}), low, high, factor);
      TaskId second = submit(add, {.after = {first}})(low, high, sums.view({half * 32, 0}, {32, kColumns}));
      ids = set_task(ids, half, second);
    });
  }
  TaskId done = dummy({ids});

  // As many blocks as there are rows of blocks; all start together.
  spmd(x.dim(0) / 8, {.after = {done}, .sync_start = true}, [&](IndexValue block) {
    store(load(x, {block * 8, 0}, {8, kColumns}) * to_scalar(block_count(), f32) + to_scalar(block, f32), blocks, {block * 8, 0});
  });

  // The cube core and the vector core side by side.
  const auto cube = incore("cube", [](Tensor a, Tensor b, Out<Tensor> c, Out<Tensor>) {
    store(matmul(load(a, {0, 0}, {kRows, kColumns}), load(b, {0, 0}, {kRows, kColumns})), c, {0, 0});
  });
  const auto vector = incore("vector", [](Tensor a, Tensor, Out<Tensor>, Out<Tensor> d) {
    if_(subblock_index() == 0, [&] { store(load(a, {0, 0}, {kRows, kColumns}) * 3.0, d, {0, 0}); });
  });
  submit(mixed(cube, vector))(weights, weights, product, beside);

  // Only where the flag says so.
  const auto mark = incore("mark", [](InOut<Tensor> to, Scalar value) { store(full({1, kColumns}, f32, value), to, {0, 0}); });
  for (Index i : range(0, 8)) {
    submit(mark, {.only = {when(flags, {i}, TWB_GT, 0)}})(chosen.view({i, 0}, {1, kColumns}), to_scalar(i + 1, f32));
  }
}

int main(int argc, char** argv) {
  return program("tasks", tasks, tensor(f32, {kRows, kColumns}), tensor(f32, {kRows, kColumns}), tensor(i32, {8}),
                 tensor(f32, {kRows, kColumns}), tensor(f32, {kRows, kColumns}), tensor(f32, {kRows, kColumns}),
                 tensor(f32, {kRows, kColumns}), tensor(f32, {8, kColumns}), number(f32))
      .main(argc, argv);
}
