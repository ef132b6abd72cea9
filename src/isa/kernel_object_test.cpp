// Kernel objects as the toolchain builds them: what they export, that they share nothing, and that they run against a table.
#include <dlfcn.h>
#include <elf.h>

#include <cstring>
#include <fstream>
#include <set>

#include "intrinsic.h"
#include "isa/isa_test_support.h"
#include "pto_async_kernel_api.h"
#include "tensor.h"

namespace tilewright::isa_test {
namespace {

std::string read_bytes(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Calls visit(name, binding, visibility) for each symbol that an object defines for others.
template <typename Visit>
void for_each_export(const std::string& bytes, Visit visit) {
  Elf64_Ehdr header;
  ASSERT_GE(bytes.size(), sizeof(header));
  std::memcpy(&header, bytes.data(), sizeof(header));
  std::vector<Elf64_Shdr> sections(header.e_shnum);
  std::memcpy(sections.data(), bytes.data() + header.e_shoff, sections.size() * sizeof(Elf64_Shdr));
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_type != SHT_DYNSYM) continue;
    const char* names = bytes.data() + sections[section.sh_link].sh_offset;
    for (uint64_t i = 0; i < section.sh_size / sizeof(Elf64_Sym); ++i) {
      Elf64_Sym symbol;
      std::memcpy(&symbol, bytes.data() + section.sh_offset + i * sizeof(symbol), sizeof(symbol));
      if (symbol.st_shndx != SHN_UNDEF) visit(std::string(names + symbol.st_name), ELF64_ST_BIND(symbol.st_info));
    }
  }
}

struct KernelObject {
  void* handle;
  void (*bind)(const PtoSimTable*);
  uint32_t (*version)();
  void (*entry)(int64_t*);

