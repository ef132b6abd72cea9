// A plug-in's device: what the host checks of what it is told, and of what it asks for. The plug-ins as in registry_test.cpp;
// how a good device behaves is tests/devices.
#include <gtest/gtest.h>

#include <memory>

#include "base/error.h"
#include "base/file.h"
#include "platform/registry.h"
#include "platform/testdata/plugin_directory.h"
#include "task/callable.h"

namespace tilewright {
namespace {

/// An image that the plug-in never looks into.
std::vector<uint8_t> image() {
  static constexpr uint8_t kCode[] = {1, 2, 3};
  CallableParts parts;
  parts.entry_name = "entry";
  parts.orchestration = kCode;
  parts.kernels.push_back({0, CoreType::AIV, {}, kCode});
  return build_chip_callable(parts);
}

class PluginDeviceTest : public testing::Test {
 protected:
  Device& open(const std::string& flaw, int device_id = 0) {
    const TemporaryDirectory& directory = directory_of_the_process();
    std::filesystem::copy_file(TW_FLAWED_PLUGIN, directory.path() / plugin_file_name(flaw));
    device_.reset();
    registry_ = std::make_unique<PlatformRegistry>(std::vector<PlatformRegistry::Directory>{{directory.path(), "test"}});
    device_ = make_plugin_device(registry_->find(flaw), device_id);
    return *device_;
  }
  RunReport run(const RunOptions& options = {}) {
    device_->load(0, image());
    return device_->run(0, args_, config_, options);
  }
  template <typename Action>
  static void expect_error(Action&& action, ErrorCode code, const std::string& text) {
    try {
      action();
      ADD_FAILURE() << "no error; expected " << text;
    } catch (const Error& error) {
      EXPECT_STREQ(error_name(error.code()), error_name(code)) << error.what();
      EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
    }
  }

