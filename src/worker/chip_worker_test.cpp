#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "base/error.h"
#include "platform/compile_for_test.h"
#include "tilewright/worker.h"
#include "worker/fake_device.h"

namespace tilewright {
namespace {

using enum ArgDirection;

WorkerOptions fake_options(const std::string& platform = "a2a3sim") {
  WorkerOptions options;
  options.platform = platform;
  options.device_program = TW_FAKE_DEVICE_PROGRAM;
  return options;
}

Error error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorCode::kOk, "");
}

/// The floats 1 to 8, an output, and arguments (IN, OUT) over them.
struct ScaleArguments {
  std::vector<float> in{1, 2, 3, 4, 5, 6, 7, 8};
  std::vector<float> out = std::vector<float>(8, -1);
  TaskArguments args;
  ScaleArguments() { args.add_tensor(in.data(), DataType::FLOAT32, {8}, IN).add_tensor(out.data(), DataType::FLOAT32, {2, 4}, OUT); }
  float factor(ChipWorker& worker, CallableHandle handle) {
    worker.run(handle, args);
    for (size_t i = 1; i < out.size(); ++i) EXPECT_EQ(out[i] * in[0], out[0] * in[i]);
    return out[0];
  }
};

class ChipWorkerTest : public ::testing::Test {
 protected:
  CallableHandle scale(int factor) { return worker_.register_callable(fake_image("scale " + std::to_string(factor), {IN, OUT})); }
  ChipWorker worker_{fake_options()};
};

TEST_F(ChipWorkerTest, ARunReadsAndWritesHostMemory) {
  ScaleArguments data;
  EXPECT_EQ(data.factor(worker_, scale(3)), 3);
  EXPECT_EQ(data.out.back(), 24);
}

// requirements/002: two callables on one device, each with its own code.
TEST_F(ChipWorkerTest, TwoCallablesRunTheirOwnCodeInAnyOrder) {
  ScaleArguments data;
  const CallableHandle a = scale(2);
  const CallableHandle b = scale(5);
  EXPECT_EQ(data.factor(worker_, a), 2);
  EXPECT_EQ(data.factor(worker_, b), 5);
  EXPECT_EQ(data.factor(worker_, a), 2);
  EXPECT_EQ(data.factor(worker_, b), 5);
  worker_.unregister_callable(a);
  EXPECT_EQ(data.factor(worker_, b), 5);
  const CallableHandle c = scale(7);
  EXPECT_EQ(c.slot, a.slot) << "the slot is used again";
  EXPECT_EQ(data.factor(worker_, c), 7);
  EXPECT_EQ(data.factor(worker_, b), 5);
}

TEST_F(ChipWorkerTest, KernelsWithTheSameNamesAndFuncIdsStayApart) {
  const auto kernel = [](int step) {
    return compile_for_test(
        "inline int& count() { static int n = 0; return n; }\n"
        "extern \"C\" void kernel_entry(long* args) { **(float**)args[0] = count() += " +
        std::to_string(step) + "; }");
  };
  float result = 0;
  TaskArguments args;
  args.add_tensor(&result, DataType::FLOAT32, {1}, OUT);
  const CallableHandle a = worker_.register_callable(fake_image("call", {OUT}, kernel(1)));
  const CallableHandle b = worker_.register_callable(fake_image("call", {OUT}, kernel(100)));
  const auto run = [&](CallableHandle handle) {
    worker_.run(handle, args);
    return result;
  };
  EXPECT_EQ(run(a), 1);
  EXPECT_EQ(run(b), 100);
  EXPECT_EQ(run(a), 2);
  EXPECT_EQ(run(b), 200);
}

TEST_F(ChipWorkerTest, TwoWorkersAreIndependent) {
  ChipWorker other(fake_options("a5sim"));
  ScaleArguments data;
  const CallableHandle a = scale(2);
  const CallableHandle b = other.register_callable(fake_image("scale 9", {IN, OUT}));
  EXPECT_EQ(data.factor(worker_, a), 2);
  EXPECT_EQ(data.factor(other, b), 9);
  EXPECT_EQ(data.factor(worker_, a), 2);
}

TEST_F(ChipWorkerTest, ThousandsOfCallablesAreRegisteredAtOnce) {
  std::vector<CallableHandle> handles;
  for (int i = 0; i < 8192; ++i) handles.push_back(scale(i % 1000 + 1));
  EXPECT_EQ(worker_.registered_count(), 8192u);
  ScaleArguments data;
  for (const int i : {0, 63, 64, 65, 4096, 8191}) EXPECT_EQ(data.factor(worker_, handles[static_cast<size_t>(i)]), i % 1000 + 1);
}

