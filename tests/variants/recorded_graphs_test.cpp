// Recorded graphs from sources, on the simulator: a replay does what running the body does.
#include <gtest/gtest.h>

#include <random>

#include "base/error.h"
#include "callable_under_test.h"
#include "pto_orchestration_api.h"
#include "tilewright/worker.h"

namespace tilewright {
namespace {

using enum RuntimeVariant;

constexpr uint32_t kElements = 256;

class RecordedGraphs : public testing::TestWithParam<RuntimeVariant> {
 protected:
  static WorkerOptions options() {
    WorkerOptions options;
    options.in_process = true;
    return options;
  }
  /// Runs on x = 0, 1, 2, ... with these scalars; true if it succeeded.
  bool run(const std::vector<uint8_t>& image, std::vector<uint64_t> scalars = {}, int32_t threads = 0) {
    for (uint32_t i = 0; i < kElements; ++i) x_[i] = static_cast<float>(i);
    const CallableHandle handle = worker_.register_callable(image);
    RunOptions options;
    options.runtime = GetParam();
    options.host_threads = threads;
    options.track_war = track_war_;
    TaskArguments arguments;
    arguments.add_tensor(x_.data(), DataType::FLOAT32, {kElements}, ArgDirection::INOUT);
    for (uint64_t scalar : scalars) arguments.add_scalar_bits(scalar);
    try {
      report_ = worker_.run(handle, arguments, {}, options);
      return true;
    } catch (const Error& error) {
      status_ = error.status();
      message_ = error.what();
      return false;
    }
  }
  void expect_status(const std::vector<uint8_t>& image, int code, const std::string& text) {
    ASSERT_FALSE(run(image)) << text;
    EXPECT_EQ(status_, -code) << message_;
    EXPECT_NE(message_.find(text), std::string::npos) << text << " in: " << message_;
  }

  ChipWorker worker_{options()};
  std::vector<float> x_ = std::vector<float>(kElements);
  RunReport report_;
  bool track_war_ = false;
  int status_ = 0;
  std::string message_;
};

INSTANTIATE_TEST_SUITE_P(Runtimes, RecordedGraphs, testing::Values(kTensormapAndRingbuffer, kHostBuildGraph),
                         [](const auto& info) { return std::string(runtime_name(info.param)); });

// Helpers of the bodies: a view of 16 floats, y = a view's sum with another, and the graph's arguments.
constexpr const char* kHelpers = R"(
[[maybe_unused]] static ChipTensor part(const ChipTensor &t, uint32_t i) {
  const uint32_t shape[] = {16}, at[] = {16 * i};
  return t.view(shape, at);
}
[[maybe_unused]] static PTO2TaskId add(const ChipTensor &a, const ChipTensor &b, const ChipTensor &out) {
  CoreTaskArgs args;
  args.add_input(a, b);
  args.add_output(out);
  return rt_submit_aiv_task(1, args).task_id();
}
[[maybe_unused]] static int bodies = 0;  // how often a body was called in this run
static const uint32_t kSixteen[] = {16};
)";

// ---- what a replay may change ----

TEST_P(RecordedGraphs, TheBodyIsCalledOnceAndReplayedWithOtherAddressesAndScalars) {
  const auto image = build_body(R"(
    bodies = 0;
    for (uint32_t i = 0; i < 16; ++i) {
      const ChipTensor mine = part(x, i);
      GraphTaskArgs args;
      args.add_inout(mine);
      args.add_scalar(static_cast<float>(i));
      rt_submit_graph(layer, args);
    }
    if (bodies != 1) rt_report_fatal(9, "called %d times", bodies);)",
                                std::string(kHelpers) + R"(
    static void layer(const GraphTaskArgs &g) {
      ++bodies;
      const TensorCreateInfo info(kSixteen, 1);
      CoreTaskArgs twice;  // temporary = x + x
      twice.add_input(g.tensor(0).ref(), g.tensor(0).ref());
      twice.add_output(info);
      const TaskOutputTensors made = rt_submit_aiv_task(1, twice);
      CoreTaskArgs scale;  // x = x * scalar + scalar
      scale.add_inout(g.tensor(0).ref());
      scale.add_scalar(g.scalar(0), g.scalar(0));
      rt_submit_aiv_task(0, scale);
      add(g.tensor(0).ref(), made.get_ref(0), g.tensor(0).ref());
    })");
  ASSERT_TRUE(run(image)) << message_;
  for (uint32_t i = 0; i < kElements; ++i) {
    const float x = static_cast<float>(i), scalar = static_cast<float>(i / 16);
    ASSERT_EQ(x_[i], x * scalar + scalar + 2 * x) << i;
  }
  EXPECT_EQ(report_.task_count, 16u);
}

