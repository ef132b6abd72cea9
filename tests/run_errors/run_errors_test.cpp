// What a user is told when an orchestration or a kernel does something wrong: the code, the thing, and that the next run works.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "pto_orchestration_api.h"
#include "tilewright/worker.h"
#include "toolchain/toolchain.h"

namespace tilewright {
namespace {

using enum ArgDirection;

constexpr const char* kKernelHead = R"(
#include <pto/pto-inst.hpp>
#include "tensor.h"
#include "pto_async_kernel_api.h"
extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  const ChipTensor &t = *reinterpret_cast<ChipTensor *>(args[0]);
)";
constexpr const char* kGoodKernel = "t.data_as<float>()[0] = 42;";

/// A callable of one INOUT tensor of 16 floats: `orchestration` is the entry's body (x is the tensor, args an empty CoreTaskArgs),
/// `kernel` that of AIV kernel 0 (t is its first tensor).
std::vector<uint8_t> build(const std::string& orchestration, const std::string& kernel = kGoodKernel) {
  static const TemporaryDirectory store_directory;
  static Store store(store_directory.path());
  const TemporaryDirectory directory;
  std::ofstream(directory.path() / "orchestration.cpp")
      << "#include \"pto_orchestration_api.h\"\n"
         "extern \"C\" PTO2OrchestrationConfig aicpu_orchestration_config(const ChipTaskArgs &) { return {1}; }\n"
         "extern \"C\" void aicpu_orchestration_entry(const ChipTaskArgs &orch) {\n"
         "  [[maybe_unused]] const ChipTensor &x = orch.tensor(0).ref();\n  CoreTaskArgs args;\n"
      << orchestration << "\n}\n";
  std::ofstream(directory.path() / "kernel.cpp") << kKernelHead << kernel << "\n}\n";
  CallableSpec spec;
  spec.name = "callable";
  spec.base_dir = directory.path();
  spec.orchestration.source = "orchestration.cpp";
  spec.incores.push_back({0, "kernel.cpp", CoreType::AIV, {}, "subject", {}});
  return build_callable(spec, {}, store).image;
}

constexpr const char* kSubmit = "args.add_inout(x); rt_submit_aiv_task(0, args);";

class RunErrors : public testing::Test {
 protected:
  /// Runs, expects an error with all of `texts` in it, then runs a good program on the same worker.
  void expect_error(const std::vector<uint8_t>& image, ErrorCode code, const std::vector<std::string>& texts, int status = 0,
                    const CallConfig& config = {}, const RunOptions& options = {}) {
    const CallableHandle handle = worker_.register_callable(image);
    try {
      worker_.run(handle, arguments_, config, options);
      ADD_FAILURE() << "the run succeeded";
    } catch (const Error& error) {
      EXPECT_EQ(error_name(error.code()), std::string(error_name(code))) << error.what();
      EXPECT_EQ(error.status(), status) << error.what();
      for (const std::string& text : texts)
        EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << text << " in: " << error.what();
    }
    EXPECT_EQ(x_[0], 1.0f) << "a failed run copies nothing back";
    const CallableHandle good = worker_.register_callable(build(kSubmit));
    worker_.run(good, arguments_);
    EXPECT_EQ(x_[0], 42.0f);
    x_[0] = 1;
  }
  void expect_status(const std::string& orchestration, int code, const std::vector<std::string>& texts, const CallConfig& config = {}) {
    expect_error(build(orchestration), ErrorCode::kRunFailed, texts, -code, config);
  }

  ChipWorker worker_;
  std::vector<float> x_ = std::vector<float>(16, 1);
  TaskArguments arguments_ = TaskArguments().add_tensor(x_.data(), DataType::FLOAT32, {16}, INOUT);
};

TEST_F(RunErrors, OrchestrationReportsFatal) {
  expect_status(R"(rt_report_fatal(PTO2_ERROR_EXPLICIT_ORCH_FATAL, "bad shape %d", 7);)", 9, {"EXPLICIT_ORCH_FATAL", "bad shape 7"});
}

TEST_F(RunErrors, CallsAfterAFatalDoNothing) {
  expect_status(R"(rt_report_fatal(9, "first"); rt_report_fatal(5, "second");
    args.add_inout(x); if (!rt_submit_aiv_task(0, args).empty() || !rt_is_fatal()) __builtin_trap();)",
                9, {"first"});
}