TEST_F(ChipWorkerTest, StaleAndForeignHandlesAreRefused) {
  const CallableHandle old = scale(1);
  worker_.unregister_callable(old);
  EXPECT_EQ(error_of([&] { worker_.unregister_callable(old); }).code(), ErrorCode::kUnknownHandle);
  const CallableHandle fresh = scale(1);
  ASSERT_EQ(fresh.slot, old.slot);
  EXPECT_EQ(error_of([&] { worker_.run(old, {}); }).code(), ErrorCode::kUnknownHandle);
  EXPECT_EQ(error_of([&] { worker_.run({99, 1}, {}); }).code(), ErrorCode::kUnknownHandle);
  EXPECT_EQ(error_of([&] { worker_.run({}, {}); }).code(), ErrorCode::kUnknownHandle);
  worker_.finalize();
  EXPECT_EQ(error_of([&] { worker_.run(fresh, {}); }).code(), ErrorCode::kUnknownHandle);
  const CallableHandle after = scale(4);
  EXPECT_EQ(error_of([&] { worker_.run(fresh, {}); }).code(), ErrorCode::kUnknownHandle) << "not even if the slot is the same";
  ScaleArguments data;
  EXPECT_EQ(data.factor(worker_, after), 4);
}

TEST_F(ChipWorkerTest, ArgumentsMustFitTheSignature) {
  const CallableHandle handle = worker_.register_callable(fake_image("noop", {IN, OUT, SCALAR}));
  float x = 0;
  const auto run = [&](std::vector<ArgDirection> directions, int scalars) {
    TaskArguments args;
    for (const ArgDirection d : directions) args.add_tensor(&x, DataType::FLOAT32, {1}, d);
    for (int i = 0; i < scalars; ++i) args.add_scalar(i);
    return error_of([&] { worker_.run(handle, args); });
  };
  EXPECT_EQ(run({IN, OUT}, 1).code(), ErrorCode::kOk);
  EXPECT_EQ(run({IN}, 1).message(), "1 tensors given, the callable takes 2");
  EXPECT_EQ(run({IN, IN}, 1).message(), "tensor argument 1 is given as IN, the callable declares it OUT");
  EXPECT_EQ(run({IN, OUT}, 2).message(), "2 scalars given, the callable takes 1");
  EXPECT_EQ(run({IN, IN}, 1).code(), ErrorCode::kSignatureMismatch);
  const CallableHandle open = worker_.register_callable(fake_image("noop", {IN}));
  TaskArguments any;
  any.add_tensor(&x, DataType::FLOAT32, {1}, IN).add_scalar(1).add_scalar(2);
  EXPECT_NO_THROW(worker_.run(open, any)) << "a signature without scalars says nothing about them";
  EXPECT_NO_THROW(worker_.run(worker_.register_callable(fake_image("noop")), any)) << "an empty one about nothing";
}

TEST_F(ChipWorkerTest, NothingComesBackFromAFailedRun) {
  std::vector<uint8_t> data(16, 1);
  TaskArguments args;
  args.add_tensor(data.data(), DataType::UINT8, {16}, INOUT);
  for (const char* orchestration : {"fail 5", "raise 11", "exit 1"}) {
    EXPECT_NE(error_of([&] { worker_.run(worker_.register_callable(fake_image(orchestration)), args); }).code(), ErrorCode::kOk);
    EXPECT_EQ(data, std::vector<uint8_t>(16, 1));
  }
  worker_.run(worker_.register_callable(fake_image("touch")), args);
  EXPECT_EQ(data, std::vector<uint8_t>(16, 2));
}

TEST_F(ChipWorkerTest, ACrashKeepsRegistrationsAndMemory) {
  const CallableHandle good = scale(6);
  void* memory = worker_.malloc(4);
  worker_.copy_to(memory, "abc", 4);
  EXPECT_EQ(error_of([&] { worker_.run(worker_.register_callable(fake_image("raise 11")), {}); }).code(), ErrorCode::kKernelCrashed);
  ScaleArguments data;
  EXPECT_EQ(data.factor(worker_, good), 6);
  char text[4];
  worker_.copy_from(text, memory, 4);
  EXPECT_STREQ(text, "abc");
}

TEST_F(ChipWorkerTest, DeviceTensorsStayOnTheDevice) {
  float value = 2;
  auto* a = static_cast<float*>(worker_.malloc(sizeof value));
  auto* b = static_cast<float*>(worker_.malloc(sizeof value));
  worker_.copy_to(a, &value, sizeof value);
  TaskArguments args;
  args.add_tensor(a, DataType::FLOAT32, {1}, IN, AddressSpace::DEVICE).add_tensor(b, DataType::FLOAT32, {1}, OUT, AddressSpace::DEVICE);
  worker_.run(scale(10), args);
  worker_.copy_from(&value, b, sizeof value);
  EXPECT_EQ(value, 20);
  worker_.free(b);
  const Error error = error_of([&] { worker_.run(scale(10), args); });
  EXPECT_EQ(error.code(), ErrorCode::kOutOfBounds);
  EXPECT_NE(error.message().find("tensor argument 1"), std::string::npos) << error.message();
}

