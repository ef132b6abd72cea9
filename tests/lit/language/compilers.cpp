// g++ and clang++ record the same module, whatever order they evaluate arguments in, and what is recorded reads back.
// RUN: %gxx %examples/hello.cpp -fsyntax-only && %gxx %examples/matmul.cpp -fsyntax-only
// RUN: %gxx %examples/elementwise.cpp -o %t.g2 %libraries && %t.g2 --no-locations --record %t.g2.mlir && tw-opt %t.g2.mlir > /dev/null
// RUN: %clangxx %examples/elementwise.cpp -o %t.c2 %libraries && %t.c2 --no-locations --record %t.c2.mlir && diff %t.g2.mlir %t.c2.mlir
// RUN: %gxx %s -o %t.g4 %libraries && %t.g4 --no-locations --record %t.g4.mlir && tw-opt %t.g4.mlir > /dev/null
// RUN: %clangxx %s -o %t.c4 %libraries && %t.c4 --no-locations --record %t.c4.mlir && diff %t.g4.mlir %t.c4.mlir
// RUN: FileCheck %s < %t.g4.mlir
// RUN: %t.g4 --record %t.located.mlir && tw-opt %t.located.mlir -mlir-print-debuginfo | FileCheck %s --check-prefix=LOCATED
#include <tilewright/language.h>

#include <vector>

using namespace tilewright;

// Parameters by value are copied in an order that compilers choose, and so are these arguments evaluated.
static TileValue blend(Tile a, Tile b, Scalar weight) { return a * weight + b * (1.0 - weight); }