TEST_P(RecordedGraphs, ConfigurationsAreRecordedApart) {
  const auto image = build_body(R"(
    bodies = 0;
    for (int round = 0; round < 3; ++round) {
      for (int times : {1, 3}) {
        GraphTaskArgs args;
        args.add_inout(x);
        rt_submit_graph(GRAPH_KEY("repeat"), repeat, args, times);
      }
    }
    if (bodies != 2) rt_report_fatal(9, "called %d times", bodies);)",
                                std::string(kHelpers) + R"(
    static void repeat(const GraphTaskArgs &g, int times) {
      ++bodies;
      for (int i = 0; i < times; ++i) scale(g.tensor(0).ref(), 1, 1);
    })");
  ASSERT_TRUE(run(image)) << message_;
  for (uint32_t i = 0; i < kElements; ++i) ASSERT_EQ(x_[i], static_cast<float>(i) + 12);
}

TEST_P(RecordedGraphs, TheTaskIdOfAGraphCanBeDependedOnHoweverItRan) {
  const auto image = build_body(R"(
    PTO2TaskId last = PTO2TaskId::invalid();
    for (bool reads_data : {false, true}) {
      PTO2_SCOPE(PTO2ScopeMode::MANUAL) {
        for (int i = 0; i < 4; ++i) {
          CoreTaskArgsWithDeps<1> args;
          args.add_inout(x);
          args.add_scalar(2.0f, 1.0f);
          if (last.is_valid()) args.add_dep(last);
          const PTO2TaskId before = rt_submit_aiv_task(0, args).task_id();
          if (reads_data) {  // runs task by task: its first task is not ordered by the graph's arguments
            last = before;
            continue;
          }
          GraphTaskArgs g;
          g.add_inout(x);
          g.set_dependencies(&before, 1);
          last = rt_submit_graph(body, g, reads_data).task_id;
        }
      }
      PTO2_SCOPE() {  // in an AUTO scope both ways follow the data, from a task on that waits for the MANUAL scope's last
        CoreTaskArgs first;
        first.add_inout(x);
        first.set_dependencies(&last, 1);
        rt_submit_dummy_task(first);
        GraphTaskArgs g;
        g.add_inout(x);
        CoreTaskArgsWithDeps<1> args;
        args.add_dep(rt_submit_graph(body, g, reads_data).task_id);
        args.add_inout(x);
        args.add_scalar(1.0f, 0.0f);
        last = rt_submit_aiv_task(0, args).task_id();  // nothing but this orders the next MANUAL scope after it
      }
    })",
                                std::string(kHelpers) + R"(
    static void body(const GraphTaskArgs &g, bool reads_data) {
      if (reads_data) {
        const uint32_t at[] = {0};
        uint32_t one[] = {1};
        float constant = 0;
        get_tensor_data<float>(make_tensor_external(&constant, one, 1), 1, at);
      }
      scale(g.tensor(0).ref(), 1, 5);
    })");
  ASSERT_TRUE(run(image)) << message_;
  for (uint32_t i = 0; i < kElements; ++i) {
    float x = static_cast<float>(i);
    for (int step = 0; step < 4; ++step) x = x * 2 + 1 + 5;
    x += 5;
    for (int step = 0; step < 4; ++step) x = x * 2 + 1;
    ASSERT_EQ(x_[i], x + 5) << i;
  }
}

// ---- what falls back to running the body ----

/// Submits `graph` for the 16 parts of x, twice each; `prepare` may change `args` (its first tensor is `mine`) for i > 0. The body
/// must have been called `calls` times.
std::string for_all_parts(const std::string& prepare, int calls) {
  return R"(
    bodies = 0;
    for (uint32_t i = 0; i < 16; ++i) {
      const ChipTensor mine = part(x, i);
      GraphTaskArgs args;
      )" +
         prepare + R"(
      rt_submit_graph(body, args);
    }
    if (bodies != )" +
         std::to_string(calls) + ") rt_report_fatal(9, \"called %d times\", bodies);";
}

