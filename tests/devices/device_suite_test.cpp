// What every device must do, whatever is behind it: one suite for the simulators, and for hardware that TW_TEST_PLATFORM names.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "base/error.h"
#include "hardware.h"
#include "kernel.h"
#include "platform/device.h"
#include "platform/plugin.h"
#include "task/callable.h"
#include "tilewright/worker.h"
#include "worker/build_target.h"

namespace tilewright {
namespace {

using enum ArgDirection;

std::vector<std::string> platforms_under_test() {
  const std::string named = test::platform_under_test();
  if (named.empty() && test::selected_by_label()) return {};
  return named.empty() ? std::vector<std::string>{"a2a3sim", "a5sim"} : std::vector<std::string>{named};
}

std::vector<uint8_t> build(const std::string& platform) {
  Store store(TW_TEST_CACHE);
  CallableSpec spec;
  spec.name = "device_suite";
  spec.base_dir = TW_DEVICE_SUITE_SOURCES;
  spec.orchestration.source = "orchestration.cpp";
  spec.incores.push_back({0, "kernel.cpp", CoreType::AIV, {}, "", {}});
  spec.incores.push_back({1, "kernel.cpp", CoreType::AIC, {}, "", {}});
  return build_callable(spec, build_options_for(platform), store).image;
}

const std::vector<uint8_t>& image_for(const std::string& platform) {
  static std::map<std::string, std::vector<uint8_t>> images;
  std::vector<uint8_t>& image = images[platform];
  if (image.empty()) image = build(platform);
  return image;
}

struct Request {
  Verb verb = kScale;
  int64_t value = 0;
  int64_t space = 0;
  int64_t blocks = 1;
  bool on_aic = false;
};

class DeviceSuite : public testing::TestWithParam<std::string> {
 protected:
  static constexpr int64_t kCount = 1000;

  static WorkerOptions options_of(int device_id) {
    WorkerOptions options;
    options.platform = GetParam();
    options.device_id = device_id;
    return options;
  }
  static const PlatformInfo& platform() { return find_platform(GetParam()); }
  static bool is_a5() { return std::strcmp(platform().arch, "a5") == 0; }

  CallableHandle registered() {
    if (handle_.generation == 0) handle_ = worker_.register_callable(image_for(GetParam()));
    return handle_;
  }
  static void add_scalars(TaskArguments& arguments, const Request& request) {
    arguments.add_scalar(int64_t{request.verb}).add_scalar(request.value).add_scalar(request.space).add_scalar(request.blocks);
    arguments.add_scalar(int64_t{request.on_aic});
  }
  /// On the tensors x and y of the host.
  RunReport run(const Request& request, const RunOptions& options = {}, const CallConfig& config = {}) {
    TaskArguments arguments;
    arguments.add_tensor(x_.data(), DataType::FLOAT32, {kCount}, IN).add_tensor(y_.data(), DataType::FLOAT32, {kCount}, INOUT);
    add_scalars(arguments, request);
    return worker_.run(registered(), arguments, config, options);
  }
  void expect_scaled(int64_t value) {
    run({.verb = kScale, .value = value});
    for (size_t i = 0; i < y_.size(); ++i) ASSERT_EQ(y_[i], 2 * x_[i] + static_cast<float>(value)) << i;
  }
  template <typename Action>
  static void expect_error(Action&& action, ErrorCode code, const std::vector<std::string>& texts = {}, int status = 0) {
    try {
      action();
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_STREQ(error_name(error.code()), error_name(code)) << error.what();
      EXPECT_EQ(error.status(), status) << error.what();
      for (const std::string& text : texts)
        EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << text << " in " << error.what();
    }
  }
  /// The run fails so, its host memory stays, and what was in device memory and the next run are as good as before.
  void expect_run_error(const Request& request, ErrorCode code, const std::vector<std::string>& texts, int status = 0,
                        const RunOptions& options = {}) {
    void* const kept = worker_.malloc(4096);
    const std::vector<uint8_t> content(4096, 0xa5);
    worker_.copy_to(kept, content.data(), content.size());
    std::fill(y_.begin(), y_.end(), -1.0f);
    expect_error([&] { run(request, options); }, code, texts, status);
    EXPECT_EQ(std::count(y_.begin(), y_.end(), -1.0f), kCount) << "a failed run copies nothing back";
    std::vector<uint8_t> back(4096);
    worker_.copy_from(back.data(), kept, back.size());
    EXPECT_EQ(back, content);
    worker_.free(kept);
    expect_scaled(7);
  }

