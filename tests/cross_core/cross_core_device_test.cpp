// Kernels that wait for each other, on a simulated device: many clusters at once, few cores and threads, tasks after tasks; and what a
// user is told when one waits for ever. What single instructions do is tested in src/isa.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "../callable_from_pieces.h"
#include "base/error.h"
#include "tilewright/worker.h"

namespace tilewright {
namespace {

constexpr const char* kKernelHead = R"(
template <typename T = float> static T *data_of(int64_t argument) {
  const ChipTensor &t = *reinterpret_cast<ChipTensor *>(argument);
  return t.data_as<T>() + t.start_offset;
}
using Acc = TileAcc<float, 16, 16>;
using Mat = Tile<TileType::Mat, float, 16, 16, BLayout::ColMajor, 16, 16, SLayout::RowMajor>;
using Vec = Tile<TileType::Vec, float, 16, 16>;
using Half = Tile<TileType::Vec, float, 8, 16>;
using Line = GlobalTensor<float, Shape<1, 1, 1, 16, 16>, Stride<1, 1, 1, 16, 1>>;
)";

struct Kernel {
  CoreType type;
  std::string body;  ///< of kernel_entry(int64_t *args)
};

/// A callable with one tensor, x, of float.
std::vector<uint8_t> build(const std::string& submit, const std::vector<Kernel>& kernels, const std::string& platform = "a2a3sim") {
  std::vector<KernelPiece> pieces;
  for (const Kernel& kernel : kernels) pieces.push_back({kernel.type, "kernel_" + std::to_string(pieces.size()), kernel.body});
  return build_from_pieces(submit, kKernelHead, pieces, platform);
}

class CrossCoreDevice : public testing::Test {
 protected:
  explicit CrossCoreDevice(const std::string& platform = "a2a3sim") : worker_(options(platform)) {}
  static WorkerOptions options(const std::string& platform) {
    WorkerOptions options;
    options.platform = platform;
    options.in_process = true;
    return options;
  }
  void SetUp() override {
    const char* given = std::getenv("TW_TEST_SEED");
    seed_ = given != nullptr ? std::strtoull(given, nullptr, 0) : std::random_device{}();
    random_.seed(seed_);
  }
  void TearDown() override {
    if (HasFailure()) std::printf("random seed: TW_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed_));
  }

  /// Runs with x = rows of 256 zeros; the error's text, empty if there was none.
  std::string run(const std::vector<uint8_t>& image, size_t rows, const RunOptions& options = {}) {
    const CallableHandle handle = worker_.register_callable(image);
    x_.assign(rows * 256, 0.0f);
    const int64_t height = static_cast<int64_t>(rows);
    std::string text;
    try {
      worker_.run(handle, TaskArguments().add_tensor(x_.data(), DataType::FLOAT32, {height, 256}, ArgDirection::INOUT), {}, options);
    } catch (const Error& error) {
      text = error.what();
    }
    worker_.unregister_callable(handle);
    return text;
  }

  ChipWorker worker_;
  std::vector<float> x_;
  unsigned long long seed_ = 0;
  std::mt19937_64 random_;
};

void expect_text(const std::string& got, const std::string& wanted) {
  EXPECT_NE(got.find(wanted), std::string::npos) << wanted << " in: " << got;
}

// A round trip per round: the AIC pushes block + round, each AIV adds its sub-block + 1 to its rows, the AIC stores what comes back.
constexpr const char* kRoundTripPipe =
    "using Pipe = TPipe<0, DIR_BOTH, 1024, 2>; Pipe pipe(nullptr, 0, 0);\n"
    "  const int rounds = static_cast<int>(args[1]), block = get_block_idx(args);\n";
const std::vector<Kernel>& round_trip_kernels() {
  static const std::vector<Kernel> kernels = {{CoreType::AIC, std::string(kRoundTripPipe) + R"(
    float *out = data_of(args[0]) + block * 256;
    Acc acc;
    TASSIGN(acc, 0);
    for (int round = 0; round < rounds; ++round) {
      for (int i = 0; i < 256; ++i) acc.data()[i] = static_cast<float>(block + round);
      TPUSH<Pipe, Acc, TILE_UP_DOWN>(pipe, acc);
      Mat back;
      TPOP<Pipe, Mat, TILE_UP_DOWN>(pipe, back);
      Line line(out);
      TSTORE(line, back);
      TFREE<Pipe, TILE_UP_DOWN>(pipe);
    }
  )"},
                                              {CoreType::AIV, std::string(kRoundTripPipe) + R"(
    (void)block;
    for (int round = 0; round < rounds; ++round) {
      Half half, answer;
      TPOP<Pipe, Half, TILE_UP_DOWN>(pipe, half);
      TASSIGN(answer, 0x8000);
      TADDS(answer, half, 1.0f + static_cast<float>(get_sub_block_id(args)));
      TFREE<Pipe, TILE_UP_DOWN>(pipe);
      TPUSH<Pipe, Half, TILE_UP_DOWN>(pipe, answer);
    }
  )"}};
  return kernels;
}

/// Tasks of `blocks` blocks each, one after the other in x's rows, all free to run at once.
std::string submit_round_trips(int tasks, int blocks, int rounds) {
  return "for (uint32_t task = 0; task < " + std::to_string(tasks) + "; ++task) {\n  const uint32_t blocks = " + std::to_string(blocks) +
         R"(;
    const uint32_t shape[] = {blocks, 256}, at[] = {task * blocks, 0};
    const ChipTensor rows = x.view(shape, at);
    CoreTaskArgs args;
    args.add_output(rows);
    args.add_scalar()" +
         std::to_string(rounds) + R"();
    args.launch_spec.set_block_num(static_cast<int16_t>(blocks));
    rt_submit_task(mixed(0, 1, 1), args);
  })";
}

int wrong_round_trips(const std::vector<float>& x, int blocks, int rounds) {
  int wrong = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const int block = static_cast<int>(i / 256) % blocks;
    wrong += x[i] != static_cast<float>(block + rounds - 1 + (i % 256 < 128 ? 1 : 2));
  }
  return wrong;
}

