// Persistent kernels whose cores need each other all the way: flags in every mode, and pipes in both directions. Known to pass on silicon;
// here they end with the right result under every seed and on any number of threads, on both platforms.
#include <fmt/format.h>

#include <set>

#include "schedules_test_support.h"

namespace tilewright {
namespace {

using namespace schedules_test;

constexpr int kBlocks = 3, kWords = 8192;

/// In each round a core leaves a number in its place, `meet` orders it with its peers, and it looks at what these left. There are two places,
/// used in turn: who has met in the next round has looked at those of this one. x[4096 + core] becomes 1 plus what was wrong.
std::string exchange(const std::string& lane, const std::string& peers, const std::string& meet) {
  return fmt::format(R"(
    int32_t *x = data_of(args[0]);
    const int lane = {}, block = get_block_idx(args), blocks = get_block_num(args), me = 3 * block + lane;
    int wrong = 0;
    const auto place = [x](int round, int core) {{ return x + round % 2 * 1024 + core * 16; }};
    const auto look = [&](int round, int core) {{
      dcci(place(round, core), SINGLE_CACHE_LINE);
      wrong += *place(round, core) != 100 * round + core;
    }};
    const auto set = [](int mode, int id) {{ ffts_cross_core_sync(PIPE_MTE3, 1 | mode << 4 | id << 8); }};
    (void)set, (void)blocks;
    for (int round = 0; round < 20; ++round) {{
      *place(round, me) = 100 * round + me;
      dcci(place(round, me), SINGLE_CACHE_LINE);
      {}
      {}
    }}
    x[4096 + me] = 1 + wrong;)",
                     lane, meet, peers);
}

constexpr const char* kVectorLane = "1 + get_sub_block_id(args)";

std::vector<uint8_t> flags(const std::string& cube_meets, const std::string& cube_peers, const std::string& vector_meets,
                           const std::string& vector_peers, const std::string& platform) {
  return build(fmt::format("CoreTaskArgs args; args.add_inout(x); args.launch_spec.set_block_num({}); "
                           "args.launch_spec.set_require_sync_start(true); rt_submit_task(mixed(0, 1, 1), args);",
                           kBlocks),
               {{CoreType::AIC, "cube", exchange("0", cube_peers, cube_meets)},
                {CoreType::AIV, "vector", exchange(kVectorLane, vector_peers, vector_meets)}},
               platform);
}

/// Each block takes the items block, block + blocks, ...: its cube core pushes the item, each vector core adds 1 + its number to its half
/// and pushes that back. x[item] becomes 1 plus what was wrong.
std::vector<uint8_t> pipes(int items, int blocks, const std::string& platform) {
  constexpr const char* kHead = R"(
    using Pipe = TPipe<0, DIR_BOTH, 1024, 2>;
    Pipe pipe(nullptr, 0, 0);
    const int items = static_cast<int>(args[1]), step = get_block_num(args);
    for (int item = get_block_idx(args); item < items; item += step) {)";
  return build(fmt::format("CoreTaskArgs args; args.add_inout(x); args.add_scalar({}); args.launch_spec.set_block_num({}); "
                           "rt_submit_task(mixed(0, 1, 1), args);",
                           items, blocks),
               {{CoreType::AIC, "cube", std::string(kHead) + R"(
      Acc acc;
      TASSIGN(acc, 0);
      for (int i = 0; i < 256; ++i) acc.data()[i] = static_cast<float>(item);
      TPUSH<Pipe, Acc, TILE_UP_DOWN>(pipe, acc);
      Tile<TileType::Mat, float, 16, 16, BLayout::ColMajor, 16, 16, SLayout::RowMajor> back;
      TPOP<Pipe, decltype(back), TILE_UP_DOWN>(pipe, back);
      int wrong = 0;
      for (int r = 0; r < 16; ++r) {
        for (int c = 0; c < 16; ++c) {
          wrong += back.data()[GetTileElementOffset<decltype(back)>(r, c)] != static_cast<float>(item + (r < 8 ? 1 : 2));
        }
      }
      TFREE<Pipe, TILE_UP_DOWN>(pipe);
      data_of(args[0])[item] = 1 + wrong;
    })"},
                {CoreType::AIV, "vector", std::string(kHead) + R"(
      Half half, answer;
      TPOP<Pipe, Half, TILE_UP_DOWN>(pipe, half);
      TASSIGN(answer, 0x8000);
      TADDS(answer, half, 1.0f + static_cast<float>(get_sub_block_id(args)));
      TFREE<Pipe, TILE_UP_DOWN>(pipe);
      TPUSH<Pipe, Half, TILE_UP_DOWN>(pipe, answer);
    })"}},
               platform);
}

