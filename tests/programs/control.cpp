// Loops of each kind, branches and variables: of tiles in a task, of numbers and task ids in the orchestration.
#include <tilewright/language.h>

using namespace tilewright;

constexpr int kRows = 16, kColumns = 64;

void control(Tensor x, Out<Tensor> y, Out<Tensor> numbers, InOut<Tensor> chain) {
  const IndexValue rows = x.dim(0);
  for (Index row : parallel(0, rows, kRows)) {
    at([&] {
      Tile t = load(x, {row, 0}, {kRows, kColumns});
      Index turn = 0;
      while_([&] { return turn < 3; },
             [&] {
               t = t + 1.0;
               turn += 1;
             });
      if_(row % 32 == 0, [&] { t = t * 2.0; }).else_([&] { t = t - 5.0; });
      for (Index i : unroll(0, 3)) t = t + to_scalar(i * i, f32);
      for (Index i : range(0, 4)) {
        for (Index k : range(i)) {
          if_(k == 1, [&] { t = t + 0.5; });
        }
      }
      store(t, y, {row, 0});
    });
  }

  // The branches of each turn decide what the next one begins with.
  Index steps = 0, at_row = 0;
  while_([&] { return (at_row < rows) & (steps < 100); },
         [&] {
           if_(steps % 2 == 0, [&] { steps += 1; }).else_([&] {
             steps = steps * 3;
             at_row += kRows;
           });
         });
  numbers.write({0}, to_scalar(steps, i32));
  Scalar value = x.read({0, 0});
  if_(value > 0.0, [&] { value = value * 2.0; });
  numbers.write({1}, convert(value * 1000.0, i32));
  numbers.write({2}, to_scalar(choose(steps > 5, min(steps, 40), 7), i32));

  // Each task waits for the one before by an id that the loop carries; the others of an array.
  TaskId last = no_task();
  TaskIds all = no_tasks(4);
  manual_scope([&] {
    for (Index i : range(0, 4)) {
      last = at({.after = {last}}, [&] {
        Tile t = load(chain, {0, 0}, {8, kColumns});
        store(t * 2.0 + to_scalar(i, f32), chain, {0, 0});
      });
      all = set_task(all, i, last);
    }
    at({.after = {all}}, [&] { store(load(chain, {0, 0}, {8, kColumns}) + 0.5, chain, {0, 0}); });
  });
}

int main(int argc, char** argv) {
  return program("control", control, tensor(f32, {dynamic, kColumns}), tensor(f32, {dynamic, kColumns}), tensor(i32, {8}),
                 tensor(f32, {8, kColumns}))
      .main(argc, argv);
}