TEST_P(RecordedGraphs, OtherShapesTagsAliasesAndCountsRunTheBody) {
  const std::string body = std::string(kHelpers) + R"(
    static void body(const GraphTaskArgs &g) {
      ++bodies;
      scale(g.tensor(0).ref(), 2, 1);
    })";
  const uint32_t kPrepared = 5;
  const char* const prepared[kPrepared] = {
      "const uint32_t shape[] = {4, 4}; const ChipTensor square = mine.reshape(shape, 2); if (i % 2 == 0) args.add_inout(mine); else "
      "args.add_inout(square);",
      "args.add_inout(mine); const ChipTensor other = part(x, (i + 1) % 16); if (i % 2 == 1) args.add_input(i == 1 ? mine : other); else "
      "args.add_input(other);",
      "if (i % 2 == 0) args.add_inout(mine); else args.add_output(mine);",
      "args.add_inout(mine); if (i % 2 == 1) args.add_scalar(i);",
      "args.add_inout(mine); ChipTensor manual = mine; manual.manual_dep = i % 2 == 1; args.add_no_dep(manual);",
  };
  // Recorded once, and called for each of the odd parts; in the second case for the one whose tensors overlap.
  const int calls[kPrepared] = {9, 2, 9, 9, 9};
  for (uint32_t c = 0; c < kPrepared; ++c) {
    SCOPED_TRACE(prepared[c]);
    const std::string only_scale = c == 0 ? std::string(kHelpers) + R"(
    static void body(const GraphTaskArgs &g) {
      ++bodies;
      scale(g.tensor(0).ref().reshape(kSixteen, 1), 2, 1);
    })"
                                          : body;
    ASSERT_TRUE(run(build_body(for_all_parts(prepared[c], calls[c]), only_scale))) << message_;
    for (uint32_t i = 0; i < kElements; ++i) ASSERT_EQ(x_[i], static_cast<float>(i) * 2 + 1) << i;
  }
}

TEST_P(RecordedGraphs, AScalarThatTheBodyLooksAtKeepsItsValueOrTheBodyRuns) {
  const std::string body = std::string(kHelpers) + R"(
    static void body(const GraphTaskArgs &g) {
      ++bodies;
      const uint64_t times = g.scalar(0);
      for (uint64_t n = 0; n < times; ++n) {
        CoreTaskArgs args;
        args.add_inout(g.tensor(0).ref());
        args.add_scalar(g.scalar(1), g.scalar(2));
        rt_submit_aiv_task(0, args);
      }
    })";
  ASSERT_TRUE(
      run(build_body(for_all_parts("args.add_inout(mine); args.add_scalar(uint64_t{i % 3}, 2.0f, static_cast<float>(i));", 11), body)))
      << message_;
  for (uint32_t i = 0; i < kElements; ++i) {
    float x = static_cast<float>(i);
    for (uint32_t n = 0; n < i / 16 % 3; ++n) x = x * 2 + static_cast<float>(i / 16);
    ASSERT_EQ(x_[i], x) << i;
  }
}

TEST_P(RecordedGraphs, BodiesThatCannotBeRecordedRunEachTime) {
  const char* const bodies[] = {
      // a scalar is changed after it was taken over
      "CoreTaskArgs a; a.add_inout(t); a.add_scalar(2.0f); a.add_scalar(g.scalar(0)); a.scalar(1) = to_u64(1.0f); rt_submit_aiv_task(0, "
      "a);",
      // tensor data is read, and decides
      "const uint32_t at[] = {0}; const float one = get_tensor_data<float>(constant_one(), 1, at); scale(t, 2, one);",
      // a tensor that is not among the arguments
      "const ChipTensor one = constant_one(); CoreTaskArgs a; a.add_inout(t); a.add_input(one); a.add_scalar(1); scale(t, 2, 1); "
      "if (false) rt_submit_aiv_task(0, a); CoreTaskArgs b; b.add_no_dep(one); rt_submit_dummy_task(b);",
      // an edge to a task outside
      "CoreTaskArgsWithDeps<1> a; a.add_inout(t); a.add_scalar(2.0f, 1.0f); a.add_dep(outside); rt_submit_aiv_task(0, a);",
  };
  for (const char* text : bodies) {
    SCOPED_TRACE(text);
    const std::string body = std::string(kHelpers) + R"(
    static float one = 1;
    static PTO2TaskId outside;
    [[maybe_unused]] static ChipTensor constant_one() { const uint32_t shape[] = {1}; return make_tensor_external(&one, shape, 1); }
    static void body(const GraphTaskArgs &g) {
      ++bodies;
      [[maybe_unused]] const ChipTensor &t = g.tensor(0).ref();
      )" + text + "}";
    const std::string before = "CoreTaskArgs nothing; outside = rt_submit_dummy_task(nothing).task_id();";
    // Once for the recording that failed, then for each of the 16.
    ASSERT_TRUE(run(build_body(before + for_all_parts("args.add_inout(mine); args.add_scalar(7.0f);", 17), body))) << message_;
    for (uint32_t i = 0; i < kElements; ++i) ASSERT_EQ(x_[i], static_cast<float>(i) * 2 + 1) << i;
  }
}

