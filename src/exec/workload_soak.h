// The shapes of bench/task_overhead, run through graph and scheduler; every kernel checks that it sees what submission order gives.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <vector>

#include "exec/scheduler_test_support.h"

namespace tilewright::scheduler_test {

enum class Shape { kIndependent, kChain, kForkJoin, kWavefront, kRandomReads };
inline constexpr Shape kShapes[] = {Shape::kIndependent, Shape::kChain, Shape::kForkJoin, Shape::kWavefront, Shape::kRandomReads};

/// What a task reads, and the one cell that it reads and writes. Cells are numbered as the tasks that write them.
struct CellAccess {
  std::vector<uint32_t> reads;
  uint32_t inout = 0;
};

/// Task `task` of a shape: independent; a chain on one cell; groups of a writer, 31 readers and a joiner; rows of 100 that read
/// above and to the left; two cells of the last 256 at random.
inline CellAccess access_of(Shape shape, uint32_t task, std::mt19937& random) {
  constexpr uint32_t kWidth = 31, kRow = 100, kReach = 256;
  CellAccess access{{}, shape == Shape::kChain ? 0 : task};
  const uint32_t place = task % (kWidth + 2);
  if (shape == Shape::kForkJoin && place != 0 && place <= kWidth) access.reads = {task - place};
  if (shape == Shape::kForkJoin && place > kWidth) {
    for (uint32_t reader = task - kWidth; reader < task; ++reader) access.reads.push_back(reader);
  }
  if (shape == Shape::kWavefront && task >= kRow) access.reads.push_back(task - kRow);
  if (shape == Shape::kWavefront && task % kRow != 0) access.reads.push_back(task - 1);
  if (shape == Shape::kRandomReads && task > 1) {
    const uint32_t reach = std::min(task, kReach), first = random() % reach;
    const uint32_t second = (first + 1 + random() % (reach - 1)) % reach;
    access.reads = {task - 1 - first, task - 1 - second};
  }
  return access;
}

/// Graph and scheduler with windows of any size. A cell holds the number of tasks that wrote it, times a factor, so that a task
/// knows what it must find.
class Soak {
 public:
  Soak(uint64_t window, int threads)
      : heap_(4 * ((1 << 16) + 4096)),
        graph_(sizes(window), reinterpret_cast<uint64_t>(heap_.data())),
        scheduler_(graph_.table(), runner_, threads, 4) {}

  /// Runs `tasks` tasks of a shape; fails the test if one ran early, twice or not at all. With `yields`, every 7th kernel yields.
  void run(Shape shape, uint32_t tasks, std::mt19937& random, bool yields = false) {
    std::vector<CellAccess> program;
    std::vector<uint32_t> cells(tasks, 0), expected(tasks), writes(tasks, 0);
    for (uint32_t task = 0; task < tasks; ++task) {
      program.push_back(access_of(shape, task, random));
      expected[task] = writes[program.back().inout]++;
    }
    std::atomic<uint32_t> wrong{0}, ran{0};
    runner_.kernel = [&](const KernelCall& call) {
      const uint32_t task = static_cast<uint32_t>(call.task->scalars()[0]);
      uint32_t& cell = cells[program[task].inout];
      if (cell != expected[task]) ++wrong;
      for (const uint32_t read : program[task].reads) {
        if (cells[read] != 1) ++wrong;
      }
      if (yields && task % 7 == 0) scheduler_.yield();
      ++cell;
      ++ran;
    };
    const auto cell = [&](uint32_t index) {
      const uint32_t one = 1;
      return make_tensor_external(&cells[index], &one, 1, DataType::UINT32);
    };
    graph_.begin_run(&lanes_, nullptr);
    scheduler_.run([&] {
      MixedKernels kernels;
      kernels.aiv0_kernel_id = 0;
      for (uint32_t task = 0; task < tasks; ++task) {
        std::vector<ChipTensor> tensors;
        for (const uint32_t read : program[task].reads) tensors.push_back(cell(read));
        tensors.push_back(cell(program[task].inout));
        CoreTaskArgs args;
        for (size_t i = 0; i + 1 < tensors.size(); ++i) args.add_input(tensors[i]);
        args.add_inout(tensors.back());
        args.add_scalar(uint64_t{task});
        TaskOutputTensors outputs;
        SubmitState state;
        while ((state = graph_.submit(kernels, args, outputs)) == SubmitState::kFull) scheduler_.wait_for_room(graph_.blocking_task());
        ASSERT_EQ(state, SubmitState::kAccepted) << graph_.error_text();
        scheduler_.published();
      }
    });
    graph_.end_run();
    EXPECT_EQ(scheduler_.failure().kind, RunFailure::Kind::kNone) << scheduler_.failure().text;
    EXPECT_EQ(wrong.load(), 0u) << "kernels saw what submission order does not give";
    EXPECT_EQ(ran.load(), tasks);
    EXPECT_EQ(cells[0], writes[0]);
  }

 private:
  static RingSizes sizes(uint64_t window) {
    RingSizes sizes = rings(window);
    sizes.heap_bytes.fill(1 << 16);
    return sizes;
  }

  const std::vector<uint8_t> lanes_ = {7};
  std::vector<std::byte> heap_;
  Runner runner_;
  Graph graph_;
  Scheduler scheduler_;
};

}  // namespace tilewright::scheduler_test
