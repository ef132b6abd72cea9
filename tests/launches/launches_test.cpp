// Launches on a device, from sources: every block and lane runs once with the right numbers, groups meet, predicates decide,
// dummy tasks order, and the orchestration reads and writes what tasks compute.
#include <gtest/gtest.h>

#include <algorithm>
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

/// func_id 0 on AIV and 1 on AIC cores: x[place] += 1, where place is the scalar + block * 8 + lane, and lane is 0 on AIC, 1 and 2 on
/// a cluster's AIVs.
constexpr const char* kCount = R"(
#include <pto/pto-inst.hpp>
#include "intrinsic.h"
#include "tensor.h"
extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  const ChipTensor &t = *reinterpret_cast<ChipTensor *>(args[0]);
  const int lane = LANE;
  int32_t *data = t.data_as<int32_t>();
  MEET
  __atomic_fetch_add(data + args[1] + get_block_idx(args) * 8 + lane, get_block_num(args), __ATOMIC_SEQ_CST);
}
)";
/// func_id 2, AIV: x[a] = x[b] + c.
constexpr const char* kMove = R"(
#include <pto/pto-inst.hpp>
#include "intrinsic.h"
#include "tensor.h"
extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  const ChipTensor &t = *reinterpret_cast<ChipTensor *>(args[0]);
  int32_t *data = t.data_as<int32_t>();
  for (int i = 0; i < 20; ++i) dsb(DSB_DDR);
  data[args[1]] = data[args[2]] + static_cast<int32_t>(args[3]);
}
)";
constexpr const char* kHead = R"(
#include "pto_orchestration_api.h"
[[maybe_unused]] static void count(CoreTaskArgs &args, const ChipTensor &x, int place, const MixedKernels &kernels) {
  args.add_inout(x);
  args.add_scalar(int64_t{place});
  rt_submit_task(kernels, args);
}
[[maybe_unused]] static void move(CoreTaskArgs &args, const ChipTensor &x, int to, int from, int add) {
  args.add_inout(x);
  args.add_scalar(int64_t{to}, int64_t{from}, int64_t{add});
  rt_submit_aiv_task(2, args);
}
extern "C" void aicpu_orchestration_entry(const ChipTaskArgs &orch) {
  [[maybe_unused]] const ChipTensor &x = orch.tensor(0).ref();
  [[maybe_unused]] CoreTaskArgs args;
  [[maybe_unused]] MixedKernels aiv, aic, mix, mix2;
  aiv.aiv0_kernel_id = mix.aiv0_kernel_id = mix.aiv1_kernel_id = mix2.aiv1_kernel_id = 0;
  aic.aic_kernel_id = mix.aic_kernel_id = mix2.aic_kernel_id = 1;
)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
  return text;
}

/// Kernels 0 and 1 run `meet` before they count.
std::vector<uint8_t> build(const std::string& body, const std::string& meet = "") {
  static const TemporaryDirectory store_directory;
  static Store store(store_directory.path());
  const TemporaryDirectory directory;
  std::ofstream(directory.path() / "orchestration.cpp") << kHead << body << "\n}\n";
  const std::string count = replaced(kCount, "MEET", meet);
  std::ofstream(directory.path() / "aiv.cpp") << replaced(count, "LANE", "1 + get_sub_block_id(args)");
  std::ofstream(directory.path() / "aic.cpp") << replaced(count, "LANE", "0");
  std::ofstream(directory.path() / "move.cpp") << kMove;
  CallableSpec spec;
  spec.name = "callable";
  spec.base_dir = directory.path();
  spec.orchestration.source = "orchestration.cpp";
  spec.incores.push_back({0, "aiv.cpp", CoreType::AIV, {}, "", {}});
  spec.incores.push_back({1, "aic.cpp", CoreType::AIC, {}, "", {}});
  spec.incores.push_back({2, "move.cpp", CoreType::AIV, {}, "", {}});
  return build_callable(spec, {}, store).image;
}

class Launches : public testing::Test {
 protected:
  /// Runs on fresh zeros.
  RunReport run(const std::string& body, const std::string& meet = "", const RunOptions& options = {}) {
    std::fill(x_.begin(), x_.end(), 0);
    return worker_.run(worker_.register_callable(build(body, meet)), arguments_, {}, options);
  }
  /// What kernel calls counted at `place`: by lane, summed over blocks [0, blocks), every one of which must be `each`.
  void expect_counts(int place, int blocks, std::vector<int> each) {
    for (int block = 0; block < blocks; ++block) {
      for (size_t lane = 0; lane < each.size(); ++lane)
        ASSERT_EQ(x_[static_cast<size_t>(place + block * 8) + lane], each[lane]) << "block " << block << " lane " << lane;
    }
  }

  ChipWorker worker_;
  std::vector<int32_t> x_ = std::vector<int32_t>(8192);
  TaskArguments arguments_ = TaskArguments().add_tensor(x_.data(), DataType::INT32, {8192}, INOUT);
};

