// Callables side by side on one device, from sources, on the simulator: each runs its own kernels (requirement 002).
// They use the same file names, symbols, func_ids and statics on purpose, and every result tells them apart.
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "tilewright/worker.h"
#include "toolchain/toolchain.h"

namespace tilewright {
namespace {

using enum ArgDirection;

constexpr const char* kOrchestration = R"(
#include "pto_orchestration_api.h"
inline int &runs() { static int count = 0; return count; }
extern "C" void aicpu_orchestration_entry(const ChipTaskArgs &orch) {
  CoreTaskArgs args;
  args.add_input(orch.tensor(0).ref(), orch.tensor(1).ref());
  args.add_output(orch.tensor(2).ref());
  args.add_scalar(++runs() * %);
  rt_submit_aiv_task(0, args);
}
)";

// c = a % b; c[0] is the scalar: how often this orchestration ran, times its own factor.
constexpr const char* kKernel = R"(
#include <pto/pto-inst.hpp>
#include "tensor.h"
extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  const ChipTensor &a = *reinterpret_cast<ChipTensor *>(args[0]);
  const ChipTensor &b = *reinterpret_cast<ChipTensor *>(args[1]);
  const ChipTensor &c = *reinterpret_cast<ChipTensor *>(args[2]);
  for (uint32_t i = 0; i < c.shapes[0]; ++i) c.data_as<float>()[i] = a.data_as<float>()[i] % b.data_as<float>()[i];
  c.data_as<float>()[0] = static_cast<float>(args[3]);
}
)";

std::string with(std::string text, const std::string& value) { return text.replace(text.find('%'), 1, value); }

/// Builds a callable whose kernel computes a `operation` b and whose orchestration counts in steps of `factor`.
std::vector<uint8_t> build(const std::string& operation, int factor, const std::string& kernel = kKernel) {
  static const TemporaryDirectory store_directory;
  static Store store(store_directory.path());
  const TemporaryDirectory directory;
  std::ofstream(directory.path() / "orchestration.cpp") << with(kOrchestration, std::to_string(factor));
  std::ofstream(directory.path() / "kernel.cpp") << (kernel == kKernel ? with(kernel, operation) : kernel);
  CallableSpec spec;
  spec.name = "callable";
  spec.base_dir = directory.path();
  spec.orchestration.source = "orchestration.cpp";
  spec.orchestration.signature = {IN, IN, OUT};
  spec.incores.push_back({0, "kernel.cpp", CoreType::AIV, {IN, IN, OUT}, "", {}});
  return build_callable(spec, {}, store).image;
}

/// a = 6, b = 2 and what a run makes of them.
struct Problem {
  std::vector<float> a = std::vector<float>(16, 6), b = std::vector<float>(16, 2), c = std::vector<float>(16);
  TaskArguments args;
  Problem() {
    args.add_tensor(a.data(), DataType::FLOAT32, {16}, IN)
        .add_tensor(b.data(), DataType::FLOAT32, {16}, IN)
        .add_tensor(c.data(), DataType::FLOAT32, {16}, OUT);
  }
  /// {c[0], c[1]}: count of the orchestration, result of the kernel.
  std::pair<float, float> run(ChipWorker& worker, CallableHandle handle) {
    std::fill(c.begin(), c.end(), -1);
    worker.run(handle, args);
    for (size_t i = 1; i < c.size(); ++i) EXPECT_EQ(c[i], c[1]);
    return {c[0], c[1]};
  }
};

using Result = std::pair<float, float>;

class TwoCallables : public ::testing::TestWithParam<bool> {
 protected:
  static WorkerOptions options() {
    WorkerOptions options;
    options.in_process = GetParam();
    return options;
  }
  ChipWorker worker_{options()};
  Problem problem_;
};

TEST_P(TwoCallables, EachRunsItsOwnCodeInAnyOrder) {
  const CallableHandle add = worker_.register_callable(build("+", 1));
  const CallableHandle subtract = worker_.register_callable(build("-", 100));
  EXPECT_EQ(problem_.run(worker_, add), Result(1, 8));
  EXPECT_EQ(problem_.run(worker_, subtract), Result(100, 4));
  EXPECT_EQ(problem_.run(worker_, add), Result(2, 8));
  EXPECT_EQ(problem_.run(worker_, subtract), Result(200, 4));
}

