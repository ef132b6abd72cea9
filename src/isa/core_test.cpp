// Cores: their memories, TASSIGN, the table, the hook, yields, and what happens to errors.
#include <hwy/targets.h>

#include <cstdlib>
#include <string_view>
#include <thread>

#include "base/error.h"
#include "isa/hook.h"
#include "isa/isa_test_support.h"

namespace tilewright::isa_test {
namespace {

using namespace pto;

/// TW_TEST_SIMD runs every test of this program on the code that other processors get: baseline without AVX2, avx2 without AVX-512.
class SimdTarget : public ::testing::Environment {
 public:
  void SetUp() override {
    const char* wanted = std::getenv("TW_TEST_SIMD");
    if (wanted == nullptr) return;
    const std::string_view name = wanted;
    ASSERT_TRUE(name == "baseline" || name == "avx2") << "TW_TEST_SIMD=" << name;
    const int64_t kept = name == "avx2" ? HWY_STATIC_TARGET | HWY_AVX2 : HWY_STATIC_TARGET;
    hwy::SetSupportedTargetsForTest(static_cast<int64_t>(hwy::SupportedTargets()) & kept);
  }
};
const auto* const simd_target = ::testing::AddGlobalTestEnvironment(new SimdTarget);

class CoreTest : public IsaTest {};
class A5CoreTest : public IsaTest {
 protected:
  A5CoreTest() : IsaTest(CoreArch::a5()) {}
};

TEST_F(CoreTest, MemoriesHaveTheSizesOfTheGeneration) {
  const uint64_t a2a3[] = {196608, 524288, 65536, 65536, 131072, 1024, 2048, 0, 0, 16384};
  const uint64_t a5[] = {262144, 524288, 65536, 65536, 262144, 4096, 4096, 4096, 4096, 16384};
  for (int space = 0; space < kSpaceCount; ++space) {
    EXPECT_EQ(CoreArch::a2a3().memory_bytes[space], a2a3[space]) << space_name(space);
    EXPECT_EQ(CoreArch::a5().memory_bytes[space], a5[space]) << space_name(space);
    uint64_t capacity = 0;
    EXPECT_EQ(sim_table()->core_memory(space, &capacity), memory_.base(space));
    EXPECT_EQ(capacity, a2a3[space]);
  }
  EXPECT_EQ(error_of([] { sim_table()->core_memory(kSpaceCount, nullptr); }).code, 1001);
}

TEST_F(CoreTest, MemoriesAreDisjointAlignedAndWritableToTheLastByte) {
  for (int a = 0; a < kSpaceCount; ++a) {
    EXPECT_EQ(reinterpret_cast<uint64_t>(memory_.base(a)) % 512, 0u);
    std::memset(memory_.base(a), a + 1, memory_.capacity(a));
  }
  std::memset(memory_.scratch(), 0x55, CoreMemory::kScratchBytes);
  for (int a = 0; a < kSpaceCount; ++a) {
    for (uint64_t i = 0; i < memory_.capacity(a); ++i) ASSERT_EQ(memory_.base(a)[i], a + 1) << space_name(a) << " " << i;
  }
}

TEST_F(CoreTest, AccessBehindAMemoryFaults) {
  for (const int space : {0, 1, 4, 5, 6}) {
    EXPECT_DEATH(*const_cast<volatile uint8_t*>(memory_.base(space) + memory_.capacity(space)) = 1, "") << space_name(space);
  }
}

TEST_F(CoreTest, AssignAcceptsOffsetsAndPointersIntoTheMemory) {
  Tile<TileType::Mat, half, 64, 64> tile, other;
  TASSIGN(tile, 512 * 1024 - 8192);
  EXPECT_EQ(reinterpret_cast<uint8_t*>(tile.data()), memory_.base(1) + 512 * 1024 - 8192);
  TASSIGN(other, tile.data());
  EXPECT_EQ(other.data(), tile.data());
  TASSIGN(other, reinterpret_cast<uint64_t>(tile.data()));
  EXPECT_EQ(other.data(), tile.data());
  TASSIGN<0x2000>(other);
  EXPECT_EQ(reinterpret_cast<uint8_t*>(other.data()), memory_.base(1) + 0x2000);
  TASSIGN(other, reinterpret_cast<__cbuf__ half*>(0x40));
  EXPECT_EQ(reinterpret_cast<uint8_t*>(other.data()), memory_.base(1) + 0x40);
}

TEST_F(CoreTest, AssignRefusesTilesThatLeaveTheirMemory) {
  Tile<TileType::Vec, float, 128, 128> tile;
  const KernelError error = error_of([&] { TASSIGN(tile, 0x28000); });
  EXPECT_EQ(error.code, 1010);
  EXPECT_EQ(error.text,
            "TASSIGN: a tile f32 128x128 (65536 bytes) at 0x28000 ends at 0x38000, outside UB (Vec) of a2a3, which has 196608 (0x30000) "
            "bytes; lower the "
            "address or the size of the tile");
  Tile<TileType::Vec, float, 128, 512> huge;
  EXPECT_EQ(error_of([&] { TASSIGN(huge, 0); }).code, 1010);
  Tile<TileType::Bias, float, 1, 256> bias;
  EXPECT_EQ(error_of([&] { TASSIGN(bias, 0); }).code, 0);
  EXPECT_EQ(error_of([&] { TASSIGN(bias, 32); }).code, 1010);
  EXPECT_EQ(error_of([&] { TASSIGN(bias, -32); }).code, 1010);
}

TEST_F(CoreTest, AssignRefusesAMisalignedAddress) {
  Tile<TileType::Vec, half, 16, 16> tile;
  const KernelError error = error_of([&] { TASSIGN(tile, 0x110); });
  EXPECT_EQ(error.code, 1001);
  EXPECT_NE(error.text.find("0x110 in UB (Vec), which is not a multiple of 32"), std::string::npos) << error.text;
}

TEST_F(CoreTest, AssignRefusesAMemoryThatTheGenerationLacks) {
  TileLeftScale<float8_e8m0_t, 16, 2> scale;
  const KernelError error = error_of([&] { TASSIGN(scale, 0); });
  EXPECT_EQ(error.code, 1007);
  EXPECT_NE(error.text.find("which a2a3 does not have"), std::string::npos) << error.text;
}

TEST_F(A5CoreTest, HasTheLargerAndAdditionalMemories) {
  TileLeftScale<float8_e8m0_t, 16, 2> scale;
  Tile<TileType::Vec, float, 128, 128> tile;
  EXPECT_EQ(error_of([&] { TASSIGN(scale, 0xfe0); }).code, 0);
  EXPECT_EQ(error_of([&] { TASSIGN(tile, 0x30000); }).code, 0);
}

TEST_F(CoreTest, QueriesAnswerForTheCurrentCore) {
  context_.block_idx = 3;
  context_.block_num = 8;
  context_.sub_block_id = 1;
  context_.sub_block_num = 2;
  context_.core_id = 17;
  EXPECT_EQ(get_block_idx(), 3);
  EXPECT_EQ(get_block_num(), 8);
  EXPECT_EQ(get_subblockid(), 1);
  EXPECT_EQ(get_subblockdim(), 2);
  EXPECT_EQ(get_coreid(), 17);
  set_ctrl(sbitset1(get_ctrl(), 48));
  EXPECT_EQ(get_ctrl(), uint64_t{1} << 48);
  set_ctrl(sbitset0(get_ctrl(), 48));
  EXPECT_EQ(context_.control_register, 0u);
  EXPECT_EQ(error_of([] { sim_table()->core_query(99); }).code, 1001);
}

TEST_F(CoreTest, CacheControlYieldsAndFlagsDoNot) {
  int value = 0;
  set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
  wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
  pipe_barrier(PIPE_ALL);
  set_mask_norm();
  set_vector_mask(-1, -1);
  EXPECT_EQ(host_.yields, 0);
  dcci(&value, SINGLE_CACHE_LINE);
  dcci(&value, ENTIRE_DATA_CACHE, CACHELINE_OUT);
  dsb(DSB_DDR);
  EXPECT_EQ(host_.yields, 3);
}

TEST_F(CoreTest, TheDefaultCoreWaitsOnlyForWhatIsAlreadyTrue) {
  static bool flag;
  flag = true;
  const CoreWait wait{[](const void*) { return flag; }, nullptr, [](const void*) { return std::string("flag 7"); }};
  set_current_core(nullptr);
  current_core()->host->wait(wait);
  flag = false;
  EXPECT_DEATH(current_core()->host->wait(wait), "pto: error 4005: the kernel waits for flag 7, and no other core runs");
}

TEST_F(CoreTest, EachThreadHasItsOwnCurrentCore) {
  CoreContext* seen = nullptr;
  std::thread([&] { seen = current_core(); }).join();
  EXPECT_NE(seen, &context_);
  EXPECT_EQ(current_core(), &context_);
  set_current_core(nullptr);
  EXPECT_EQ(current_core()->arch, &CoreArch::a2a3());
  EXPECT_NE(current_core(), &context_);
}

TEST_F(CoreTest, DefaultHostPrintsAndAborts) {
  set_current_core(nullptr);
  Tile<TileType::Vec, float, 8, 8> tile;
  EXPECT_DEATH(TASSIGN(tile, 0x11), "pto: error 1001: TASSIGN.*not a multiple of 32");
}

TEST_F(CoreTest, AKernelAssertionNamesItsCondition) {
  const KernelError error = error_of([] { PTO_CPU_ASSERT(1 + 1 == 3, "arithmetic"); });
  EXPECT_EQ(error.code, 1001);
  EXPECT_NE(error.text.find("core_test.cpp:"), std::string::npos) << error.text;
  EXPECT_NE(error.text.find("1 + 1 == 3: arithmetic"), std::string::npos) << error.text;
  EXPECT_EQ(error_of([] { PTO_ASSERT(true, "never"); }).code, 0);
}

TEST_F(CoreTest, AnInstructionOfAnotherVersionIsRefused) {
  PtoInstruction instruction = {};
  instruction.op = 9999;
  EXPECT_EQ(error_of([&] { sim_table()->execute(&instruction); }).code, 1007);
  instruction.op = static_cast<uint16_t>(Op::TQUANT);
  const KernelError error = error_of([&] { sim_table()->execute(&instruction); });
  EXPECT_EQ(error.code, 1007);
  EXPECT_NE(error.text.find("TQUANT"), std::string::npos) << error.text;
}

TEST_F(CoreTest, TheStrictTableRefusesWhatTheGenerationLacksAndTheOtherDoesNot) {
  Tile<TileType::Vec, float, 16, 16> vec;
  TileAcc<float, 16, 16> acc;
  TASSIGN(vec, 0);
  TASSIGN(acc, 0);
  EXPECT_EQ(error_of([&] { TMOV(vec, acc); }).code, 0) << "a host test program";
  pto_sim_bind(strict_sim_table());
  const int good = error_of([&] { TADD(vec, vec, vec); }).code;
  const KernelError error = error_of([&] { TMOV(vec, acc); });
  pto_sim_bind(sim_table());
  EXPECT_EQ(good, 0);
  EXPECT_EQ(error.code, 1007);
  EXPECT_EQ(error.text, "TMOV from Acc to Vec: a2a3 does not have this instruction; use another instruction, or a platform that has it");
}

TEST(CoreTable, DescribesItself) {
  EXPECT_EQ(sim_table()->version, PTO_SIM_ABI_VERSION);
  EXPECT_EQ(sim_table()->size, sizeof(PtoSimTable));
  EXPECT_EQ(pto_sim_default_table(), sim_table());
  EXPECT_EQ(pto_sim_abi_version(), PTO_SIM_ABI_VERSION);
  EXPECT_EQ(pto_sim_npu_arch(), uint32_t{__NPU_ARCH__});
  EXPECT_EQ(pto_sim_strict(), 0u);
  EXPECT_STREQ(op_name(static_cast<uint16_t>(Op::TMATMUL_ACC)), "TMATMUL_ACC");
  EXPECT_STREQ(op_name(60000), "?");
  EXPECT_STREQ(element_name(kPtoBf16), "bf16");
}

/// What the hook saw.
std::vector<PtoInstruction> seen;
std::vector<const CoreContext*> seen_cores;

class HookTest : public IsaTest {
 protected:
  void SetUp() override {
    IsaTest::SetUp();
    seen.clear();
    seen_cores.clear();
    set_instruction_hook([](const PtoInstruction& instruction, CoreContext& core) {
      seen.push_back(instruction);
      seen_cores.push_back(&core);
    });
  }
  void TearDown() override {
    set_instruction_hook(nullptr);
    IsaTest::TearDown();
  }
};

TEST_F(HookTest, SeesOperationPipeAndOperandsBeforeExecution) {
  Tile<TileType::Vec, float, 8, 16, BLayout::RowMajor, -1, -1> a(3, 5), b(3, 5);
  TASSIGN(a, 0x100);
  TASSIGN(b, 0x400);
  EXPECT_TRUE(seen.empty());
  TADDS(a, b, 2.5f);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].op, static_cast<uint16_t>(Op::TADDS));
  EXPECT_EQ(seen[0].pipe, PIPE_V);
  ASSERT_EQ(seen[0].operand_count, 2);
  EXPECT_EQ(seen[0].operands[0].data, a.data());
  EXPECT_EQ(seen[0].operands[0].valid_rows, 3);
  EXPECT_EQ(seen[0].operands[1].valid_cols, 5);
  EXPECT_EQ(seen[0].operands[1].tile->rows, 8);
  EXPECT_EQ(seen[0].attributes.scalar, 0x40200000u);
  EXPECT_EQ(seen_cores[0], &context_);
}

