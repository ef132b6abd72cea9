// Recorded graphs on the scheduler: nodes run in order, and the rest of an instance is handed over when running on will not do.
#include <algorithm>
#include <array>
#include <deque>
#include <thread>

#include "exec/scheduler_test_support.h"
#include "graph/recorded_graphs.h"
#include "pto_orchestration_api.h"

namespace tilewright {
namespace {

using namespace scheduler_test;

/// Bodies submit kernels that are told a number; submit_graph records at first and replays later.
class Replay : public SchedulerTest {
 protected:
  using Body = std::function<void(const GraphTaskArgs&)>;
  Replay() : SchedulerTest(1024) {}

  void run_graphs(const std::function<void()>& orchestrate) {
    graph_.begin_run(&lanes_, nullptr);
    graphs_.begin_run(&lanes_, 2);
    scheduler_.run(orchestrate);
    graphs_.end_run();
    graph_.end_run();
    EXPECT_EQ(graph_.error_code(), 0) << graph_.error_text();
  }
  void submit_graph(const GraphTaskArgs& args, const Body& body) {
    RecordedGraphs::Next next = graphs_.begin(1, args);
    if (next.step == RecordedGraphs::Step::kBody) {
      body(args);
      next = graphs_.end(false);
    }
    ASSERT_EQ(next.step, RecordedGraphs::Step::kReplay) << graph_.error_text();
    TaskOutputTensors outputs;
    while (graph_.submit_graph(args, *next.definition, outputs) == SubmitState::kFull) scheduler_.wait_for_room(graph_.blocking_task());
    scheduler_.published();
  }
  /// For bodies.
  void node(const CoreTaskArgs& args, uint8_t lanes = PTO2_SUBTASK_MASK_AIV0) {
    MixedKernels kernels;
    if ((lanes & PTO2_SUBTASK_MASK_AIC) != 0) kernels.aic_kernel_id = 0;
    if ((lanes & PTO2_SUBTASK_MASK_AIV0) != 0) kernels.aiv0_kernel_id = 0;
    TaskOutputTensors outputs;
    ASSERT_EQ(graphs_.recorder()->submit(kernels, args, outputs), SubmitState::kAccepted);
  }
  /// `count` independent nodes with numbers from 0.
  Body independent(uint64_t count) {
    return [this, count](const GraphTaskArgs&) {
      for (uint64_t i = 0; i < count; ++i) {
        CoreTaskArgs args;
        args.add_scalar(i);
        node(args);
      }
    };
  }
  static ChipTensor ints(int* at, uint32_t count) { return make_tensor_external(at, &count, 1, DataType::INT32); }