TEST_P(TwoCallables, TheSecondMayRunFirst) {
  const CallableHandle add = worker_.register_callable(build("+", 1));
  const CallableHandle subtract = worker_.register_callable(build("-", 100));
  EXPECT_EQ(problem_.run(worker_, subtract), Result(100, 4));
  EXPECT_EQ(problem_.run(worker_, add), Result(1, 8));
}

TEST_P(TwoCallables, TheSameImageTwiceIsTwoCallables) {
  const auto image = build("+", 1);
  const CallableHandle first = worker_.register_callable(image);
  const CallableHandle second = worker_.register_callable(image);
  EXPECT_EQ(problem_.run(worker_, first), Result(1, 8));
  EXPECT_EQ(problem_.run(worker_, first), Result(2, 8));
  EXPECT_EQ(problem_.run(worker_, second), Result(1, 8));
}

TEST_P(TwoCallables, UnregisterLeavesTheOtherAndFreesTheSlot) {
  const CallableHandle add = worker_.register_callable(build("+", 1));
  const CallableHandle subtract = worker_.register_callable(build("-", 100));
  EXPECT_EQ(problem_.run(worker_, add), Result(1, 8));
  EXPECT_EQ(problem_.run(worker_, subtract), Result(100, 4));
  worker_.unregister_callable(add);
  EXPECT_EQ(problem_.run(worker_, subtract), Result(200, 4));
  const CallableHandle multiply = worker_.register_callable(build("*", 10));
  ASSERT_EQ(multiply.slot, add.slot);
  EXPECT_EQ(problem_.run(worker_, multiply), Result(10, 12));
  EXPECT_EQ(problem_.run(worker_, subtract), Result(300, 4));
  EXPECT_THROW(problem_.run(worker_, add), Error);
}

TEST_P(TwoCallables, TwoDevicesDoNotMeet) {
  ChipWorker other(options());
  const CallableHandle add = worker_.register_callable(build("+", 1));
  const CallableHandle subtract = other.register_callable(build("-", 100));
  EXPECT_EQ(problem_.run(worker_, add), Result(1, 8));
  EXPECT_EQ(problem_.run(other, subtract), Result(100, 4));
  EXPECT_EQ(problem_.run(worker_, add), Result(2, 8));
}

TEST_P(TwoCallables, MoreThanSixtyFourAreFine) {
  const auto images = {build("+", 1), build("-", 100), build("*", 10)};
  std::vector<CallableHandle> handles;
  for (int i = 0; i < 66; ++i) handles.push_back(worker_.register_callable(images.begin()[i % 3]));
  for (int i : {0, 1, 63, 64, 65}) {
    const Result expected[] = {{1, 8}, {100, 4}, {10, 12}};
    EXPECT_EQ(problem_.run(worker_, handles[static_cast<size_t>(i)]), expected[i % 3]) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(, TwoCallables, ::testing::Bool(), [](const auto& info) { return info.param ? "InProcess" : "InADeviceProcess"; });

constexpr const char* kCrashingKernel = R"(
extern "C" void kernel_entry(long *) { *(volatile int *)0x18 = 1; }
)";

TEST(CrashingCallable, IsNamedAndTheOtherGoesOn) {
  ChipWorker worker;
  Problem problem;
  const CallableHandle add = worker.register_callable(build("+", 1));
  const CallableHandle crash = worker.register_callable(build("", 1, kCrashingKernel));
  EXPECT_EQ(problem.run(worker, add), Result(1, 8));
  try {
    problem.run(worker, crash);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kKernelCrashed);
    for (const char* part : {"func_id 0", "AIV", "SIGSEGV", "address 0x18", "#0 kernel_entry+0x", "(kernel_0.so+0x"}) {
      EXPECT_NE(error.message().find(part), std::string::npos) << part << " in: " << error.message();
    }
    for (const float value : problem.c) EXPECT_EQ(value, -1) << "nothing comes back";
  }
  EXPECT_EQ(problem.run(worker, add), Result(1, 8)) << "a new process, fresh statics";
}

TEST(EndlessCallable, EndsAtItsCpuLimit) {
  ChipWorker worker;
  Problem problem;
  const CallableHandle endless =
      worker.register_callable(build("", 1, "extern \"C\" void kernel_entry(long *) { for (volatile int i = 0;;) i = i + 1; }"));
  RunOptions options;
  options.deadline_ms = 50;
  try {
    worker.run(endless, problem.args, {}, options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kDeadline);
    EXPECT_NE(error.message().find("(func_id 0) on AIV"), std::string::npos) << error.message();
  }
}

}  // namespace
}  // namespace tilewright