TEST_F(HookTest, SeesFlagsBarriersAndScalarAccesses) {
  Tile<TileType::Vec, int32_t, 8, 16> tile;
  TASSIGN(tile, 0x100);
  set_flag(PIPE_MTE2, PIPE_V, 5);
  wait_flag(PIPE_MTE2, PIPE_V, 5);
  pipe_barrier(PIPE_V);
  tile.SetValue(9, 7);
  EXPECT_EQ(tile.GetValue(9), 7);
  ASSERT_EQ(seen.size(), 5u);
  EXPECT_EQ(seen[0].op, static_cast<uint16_t>(Op::SET_FLAG));
  EXPECT_EQ(seen[0].pipe, PIPE_MTE2);
  EXPECT_EQ(seen[0].attributes.index[1], PIPE_V);
  EXPECT_EQ(seen[0].attributes.scalar, 5u);
  EXPECT_EQ(seen[1].pipe, PIPE_V);
  EXPECT_EQ(seen[2].op, static_cast<uint16_t>(Op::PIPE_BARRIER));
  EXPECT_EQ(seen[3].op, static_cast<uint16_t>(Op::SCALAR_SET));
  EXPECT_EQ(seen[3].attributes.scalar, 9u);
  EXPECT_EQ(seen[4].op, static_cast<uint16_t>(Op::SCALAR_GET));
  set_instruction_hook(nullptr);
  tile.GetValue(9);
  EXPECT_EQ(seen.size(), 5u);
}