TEST_F(Launches, MoreBlocksThanCoresRunInWaves) {
  run("args.launch_spec.set_block_num(500); count(args, x, 0, aic);");
  expect_counts(0, 500, {500, 0, 0});
  run("args.launch_spec.set_block_num(500); count(args, x, 0, aiv);");
  for (int block = 0; block < 500; ++block) {  // a task on AIV cores alone runs on either AIV of a cluster
    const auto at = static_cast<size_t>(block) * 8;
    ASSERT_EQ(x_[at] + x_[at + 1] + x_[at + 2], 500) << block;
  }
}

TEST_F(Launches, MixedTasksRunTheirLanesOnOneCluster) {
  run("args.launch_spec.set_block_num(100); count(args, x, 0, mix);");
  expect_counts(0, 100, {100, 100, 100});
  run("count(args, x, 0, mix2);");  // AIC and AIV1 alone: AIV1 is moved to AIV0
  expect_counts(0, 1, {1, 1, 0});
}

// Every lane waits for every other one: the blocks of a group that was not started together, or lanes that do not run side by side,
// would wait for ever.
TEST_F(Launches, GroupsMeetInsideTheKernelOnAsManyCoresAsThereAre) {
  run("args.launch_spec.set_block_num(int16_t(rt_available_aiv_count())); args.launch_spec.set_require_sync_start(true);"
      "count(args, x, 0, aiv);",
      "pto::SYNCALL<pto::SyncCoreType::AIVOnly>();");
  EXPECT_EQ(std::count(x_.begin(), x_.end(), 48), 48);
  run("for (int i = 0; i < 20; ++i) { args.reset(); args.launch_spec.set_block_num(1); args.launch_spec.set_require_sync_start(false);"
      "  move(args, x, 8000 + i, 8100, 1); }"
      "args.reset(); args.launch_spec.set_block_num(int16_t(rt_available_cluster_count())); args.launch_spec.set_require_sync_start(true);"
      "count(args, x, 0, mix);",
      "pto::SYNCALL<pto::SyncCoreType::Mix>();");
  expect_counts(0, 24, {24, 24, 24});
}

TEST_F(Launches, PredicatesDecideWhenTheTaskIsReady) {
  // x[1] becomes 5 in a task; each predicate compares it, and what passes adds to x[10 + i].
  run(R"(
    move(args, x, 1, 0, 5);
    const PredicateOp ops[] = {PredicateOp::EQ, PredicateOp::NE, PredicateOp::GT, PredicateOp::LT, PredicateOp::GE, PredicateOp::LE};
    for (int i = 0; i < 18; ++i) {
      args.reset();
      CoreTaskPredicate predicate;
      predicate.operand.tensor = &x;
      predicate.operand.ndims = 1;
      predicate.operand.indices[0] = 1;
      predicate.op = ops[i % 6];
      predicate.target = 4 + i / 6;
      args.set_predicate(predicate);
      move(args, x, 10 + i, 0, 1);
    })");
  const int target[] = {4, 5, 6};
  for (int i = 0; i < 18; ++i) {
    const int t = target[i / 6];
    const bool pass[] = {5 == t, 5 != t, 5 > t, 5 < t, 5 >= t, 5 <= t};
    EXPECT_EQ(x_[static_cast<size_t>(10 + i)], pass[i % 6] ? 1 : 0) << "op " << i % 6 << " target " << t;
  }
}

TEST_F(Launches, PredicatesSignExtendIntegersOfEverySize) {
  run(R"(
    const DataType types[] = {DataType::INT8, DataType::INT16, DataType::INT32, DataType::INT64};
    for (int i = 0; i < 4; ++i) {
      uint32_t n[] = {1}, at[] = {0};
      const ChipTensor value = make_tensor_external(x.data_as<int32_t>() + 100 + 2 * i, n, 1, types[i]);
      set_tensor_data<int64_t>(value, 1, at, -3);
      CoreTaskPredicate predicate;
      predicate.operand.tensor = &value;
      predicate.operand.ndims = 1;
      predicate.op = PredicateOp::EQ;
      predicate.target = -3;
      args.reset();
      args.set_predicate(predicate);
      move(args, x, i, 200, 1);
    })");
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(x_[i], 1) << i;
}

TEST_F(Launches, ATaskWhosePredicateFailsReleasesWhoWaitsForIt) {
  run(R"(
    CoreTaskPredicate predicate;
    predicate.operand.tensor = &x;
    predicate.operand.ndims = 1;
    predicate.op = PredicateOp::NE;
    args.set_predicate(predicate);
    args.launch_spec.set_block_num(4);
    args.launch_spec.set_require_sync_start(true);
    count(args, x, 64, mix);
    args.reset();
    args.launch_spec.set_block_num(1);
    move(args, x, 1, 0, 7);
    CoreTaskPredicate none;
    ChipTensor nowhere = x;
    nowhere.buffer.addr = 0;
    none.operand.tensor = &nowhere;
    none.operand.ndims = 1;
    none.op = PredicateOp::NE;
    args.reset();
    args.set_predicate(none);  // an operand without memory is no predicate
    move(args, x, 2, 0, 8);)");
  EXPECT_EQ(x_[1], 7);
  EXPECT_EQ(x_[2], 8);
  expect_counts(64, 4, {0, 0, 0});
}