TEST_F(RunErrors, AViewOutsideItsParent) {
  expect_status("uint32_t n[] = {8}, at[] = {12}; const ChipTensor v = x.view(n, at); args.add_inout(v); rt_submit_aiv_task(0, args);", 5,
                {"INVALID_ARGS", "argument 0", "leaves its parent", "shape=[8]"});
}

TEST_F(RunErrors, ATensorOfRankSix) {
  expect_status(
      "uint32_t n[] = {1, 1, 1, 1, 1, 16}; const ChipTensor v = make_tensor_external(x.data_as<float>(), n, 6);"
      "args.add_inout(v); rt_submit_aiv_task(0, args);",
      5, {"rank outside 1..5"});
}

TEST_F(RunErrors, ThirtyThreeTensors) {
  expect_status("for (int i = 0; i < 33; ++i) args.add_input(x); rt_submit_aiv_task(0, args);", 5, {"too many tensors (max 32)"});
}

TEST_F(RunErrors, ScalarsBeforeTensors) {
  expect_status("args.add_scalar(1); args.add_inout(x); rt_submit_aiv_task(0, args);", 5, {"tensors must be added before scalars"});
}

TEST_F(RunErrors, AKernelThatTheCallableDoesNotHave) {
  expect_status("args.add_inout(x); rt_submit_aiv_task(3, args);", 5, {"no kernel with func_id 3"});
}

TEST_F(RunErrors, AKernelOnTheWrongKindOfCore) {
  expect_status("args.add_inout(x); rt_submit_aic_task(0, args);", 5, {"compiled for AIV cores"});
}

TEST_F(RunErrors, AutoScopeInsideManual) {
  expect_status("PTO2_SCOPE(PTO2ScopeMode::MANUAL) { PTO2_SCOPE() { } }", 5, {"AUTO scope", "MANUAL"});
}

TEST_F(RunErrors, AnElementThatDoesNotExist) {
  expect_status("uint32_t at[] = {16}; get_tensor_data<float>(x, 1, at);", 5, {"element (16)"});
}

TEST_F(RunErrors, AScopeThatFillsItsRingNamesWhereItBegan) {
  CallConfig config;
  for (uint64_t& window : config.runtime_env.ring_task_window) window = 8;
  expect_status(
      "uint32_t n[] = {4}; TensorCreateInfo info(n, 1); args.add_output(info);\nPTO2_SCOPE() { for (int i = 0; i < 9; ++i) "
      "rt_submit_aiv_task(0, args); }",
      1, {"SCOPE_DEADLOCK", "8 task slots", "orchestration.cpp:", "ring_task_window"}, config);
}

TEST_F(RunErrors, AGroupWiderThanTheDevice) {
  expect_status(
      "args.add_inout(x); args.launch_spec.set_block_num(int16_t(rt_available_aiv_count() + 1));"
      "args.launch_spec.set_require_sync_start(true); rt_submit_aiv_task(0, args);",
      7, {"REQUIRE_SYNC_START_INVALID", "49 blocks are to start together", "48 AIV cores"});
}

TEST_F(RunErrors, AnOutputLargerThanTheHeap) {
  CallConfig config;
  for (uint64_t& heap : config.runtime_env.ring_heap) heap = 4096;
  expect_status("uint32_t n[] = {2000}; TensorCreateInfo info(n, 1); args.add_output(info); rt_submit_aiv_task(0, args);", 2,
                {"HEAP_RING_DEADLOCK", "8192 bytes", "4096 bytes", "ring_heap"}, config);
}

TEST_F(RunErrors, WhatIsNotBuiltYetIsRefused) {
  const CallableHandle handle = worker_.register_callable(build(kSubmit));
  CallConfig config;
  config.enable_pmu = 1;
  config.output_prefix[0] = 'x';
  EXPECT_THROW(worker_.run(handle, arguments_, config), Error);
}

TEST_F(RunErrors, TooFewArguments) {
  const CallableHandle handle = worker_.register_callable(build(kSubmit));
  try {
    worker_.run(handle, TaskArguments());
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kSignatureMismatch) << error.what();
    EXPECT_NE(std::string(error.what()).find("at least 1 arguments, 0 were given"), std::string::npos) << error.what();
  }
}