// ---- what bodies may hold ----

TEST_P(RecordedGraphs, BodiesMayHoldScopesAllocationsDummiesPredicatesAndInitialValues) {
  const std::string body = std::string(kHelpers) + R"(
    static void body(const GraphTaskArgs &g) {
      ++bodies;
      const ChipTensor &t = g.tensor(0).ref();
      TensorCreateInfo info(kSixteen, 1);
      const TaskOutputTensors room = alloc_tensors(info);
      info.set_initial_value(0.5f);
      TensorCreateInfo flag(kSixteen, 1, DataType::INT32);
      flag.set_initial_value(int32_t{1});
      PTO2_SCOPE() {
        CoreTaskArgs make;  // half = 0.5 * 2 + 0
        make.add_output(info);
        make.add_scalar(2.0f, 0.0f);
        const TaskOutputTensors half = rt_submit_aiv_task(0, make);
        add(t, half.get_ref(0), room.get_ref(0));  // room = t + 1
      }
      PTO2TaskId last;
      PTO2_SCOPE(PTO2ScopeMode::MANUAL) {
        CoreTaskArgsWithDeps<1> copy;
        copy.add_input(room.get_ref(0), room.get_ref(0));
        copy.add_output(t);
        CoreTaskArgs gate;
        gate.add_input(t);
        gate.add_inout(room.get_ref(0));
        last = rt_submit_dummy_task(gate).task_id();
        copy.add_dep(last);
        last = rt_submit_aiv_task(1, copy).task_id();
      }
      CoreTaskArgs flags;
      flags.add_output(flag);
      flags.add_scalar(1.0f, 0.0f);
      const TaskOutputTensors made = rt_submit_dummy_task(flags);
      for (int64_t wanted : {0, 1}) {
        CoreTaskArgs args;
        args.add_inout(t);
        args.add_scalar(1.0f, 100.0f);
        CoreTaskPredicate predicate;
        predicate.operand.tensor = &made.get_ref(0);
        predicate.operand.ndims = 1;
        predicate.op = PredicateOp::EQ;
        predicate.target = wanted;
        args.set_predicate(predicate);
        rt_submit_aiv_task(0, args);
      }
    })";
  // The manual copy needs the addition before it: an explicit edge through the dummy does not order it, the scope's end does not
  // either; so this program orders by running on one thread, in order of submission.
  ASSERT_TRUE(run(build_body(for_all_parts("args.add_inout(mine);", 1), body), {}, 1)) << message_;
  for (uint32_t i = 0; i < kElements; ++i) ASSERT_EQ(x_[i], 2 * (static_cast<float>(i) + 1) + 100) << i;
}

TEST_P(RecordedGraphs, GraphsWithinGraphsAreNodesOfTheOuterOne) {
  const std::string body = std::string(kHelpers) + R"(
    static void inner(const GraphTaskArgs &g) { scale(g.tensor(0).ref(), 2, 0); }
    static void body(const GraphTaskArgs &g) {
      ++bodies;
      GraphTaskArgs args;
      args.add_inout(g.tensor(0).ref());
      const PTO2TaskId done = rt_submit_graph(inner, args).task_id;
      CoreTaskArgsWithDeps<1> after;
      after.add_inout(g.tensor(0).ref());
      after.add_scalar(1.0f, 1.0f);
      after.add_dep(done);
      rt_submit_aiv_task(0, after);
    })";
  ASSERT_TRUE(run(build_body(for_all_parts("args.add_inout(mine);", 1), body))) << message_;
  for (uint32_t i = 0; i < kElements; ++i) ASSERT_EQ(x_[i], static_cast<float>(i) * 2 + 1) << i;
  EXPECT_EQ(report_.task_count, 16u);
}