TEST_F(CrossCoreDevice, FortyEightBlocksExchangeTilesAtOnce) {
  ASSERT_EQ(run(build(submit_round_trips(1, 48, 20), round_trip_kernels()), 48), "");
  EXPECT_EQ(wrong_round_trips(x_, 48, 20), 0);
}

TEST_F(CrossCoreDevice, RandomTasksBlocksCoresAndThreads) {
  for (int i = 0; i < 12; ++i) {
    const int tasks = 1 + static_cast<int>(random_() % 5), blocks = 1 + static_cast<int>(random_() % 60);
    const int rounds = 1 + static_cast<int>(random_() % 12);
    RunOptions options;
    options.aic_cores = static_cast<int32_t>(random_() % 25);
    options.host_threads = static_cast<int32_t>(random_() % 4);
    ASSERT_EQ(run(build(submit_round_trips(tasks, blocks, rounds), round_trip_kernels()), static_cast<size_t>(tasks * blocks), options),
              "");
    EXPECT_EQ(wrong_round_trips(x_, blocks, rounds), 0)
        << tasks << " tasks of " << blocks << " blocks, " << options.aic_cores << " clusters";
  }
}

constexpr const char* kOneMixedTask = "CoreTaskArgs args; args.add_inout(x); rt_submit_task(mixed(0, 1, 1), args);";