TEST_F(RunErrors, AnOrchestrationThatThrows) { expect_status("throw 5;", 9, {"threw an exception"}); }

TEST_F(RunErrors, AKernelThatThrowsIsNamed) {
  expect_error(build(kSubmit, "throw 5; (void)t;"), ErrorCode::kRunFailed, {"kernel subject (func_id 0) on AIV", "threw an exception"});
}

TEST_F(RunErrors, AKernelThatCrashesIsNamedWithSignalCoreAndStack) {
  expect_error(build(kSubmit, "(void)t; *reinterpret_cast<volatile int *>(uintptr_t{16}) = 1;"), ErrorCode::kKernelCrashed,
               {"SIGSEGV", "func_id 0", "AIV ", "kernel_entry"});
}

TEST_F(RunErrors, AKernelThatOverflowsItsStackIsReported) {
  expect_error(build(kSubmit, "volatile char big[4096]; big[0] = 1; (void)t; kernel_entry(args); big[1] = big[0];"),
               ErrorCode::kKernelCrashed, {"SIGSEGV", "func_id 0"});
}

constexpr const char* kPollsForEver = "(void)t; for (;;) dsb(DSB_DDR);";

TEST_F(RunErrors, AKernelThatPollsForEverEndsAtTheDeadline) {
  RunOptions options;
  options.deadline_ms = 100;
  expect_error(build(kSubmit, kPollsForEver), ErrorCode::kDeadline,
               {"SCHEDULER_TIMEOUT", "RUNNING_STALLED", "kernel subject (func_id 0) on AIV", "polls memory", "kernel_entry+0x"}, -100, {},
               options);
}

TEST_F(RunErrors, TensorDataOfAKernelThatNeverEndsIsWaitedForInVain) {
  RunOptions options;
  options.deadline_ms = 100;
  for (const std::string call : {"get_tensor_data<float>(x, 1, at);", "set_tensor_data<float>(x, 1, at, 3.0f);"}) {
    expect_error(build(std::string(kSubmit) + "uint32_t at[] = {0};" + call, kPollsForEver), ErrorCode::kDeadline,
                 {"TENSOR_WAIT_TIMEOUT", call.substr(0, 15), "polls memory"}, -8, {}, options);
  }
}

constexpr const char* kNeverYields = "(void)t; for (volatile int i = 0;; i = 1) {}";

TEST_F(RunErrors, AKernelThatNeverYieldsCostsTheProcessAtTheDeadline) {
  RunOptions options;
  options.deadline_ms = 100;
  expect_error(build(kSubmit, kNeverYields), ErrorCode::kDeadline,
               {"SCHEDULER_TIMEOUT", "RUNNING_STALLED", "subject (func_id 0) on AIV", "kernel_entry"}, -100, {}, options);
  expect_error(build(std::string(kSubmit) + "uint32_t at[] = {0}; get_tensor_data<float>(x, 1, at);", kNeverYields), ErrorCode::kDeadline,
               {"TENSOR_WAIT_TIMEOUT", "the orchestration waits in get_tensor_data", "subject (func_id 0) on AIV"}, -8, {}, options);
}

TEST_F(RunErrors, AnOrchestrationThatNeverEndsIsNamedAtTheDeadline) {
  RunOptions options;
  options.deadline_ms = 100;
  expect_error(build("for (volatile int i = 0;; i = 1) {}"), ErrorCode::kDeadline,
               {"SCHEDULER_TIMEOUT", "ORCH_STARVATION", "orchestration on orchestrator", "#0 aicpu_orchestration_entry+0x"}, -100, {},
               options);
}

TEST_F(RunErrors, AFlagThatNobodySetsIsADeadlockAtOnce) {
  expect_error(build(kSubmit, "(void)t; wait_flag_dev(3);"), ErrorCode::kDeadlock,
               {"SCHEDULER_TIMEOUT", "RUNNING_STALLED", "kernel subject (func_id 0) on AIV", "waits for", "flag 3"}, -100);
}

TEST_F(RunErrors, AMeetingThatOneBlockMissesNamesWhoWaits) {
  expect_error(build("args.add_inout(x); args.launch_spec.set_block_num(3); args.launch_spec.set_require_sync_start(true);"
                     "rt_submit_aiv_task(0, args);",
                     "(void)t; if (get_block_idx(args) != 1) pto::SYNCALL<pto::SyncCoreType::AIVOnly>();"),
               ErrorCode::kDeadlock, {"2 kernels wait", "(block 0 of 3) waits for", "(block 2 of 3) waits for"}, -100);
}