TEST_F(HookTest, AfterComesWhenTheInstructionHasExecutedAndBothKnowWhereItWasIssued) {
  static std::vector<std::pair<float, const void*>> calls;
  calls.clear();
  const auto note = [](const PtoInstruction& instruction, CoreContext& core) {
    calls.emplace_back(*static_cast<const float*>(instruction.operands[0].data), core.issued_from);
  };
  set_instruction_hook(note, note);
  Tile<TileType::Vec, float, 8, 16> tile;
  TASSIGN(tile, 0x100);
  *tile.data() = 1;
  TEXPANDS(tile, 2.0f);
  set_instruction_hook(nullptr);
  TEXPANDS(tile, 3.0f);
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].first, 1);
  EXPECT_EQ(calls[1].first, 2);
  EXPECT_NE(calls[0].second, nullptr);
  EXPECT_EQ(calls[0].second, calls[1].second);
}

TEST_F(HookTest, DoesNotSeeInstructionsThatWereRefused) {
  Tile<TileType::Vec, float, 8, 16> tile;
  EXPECT_NE(error_of([&] { TEXPANDS(tile, 1.0f); }).code, 0);
  EXPECT_TRUE(seen.empty());
}

TEST_F(HookTest, EventsBecomeFlagsBetweenPipesAndBarriersWithinOne) {
  float data[128] = {};
  GlobalTensor<float, Shape<1, 1, 1, 8, 16>, Stride<1, 1, 1, 16, 1>> global(data);
  Tile<TileType::Vec, float, 8, 16> a, b;
  TASSIGN(a, 0);
  TASSIGN(b, 0x400);
  Event<Op::TLOAD, Op::TADDS> loaded = TLOAD(a, global);
  Event<Op::TADDS, Op::TMULS> added;
  added = TADDS(b, a, 1.0f, loaded);
  TMULS(b, b, 2.0f, added);
  std::vector<std::string> names;
  for (const PtoInstruction& instruction : seen) names.push_back(op_name(instruction.op));
  EXPECT_EQ(names, (std::vector<std::string>{"TLOAD", "SET_FLAG", "WAIT_FLAG", "TADDS", "PIPE_BARRIER", "TMULS"}));
  EXPECT_EQ(seen[1].attributes.index[0], PIPE_MTE2);
  EXPECT_EQ(seen[1].attributes.index[1], PIPE_V);
  EXPECT_EQ(seen[1].attributes.scalar, seen[2].attributes.scalar);
  seen.clear();
  TSYNC<Op::TMATMUL>();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].pipe, PIPE_M);
}