  explicit KernelObject(const char* path) : handle(dlopen(path, RTLD_NOW | RTLD_GLOBAL)) {
    if (handle == nullptr) throw std::runtime_error(dlerror());
    bind = reinterpret_cast<decltype(bind)>(dlsym(handle, "pto_sim_bind"));
    version = reinterpret_cast<decltype(version)>(dlsym(handle, "pto_sim_abi_version"));
    entry = reinterpret_cast<decltype(entry)>(dlsym(handle, "kernel_entry"));
  }
  ~KernelObject() { dlclose(handle); }
};

class KernelObjectTest : public IsaTest {
 protected:
  /// Runs an object's kernel on a 3 x 5 tensor and returns what it wrote.
  std::vector<float> run(const KernelObject& object, int block_idx) {
    std::vector<float> in(15), out(15, -1.0f);
    for (int i = 0; i < 15; ++i) in[static_cast<size_t>(i)] = static_cast<float>(i) / 8;
    const uint32_t shape[] = {3, 5};
    ChipTensor source = make_tensor_external(in.data(), shape, 2), target = make_tensor_external(out.data(), shape, 2);
    LocalContext local = {};
    local.block_idx = block_idx;
    local.block_num = 4;
    GlobalContext global = {};
    int64_t args[50] = {reinterpret_cast<int64_t>(&source), reinterpret_cast<int64_t>(&target)};
    args[SPMD_LOCAL_CONTEXT_INDEX] = reinterpret_cast<int64_t>(&local);
    args[SPMD_GLOBAL_CONTEXT_INDEX] = reinterpret_cast<int64_t>(&global);
    object.entry(args);
    return out;
  }
};

TEST_F(KernelObjectTest, ExportsItsEntryAndTheBindingAndNothingElse) {
  for (const char* path : {TW_KERNEL_OBJECT_A, TW_KERNEL_OBJECT_B}) {
    std::set<std::string> exports;
    for_each_export(read_bytes(path), [&](const std::string& name, int binding) {
      EXPECT_NE(binding, STB_GNU_UNIQUE) << name << " would be shared by all objects of the process";
      exports.insert(name);
    });
    EXPECT_EQ(exports, (std::set<std::string>{"kernel_entry", "pto_sim_abi_version", "pto_sim_bind", "pto_sim_npu_arch", "pto_sim_strict"}));
  }
}

TEST_F(KernelObjectTest, RunsAgainstTheTableItIsBoundTo) {
  const KernelObject object(TW_KERNEL_OBJECT_A);
  EXPECT_EQ(object.version(), PTO_SIM_ABI_VERSION);
  object.bind(sim_table());
  const std::vector<float> out = run(object, 2);
  for (int i = 0; i < 15; ++i) EXPECT_NEAR(out[static_cast<size_t>(i)], std::exp(i / 8.0) * 2 + 2, 1e-5);
}

int instructions_of_a = 0, instructions_of_b = 0;

TEST_F(KernelObjectTest, ObjectsSideBySideKeepTheirOwnTables) {
  const KernelObject a(TW_KERNEL_OBJECT_A), b(TW_KERNEL_OBJECT_B);
  PtoSimTable table_a = *sim_table(), table_b = *sim_table();
  instructions_of_a = instructions_of_b = 0;
  table_a.execute = [](const PtoInstruction* i) { ++instructions_of_a, sim_table()->execute(i); };
  table_b.execute = [](const PtoInstruction* i) { ++instructions_of_b, sim_table()->execute(i); };
  a.bind(&table_a);
  b.bind(&table_b);
  const float from_a = run(a, 0)[0], from_b = run(b, 0)[0];
  EXPECT_EQ(from_a, 2.0f);
  EXPECT_EQ(from_b, 3.0f);
  EXPECT_GT(instructions_of_a, 8);
  EXPECT_EQ(instructions_of_a, instructions_of_b);
}

TEST_F(KernelObjectTest, AnUnboundObjectSaysSo) {
  const KernelObject object(TW_KERNEL_OBJECT_A);
  object.bind(nullptr);
  EXPECT_DEATH(run(object, 0), "never bound to a simulator");
}

TEST(KernelArguments, ComeFromTheContexts) {
  uint8_t workspace[2];
  LocalContext local = {};
  local.s_block_idx = 5;  // the other published spelling
  local.s_block_num = 9;
  GlobalContext global = {1, {0, reinterpret_cast<uint64_t>(workspace)}};
  int64_t args[50] = {};
  args[48] = reinterpret_cast<int64_t>(&local);
  args[49] = reinterpret_cast<int64_t>(&global);
  EXPECT_EQ(get_block_idx(args), 5);
  EXPECT_EQ(local.block_idx, 5);
  EXPECT_EQ(get_block_num(args), 9);
  EXPECT_EQ(get_sub_block_id(args), 1);
  EXPECT_EQ(get_dma_workspace(args, DMA_WORKSPACE_SDMA), nullptr);
  EXPECT_EQ(get_dma_workspace(args, DMA_WORKSPACE_URMA), workspace);
  EXPECT_EQ(get_dma_workspace(args, 2), nullptr);
  EXPECT_FALSE(async_ctx_is_deferred(get_async_ctx(args)));
}

class AsyncContext : public ::testing::Test {
 protected:
  DeferredCompletionSlab slab = {};
  AsyncCtx ctx = {&slab.count, &slab.error_code, slab.entries, MAX_COMPLETIONS_PER_TASK, PTO2TaskId::make(1, 2)};
};

TEST_F(AsyncContext, RegistersConditionsInOrder) {
  uint32_t counter = 0;
  EXPECT_TRUE(async_ctx_is_deferred(ctx));
  EXPECT_TRUE(register_completion_condition(
      ctx, {reinterpret_cast<uint64_t>(&counter), 7, COMPLETION_ENGINE_URMA, COMPLETION_TYPE_SDMA_EVENT_RECORD, 42}));
  save_expected_notification_counter(ctx, &counter, 9);
  ASSERT_EQ(slab.count, 2u);
  EXPECT_EQ(slab.entries[0].addr, reinterpret_cast<uint64_t>(&counter));
  EXPECT_EQ(slab.entries[0].expected_value, 7u);
  EXPECT_EQ(slab.entries[0].engine, COMPLETION_ENGINE_URMA);
  EXPECT_EQ(slab.entries[0].completion_type, COMPLETION_TYPE_SDMA_EVENT_RECORD);
  EXPECT_EQ(slab.entries[0].backend_cookie, 42u);
  EXPECT_EQ(slab.entries[1].expected_value, 9u);
  EXPECT_EQ(slab.entries[1].completion_type, COMPLETION_TYPE_COUNTER);
  EXPECT_EQ(slab.error_code, 0);
}

TEST_F(AsyncContext, RefusesTheSixtyFifthConditionAndSaysWhy) {
  uint32_t counter = 0;
  const CompletionToken token{reinterpret_cast<uint64_t>(&counter), 1, 0, 0, 0};
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(register_completion_condition(ctx, token));
  EXPECT_FALSE(register_completion_condition(ctx, token));
  EXPECT_EQ(slab.count, 64u);
  EXPECT_EQ(slab.error_code, 102);
}

TEST_F(AsyncContext, RefusesAConditionWithoutCounter) {
  EXPECT_FALSE(register_completion_condition(ctx, {0, 1, 0, 0, 0}));
  EXPECT_EQ(slab.error_code, 101);
  EXPECT_EQ(slab.count, 0u);
}

TEST_F(AsyncContext, WithoutASlabNothingIsRegistered) {
  AsyncCtx none = {};
  uint32_t counter = 0;
  EXPECT_FALSE(register_completion_condition(none, {reinterpret_cast<uint64_t>(&counter), 1, 0, 0, 0}));
}

TEST(Notification, AddsOrSets) {
  int32_t counter = 5;
  send_notification(&counter, 3, pto::comm::NotifyOp::AtomicAdd);
  EXPECT_EQ(counter, 8);
  send_notification(&counter, 3, pto::comm::NotifyOp::Set);
  EXPECT_EQ(counter, 3);
}

}  // namespace
}  // namespace tilewright::isa_test