TEST_F(RunErrors, AFullRingOfTasksThatNeverEndIsNamed) {
  CallConfig config;
  for (uint64_t& window : config.runtime_env.ring_task_window) window = 8;
  RunOptions options;
  options.deadline_ms = 100;
  expect_error(build("args.add_inout(x); for (int i = 0; i < 9; ++i) rt_submit_aiv_task(0, args);", kPollsForEver), ErrorCode::kDeadline,
               {"FLOW_CONTROL_DEADLOCK", "all 8 task slots are in use", "can no longer complete", "polls memory"}, -3, config, options);
}

TEST_F(RunErrors, ACompletionConditionThatNeverHoldsIsADeadlockOfDependencies) {
  expect_error(build(kSubmit, "AsyncCtx c = get_async_ctx(args); save_expected_notification_counter(c, t.data_as<float>() + 8, 5u << 28);"),
               ErrorCode::kDeadlock,
               {"SCHEDULER_TIMEOUT", "DEP_DEADLOCK", "kernel subject (func_id 0) on AIV", "has returned and waits for counter 0x",
                "to reach 1342177280; it is 1065353216"},
               -100);
}

TEST_F(RunErrors, TensorDataOfADeadlockIsWaitedForInVain) {
  expect_error(build(std::string(kSubmit) + "uint32_t at[] = {0}; get_tensor_data<float>(x, 1, at);",
                     "AsyncCtx c = get_async_ctx(args); save_expected_notification_counter(c, t.data_as<float>() + 8, 5u << 28);"),
               ErrorCode::kDeadlock, {"TENSOR_WAIT_TIMEOUT", "get_tensor_data", "DEP_DEADLOCK", "waits for counter"}, -8);
}

TEST_F(RunErrors, CompletionConditionsThatCannotBe) {
  const std::string context = "AsyncCtx c = get_async_ctx(args); ";
  expect_error(build(kSubmit, context + "save_expected_notification_counter(c, nullptr, 1); (void)t;"), ErrorCode::kRunFailed,
               {"ASYNC_COMPLETION_INVALID", "kernel subject (func_id 0) on AIV", "without a counter"}, -101);
  expect_error(build(kSubmit, context + "register_completion_condition(c, {t.buffer.addr, 1, 0, 7, 0});"), ErrorCode::kRunFailed,
               {"ASYNC_COMPLETION_INVALID", "type 7"}, -101);
  expect_error(build(kSubmit, context + "register_completion_condition(c, {t.buffer.addr, 1, 0, COMPLETION_TYPE_SDMA_EVENT_RECORD, 0});"),
               ErrorCode::kRunFailed, {"ASYNC_COMPLETION_INVALID", "counters (0) only"}, -101);
  expect_error(build(kSubmit, context + "save_expected_notification_counter(c, reinterpret_cast<int *>(0x1000), 1); (void)t;"),
               ErrorCode::kRunFailed, {"ASYNC_COMPLETION_INVALID", "0x1000", "device memory"}, -101);
  expect_error(build(kSubmit, context + "for (int i = 0; i < 65; ++i) save_expected_notification_counter(c, t.data_as<float>(), 0);"),
               ErrorCode::kRunFailed, {"ASYNC_WAIT_OVERFLOW", "more than 64"}, -102);
  expect_error(build(kSubmit, context + "*c.completion_error_code = 103; (void)t;"), ErrorCode::kRunFailed,
               {"ASYNC_REGISTRATION_FAILED", "kernel subject (func_id 0) on AIV", "completion error 103"}, -103);
}

