// The runtime variants from sources, on the simulator: tensormap_and_ringbuffer, host_build_graph, aicpu_build_graph.
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/error.h"
#include "callable_under_test.h"
#include "pto_orchestration_api.h"
#include "tilewright/worker.h"

namespace tilewright {
namespace {

using enum RuntimeVariant;

class Variants : public testing::Test {
 protected:
  explicit Variants(bool in_process = true) : worker_(options(in_process)) {}
  static WorkerOptions options(bool in_process) {
    WorkerOptions options;
    options.in_process = in_process;
    return options;
  }
  /// Runs on x = {1, 1, ...}; true if it succeeded.
  bool run(const std::vector<uint8_t>& image, RuntimeVariant variant, const CallConfig& config = {}) {
    std::fill(x_.begin(), x_.end(), 1.0f);
    const CallableHandle handle = worker_.register_callable(image);
    RunOptions options;
    options.runtime = variant;
    try {
      worker_.run(handle, TaskArguments().add_tensor(x_.data(), DataType::FLOAT32, {16}, ArgDirection::INOUT), config, options);
      return true;
    } catch (const Error& error) {
      status_ = error.status();
      message_ = error.what();
      return false;
    }
  }
  void expect_status(const std::vector<uint8_t>& image, RuntimeVariant variant, int code, const std::string& text,
                     const CallConfig& config = {}) {
    SCOPED_TRACE(runtime_name(variant));
    if (run(image, variant, config)) {
      ADD_FAILURE() << "the run succeeded";
      return;
    }
    EXPECT_EQ(status_, -code) << message_;
    EXPECT_NE(message_.find(text), std::string::npos) << text << " in: " << message_;
  }
  void expect_x(float value) {
    for (float element : x_) ASSERT_EQ(element, value) << message_;
  }