  std::unique_ptr<PlatformRegistry> registry_;
  std::unique_ptr<Device> device_;
  ChipStorageTaskArgs args_;
  CallConfig config_;
};

TEST_F(PluginDeviceTest, AllocatesCopiesAndRuns) {
  Device& device = open("good");
  const uint64_t address = device.allocate(100);
  const char text[] = "tile";
  char back[sizeof text] = {};
  device.copy_to_device(address + 90, text, sizeof text);
  device.copy_from_device(back, address + 90, sizeof text);
  EXPECT_STREQ(back, "tile");
  EXPECT_EQ(run().task_count, 5u);
  device.unload(0);
  device.free(address);
}

TEST_F(PluginDeviceTest, ChecksRangesBeforeThePlugInSeesThem) {
  Device& device = open("good");
  const uint64_t address = device.allocate(100);
  char bytes[200] = {};
  device.copy_to_device(address + 100, bytes, 0);
  for (const auto& [at, size] :
       {std::pair<uint64_t, uint64_t>{address, 101}, {address + 100, 1}, {address - 1, 1}, {address + 1, UINT64_MAX}, {0, 1}}) {
    expect_error([&] { device.copy_to_device(at, bytes, size); }, ErrorCode::kOutOfBounds, "not inside one allocation of device good");
    expect_error([&] { device.copy_from_device(bytes, at, size); }, ErrorCode::kOutOfBounds, "not inside one allocation");
  }
  expect_error([&] { device.free(address + 64); }, ErrorCode::kInvalidArgument, "is no allocation");
  device.free(address);
  expect_error([&] { device.free(address); }, ErrorCode::kInvalidArgument, "is no allocation");
  expect_error([&] { device.check_range(address, 1); }, ErrorCode::kOutOfBounds, "not inside one allocation");
}

TEST_F(PluginDeviceTest, AddressesThatCannotBeAreTheirFault) {
  for (const auto& [flaw, why] :
       {std::pair("null_address", "is no address"), {"misaligned", "is not aligned to 64 bytes"}, {"wraps", "leaves the address space"}}) {
    expect_error([&] { open(flaw).allocate(4096); }, ErrorCode::kInternal, why);
  }
  Device& twice = open("same_twice");
  twice.allocate(64);
  expect_error([&] { twice.allocate(64); }, ErrorCode::kInternal, "overlaps memory that is allocated");
  Device& overlaps = open("overlaps");
  overlaps.allocate(64);
  expect_error([&] { overlaps.allocate(65); }, ErrorCode::kInternal, "overlaps memory that is allocated");
}

TEST_F(PluginDeviceTest, HandlesThatAreMissingAreTheirFault) {
  expect_error([&] { open("opens_nothing"); }, ErrorCode::kInternal, "open gave no device");
  open("prepares_nothing");
  expect_error([&] { run(); }, ErrorCode::kInternal, "prepare gave no program");
  open("launches_nothing");
  expect_error([&] { run(); }, ErrorCode::kInternal, "launch gave no run");
}

TEST_F(PluginDeviceTest, ReportsThatCannotBeAreTheirFault) {
  for (const auto& [flaw, why] : {std::pair("edges_of_nothing", "counts edges or tasks and has none"),
                                  {"strange_edge", "edge 0 has source 9"},
                                  {"resizes_report", "finalize changed struct_size to 1"},
                                  {"polls_nonsense", "poll says neither 0 nor 1, but 2"},
                                  {"impatient", "returned before the run had ended"}}) {
    open(flaw);
    expect_error([&] { run(); }, ErrorCode::kInternal, why);
  }
}

TEST_F(PluginDeviceTest, ARunThatEndsInLaunchIsNotWaitedFor) {
  open("ends_in_launch");
  EXPECT_EQ(run().task_count, 5u);
}

TEST_F(PluginDeviceTest, ErrorsComeThroughWithTextHintAndStatus) {
  open("run_fails");
  try {
    run();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kRunFailed);
    EXPECT_EQ(error.message(), "scope too deep");
    EXPECT_EQ(error.hint(), "split it");
    EXPECT_EQ(error.status(), -9);
  }
  expect_error([&] { open("silent").allocate(1); }, ErrorCode::kDeviceMemory, "allocate failed and the plug-in says nothing about it");
  expect_error([&] { open("strange_code").allocate(1); }, ErrorCode::kInternal, "allocate returned 77, which is no error code");
  expect_error([&] { open("good", 1); }, ErrorCode::kPlatformUnavailable, "there is one device, 0");
}

TEST_F(PluginDeviceTest, ExceptionsEndAtTheBorder) {
  Device& device = open("copy_throws");
  const uint64_t address = device.allocate(8);
  expect_error([&] { device.copy_to_device(address, "x", 1); }, ErrorCode::kInternal, "copy_to_device let an exception escape");
  open("close_throws");
  testing::internal::CaptureStderr();
  device_.reset();
  EXPECT_NE(testing::internal::GetCapturedStderr().find("close let an exception escape"), std::string::npos);
}

TEST_F(PluginDeviceTest, ACopyThatFailsLeavesTheDeviceUsable) {
  Device& device = open("copy_fails");
  const uint64_t address = device.allocate(8);
  expect_error([&] { device.copy_to_device(address, "x", 1); }, ErrorCode::kIoError, "DMA error 12");
  EXPECT_NO_THROW(device.check_range(address, 8));
}

TEST_F(PluginDeviceTest, ALostDeviceStaysLost) {
  Device& device = open("lost_in_wait");
  const uint64_t address = device.allocate(8);
  expect_error([&] { run(); }, ErrorCode::kDeviceLost, "the device does not answer");
  char byte = 0;
  const std::string again = "was lost, and with it its memory: the device does not answer";
  expect_error([&] { device.copy_from_device(&byte, address, 1); }, ErrorCode::kDeviceLost, again);
  expect_error([&] { device.allocate(1); }, ErrorCode::kDeviceLost, again);
  expect_error([&] { device.free(address); }, ErrorCode::kDeviceLost, again);
  expect_error([&] { device.load(1, image()); }, ErrorCode::kDeviceLost, again);
  expect_error([&] { device.run(0, args_, config_, {}); }, ErrorCode::kDeviceLost, again);
  open("lost_in_poll");
  expect_error([&] { run(); }, ErrorCode::kDeviceLost, "the device does not answer");
  expect_error([&] { open("lost_in_allocate").allocate(1); }, ErrorCode::kDeviceLost, "reseat the card");
}

TEST_F(PluginDeviceTest, WhatThePlatformDoesNotHaveIsRefusedByTheHost) {
  open("plain");
  RunOptions options;
  options.record_dependencies = true;
  expect_error([&] { run(options); }, ErrorCode::kUnsupported, "platform plain does not support record_dependencies");
  options = {};
  options.track_war = true;
  expect_error([&] { run(options); }, ErrorCode::kUnsupported, "does not support track_war");
  options = {};
  options.deadline_ms = 1;
  expect_error([&] { run(options); }, ErrorCode::kUnsupported, "does not support a deadline");
  options.deadline_ms = kNoDeadline;
  EXPECT_NO_THROW(run(options));
  options = {};
  options.check = true;
  expect_error([&] { run(options); }, ErrorCode::kUnsupported, "does not support checked runs");
  options = {};
  options.sim_seed = 1;
  expect_error([&] { run(options); }, ErrorCode::kUnsupported, "does not support schedules that a seed decides");
  options = {};
  options.aic_cores = 3;
  expect_error([&] { run(options); }, ErrorCode::kUnsupported, "does not support fewer cores");
  options.aic_cores = 24;
  EXPECT_NO_THROW(run(options));
  options = {};
  options.host_threads = 1;
  expect_error([&] { run(options); }, ErrorCode::kUnsupported, "does not support host_threads");
  options = {};
  options.runtime = RuntimeVariant::kAicpuBuildGraph;
  expect_error([&] { run(options); }, ErrorCode::kUnsupported, "does not support the runtime aicpu_build_graph");
  config_.enable_pmu = 1;
  expect_error([&] { run(); }, ErrorCode::kUnsupported, "diagnostics");
}

TEST_F(PluginDeviceTest, ImagesAreCheckedBeforeThePlugInSeesThem) {
  Device& device = open("good");
  std::vector<uint8_t> bytes = image();
  bytes.resize(bytes.size() / 2);
  expect_error([&] { device.load(0, bytes); }, ErrorCode::kInvalidArgument, "");
  expect_error([&] { device.unload(0); }, ErrorCode::kUnknownHandle, "no callable is loaded in slot 0");
  expect_error([&] { device.run(7, args_, config_, {}); }, ErrorCode::kUnknownHandle, "slot 7");
}

TEST(PluginDevice, IsRefusedForPlatformsWithoutOne) { EXPECT_THROW(make_plugin_device(find_platform("a2a3sim"), 0), Error); }

}  // namespace
}  // namespace tilewright