TEST_P(RecordedGraphs, NodesOfSeveralBlocksAndLanesRun) {
  // Kernel 0 of four blocks: each scales its quarter. Kernel 1 on both AIV lanes of a cluster.
  const std::string blocks = R"(
#include <pto/pto-inst.hpp>
#include "tensor.h"
#include "intrinsic.h"
extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  const ChipTensor &t = *reinterpret_cast<ChipTensor *>(args[0]);
  const uint32_t n = t.shapes[0] / static_cast<uint32_t>(get_block_num(args)), from = n * static_cast<uint32_t>(get_block_idx(args));
  float *data = t.data_as<float>() + t.start_offset;
  for (uint32_t i = from; i < from + n; ++i) data[i] = data[i] * 2;
}
)";
  const std::string lanes = R"(
#include <pto/pto-inst.hpp>
#include "tensor.h"
#include "intrinsic.h"
extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  const ChipTensor &t = *reinterpret_cast<ChipTensor *>(args[0]);
  const uint32_t n = t.shapes[0] / 2, from = n * static_cast<uint32_t>(get_sub_block_id(args));
  float *data = t.data_as<float>() + t.start_offset;
  for (uint32_t i = from; i < from + n; ++i) data[i] = data[i] + 1;
}
)";
  const auto image = build_from_text(std::string("#include \"pto_orchestration_api.h\"\n") + kHelpers + R"(
    static void body(const GraphTaskArgs &g) {
      ++bodies;
      for (int i = 0; i < 3; ++i) {
        CoreTaskArgs wide;
        wide.add_inout(g.tensor(0).ref());
        wide.launch_spec.set_block_num(4);
        rt_submit_aiv_task(0, wide);
        CoreTaskArgs mixed;
        mixed.add_inout(g.tensor(0).ref());
        MixedKernels kernels;
        kernels.aiv0_kernel_id = kernels.aiv1_kernel_id = 1;
        rt_submit_task(kernels, mixed);
      }
    }
    extern "C" void aicpu_orchestration_entry(const ChipTaskArgs &orch) {
      const ChipTensor &x = orch.tensor(0).ref();
      for (int round = 0; round < 2; ++round) {)" +
                                         for_all_parts("args.add_inout(mine);", 0) + "}}",
                                     {blocks, lanes});
  // The check of for_all_parts does not fit two rounds: it fails the run with the count, which is what this test reads.
  ASSERT_FALSE(run(image));
  EXPECT_NE(message_.find("called 1 times"), std::string::npos) << message_;
}

// ---- refusals ----

TEST_P(RecordedGraphs, OutputsAmongTheArgumentsAreRefused) {
  expect_status(
      build_body("const TensorCreateInfo info(kSixteen, 1); GraphTaskArgs args; args.add_output(info); rt_submit_graph(body, args);",
                 std::string(kHelpers) + "static void body(const GraphTaskArgs &) {}"),
      PTO2_ERROR_INVALID_ARGS, "argument 0: a graph takes tensors that exist");
}

TEST_P(RecordedGraphs, ErrorsOfTheBodyAndOfTheArgumentsEndTheRun) {
  expect_status(build_body("GraphTaskArgs args; args.add_inout(x); rt_submit_graph(body, args);", std::string(kHelpers) + R"(
    static void body(const GraphTaskArgs &g) { CoreTaskArgs args; args.add_inout(g.tensor(0).ref()); rt_submit_aiv_task(44, args); })"),
                PTO2_ERROR_INVALID_ARGS, "in the body of a recorded graph: task 0: the callable has no kernel with func_id 44");
  expect_status(build_body("GraphTaskArgs args; args.add_scalar(1); args.add_inout(x); rt_submit_graph(body, args);",
                           std::string(kHelpers) + "static void body(const GraphTaskArgs &) {}"),
                PTO2_ERROR_INVALID_ARGS, "tensors must be added before scalars");
}