void program_of_everything(Tensor x, Tensor y, Tensor flags, Out<Tensor> z, InOut<Tensor> w, Index n, Scalar weight) {
  // CHECK-LABEL: tile.func @scale_rows(%arg0: !tw.tensor<64x64xf32>, %arg1: !tw.tensor<64x64xf32> {tw.out}, %arg2: f32)
  // CHECK: tile.col_expand_mul
  const auto scale_rows = incore("scale_rows", [](Tensor from, Out<Tensor> to, Scalar factor) {
    Tile t = load(from, {0, 0}, {64, 64});
    store(t * (col_max(t) * factor), to, {0, 0});
  });
  // CHECK-LABEL: tile.func @scale_rows_1(%arg0: !tw.tensor<?x64xf32>
  // CHECK-LABEL: tile.func @cube
  const auto cube = incore("cube", [](Tensor, Out<Tensor>, Index) {});
  const auto vector = incore("vector", [](Tensor, Out<Tensor>, Index count) { if_(count > 4, [] {}); });

  // CHECK-LABEL: tw.orchestration @everything
  Tensor square = x.view({0, 0}, {64, 64});
  Tensor buffer = create({64, 64}, f32);
  Tensor zeroed = create_filled({n, 4}, i32, 0, {.untracked = true});
  // CHECK: tw.submit @scale_rows(
  TaskId first = submit(scale_rows)(square, buffer, weight);
  // CHECK: tw.submit @scale_rows(
  TaskId second = submit(scale_rows, {.after = {first}, .early_resolve = true})(square, buffer, 2.0);
  // CHECK: tw.submit @scale_rows_1(
  submit(scale_rows)(x.view({0, 0}, {n, 64}), z, weight);
  // CHECK: tw.submit @cube with @vector(%{{.*}}, no_dep %{{.*}}, %{{.*}} : {{.*}} blocks %{{.*}} sync_start
  submit(mixed(cube, vector), {.no_dep = {buffer}, .blocks = {cluster_count()}, .sync_start = true})(square, buffer, n);

  // CHECK: tw.set_task
  TaskIds tasks = no_tasks(4);
  for (Index i : range(4)) tasks = set_task(tasks, i, dummy({first, second}));
  // A list is made of any range, too.
  // CHECK: tw.dummy after(%{{.*}}, %{{.*}} : !tw.task_id, !tw.task_id)
  const std::vector<TaskId> both = {first, second};
  const TaskValue joined = dummy(both);
  // CHECK: tw.scope manual
  manual_scope([&] {
    // CHECK: tw.at "predicated" after(%{{.*}} : !tw.task_ids<4>) when %{{.*}}[%{{.*}}] ne 0 : !tw.tensor<8xi32>
    at({.name = "predicated", .after = {tasks}, .only = {when(flags, {n}, TWB_NE, 0)}}, [&] {
      // CHECK: %[[A:.*]] = tw.get
      // CHECK: tile.muls
      // CHECK: tile.muls
      // CHECK: tile.add
      store(blend(load(x, {n, 0}, {8, 64}), load(y, {n, 0}, {8, 64}), weight), w, {0, 0});
    });
  });
  // CHECK: tw.at blocks %{{.*}} {
  // CHECK: tile.block_index
  spmd(n, [&](IndexValue block) { store(load(x, {block, 0}, {1, 64}), w, {block, 0}); });

  // Variables in loops and branches.
  Index count = 0;
  // CHECK: scf.while
  while_([&] { return (count < n) & (x.read({count, 0}) > 0.5); },
         [&] {
           // CHECK: scf.if
           if_(count % 2 == 0, [&] { count += 1; }).else_([&] { count = count * 2 + max(count, 1); });
         });
  z.write({count, 0}, x.read({0, 0}) * weight);
  // CHECK: tw.pipeline = 3
  at([&] {
    for (Index k : pipeline(0, n, 8, 3)) store_add(load(x, {k, 0}, {8, 64}), w, {k, 0});
  });
  // CHECK: tw.unroll
  for (Index k : unroll(0, 2)) assemble(x.view({k, 0}, {1, 64}), z, {k, 0});

  at([&] {
    Tile a = load(x, {0, 0}, {32, 64}), b = load(y, {0, 0}, {32, 64}, {.space = Space::Vec, .valid = {n, 64}});
    a = select(a > 0.0, exp(a - row_max(a)), a) / 2;
    Tile column = row_sum(a), row = col_sum(a);
    a = 1.0 / (a * row - column) + max(-a, 0.25) - (2.0 - column);
    a = axpy(a, expdif(a, column), 3.0);
    a -= row_expand(column, 64) * col_expand(row, 32);
    Tile c = concat(cast(a, bf16), cast(a, bf16, Round::Floor));
    Tile d = insert(extract(a, {0, 0}, {8, 64}), a, {8, 0});
    Tile e = transpose(pad(b, Pad::Min));
    Tile index = iota(16, i32, 0);
    index = (index & 7) + (index << 1);
    scatter_rows(gather_rows(x, index), w, index);
    store(set_valid(d, n, 32), w, {0, 0});
    store(reshape(e, 32, 64), w, {d.valid_rows(), 0});
    store(extract(cast(c, f32), {0, 32}, {32, 64}), w, {0, 0});
    a = set_element(a, 0, 0, a.read(1, 1) + 1);
    store(a, w, {0, 0});
  });
  at([&] {
    Tile p = load(transpose(x.view({0, 0}, {64, 64}), 0, 1), {0, 0}, {64, 64}, {.space = Space::Mat});
    Tile sum = matmul(move(p, Space::Left), move(p, Space::Right));
    Tile q = load(x, {0, 0}, {64, 64});
    // CHECK: tile.matmul_acc
    sum += matmul(q, q);
    store(sum, z, {0, 0});
  });
  // LOCATED: compilers.cpp":[[# @LINE - 2]]:
}

int main(int argc, char** argv) {
  return program("everything", program_of_everything, tensor(f32, {dynamic, 64}), tensor(f32, {128, 64}), tensor(i32, {8}),
                 tensor(f32, {dynamic, 64}), tensor(f32, {dynamic, 64}), index_number(), number(f32))
      .main(argc, argv);
}
