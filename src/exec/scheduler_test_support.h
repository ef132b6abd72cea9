// What the tests of the scheduler share: a runner that calls functions, and a graph with a scheduler on few cores.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <functional>
#include <random>
#include <set>

#include "exec/scheduler.h"
#include "graph/graph.h"

namespace tilewright::scheduler_test {

inline RingSizes rings(uint64_t window) {
  RingSizes sizes;
  sizes.task_window.fill(window);
  sizes.heap_bytes.fill(1 << 20);
  return sizes;
}

/// Calls a function for each kernel; kernel ids are free for the test's use.
class Runner : public KernelRunner {
 public:
  bool run(const KernelCall& call) override {
    later = false;
    kernel(call);
    return !later;
  }
  void stage(const KernelCall& call) override {
    if (staged) staged(call);
  }
  /// Nodes in a row, if the test wants it so: kernels of all kinds.
  bool run_nodes(NodeRun& nodes) override {
    while (nodes_in_rows && nodes.node.load() != nodes.end &&
           (nodes.tasks[nodes.node].lanes == PTO2_SUBTASK_MASK_AIC) == (nodes.kind == CoreType::AIC)) {
      const bool over = run({&nodes.tasks[nodes.node], nodes.kind, nodes.core, nodes.kind == CoreType::AIC ? 0 : 1, 0});
      if (nodes.handed_over.load() || !over) {
        nodes.returned = true;
        return over;
      }
      if (!nodes.advance()) break;
    }
    return true;
  }
  bool nodes_in_rows = false;
  std::function<void(const KernelCall&)> staged;
  static inline thread_local bool later = false;  ///< set by a kernel, last, that called complete_later
  std::function<void(const KernelCall&)> kernel = [](const KernelCall&) {};
};

/// A graph and a scheduler, with one scalar per task that tells the kernel who it is.
class SchedulerTest : public testing::TestWithParam<int> {
 protected:
  explicit SchedulerTest(uint64_t window = 256, int32_t aic_cores = 2)
      : graph_(rings(window), reinterpret_cast<uint64_t>(heap_.data())), scheduler_(graph_.table(), runner_, GetParam(), aic_cores) {}

  void run(std::function<void()> orchestrate, const RunLimits& limits = {}, const SimSeed& seed = {}) {
    graph_.begin_run(&lanes_, nullptr);
    scheduler_.run(std::move(orchestrate), limits, seed);
    graph_.end_run();
  }
  /// Runs `count` independent tasks of one block, numbered from 0.
  void run_numbered(uint64_t count, const RunLimits& limits = {}) {
    run([&] { submit_numbered(count); }, limits);
  }
  void submit_numbered(uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      CoreTaskArgs args;
      args.add_scalar(i);
      submit(args);
    }
  }
  void submit_together(int16_t blocks, uint8_t lanes, uint64_t number = 0) {
    CoreTaskArgs args;
    args.add_scalar(number);
    args.launch_spec.set_block_num(blocks);
    args.launch_spec.set_require_sync_start(true);
    submit(args, lanes);
  }
  /// Whether the run ended as a fact of `detail`, with all of `texts` in the report; and the next run works.
  void expect_stalled(int32_t detail, const std::vector<std::string>& texts) {
    EXPECT_EQ(scheduler_.failure().kind, RunFailure::Kind::kStalled);
    EXPECT_EQ(scheduler_.failure().status, 100);
    EXPECT_EQ(scheduler_.failure().stall_detail, detail) << scheduler_.failure().text;
    for (const std::string& text : texts)
      EXPECT_NE(scheduler_.failure().text.find(text), std::string::npos) << text << " in: " << scheduler_.failure().text;
    std::atomic<int> ran{0};
    runner_.kernel = [&](const KernelCall&) { ++ran; };
    run_numbered(20);
    EXPECT_EQ(scheduler_.failure().kind, RunFailure::Kind::kNone);
    EXPECT_EQ(ran.load(), 20);
  }
  void submit(const CoreTaskArgs& args, uint8_t lanes = PTO2_SUBTASK_MASK_AIV0) {
    MixedKernels kernels;
    if ((lanes & PTO2_SUBTASK_MASK_AIC) != 0) kernels.aic_kernel_id = 0;
    if ((lanes & PTO2_SUBTASK_MASK_AIV0) != 0) kernels.aiv0_kernel_id = 0;
    if ((lanes & PTO2_SUBTASK_MASK_AIV1) != 0) kernels.aiv1_kernel_id = 0;
    TaskOutputTensors outputs;
    for (;;) {
      const SubmitState state = graph_.submit(kernels, args, outputs);
      if (state == SubmitState::kAccepted) return scheduler_.published();
      ASSERT_EQ(state, SubmitState::kFull) << graph_.error_text();
      scheduler_.wait_for_room(graph_.blocking_task());
      if (scheduler_.stopped()) return;
    }
  }
  static uint64_t number(const KernelCall& call) { return call.task->scalars()[0]; }

  const std::vector<uint8_t> lanes_ = {7};
  std::vector<std::byte> heap_ = std::vector<std::byte>(4 * ((1 << 20) + 4096));
  Runner runner_;
  Graph graph_;
  Scheduler scheduler_;
};

/// A counter that kernels wait for.
struct Counter {
  std::atomic<int> value{0};
  int target = 1;
  std::atomic<int> early{0};  ///< resumed before the condition held

  KernelWait reached() const {
    return {[](const void* self) {
              const Counter& counter = *static_cast<const Counter*>(self);
              return counter.value.load() >= counter.target;
            },
            this, [](const void*) { return std::string("a counter"); }};
  }
};

inline const KernelWait kNever{[](const void*) { return false; }, nullptr,
                               [](const void*) { return std::string("somebody waits for ever"); }};

/// A place where `expected` kernels meet: arrive() waits for the last.
struct Meeting {
  explicit Meeting(int expected_in) { counter.target = expected_in; }
  void arrive(Scheduler& scheduler) {
    ++counter.value;
    scheduler.notify();
    scheduler.wait(counter.reached());
  }
  Counter counter;
};

}  // namespace tilewright::scheduler_test