TEST_P(RecordedGraphs, ExplicitDependenciesOfAGraphThatIsNotRecordedAreRefused) {
  expect_status(build_body(R"(
    CoreTaskArgs nothing;
    const PTO2TaskId before = rt_submit_dummy_task(nothing).task_id();
    GraphTaskArgs args;
    args.add_inout(x);
    args.set_dependencies(&before, 1);
    rt_submit_graph(body, args);)",
                           std::string(kHelpers) + R"(
    static void body(const GraphTaskArgs &g) { const uint32_t at[] = {0}; get_tensor_data<float>(g.tensor(0).ref(), 1, at); })"),
                PTO2_ERROR_INVALID_ARGS, "has explicit dependencies, which only a recorded graph can wait for, and it reads tensor data");
}

TEST_P(RecordedGraphs, ATensorThatLeavesItsGraphIsRefused) {
  expect_status(
      build_body("GraphTaskArgs args; args.add_inout(x); rt_submit_graph(body, args); scale(kept, 1, 1);", std::string(kHelpers) + R"(
    static ChipTensor kept;
    static void body(const GraphTaskArgs &g) {
      const TensorCreateInfo info(kSixteen, 1);
      CoreTaskArgs args;
      args.add_input(g.tensor(0).ref(), g.tensor(0).ref());
      args.add_output(info);
      const TaskOutputTensors made = rt_submit_aiv_task(1, args);
      kept = made.get_ref(0);
    })"),
      PTO2_ERROR_INVALID_ARGS, "owner is not a task of this run");
}

TEST_P(RecordedGraphs, TheFunctionsBelowRecordToo) {
  const std::string low_level = R"(
    for (uint32_t i = 0; i < 16; ++i) {
      const ChipTensor mine = part(x, i);
      GraphTaskArgs args;
      args.add_inout(mine);
      const GraphScopeResult result = rt_graph_begin(rt_graph_make_key(GRAPH_KEY("low")), args);
      if (result.execute_block != (i == 0)) rt_report_fatal(9, "graph %u", i);
      if (result.recording && !rt_graph_prepare(result.recording_handle, args)) rt_report_fatal(9, "prepare");
      if (result.execute_block) scale(args.tensor(0).ref(), 2, 1);
      ABORT
      if (result.recording && !rt_graph_end()) break;
      rt_graph_commit();
    })";
  const auto with = [&](const std::string& abort) {
    std::string text = low_level;
    return build_body(text.replace(text.find("ABORT"), 5, abort), kHelpers);
  };
  ASSERT_TRUE(run(with(""))) << message_;
  for (uint32_t i = 0; i < kElements; ++i) ASSERT_EQ(x_[i], static_cast<float>(i) * 2 + 1) << i;
  expect_status(with("if (result.recording) rt_graph_abort(result.recording_handle);"), PTO2_ERROR_INVALID_ARGS,
                "cannot be recorded: rt_graph_abort was called; submit it with rt_submit_graph");
}

// ---- random bodies: a replay equals running the body ----