TEST_F(ChipWorkerTest, OverlappingTensorsOverlapOnTheDevice) {
  std::vector<float> data(10);
  const CallableHandle handle = worker_.register_callable(fake_image("aliases"));
  const auto aliases = [&](size_t offset) {
    TaskArguments args;
    args.add_tensor(data.data(), DataType::FLOAT32, {4}, IN).add_tensor(data.data() + offset, DataType::FLOAT32, {4}, INOUT);
    return worker_.run(handle, args).task_count;
  };
  EXPECT_EQ(aliases(3), 1u);
  EXPECT_EQ(aliases(4), 0u);
}

TEST_F(ChipWorkerTest, OptionsOfTheWorkerAndOfTheRunArrive) {
  WorkerOptions options = fake_options();
  options.runtime = RuntimeVariant::kAicpuBuildGraph;
  ChipWorker worker(options);
  const CallableHandle echo = worker.register_callable(fake_image("echo"));
  EXPECT_EQ(worker.run(echo, {}).heap_bytes[0], 2u);
  RunOptions run;
  run.aic_cores = 24;
  EXPECT_EQ(worker.run(echo, {}, {}, run).heap_bytes[0], 0u);
  EXPECT_EQ(worker.run(echo, {}, {}, run).aic_cores_used, 24u);
}

TEST_F(ChipWorkerTest, BadRunSettingsAreRefused) {
  const CallableHandle echo = worker_.register_callable(fake_image("echo"));
  CallConfig config;
  config.enable_pmu = 1;
  EXPECT_EQ(error_of([&] { worker_.run(echo, {}, config); }).code(), ErrorCode::kInvalidArgument);
  RunOptions options;
  options.aic_cores = 25;
  EXPECT_EQ(error_of([&] { worker_.run(echo, {}, {}, options); }).code(), ErrorCode::kInvalidArgument);
  options = {};
  options.host_threads = -1;
  EXPECT_EQ(error_of([&] { worker_.run(echo, {}, {}, options); }).code(), ErrorCode::kInvalidArgument);
}

TEST_F(ChipWorkerTest, MemoryMisuseIsRefused) {
  char byte = 0;
  void* memory = worker_.malloc(8);
  EXPECT_EQ(error_of([&] { worker_.copy_to(memory, nullptr, 1); }).code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of([&] { worker_.copy_from(nullptr, memory, 1); }).code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of([&] { worker_.copy_to(&byte, &byte, 1); }).code(), ErrorCode::kOutOfBounds);
  EXPECT_EQ(error_of([&] { worker_.copy_from(&byte, memory, 9); }).code(), ErrorCode::kOutOfBounds);
  EXPECT_EQ(error_of([&] { worker_.malloc(UINT64_MAX); }).code(), ErrorCode::kDeviceMemory);
  EXPECT_EQ(error_of([&] { worker_.free(&byte); }).code(), ErrorCode::kInvalidArgument);
}

TEST_F(ChipWorkerTest, BadImagesAreRefusedAndLeaveNoRegistration) {
  EXPECT_EQ(error_of([&] { worker_.register_callable({}); }).code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of([&] { worker_.register_callable(fake_image("nonsense")); }).code(), ErrorCode::kSymbolMissing);
  EXPECT_EQ(worker_.registered_count(), 0u);
  EXPECT_EQ(scale(1).slot, 0u);
}

TEST(ChipWorker, BadOptionsAreRefused) {
  EXPECT_EQ(error_of([] { ChipWorker worker(fake_options("b7")); }).code(), ErrorCode::kUnknownPlatform);
  WorkerOptions negative = fake_options();
  negative.device_id = -1;
  EXPECT_EQ(error_of([&] { ChipWorker worker(negative); }).code(), ErrorCode::kInvalidArgument);
  ChipWorker real(fake_options("a5"));
  EXPECT_EQ(error_of([&] { real.init(); }).code(), ErrorCode::kPlatformUnavailable);
  WorkerOptions missing = fake_options();
  missing.device_program = "/no/such/tw-device";
  ChipWorker lost(missing);
  EXPECT_EQ(error_of([&] { lost.init(); }).code(), ErrorCode::kToolMissing);
  EXPECT_FALSE(lost.initialized());
}

TEST(ChipWorker, FinalizeEndsAndInitStartsAgain) {
  ChipWorker worker(fake_options());
  EXPECT_FALSE(worker.initialized());
  worker.finalize();
  worker.init();
  worker.init();
  EXPECT_TRUE(worker.initialized());
  worker.finalize();
  EXPECT_FALSE(worker.initialized());
  EXPECT_NE(worker.malloc(1), nullptr) << "started again on demand";
}

}  // namespace
}  // namespace tilewright