  RecordedGraphs graphs_{graph_};
};

INSTANTIATE_TEST_SUITE_P(Threads, Replay, testing::Values(1, 2, 4));

TEST_P(Replay, EveryInstanceRunsEveryNodeOnceInOrder) {
  constexpr uint32_t kInstances = 300, kNodes = 20;
  std::vector<int> state(kInstances * 16);
  std::atomic<int> wrong{0};
  runner_.kernel = [&](const KernelCall& call) {
    int* const at = call.task->tensors()[0].data_as<int>();
    wrong += *at != static_cast<int>(number(call));
    ++*at;
  };
  run_graphs([&] {
    for (uint32_t i = 0; i < kInstances; ++i) {
      const ChipTensor t = ints(&state[16 * i], 1);
      GraphTaskArgs args;
      args.add_inout(t);
      submit_graph(args, [&](const GraphTaskArgs& g) {
        for (uint64_t n = 0; n < kNodes; ++n) {
          CoreTaskArgs step;
          step.add_inout(g.tensor(0).ref());
          step.add_scalar(n);
          node(step);
        }
      });
    }
  });
  EXPECT_EQ(wrong.load(), 0);
  for (uint32_t i = 0; i < kInstances; ++i) EXPECT_EQ(state[16 * i], static_cast<int>(kNodes));
}

TEST_P(Replay, AKernelMayWaitForANodeBehindIt) {
  Counter counter;
  std::atomic<int> ran{0};
  runner_.kernel = [&](const KernelCall& call) {
    if (number(call) == 0) scheduler_.wait(counter.reached());
    if (number(call) == 5) {
      ++counter.value;
      scheduler_.notify();
    }
    ++ran;
  };
  run_graphs([&] { submit_graph(GraphTaskArgs(), independent(6)); });
  EXPECT_EQ(scheduler_.failure().kind, RunFailure::Kind::kNone) << scheduler_.failure().text;
  EXPECT_EQ(ran.load(), 6);
}

// The scheduler does not see such a kernel: its carrier is taken from it, and with it the nodes behind it.
TEST_P(Replay, AKernelMayPollInAPlainLoopForANodeBehindIt) {
  for (const bool in_rows : {false, true}) {
    for (const bool mixed : {false, true}) {
      runner_.nodes_in_rows = in_rows;
      std::array<std::atomic<int>, 12> ran{};
      std::atomic<int> written{0};
      runner_.kernel = [&](const KernelCall& call) {
        const uint64_t n = number(call);
        while (n == 2 && written.load(std::memory_order_relaxed) == 0) {
        }
        while (n == 7 && ran[11].load(std::memory_order_relaxed) == 0) {
        }
        if (n == 3) written = 1;
        ++ran[n];
      };
      run_graphs([&] {
        submit_graph(GraphTaskArgs(), [&](const GraphTaskArgs&) {
          for (uint64_t i = 0; i < 12; ++i) {
            CoreTaskArgs args;
            args.add_scalar(i);
            node(args, mixed && i % 3 == 0 ? PTO2_SUBTASK_MASK_AIC : PTO2_SUBTASK_MASK_AIV0);
          }
        });
      });
      ASSERT_EQ(scheduler_.failure().kind, RunFailure::Kind::kNone) << scheduler_.failure().text;
      for (size_t i = 0; i < ran.size(); ++i) EXPECT_EQ(ran[i].load(), 1) << "node " << i;
    }
  }
}

// Whoever takes the rest of the nodes and whoever runs them agree on which is the last that is run there, whenever that happens.
TEST(NodeRunTest, EachNodeIsRunOrTakenAndNoneTwice) {
  for (uint32_t round = 0; round < 2000; ++round) {
    NodeRun nodes;
    nodes.end = 1 + round % 64;
    std::atomic<uint32_t> go{0};
    uint32_t kept = 0;
    std::thread other([&] {
      while (go.load() <= round % 7) {
      }
      kept = nodes.take_rest();
    });
    uint32_t run = 0;
    while (nodes.node.load() != nodes.end) {
      ++run;
      ++go;
      if (nodes.handed_over.load()) {
        nodes.returned = true;
        break;
      }
      if (!nodes.advance()) break;
    }
    go = 1000;
    other.join();
    if (kept == nodes.end) {
      EXPECT_EQ(run, nodes.end);
      EXPECT_FALSE(nodes.handed_over.load());
    } else {
      EXPECT_TRUE(nodes.returned);
      EXPECT_TRUE(nodes.handed_over.load());
      EXPECT_EQ(nodes.node.load(), kept);
      EXPECT_EQ(run, kept + 1);
    }
  }
}

TEST_P(Replay, AKernelMayPollWhatANodeBehindItWrites) {
  std::atomic<int> written{0}, ran{0};
  runner_.kernel = [&](const KernelCall& call) {
    while (number(call) == 2 && written == 0) scheduler_.yield();
    if (number(call) == 3) written = 1;
    ++ran;
  };
  run_graphs([&] {
    for (int i = 0; i < 10; ++i) submit_graph(GraphTaskArgs(), independent(6));
  });
  EXPECT_EQ(ran.load(), 60);
}

TEST_P(Replay, MoreInstancesThanContextsWaitForOne) {
  constexpr int kInstances = 300;
  Counter all_cores;
  all_cores.target = 4;  // AIV cores: every instance needs one, and the first four wait for each other
  std::atomic<int> ran{0};
  runner_.kernel = [&](const KernelCall&) {
    ++all_cores.value;
    scheduler_.notify();
    scheduler_.wait(all_cores.reached());
    ++ran;
  };
  run_graphs([&] {
    for (int i = 0; i < kInstances; ++i) submit_graph(GraphTaskArgs(), independent(2));
  });
  EXPECT_EQ(scheduler_.failure().kind, RunFailure::Kind::kNone) << scheduler_.failure().text;
  EXPECT_EQ(ran.load(), 2 * kInstances);
}

TEST_P(Replay, ANodeThatCompletesLaterHoldsBackItsSuccessorsOnly) {
  uint32_t counter = 0;
  std::atomic<int> wrong{0}, ran{0};
  int memory = 0;
  runner_.kernel = [&](const KernelCall& call) {
    ++ran;
    if (number(call) == 0) {
      const CounterCondition condition{&counter, 1};
      scheduler_.complete_later(call, {&condition, 1}, "first");
      Runner::later = true;
    }
    if (number(call) == 1) wrong += __atomic_load_n(&counter, __ATOMIC_ACQUIRE) != 1;
    if (number(call) == 2) {
      __atomic_store_n(&counter, 1, __ATOMIC_RELEASE);
      scheduler_.notify();
    }
  };
  run_graphs([&] {
    const ChipTensor t = ints(&memory, 1);
    GraphTaskArgs args;
    args.add_inout(t);
    submit_graph(args, [&](const GraphTaskArgs& g) {
      for (uint64_t n : {0, 1, 2}) {
        CoreTaskArgs step;
        if (n != 2) step.add_inout(g.tensor(0).ref());
        step.add_scalar(n);
        node(step);
      }
    });
  });
  EXPECT_EQ(ran.load(), 3);
  EXPECT_EQ(wrong.load(), 0);
}

TEST_P(Replay, PredicatesAndDummiesAreLookedAtWhenTheirTurnComes) {
  int memory[32] = {};
  std::vector<uint64_t> ran;
  std::mutex mutex;
  runner_.kernel = [&](const KernelCall& call) {
    const std::lock_guard lock(mutex);
    ran.push_back(number(call));
    if (number(call) == 0) *call.task->tensors()[0].data_as<int>() += 1;
  };
  run_graphs([&] {
    const ChipTensor t = ints(memory, 1);
    GraphTaskArgs args;
    args.add_inout(t);
    const Body body = [&](const GraphTaskArgs& g) {
      for (uint64_t n = 0; n < 3; ++n) {
        CoreTaskArgs step;
        step.add_inout(g.tensor(0).ref());
        step.add_scalar(n);
        CoreTaskPredicate predicate;
        predicate.operand.tensor = &g.tensor(0).ref();
        predicate.operand.ndims = 1;
        predicate.op = n == 1 ? PredicateOp::EQ : PredicateOp::NONE;
        predicate.target = 2;
        step.set_predicate(predicate);
        node(step);
        CoreTaskArgs dummy;
        dummy.add_inout(g.tensor(0).ref());
        TaskOutputTensors outputs;
        graphs_.recorder()->submit_dummy(dummy, outputs);
      }
    };
    for (int i = 0; i < 3; ++i) submit_graph(args, body);
  });
  EXPECT_EQ(ran, (std::vector<uint64_t>{0, 2, 0, 1, 2, 0, 2}));
}

TEST_P(Replay, WideNodesRunAllBlocksBetweenTheirNeighbours) {
  int memory = 0;
  std::atomic<int> value{0}, wrong{0};
  runner_.kernel = [&](const KernelCall& call) {
    const int before = value.fetch_add(1);
    const int first = static_cast<int>(number(call)) / 10, count = static_cast<int>(number(call)) % 10;
    wrong += before % 9 < first || before % 9 >= first + count;
  };
  run_graphs([&] {
    const ChipTensor t = ints(&memory, 1);
    GraphTaskArgs args;
    args.add_inout(t);
    const Body body = [&](const GraphTaskArgs& g) {
      const auto step = [&](uint64_t number, int16_t blocks, uint8_t lanes) {
        CoreTaskArgs wide;
        wide.add_inout(g.tensor(0).ref());
        wide.add_scalar(number);
        wide.launch_spec.set_block_num(blocks);
        node(wide, lanes);
      };
      step(1, 1, PTO2_SUBTASK_MASK_AIV0);                          // kernel 0
      step(15, 5, PTO2_SUBTASK_MASK_AIV0);                         // kernels 1 to 5
      step(62, 1, PTO2_SUBTASK_MASK_AIC | PTO2_SUBTASK_MASK_AIV0);  // kernels 6 and 7
      step(81, 1, PTO2_SUBTASK_MASK_AIC);                          // kernel 8
    };
    for (int i = 0; i < 20; ++i) submit_graph(args, body);
  });
  EXPECT_EQ(value.load(), 20 * 9);
  EXPECT_EQ(wrong.load(), 0);
}

TEST_P(Replay, AKernelThatFailsEndsTheRunAndTheNextOneWorks) {
  for (uint64_t failing : {0, 7, 19}) {
    runner_.kernel = [&](const KernelCall& call) {
      if (number(call) == failing) scheduler_.fail_kernel("broken");
    };
    run_graphs([&] {
      for (int i = 0; i < 50 && !scheduler_.stopped(); ++i) submit_graph(GraphTaskArgs(), independent(20));
    });
    EXPECT_EQ(scheduler_.failure().text, "broken");
    std::atomic<int> ran{0};
    runner_.kernel = [&](const KernelCall&) { ++ran; };
    run_graphs([&] {
      for (int i = 0; i < 5; ++i) submit_graph(GraphTaskArgs(), independent(20));
    });
    EXPECT_EQ(ran.load(), 100);
  }
}

TEST_P(Replay, ABodyThatCannotGoOnIsReportedAsStalled) {
  runner_.kernel = [&](const KernelCall& call) {
    if (number(call) == 1) scheduler_.wait(kNever);
  };
  run_graphs([&] { submit_graph(GraphTaskArgs(), independent(3)); });
  EXPECT_EQ(scheduler_.failure().kind, RunFailure::Kind::kStalled);
  EXPECT_NE(scheduler_.failure().text.find("somebody waits for ever"), std::string::npos) << scheduler_.failure().text;
}

// Random graphs over a few cells; every node knows which node each of its cells was last written by, and some are suspended.
TEST_P(Replay, RandomGraphsKeepTheOrderWhoeverRunsThem) {
  constexpr uint32_t kCells = 12, kInstances = 24;
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 60; ++round) {
    struct Node {
      std::vector<uint32_t> cells;
      std::vector<int> before;
      bool aic, yields;
    };
    std::vector<Node> nodes(1 + random() % 60);
    std::vector<int> last(kCells, 0);
    const uint32_t suspensions = random() % 3 == 0 ? 4 : 0;
    for (size_t n = 0; n < nodes.size(); ++n) {
      Node& made = nodes[n];
      made.aic = random() % 3 == 0;
      made.yields = suspensions != 0 && random() % suspensions == 0;
      for (uint32_t c = 0; c < kCells; ++c) {
        if (random() % 6 != 0) continue;
        made.cells.push_back(c);
        made.before.push_back(last[c]);
        last[c] = static_cast<int>(n) + 1;
      }
    }
    std::vector<int> memory(kInstances * kCells, 0);
    std::atomic<int> wrong{0}, ran{0};
    runner_.kernel = [&](const KernelCall& call) {
      const Node& node = nodes[number(call)];
      for (size_t i = 0; i < node.cells.size(); ++i) {
        const ChipTensor& tensor = call.task->tensors()[i];
        wrong += tensor.data_as<int>()[tensor.start_offset] != node.before[i];
      }
      if (node.yields) scheduler_.yield();
      for (size_t i = 0; i < node.cells.size(); ++i) {
        const ChipTensor& tensor = call.task->tensors()[i];
        tensor.data_as<int>()[tensor.start_offset] = static_cast<int>(number(call)) + 1;
      }
      ++ran;
    };
    run_graphs([&] {
      for (uint32_t instance = 0; instance < kInstances; ++instance) {
        const ChipTensor cells = ints(&memory[instance * kCells], kCells);
        GraphTaskArgs args;
        args.add_inout(cells);
        submit_graph(args, [&](const GraphTaskArgs& g) {
          for (size_t n = 0; n < nodes.size(); ++n) {
            std::deque<ChipTensor> views;
            CoreTaskArgs step;
            for (uint32_t c : nodes[n].cells) {
              const uint32_t one = 1;
              views.push_back(g.tensor(0).ref().view(&one, &c));
              step.add_inout(views.back());
            }
            step.add_scalar(uint64_t{n});
            node(step, nodes[n].aic ? PTO2_SUBTASK_MASK_AIC : PTO2_SUBTASK_MASK_AIV0);
          }
        });
      }
    });
    ASSERT_EQ(wrong.load(), 0) << "round " << round;
    ASSERT_EQ(ran.load(), static_cast<int>(kInstances * nodes.size())) << "round " << round;
    for (uint32_t i = 0; i < memory.size(); ++i) ASSERT_EQ(memory[i], last[i % kCells]);
  }
}

}  // namespace
}  // namespace tilewright