// The second task raises the counter that the first waits for; the third reads what the first wrote.
TEST_F(RunErrors, ATaskWithConditionsIsOverWhenTheyHold) {
  const CallableHandle handle = worker_.register_callable(
      build("uint32_t n[] = {1}, at[] = {8}; const ChipTensor c = x.view(n, at, true);"
            "const auto task = [&](int what, bool uses_x) { args.reset(); if (uses_x) args.add_inout(x); else args.add_inout(c);"
            "  args.add_scalar(what); rt_submit_aiv_task(0, args); };"
            "task(0, true); task(2, true); task(1, false);",
            "uint32_t *counter = reinterpret_cast<uint32_t *>(t.buffer.addr) + 8; AsyncCtx c = get_async_ctx(args);"
            "if (args[1] == 0) { for (int i = 0; i < 64; ++i) save_expected_notification_counter(c, counter, (127u << 23) + 5); }"
            "if (args[1] == 1) for (int i = 0; i < 5; ++i) send_notification(counter, 1, pto::comm::NotifyOp::AtomicAdd);"
            "if (args[1] == 2) t.data_as<float>()[0] = *counter == (127u << 23) + 5 ? 5.0f : -1.0f;"));
  for (int round = 0; round < 10; ++round) {
    std::fill(x_.begin(), x_.end(), 1.0f);
    worker_.run(handle, arguments_);
    ASSERT_EQ(x_[0], 5.0f);
  }
}

TEST_F(RunErrors, ATaskIsStagedBeforeItsProducerEnds) {
  RunOptions options;
  options.host_threads = 1;
  for (const bool hint : {true, false}) {
    const CallableHandle handle = worker_.register_callable(build(
        std::string("args.add_inout(x); args.add_scalar(0); args.set_allow_early_resolve(") + (hint ? "true" : "false") +
            "); rt_submit_aiv_task(0, args); args.reset(); args.add_inout(x); args.add_scalar(1); rt_submit_aiv_task(0, args);",
        "if (args[1] == 0) { for (int i = 0; i < 100; ++i) dsb(DSB_DDR); t.data_as<float>()[0] = 6; } else t.data_as<float>()[0] *= 7;"));
    EXPECT_EQ(worker_.run(handle, arguments_, {}, options).staged_early, hint ? 1u : 0u);
    EXPECT_EQ(x_[0], 42.0f);
  }
}

TEST_F(RunErrors, TimingSlotsAreReported) {
  const CallableHandle handle =
      worker_.register_callable(build("args.add_inout(x); args.set_task_timing_slot(15); args.launch_spec.set_block_num(3);"
                                      "rt_submit_aiv_task(0, args); args.reset(); args.add_inout(x); args.set_task_timing_slot(2);"
                                      "rt_submit_dummy_task(args);"));
  const RunReport report = worker_.run(handle, arguments_);
  for (int slot = 0; slot < 16; ++slot) {
    const TimingSlot& times = report.timing_slots[slot];
    EXPECT_EQ(times.last_finish_ns != 0, slot == 15 || slot == 2) << slot;
    EXPECT_LE(times.first_dispatch_ns, times.last_finish_ns);
    EXPECT_LE(times.last_finish_ns, report.run_ns);
  }
  EXPECT_LE(report.timing_slots[15].last_finish_ns, report.timing_slots[2].first_dispatch_ns);
}

TEST_F(RunErrors, AFullHeapOfTasksThatNeverEndIsNamed) {
  CallConfig config;
  for (uint64_t& heap : config.runtime_env.ring_heap) heap = 8192;
  RunOptions options;
  options.deadline_ms = 100;
  expect_error(build("uint32_t n[] = {1000}; TensorCreateInfo info(n, 1); args.add_output(info);"
                     "for (int i = 0; i < 3; ++i) { PTO2_SCOPE() { rt_submit_aiv_task(0, args); } }",
                     kPollsForEver),
               ErrorCode::kDeadline,
               {"HEAP_RING_DEADLOCK", "needs 4096 bytes", "the heap has 8192 bytes, 8192 in use", "can no longer complete", "ring_heap"},
               -2, config, options);
}

TEST_F(RunErrors, AnOrchestrationThatCrashesIsReported) {
  expect_error(build("*reinterpret_cast<volatile int *>(uintptr_t{16}) = 1;"), ErrorCode::kKernelCrashed, {"SIGSEGV", "orchestration"});
}

TEST_F(RunErrors, ATileThatLeavesItsMemoryIsNamed) {
  expect_error(build(kSubmit, "(void)t; using T = pto::Tile<pto::TileType::Vec, float, 64, 64>; T tile; TASSIGN(tile, 192 * 1024 - 32);"),
               ErrorCode::kRunFailed, {"TASSIGN", "UB", "func_id 0", "AIV"});
}

}  // namespace
}  // namespace tilewright