TEST_F(HookTest, AnEventRecordedTwiceIsAnError) {
  Event<Op::TLOAD, Op::TADD> event;
  event.Record();
  EXPECT_EQ(error_of([&] { event.Record(); }).code, 1001);
  event.Wait();
  EXPECT_EQ(error_of([&] { event.Record(); }).code, 0);
}

TEST_F(HookTest, MovesRunOnThePipeOfTheirMemories) {
  const auto pipe_of_last = [] { return static_cast<pipe_t>(seen.back().pipe); };
  float data[256] = {};
  GlobalTensor<float, Shape<1, 1, 1, 16, 16>, Stride<1, 1, 1, 16, 1>> global(data);
  Tile<TileType::Vec, float, 16, 16> vec;
  Tile<TileType::Mat, float, 16, 16, BLayout::ColMajor, 16, 16, SLayout::RowMajor> mat;
  TileLeft<float, 16, 16> left;
  TileRight<float, 16, 16> right;
  TileAcc<float, 16, 16> acc;
  TASSIGN(vec, 0);
  TASSIGN(mat, 0);
  TASSIGN(left, 0);
  TASSIGN(right, 0);
  TASSIGN(acc, 0);
  TLOAD(mat, global);
  EXPECT_EQ(pipe_of_last(), PIPE_MTE2);
  TMOV(left, mat);
  EXPECT_EQ(pipe_of_last(), PIPE_MTE1);
  TEXTRACT(right, mat);
  EXPECT_EQ(pipe_of_last(), PIPE_MTE1);
  TMATMUL(acc, left, right);
  EXPECT_EQ(pipe_of_last(), PIPE_M);
  TSTORE(global, acc);
  EXPECT_EQ(pipe_of_last(), PIPE_FIX);
  TMOV(vec, acc);
  EXPECT_EQ(pipe_of_last(), PIPE_FIX);
  TSTORE(global, vec);
  EXPECT_EQ(pipe_of_last(), PIPE_MTE3);
  TSTORE(global, mat);
  EXPECT_EQ(pipe_of_last(), PIPE_MTE3);
  TEXPANDS(mat, 0.0f);
  EXPECT_EQ(pipe_of_last(), PIPE_MTE2);
}

}  // namespace
}  // namespace tilewright::isa_test