// Scalars: seed, 1 to submit graphs and 0 to call their bodies, number of graphs. Bodies are random programs over three boundary
// tensors, views of them, outputs of their own, scopes of both modes and explicit edges. Boundary views wander over x.
constexpr const char* kRandomBodies = R"(
struct Random {
  uint64_t state;
  uint64_t next() { state = state * 6364136223846793005ull + 1442695040888963407ull; return state >> 33; }
  uint32_t below(uint32_t n) { return static_cast<uint32_t>(next() % n); }
};
static ChipTensor piece(const ChipTensor &t, Random &random) {
  const uint32_t n = 1 + random.below(t.shapes[0]), at = random.below(t.shapes[0] - n + 1);
  const ChipTensor view = t.view(&n, &at);
  return random.below(3) == 0 && n > 2 ? view.slice(0, random.below(2), n, 1) : view;
}
// x = x * a + b, over whatever piece; kernel 0 walks shapes[0] elements, so pieces have stride 1.
static void random_body(const GraphTaskArgs &g, uint64_t seed) {
  Random random{seed};
  TaskOutputTensors made[8];
  uint32_t made_count = 0;
  PTO2TaskId ids[64];
  uint32_t id_count = 0;
  const uint32_t tasks = 1 + random.below(40);
  for (uint32_t task = 0; task < tasks; ++task) {
    CoreTaskArgsWithDeps<4> args;
    const bool manual = random.below(6) == 0;
    if (manual) rt_scope_begin(PTO2ScopeMode::MANUAL);
    TensorCreateInfo info(kSixteen, 1);
    info.set_initial_value(0.25f);
    ChipTensor t[3];
    const auto any = [&](uint32_t i) {
      const uint32_t choice = random.below(3 + made_count);
      t[i] = piece(choice < 3 ? g.tensor(static_cast<int32_t>(choice)).ref() : made[choice - 3].get_ref(0), random);
    };
    PTO2TaskId id;
    if (manual) {
      CoreTaskArgs dummy;
      id = rt_submit_dummy_task(dummy).task_id();
    } else if (random.below(4) == 0 && made_count < 8) {
      args.add_output(info);
      args.add_scalar(g.scalar(0), g.scalar(1));
      for (int i = 0; i < 2 && id_count != 0; ++i) args.add_dep(ids[random.below(id_count)]);
      made[made_count] = rt_submit_aiv_task(0, args);
      id = made[made_count++].task_id();
    } else if (random.below(2) == 0) {
      any(0);
      args.add_inout(t[0]);
      if (random.below(2) == 0) args.add_scalar(g.scalar(random.below(2)), g.scalar(1));
      else args.add_scalar(0.5f, static_cast<float>(task));
      id = rt_submit_aiv_task(0, args).task_id();
    } else {
      for (uint32_t i = 0; i < 3; ++i) any(i);
      uint32_t n = t[0].shapes[0], zero = 0;
      for (const ChipTensor &tensor : t) n = tensor.shapes[0] < n ? tensor.shapes[0] : n;
      for (ChipTensor &tensor : t) tensor = tensor.view(&n, &zero);
      args.add_input(t[0], t[1]);
      args.add_inout(t[2]);
      id = rt_submit_aiv_task(1, args).task_id();
    }
    ids[id_count++] = id;
    if (manual) rt_scope_end();
  }
}
extern "C" void aicpu_orchestration_entry(const ChipTaskArgs &orch) {
  const ChipTensor &x = orch.tensor(0).ref();
  Random random{orch.scalar(0)};
  const bool graphs = orch.scalar(1) != 0;
  uint64_t seeds[4];
  for (uint64_t &seed : seeds) seed = random.next();
  for (uint64_t n = 0; n < orch.scalar(2); ++n) {
    const uint64_t seed = seeds[random.below(4)];
    ChipTensor t[3];
    uint32_t at = random.below(16);
    for (ChipTensor &tensor : t) {  // disjoint most of the time
      const uint32_t length = 16 + 16 * (&tensor == t), place = 16 * (at % 14);
      tensor = x.view(&length, &place);
      at += random.below(5) + (random.below(8) != 0 ? 2 : 0);
    }
    GraphTaskArgs args;
    args.add_inout(t[0]);
    args.add_input(t[1]);
    args.add_output(t[2]);
    args.add_scalar(0.5f, static_cast<float>(random.below(5)));
    if (graphs) rt_submit_graph(GRAPH_KEY("random"), random_body, args, seed);
    else random_body(args, seed);
  }
}
)";

TEST_P(RecordedGraphs, RandomBodiesReplayedEqualRandomBodiesCalled) {
  const auto image = build_from_text(std::string("#include \"pto_orchestration_api.h\"\n") + kHelpers + kRandomBodies);
  const uint64_t first = std::random_device{}();
  track_war_ = true;  // results are compared: every order that they show must be demanded
  uint64_t tasks_called = 0, tasks_replayed = 0;
  for (uint64_t seed = first; seed < first + 40; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    for (int32_t threads : {1, 2}) {
      ASSERT_TRUE(run(image, {seed, 0, 30}, threads)) << message_;
      const std::vector<float> called = x_;
      tasks_called += report_.task_count;
      ASSERT_TRUE(run(image, {seed, 1, 30}, threads)) << message_;
      for (uint32_t i = 0; i < kElements; ++i) {
        ASSERT_TRUE(x_[i] == called[i] || (x_[i] != x_[i] && called[i] != called[i])) << i << ": " << x_[i] << ", called " << called[i];
      }
      tasks_replayed += report_.task_count;
    }
  }
  EXPECT_LT(4 * tasks_replayed, tasks_called) << "most graphs are one task";
}

}  // namespace
}  // namespace tilewright