TEST_F(CrossCoreDevice, AStuckPipeIsReportedWithKernelCoreAndPipe) {
  const auto image =
      build(kOneMixedTask, {{CoreType::AIC, "(void)args; TPipe<3, DIR_V2C, 1024, 2> pipe(nullptr, 0, 0); Mat mat; TPOP(mat, pipe);"},
                            {CoreType::AIV, "(void)args;"}});
  for (const int threads : {1, 2}) {
    RunOptions options;
    options.host_threads = threads;
    const std::string text = run(image, 1, options);
    expect_text(text,
                "kernel kernel_0 (func_id 0) on AIC 0 (block 0 of 1) waits for tile 0 of pipe 3 (DIR_V2C, 2 slots of 1024 bytes) in TPOP: "
                "0 were pushed");
  }
  ASSERT_EQ(run(build(submit_round_trips(1, 3, 2), round_trip_kernels()), 3), "") << "the next run works";
  EXPECT_EQ(wrong_round_trips(x_, 3, 2), 0);
}

TEST_F(CrossCoreDevice, NothingIsLeftOfATaskForTheNextOne) {
  // The first kernel leaves a tile in the pipe and flags set; the second waits for them.
  const Kernel leaves{CoreType::AIC, R"((void)args;
    TPipe<3, DIR_C2V, 1024, 2> pipe(nullptr, 0, 0);
    Acc acc;
    TASSIGN(acc, 0);
    TPUSH(acc, pipe);
    ffts_cross_core_sync(PIPE_FIX, 0x121);)"};
  const Kernel nothing{CoreType::AIV, "(void)args;"}, nothing_aic{CoreType::AIC, "(void)args;"};
  const Kernel pops{CoreType::AIV, "(void)args; TPipe<3, DIR_C2V, 1024, 2> pipe(nullptr, 0, 0); Vec vec; TPOP(vec, pipe);"};
  const Kernel waits{CoreType::AIV, "(void)args; wait_flag_dev(1);"};
  const std::string two = R"(
    CoreTaskArgs first, second;
    first.add_inout(x);
    second.add_inout(x);
    rt_submit_task(mixed(0, 1, 1), first);
    rt_submit_task(mixed(2, 3, 3), second);)";
  const RunOptions one_cluster{.aic_cores = 1};
  expect_text(run(build(two, {leaves, nothing, nothing_aic, pops}), 1, one_cluster),
              "kernel kernel_3 (func_id 3) on AIV 0 (block 0 of 1) waits for tile 0 of pipe 3");
  expect_text(run(build(two, {leaves, nothing, nothing_aic, waits}), 1, one_cluster),
              "kernel kernel_3 (func_id 3) on AIV 0 (block 0 of 1) waits for flag 1");
  // And nothing of a run.
  const std::string one = "CoreTaskArgs args; args.add_inout(x); rt_submit_task(mixed(0, 1, 1), args);";
  EXPECT_EQ(run(build(one, {leaves, nothing}), 1, one_cluster), "");
  expect_text(run(build(one, {nothing_aic, pops}), 1, one_cluster), "waits for tile 0 of pipe 3");
}

TEST_F(CrossCoreDevice, BlocksWithoutACoreAreMissedAtAMeeting) {
  const std::vector<Kernel> meets = {{CoreType::AIV, "SYNCALL(); data_of(args[0])[get_block_idx(args) * 256] = 1;"}};
  const auto submit = [](int blocks, bool together) {
    return "CoreTaskArgs args; args.add_inout(x); args.launch_spec.set_block_num(" + std::to_string(blocks) +
           "); args.launch_spec.set_require_sync_start(" + (together ? "true" : "false") + "); rt_submit_aiv_task(0, args);";
  };
  EXPECT_EQ(run(build(submit(48, true), meets), 48), "");
  for (size_t row = 0; row < 48; ++row) EXPECT_EQ(x_[row * 256], 1.0f);
  expect_text(run(build(submit(49, false), meets), 49), "waits for 49 cores to come to SYNCALL; 48 have come");
}