  ChipWorker worker_;
  std::vector<float> x_ = std::vector<float>(16);
  int status_ = 0;
  std::string message_;
};

constexpr const char* kChain = "for (int i = 0; i < 8; ++i) scale(x, 2, static_cast<float>(i));";

float chain_result() {
  float x = 1;
  for (int i = 0; i < 8; ++i) x = x * 2 + static_cast<float>(i);
  return x;
}

TEST_F(Variants, AutomaticOnesFindTheOrderOfAChain) {
  const auto image = build_body(kChain);
  for (RuntimeVariant variant : {kTensormapAndRingbuffer, kHostBuildGraph}) {
    ASSERT_TRUE(run(image, variant)) << message_;
    expect_x(chain_result());
  }
}

TEST_F(Variants, AllOfThemTakeDependenciesOfEveryKindAndInitialValues) {
  const auto image = build_body(R"(
    PTO2_SCOPE(PTO2ScopeMode::MANUAL) {
      uint32_t shape[] = {16};
      TensorCreateInfo info(shape, 1);
      info.set_initial_value(3.0f);
      CoreTaskArgs make;
      make.add_output(info);
      make.add_scalar(2.0f, 1.0f);
      const TaskOutputTensors made = rt_submit_aiv_task(0, make);       // 3 * 2 + 1
      const PTO2TaskId first = scale(x, 5, 0);
      CoreTaskArgsWithDeps<4> sum;
      sum.add_input(made.get_ref(0), x);
      sum.add_output(x);
      sum.add_dep(made.task_id());
      sum.add_dep_wait(first);
      rt_submit_aiv_task(1, sum);
    })");
  for (RuntimeVariant variant : {kTensormapAndRingbuffer, kHostBuildGraph, kAicpuBuildGraph}) {
    ASSERT_TRUE(run(image, variant)) << message_;
    expect_x(12);
  }
}

// ---- host_build_graph ----

TEST_F(Variants, NothingRunsBeforeAHostBuiltGraphIsComplete) {
  // A write behind the engine's back, by the orchestration, is what the task sees: it has not run yet.
  const auto image = build_body("scale(x, 2, 0); for (int i = 0; i < 16; ++i) x.data_as<float>()[i] = 10;");
  ASSERT_TRUE(run(image, kHostBuildGraph)) << message_;
  expect_x(20);
}

TEST_F(Variants, SettingAnElementOfAHostBuiltGraphChangesWhatItsTasksStartFrom) {
  const auto image = build_body(R"(
    CoreTaskArgs args;  // only reads x
    uint32_t shape[] = {16}, at[] = {0};
    const TensorCreateInfo info(shape, 1);
    args.add_input(x, x);
    args.add_output(info);
    rt_submit_aiv_task(1, args);
    for (at[0] = 0; at[0] < 16; ++at[0]) set_tensor_data(x, 1, at, 7.0f);
    at[0] = 3;
    if (get_tensor_data<float>(x, 1, at) != 7.0f) rt_report_fatal(9, "not set");
    scale(x, 2, 0);)");
  ASSERT_TRUE(run(image, kHostBuildGraph)) << message_;
  expect_x(14);
}

TEST_F(Variants, ReadingWhatATaskOfAHostBuiltGraphWritesIsRefused) {
  expect_status(build_body("uint32_t at[] = {0}; scale(x, 2, 0); get_tensor_data<float>(x, 1, at);"), kHostBuildGraph,
                PTO2_ERROR_INVALID_ARGS, "task 0 writes it and runs only when the graph is complete");
  expect_status(build_body("uint32_t at[] = {0}; scale(x, 2, 0); set_tensor_data(x, 1, at, 1.0f);"), kHostBuildGraph,
                PTO2_ERROR_INVALID_ARGS, "task 0 writes it");
}

TEST_F(Variants, AHostBuiltGraphThatDoesNotFitFailsWithTheLimit) {
  CallConfig config;
  config.runtime_env.ring_task_window[0] = 4;
  expect_status(build_body(kChain), kHostBuildGraph, PTO2_ERROR_FLOW_CONTROL_DEADLOCK, "all 4 task slots are in use", config);
  config.runtime_env.ring_heap[0] = 2048;
  const char* const outputs = R"(
    uint32_t shape[] = {16};
    const TensorCreateInfo info(shape, 1);
    for (int i = 0; i < 3; ++i) alloc_tensors(info);)";
  expect_status(build_body(outputs), kHostBuildGraph, PTO2_ERROR_HEAP_RING_DEADLOCK, "the heap has 2048 bytes, 2048 in use", config);
}

TEST_F(Variants, OnlyTheFirstRingOfAHostBuiltGraphCounts) {
  CallConfig config;
  for (int ring : {1, 2, 3}) config.runtime_env.ring_task_window[ring] = 4;
  const auto image = build_body("PTO2_SCOPE() { PTO2_SCOPE() { for (int i = 0; i < 40; ++i) scale(x, 1, 1); } }");
  ASSERT_TRUE(run(image, kHostBuildGraph, config)) << message_;
  expect_x(41);
}

TEST_F(Variants, ManyProducersOfOneTaskAreNoLimit) {
  const auto image = build_body(R"(
    PTO2TaskId ids[300];
    uint32_t shape[] = {16};
    const TensorCreateInfo info(shape, 1);
    for (PTO2TaskId &id : ids) {
      CoreTaskArgs args;
      args.add_input(x, x);
      args.add_output(info);
      id = rt_submit_aiv_task(1, args).task_id();
    }
    CoreTaskArgs last;
    last.add_inout(x);
    last.add_scalar(2.0f, 0.0f);
    last.set_dependencies(ids, 300);
    rt_submit_aiv_task(0, last);)");
  ASSERT_TRUE(run(image, kHostBuildGraph)) << message_;
  expect_x(2);
}

// ---- aicpu_build_graph ----

constexpr const char* kExplicitChain = R"(
    PTO2TaskId last = PTO2TaskId::invalid();
    for (int scope = 0; scope < 2; ++scope) {
      PTO2_SCOPE() {
        for (int i = 4 * scope; i < 4 * scope + 4; ++i) {
          const PTO2TaskId next = scale(x, 2, static_cast<float>(i));
          if (last.is_valid()) rt_add_dependency(last, next);
          last = next;
        }
      }
    })";

