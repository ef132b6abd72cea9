// Kernels in host test programs: no runtime, on-chip memories belong to the calling thread, blocks run at once, and the ACL-like calls.
#include "pto/common/cpu_stub.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <thread>

#include "isa/core.h"
#include "pto/pto-inst.hpp"

namespace tilewright::isa_test {
namespace {

using namespace pto;

using Row = Tile<TileType::Vec, float, 1, 64>;
using GlobalRow = GlobalTensor<float, Shape<1, 1, 1, 1, 64>, Stride<64, 64, 64, 64, 1>>;

class HostProgram : public ::testing::Test {
 protected:
  void SetUp() override { set_current_core(nullptr); }
};

TEST_F(HostProgram, TwoThreadsAtOnceHaveMemoriesOfTheirOwn) {
  std::barrier both(2);
  std::atomic<int> wrong{0};
  const auto kernel = [&](float value) {
    Row tile;
    TASSIGN(tile, 0x100);
    for (int round = 0; round < 100; ++round) {
      TEXPANDS(tile, value + static_cast<float>(round));
      both.arrive_and_wait();  // now the other thread has written to the same address
      for (uint32_t i = 0; i < 64; ++i) wrong += tile.GetValue(i) != value + static_cast<float>(round);
      both.arrive_and_wait();
    }
  };
  std::thread first(kernel, 1.0f), second(kernel, 1000.0f);
  first.join();
  second.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(HostProgram, BlocksRunAtOnceAndKnowTheirIndex) {
  constexpr int kBlocks = 6;
  float values[kBlocks][64] = {};
  RunBlocks(kBlocks, [&] {
    const auto block = get_block_idx();
    EXPECT_EQ(get_block_num(), kBlocks);
    Row tile;
    TASSIGN(tile, 0);
    TEXPANDS(tile, static_cast<float>(block));
    GlobalRow mine(values[block]);
    TSTORE(mine, tile);
    SYNCALL();
    // The meeting has taken place, so every block has stored.
    GlobalRow next(values[(block + 1) % kBlocks]);
    TLOAD(tile, next);
    EXPECT_EQ(tile.GetValue(63), static_cast<float>((block + 1) % kBlocks));
  });
  for (int block = 0; block < kBlocks; ++block) EXPECT_EQ(values[block][17], static_cast<float>(block));
}

TEST_F(HostProgram, BlocksMeetThroughFlagsAndSignals) {
  int32_t word = 0;
  RunBlocks(4, [&] {
    ffts_cross_core_sync(PIPE_MTE3, 1 | 3 << 8);
    wait_flag_dev(3);
    comm::Signal signal(&word);
    comm::TNOTIFY(signal, 1, comm::NotifyOp::AtomicAdd);
    comm::TWAIT(signal, 4, comm::WaitCmp::GE);
  });
  EXPECT_EQ(word, 4);
}

TEST_F(HostProgram, BlocksThatWaitForEverStopWithWhatTheyWaitFor) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(RunBlocks(2,
                         [] {
                           if (get_block_idx() == 1) wait_flag_dev(2);
                         }),
               "error 4005: every block waits:\n  for flag 2 in WAIT_FLAG_DEV");
  EXPECT_DEATH(RunBlocks(0, [] {}), "error 1001: RunBlocks: 0 blocks");
}

TEST_F(HostProgram, ALaunchBelongsToItsThread) {
  std::atomic<int> wrong{0};
  const auto launch = [&](int blocks) {
    for (int round = 0; round < 10; ++round) {
      RunBlocks(blocks, [&] {
        wrong += get_block_num() != blocks;
        SYNCALL();
      });
    }
  };
  std::thread first(launch, 2), second(launch, 3);
  first.join();
  second.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(HostProgram, AclCallsAllocateCopyAndRefuseBadArguments) {
  EXPECT_EQ(aclInit(nullptr), ACL_SUCCESS);
  EXPECT_EQ(aclrtSetDevice(0), ACL_SUCCESS);
  aclrtStream stream = nullptr;
  EXPECT_EQ(aclrtCreateStream(&stream), ACL_SUCCESS);
  EXPECT_NE(stream, nullptr);
  EXPECT_EQ(aclrtCreateStream(nullptr), ACL_ERROR_INVALID_PARAM);
  void *device = nullptr, *host = nullptr;
  EXPECT_EQ(aclrtMalloc(&device, 100, ACL_MEM_MALLOC_HUGE_FIRST), ACL_SUCCESS);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(device) % 512, 0u);
  EXPECT_EQ(aclrtMallocHost(&host, 100), ACL_SUCCESS);
  EXPECT_EQ(aclrtMalloc(nullptr, 100), ACL_ERROR_INVALID_PARAM);
  EXPECT_EQ(aclrtMalloc(&device, 0), ACL_ERROR_INVALID_PARAM);
  void* huge = nullptr;
  EXPECT_EQ(aclrtMalloc(&huge, SIZE_MAX), ACL_ERROR_BAD_ALLOC);
  EXPECT_EQ(aclrtMemset(host, 100, 7, 100), ACL_SUCCESS);
  EXPECT_EQ(aclrtMemset(host, 100, 7, 101), ACL_ERROR_INVALID_PARAM);
  EXPECT_EQ(aclrtMemcpy(device, 100, host, 100, ACL_MEMCPY_HOST_TO_DEVICE), ACL_SUCCESS);
  EXPECT_EQ(static_cast<uint8_t*>(device)[99], 7);
  EXPECT_EQ(aclrtMemcpy(device, 99, host, 100, ACL_MEMCPY_HOST_TO_DEVICE), ACL_ERROR_INVALID_PARAM);
  EXPECT_EQ(aclrtMemcpy(device, 100, nullptr, 100, ACL_MEMCPY_DEVICE_TO_HOST), ACL_ERROR_INVALID_PARAM);
  EXPECT_EQ(aclrtSynchronizeStream(stream), ACL_SUCCESS);
  EXPECT_EQ(aclrtDestroyStream(stream), ACL_SUCCESS);
  EXPECT_EQ(aclrtFree(device), ACL_SUCCESS);
  EXPECT_EQ(aclrtFreeHost(host), ACL_SUCCESS);
  EXPECT_EQ(aclrtFree(nullptr), ACL_ERROR_INVALID_PARAM);
  EXPECT_EQ(aclFloat16ToFloat(half(1.5f)), 1.5f);
  EXPECT_EQ(aclFloat16ToFloat(uint16_t{0x3e00}), 1.5f);
  EXPECT_EQ(aclFloatToFloat16(1.5f), 0x3e00);
  EXPECT_EQ(aclrtResetDevice(0), ACL_SUCCESS);
  EXPECT_EQ(aclFinalize(), ACL_SUCCESS);
}

#if __NPU_ARCH__ != 2201
TEST_F(HostProgram, TheDefaultCoreIsOfTheGenerationThatTheProgramIsCompiledFor) {
  std::thread([] {
    TileLeftScale<uint8_t, 16, 2> scale;
    TASSIGN(scale, 0);  // a2a3 has no such memory
    EXPECT_NE(scale.data(), nullptr);
    Tile<TileType::Vec, float, 16, 256> last;
    TASSIGN(last, 256 * 1024 - 16 * 1024);
  }).join();
}
#endif

}  // namespace
}  // namespace tilewright::isa_test