TEST_F(CrossCoreDevice, ATaskWaitsForASignalOfAnotherTaskAndForOneThatPolls) {
  // Tasks 0 and 1 hold their cores until the signal at x[0] tells that task 2, which polls for theirs, has seen both.
  const Kernel waits{CoreType::AIV, R"(
    comm::Signal arrived(data_of<int32_t>(args[0]) + 16), go(data_of<int32_t>(args[0]));
    comm::TNOTIFY(arrived, 1, comm::NotifyOp::AtomicAdd);
    comm::TWAIT(go, 7, comm::WaitCmp::EQ);
    data_of(args[0])[32 + args[1]] = 1;)"};
  const Kernel polls{CoreType::AIV, R"(
    comm::Signal arrived(data_of<int32_t>(args[0]) + 16), go(data_of<int32_t>(args[0]));
    while (!comm::TTEST(arrived, 2, comm::WaitCmp::GE)) {
    }
    comm::TNOTIFY(go, 7, comm::NotifyOp::Set);)"};
  const auto image = build(R"(
    for (int i = 0; i < 3; ++i) {
      CoreTaskArgs args;
      args.add_no_dep(x);
      args.add_scalar(i);
      rt_submit_aiv_task(i < 2 ? 0 : 1, args);
    })",
                           {waits, polls});
  for (const int threads : {1, 2}) {
    RunOptions options;
    options.host_threads = threads;
    ASSERT_EQ(run(image, 1, options), "");
    EXPECT_EQ(x_[32], 1.0f);
    EXPECT_EQ(x_[33], 1.0f);
  }
}

class CrossCoreA5Device : public CrossCoreDevice {
 protected:
  CrossCoreA5Device() : CrossCoreDevice("a5sim") {}
};

TEST_F(CrossCoreA5Device, IntraBlockFlagsOrderTheLanesOfEveryBlock) {
  const Kernel asks{CoreType::AIC, R"(
    for (int round = 0; round < 10; ++round) {
      set_intra_block(PIPE_FIX, 1);
      set_intra_block(PIPE_FIX, 16 + 1);
      wait_intra_block(PIPE_FIX, 2);
      wait_intra_block(PIPE_FIX, 16 + 2);
    }
    float *line = data_of(args[0]) + get_block_idx(args) * 256;
    line[0] = line[16] + line[32];)"};
  const Kernel answers{CoreType::AIV, R"(
    float *line = data_of(args[0]) + get_block_idx(args) * 256 + 16 * (1 + get_sub_block_id(args));
    for (int round = 0; round < 10; ++round) {
      wait_intra_block(PIPE_V, 1);
      line[0] += 1;
      set_intra_block(PIPE_V, 2);
    })"};
  ASSERT_EQ(run(build("CoreTaskArgs args; args.add_inout(x); args.launch_spec.set_block_num(80); rt_submit_task(mixed(0, 1, 1), args);",
                      {asks, answers}, "a5sim"),
                80),
            "");
  for (size_t block = 0; block < 80; ++block) EXPECT_EQ(x_[block * 256], 20.0f) << block;
}

TEST_F(CrossCoreA5Device, APipeWithoutTFreeStopsAndSaysSo) {
  std::vector<Kernel> kernels = round_trip_kernels();
  const std::string store = "TSTORE(line, back);";  // from Mat, which a5 does not have
  kernels[0].body.replace(kernels[0].body.find(store), store.size(), "(void)line;");
  kernels[1].body.erase(kernels[1].body.find("TFREE<Pipe, TILE_UP_DOWN>(pipe);"), std::string("TFREE<Pipe, TILE_UP_DOWN>(pipe);").size());
  ASSERT_EQ(run(build(submit_round_trips(1, 4, 2), kernels, "a5sim"), 4), "");
  const std::string text = run(build(submit_round_trips(1, 4, 3), kernels, "a5sim"), 4);
  expect_text(text,
              "waits for a free slot of pipe 0 (DIR_BOTH, 2 slots of 1024 bytes) in TPUSH: 2 were pushed, 0 released by every AIV lane");
}

}  // namespace
}  // namespace tilewright