TEST_F(Launches, DummyTasksOrderTasksAndIgnorePredicatesAndGroups) {
  run(R"(
    uint32_t one[] = {1}, first[] = {0}, second[] = {1};
    const ChipTensor a = x.view(one, first), b = x.view(one, second);
    args.add_inout(a); args.add_scalar(int64_t{0}, int64_t{0}, int64_t{3});
    rt_submit_aiv_task(2, args);
    args.reset();
    CoreTaskPredicate never;
    never.operand.tensor = &x;
    never.operand.ndims = 1;
    never.operand.indices[0] = 50;
    never.op = PredicateOp::NE;
    args.add_inout(a, b);
    args.set_predicate(never);
    args.launch_spec.set_block_num(1000);
    args.launch_spec.set_require_sync_start(true);
    const PTO2TaskId dummy = rt_submit_dummy_task(args).task_id();
    args.reset();
    args.launch_spec.set_block_num(1);
    args.launch_spec.set_require_sync_start(false);
    args.add_no_dep(x);
    args.add_scalar(int64_t{2}, int64_t{0}, int64_t{1});  // x[2] = x[0] + 1
    args.set_dependencies(&dummy, 1);
    rt_submit_aiv_task(2, args);)");
  EXPECT_EQ(x_[2], 4);
}

TEST_F(Launches, DummyTasksHaveOutputs) {
  run(R"(
    uint32_t n[] = {4}, at[] = {2};
    TensorCreateInfo info(n, 1, DataType::INT32);
    info.set_initial_value<int32_t>(9);
    args.add_output(info);
    const TaskOutputTensors outputs = rt_submit_dummy_task(args);
    const int32_t value = get_tensor_data<int32_t>(outputs.get_ref(0), 1, at);
    set_tensor_data<int32_t>(x, 1, at, value);)");
  EXPECT_EQ(x_[2], 9);
}

TEST_F(Launches, TheOrchestrationReadsAndWritesBetweenTasks) {
  run(R"(
    uint32_t zero[] = {0}, one[] = {1};
    move(args, x, 0, 7, 20);
    const int32_t seen = get_tensor_data<int32_t>(x, 1, zero);      // waits for the task
    args.reset();
    move(args, x, 2, 0, 1);                                         // reads x[0] = 20
    set_tensor_data<int32_t>(x, 1, zero, seen + 5);                 // waits for the reader
    args.reset();
    move(args, x, 1, 0, 100);
    ChipTensor nowhere = x;
    nowhere.buffer.addr = 0;
    if (get_tensor_data<int32_t>(nowhere, 1, one) != 0) rt_report_fatal(9, "a tensor without memory reads as 0");
    set_tensor_data<int32_t>(nowhere, 1, one, 3);)");
  EXPECT_EQ(x_[0], 25);
  EXPECT_EQ(x_[1], 125);
  EXPECT_EQ(x_[2], 21);
}

TEST_F(Launches, RecycledArgumentsKeepTheirLaunchSettings) {
  run("args.launch_spec.set_block_num(3); count(args, x, 0, aic); args.reset(); count(args, x, 64, aic);");
  expect_counts(0, 3, {3, 0, 0});
  expect_counts(64, 3, {3, 0, 0});
}

TEST_F(Launches, BlockCountsThatCannotBe) {
  const auto expect_refused = [&](const std::string& body, int status, const std::string& text) {
    try {
      run(body);
      ADD_FAILURE() << "accepted: " << body;
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), -status) << error.what();
      EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
    }
  };
  expect_refused("args.launch_spec.set_block_num(0); count(args, x, 0, aiv);", 5, "block_num is 0");
  expect_refused("args.launch_spec.set_block_num(-3); count(args, x, 0, mix);", 5, "block_num is -3");
  expect_refused("count(args, x, 0, MixedKernels());", 5, "no kernel given");
  expect_refused("args.launch_spec.set_require_sync_start(true); args.launch_spec.set_block_num(25); count(args, x, 0, mix);", 7,
                 "25 blocks are to start together, and the device has 24 clusters");
}

TEST_F(Launches, FewerCoresOnRequest) {
  RunOptions options;
  options.aic_cores = 2;
  run("args.launch_spec.set_block_num(int16_t(10 * rt_available_cluster_count())); count(args, x, 0, mix);", "", options);
  expect_counts(0, 20, {20, 20, 20});
}

}  // namespace
}  // namespace tilewright
