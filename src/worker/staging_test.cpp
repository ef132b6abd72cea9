#include "worker/staging.h"

#include <gtest/gtest.h>

#include <memory>
#include <numeric>

#include "base/error.h"
#include "worker/fake_device.h"

namespace tilewright {
namespace {

class StagingTest : public ::testing::Test {
 protected:
  /// Stages `args`, lets `work` change the device memory, copies back.
  template <typename F>
  void round(const TaskArguments& args, F work) {
    staging_.copy_in(args, *staged_);
    work(*staged_);
    staging_.copy_out(args);
  }
  static int* ints(const ChipTensor& tensor) { return tensor.data_as<int>(); }

  PlatformInfo info_{"tiny", "a2a3", true, 1, 8 << 20, ""};
  std::unique_ptr<Device> device_ = make_fake_device(info_, -1);
  Staging staging_{*device_};
  std::unique_ptr<ChipStorageTaskArgs> staged_ = std::make_unique<ChipStorageTaskArgs>();
};

TEST_F(StagingTest, InputsGoInAndOutputsComeBack) {
  std::vector<int> in(100, 1);
  std::vector<int> out(100, 2);
  std::vector<int> inout(100, 3);
  TaskArguments args;
  args.add_tensor(in.data(), DataType::INT32, {100}, ArgDirection::IN);
  args.add_tensor(out.data(), DataType::INT32, {100}, ArgDirection::OUT);
  args.add_tensor(inout.data(), DataType::INT32, {100}, ArgDirection::INOUT);
  args.add_scalar(5);
  round(args, [](ChipStorageTaskArgs& device) {
    ASSERT_EQ(device.tensor_count(), 3);
    EXPECT_EQ(device.scalar(0), 5u);
    for (int t = 0; t < 3; ++t) {
      EXPECT_TRUE(device.tensor(t).is_device_memory());
      EXPECT_EQ(device.tensor(t).buffer.addr % 1024, 0u);
    }
    EXPECT_EQ(ints(device.tensor(0))[99], 1);
    EXPECT_NE(ints(device.tensor(1))[99], 2) << "a contiguous output is not copied in";
    EXPECT_EQ(ints(device.tensor(2))[99], 3);
    for (int t = 0; t < 3; ++t) std::fill_n(ints(device.tensor(t)), 100, 40 + t);
  });
  EXPECT_EQ(in[50], 1);
  EXPECT_EQ(out[50], 41);
  EXPECT_EQ(inout[50], 42);
}

TEST_F(StagingTest, TheGapsOfAStridedOutputSurvive) {
  std::vector<int> matrix(8 * 8);
  std::iota(matrix.begin(), matrix.end(), 0);
  TaskArguments args;
  args.add_tensor({matrix.data() + 2, DataType::INT32, {8, 2}, {8, 1}, ArgDirection::OUT, AddressSpace::HOST});
  round(args, [](ChipStorageTaskArgs& device) {
    for (int row = 0; row < 8; ++row) ints(device.tensor(0))[row * 8] = ints(device.tensor(0))[row * 8 + 1] = -1;
  });
  for (int i = 0; i < 64; ++i) EXPECT_EQ(matrix[static_cast<size_t>(i)], i % 8 == 2 || i % 8 == 3 ? -1 : i) << i;
}

TEST_F(StagingTest, InterleavedOutputsDoNotOverwriteEachOther) {
  std::vector<int> pairs(20, 7);
  TaskArguments args;
  args.add_tensor({pairs.data(), DataType::INT32, {10}, {2}, ArgDirection::OUT, AddressSpace::HOST});
  args.add_tensor({pairs.data() + 1, DataType::INT32, {10}, {2}, ArgDirection::OUT, AddressSpace::HOST});
  round(args, [](ChipStorageTaskArgs& device) {
    EXPECT_EQ(device.tensor(1).buffer.addr, device.tensor(0).buffer.addr + 4) << "they share memory as on the host";
    for (int i = 0; i < 10; ++i) {
      ints(device.tensor(0))[2 * i] = 100 + i;
      ints(device.tensor(1))[2 * i] = 200 + i;
    }
  });
  for (int i = 0; i < 20; ++i) EXPECT_EQ(pairs[static_cast<size_t>(i)], (i % 2 == 0 ? 100 : 200) + i / 2);
}

TEST_F(StagingTest, TheSameTensorTwiceIsOneTensor) {
  std::vector<int> data(10, 1);
  TaskArguments args;
  args.add_tensor(data.data(), DataType::INT32, {10}, ArgDirection::IN);
  args.add_tensor(data.data(), DataType::INT32, {10}, ArgDirection::INOUT);
  round(args, [](ChipStorageTaskArgs& device) {
    EXPECT_EQ(device.tensor(0).buffer.addr, device.tensor(1).buffer.addr);
    ints(device.tensor(1))[0] = 5;
  });
  EXPECT_EQ(data[0], 5);
}

TEST_F(StagingTest, NeighboursStayApart) {
  std::vector<int> data(20, 1);
  TaskArguments args;
  args.add_tensor(data.data(), DataType::INT32, {10}, ArgDirection::INOUT);
  args.add_tensor(data.data() + 10, DataType::INT32, {10}, ArgDirection::INOUT);
  staging_.copy_in(args, *staged_);
  EXPECT_EQ(staged_->tensor(0).buffer.addr % 1024, 0u);
  EXPECT_EQ(staged_->tensor(1).buffer.addr % 1024, 0u);
}

TEST_F(StagingTest, DeviceTensorsPassThrough) {
  const uint64_t address = device_->allocate(64);
  TaskArguments args;
  args.add_tensor(reinterpret_cast<void*>(address), DataType::INT32, {16}, ArgDirection::INOUT, AddressSpace::DEVICE);
  round(args, [&](ChipStorageTaskArgs& device) { EXPECT_EQ(device.tensor(0).buffer.addr, address); });
}

TEST_F(StagingTest, DeviceTensorsOutsideAnAllocationAreNamed) {
  const uint64_t address = device_->allocate(64);
  TaskArguments args;
  args.add_tensor(reinterpret_cast<void*>(address), DataType::INT32, {16}, ArgDirection::INOUT, AddressSpace::DEVICE);
  args.add_tensor(reinterpret_cast<void*>(address), DataType::INT32, {17}, ArgDirection::INOUT, AddressSpace::DEVICE);
  try {
    staging_.copy_in(args, *staged_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kOutOfBounds);
    EXPECT_EQ(error.message().rfind("tensor argument 1: device range", 0), 0u) << error.message();
  }
}

TEST_F(StagingTest, TheBufferIsKeptAndGrows) {
  std::vector<uint8_t> small(1000);
  std::vector<uint8_t> large(3 << 20);
  TaskArguments few;
  few.add_tensor(small.data(), DataType::UINT8, {1000}, ArgDirection::IN);
  TaskArguments many;
  many.add_tensor(large.data(), DataType::UINT8, {3 << 20}, ArgDirection::IN);
  uint64_t addresses[5];
  int next = 0;
  for (const TaskArguments* args : {&few, &few, &many, &few, &many}) {
    staging_.copy_in(*args, *staged_);
    addresses[next++] = staged_->tensor(0).buffer.addr;
  }
  EXPECT_EQ(addresses[0], addresses[1]);
  EXPECT_EQ(addresses[2], addresses[3]);
  EXPECT_EQ(addresses[2], addresses[4]);
}

TEST_F(StagingTest, ATensorLargerThanTheDeviceIsNamed) {
  uint8_t byte = 0;
  TaskArguments args;
  args.add_tensor(&byte, DataType::UINT8, {1}, ArgDirection::IN);
  args.add_tensor(&byte, DataType::UINT8, {(8 << 20) + 1}, ArgDirection::OUT);
  try {
    staging_.copy_in(args, *staged_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kDeviceMemory);
    EXPECT_NE(std::string(error.what()).find("tensor argument 1 spans 8388609 bytes, device tiny has 8388608"), std::string::npos);
  }
}

TEST_F(StagingTest, TensorsThatTogetherExceedTheDeviceAreRefused) {
  std::vector<uint8_t> data(12 << 20);
  TaskArguments args;
  for (int i = 0; i < 3; ++i) args.add_tensor(data.data() + i * (4 << 20), DataType::UINT8, {4 << 20}, ArgDirection::OUT);
  try {
    staging_.copy_in(args, *staged_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kDeviceMemory);
  }
  TaskArguments one;
  one.add_tensor(data.data(), DataType::UINT8, {4 << 20}, ArgDirection::OUT);
  EXPECT_NO_THROW(staging_.copy_in(one, *staged_)) << "usable afterwards";
}

}  // namespace
}  // namespace tilewright