TEST_F(Variants, ExplicitEdgesOrderTasksWithinAndAcrossScopes) {
  const auto image = build_body(kExplicitChain);
  ASSERT_TRUE(run(image, kAicpuBuildGraph)) << message_;
  expect_x(chain_result());
  ASSERT_TRUE(run(image, kHostBuildGraph)) << "edges are added on top of those found: " << message_;
  expect_x(chain_result());
}

TEST_F(Variants, EdgesAgainstTheOrderOfSubmissionHold) {
  const auto image = build_body(R"(
    PTO2TaskId ids[8];
    for (int i = 7; i >= 0; --i) ids[i] = scale(x, 2, static_cast<float>(i));
    for (int i = 7; i > 0; --i) rt_add_dependency(ids[i - 1], ids[i]);)");
  ASSERT_TRUE(run(image, kAicpuBuildGraph)) << message_;
  expect_x(chain_result());
}

TEST_F(Variants, ACycleIsRefusedAndNamed) {
  expect_status(build_body("auto a = scale(x, 1, 0), b = scale(x, 1, 0); rt_add_dependency(a, b); rt_add_dependency(b, a);"),
                kAicpuBuildGraph, PTO2_ERROR_INVALID_ARGS, "producer: ring 0, task 1; consumer: ring 0, task 0");
}

TEST_F(Variants, ATaskThatMayRunAlreadyTakesNoEdges) {
  const auto image = build_body("auto a = scale(x, 1, 0), b = scale(x, 1, 0); rt_add_dependency(a, b);");
  expect_status(image, kTensormapAndRingbuffer, PTO2_ERROR_INVALID_ARGS, "run from their submission on");
  const auto late = build_body("PTO2TaskId a, b; PTO2_SCOPE() { a = scale(x, 1, 0); b = scale(x, 1, 0); } rt_add_dependency(a, b);");
  expect_status(late, kAicpuBuildGraph, PTO2_ERROR_INVALID_ARGS, "the consumer is published already");
}

TEST_F(Variants, PublishedScopesRunWhileBuildingGoesOn) {
  // Four times the window: later scopes wait until tasks of earlier ones have completed.
  CallConfig config;
  config.runtime_env.ring_task_window[1] = 8;
  const auto image = build_body(R"(
    PTO2TaskId last = PTO2TaskId::invalid();
    for (int i = 0; i < 32; ++i) {
      PTO2_SCOPE() {
        const PTO2TaskId next = scale(x, 1, 1);
        if (last.is_valid()) rt_add_dependency(last, next);
        last = next;
      }
    })");
  ASSERT_TRUE(run(image, kAicpuBuildGraph, config)) << message_;
  expect_x(33);
  ::setenv("PTO_AICPU_BUILD_GRAPH_BUILD_MODE", "0", 1);
  expect_status(image, kAicpuBuildGraph, PTO2_ERROR_FLOW_CONTROL_DEADLOCK, "all 8 task slots are in use", config);
  EXPECT_TRUE(run(image, kAicpuBuildGraph)) << message_;
  ::unsetenv("PTO_AICPU_BUILD_GRAPH_BUILD_MODE");
  expect_x(33);
}

TEST_F(Variants, AnOpenScopeThatFillsItsRingIsADeadlock) {
  CallConfig config;
  config.runtime_env.ring_task_window[0] = 4;
  expect_status(build_body(kChain), kAicpuBuildGraph, PTO2_ERROR_SCOPE_DEADLOCK, "waits for a scope that is still open", config);
}

TEST_F(Variants, ReadingAfterAScopeEndedWaitsForItsTasks) {
  const auto image = build_body(R"(
    uint32_t at[] = {0};
    PTO2_SCOPE() { scale(x, 2, 1); }
    const float seen = get_tensor_data<float>(x, 1, at);
    scale(x, 1, seen);)");
  ASSERT_TRUE(run(image, kAicpuBuildGraph)) << message_;
  expect_x(6);
  expect_status(build_body("uint32_t at[] = {0}; scale(x, 2, 1); get_tensor_data<float>(x, 1, at);"), kAicpuBuildGraph,
                PTO2_ERROR_INVALID_ARGS, "runs only when its scope has ended");
}