class Persistent : public testing::TestWithParam<const char*> {
 protected:
  /// x[first .. first + count) becomes 1 in every schedule, and at least 45 of 50 seeds give schedules of their own.
  static void ends_well(const std::vector<uint8_t>& image, int first, int count, int32_t aic_cores = 0) {
    Program program(image, true, GetParam());
    std::set<uint64_t> schedules;
    const auto run = [&](RunOptions options, const std::string& how) {
      options.aic_cores = aic_cores;
      std::vector<int32_t> x(kWords);
      ASSERT_EQ(program.run(x, options), "") << how;
      for (int i = 0; i < count; ++i) ASSERT_EQ(x[static_cast<size_t>(first + i)], 1) << i << ", " << how;
      schedules.insert(program.report.sim_digest);
    };
    for (const int threads : {1, 2, 4}) {
      RunOptions options;
      options.host_threads = threads;
      for (int i = 0; i < 10; ++i) run(options, fmt::format("{} threads", threads));
    }
    schedules.clear();
    for (uint64_t seed = 1; seed <= 50; ++seed) run(with_seed(seed), fmt::format("seed {}", seed));
    EXPECT_GE(schedules.size(), 45u);
  }
};
INSTANTIATE_TEST_SUITE_P(Platforms, Persistent, testing::Values("a2a3sim", "a5sim"), [](const auto& info) { return info.param; });

TEST_P(Persistent, FlagsOfMode0MeetAllCoresOfAKind) {
  const std::string cubes = "for (int b = 0; b < blocks; ++b) look(round, 3 * b);",
                    vectors = "for (int b = 0; b < blocks; ++b) look(round, 3 * b + 1), look(round, 3 * b + 2);";
  const std::string meet = "set(0, 4); wait_flag_dev(4);";
  ends_well(flags(meet, cubes, meet, vectors, GetParam()), 4096, 3 * kBlocks);
}

TEST_P(Persistent, FlagsOfMode1MeetTheVectorCoresOfABlock) {
  ends_well(flags("", "", "set(1, 3); wait_flag_dev(3);", "look(round, 3 * block + 1), look(round, 3 * block + 2);", GetParam()), 4096,
            3 * kBlocks);
}

TEST_P(Persistent, FlagsOfMode2OrderACubeCoreAndItsVectorCores) {
  ends_well(flags("set(2, 1); wait_flag_dev(2);", "look(round, me + 1), look(round, me + 2);", "set(2, 2); wait_flag_dev(1);",
                  "look(round, 3 * block);", GetParam()),
            4096, 3 * kBlocks);
}

TEST_P(Persistent, AllModesInOneKernel) {
  const std::string meet = "set(0, 4); wait_flag_dev(4);";
  ends_well(
      flags(meet + "set(2, 1); wait_flag_dev(2);", "for (int b = 0; b < blocks; ++b) look(round, 3 * b); look(round, me + 1);",
            "set(1, 3); " + meet + "wait_flag_dev(3); set(2, 2); wait_flag_dev(1);",
            "for (int b = 0; b < blocks; ++b) look(round, 3 * b + 1); look(round, 3 * block + 2); look(round, 3 * block);", GetParam()),
      4096, 3 * kBlocks);
}

TEST_P(Persistent, PipesInBothDirectionsBetweenACubeCoreAndItsVectorCores) {
  ends_well(pipes(40, kBlocks, GetParam()), 0, 40);
  ends_well(pipes(40, 7, GetParam()), 0, 40, 2);  // more blocks than clusters
}

}  // namespace
}  // namespace tilewright