  DeviceSuite() { std::iota(x_.begin(), x_.end(), -3.0f); }

  ChipWorker worker_{options_of(0)};
  CallableHandle handle_;
  std::vector<float> x_ = std::vector<float>(kCount), y_ = std::vector<float>(kCount, -1.0f);
};

// ---- memory and copies ------------------------------------------------------------------------------------------

TEST_P(DeviceSuite, MemoryIsAlignedDisjointAndKeepsItsContent) {
  std::mt19937_64 random(testing::UnitTest::GetInstance()->random_seed());
  std::vector<std::pair<uint64_t, std::vector<uint8_t>>> blocks;
  for (const uint64_t bytes : {1u, 63u, 64u, 65u, 4096u, 4097u, 1u << 20, (4u << 20) + 3}) {
    const uint64_t address = reinterpret_cast<uint64_t>(worker_.malloc(bytes));
    EXPECT_NE(address, 0u);
    EXPECT_EQ(address % 64, 0u);
    for (const auto& [other, content] : blocks) EXPECT_TRUE(address + bytes <= other || other + content.size() <= address);
    std::vector<uint8_t> content(bytes);
    for (uint8_t& byte : content) byte = static_cast<uint8_t>(random());
    worker_.copy_to(reinterpret_cast<void*>(address), content.data(), bytes);
    blocks.emplace_back(address, std::move(content));
  }
  for (auto& [address, content] : blocks) {
    std::vector<uint8_t> back(content.size());
    worker_.copy_from(back.data(), reinterpret_cast<void*>(address), back.size());
    EXPECT_EQ(back, content);
    const uint64_t at = random() % content.size(), bytes = random() % (content.size() - at + 1);  // a part of it
    std::vector<uint8_t> part(bytes, 0xee);
    worker_.copy_to(reinterpret_cast<void*>(address + at), part.data(), bytes);
    std::copy(part.begin(), part.end(), content.begin() + static_cast<ptrdiff_t>(at));
    worker_.copy_from(back.data(), reinterpret_cast<void*>(address), back.size());
    EXPECT_EQ(back, content);
  }
  for (const auto& [address, content] : blocks) worker_.free(reinterpret_cast<void*>(address));
}

TEST_P(DeviceSuite, CopiesOutsideAnAllocationAreRefused) {
  auto* const block = static_cast<char*>(worker_.malloc(1000));
  char bytes[2000] = {};
  worker_.copy_to(block + 1000, bytes, 0);
  worker_.copy_to(block + 999, bytes, 1);
  for (const auto& [address, size] :
       {std::pair<char*, uint64_t>{block, 1001}, {block + 1000, 1}, {block - 1, 1}, {block + 1, UINT64_MAX}}) {
    expect_error([&] { worker_.copy_to(address, bytes, size); }, ErrorCode::kOutOfBounds);
    expect_error([&] { worker_.copy_from(bytes, address, size); }, ErrorCode::kOutOfBounds);
  }
  expect_error([&] { worker_.copy_to(block, nullptr, 1); }, ErrorCode::kInvalidArgument);
  expect_error([&] { worker_.copy_from(nullptr, block, 1); }, ErrorCode::kInvalidArgument);
  expect_error([&] { worker_.free(block + 64); }, ErrorCode::kInvalidArgument);
  worker_.free(block);
  expect_error([&] { worker_.free(block); }, ErrorCode::kInvalidArgument);
  expect_error([&] { worker_.copy_to(block, bytes, 1); }, ErrorCode::kOutOfBounds);
}

TEST_P(DeviceSuite, MoreMemoryThanThereIsIsRefusedAndCostsNothing) {
  expect_error([&] { worker_.malloc(platform().memory_bytes + (uint64_t{64} << 20)); }, ErrorCode::kDeviceMemory);
  expect_error([&] { worker_.malloc(UINT64_MAX); }, ErrorCode::kDeviceMemory);
  expect_scaled(1);
}

// ---- launches ---------------------------------------------------------------------------------------------------

TEST_P(DeviceSuite, RunsOnHostAndOnDeviceTensors) {
  expect_scaled(5);
  const uint64_t bytes = kCount * sizeof(float);
  void* const x = worker_.malloc(bytes);
  void* const y = worker_.malloc(bytes);
  worker_.copy_to(x, x_.data(), bytes);
  TaskArguments arguments;
  arguments.add_tensor(x, DataType::FLOAT32, {kCount}, IN, AddressSpace::DEVICE);
  arguments.add_tensor(y, DataType::FLOAT32, {kCount}, INOUT, AddressSpace::DEVICE);
  add_scalars(arguments, {.value = 11});
  worker_.run(registered(), arguments);
  worker_.copy_from(y_.data(), y, bytes);
  for (size_t i = 0; i < y_.size(); ++i) ASSERT_EQ(y_[i], 2 * x_[i] + 11) << i;
  // The second half of a device tensor, which starts inside an allocation.
  TaskArguments half;
  half.add_tensor(static_cast<float*>(x) + kCount / 2, DataType::FLOAT32, {kCount / 2}, IN, AddressSpace::DEVICE);
  half.add_tensor(static_cast<float*>(y) + kCount / 2, DataType::FLOAT32, {kCount / 2}, INOUT, AddressSpace::DEVICE);
  add_scalars(half, {.value = 13});
  worker_.run(registered(), half);
  worker_.copy_from(y_.data(), y, bytes);
  for (size_t i = 0; i < y_.size(); ++i) ASSERT_EQ(y_[i], 2 * x_[i] + (i < kCount / 2 ? 11 : 13)) << i;
}

TEST_P(DeviceSuite, ADeviceTensorOutsideItsAllocationIsRefused) {
  void* const block = worker_.malloc(100);
  TaskArguments arguments;
  arguments.add_tensor(block, DataType::FLOAT32, {26}, IN, AddressSpace::DEVICE).add_tensor(y_.data(), DataType::FLOAT32, {26}, INOUT);
  add_scalars(arguments, {});
  expect_error([&] { worker_.run(registered(), arguments); }, ErrorCode::kOutOfBounds, {"tensor argument 0"});
}

TEST_P(DeviceSuite, EveryBlockRunsOnceOnBothKindsOfCores) {
  for (const bool on_aic : {false, true}) {
    std::fill(y_.begin(), y_.end(), -1.0f);
    run({.verb = kSignIn, .value = 100, .blocks = 500, .on_aic = on_aic});
    for (size_t i = 0; i < y_.size(); ++i) ASSERT_EQ(y_[i], i < 500 ? static_cast<float>(i + 100) : -1.0f) << i;
  }
}

TEST_P(DeviceSuite, ATaskWaitsForWhatItReads) {
  RunOptions options;
  options.record_dependencies = true;
  for (int round = 0; round < 20; ++round) {
    const RunReport report = run({.verb = kChain, .value = round}, options);
    for (size_t i = 0; i < y_.size(); ++i) ASSERT_EQ(y_[i], 2 * (2 * x_[i] + static_cast<float>(round)) + static_cast<float>(round)) << i;
    ASSERT_EQ(report.task_count, 2u);
    ASSERT_EQ(report.tasks.size(), 2u);
    ASSERT_GE(report.edges.size(), 1u);
    EXPECT_EQ(report.edges[0].predecessor, report.tasks[0].id);
    EXPECT_EQ(report.edges[0].successor, report.tasks[1].id);
    EXPECT_EQ(report.tasks[1].kernel_ids[1], 0) << "AIV kernel 0";
    EXPECT_GT(report.run_ns, 0u);
  }
}

TEST_P(DeviceSuite, EveryRuntimeVariantRuns) {
  for (const RuntimeVariant runtime :
       {RuntimeVariant::kTensormapAndRingbuffer, RuntimeVariant::kHostBuildGraph, RuntimeVariant::kAicpuBuildGraph}) {
    RunOptions options;
    options.runtime = runtime;
    std::fill(y_.begin(), y_.end(), -1.0f);
    run({.verb = kScale, .value = 3}, options);
    EXPECT_EQ(y_[4], 2 * x_[4] + 3) << runtime_name(runtime);
  }
}

// ---- run options ------------------------------------------------------------------------------------------------

TEST_P(DeviceSuite, CoresCanBeLoweredAndNotRaised) {
  const int32_t all = platform().aic_cores;
  EXPECT_EQ(all, is_a5() ? 36 : 24);
  const auto cores_used = [this](int32_t aic_cores) {
    RunOptions options;
    options.aic_cores = aic_cores;
    const RunReport report = run({.verb = kSignIn, .blocks = 500, .on_aic = true}, options);
    return report.aic_cores_used;
  };
  EXPECT_EQ(cores_used(1), 1u);
  EXPECT_LE(cores_used(3), 3u);
  EXPECT_LE(cores_used(0), static_cast<uint32_t>(all));
  EXPECT_LE(cores_used(all), static_cast<uint32_t>(all));
  for (const int32_t bad : {all + 1, -1, INT32_MAX}) expect_error([&] { cores_used(bad); }, ErrorCode::kInvalidArgument, {"aic_cores"});
}

TEST_P(DeviceSuite, SettingsOfACallReachTheRuntime) {
  CallConfig config;
  for (uint64_t& window : config.runtime_env.ring_task_window) window = 128;
  for (uint64_t& heap : config.runtime_env.ring_heap) heap = 1 << 16;
  const RunReport report = run({}, {}, config);
  EXPECT_EQ(report.task_window[0], 128u);
  EXPECT_EQ(report.heap_bytes[0], uint64_t{1} << 16);
  config.runtime_env.ring_task_window[0] = 5;
  expect_error([&] { run({}, {}, config); }, ErrorCode::kInvalidArgument, {"ring_task_window"});
  config = {};
  config.enable_pmu = 1;
  std::strcpy(config.output_prefix, "x");
  expect_error([&] { run({}, {}, config); }, ErrorCode::kUnsupported, {"enable_"});
  RunOptions options;
  options.track_war = true;
  run({}, options);
  options.runtime = RuntimeVariant::kAicpuBuildGraph;
  expect_error([&] { run({}, options); }, ErrorCode::kUnsupported, {"track_war"});
}

// ---- errors -----------------------------------------------------------------------------------------------------

TEST_P(DeviceSuite, AFatalErrorOfTheOrchestrationComesThroughWithItsStatus) {
  expect_run_error({.verb = kFatal}, ErrorCode::kRunFailed, {"EXPLICIT_ORCH_FATAL", "asked for by 42"}, -9);
}

TEST_P(DeviceSuite, AKernelThatCrashesIsNamed) {
  for (const bool on_aic : {false, true}) {
    expect_run_error({.verb = kCrash, .on_aic = on_aic}, ErrorCode::kKernelCrashed,
                     {on_aic ? "func_id 1" : "func_id 0", on_aic ? "AIC" : "AIV"});
  }
}

TEST_P(DeviceSuite, ADeadlockIsReportedWithWhoWaitsForWhat) {
  expect_run_error({.verb = kWaitForEver}, ErrorCode::kDeadlock, {"func_id 0", "waits for", "flag 3"}, -100);
}

TEST_P(DeviceSuite, AKernelThatNeverEndsIsEndedAtTheDeadline) {
  RunOptions options;
  options.deadline_ms = 50;
  expect_run_error({.verb = kPollForEver}, ErrorCode::kDeadline, {"func_id 0"}, -100, options);
}

TEST_P(DeviceSuite, TooFewArgumentsAreCounted) {
  TaskArguments arguments;
  arguments.add_tensor(y_.data(), DataType::FLOAT32, {kCount}, INOUT);
  try {
    worker_.run(registered(), arguments);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_TRUE(error.code() == ErrorCode::kSignatureMismatch || error.code() == ErrorCode::kInvalidArgument) << error.what();
    EXPECT_NE(std::string(error.what()).find("7 arguments"), std::string::npos) << error.what();
  }
  expect_scaled(2);
}

TEST_P(DeviceSuite, ImagesThatAreNoneAreRefused) {
  std::vector<uint8_t> image = image_for(GetParam());
  expect_error([&] { worker_.register_callable({image.data(), image.size() - 1}); }, ErrorCode::kInvalidArgument);
  expect_error([&] { worker_.register_callable({}); }, ErrorCode::kInvalidArgument);
}

TEST_P(DeviceSuite, AKernelThatIsNoCodeIsRefusedAndTheNextRunWorks) {
  const std::vector<uint8_t>& good = image_for(GetParam());
  CallableParts parts = parse_chip_callable(good);
  const std::vector<uint8_t> text(1000, 'x');
  parts.kernels[0].binary = text;
  const std::vector<uint8_t> bad = build_chip_callable(parts);
  TaskArguments arguments;
  arguments.add_tensor(x_.data(), DataType::FLOAT32, {kCount}, IN).add_tensor(y_.data(), DataType::FLOAT32, {kCount}, INOUT);
  add_scalars(arguments, {});
  // When it is loaded or when it is run: the device's choice.
  expect_error([&] { worker_.run(worker_.register_callable(bad), arguments); }, ErrorCode::kInvalidArgument, {});
  expect_scaled(3);
}

// ---- callables and devices --------------------------------------------------------------------------------------

TEST_P(DeviceSuite, ManyCallablesLiveSideBySide) {
  std::vector<CallableHandle> handles;
  for (int i = 0; i < 100; ++i) handles.push_back(worker_.register_callable(image_for(GetParam())));
  for (int i = 0; i < 100; i += 2) worker_.unregister_callable(handles[static_cast<size_t>(i)]);
  for (int i = 0; i < 100; i += 9) {
    handle_ = handles[static_cast<size_t>(i)];
    if (i % 2 == 0) {
      expect_error([&] { run({}); }, ErrorCode::kUnknownHandle);
    } else {
      expect_scaled(i);
    }
  }
  handle_ = worker_.register_callable(image_for(GetParam()));
  expect_scaled(1000);
}

TEST_P(DeviceSuite, TwoDevicesWorkInParallelOnMemoryOfTheirOwn) {
  const auto work = [](int device_id, std::string* failure) {
    try {
      ChipWorker worker(options_of(device_id));
      const CallableHandle handle = worker.register_callable(image_for(GetParam()));
      std::vector<float> x(kCount, static_cast<float>(device_id)), y(kCount);
      for (int round = 0; round < 10; ++round) {
        TaskArguments arguments;
        arguments.add_tensor(x.data(), DataType::FLOAT32, {kCount}, IN).add_tensor(y.data(), DataType::FLOAT32, {kCount}, INOUT);
        add_scalars(arguments, {.verb = kChain, .value = round});
        worker.run(handle, arguments);
        if (std::count(y.begin(), y.end(),
                       2.0f * (2.0f * static_cast<float>(device_id) + static_cast<float>(round)) + static_cast<float>(round)) != kCount) {
          *failure = "wrong result";
        }
      }
    } catch (const Error& error) {
      *failure = error.what();
    }
  };
  image_for(GetParam());
  std::string failures[2];
  std::thread first(work, 1, &failures[0]), second(work, 2, &failures[1]);
  first.join();
  second.join();
  EXPECT_EQ(failures[0], "");
  EXPECT_EQ(failures[1], "");
}

TEST_P(DeviceSuite, ACrashOfOneDeviceLeavesTheOtherAlone) {
  ChipWorker other(options_of(1));
  void* const kept = other.malloc(8);
  other.copy_to(kept, "tilewri", 8);
  expect_run_error({.verb = kCrash}, ErrorCode::kKernelCrashed, {});
  char back[8];
  other.copy_from(back, kept, 8);
  EXPECT_STREQ(back, "tilewri");
}

TEST_P(DeviceSuite, AfterFinalizeHandlesAreStaleAndTheDeviceStartsAgain) {
  expect_scaled(1);
  const CallableHandle old = handle_;
  worker_.finalize();
  expect_error([&] { run({}); }, ErrorCode::kUnknownHandle);
  handle_ = {};
  expect_scaled(2);
  EXPECT_NE(old, handle_);
}

TEST_P(DeviceSuite, APlatformSaysTheSameInEveryPlace) {
  EXPECT_EQ(platform().simulated, GetParam().ends_with("sim"));
  EXPECT_NO_THROW(require_available(platform()));
  EXPECT_NE(std::find(platforms().begin(), platforms().end(), &platform()), platforms().end());
}

// ---- memories and instructions of a core ------------------------------------------------------------------------

struct Memory {
  const char* name;
  int64_t space;
  uint64_t a2a3, a5;      ///< bytes, spec/tile-isa.md, 1.3
  uint64_t tile;          ///< bytes of the tile that kernel.cpp places
  const char* tile_text;
  bool on_aic;
};
constexpr Memory kMemories[] = {
    {"UB (Vec)", 0, 196608, 262144, 256, "f32 2x32 (256 bytes)", false},
    {"L1 (Mat)", 1, 524288, 524288, 256, "f32 2x32 (256 bytes)", true},
    {"L0A (Left)", 2, 65536, 65536, 512, "f16 16x16 (512 bytes)", true},
    {"L0B (Right)", 3, 65536, 65536, 512, "f16 16x16 (512 bytes)", true},
    {"L0C (Acc)", 4, 131072, 262144, 1024, "f32 16x16 (1024 bytes)", true},
    {"Bias table", 5, 1024, 4096, 256, "f32 1x64 (256 bytes)", true},
    {"FBUF (Scaling)", 6, 2048, 4096, 256, "u64 1x32 (256 bytes)", true},
    {"ScaleLeft memory", 7, 0, 4096, 32, "e8m0 16x2 (32 bytes)", true},
    {"ScaleRight memory", 8, 0, 4096, 32, "e8m0 2x16 (32 bytes)", true},
};

TEST_P(DeviceSuite, ATileFitsToTheLastByteOfEachMemoryAndNotBeyond) {
  for (const Memory& memory : kMemories) {
    SCOPED_TRACE(memory.name);
    const uint64_t capacity = is_a5() ? memory.a5 : memory.a2a3;
    const auto place_at = [&](uint64_t address) {
      run({.verb = kPlace, .value = static_cast<int64_t>(address), .space = memory.space, .on_aic = memory.on_aic});
    };
    if (capacity == 0) {
      expect_error([&] { place_at(0); }, ErrorCode::kRunFailed,
                   {"TASSIGN", memory.tile_text, memory.name, std::string("which ") + platform().arch + " does not have"});
      continue;
    }
    EXPECT_NO_THROW(place_at(0));
    EXPECT_NO_THROW(place_at(capacity - memory.tile));
    for (const uint64_t beyond : {capacity - memory.tile + 32, capacity, capacity + 4096}) {
      expect_error(
          [&] { place_at(beyond); }, ErrorCode::kRunFailed,
          {"TASSIGN", memory.tile_text, memory.name, platform().arch, std::to_string(capacity) + " (0x", memory.on_aic ? "AIC" : "AIV"});
    }
    expect_error([&] { place_at(1); }, ErrorCode::kRunFailed, {"TASSIGN", memory.name, "not a multiple of 32"});
  }
}

TEST_P(DeviceSuite, AnInstructionThatTheGenerationLacksIsRefusedByName) {
  const Request acc_to_vec{.verb = kA5Only, .on_aic = true}, mat_to_memory{.verb = kA2A3Only, .on_aic = true};
  EXPECT_NO_THROW(run(is_a5() ? acc_to_vec : mat_to_memory));
  expect_run_error(
      is_a5() ? mat_to_memory : acc_to_vec, ErrorCode::kRunFailed,
      {is_a5() ? "TSTORE from Mat: a5 does not have this instruction" : "TMOV from Acc to Vec: a2a3 does not have this instruction",
       "AIC 0"});
}

TEST_P(DeviceSuite, AKernelOfTheOtherGenerationIsRefused) {
  if (recipe_of(platform()) != nullptr) GTEST_SKIP() << "this platform has a compiler of its own";
  const CallableHandle other = worker_.register_callable(image_for(is_a5() ? "a2a3sim" : "a5sim"));
  TaskArguments arguments;
  arguments.add_tensor(x_.data(), DataType::FLOAT32, {kCount}, IN).add_tensor(y_.data(), DataType::FLOAT32, {kCount}, INOUT);
  add_scalars(arguments, {});
  expect_error([&] { worker_.run(other, arguments); }, ErrorCode::kInvalidArgument,
               {is_a5() ? "was compiled for a2a3 (__NPU_ARCH__ 2201), and the device is a5"
                        : "was compiled for a5 (__NPU_ARCH__ 3510), and the device is a2a3"});
  expect_scaled(4);
}

TEST_P(DeviceSuite, KernelsOfAnotherCompilerAreRefused) {
  if (recipe_of(platform()) == nullptr) GTEST_SKIP() << "this platform's compiler is the host's";
  expect_error([&] { worker_.register_callable(image_for("a2a3sim")); }, ErrorCode::kInvalidArgument, {"was not compiled for"});
  expect_scaled(4);
}

INSTANTIATE_TEST_SUITE_P(Platforms, DeviceSuite, testing::ValuesIn(platforms_under_test()), [](const auto& info) { return info.param; });

// ---- only on hardware -------------------------------------------------------------------------------------------

TEST(Hardware, IsThereWhenItWasAskedFor) {
  TW_REQUIRES_HARDWARE("");
  const PlatformInfo& info = find_platform(test::platform_under_test());
  EXPECT_FALSE(info.simulated);
  EXPECT_GE(info.plugin->device_count(), 1);
}

TEST(Hardware, ADeviceHasOneOwner) {
  TW_REQUIRES_HARDWARE("");
  WorkerOptions options;
  options.platform = test::platform_under_test();
  ChipWorker first(options), second(options);
  first.init();
  EXPECT_THROW(second.init(), Error);
  first.finalize();
  EXPECT_NO_THROW(second.init());
}

TEST(Hardware, OfOneKind) {
  TW_REQUIRES_HARDWARE("a2a3");
  EXPECT_STREQ(find_platform("a2a3").arch, "a2a3");
}

}  // namespace
}  // namespace tilewright