TEST_F(Variants, SourcesInTheOlderSpellingCompileAndRun) {
  // As such sources were written: the runtime first, Arg, Tensor, SubmitResult, explicit edges.
  const auto image = build_from_text(R"(
    #include "pto_orchestration_api.h"
    extern "C" {
    PTO2OrchestrationConfig aicpu_orchestration_config(const ChipStorageTaskArgs &orch_args) {
      return PTO2OrchestrationConfig{orch_args.tensor_count() == 1 ? 1 : 7};
    }
    void aicpu_orchestration_entry(PTO2Runtime *rt, const ChipStorageTaskArgs &orch_args) {
      Tensor x = from_tensor_arg(orch_args.tensor(0));
      LOG_INFO(rt, "x has %u elements", x.shapes[0]);
      if (rt_is_fatal(rt)) return;
      uint32_t shape[1] = {16};
      TensorCreateInfo info(shape, 1);
      PTO2TaskId last = PTO2TaskId::invalid();
      PTO2_SCOPE(rt) {
        Arg first;
        first.add_inout(x);
        first.add_scalar(3.0f, 0.0f);
        SubmitResult scaled = rt_submit_aiv_task(rt, 0, first);
        Arg second;
        second.add_input(x, x);
        second.add_output(info);
        SubmitResult doubled = rt_submit_aiv_task(rt, 1, second);
        rt_add_dependency(rt, scaled.task_id, doubled.task_id);
        const Tensor &sum = doubled.outputs.get_ref(0);
        PTO2_SCOPE(rt) {
          Arg third;
          third.add_input(sum, x);
          third.add_output(x);
          MixedKernels kernels;
          kernels.aiv0_kernel_id = 1;
          last = rt_submit_task(rt, kernels, third).task_id;
          rt_add_dependency(rt, doubled.task_id, last);
        }
      }
      PTO2_SCOPE_GUARD(rt);
      Arg fourth;
      fourth.add_inout(x);
      fourth.add_scalar(1.0f, 1.0f);
      rt_add_dependency(rt, last, rt_submit_aiv_task(rt, 0, fourth).task_id);
    }
    })",
                                     {kScaleKernel, kAddKernel}, OrchestrationApi::kAicpuBuildGraph);
  ASSERT_TRUE(run(image, kAicpuBuildGraph)) << message_;
  expect_x(10);
}

TEST_F(Variants, FatalsInTheOlderSpellingNameTheirFunction) {
  const auto image = build_from_text(R"(
    #include "pto_orchestration_api.h"
    extern "C" void aicpu_orchestration_entry(PTO2Runtime *rt, const ChipStorageTaskArgs &) { rt_report_fatal(rt, 9, "no %d", 7); })",
                                     {}, OrchestrationApi::kAicpuBuildGraph);
  expect_status(image, kAicpuBuildGraph, PTO2_ERROR_EXPLICIT_ORCH_FATAL, "aicpu_orchestration_entry: no 7");
}

/// The same through a device process, which starts runs of all variants one after another.
class VariantsInAProcess : public Variants {
 protected:
  VariantsInAProcess() : Variants(false) {}
};

TEST_F(VariantsInAProcess, EveryVariantRunsOnOneDevice) {
  const auto image = build_body(kExplicitChain);
  for (int round = 0; round < 2; ++round) {
    for (RuntimeVariant variant : {kAicpuBuildGraph, kHostBuildGraph}) {
      ASSERT_TRUE(run(image, variant)) << message_;
      expect_x(chain_result());
    }
    ASSERT_TRUE(run(build_body(kChain), kTensormapAndRingbuffer)) << message_;
    expect_x(chain_result());
  }
}

}  // namespace
}  // namespace tilewright
